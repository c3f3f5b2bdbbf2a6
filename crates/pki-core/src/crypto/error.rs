//! What cryptography can fail with. No text here holds a key or a passphrase.

use openssl::error::ErrorStack;

/// Why an operation with a key did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// OpenSSL refused.
    #[error("OpenSSL could not {action}: {reason}")]
    Library {
        /// What was asked of it.
        action: &'static str,
        /// Its own words.
        reason: &'static str,
    },
    /// Not possible with the OpenSSL that is linked, or at all.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Not DER of a private key of this form.
    #[error("not a private key of this form: {0}")]
    NotAPrivateKey(&'static str),
    /// Not DER of a private key of any form that is read here.
    #[error(
        "got errors attempting to parse DER private key:\n1. SEC 1: {sec1}\n2. PKCS #1: {pkcs1}\
         \n3. PKCS #8: {pkcs8}"
    )]
    NoKnownForm {
        /// Why it is no `ECPrivateKey`.
        sec1: &'static str,
        /// Why it is no `RSAPrivateKey`.
        pkcs1: &'static str,
        /// Why it is no `PrivateKeyInfo`.
        pkcs8: &'static str,
    },
    /// The key cannot make such a signature.
    #[error("a key of type {key} cannot sign with {algorithm}")]
    Mismatch {
        /// Vault's name of the key type.
        key: &'static str,
        /// Name of the signature algorithm.
        algorithm: &'static str,
    },
    /// Sealed data that was damaged, moved or sealed with another key.
    #[error("sealed data does not open")]
    DoesNotOpen,
}

/// Why octets are not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The structure is wrong.
    #[error("malformed public key: expected {0}")]
    Malformed(&'static str),
    /// A curve that is not one of P-224, P-256, P-384, P-521.
    #[error("unsupported elliptic curve")]
    UnsupportedCurve,
}

impl From<super::asn1::Malformed> for KeyError {
    fn from(malformed: super::asn1::Malformed) -> Self {
        Self::Malformed(malformed.0)
    }
}

impl From<super::asn1::Malformed> for CryptoError {
    fn from(malformed: super::asn1::Malformed) -> Self {
        Self::NotAPrivateKey(malformed.0)
    }
}

/// Turns OpenSSL's error into ours. Only its fixed texts are taken, never its data strings.
pub(super) fn failed(action: &'static str) -> impl Fn(ErrorStack) -> CryptoError {
    move |stack| {
        let first = stack.errors().first();
        let reason = first.and_then(openssl::error::Error::reason).unwrap_or("no reason given");
        CryptoError::Library { action, reason }
    }
}
