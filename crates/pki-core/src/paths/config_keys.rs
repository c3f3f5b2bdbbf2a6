//! `config/keys`: which key is the default.

use crate::api::endpoint::{Access, Command, Op, Path, Query, ReadCx, Reply, WriteCx};
use crate::ca::config::{self, KeysConfig};
use crate::ca::keys::{self, is_default};
use crate::ca::tables::KEYS_CONFIG;
use crate::error::Error;
use crate::fields;
use crate::store::Only;

/// `config/keys`.
pub const PATH: Path = Path {
    patterns: &["config/keys"],
    access: Access::Token,
    synopsis: "Read or set the default key.",
    description: "It is used where an existing key is asked for and none is named.",
    ops: &[Op::read::<ReadDefaultKey>(), Op::write::<WriteDefaultKey>()],
};

fields! {
    /// Asks for the default key.
    pub struct ReadDefaultKey {}
}

fields! {
    /// The default key.
    #[derive(Debug)]
    pub struct DefaultKey {
        /// Its identifier, or the empty text.
        default: String,
    }
}

impl From<KeysConfig> for DefaultKey {
    fn from(config: KeysConfig) -> Self {
        Self { default: config.default.map_or_else(String::new, |id| id.to_string()) }
    }
}

impl Query for ReadDefaultKey {
    type Reply = DefaultKey;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<DefaultKey>, Error> {
        Ok(DefaultKey::from(config::load(cx.view, &KEYS_CONFIG)?).into())
    }
}

fields! {
    /// Sets the default key.
    #[derive(Clone, Debug)]
    pub struct WriteDefaultKey {
        /// Name or identifier of the key.
        default: String = "",
    }
}

impl Command for WriteDefaultKey {
    type Reply = DefaultKey;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<DefaultKey>, Error> {
        if self.default.is_empty() || is_default(&self.default) {
            return Err(Error::refused(
                "Invalid key specification; must be non-empty and can't be 'default'.",
            ));
        }
        let key = keys::resolve(&cx.tx, &self.default)?.map_err(|problem| {
            Error::refused(format!("Error resolving issuer reference: {problem}"))
        })?;
        let config = KeysConfig { default: Some(key.id) };
        cx.tx.put(&KEYS_CONFIG, &Only, &config);
        Ok(DefaultKey::from(config).into())
    }
}
