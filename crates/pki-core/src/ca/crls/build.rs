//! Building: from a log and the issuer that signs to a complete CRL, or to a delta CRL.

use std::sync::Arc;

use super::plan::{Which, Work, work};
use super::record::{BuiltCrl, CrlRecord, DeltaCrl, LogEnd};
use super::relog::{drop_ended, relog};
use super::{classes, log, without_signer};
use crate::api::endpoint::{ReadCx, Unbuilt, WriteCx};
use crate::ca::aia;
use crate::ca::config::{self, CrlConfig};
use crate::ca::issuers::{self, Issuer};
use crate::ca::tables::{CRL_CONFIG, CRLS};
use crate::crypto::key::PrivateKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::id::CrlId;
use crate::error::Error;
use crate::seal::SealError;
use crate::store::View;
use crate::x509::certificate::Certificate;
use crate::x509::crl::{SignedCrl, TbsCertList};
use crate::x509::lint::Linted;

/// What building brought.
#[derive(Default)]
pub(crate) struct Built {
    /// What kept parts out of CRLs.
    warnings: Vec<String>,
    /// What could not be built.
    unbuilt: Vec<Unbuilt>,
}

impl Built {
    /// For whoever asked for something else, or for all CRLs: what was done stands (D15).
    pub(crate) fn into_warnings(self) -> Vec<String> {
        let unbuilt = self.unbuilt.iter().map(ToString::to_string);
        unbuilt.chain(self.warnings).collect()
    }

    /// For whoever is about to read one of them.
    pub(crate) fn into_unbuilt(self) -> Vec<Unbuilt> {
        self.unbuilt
    }
}

/// A CRL that is to be built, and can be.
struct Job<'a> {
    id: CrlId,
    signer: &'a Issuer,
    key: Arc<PrivateKey>,
    work: Work,
    is_new_log: bool,
}

/// Builds CRLs. One that cannot be built keeps no other from being built, and is as it was.
pub(crate) fn build(cx: &mut WriteCx<'_>, which: Which) -> Result<Built, Error> {
    let config = config::load(&cx.tx, &CRL_CONFIG)?;
    let classes = classes(&cx.tx)?;
    let mut built = Built::default();
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for class in &classes {
        let Some(signer) = class.signer() else { continue };
        let record = cx.tx.get(&CRLS, &class.id)?.unwrap_or_default();
        let work = work(which, &record, &config, cx.now);
        if work == Work::Nothing {
            continue;
        }
        // What ended by a clock that was ahead may not have ended.
        let is_from_the_future = record.built.as_ref().is_some_and(|b| cx.now < b.this_update);
        let is_new_log = record.stale_log || is_from_the_future;
        match usable_key(cx, signer, &config) {
            Ok(key) => jobs.push(Job { id: class.id, signer, key, work, is_new_log }),
            Err(problem) => built.unbuilt.push(unbuilt(class.id, signer, problem)?),
        }
    }
    let stale: Vec<CrlId> = jobs.iter().filter(|job| job.is_new_log).map(|job| job.id).collect();
    if !stale.is_empty() {
        relog(cx, &classes, &stale)?;
    }
    for job in jobs {
        if job.work == Work::Delta && !job.is_new_log {
            build_delta(cx, &job, &config)?;
            continue;
        }
        if !job.is_new_log {
            drop_ended(cx, job.id)?;
        }
        built.warnings.extend(build_complete(cx, &job, &config)?);
    }
    built.warnings.extend(without_signer(&cx.tx)?);
    Ok(built)
}

/// The key of an issuer, if a CRL that it signs would stand up to the rules. Looked at before
/// anything is changed, so that a CRL which cannot be built is left as it was.
fn usable_key(
    cx: &WriteCx<'_>,
    signer: &Issuer,
    config: &CrlConfig,
) -> Result<Arc<PrivateKey>, Error> {
    let key = signing_key(&cx.reading(), signer)?;
    Linted::check(list(cx, signer, &key, config, 1)).map_err(Error::Lint)?;
    Ok(key)
}

/// Tells what is wrong with one issuer from what would keep every CRL from being built.
fn unbuilt(id: CrlId, signer: &Issuer, problem: Error) -> Result<Unbuilt, Error> {
    match problem {
        Error::DamagedRecord(_)
        | Error::RecordTooNew(..)
        | Error::Crypto(_)
        | Error::Lint(_)
        | Error::Seal(SealError::Damaged(_)) => {
            Ok(Unbuilt { id, signer: signer.record.id, problem: problem.to_string() })
        }
        problem => Err(problem),
    }
}

