//! The highest revision that was ever acknowledged here, as far as is known.
//!
//! A log that is removed, or cut at its last commits, leaves a database that is older and sound:
//! SQLite cannot tell. So after each commit the writer notes the store's revision in the lock file
//! that it holds. The note is not waited for on the disk, so after a power failure it may lag
//! behind; it is never ahead of what was committed. A store that is behind its mark has lost
//! commits. One that is at its mark has lost none, if the system has not been started since.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::OnceLock;

use super::place::Place;
use crate::StoreError;

/// Digits of a revision: always as many, so that it is written over in one piece.
const DIGITS: usize = 20;

/// In octets: a mark is shorter, and what is longer is none.
const LONGEST: u64 = 256;

/// What was noted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) revision: u64,
    /// Which start of the system it was noted after. Not known of marks of older programs, and
    /// where systems do not say.
    boot: Option<String>,
}

impl Mark {
    /// Whether a store at this revision has lost nothing.
    pub(super) fn vouches_for(&self, revision: u64) -> bool {
        self.revision == revision && self.boot.is_some() && self.boot.as_deref() == boot()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let digits = lines.next().filter(|digits| digits.len() == DIGITS)?;
        let boot = lines.next().filter(|boot| !boot.is_empty()).map(ToOwned::to_owned);
        Some(Self { revision: digits.parse().ok()?, boot })
    }
}

/// The mark of a store, if there is one.
pub(super) fn read(place: &Place) -> Option<Mark> {
    let mut text = String::new();
    File::open(place.lock()).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    Mark::parse(&text)
}

/// Notes a revision that was committed, in the lock file. Nobody depends on it, so nobody is
/// told if this fails.
pub(super) fn write(mut lock: &File, revision: u64) {
    let text = format!("{revision:0DIGITS$}\n{}\n", boot().unwrap_or_default());
    let written = lock.seek(SeekFrom::Start(0)).and_then(|_| lock.write_all(text.as_bytes()));
    drop(written);
}

/// Forgets the mark: what takes the store's place may be older, and is meant to.
pub(super) fn clear(lock: &File) -> std::io::Result<()> {
    lock.set_len(0)
}

/// Refuses a store that is behind its mark, which was read before `revision`.
pub(super) fn check(place: &Place, marked: Option<&Mark>, revision: u64) -> Result<(), StoreError> {
    match marked {
        Some(&Mark { revision: marked, .. }) if revision < marked => Err(place.corrupt(&format!(
            "its last changes are missing: it is at revision {revision}, and {marked} was \
                 written; its log (pki.db-wal) was removed or damaged, or pki.db is an older \
                 copy; restore it from a backup, or remove pki.lock to go on without them"
        ))),
        _ => Ok(()),
    }
}

/// What tells one start of the system from the next, where it says so.
fn boot() -> Option<&'static str> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    BOOT.get_or_init(read).as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_believed_until_the_system_starts_again() {
        let mut file = tempfile::tempfile().unwrap();
        write(&file, 7);
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_string(&mut text).unwrap();
        let mark = Mark::parse(&text).unwrap();
        assert_eq!(mark.revision, 7);
        assert_eq!(mark.vouches_for(7), boot().is_some());
        assert!(!mark.vouches_for(6) && !mark.vouches_for(8));
        let before = Mark { boot: Some("another start".to_owned()), ..mark };
        assert!(!before.vouches_for(7));
    }

    #[test]
    fn marks_of_older_programs_are_read_and_not_believed() {
        let mark = Mark::parse("00000000000000000012\n").unwrap();
        assert_eq!(mark, Mark { revision: 12, boot: None });
        assert!(!mark.vouches_for(12));
        for text in ["", "12\n", "0000000000000000001x\n"] {
            assert_eq!(Mark::parse(text), None, "{text:?}");
        }
    }
}
