//! `cert/…`: one certificate, the CA's, its chain, or the CRL, as fields.

use super::ca::{self, Perhaps};
use super::ca_chain;
use super::crl;
use crate::api::endpoint::{Access, Op, Path, Query, ReadCx, Reply};
use crate::ca::crls::CrlParts;
use crate::ca::issue::Format;
use crate::ca::issuers;
use crate::ca::revoke;
use crate::ca::tables::REVOKED;
use crate::domain::id::CrlId;
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::fields;
use crate::store::View;
use crate::x509::certificate::Certificate;

/// `cert/ca`.
pub const CA: Path = Path {
    patterns: &["cert/ca"],
    access: Access::Public,
    synopsis: "Read the CA certificate.",
    description: "The certificate of the default issuer.",
    ops: &[Op::read::<ReadCaCertificate>()],
};

/// `cert/ca_chain`.
pub const CA_CHAIN: Path = Path {
    patterns: &["cert/ca_chain"],
    access: Access::Public,
    synopsis: "Read the CA certificate and those above it.",
    description: "The chain of the default issuer.",
    ops: &[Op::read::<ReadCaChainCertificates>()],
};

/// `cert/crl`.
pub const CRL: Path = Path {
    patterns: &["cert/crl", "cert/unified-crl"],
    access: Access::Public,
    synopsis: "Read the CRL.",
    description: "The CRL of the default issuer.",
    ops: &[Op::read::<ReadCrlCertificate>()],
};

/// `cert/delta-crl`.
pub const DELTA_CRL: Path = Path {
    patterns: &["cert/delta-crl", "cert/unified-delta-crl"],
    access: Access::Public,
    synopsis: "Read the delta CRL.",
    description: "The delta CRL of the default issuer.",
    ops: &[Op::read::<ReadDeltaCrlCertificate>()],
};

/// `cert/:serial`.
pub const PATH: Path = Path {
    patterns: &["cert/:serial"],
    access: Access::Public,
    synopsis: "Read a certificate by its serial number.",
    description: "Octets in hexadecimal, with colons or hyphens between them. Says whether and when it was\nrevoked.",
    ops: &[Op::read::<ReadCertificate>()],
};

/// `cert/:serial/raw`.
pub const RAW: Path = Path {
    patterns: &["cert/:serial/raw"],
    access: Access::Public,
    synopsis: "Fetch a certificate by its serial number, in DER.",
    description: "Read it with `-format=raw`.",
    ops: &[Op::read::<FetchCertificate>()],
};

/// `cert/:serial/raw/pem`.
pub const RAW_PEM: Path = Path {
    patterns: &["cert/:serial/raw/pem"],
    access: Access::Public,
    synopsis: "Fetch a certificate by its serial number, in PEM.",
    description: "Read it with `-format=raw`.",
    ops: &[Op::read::<FetchCertificatePem>()],
};

fields! {
    /// A certificate, and whether it was revoked.
    #[derive(Debug)]
    pub struct CertificateView {
        /// The chain, where that was asked for.
        ca_chain: Option<String>,
        /// The certificate, in PEM.
        certificate: String,
        /// The issuer that revoked it, if it was revoked and the issuer is known.
        issuer_id: Option<String>,
        /// When it was revoked, in seconds since 1970; 0 if it was not.
        revocation_time: i64,
        /// The same as RFC 3339 text; empty if it was not.
        revocation_time_rfc3339: String,
    }
}

impl CertificateView {
    /// Something in PEM that was not revoked.
    fn plain(text: String) -> Self {
        Self {
            ca_chain: None,
            certificate: text,
            issuer_id: None,
            revocation_time: 0,
            revocation_time_rfc3339: String::new(),
        }
    }
}

const NO_DEFAULT: &str = "no default issuer currently configured";

fields! {
    /// Asks for the CA certificate.
    pub struct ReadCaCertificate {}
}

impl Query for ReadCaCertificate {
    type Reply = CertificateView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CertificateView>, Error> {
        let certificate =
            ca::default_certificate(cx.view)?.ok_or_else(|| Error::refused(NO_DEFAULT))?;
        Ok(CertificateView::plain(Format::Pem.certificate(&certificate)).into())
    }
}

