//! `key/:key_ref`, to be renamed or deleted.

use super::keys_generate::NewKey;
use crate::api::endpoint::{Command, Done, Reply, WriteCx};
use crate::ca::config;
use crate::ca::issuers;
use crate::ca::keys;
use crate::ca::tables::{KEY_NAMES, KEYS, KEYS_CONFIG};
use crate::error::Error;
use crate::fields;
use crate::store::Only;

fields! {
    /// Names a key.
    #[derive(Clone, Debug)]
    pub struct WriteKey {
        /// Name or identifier of the key, or `default`.
        key_ref: String,
        /// The new name; the empty text takes the name away.
        key_name: Option<String>,
    }
}

impl Command for WriteKey {
    type Reply = NewKey;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<NewKey>, Error> {
        let key = keys::resolve(&cx.tx, &self.key_ref)?
            .map_err(|problem| Error::Unresolved(problem.to_string()))?;
        let Some(name) = self.key_name.as_ref().filter(|name| **name != key.name) else {
            return Ok(NewKey::from(key).into());
        };
        if !name.is_empty() {
            check_name(cx, name)?;
        }
        if !key.name.is_empty() {
            cx.tx.delete(&KEY_NAMES, &key.name);
        }
        if !name.is_empty() {
            cx.tx.put(&KEY_NAMES, name, &key.id);
        }
        let renamed = key.named(name);
        cx.tx.put(&KEYS, &renamed.id, &renamed);
        let nameless = name.is_empty().then(|| {
            format!(
                "Name successfully deleted, you will now need to reference this key by it's Id: {}",
                renamed.id
            )
        });
        Ok(Reply::from(NewKey::from(renamed)).warn(nameless))
    }
}

/// The rules for new names, with this path's own words for bad characters.
fn check_name(cx: &WriteCx<'_>, name: &str) -> Result<(), Error> {
    if !crate::domain::id::is_name(name) {
        return Err(Error::refused("new key name outside of valid character limits"));
    }
    keys::check_name(&cx.tx, name)
}

fields! {
    /// Deletes a key that no issuer uses.
    #[derive(Clone, Debug)]
    pub struct DeleteKey {
        /// Name or identifier of the key, or `default`.
        key_ref: String,
    }
}

impl Command for DeleteKey {
    type Reply = Done;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Done>, Error> {
        let Ok(key) = keys::resolve(&cx.tx, &self.key_ref)? else { return Ok(Done.into()) };
        let users = issuers::all(&cx.tx)?;
        if let Some(user) = users.iter().find(|issuer| issuer.record.key_id == Some(key.id)) {
            return Err(Error::refused(format!(
                "Failed to Delete Key.  Key in Use by Issuer: {}",
                user.record.id
            )));
        }
        cx.tx.delete(&KEYS, &key.id);
        if !key.name.is_empty() {
            cx.tx.delete(&KEY_NAMES, &key.name);
        }
        let mut config = config::load(&cx.tx, &KEYS_CONFIG)?;
        let was_default = config.default == Some(key.id);
        if was_default {
            config.default = None;
            cx.tx.put(&KEYS_CONFIG, &Only, &config);
        }
        let warning = was_default.then(|| {
            format!(
                "Deleted key {} (via key_ref {}); this was configured as the default key. Operations without an explicit key will not work until a new default is configured.",
                key.id, self.key_ref
            )
        });
        Ok(Reply::from(Done).warn(warning))
    }
}
