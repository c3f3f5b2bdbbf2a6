//! Signatures over what is too large for memory.

use openssl::sign::Signer;

use super::error::{CryptoError, failed};
use super::key::PrivateKey;
use super::signature::SignatureAlgorithm;

/// Takes a message in parts and signs it. Ed25519 and ML-DSA read the message twice, so for
/// them it is collected first.
pub struct StreamSigner<'key> {
    way: Way<'key>,
}

enum Way<'key> {
    Hashing(Signer<'key>),
    Buffering { key: &'key PrivateKey, algorithm: SignatureAlgorithm, message: Vec<u8> },
}

impl<'key> StreamSigner<'key> {
    pub(super) fn hashing(signer: Signer<'key>) -> Self {
        Self { way: Way::Hashing(signer) }
    }

    pub(super) fn buffering(key: &'key PrivateKey, algorithm: SignatureAlgorithm) -> Self {
        Self { way: Way::Buffering { key, algorithm, message: Vec::new() } }
    }

    /// Adds to the message.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Library`] if OpenSSL fails.
    pub fn update(&mut self, part: &[u8]) -> Result<(), CryptoError> {
        match &mut self.way {
            Way::Hashing(signer) => signer.update(part).map_err(failed("sign")),
            Way::Buffering { message, .. } => {
                message.extend_from_slice(part);
                Ok(())
            }
        }
    }

    /// The signature over all parts.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Library`] if OpenSSL fails.
    pub fn finish(self) -> Result<Vec<u8>, CryptoError> {
        match self.way {
            Way::Hashing(signer) => signer.sign_to_vec().map_err(failed("sign")),
            Way::Buffering { key, algorithm, message } => key.sign(algorithm, &message),
        }
    }
}