/// Whether some CRL of the mount has to be built before it is looked at.
pub(crate) fn any_due(cx: &ReadCx<'_>) -> Result<bool, Error> {
    let config = config::load(cx.view, &CRL_CONFIG)?;
    for class in classes(cx.view)? {
        let record = cx.view.get(&CRLS, &class.id)?.unwrap_or_default();
        let is_due = work(Which::Due, &record, &config, cx.now) != Work::Nothing;
        if class.signer().is_some() && is_due {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Builds a complete CRL, and the delta CRL that adds nothing to it. Issued at the same time,
/// both have the same number (RFC 5280 section 5.2.3).
fn build_complete(
    cx: &mut WriteCx<'_>,
    &Job { id, signer, ref key, .. }: &Job<'_>,
    config: &CrlConfig,
) -> Result<Option<String>, Error> {
    let mut record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
    let (freshest_crl, warning) = freshest(&cx.tx, signer)?;
    let number = record.number + 1;
    let covered = if config.disable { 0 } else { record.log_length };
    let plain = list(cx, signer, key, config, number);
    let (this_update, next_update) = (plain.this_update, plain.next_update);
    let segments = log::read(&cx.tx, id, record.generation, LogEnd::default(), covered)?;
    let empty = TbsCertList { delta_base: Some(number), ..plain.clone() };
    let SignedCrl { prefix, suffix } =
        sign(TbsCertList { freshest_crl, ..plain }, key, &segments, covered)?;
    record.number = number;
    record.requested = false;
    record.built = Some(BuiltCrl {
        number,
        this_update,
        next_update,
        covered,
        end: LogEnd::after(&segments),
        disabled: config.disable,
        with_deltas: config.enable_delta,
        prefix,
        suffix,
    });
    let SignedCrl { prefix, suffix } = sign(empty, key, &[], 0)?;
    record.delta =
        Some(DeltaCrl { number, this_update, next_update, shown: covered, prefix, suffix });
    cx.tx.put(&CRLS, &id, &record);
    Ok(warning)
}

/// Builds a delta CRL of all that came since the complete one.
fn build_delta(
    cx: &mut WriteCx<'_>,
    &Job { id, signer, ref key, .. }: &Job<'_>,
    config: &CrlConfig,
) -> Result<(), Error> {
    let mut record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
    let Some(base) = &record.built else { return Ok(()) };
    let number = record.number + 1;
    let shown = record.log_length;
    let length = shown.saturating_sub(base.covered);
    let plain = list(cx, signer, key, config, number);
    let (this_update, next_update) = (plain.this_update, plain.next_update);
    let segments = log::read(&cx.tx, id, record.generation, base.end, length)?;
    let delta = TbsCertList { delta_base: Some(base.number), ..plain };
    let SignedCrl { prefix, suffix } = sign(delta, key, &segments, length)?;
    record.number = number;
    record.delta = Some(DeltaCrl { number, this_update, next_update, shown, prefix, suffix });
    cx.tx.put(&CRLS, &id, &record);
    Ok(())
}

/// What complete and delta CRLs have in common.
fn list(
    cx: &WriteCx<'_>,
    signer: &Issuer,
    key: &PrivateKey,
    config: &CrlConfig,
    crl_number: u64,
) -> TbsCertList {
    let this_update = cx.now.to_whole_second();
    TbsCertList {
        signature: signature_algorithm(signer, key),
        issuer: signer.certificate.subject().clone(),
        this_update,
        next_update: this_update.after(config.expiry_seconds()),
        authority_key_identifier: Some(key_identifier(&signer.certificate)),
        crl_number,
        delta_base: None,
        freshest_crl: Vec::new(),
        extra: Vec::new(),
    }
}

fn sign(
    tbs: TbsCertList,
    key: &PrivateKey,
    segments: &[Vec<u8>],
    length: u64,
) -> Result<SignedCrl, Error> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let linted = Linted::check(tbs).map_err(Error::Lint)?;
    Ok(linted.sign(key, segments.iter().map(Vec::as_slice), length)?)
}

/// Where the delta CRLs of an issuer are. Templates that cannot be filled in do not keep a CRL
/// from being built.
fn freshest(view: &View<'_>, signer: &Issuer) -> Result<(Vec<String>, Option<String>), Error> {
    match aia::delta_crl_urls(view, &signer.record) {
        Ok(urls) => Ok((urls, None)),
        Err(Error::Refused(problem)) => {
            let id = signer.record.id;
            let warning =
                format!("The CRL of issuer {id} does not say where its delta CRLs are: {problem}");
            Ok((Vec::new(), Some(warning)))
        }
        Err(problem) => Err(problem),
    }
}

/// The identifier of an issuer's key: what its certificate says, else what it would.
pub(crate) fn key_identifier(issuer: &Certificate) -> Vec<u8> {
    let own = issuer.subject_key_identifier().filter(|own| !own.is_empty());
    own.unwrap_or_else(|| issuer.public_key().key_identifier().to_vec())
}

/// The key of an issuer that signs CRLs or OCSP responses.
pub(crate) fn signing_key(cx: &ReadCx<'_>, signer: &Issuer) -> Result<Arc<PrivateKey>, Error> {
    let key_id = signer.record.key_id.ok_or(Error::DamagedRecord(CRLS.table.name))?;
    issuers::open_key(cx, key_id)
}

/// The algorithm that was set for what an issuer says of revocations, or the default of its key.
pub(crate) fn signature_algorithm(signer: &Issuer, key: &PrivateKey) -> SignatureAlgorithm {
    SignatureAlgorithm::parse(&signer.record.revocation_signature_algorithm)
        .filter(|algorithm| algorithm.fits(key.spec()))
        .unwrap_or_else(|| SignatureAlgorithm::for_issuing(key.spec(), 0, false, false))
}
