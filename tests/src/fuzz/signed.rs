//! Certificates, requests and lists with a signature that holds, whatever was changed in them.
//!
//! Nobody who changes octets by chance makes a valid signature. Without one most of what comes
//! after is never reached.

use pki_core::crypto::asn1::{Reader, encode};
use pki_core::crypto::{PrivateKey, SignatureAlgorithm};

/// The same, signed anew with an Ed25519 key. What has not the form of something signed is taken
/// for what is to be signed.
pub(super) fn again(der: &[u8], key: &PrivateKey) -> Vec<u8> {
    let first = || Some(Reader::new(der).sequence().ok()?.element().ok()?.der);
    sign(first().unwrap_or(der), key)
}

/// Something, how it is signed, and the signature (RFC 5280 section 4.1.1).
pub(super) fn sign(tbs: &[u8], key: &PrivateKey) -> Vec<u8> {
    const ED25519: [u8; 7] = [0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
    let signature = key.sign(SignatureAlgorithm::Ed25519, tbs).expect("a signature");
    encode(|w| {
        w.sequence(|w| {
            w.raw(tbs);
            w.raw(&ED25519);
            w.bit_string(&signature);
        });
    })
}
