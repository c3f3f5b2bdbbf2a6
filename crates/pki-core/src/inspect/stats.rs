//! What a store holds, counted through its indexes.

use super::all_mounts;
use super::finding::crl_name;
use crate::ca::certs::ExpiryKey;
use crate::ca::crls::{BuiltCrl, CrlRecord};
use crate::ca::tables::{
    CERTS, CRLS, EXPIRY, ISSUERS, KEYS, LEASES, REVOKED, REVOKED_EXPIRY, ROLES,
};
use crate::domain::id::{CrlId, MountId};
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::keyring::SEAL;
use crate::store::{Only, RecordKey as _, View};

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// What protects the data key, in words; none if there is no data key yet.
    pub seal: Option<&'static str>,
    /// Promises to revoke.
    pub leases: u64,
    /// Each mount, in order of path.
    pub mounts: Vec<MountStats>,
}

/// What a mount holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountStats {
    /// Where it is mounted, without slashes at either end.
    pub path: String,
    /// Certificates that are stored.
    pub certificates: u64,
    /// Those, and revocations, whose certificates have ended.
    pub expired: u64,
    /// Revocations.
    pub revoked: u64,
    /// CA certificates.
    pub issuers: u64,
    /// Private keys.
    pub keys: u64,
    /// Roles.
    pub roles: u64,
    /// Its CRLs.
    pub crls: Vec<CrlStats>,
}

/// How a CRL is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlStats {
    /// Its identifier in the store, in hexadecimal digits.
    pub id: String,
    /// Its number.
    pub number: u64,
    /// Entries that the next one will have.
    pub entries: u64,
    /// Octets of the last one that was built.
    pub bytes: u64,
    /// Octets of entries that it does not show yet.
    pub pending: u64,
    /// When it was built; none if there is none yet.
    pub this_update: Option<Timestamp>,
    /// Before when there must be another.
    pub next_update: Option<Timestamp>,
}

pub(crate) fn stats(view: View<'_>, now: Timestamp) -> Result<Stats, Error> {
    let mut view = view.in_mount(MountId::SYSTEM);
    let seal = view.get(&SEAL, &Only)?.map(|record| record.protection());
    let leases = view.count(&LEASES)?;
    let mut mounts = Vec::new();
    for mount in all_mounts(&view)? {
        view = view.in_mount(mount.id);
        mounts.push(mount_stats(&view, mount.path, now)?);
    }
    Ok(Stats { seal, leases, mounts })
}

fn mount_stats(view: &View<'_>, path: String, now: Timestamp) -> Result<MountStats, Error> {
    let first_living = ExpiryKey { not_after: now, serial: SerialNumber::from_octets(&[]) };
    let crls: Vec<(CrlId, CrlRecord)> = view.scan(&CRLS, &[], None, usize::MAX)?;
    let crls = crls.into_iter().map(|(id, record)| crl_stats(view, id, &record));
    Ok(MountStats {
        path,
        certificates: view.count(&CERTS)?,
        expired: view.look().count(EXPIRY.table, &[], Some(&first_living.encode()))?,
        revoked: view.count(&REVOKED)?,
        issuers: view.count(&ISSUERS)?,
        keys: view.count(&KEYS)?,
        roles: view.count(&ROLES)?,
        crls: crls.collect::<Result<_, Error>>()?,
    })
}

fn crl_stats(view: &View<'_>, id: CrlId, record: &CrlRecord) -> Result<CrlStats, Error> {
    let built = record.built.as_ref();
    let frame = |built: &BuiltCrl| (built.prefix.len() + built.suffix.len()) as u64;
    let covered = built.map_or(0, |built| built.covered);
    Ok(CrlStats {
        id: crl_name(id),
        number: record.number,
        entries: view.look().count(REVOKED_EXPIRY.table, &id.0, None)?,
        bytes: built.map_or(0, |built| frame(built) + covered),
        pending: record.log_length.saturating_sub(covered),
        this_update: built.map(|built| built.this_update),
        next_update: built.map(|built| built.next_update),
    })
}
