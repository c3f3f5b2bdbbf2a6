//! Private keys at rest and in use.
//!
//! A random data key seals every private key with AES-256-GCM, bound to its place in the store.
//! The data key itself is wrapped by what the owner has or knows. It is unlocked when the first
//! private key is needed and no earlier, so commands that need none never ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::crypto::key::PrivateKey;
use crate::crypto::{aead, kdf};
use crate::domain::hex;
use crate::domain::id::{KeyId, MountId};
use crate::domain::secret::Secret;
use crate::env::Env;
use crate::error::Error;
use crate::seal::{Seal, SealError, Unlock};
use crate::store::{Only, Records, Tx, View, json_record};

/// What protects the data key. One of the tables of the system, and the first.
pub(crate) const SEAL: Records<Only, SealRecord> = Records::kept(1, "seal");

/// What the data key's seal is bound to.
const DATA_KEY: &[u8] = b"pkictl data key";

/// scrypt's cost as a power of two: half a second and 128 MiB.
const SCRYPT_LOG_N: u8 = 17;

/// The wrapped data key of a store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SealRecord {
    pub(crate) kind: SealKind,
    /// For a passphrase: what it is stretched with.
    #[serde(default, with = "hex")]
    salt: Vec<u8>,
    /// For a passphrase: how much it is stretched.
    #[serde(default)]
    log_n: u8,
    #[serde(with = "hex")]
    wrapped: Vec<u8>,
}
json_record!(SealRecord);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SealKind {
    KeyFile,
    Passphrase,
}

impl SealRecord {
    /// What protects the data key, in words.
    pub(crate) fn protection(&self) -> &'static str {
        self.kind.name()
    }
}

impl SealKind {
    fn name(self) -> &'static str {
        match self {
            Self::KeyFile => "key file",
            Self::Passphrase => "passphrase",
        }
    }
}

/// Seals and opens the private keys of a store.
pub(crate) struct Keyring {
    seal: Arc<dyn Seal>,
    data_key: OnceLock<Secret<[u8; 32]>>,
    /// Decoded keys; decoding one costs more than signing with it.
    decoded: Mutex<HashMap<(MountId, KeyId), Arc<PrivateKey>>>,
}

impl Keyring {
    pub(crate) fn new(seal: Arc<dyn Seal>) -> Self {
        Self { seal, data_key: OnceLock::new(), decoded: Mutex::default() }
    }

    /// Gives the store a data key, unless it has one.
    pub(crate) fn prepare(&self, tx: &mut Tx<'_>, env: &Env) -> Result<(), Error> {
        if tx.get_at(MountId::SYSTEM, &SEAL, &Only)?.is_some() {
            return Ok(());
        }
        let mut data_key = [0; 32];
        env.random.fill(&mut data_key);
        let data_key = Secret::new(data_key);
        let record = wrap(&self.seal.unlock()?, &data_key, env)?;
        tx.put(&SEAL, &Only, &record);
        Ok(())
    }

    /// A private key as it is stored.
    pub(crate) fn seal(
        &self,
        view: &View<'_>,
        mount: MountId,
        id: KeyId,
        key: &PrivateKey,
    ) -> Result<Vec<u8>, Error> {
        let plain = key.to_pkcs8()?;
        Ok(aead::seal(self.data_key(view)?.expose(), &place(mount, id), plain.expose())?)
    }

    /// A stored private key, ready to sign.
    pub(crate) fn open(
        &self,
        view: &View<'_>,
        mount: MountId,
        id: KeyId,
        sealed: &[u8],
    ) -> Result<Arc<PrivateKey>, Error> {
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = decoded.get(&(mount, id)) {
            return Ok(Arc::clone(key));
        }
        let plain = aead::open(self.data_key(view)?.expose(), &place(mount, id), sealed)
            .map_err(|_| SealError::Damaged(format!("of key {id}")))?;
        let key = Arc::new(PrivateKey::from_pkcs8(plain.expose())?);
        decoded.insert((mount, id), Arc::clone(&key));
        Ok(key)
    }

