//! `sys/mounts`: the list of mounts.

use serde_json::{Map, Value, json};

use crate::api::endpoint::{Access, Answer, Op, Path, Query, ReadCx, Reply};
use crate::api::request::Body;
use crate::ca::tables::MOUNTS;
use crate::error::Error;
use crate::field::Field;
use crate::fields;
use crate::system::mount::Mount;

/// The path.
pub const PATH: Path = Path {
    patterns: &["mounts"],
    access: Access::Token,
    synopsis: "List the mounts.",
    description: "Every mount with its identifiers and its lifetimes; 0 means the system's.",
    ops: &[Op::read::<ListMounts>()],
};

fields! {
    /// Asks for all mounts.
    pub struct ListMounts {}
}

/// Mounts by path.
pub struct Mounts(pub(super) Map<String, Value>);

impl Answer for Mounts {
    const FIELDS: &'static [Field] = &[];

    fn into_body(self) -> Body {
        Body::Data(self.0)
    }
}

impl Query for ListMounts {
    type Reply = Mounts;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Mounts>, Error> {
        let mounts: Vec<(String, Mount)> = cx.view.scan(&MOUNTS, &[], None, usize::MAX)?;
        let shown = mounts.iter().map(|(path, mount)| (format!("{path}/"), describe(mount)));
        Ok(Mounts(shown.collect()).into())
    }
}

/// A mount as clients know it.
pub(crate) fn describe(mount: &Mount) -> Value {
    let Mount { id: _, path: _, uuid, accessor, description, config } = mount;
    let mut shown = json!({
        "default_lease_ttl": config.default_lease_ttl,
        "max_lease_ttl": config.max_lease_ttl,
        "force_no_cache": config.force_no_cache,
    });
    let optional = [
        ("passthrough_request_headers", &config.passthrough_request_headers),
        ("allowed_response_headers", &config.allowed_response_headers),
        ("audit_non_hmac_request_keys", &config.audit_non_hmac_request_keys),
        ("audit_non_hmac_response_keys", &config.audit_non_hmac_response_keys),
    ];
    if let Some(members) = shown.as_object_mut() {
        for (name, list) in optional {
            if !list.is_empty() {
                members.insert(name.into(), list.as_slice().into());
            }
        }
        if !config.listing_visibility.is_empty() {
            members.insert("listing_visibility".into(), config.listing_visibility.as_str().into());
        }
    }
    json!({
        "uuid": uuid.to_string(),
        "type": "pki",
        "description": description,
        "accessor": accessor,
        "config": shown,
        "options": null,
        "local": false,
        "seal_wrap": false,
        "external_entropy_access": false,
        "plugin_version": "",
        "running_plugin_version": concat!("v", env!("CARGO_PKG_VERSION"), "+builtin.pkictl"),
        "running_sha256": "",
        "deprecation_status": "supported",
    })
}
