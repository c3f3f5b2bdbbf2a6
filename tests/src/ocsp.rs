//! OCSP requests, and what stands in the answers (RFC 6960 sections 4.1.1 and 4.2.1).

use pki_core::crypto::asn1::{Writer, encode, tag};
use pki_core::crypto::digest;
use pki_core::domain::serial::SerialNumber;
use pki_core::x509::{Certificate, oid};

/// A request about certificates of an issuer, with one extension in DER or none.
pub fn request(issuer: &Certificate, serials: &[SerialNumber], extension: &[u8]) -> Vec<u8> {
    encode(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.sequence(|w| serials.iter().for_each(|serial| named(w, issuer, serial)));
                if !extension.is_empty() {
                    w.nested(tag::constructed(2), |w| w.sequence(|w| w.raw(extension)));
                }
            });
        });
    })
}

fn named(w: &mut Writer, issuer: &Certificate, serial: &SerialNumber) {
    w.sequence(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.oid(&oid::SHA1);
                w.null();
            });
            w.octet_string(&digest::sha1(issuer.subject().as_der()));
            w.octet_string(&digest::sha1(issuer.public_key().key_octets()));
            w.unsigned(serial.octets());
        });
    });
}

/// What an answer can say of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is not revoked.
    Good,
    /// It is.
    Revoked,
    /// Whoever answers does not know it.
    Unknown,
}

/// What a response says of a certificate: the element that follows its serial number.
pub fn status(response: &[u8], serial: &SerialNumber) -> Option<Status> {
    let number = encode(|w| w.unsigned(serial.octets()));
    let at = response.windows(number.len()).position(|window| window == number)?;
    match response.get(at + number.len())? {
        0x80 => Some(Status::Good),
        0xa1 => Some(Status::Revoked),
        0x82 => Some(Status::Unknown),
        _ => None,
    }
}
