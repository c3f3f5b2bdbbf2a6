//! Mounts: where an authority lives, and the lifetimes that hold there.

use serde::{Deserialize, Serialize};

use crate::domain::id::{MountId, Uuid};
use crate::policy::validity::MountTtls;
use crate::store::json_record;

/// The lifetime that holds where a mount says nothing: 32 days, in seconds.
pub(crate) const SYSTEM_TTL: i64 = 2_764_800;

/// One authority's place in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Mount {
    /// What its records are found by; stays when the mount moves.
    pub(crate) id: MountId,
    /// Where it is mounted, without slashes at either end.
    pub(crate) path: String,
    /// Random; for clients that want one.
    pub(crate) uuid: Uuid,
    /// `pki_` and eight hexadecimal digits.
    pub(crate) accessor: String,
    /// The operator's words.
    pub(crate) description: String,
    /// What can be tuned.
    pub(crate) config: MountConfig,
}
json_record!(Mount);

/// What can be tuned about a mount. Lifetimes are in seconds; 0 inherits the system's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct MountConfig {
    /// For certificates that ask for nothing else.
    pub(crate) default_lease_ttl: i64,
    /// For certificates whose role sets no other limit.
    pub(crate) max_lease_ttl: i64,
    /// Kept for clients that read it back.
    pub(crate) force_no_cache: bool,
    /// Kept for clients that read it back.
    pub(crate) listing_visibility: String,
    /// Kept for clients that read it back; a server passes these request headers on.
    pub(crate) passthrough_request_headers: Vec<String>,
    /// Kept for clients that read it back; a server lets these response headers out.
    pub(crate) allowed_response_headers: Vec<String>,
    /// Kept for clients that read it back.
    pub(crate) audit_non_hmac_request_keys: Vec<String>,
    /// Kept for clients that read it back.
    pub(crate) audit_non_hmac_response_keys: Vec<String>,
}

impl Mount {
    /// The lifetimes that hold here.
    pub(crate) fn ttls(&self) -> MountTtls {
        let or_system = |ttl: i64| if 0 < ttl { ttl } else { SYSTEM_TTL };
        MountTtls {
            default: or_system(self.config.default_lease_ttl),
            max: or_system(self.config.max_lease_ttl),
        }
    }

    /// The place of what belongs to no mount.
    pub(crate) fn system() -> Self {
        Self {
            id: MountId::SYSTEM,
            path: "sys".into(),
            uuid: Uuid::from_random([0; 16]),
            accessor: String::new(),
            description: String::new(),
            config: MountConfig::default(),
        }
    }
}

/// A move of a mount that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Migration {
    pub(crate) from: String,
    pub(crate) to: String,
}
json_record!(Migration);
