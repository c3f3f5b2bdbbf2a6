//! What is signed to become a certificate.

use super::extension::{Extension, write_extensions};
use super::name::DistinguishedName;
use super::oid::ObjectIdentifier;
use super::validity::write_time;
use crate::crypto::asn1::{encode, tag};
use crate::crypto::key::PublicKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;

/// A certificate without its signature; always version 3, without unique identifiers.
///
/// Source: RFC 5280 section 4.1.2.
#[derive(Clone, Debug)]
pub struct TbsCertificate {
    /// Its number.
    pub serial: SerialNumber,
    /// How it will be signed.
    pub signature: SignatureAlgorithm,
    /// Subject of the issuer's certificate, as encoded there.
    pub issuer: DistinguishedName,
    /// First second of its validity.
    pub not_before: Timestamp,
    /// Last second of its validity.
    pub not_after: Timestamp,
    /// Whose certificate it is.
    pub subject: DistinguishedName,
    /// The key that it certifies.
    pub public_key: PublicKey,
    /// In the order in which they are encoded.
    pub extensions: Vec<Extension>,
}

impl TbsCertificate {
    /// The octets that are signed.
    pub fn to_der(&self) -> Vec<u8> {
        let Self {
            serial,
            signature,
            issuer,
            not_before,
            not_after,
            subject,
            public_key,
            extensions,
        } = self;
        encode(|w| {
            w.sequence(|w| {
                // The third version is number 2.
                w.nested(tag::constructed(0), |w| w.unsigned_u64(2));
                w.unsigned(serial.octets());
                signature.write(w);
                w.raw(issuer.as_der());
                w.sequence(|w| {
                    write_time(w, *not_before);
                    write_time(w, *not_after);
                });
                w.raw(subject.as_der());
                w.raw(public_key.spki());
                if !extensions.is_empty() {
                    w.nested(tag::constructed(3), |w| write_extensions(w, extensions));
                }
            });
        })
    }

    /// The extension with this identifier.
    pub fn extension(&self, oid: &ObjectIdentifier) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid == *oid)
    }
}