fields! {
    /// Asks for the chain.
    pub struct ReadCaChainCertificates {}
}

impl Query for ReadCaChainCertificates {
    type Reply = CertificateView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CertificateView>, Error> {
        let issuer =
            issuers::resolve(cx.view, "default")?.map_err(|_| Error::refused(NO_DEFAULT))?;
        let text = ca_chain::text(cx.view, &issuer)?;
        let view = CertificateView::plain(text.clone());
        Ok(CertificateView { ca_chain: Some(text), ..view }.into())
    }
}

fields! {
    /// Asks for the CRL.
    pub struct ReadCrlCertificate {}
}

impl Query for ReadCrlCertificate {
    type Reply = CertificateView;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        Ok(Some(issuers::resolve_for_reading(cx.view, "default")?.record.crl.0))
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CertificateView>, Error> {
        crl_view(cx, CrlParts::complete)
    }
}

fields! {
    /// Asks for the delta CRL.
    pub struct ReadDeltaCrlCertificate {}
}

impl Query for ReadDeltaCrlCertificate {
    type Reply = CertificateView;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        Ok(Some(issuers::resolve_for_reading(cx.view, "default")?.record.crl.0))
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CertificateView>, Error> {
        crl_view(cx, CrlParts::delta)
    }
}

/// Looks for a CRL.
type FindCrl = fn(&View<'_>, CrlId) -> Result<Option<CrlParts>, Error>;

/// A CRL of the default issuer.
fn crl_view(cx: &ReadCx<'_>, find: FindCrl) -> Result<Reply<CertificateView>, Error> {
    let issuer = issuers::resolve_for_reading(cx.view, "default")?;
    let found = find(cx.view, issuer.record.crl.0)?.ok_or_else(|| {
        let id = issuer.record.id;
        Error::Unresolved(format!("unable to find CRL for issuer: id:{id}/ref:default"))
    })?;
    Ok(CertificateView::plain(crl::text(cx.view, found, "")?).into())
}

fields! {
    /// Asks for a certificate.
    pub struct ReadCertificate {
        /// Its serial number, in hexadecimal.
        serial: String,
    }
}

impl Query for ReadCertificate {
    type Reply = CertificateView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CertificateView>, Error> {
        let certificate = find(cx, &self.serial)?.ok_or(Error::Absent)?;
        let view = CertificateView::plain(Format::Pem.certificate(&certificate));
        let Some(revoked) = cx.view.get(&REVOKED, certificate.serial())? else {
            return Ok(view.into());
        };
        Ok(CertificateView {
            issuer_id: revoked.issuer.map(|id| id.to_string()),
            revocation_time: revoked.revoked_at.unix(),
            revocation_time_rfc3339: revoked.revoked_at.rfc3339_nanos(),
            ..view
        }
        .into())
    }
}

fields! {
    /// Asks for a certificate in DER.
    pub struct FetchCertificate {
        /// Its serial number, in hexadecimal.
        serial: String,
    }
}

impl Query for FetchCertificate {
    type Reply = Perhaps;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        Ok(Perhaps(find(cx, &self.serial)?.map(|certificate| ca::der(&certificate))).into())
    }
}

fields! {
    /// Asks for a certificate in PEM.
    pub struct FetchCertificatePem {
        /// Its serial number, in hexadecimal.
        serial: String,
    }
}

impl Query for FetchCertificatePem {
    type Reply = Perhaps;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        Ok(Perhaps(find(cx, &self.serial)?.map(|certificate| ca::pem(&certificate, ""))).into())
    }
}

/// The stored certificate with a serial number; a text that is no serial number finds none.
fn find(cx: &ReadCx<'_>, serial: &str) -> Result<Option<Certificate>, Error> {
    let Ok(serial) = SerialNumber::parse(serial) else { return Ok(None) };
    Ok(revoke::stored(cx.view, &serial)?.map(|(_, certificate)| certificate))
}
