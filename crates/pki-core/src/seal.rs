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

    /// What unlocks the store if [`Seal::unlock`] does not: what its owner was about to go over to
    /// when that was interrupted. Most have none.
    fn successor(&self) -> Option<Unlock> {
        None
    }
}

/// A [`Seal`] whose owner has what it takes at hand: for embedding and for tests.
#[derive(Debug)]
pub struct Given(Held);

#[derive(Debug)]
enum Held {
    Key(KeyEncryptionKey),
    Passphrase(Secret<String>),
}

impl Given {
    /// A store that is sealed with a key of 32 octets. They should be random.
    pub fn key(octets: [u8; 32]) -> Self {
        Self(Held::Key(Secret::new(octets)))
    }

    /// A store that is sealed with a passphrase.
    pub fn passphrase(text: impl Into<String>) -> Self {
        Self(Held::Passphrase(Secret::new(text.into())))
    }
}

impl Seal for Given {
    fn unlock(&self) -> Result<Unlock, SealError> {
        Ok(match &self.0 {
            Held::Key(key) => Unlock::KeyFile(key.clone()),
            Held::Passphrase(text) => Unlock::Passphrase(text.clone()),
        })
    }
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
