//! `sys/mounts/*path`: one mount.

use serde_json::{Map, Value};

use crate::api::endpoint::{Access, Command, Done, Op, Path, Query, ReadCx, Reply, Task, WriteCx};
use crate::ca::keys::random_uuid;
use crate::ca::tables::{LAST_MOUNT, LEASES, MOUNTS};
use crate::ca::{leases, leftovers};
use crate::domain::hex;
use crate::domain::id::MountId;
use crate::error::Error;
use crate::field::{Input, Seconds};
use crate::fields;
use crate::store::{Only, View};
use crate::system::mount::{Mount, MountConfig, SYSTEM_TTL};
use crate::system::paths::mounts::describe;

/// The path.
pub const PATH: Path = Path {
    patterns: &["mounts/*path"],
    access: Access::Token,
    synopsis: "Make, read or remove a mount.",
    description: "Removing a mount removes its issuers, keys, roles and certificates for good.",
    ops: &[
        Op::read::<ReadMount>(),
        Op::write::<EnableMount>().tolerating(&[
            "local",
            "seal_wrap",
            "external_entropy_access",
            "options",
            "plugin_version",
        ]),
        Op::delete::<DisableMount>(),
    ],
};

fields! {
    /// Asks for one mount.
    pub struct ReadMount {
        /// Where it is mounted.
        path: String,
    }
}

impl Query for ReadMount {
    type Reply = super::mounts::Mounts;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Self::Reply>, Error> {
        let mount = find(cx.view, &self.path)?.ok_or_else(|| {
            Error::refused(format!("No secret engine mount at {}/", normal(&self.path)))
        })?;
        let Value::Object(fields) = describe(&mount) else { return Err(Error::Absent) };
        Ok(super::mounts::Mounts::from(fields).into())
    }
}

