//! One revoked certificate.

use crate::crypto::asn1::{Malformed, Reader, Writer, encode, parse, tag};
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::x509::extension::{Extension, read_extensions, write_extensions};
use crate::x509::oid;
use crate::x509::validity::{read_time, write_time};

/// Why a certificate was revoked.
///
/// Source: RFC 5280 section 5.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrlReason {
    /// Not said.
    Unspecified,
    /// Someone else may have the private key.
    KeyCompromise,
    /// Someone else may have the private key of the CA.
    CaCompromise,
    /// The subject has another name now.
    AffiliationChanged,
    /// There is a newer one.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// It may come back.
    CertificateHold,
    /// It came back; only in delta CRLs.
    RemoveFromCrl,
    /// What it says of the subject is not so any more.
    PrivilegeWithdrawn,
    /// Someone else may have the private key of the attribute authority.
    AaCompromise,
}

/// The reasons, their numbers and their names in the RFC.
const REASONS: [(CrlReason, u8, &str); 10] = [
    (CrlReason::Unspecified, 0, "unspecified"),
    (CrlReason::KeyCompromise, 1, "keyCompromise"),
    (CrlReason::CaCompromise, 2, "cACompromise"),
    (CrlReason::AffiliationChanged, 3, "affiliationChanged"),
    (CrlReason::Superseded, 4, "superseded"),
    (CrlReason::CessationOfOperation, 5, "cessationOfOperation"),
    (CrlReason::CertificateHold, 6, "certificateHold"),
    (CrlReason::RemoveFromCrl, 8, "removeFromCRL"),
    (CrlReason::PrivilegeWithdrawn, 9, "privilegeWithdrawn"),
    (CrlReason::AaCompromise, 10, "aACompromise"),
];

impl CrlReason {
    /// Its number.
    pub fn number(self) -> u8 {
        REASONS.iter().find(|row| row.0 == self).map_or(0, |row| row.1)
    }

    /// Its name in the RFC.
    pub fn name(self) -> &'static str {
        REASONS.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }

    /// The reason with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        REASONS.iter().find(|row| row.1 == number).map(|row| row.0)
    }

    /// The reason with this name, as `keyCompromise`, `key_compromise` or `key-compromise`, in
    /// any case, or with this number.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: String = text.chars().filter(|c| !matches!(c, '_' | '-')).collect();
        let by_name = REASONS.iter().find(|row| row.2.eq_ignore_ascii_case(&letters));
        let by_number = || text.parse().ok().and_then(Self::from_number);
        by_name.map(|row| row.0).or_else(by_number)
    }
}

/// A revoked certificate, as a CRL says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedEntry {
    /// The certificate's number.
    pub serial: SerialNumber,
    /// Since when.
    pub revocation_date: Timestamp,
    /// Why, if that was said.
    pub reason: Option<CrlReason>,
}

impl RevokedEntry {
    /// The entry. An unspecified reason is left out.
    ///
    /// Source: RFC 5280 sections 5.1.2.6 and 5.3.1.
    pub fn to_der(&self) -> Vec<u8> {
        self.to_der_with(&[])
    }

    /// The entry with further extensions, after the reason.
    pub fn to_der_with(&self, extensions: &[Extension]) -> Vec<u8> {
        let Self { serial, revocation_date, reason } = self;
        let reason = reason.filter(|reason| *reason != CrlReason::Unspecified);
        let reason = reason.map(|reason| Extension {
            oid: oid::REASON_CODE,
            critical: false,
            value: encode(|w| w.primitive(tag::ENUMERATED, &[reason.number()])),
        });
        let all: Vec<Extension> = reason.into_iter().chain(extensions.iter().cloned()).collect();
        encode(|w: &mut Writer| {
            w.sequence(|w| {
                w.unsigned(serial.octets());
                write_time(w, *revocation_date);
                if !all.is_empty() {
                    write_extensions(w, &all);
                }
            });
        })
    }

    /// Reads the inside of an entry, and gives its extensions too.
    pub(super) fn read(content: &[u8]) -> Result<(Self, Vec<Extension>), Malformed> {
        let mut entry = Reader::new(content);
        let serial = SerialNumber::from_octets(entry.unsigned()?);
        let revocation_date = read_time(&mut entry)?;
        let extensions = match entry.is_empty() {
            true => Vec::new(),
            false => read_extensions(&mut entry)?,
        };
        entry.finish()?;
        let reason = extensions.iter().find(|e| e.oid == oid::REASON_CODE);
        let reason = match reason {
            Some(extension) => read_reason(&extension.value)?,
            None => None,
        };
        Ok((Self { serial, revocation_date, reason }, extensions))
    }
}

/// A reason; nothing if it has a number that means nothing.
fn read_reason(value: &[u8]) -> Result<Option<CrlReason>, Malformed> {
    match parse(value, |r| r.read(tag::ENUMERATED, "an ENUMERATED"))? {
        [number] => Ok(CrlReason::from_number(*number)),
        _ => Err(Malformed("a reason code")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_names_and_numbers() {
        for (reason, number, name) in REASONS {
            assert_eq!((reason.number(), reason.name()), (number, name));
            for text in [name.to_owned(), name.to_uppercase(), number.to_string()] {
                assert_eq!(CrlReason::parse(&text), Some(reason), "{text}");
            }
        }
        for (text, want) in [
            ("key_compromise", Some(CrlReason::KeyCompromise)),
            ("ca-compromise", Some(CrlReason::CaCompromise)),
            ("remove_from_crl", Some(CrlReason::RemoveFromCrl)),
            ("7", None),
            ("", None),
            ("key compromise", None),
        ] {
            assert_eq!(CrlReason::parse(text), want, "{text}");
        }
    }

    #[test]
    fn entries_read_and_write() {
        let date = Timestamp::parse("2026-11-22T01:02:03Z").unwrap();
        let entry = |reason| RevokedEntry {
            serial: SerialNumber::from_octets(&[0x80, 1]),
            revocation_date: date,
            reason,
        };
        let plain = entry(None).to_der();
        let start = [0x30, 20, 2, 3, 0, 0x80, 1, 0x17, 13];
        assert_eq!(plain, [&start[..], b"261122010203Z"].concat());
        assert_eq!(entry(Some(CrlReason::Unspecified)).to_der(), plain);
        let superseded = entry(Some(CrlReason::Superseded));
        let der = superseded.to_der();
        assert!(der.ends_with(&[0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 21, 4, 3, 10, 1, 4]));
        let content = parse(&der, |r| r.read(tag::SEQUENCE, "")).unwrap();
        assert_eq!(RevokedEntry::read(content).unwrap().0, superseded);
    }
}
