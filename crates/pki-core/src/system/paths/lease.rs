//! `sys/leases/…`: looking at leases and revoking what they are on.

use crate::api::endpoint::{Access, Command, Done, Op, Path, Query, ReadCx, Reply, WriteCx};
use crate::ca::leases::LeaseRecord;
use crate::ca::revoke;
use crate::ca::tables::{LEASES, MOUNTS};
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::fields;
use crate::system::mount::Mount;

/// The path that looks up.
pub const LOOKUP: Path = Path {
    patterns: &["leases/lookup"],
    access: Access::Token,
    synopsis: "Look up a lease.",
    description: "Certificates have leases only under roles that ask for them.",
    ops: &[Op::compute::<LookUpLease>()],
};

/// The path that revokes.
pub const REVOKE: Path = Path {
    patterns: &["leases/revoke"],
    access: Access::Token,
    synopsis: "Revoke what a lease is on.",
    description: "The certificate is revoked as `revoke` would. An unknown lease is no error.",
    ops: &[Op::write::<RevokeLease>().tolerating(&["sync"])],
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
        let record: LeaseRecord = cx
            .view
            .get(&LEASES, &self.lease_id)?
            .ok_or_else(|| Error::refused("invalid lease"))?;
        Ok(LeaseView {
            expire_time: record.expires_at.rfc3339_nanos(),
            id: self.lease_id.clone(),
            issue_time: record.issued_at.rfc3339_nanos(),
            last_renewal: crate::field::Nullable(None),
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
        let record: Option<LeaseRecord> = cx.tx.get(&LEASES, &self.lease_id)?;
        let Some(record) = record else { return Ok(Done.into()) };
        cx.tx.delete(&LEASES, &self.lease_id);
        let mounts: Vec<(String, Mount)> = cx.tx.scan(&MOUNTS, &[], None, usize::MAX)?;
        if !mounts.iter().any(|(_, mount)| mount.id == record.mount) {
            return Ok(Done.into());
        }
        let system = cx.tx.enter(record.mount);
        let serial = SerialNumber::from_octets(&record.serial);
        let stored = revoke::stored(&cx.tx, &serial)?;
        let revoked = stored.map(|(entry, certificate)| {
            revoke::revoke(cx, &certificate, entry.issuer, None).map(|reply| reply.warnings)
        });
        cx.tx.enter(system);
        Ok(Reply::from(Done).warn(revoked.transpose()?.unwrap_or_default()))
    }
}
