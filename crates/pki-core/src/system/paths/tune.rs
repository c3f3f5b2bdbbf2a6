//! `sys/mounts/*path/tune`: the settings of a mount.

use super::mount::{find, normal, tune};
use crate::api::endpoint::{Access, Command, Done, Op, Path, Query, ReadCx, Reply, WriteCx};
use crate::ca::tables::MOUNTS;
use crate::error::Error;
use crate::field::{Fields as _, Input, Seconds};
use crate::fields;
use crate::system::mount::SYSTEM_TTL;

/// The path.
pub const PATH: Path = Path {
    patterns: &["mounts/*path/tune"],
    access: Access::Token,
    synopsis: "Read or change the settings of a mount.",
    description: "Lifetimes bound every certificate of the mount whose role sets no other limit.",
    ops: &[Op::read::<ReadTuning>(), Op::write::<TuneMount>()],
};

fields! {
    /// Asks for the settings that are in force.
    pub struct ReadTuning {
        /// Where it is mounted.
        path: String,
    }
}

fields! {
    /// Settings of a mount. Lifetimes are those in force, in seconds.
    pub struct Tuning {
        /// For certificates that ask for nothing else.
        default_lease_ttl: Seconds,
        /// The operator's words.
        description: String,
        /// Kept for clients that read it back.
        force_no_cache: bool,
        /// For certificates whose role sets no other limit.
        max_lease_ttl: Seconds,
        /// Kept for clients that read it back.
        listing_visibility: Option<String>,
        /// Kept for clients that read it back.
        passthrough_request_headers: Option<Vec<String>>,
        /// Kept for clients that read it back.
        allowed_response_headers: Option<Vec<String>>,
        /// Kept for clients that read it back.
        audit_non_hmac_request_keys: Option<Vec<String>>,
        /// Kept for clients that read it back.
        audit_non_hmac_response_keys: Option<Vec<String>>,
    }
}

impl Query for ReadTuning {
    type Reply = Tuning;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Tuning>, Error> {
        let mount = find(cx.view, &self.path)?.ok_or(Error::Absent)?;
        let ttls = mount.ttls();
        let given = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
        let config = mount.config;
        Ok(Tuning {
            default_lease_ttl: Seconds(ttls.default),
            description: mount.description,
            force_no_cache: config.force_no_cache,
            max_lease_ttl: Seconds(ttls.max),
            passthrough_request_headers: given(&config.passthrough_request_headers),
            allowed_response_headers: given(&config.allowed_response_headers),
            audit_non_hmac_request_keys: given(&config.audit_non_hmac_request_keys),
            audit_non_hmac_response_keys: given(&config.audit_non_hmac_response_keys),
            listing_visibility: Some(config.listing_visibility).filter(|v| !v.is_empty()),
        }
        .into())
    }
}

fields! {
    /// Changes what is sent, and nothing else.
    pub struct TuneMount {
        /// Where it is mounted.
        path: String,
        /// For certificates that ask for nothing else: seconds, `72h`, or `system`.
        default_lease_ttl: Option<String>,
        /// For certificates whose role sets no other limit: seconds, `72h`, or `system`.
        max_lease_ttl: Option<String>,
        /// The operator's words.
        description: Option<String>,
        /// Kept for clients that read it back.
        force_no_cache: Option<bool>,
        /// Kept for clients that read it back.
        listing_visibility: Option<String>,
        /// Kept for clients that read it back.
        passthrough_request_headers: Option<Vec<String>>,
        /// Kept for clients that read it back.
        allowed_response_headers: Option<Vec<String>>,
        /// Kept for clients that read it back.
        audit_non_hmac_request_keys: Option<Vec<String>>,
        /// Kept for clients that read it back.
        audit_non_hmac_response_keys: Option<Vec<String>>,
    }
}

impl Command for TuneMount {
    type Reply = Done;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Done>, Error> {
        let mut mount = find(&cx.tx, &self.path)?.ok_or_else(|| {
            let path = normal(&self.path);
            Error::refused(format!("tune of path \"{path}/\" failed: no mount entry found"))
        })?;
        let sent: Input = self.render();
        tune(&mut mount.config, &sent)?;
        let (default, max) = (mount.config.default_lease_ttl, mount.config.max_lease_ttl);
        if 0 < max && max < default {
            return Err(Error::refused(format!(
                "backend max lease TTL of {max} would be less than backend default lease TTL of {default}"
            )));
        }
        if max == 0 && SYSTEM_TTL < default {
            return Err(Error::refused(format!(
                "backend default lease TTL of {default} would be greater than system max lease TTL of {SYSTEM_TTL}"
            )));
        }
        if let Some(description) = &self.description {
            mount.description.clone_from(description);
        }
        cx.tx.put(&MOUNTS, &mount.path, &mount);
        Ok(Done.into())
    }
}
