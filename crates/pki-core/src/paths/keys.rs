//! `keys`: the list of keys.

use serde_json::{Map, json};

use crate::api::endpoint::{Access, Listing, Op, Path, Query, ReadCx, Reply};
use crate::ca::config;
use crate::ca::keys::KeyRecord;
use crate::ca::tables::{KEYS, KEYS_CONFIG};
use crate::domain::id::KeyId;
use crate::error::Error;
use crate::fields;

/// `keys`.
pub const PATH: Path = Path {
    patterns: &["keys"],
    access: Access::Token,
    synopsis: "List the keys.",
    description: "",
    ops: &[Op::list::<ListKeys>()],
};

fields! {
    /// Asks for the identifiers of all keys.
    pub struct ListKeys {
        /// List only identifiers after this one.
        after: String = "",
        /// List at most so many; all when it is not positive.
        limit: i64 = "-1",
    }
}

impl Query for ListKeys {
    type Reply = Listing;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Listing>, Error> {
        let default = config::load(cx.view, &KEYS_CONFIG)?.default;
        let all: Vec<(KeyId, KeyRecord)> = cx.view.scan(&KEYS, &[], None, usize::MAX)?;
        let (mut keys, mut key_info) = (Vec::new(), Map::new());
        let after = all.into_iter().filter(|(id, _)| self.after < id.to_string());
        for (id, key) in after.take(super::roles::limit(self.limit)) {
            let facts = json!({ "is_default": default == Some(id), "key_name": key.name });
            key_info.insert(id.to_string(), facts);
            keys.push(id.to_string());
        }
        Ok(Listing { keys, key_info: Some(key_info) }.into())
    }
}
