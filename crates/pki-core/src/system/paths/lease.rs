//! `sys/leases/…`: looking at leases and revoking what they are on.

use std::collections::BTreeSet;

use crate::api::endpoint::{
    Access, Command, Done, Listing, Op, Path, Query, ReadCx, Reply, WriteCx,
};
use crate::ca::leases::LeaseRecord;
use crate::ca::revoke;
use crate::ca::tables::{LEASES, MOUNTS};
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::fields;
use crate::store::View;
use crate::system::mount::Mount;
use crate::system::paths::mount::holding;

/// The path that looks up.
pub const LOOKUP: Path = Path {
    patterns: &["leases/lookup"],
    access: Access::Token,
    synopsis: "Look up a lease.",
    description: "Certificates have leases only under roles that ask for them.",
    ops: &[Op::compute::<LookUpLease>()],
};

/// The path that lists.
pub const LIST: Path = Path {
    patterns: &["leases/lookup/*prefix"],
    access: Access::Sudo,
    synopsis: "List the leases below a path.",
    description: "A name with a slash at its end stands for the leases below it.",
    ops: &[Op::list::<ListLeases>()],
};

/// The path that renews.
pub const RENEW: Path = Path {
    patterns: &["leases/renew", "leases/renew/*lease_id"],
    access: Access::Token,
    synopsis: "Refuse to renew a lease.",
    description: "The end of a certificate is in the certificate. A new one can be issued.",
    ops: &[Op::compute::<RenewLease>().tolerating(&["increment"])],
};

/// The path that revokes.
pub const REVOKE: Path = Path {
    patterns: &["leases/revoke", "leases/revoke/*lease_id"],
    access: Access::Token,
    synopsis: "Revoke what a lease is on.",
    description: "The certificate is revoked as `revoke` would. An unknown lease is no error.",
    ops: &[Op::write::<RevokeLease>().tolerating(&["sync"])],
};

/// The path that revokes all leases below a path.
pub const REVOKE_PREFIX: Path = Path {
    patterns: &["leases/revoke-prefix/*prefix", "leases/revoke-force/*prefix"],
    access: Access::Sudo,
    synopsis: "Revoke what the leases below a path are on.",
    description: "All of them, or none. Forcing makes no difference: nothing outside has to agree.",
    ops: &[Op::write::<RevokePrefix>().tolerating(&["sync"])],
};

fields! {
    /// Asks for a lease.
    pub struct LookUpLease {
        /// As it came with the certificate.
        lease_id: String = "",
    }
}

fields! {
    /// A lease.
    pub struct LeaseView {
        /// When it ends.
        expire_time: String,
        /// Its name.
        id: String,
        /// When it began.
        issue_time: String,
        /// Never: leases on certificates cannot be renewed.
        last_renewal: crate::field::Nullable<String>,
        /// Where it was granted: its name without the last part.
        path: String,
        /// Whether it can be extended.
        renewable: bool,
        /// Seconds that are left.
        ttl: i64,
    }
}

impl Query for LookUpLease {
    type Reply = LeaseView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<LeaseView>, Error> {
        given(&self.lease_id)?;
        let record: LeaseRecord =
            cx.view.get(&LEASES, &self.lease_id)?.ok_or_else(|| Error::refused("invalid lease"))?;
        Ok(LeaseView {
            expire_time: record.expires_at.rfc3339_nanos(),
            id: self.lease_id.clone(),
            issue_time: record.issued_at.rfc3339_nanos(),
            last_renewal: crate::field::Nullable(None),
            path: self.lease_id.rsplit_once('/').map_or("", |(path, _)| path).to_owned(),
            renewable: false,
            ttl: record.expires_at.seconds_since(cx.now),
        }
        .into())
    }
}

fn given(lease_id: &str) -> Result<(), Error> {
    if lease_id.is_empty() { Err(Error::refused("lease_id must be specified")) } else { Ok(()) }
}

fields! {
    /// Revokes what a lease is on.
    pub struct RevokeLease {
        /// As it came with the certificate.
        lease_id: String = "",
    }
}

