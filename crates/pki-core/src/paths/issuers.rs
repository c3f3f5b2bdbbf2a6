//! `issuers`: the list of issuers.

use serde_json::{Map, json};

use crate::api::endpoint::{Access, Listing, Op, Path, Query, ReadCx, Reply};
use crate::ca::config;
use crate::ca::issuers;
use crate::ca::tables::ISSUERS_CONFIG;
use crate::error::Error;
use crate::fields;

/// `issuers`.
pub const PATH: Path = Path {
    patterns: &["issuers"],
    access: Access::Public,
    synopsis: "List the issuers.",
    description: "",
    ops: &[Op::list::<ListIssuers>()],
};

fields! {
    /// Asks for the identifiers of all issuers.
    pub struct ListIssuers {
        /// List only identifiers after this one.
        after: String = "",
        /// List at most so many; all when it is not positive.
        limit: i64 = "-1",
    }
}

impl Query for ListIssuers {
    type Reply = Listing;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Listing>, Error> {
        let default = config::load(cx.view, &ISSUERS_CONFIG)?.default;
        let (mut keys, mut key_info) = (Vec::new(), Map::new());
        let all = issuers::all(cx.view)?;
        let after = all.iter().filter(|issuer| self.after < issuer.record.id.to_string());
        for issuer in after.take(super::roles::limit(self.limit)) {
            let id = issuer.record.id.to_string();
            let facts = json!({
                "is_default": default == Some(issuer.record.id),
                "issuer_name": issuer.record.name,
                "key_id": issuer.record.key_id.map_or_else(String::new, |key| key.to_string()),
                "serial_number": issuer.certificate.serial().to_string(),
            });
            key_info.insert(id.clone(), facts);
            keys.push(id);
        }
        Ok(Listing { keys, key_info: Some(key_info) }.into())
    }
}
