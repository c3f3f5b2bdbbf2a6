//! `key/:key_ref`: one key.

use super::key_write::{DeleteKey, WriteKey};
use crate::api::endpoint::{Access, Op, Path, Query, ReadCx, Reply};
use crate::ca::keys;
use crate::crypto::key::PublicKey;
use crate::domain::hex;
use crate::error::Error;
use crate::fields;

/// `key/:key_ref`.
pub const PATH: Path = Path {
    patterns: &["key/:key_ref"],
    access: Access::Token,
    synopsis: "Read, name or delete a key.",
    description: "What may be known of a key: never its private half. A key that an issuer uses cannot be\ndeleted.",
    ops: &[Op::read::<ReadKey>(), Op::write::<WriteKey>(), Op::delete::<DeleteKey>()],
};

fields! {
    /// Asks for a key.
    pub struct ReadKey {
        /// Name or identifier of the key, or `default`.
        key_ref: String,
    }
}

fields! {
    /// A key.
    #[derive(Debug)]
    pub struct KeyView {
        /// Its identifier.
        key_id: String,
        /// Its name, or the empty text.
        key_name: String,
        /// `rsa`, `ec`, `ed25519` or `mldsa`.
        key_type: String,
        /// The identifier that certificates for it carry.
        subject_key_id: String,
    }
}

impl Query for ReadKey {
    type Reply = KeyView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<KeyView>, Error> {
        let key = keys::resolve(cx.view, &self.key_ref)?
            .map_err(|problem| Error::Unresolved(problem.to_string()))?;
        let public = PublicKey::from_spki(&key.spki).map_err(|_| Error::DamagedRecord("keys"))?;
        let identifier = public.key_identifier();
        let octets: Vec<String> = identifier.iter().map(|octet| hex::encode(&[*octet])).collect();
        Ok(KeyView {
            key_id: key.id.to_string(),
            key_name: key.name,
            key_type: key.key_type,
            subject_key_id: octets.join(":"),
        }
        .into())
    }
}