impl Command for RevokeLease {
    type Reply = Done;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Done>, Error> {
        given(&self.lease_id)?;
        Ok(Reply::from(Done).warn(revoke_one(cx, &self.lease_id)?))
    }
}

/// Revokes what a lease is on, if there is such a lease; gives what the caller should know.
fn revoke_one(cx: &mut WriteCx<'_>, lease_id: &String) -> Result<Vec<String>, Error> {
    let record: Option<LeaseRecord> = cx.tx.get(&LEASES, lease_id)?;
    let Some(record) = record else { return Ok(Vec::new()) };
    cx.tx.delete(&LEASES, lease_id);
    let mounts: Vec<(String, Mount)> = cx.tx.scan(&MOUNTS, &[], None, usize::MAX)?;
    if !mounts.iter().any(|(_, mount)| mount.id == record.mount) {
        return Ok(Vec::new());
    }
    let system = cx.tx.enter(record.mount);
    let serial = SerialNumber::from_octets(&record.serial);
    let stored = revoke::stored(&cx.tx, &serial)?;
    let revoked = stored.map(|(entry, certificate)| {
        revoke::revoke(cx, &certificate, entry.issuer, None).map(|reply| reply.warnings)
    });
    cx.tx.enter(system);
    Ok(revoked.transpose()?.unwrap_or_default())
}

/// Names of leases that are read at once.
const PAGE: usize = 1_000;

fields! {
    /// Revokes what the leases below a path are on.
    pub struct RevokePrefix {
        /// A path, or the name of a lease.
        prefix: String,
    }
}

impl Command for RevokePrefix {
    type Reply = Done;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Done>, Error> {
        let prefix = self.prefix.trim_matches('/').to_owned();
        // A mount that was moved may have leases with names below the one that came after it:
        // those are not meant.
        let holder = holding(&cx.tx, &prefix)?.map(|mount| mount.id);
        let mut warnings = BTreeSet::new();
        let (below, mut after) = (format!("{prefix}/"), None);
        let mut ids = vec![prefix];
        while !ids.is_empty() {
            for id in &ids {
                let lease: Option<LeaseRecord> = cx.tx.get(&LEASES, id)?;
                if holder.is_none() || holder == lease.map(|lease| lease.mount) {
                    warnings.extend(revoke_one(cx, id)?);
                }
            }
            ids = cx.tx.keys(&LEASES, below.as_bytes(), after.as_deref(), PAGE)?;
            after = ids.last().map(|id| id.clone().into_bytes());
        }
        Ok(Reply::from(Done).warn(warnings))
    }
}

/// The names of all leases below a path.
fn below(view: &View<'_>, path: &str) -> Result<Vec<String>, Error> {
    view.keys(&LEASES, format!("{path}/").as_bytes(), None, usize::MAX)
}

fields! {
    /// Asks to renew a lease.
    pub struct RenewLease {
        /// As it came with the certificate.
        lease_id: String = "",
    }
}

impl Query for RenewLease {
    type Reply = Done;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Done>, Error> {
        given(&self.lease_id)?;
        let record: Option<LeaseRecord> = cx.view.get(&LEASES, &self.lease_id)?;
        Err(Error::refused(match record {
            Some(_) => "lease is not renewable",
            None => "lease not found",
        }))
    }
}

fields! {
    /// Asks for the names of leases.
    pub struct ListLeases {
        /// A path.
        prefix: String,
    }
}

impl Query for ListLeases {
    type Reply = Listing;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Listing>, Error> {
        let prefix = self.prefix.trim_matches('/');
        let ids = below(cx.view, prefix)?;
        let rests = ids.iter().filter_map(|id| id.strip_prefix(prefix)?.strip_prefix('/'));
        let mut keys: Vec<String> = rests
            .map(|rest| match rest.split_once('/') {
                Some((folder, _)) => format!("{folder}/"),
                None => rest.to_owned(),
            })
            .collect();
        keys.dedup();
        Ok(Listing { keys, key_info: None }.into())
    }
}
