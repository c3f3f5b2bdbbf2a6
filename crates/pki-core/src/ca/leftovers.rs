//! What is left of mounts that were removed. A mount is gone at once; its certificates, of which
//! there may be millions, go after it page by page, each in a transaction of its own, so that
//! others get their turn (docs/adr/0020-leftovers-of-a-mount.md).

use super::certs::ExpiryKey;
use super::mounts;
use super::tables::{CERTS, EXPIRY, GROWING, LEFTOVERS, OF_A_MOUNT};
use crate::api::endpoint::WriteCx;
use crate::domain::id::MountId;
use crate::error::Error;
use crate::store::{RecordKey as _, Tx, View};

/// Records that go in one transaction, and with an end its certificate: while they do, nobody else
/// can write.
const PAGE: usize = 1_000;

/// Removes the records of a mount. If there are more than fit a page, the rest is noted: no mount
/// gets this number again, and nobody looks for them.
pub(crate) fn leave(tx: &mut Tx<'_>, mount: MountId) -> Result<(), Error> {
    for table in OF_A_MOUNT.iter().filter(|table| !GROWING.contains(table)) {
        tx.delete_mount(*table, mount, None);
    }
    if page(tx, mount)? == Left::More {
        // It may be there, if somebody noted a mount that was not removed.
        tx.put(&LEFTOVERS, &mount, &());
    }
    Ok(())
}

/// Whether something is left of some mount.
pub(crate) fn are_noted(view: &View<'_>) -> Result<bool, Error> {
    Ok(first(view)?.is_some())
}

/// Removes a page of what is left of some mount, and the note with the last. Says whether there
/// was anything.
pub(crate) fn sweep(cx: &mut WriteCx<'_>) -> Result<bool, Error> {
    let Some(mount) = first(&cx.tx)? else { return Ok(false) };
    // Records go only as long as they are noted: somebody else may have removed the last of them,
    // or gone back to a store that has the mount.
    cx.tx.get(&LEFTOVERS, &mount)?;
    // What a mount has that is there is not left over, whatever is noted: then the note goes alone.
    let is_there = mounts::readable(cx.tx.look())?.iter().any(|readable| readable.id == mount);
    if is_there || page(&mut cx.tx, mount)? == Left::Nothing {
        cx.tx.delete(&LEFTOVERS, &mount);
    }
    Ok(true)
}

/// The first note that can be read: one that cannot keeps no other from its turn.
fn first(view: &View<'_>) -> Result<Option<MountId>, Error> {
    let notes = view.look().page(&LEFTOVERS, &[], None, usize::MAX)?;
    match notes.iter().find_map(|note| note.record.as_ref().ok()) {
        Some((mount, ())) => Ok(Some(*mount)),
        None if notes.is_empty() => Ok(None),
        None => Err(Error::DamagedRecord(LEFTOVERS.table.name)),
    }
}

/// What is left after a page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    More,
}

/// Removes a page of the tables of a mount that grow, whichever it is in.
fn page(tx: &mut Tx<'_>, mount: MountId) -> Result<Left, Error> {
    let (mut room, mut ends) = (PAGE, 0);
    for table in GROWING {
        // Certificates whose ends are in this page are gone, though they are still seen.
        let gone = if *table == CERTS.table { ends } else { 0 };
        let most = room + gone;
        let keys = tx.look().in_mount(mount).keys(*table, &[], None, most + 1)?;
        if *table == EXPIRY.table {
            ends = keys.len();
            certificates(tx, mount, keys.iter().take(room));
        }
        // Without another page there is no end: what others add before the mount is gone goes too.
        let next = keys.get(most);
        tx.delete_mount(*table, mount, next.map(Vec::as_slice));
        if next.is_some() {
            return Ok(Left::More);
        }
        room -= keys.len().saturating_sub(gone);
    }
    Ok(Left::Nothing)
}

/// Removes the certificates with these ends. They lie in the order in which they came, which is
/// about that of their ends: in that of their numbers, each would be looked for somewhere else.
fn certificates<'k>(tx: &mut Tx<'_>, mount: MountId, ends: impl Iterator<Item = &'k Vec<u8>>) {
    let system = tx.enter(mount);
    for end in ends.filter_map(|key| ExpiryKey::decode(key)) {
        tx.delete_stored(CERTS.table, &end.serial.encode());
    }
    tx.enter(system);
}