impl From<Map<String, Value>> for super::mounts::Mounts {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

fields! {
    /// Makes a mount.
    pub struct EnableMount {
        /// Where to mount it.
        path: String,
        /// The engine; only `pki` is known.
        r#type: String = "",
        /// The operator's words.
        description: String = "",
        /// What can be tuned, by name.
        config: Option<Map<String, Value>>,
    }
}

impl EnableMount {
    /// An authority at a path.
    pub fn at(path: impl Into<String>) -> Self {
        Self { path: path.into(), r#type: "pki".into(), ..Self::default() }
    }
}

/// Where a path leads, whatever slashes were typed.
pub(crate) fn normal(path: &str) -> &str {
    path.trim_matches('/')
}

/// The mount at exactly this path.
pub(crate) fn find(view: &View<'_>, path: &str) -> Result<Option<Mount>, Error> {
    view.get(&MOUNTS, &normal(path).to_owned())
}

/// The mount that a path is in.
pub(crate) fn holding(view: &View<'_>, path: &str) -> Result<Option<Mount>, Error> {
    let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
    for end in ends {
        if let Some(mount) = find(view, path.get(..end).unwrap_or(path))? {
            return Ok(Some(mount));
        }
    }
    Ok(None)
}

/// The mount that a new one at this path would overlap.
pub(crate) fn overlapping(view: &View<'_>, path: &str) -> Result<Option<String>, Error> {
    if let Some(above) = holding(view, path)? {
        return Ok(Some(above.path));
    }
    let below: Vec<(String, Mount)> = view.scan(&MOUNTS, format!("{path}/").as_bytes(), None, 1)?;
    Ok(below.into_iter().next().map(|(path, _)| path))
}

/// Whether a path is not to be had.
pub(crate) fn is_reserved(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    ["", "sys", "auth", "cubbyhole", "identity"].contains(&first)
}

/// Whether every segment says where it leads: none is empty, `.` or `..`, and none has
/// characters that cannot be seen.
pub(crate) fn is_plain(path: &str) -> bool {
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..");
    // Below the last one there would be no telling the mount from its settings.
    let is_settings = path.rsplit('/').next() == Some("tune");
    path.split('/').all(is_segment) && !path.contains(char::is_control) && !is_settings
}

impl Command for EnableMount {
    type Reply = Done;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Done>, Error> {
        let path = normal(&self.path);
        match self.r#type.as_str() {
            "pki" => (),
            "" => return Err(Error::refused("backend type must be specified as a string")),
            other => {
                return Err(Error::refused(format!("plugin not found in the catalog: {other}")));
            }
        }
        if is_reserved(path) || !is_plain(path) {
            return Err(Error::refused(format!("cannot mount \"{path}/\"")));
        }
        if let Some(taken) = overlapping(&cx.tx, path)? {
            return Err(Error::refused(format!("path is already in use at {taken}/")));
        }
        let mut config = MountConfig::default();
        if let Some(sent) = &self.config {
            tune(&mut config, sent)?;
        }
        check_ttls(&config)?;
        cx.keys.prepare(&mut cx.tx, cx.env)?;
        let mount = self.mount(cx, path, config)?;
        cx.tx.insert(&MOUNTS, &mount.path, &mount);
        Ok(Done.into())
    }
}

impl EnableMount {
    fn mount(&self, cx: &mut WriteCx<'_>, path: &str, config: MountConfig) -> Result<Mount, Error> {
        let mut last = cx.tx.get(&LAST_MOUNT, &Only)?.unwrap_or_default();
        last.0 += 1;
        cx.tx.put(&LAST_MOUNT, &Only, &last);
        let mut accessor = [0; 4];
        cx.env.random.fill(&mut accessor);
        Ok(Mount {
            id: MountId(last.0),
            path: path.to_owned(),
            uuid: random_uuid(cx),
            accessor: format!("pki_{}", hex::encode(&accessor)),
            description: self.description.clone(),
            config,
        })
    }
}

/// Sets what was sent, by the names that clients use.
pub(crate) fn tune(config: &mut MountConfig, sent: &Input) -> Result<(), Error> {
    fn set<T: crate::field::FieldValue>(
        target: &mut T,
        sent: &Input,
        field: &'static str,
    ) -> Result<(), Error> {
        if let Some(raw) = sent.get(field).filter(|raw| !raw.is_null() && raw.as_str() != Some(""))
        {
            *target = T::parse(raw).map_err(|problem| {
                Error::Fields(vec![crate::field::FieldError { field, problem }])
            })?;
        }
        Ok(())
    }
    for (target, field) in [
        (&mut config.default_lease_ttl, "default_lease_ttl"),
        (&mut config.max_lease_ttl, "max_lease_ttl"),
    ] {
        // The word, zero and less than zero all mean the system's lifetime.
        let inherits = sent.get(field).is_some_and(|raw| {
            raw.as_str().is_some_and(|text| text == "system" || text.starts_with('-'))
                || raw.as_i64().is_some_and(|seconds| seconds < 0)
        });
        let mut seconds = Seconds(*target);
        if inherits {
            seconds = Seconds(0);
        } else {
            set(&mut seconds, sent, field)?;
        }
        *target = seconds.0;
    }
    set(&mut config.force_no_cache, sent, "force_no_cache")?;
    set(&mut config.listing_visibility, sent, "listing_visibility")?;
    set(&mut config.passthrough_request_headers, sent, "passthrough_request_headers")?;
    set(&mut config.allowed_response_headers, sent, "allowed_response_headers")?;
    set(&mut config.audit_non_hmac_request_keys, sent, "audit_non_hmac_request_keys")?;
    set(&mut config.audit_non_hmac_response_keys, sent, "audit_non_hmac_response_keys")
}

fn check_ttls(config: &MountConfig) -> Result<(), Error> {
    let (default, max) = (config.default_lease_ttl, config.max_lease_ttl);
    if 0 < max && max < default {
        return Err(Error::refused("given default lease TTL greater than given max lease TTL"));
    }
    if max == 0 && SYSTEM_TTL < default {
        return Err(Error::refused(format!(
            "given default lease TTL greater than system max lease TTL of {SYSTEM_TTL}"
        )));
    }
    Ok(())
}

fields! {
    /// Removes a mount and all it holds.
    pub struct DisableMount {
        /// Where it is mounted.
        path: String,
    }
}

impl Command for DisableMount {
    type Reply = Done;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Done>, Error> {
        if let Some(mount) = find(&cx.tx, &self.path)? {
            cx.tx.delete(&MOUNTS, &mount.path);
            // Leases keep their names when a mount is moved: its own may have others, and those
            // with its name may be another's.
            for (id, _) in leases::fitting(&cx.tx, "", |lease| lease.mount == mount.id)? {
                cx.tx.delete(&LEASES, &id);
            }
            leftovers::leave(&mut cx.tx, mount.id)?;
        }
        // Also where there is no such mount: it may be that it was removed, but not all of it.
        cx.task = Some(Task::Sweep);
        Ok(Done.into())
    }
}
