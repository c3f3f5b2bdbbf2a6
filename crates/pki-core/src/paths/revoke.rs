//! `revoke`: a certificate is not to be trusted any more.

use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::certs;
use crate::ca::issuers;
use crate::ca::revoke;
pub use crate::ca::revoke::Revoked;
use crate::domain::brief::brief;
use crate::domain::id::IssuerId;
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::fields;
use crate::x509::certificate::Certificate;
use crate::x509::crl::CrlReason;
use crate::x509::error::ReadError;

/// `revoke`.
pub const PATH: Path = Path {
    patterns: &["revoke"],
    access: Access::Token,
    synopsis: "Revoke a certificate by its serial number, or the certificate itself.",
    description: "The revocation is recorded at once; whoever reads the CRL next finds it there. Revoking\nagain answers with the first time.",
    ops: &[Op::write::<RevokeCertificate>()],
};

fields! {
    /// Revokes a certificate.
    #[derive(Clone, Debug)]
    pub struct RevokeCertificate {
        /// Its serial number in hexadecimal, with colons or hyphens between the octets.
        serial_number: Option<String>,
        /// The certificate, in PEM. It need not have been issued here, but its issuer must be.
        certificate: Option<String>,
        /// Why: a reason of RFC 5280 section 5.3.1, such as `keyCompromise` or `superseded`.
        reason: Option<String>,
    }
}

impl RevokeCertificate {
    /// The certificate with a serial number in hexadecimal.
    pub fn serial(serial_number: impl Into<String>) -> Self {
        Self { serial_number: Some(serial_number.into()), ..Self::default() }
    }
}

impl Command for RevokeCertificate {
    type Reply = Option<Revoked>;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Option<Revoked>>, Error> {
        let reason = reason(self.reason.as_deref())?;
        let named = named(self.serial_number.as_deref(), self.certificate.as_deref())?;
        let (certificate, issuer) = find(cx, named)?;
        revoke::revoke(cx, &certificate, issuer, reason)
    }
}

/// How a request names a certificate.
#[derive(Clone, Copy)]
pub(super) enum Named<'a> {
    Serial(&'a str),
    Certificate(&'a str),
}

/// One way of naming a certificate, and not both.
pub(super) fn named<'a>(
    serial_number: Option<&'a str>,
    certificate: Option<&'a str>,
) -> Result<Named<'a>, Error> {
    match (serial_number, certificate) {
        (None, None) => {
            Err(Error::refused("The serial number or certificate to revoke must be provided."))
        }
        (Some(_), Some(_)) => Err(Error::refused(
            "Must provide either the certificate or the serial to revoke; not both.",
        )),
        (Some(serial), None) => Ok(Named::Serial(serial)),
        (None, Some(text)) => Ok(Named::Certificate(text)),
    }
}

/// The certificate that a request names, and its issuer as far as known.
pub(super) fn find(
    cx: &mut WriteCx<'_>,
    named: Named<'_>,
) -> Result<(Certificate, Option<IssuerId>), Error> {
    match named {
        Named::Serial(serial) => by_serial(cx, serial),
        Named::Certificate(text) => by_certificate(cx, text),
    }
}

/// The reason that was given, if one was.
pub(crate) fn reason(text: Option<&str>) -> Result<Option<CrlReason>, Error> {
    text.filter(|text| !text.is_empty()).map(parse_reason).transpose()
}

fn parse_reason(text: &str) -> Result<CrlReason, Error> {
    // `removeFromCRL` takes an entry of a delta CRL back, and makes clients trust the certificate
    // (RFC 5280 section 5.3.1).
    let revokes = |reason: &CrlReason| *reason != CrlReason::RemoveFromCrl;
    CrlReason::parse(text).filter(revokes).ok_or_else(|| {
        let known: Vec<&str> = (0..=10)
            .filter_map(CrlReason::from_number)
            .filter(revokes)
            .map(CrlReason::name)
            .collect();
        Error::refused(format!("unknown reason {text:?}: must be one of {}", known.join(", ")))
    })
}

fn by_serial(cx: &WriteCx<'_>, text: &str) -> Result<(Certificate, Option<IssuerId>), Error> {
    if text.is_empty() {
        return Err(Error::refused("The serial number must be provided"));
    }
    let unknown = || Error::refused(format!("certificate with serial {text} not found."));
    let serial = SerialNumber::parse(text).map_err(|_| Error::NotASerial(brief(text).into()))?;
    match revoke::stored(&cx.tx, &serial)? {
        Some((record, certificate)) => Ok((certificate, record.issuer)),
        None => issuer_with(cx, &serial)?.ok_or_else(unknown),
    }
}

/// An issuer is known by its serial number too, if only to be refused.
fn issuer_with(
    cx: &WriteCx<'_>,
    serial: &SerialNumber,
) -> Result<Option<(Certificate, Option<IssuerId>)>, Error> {
    let all = issuers::all(&cx.tx)?;
    let found = all.into_iter().find(|issuer| issuer.certificate.serial() == serial);
    Ok(found.map(|issuer| (issuer.certificate, None)))
}

/// The certificate in a text, if an issuer of this mount signed it. It is kept from now on, so
/// that it can be read and listed as any other.
fn by_certificate(
    cx: &mut WriteCx<'_>,
    text: &str,
) -> Result<(Certificate, Option<IssuerId>), Error> {
    let certificate = parse_certificate(text)?;
    let all = issuers::all(&cx.tx)?;
    let issuer = revoke::issuer_of(&all, &certificate).map(|issuer| issuer.record.id);
    if issuer.is_none() {
        return Err(Error::refused(
            "unable to verify signature on presented cert from any present issuer in this mount; certificates from previous CAs will need to have their issuing CA and key re-imported if revocation is necessary",
        ));
    }
    match revoke::stored(&cx.tx, certificate.serial())? {
        Some((_, known)) if known.as_der() != certificate.as_der() => {
            return Err(Error::refused(
                "certificate with same serial but unequal value already present in this cluster's storage; refusing to revoke",
            ));
        }
        Some(_) => (),
        None => certs::record(&mut cx.tx, &certificate, issuer, ""),
    }
    Ok((certificate, issuer))
}

fn parse_certificate(text: &str) -> Result<Certificate, Error> {
    if text.len() < 75 {
        return Err(Error::refused(
            "provided certificate data was too short; perhaps a path was passed to the API rather than the contents of a PEM file",
        ));
    }
    Certificate::from_pem(text).map_err(|problem| match problem {
        ReadError::NoData => Error::refused("certificate contains no PEM data"),
        ReadError::Parse(_) => {
            Error::refused(format!("certificate could not be parsed: {problem}"))
        }
    })
}
