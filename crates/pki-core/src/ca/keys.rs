//! The private keys of a mount.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::config;
use super::tables::{KEY_NAMES, KEYS, KEYS_CONFIG};
use crate::api::endpoint::{ReadCx, WriteCx};
use crate::crypto::key::{PrivateKey, PublicKey};
use crate::domain::hex;
use crate::domain::id::{KeyId, Uuid, is_name};
use crate::error::Error;
use crate::store::{Only, View, json_record};

/// A private key as it is stored, with what may be known of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(crate) id: KeyId,
    /// Empty if it has none.
    pub(crate) name: String,
    /// `rsa`, `ec`, `ed25519` or `mldsa`.
    pub(crate) key_type: String,
    #[serde(with = "hex")]
    pub(crate) spki: Vec<u8>,
    #[serde(with = "hex")]
    sealed: Vec<u8>,
}
json_record!(KeyRecord);

impl KeyRecord {
    /// The same key by another name.
    pub(crate) fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }
}

/// A reference that leads nowhere. What that means for a request depends on the path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unresolved {
    #[error("no default {0} currently configured")]
    NoDefault(&'static str),
    #[error("unable to find PKI {0} for reference: {1}")]
    Unknown(&'static str, String),
}

/// The word that stands for the default issuer or key.
pub(crate) fn is_default(reference: &str) -> bool {
    reference.eq_ignore_ascii_case("default")
}

/// The key that a name, an identifier or `default` refers to.
pub(crate) fn resolve(
    view: &View<'_>,
    reference: &str,
) -> Result<Result<KeyRecord, Unresolved>, Error> {
    let unknown = || Unresolved::Unknown("key", reference.to_owned());
    let id = if is_default(reference) {
        match config::load(view, &KEYS_CONFIG)?.default {
            None => return Ok(Err(Unresolved::NoDefault("key"))),
            default => default,
        }
    } else if let Some(id) = KeyId::parse(reference) {
        Some(id)
    } else {
        view.get(&KEY_NAMES, &reference.to_owned())?
    };
    let Some(id) = id else { return Ok(Err(unknown())) };
    Ok(view.get(&KEYS, &id)?.ok_or_else(unknown))
}

/// The private key itself.
pub(crate) fn open(cx: &ReadCx<'_>, record: &KeyRecord) -> Result<Arc<PrivateKey>, Error> {
    cx.keys.open(cx.view, cx.mount.id, record.id, &record.sealed)
}

/// The stored key with this public half, if there is one. Keys are few; issuers name theirs.
pub(crate) fn with_public_key(
    view: &View<'_>,
    public: &PublicKey,
) -> Result<Option<KeyRecord>, Error> {
    let all: Vec<(KeyId, KeyRecord)> = view.scan(&KEYS, &[], None, usize::MAX)?;
    Ok(all.into_iter().map(|(_, record)| record).find(|record| record.spki == public.spki()))
}

/// All keys of the mount, by their public half: a DER `SubjectPublicKeyInfo`.
pub(crate) fn by_public_key(view: &View<'_>) -> Result<HashMap<Vec<u8>, KeyId>, Error> {
    let all: Vec<(KeyId, KeyRecord)> = view.scan(&KEYS, &[], None, usize::MAX)?;
    Ok(all.into_iter().map(|(id, record)| (record.spki, id)).collect())
}

/// Checks that a new key may have a name; the empty name is none.
pub(crate) fn check_name(view: &View<'_>, name: &str) -> Result<(), Error> {
    if is_default(name) {
        return Err(Error::refused("reserved keyword 'default' can not be used as key name"));
    }
    if !is_name(name) {
        return Err(Error::refused("key name contained invalid characters"));
    }
    if view.get(&KEY_NAMES, &name.to_owned())?.is_some() {
        return Err(Error::refused("key name already in use"));
    }
    Ok(())
}

/// Stores a new key. The first key of a mount becomes its default.
pub(crate) fn add(
    cx: &mut WriteCx<'_>,
    key: &PrivateKey,
    name: Option<&str>,
) -> Result<KeyRecord, Error> {
    if let Some(name) = name {
        check_name(&cx.tx, name)?;
    }
    let id = KeyId(random_uuid(cx));
    let record = KeyRecord {
        id,
        name: name.unwrap_or_default().to_owned(),
        key_type: key.spec().type_name().to_owned(),
        spki: key.public_key().spki().to_vec(),
        sealed: cx.keys.seal(&cx.tx, cx.mount.id, id, key)?,
    };
    cx.tx.insert(&KEYS, &id, &record);
    if let Some(name) = name {
        cx.tx.put(&KEY_NAMES, &name.to_owned(), &id);
    }
    let mut default = config::load(&cx.tx, &KEYS_CONFIG)?;
    if default.default.is_none() {
        default.default = Some(id);
        cx.tx.put(&KEYS_CONFIG, &Only, &default);
    }
    Ok(record)
}

/// A new identifier.
pub(crate) fn random_uuid(cx: &WriteCx<'_>) -> Uuid {
    let mut octets = [0; 16];
    cx.env.random.fill(&mut octets);
    Uuid::from_random(octets)
}
