//! Keys at rest: what protects the data key.

use crate::domain::secret::Secret;

/// The key that wraps the data key of a store.
pub type KeyEncryptionKey = Secret<[u8; 32]>;

/// What the owner of a store must have to use its private keys.
pub enum Unlock {
    /// 32 random bytes, from a file only the owner can read.
    KeyFile(KeyEncryptionKey),
    /// Something the owner knows; the key is derived from it with scrypt.
    Passphrase(Secret<String>),
}

/// Gives the engine its [`Unlock`] when a private key is first needed, so that commands that
/// need none never ask.
pub trait Seal: Send + Sync {
    /// What unlocks the store.
    ///
    /// # Errors
    ///
    /// [`SealError`], with a text that tells the owner what to do.
    fn unlock(&self) -> Result<Unlock, SealError>;
}

/// Why the private keys of a store cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key file or passphrase cannot be had.
    #[error("{0}")]
    Unavailable(String),
    /// It does not open this store.
    #[error("wrong {0} for this store")]
    Wrong(&'static str),
    /// The sealed record is damaged, or was moved from another place.
    #[error("sealed record {0} does not open: it is damaged or belongs to another store")]
    Damaged(String),
}
