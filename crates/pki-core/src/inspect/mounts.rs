//! What belongs to no mount: the seal, the mounts themselves, leases; and records of mounts that
//! are not there.

use std::collections::BTreeMap;

use super::walk::{Place, Walk};
use super::{PAGE, PrivateKeys};
use crate::ca::mounts::has_others;
use crate::ca::tables::{
    CERTS, LAST_MOUNT, LEASES, LEFTOVERS, MIGRATIONS, MOUNTS, OF_A_MOUNT, REVOKED,
};
use crate::domain::id::MountId;
use crate::error::Error;
use crate::keyring::{SEAL, SealKind};
use crate::seal::SealError;
use crate::store::{Found, Look, SETS, View};
use crate::system::mount::Mount;

/// How many values of the whole store are not what was written, as far as their sums tell.
pub(crate) fn damaged(view: &View<'_>) -> Result<u64, Error> {
    let mounts = [MOUNTS.table, LAST_MOUNT.table, MIGRATIONS.table, LEFTOVERS.table];
    let own = [SEAL.table, LEASES.table].into_iter().chain(mounts);
    // What is stored of sets are versions alone.
    let tables = own.chain(OF_A_MOUNT.iter().copied()).filter(|table| *table != SETS);
    let look = view.look();
    tables.map(|table| Ok(look.damaged(table, PAGE)?)).sum()
}

/// How many records a check counts while it goes on.
pub(super) fn size(view: &View<'_>, mounts: &[Mount]) -> Result<u64, Error> {
    let mut total = 0;
    for mount in mounts {
        let look = view.look().in_mount(mount.id);
        total += look.count(CERTS.table, &[], None)? + look.count(REVOKED.table, &[], None)?;
    }
    Ok(total)
}

/// Checks what belongs to no mount.
pub(super) fn check(walk: &mut Walk<'_>, view: &View<'_>, mounts: &[Mount]) -> Result<(), Error> {
    let system = Mount::system();
    let mut place = walk.place(view, &system);
    place.attempt(|place| {
        seal(place, mounts)?;
        mount_records(place)?;
        leases(place, mounts)?;
        place.each(&MIGRATIONS, &[], None, |_, _| Ok(()))?;
        let noted = leftovers(place, mounts)?;
        orphans(place, mounts, &noted)
    })?;
    Ok(())
}

fn seal(place: &mut Place<'_, '_>, mounts: &[Mount]) -> Result<(), Error> {
    let found: Vec<Found<_, _>> = place.look().page(&SEAL, &[], None, 2)?;
    let is_in_file = match found.first().map(|found| &found.record) {
        Some(Ok((_, record))) => record.kind == SealKind::KeyFile,
        Some(Err(problem)) => {
            place.error(SEAL.table, "", problem, None);
            return Ok(());
        }
        None if mounts.is_empty() => return Ok(()),
        None => {
            place.error(SEAL.table, "", "the data key is gone, and with it every key", None);
            return Ok(());
        }
    };
    if place.walk.private == PrivateKeys::Leave {
        return Ok(());
    }
    match place.walk.keys.unlock(place.view) {
        Ok(()) => (),
        Err(Error::Seal(SealError::Unavailable(problem))) => {
            let is_required = place.walk.private == PrivateKeys::Require;
            place.walk.private = PrivateKeys::Leave;
            let problem = format!("private keys were not looked at: {problem}");
            if is_in_file && is_required {
                place.error(SEAL.table, "", problem, None);
            } else {
                place.note(SEAL.table, "", problem);
            }
        }
        Err(Error::Seal(problem)) => {
            place.walk.private = PrivateKeys::Leave;
            place.error(SEAL.table, "", problem, None);
        }
        Err(problem) => return Err(problem),
    }
    Ok(())
}

fn mount_records(place: &mut Place<'_, '_>) -> Result<(), Error> {
    let mut last = 0;
    place.each(&LAST_MOUNT, &[], None, |_, found| {
        last = found.first().map_or(0, |(_, number)| number.0);
        Ok(())
    })?;
    let mut paths: BTreeMap<MountId, String> = BTreeMap::new();
    place.each(&MOUNTS, &[], None, |place, mounts| {
        for (path, mount) in mounts {
            if mount.path != path {
                let problem = format!("it says that its path is {:?}", mount.path);
                place.error(MOUNTS.table, &path, problem, None);
            }
            if last < mount.id.0 {
                let problem = format!("its number is {}, and the last given is {last}", mount.id.0);
                place.error(MOUNTS.table, &path, problem, None);
            }
            if let Some(other) = paths.insert(mount.id, path.clone()) {
                let problem = format!("it has the number of {other:?}");
                place.error(MOUNTS.table, path, problem, None);
            }
        }
        Ok(())
    })
}

fn leases(place: &mut Place<'_, '_>, mounts: &[Mount]) -> Result<(), Error> {
    place.each(&LEASES, &[], None, |place, leases| {
        for (id, lease) in leases {
            if !mounts.iter().any(|mount| mount.id == lease.mount) {
                place.warning(LEASES.table, id, "its mount is not there", None);
            }
        }
        Ok(())
    })
}

/// The mounts of which something is left, as they are noted: whoever disabled one has yet to
/// remove it, or has died of it.
fn leftovers(place: &mut Place<'_, '_>, mounts: &[Mount]) -> Result<Vec<MountId>, Error> {
    let mut noted = Vec::new();
    place.each(&LEFTOVERS, &[], None, |place, found| {
        for (id, ()) in found {
            let record = format!("mount {}", id.0);
            if let Some(mount) = mounts.iter().find(|mount| mount.id == id) {
                let problem = format!("it is noted as removed, but is there, at {:?}", mount.path);
                place.error(LEFTOVERS.table, record, problem, None);
            } else {
                let look = place.look().in_mount(id);
                let counts = OF_A_MOUNT.iter().map(|table| look.count(*table, &[], None));
                let count: u64 = counts.sum::<Result<_, _>>()?;
                let problem =
                    format!("{count} records are left of it; pkictl maintain removes them");
                place.note(LEFTOVERS.table, record, problem);
            }
            noted.push(id);
        }
        Ok(())
    })?;
    Ok(noted)
}

/// Other records whose mount is not there: disabling a mount removes them with it.
fn orphans(place: &mut Place<'_, '_>, mounts: &[Mount], noted: &[MountId]) -> Result<(), Error> {
    let has_unreadable = has_others(place.look(), mounts)?;
    for table in OF_A_MOUNT {
        let look: Look<'_> = place.look();
        for id in look.mounts_in(*table)? {
            let is_known = mounts.iter().any(|mount| mount.id == id)
                || noted.contains(&id)
                || id == MountId::SYSTEM;
            if !is_known && !has_unreadable {
                let count = look.in_mount(id).count(*table, &[], None)?;
                let problem = format!("{count} records belong to a mount that is not there");
                place.warning(*table, format!("mount {}", id.0), problem, None);
            }
        }
    }
    Ok(())
}
