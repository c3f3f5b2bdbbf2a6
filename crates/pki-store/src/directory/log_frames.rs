//! What stands in the write-ahead log, looked through before anything is written.
//!
//! SQLite reads a log up to the first frame that is not whole, and takes that for its end: a crash
//! leaves such an end, and what stands behind it was never acknowledged. Damage in the middle
//! looks the same to it. The commits behind would be lost, and written over. They give
//! themselves away: a crash can leave one commit that is not whole, since each commit waits for
//! the disk before the next begins; more than one are commits that were acknowledged.
//!
//! Source: the file format description of SQLite, section "The Write-Ahead Log".

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::thread;
use std::time::Duration;

use super::log_header::{HEAD, Order, Sums, is_sound, word};
use super::place::Place;
use crate::StoreError;

/// Of each frame, in bytes; the page follows.
const FRAME_HEAD: usize = 24;

/// Another process may be writing the log while it is read: then it is read again.
const ATTEMPTS: u32 = 5;

/// Refuses a log with whole commits behind its first frame that is not whole.
pub(super) fn check(place: &Place) -> Result<(), StoreError> {
    for attempt in 0..ATTEMPTS {
        // What cannot be read, SQLite will name.
        if lost_commits(place).unwrap_or(0) < 2 {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(attempt.into()));
    }
    Err(place.corrupt(
        "its log (pki.db-wal) is damaged in the middle, so changes that were made cannot be read; \
         restore the store from a backup, or move pki.db-wal and pki.lock away to go on without \
         everything in it",
    ))
}

/// How many commits stand behind the first frame that is not whole, that one's own included.
fn lost_commits(place: &Place) -> Option<u64> {
    let mut log = BufReader::with_capacity(1 << 16, File::open(place.log()).ok()?);
    let mut head = [0; HEAD];
    log.read_exact(&mut head).ok()?;
    if !is_sound(&head) {
        return None;
    }
    let order = Order::of(&head);
    let page_size = usize::try_from(word(&head, 2)).ok().filter(|size| *size <= 1 << 16)?;
    let salts = (word(&head, 4), word(&head, 5));
    let mut sums = Sums(word(&head, 6), word(&head, 7));
    let mut frame = vec![0; FRAME_HEAD + page_size];
    let (mut is_whole, mut lost) = (true, 0);
    while log.read_exact(&mut frame).is_ok() {
        let is_current = (word(&frame, 2), word(&frame, 3)) == salts;
        let stored = Sums(word(&frame, 4), word(&frame, 5));
        let summed = sums
            .add(order, frame.get(..8).unwrap_or_default())
            .add(order, frame.get(FRAME_HEAD..).unwrap_or_default());
        let follows = is_current && summed == stored;
        let is_first_wrong = is_whole && !follows;
        is_whole &= follows;
        let is_commit = is_current && word(&frame, 1) != 0;
        // Behind the first wrong frame only those count that follow the one before them.
        if is_commit && !is_whole && (is_first_wrong || follows) {
            lost += 1;
        }
        sums = stored;
    }
    Some(lost)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const FRAME: usize = FRAME_HEAD + 1024;

    /// A log of several commits, of three frames or so each.
    fn log(path: &Path) -> Vec<u8> {
        let database = rusqlite::Connection::open(path.join("pki.db")).unwrap();
        database
            .execute_batch(
                "PRAGMA page_size = 1024; PRAGMA journal_mode = wal; CREATE TABLE t (x);
                 INSERT INTO t VALUES (zeroblob(2000));
                 INSERT INTO t VALUES (zeroblob(2001));
                 INSERT INTO t VALUES (zeroblob(2002))",
            )
            .unwrap();
        // While it is open: closing would empty it.
        fs::read(path.join("pki.db-wal")).unwrap()
    }

    fn lost(log: &[u8]) -> Option<u64> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pki.db-wal"), log).unwrap();
        lost_commits(&Place::new(folder.path(), Duration::ZERO).unwrap())
    }

    fn is_commit(log: &[u8], frame: usize) -> bool {
        log[HEAD + frame * FRAME + 4..][..4] != [0; 4]
    }

    #[test]
    fn damage_is_told_from_an_end_that_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        let whole = log(folder.path());
        let frames = (whole.len() - HEAD) / FRAME;
        assert_eq!((lost(&whole), (whole.len() - HEAD) % FRAME), (Some(0), 0));
        for frame in 0..frames {
            let behind = (frame..frames).filter(|frame| is_commit(&whole, *frame)).count();
            for at in [0, 5, 20, FRAME_HEAD, FRAME - 1] {
                let mut damaged = whole.clone();
                damaged[HEAD + frame * FRAME + at] ^= 0x40;
                // The flag itself may be what was damaged; the commits behind remain.
                let got = lost(&damaged).unwrap();
                assert!(got.abs_diff(behind as u64) <= 1, "{frame} {at}: {got} {behind}");
            }
        }
        // Cut short anywhere, it is only torn.
        for length in (0..whole.len()).step_by(97) {
            assert!(lost(&whole[..length]).unwrap_or(0) < 2, "{length}");
        }
    }

    #[test]
    fn frames_of_an_earlier_round_are_no_damage() {
        let folder = tempfile::tempdir().unwrap();
        let mut stale = log(folder.path());
        for frame in 2..(stale.len() - HEAD) / FRAME {
            stale[HEAD + frame * FRAME + 8..][..8].fill(7);
        }
        assert_eq!(lost(&stale), Some(0));
    }
}
