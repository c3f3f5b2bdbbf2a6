//! OCSP: which issuer is asked, what is known of each certificate, who signs the answer.
//!
//! A certificate is good only if it is here, with the issuer that was named; one that was issued
//! under a role with `no_store` is not, and is as unknown as one that never was.

use super::certs::RevocationRecord;
use super::config::{self, CrlConfig};
use super::crls;
use super::issuers::{self, Issuer, Usage};
use super::revoke;
use super::tables::{CRL_CONFIG, REVOKED};
use crate::api::endpoint::ReadCx;
use crate::crypto::asn1::Malformed;
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::id::CrlId;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::x509::certificate::Certificate;
use crate::x509::lint::Linted;
use crate::x509::ocsp::{
    CertId, CertStatus, OcspRequest, OcspStatus, ResponseData, SingleResponse,
};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The request is none.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// Such requests are not answered here.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Refusal {
    /// How an OCSP response says it.
    pub(crate) fn status(&self) -> OcspStatus {
        match self {
            Self::Malformed(_) => OcspStatus::MalformedRequest,
            Self::Unauthorized(_) => OcspStatus::Unauthorized,
            Self::Failed(_) => OcspStatus::InternalError,
        }
    }
}

const SWITCHED_OFF: Refusal = Refusal::Unauthorized("OCSP is switched off");
const NO_SIGNER: Refusal =
    Refusal::Unauthorized("no issuer that was named has a key here and the usage ocsp-signing");

/// A signed response to a request in DER.
pub(crate) fn respond(cx: &ReadCx<'_>, request: &[u8]) -> Result<Vec<u8>, Refusal> {
    let config = config::load(cx.view, &CRL_CONFIG)?;
    if config.ocsp_disable {
        return Err(SWITCHED_OFF);
    }
    let request = OcspRequest::from_der(request)?;
    let all = issuers::all(cx.view)?;
    let signer = match named_signer(&request, &all) {
        Named::Signer(signer) => signer.clone(),
        Named::MayNot => return Err(NO_SIGNER),
        Named::Nobody => {
            let default = issuers::resolve(cx.view, "default")?.ok();
            default.filter(may_sign).ok_or(NO_SIGNER)?
        }
    };
    let mut responses = Vec::with_capacity(request.certificates.len());
    for certificate in request.certificates {
        let status = facts(cx, &certificate, &all)?.status();
        responses.push(SingleResponse { certificate, status });
    }
    Ok(sign(cx, &config, &signer, responses, request.nonce)?)
}

/// Who of the issuers that a request names signs the answer.
enum Named<'a> {
    Signer(&'a Issuer),
    /// Some were named, but none may sign.
    MayNot,
    /// No issuer of this mount was named.
    Nobody,
}

/// The first issuer that is named and may sign. Issuers that share subject and key are named
/// together.
fn named_signer<'a>(request: &OcspRequest, all: &'a [Issuer]) -> Named<'a> {
    let named = |id: &CertId| named(id, all).collect::<Vec<_>>();
    let named: Vec<&Issuer> = request.certificates.iter().flat_map(named).collect();
    match named.iter().find(|issuer| may_sign(issuer)) {
        Some(signer) => Named::Signer(signer),
        None if named.is_empty() => Named::Nobody,
        None => Named::MayNot,
    }
}

fn named<'a>(id: &CertId, all: &'a [Issuer]) -> impl Iterator<Item = &'a Issuer> {
    all.iter()
        .filter(|issuer| id.names(issuer.certificate.subject(), issuer.certificate.public_key()))
}

fn may_sign(issuer: &Issuer) -> bool {
    issuer.record.key_id.is_some() && issuer.record.usage.0.contains(&Usage::OcspSigning)
}

/// What the store has about a certificate; nothing, unless an issuer was named that may answer.
#[derive(Clone, Debug, Default)]
struct Facts {
    /// The CRL of the issuer that was named, if one of this mount was that may answer.
    issuer: Option<CrlId>,
    /// Whether the named issuer signed a certificate with the serial number; nothing if there is
    /// none with it here.
    is_issued: Option<bool>,
    /// Since when, if the certificate is that of an issuer and that was revoked.
    issuer_revoked: Option<Timestamp>,
    /// The revocation with the serial number.
    revocation: Option<RevocationRecord>,
}

impl Facts {
    fn status(&self) -> CertStatus {
        let Some(issuer) = self.issuer else { return CertStatus::Unknown };
        // Without the certificate, its revocation may still say where it belongs. If it does
        // not, the careful answer is the right one.
        let is_home =
            |revocation: &&RevocationRecord| revocation.home.is_none_or(|home| home == issuer);
        let revocation = match self.is_issued {
            Some(true) => self.revocation.as_ref(),
            Some(false) => None,
            None => self.revocation.as_ref().filter(is_home),
        };
        if let Some(RevocationRecord { revoked_at: since, reason, .. }) = revocation {
            return CertStatus::Revoked { since: *since, reason: *reason };
        }
        match (self.is_issued, self.issuer_revoked) {
            (Some(true), Some(since)) => CertStatus::Revoked { since, reason: None },
            (Some(true), None) => CertStatus::Good,
            (Some(false) | None, _) => CertStatus::Unknown,
        }
    }
}

