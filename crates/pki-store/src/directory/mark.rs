//! The highest revision that was ever acknowledged here, as far as is known.
//!
//! A log that is removed, or cut at its last commits, leaves a database that is older and sound:
//! SQLite cannot tell. So after each commit the writer notes the store's revision in the lock file
//! that it holds. The note is not waited for on the disk, so it may lag behind; it is never
//! ahead of what was committed. A store that is behind its mark has lost commits.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};

use super::place::Place;
use crate::StoreError;

/// Digits of a mark: always as many, so that it is written over in one piece.
const DIGITS: usize = 20;

/// The mark of a store, if there is one.
pub(super) fn read(place: &Place) -> Option<u64> {
    let bytes = fs::read(place.lock()).ok()?;
    let (digits, rest) = bytes.split_at_checked(DIGITS)?;
    std::str::from_utf8(digits).ok().filter(|_| rest == b"\n")?.parse().ok()
}

/// Notes a revision that was committed, in the lock file. Nobody depends on it, so nobody is
/// told if this fails.
pub(super) fn write(mut lock: &File, revision: u64) {
    let text = format!("{revision:0DIGITS$}\n");
    let written = lock.seek(SeekFrom::Start(0)).and_then(|_| lock.write_all(text.as_bytes()));
    drop(written);
}

/// Forgets the mark: what takes the store's place may be older, and is meant to.
pub(super) fn clear(lock: &File) -> std::io::Result<()> {
    lock.set_len(0)
}

/// Refuses a store that is behind its mark. `marked` was read before `revision`.
pub(super) fn check(place: &Place, marked: Option<u64>, revision: u64) -> Result<(), StoreError> {
    match marked {
        Some(marked) if revision < marked => Err(place.corrupt(&format!(
            "its last changes are missing: it is at revision {revision}, and {marked} was \
             written; its log (pki.db-wal) was removed or damaged, or pki.db is an older copy; \
             restore it from a backup, or remove pki.lock to go on without them"
        ))),
        _ => Ok(()),
    }
}
