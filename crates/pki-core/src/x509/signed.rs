//! What certificates, requests and CRLs have in common: something, how it was signed, and the
//! signature.
//!
//! Source: RFC 5280 section 4.1.1.

use std::ops::Range;

use crate::crypto::asn1::{Malformed, Reader, encode, parse, tag};
use crate::crypto::key::PublicKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::x509::oid::ObjectIdentifier;

/// The three parts of a signed structure, which stay where they are.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    /// Where the part that was signed is.
    pub(super) tbs: Range<usize>,
    /// Where the `AlgorithmIdentifier` is.
    pub(super) algorithm: Range<usize>,
    /// Where the octets of the signature are.
    pub(super) signature: Range<usize>,
}

impl Signed {
    pub(super) fn parse(der: &[u8]) -> Result<Self, Malformed> {
        parse(der, |r| {
            let mut parts = r.sequence()?;
            // What is left tells where each part begins, counted from the end.
            let before = parts.rest().len();
            sequence(&mut parts)?;
            let after_tbs = parts.rest().len();
            sequence(&mut parts)?;
            let after_algorithm = parts.rest().len();
            let signature = parts.bit_string()?.len();
            parts.finish()?;
            let at = |from_end: usize| der.len().saturating_sub(from_end);
            Ok(Self {
                tbs: at(before)..at(after_tbs),
                algorithm: at(after_tbs)..at(after_algorithm),
                signature: at(signature)..der.len(),
            })
        })
    }

    pub(super) fn tbs<'a>(&self, der: &'a [u8]) -> &'a [u8] {
        der.get(self.tbs.clone()).unwrap_or_default()
    }

    pub(super) fn algorithm<'a>(&self, der: &'a [u8]) -> &'a [u8] {
        der.get(self.algorithm.clone()).unwrap_or_default()
    }

    /// Whether this key made the signature, with this algorithm.
    pub(super) fn is_signed_by(
        &self,
        der: &[u8],
        algorithm: Option<SignatureAlgorithm>,
        key: &PublicKey,
    ) -> bool {
        let signature = der.get(self.signature.clone()).unwrap_or_default();
        match algorithm {
            Some(algorithm) => key.verify(algorithm, self.tbs(der), signature),
            None => self
                .algorithm_oid(der)
                .is_some_and(|algorithm| key.verify_sha1(&algorithm, self.tbs(der), signature)),
        }
    }

    fn algorithm_oid(&self, der: &[u8]) -> Option<ObjectIdentifier> {
        Reader::new(self.algorithm(der)).sequence().ok()?.oid().ok()
    }
}

fn sequence(r: &mut Reader<'_>) -> Result<(), Malformed> {
    r.read(tag::SEQUENCE, "a SEQUENCE").map(|_| ())
}

/// Puts the three parts together.
pub(super) fn join(tbs: &[u8], algorithm: SignatureAlgorithm, signature: &[u8]) -> Vec<u8> {
    encode(|w| {
        w.sequence(|w| {
            w.raw(tbs);
            algorithm.write(w);
            w.bit_string(signature);
        });
    })
}