fn facts(cx: &ReadCx<'_>, id: &CertId, all: &[Issuer]) -> Result<Facts, Error> {
    let named: Vec<&Issuer> = named(id, all).collect();
    let Some(issuer) = named.iter().find(|issuer| may_sign(issuer)) else {
        return Ok(Facts::default());
    };
    let is_its = |certificate: &Certificate| certificate.is_issued_by(&issuer.certificate);
    let stored = revoke::stored(cx.view, id.serial())?;
    let stored = stored.map(|(record, certificate)| {
        // The inventory knows who signed; where it does not, the signature does.
        let is_known = named.iter().any(|issuer| Some(issuer.record.id) == record.issuer);
        is_known || is_its(&certificate)
    });
    // A certificate that was imported as an issuer is in no inventory.
    let own = all.iter().filter(|own| own.certificate.serial() == id.serial());
    let own: Vec<&Issuer> = own.filter(|own| is_its(&own.certificate)).collect();
    Ok(Facts {
        issuer: Some(issuer.record.crl.0),
        is_issued: if own.is_empty() { stored } else { Some(true) },
        issuer_revoked: own.iter().find_map(|own| own.record.revoked_at),
        revocation: cx.view.get(&REVOKED, id.serial())?,
    })
}

fn sign(
    cx: &ReadCx<'_>,
    config: &CrlConfig,
    signer: &Issuer,
    responses: Vec<SingleResponse>,
    nonce: Option<Vec<u8>>,
) -> Result<Vec<u8>, Error> {
    let key = crls::signing_key(cx, signer)?;
    let this_update = cx.now.to_whole_second();
    let data = ResponseData {
        signature: without_pss(crls::signature_algorithm(signer, &key)),
        responder: signer.certificate.subject().clone(),
        this_update,
        next_update: config.ocsp_expiry_seconds().map(|seconds| this_update.after(seconds)),
        responses,
        nonce,
    };
    Ok(Linted::check(data).map_err(Error::Lint)?.sign(&key)?)
}

/// Not every OCSP client reads PSS, so issuers that sign CRLs with it do not sign answers so; as
/// the reference does.
fn without_pss(algorithm: SignatureAlgorithm) -> SignatureAlgorithm {
    match algorithm {
        SignatureAlgorithm::RsaPss(hash) => SignatureAlgorithm::RsaPkcs1(hash),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::crl::CrlReason;

    const HERE: CrlId = CrlId([1; 16]);
    const ELSEWHERE: CrlId = CrlId([2; 16]);
    const SINCE: Timestamp = Timestamp::EPOCH;
    const REVOKED: CertStatus =
        CertStatus::Revoked { since: SINCE, reason: Some(CrlReason::Superseded) };

    fn revocation(home: Option<CrlId>) -> Option<RevocationRecord> {
        Some(RevocationRecord {
            issuer: None,
            home,
            shard: None,
            revoked_at: SINCE,
            not_after: Timestamp::LAST,
            reason: Some(CrlReason::Superseded),
        })
    }

    #[track_caller]
    fn check(
        issuer: Option<CrlId>,
        is_issued: Option<bool>,
        revocation: Option<RevocationRecord>,
        want: CertStatus,
    ) {
        let facts = Facts { issuer, is_issued, issuer_revoked: None, revocation };
        assert_eq!(facts.status(), want, "{facts:?}");
    }

    #[test]
    fn only_what_the_named_issuer_signed_is_good() {
        check(Some(HERE), Some(true), None, CertStatus::Good);
        check(Some(HERE), Some(false), None, CertStatus::Unknown);
        check(Some(HERE), None, None, CertStatus::Unknown);
        check(None, Some(true), None, CertStatus::Unknown);
    }

    #[test]
    fn a_revocation_counts_for_the_issuer_it_belongs_to() {
        check(Some(HERE), Some(true), revocation(None), REVOKED);
        check(Some(HERE), Some(true), revocation(Some(ELSEWHERE)), REVOKED);
        check(Some(HERE), Some(false), revocation(Some(HERE)), CertStatus::Unknown);
        check(Some(HERE), None, revocation(Some(HERE)), REVOKED);
        check(Some(HERE), None, revocation(None), REVOKED);
        check(Some(HERE), None, revocation(Some(ELSEWHERE)), CertStatus::Unknown);
        check(None, None, revocation(Some(HERE)), CertStatus::Unknown);
    }

    #[test]
    fn a_revoked_issuer_is_revoked_without_a_record() {
        let facts = Facts {
            issuer: Some(HERE),
            is_issued: Some(true),
            issuer_revoked: Some(SINCE),
            revocation: None,
        };
        assert_eq!(facts.status(), CertStatus::Revoked { since: SINCE, reason: None });
    }
}
