//! How a store is: whether its records agree with each other, what it holds, whether one may
//! take the place of another. Nothing here changes a certificate, a revocation or a key.
//!
//! What can be worked out from other records can be made anew: see [`Repair`].

mod certificates;
mod crls;
mod finding;
mod issuers;
mod lineage;
mod mounts;
mod names;
mod repair;
mod revocations;
mod stats;
mod walk;

pub use finding::{Finding, Repair, Severity, Watcher};
pub use lineage::{CrlNumber, Lineage, MountLineage, Objection};
pub use stats::{CrlStats, MountStats, Stats};

pub(crate) use lineage::{lineage, raise_numbers};
pub(crate) use mounts::damaged;
pub(crate) use repair::carry_out;
pub(crate) use stats::stats;

use walk::Walk;

use crate::ca::tables::MOUNTS;
use crate::domain::id::MountId;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::keyring::Keyring;
use crate::store::View;
use crate::system::mount::Mount;

/// Records that are in memory at a time.
const PAGE: usize = 1_000;

/// Whether a check opens the private keys, for which it needs what they are sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateKeys {
    /// Each is opened, and has to be the key it is said to be. A key file that cannot be used is an
    /// error; that no passphrase was given is noted.
    Require,
    /// As [`PrivateKeys::Require`], but whatever cannot be had is only noted.
    Open,
    /// They are left alone.
    Leave,
}

/// Looks through everything. What is found goes to the watcher; an error is what kept the check
/// from going on.
pub(crate) fn check(
    view: View<'_>,
    now: Timestamp,
    keys: &Keyring,
    private: PrivateKeys,
    watcher: &mut dyn Watcher,
) -> Result<(), Error> {
    let mut view = view.in_mount(MountId::SYSTEM);
    let found = crate::ca::mounts::readable(view.look())?;
    let total = mounts::size(&view, &found)?;
    let mut walk = Walk { now, keys, private, watcher, done: 0, total };
    mounts::check(&mut walk, &view, &found)?;
    for mount in &found {
        view = view.in_mount(mount.id);
        check_mount(&mut walk, &view, mount)?;
    }
    Ok(())
}

fn check_mount(walk: &mut Walk<'_>, view: &View<'_>, mount: &Mount) -> Result<(), Error> {
    let mut place = walk.place(view, mount);
    place.attempt(|place| names::decode_small_tables(place))?;
    let known = issuers::check(&mut place)?;
    place.attempt(|place| names::check(place, &known))?;
    let ends = place.attempt(|place| certificates::check(place, &known))?;
    let crls = place.attempt(|place| crls::check(place, &known))?;
    let (Some(mut ends), Some(crls)) = (ends, crls) else { return Ok(()) };
    place.attempt(|place| revocations::check(place, &known, &crls, &mut ends))?;
    place.attempt(|place| certificates::check_ends(place, &ends))?;
    Ok(())
}

/// All mounts that can be read, in order of path.
pub(crate) fn all_mounts(view: &View<'_>) -> Result<Vec<Mount>, Error> {
    let mounts: Vec<(String, Mount)> = view.scan(&MOUNTS, &[], None, usize::MAX)?;
    Ok(mounts.into_iter().map(|(_, mount)| mount).collect())
}