    /// Makes sure that the private keys can be opened.
    pub(crate) fn unlock(&self, view: &View<'_>) -> Result<(), Error> {
        self.data_key(view).map(drop)
    }

    /// Wraps the data key with what another seal gives.
    pub(crate) fn rewrap(&self, tx: &mut Tx<'_>, new: &dyn Seal, env: &Env) -> Result<(), Error> {
        // Read here too, so that of two who do this at the same time one starts over.
        tx.get_at(MountId::SYSTEM, &SEAL, &Only)?;
        let record = wrap(&new.unlock()?, self.data_key(tx)?, env)?;
        tx.put(&SEAL, &Only, &record);
        Ok(())
    }

    fn data_key(&self, view: &View<'_>) -> Result<&Secret<[u8; 32]>, Error> {
        if let Some(data_key) = self.data_key.get() {
            return Ok(data_key);
        }
        let record = view.get_at(MountId::SYSTEM, &SEAL, &Only)?;
        let record = record.ok_or_else(|| SealError::Damaged("of the data key".to_owned()))?;
        let unlock = self.seal.unlock().map_err(|problem| match problem {
            SealError::Unavailable(text) if record.kind == SealKind::Passphrase => {
                let kind = record.kind.name();
                SealError::Unavailable(format!("{text} (this store is sealed with a {kind})"))
            }
            other => other,
        })?;
        let data_key = match unwrap(&unlock, &record) {
            Err(wrong @ Error::Seal(SealError::Wrong(_))) => match self.seal.successor() {
                Some(successor) => unwrap(&successor, &record)?,
                None => return Err(wrong),
            },
            opened => opened?,
        };
        Ok(self.data_key.get_or_init(|| data_key))
    }
}

/// Where a key is stored; a sealed key that was moved does not open.
fn place(mount: MountId, id: KeyId) -> Vec<u8> {
    format!("pkictl key {}/{id}", mount.0).into_bytes()
}

fn wrap(unlock: &Unlock, data_key: &Secret<[u8; 32]>, env: &Env) -> Result<SealRecord, Error> {
    let seal = |key: &Secret<[u8; 32]>| aead::seal(key.expose(), DATA_KEY, data_key.expose());
    Ok(match unlock {
        Unlock::KeyFile(key) => {
            SealRecord { kind: SealKind::KeyFile, salt: Vec::new(), log_n: 0, wrapped: seal(key)? }
        }
        Unlock::Passphrase(passphrase) => {
            let mut salt = vec![0; 16];
            env.random.fill(&mut salt);
            let key = kdf::scrypt(passphrase.expose().as_bytes(), &salt, SCRYPT_LOG_N)?;
            let wrapped = seal(&key)?;
            SealRecord { kind: SealKind::Passphrase, salt, log_n: SCRYPT_LOG_N, wrapped }
        }
    })
}

fn unwrap(unlock: &Unlock, record: &SealRecord) -> Result<Secret<[u8; 32]>, Error> {
    let kind = match unlock {
        Unlock::KeyFile(_) => SealKind::KeyFile,
        Unlock::Passphrase(_) => SealKind::Passphrase,
    };
    if kind != record.kind {
        let (wanted, given) = (record.kind.name(), kind.name());
        let text = format!("this store is sealed with a {wanted}, and a {given} was given");
        return Err(SealError::Unavailable(text).into());
    }
    let opened = match unlock {
        Unlock::KeyFile(key) => aead::open(key.expose(), DATA_KEY, &record.wrapped),
        Unlock::Passphrase(passphrase) => {
            let key = kdf::scrypt(passphrase.expose().as_bytes(), &record.salt, record.log_n)?;
            aead::open(key.expose(), DATA_KEY, &record.wrapped)
        }
    };
    let opened = opened.map_err(|_| SealError::Wrong(kind.name()))?;
    let octets: [u8; 32] = opened
        .expose()
        .as_slice()
        .try_into()
        .map_err(|_| SealError::Damaged("of the data key".to_owned()))?;
    Ok(Secret::new(octets))
}
