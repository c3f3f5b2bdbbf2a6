//! The head of the write-ahead log.
//!
//! SQLite takes a log whose head is damaged for an empty one: whoever opens the store then sees
//! it as it was before its last commits, and writes over what is left of them. So the head is
//! looked at before SQLite sees the file. Only that of the log: a second look at the database
//! file would, when closed, drop locks that SQLite has on it in this process.
//!
//! Source: the file format description of SQLite, section "The Write-Ahead Log".

use std::fs::File;
use std::io::Read as _;
use std::thread;
use std::time::Duration;

use super::place::Place;
use crate::StoreError;

/// In bytes.
pub(super) const HEAD: usize = 32;

/// What a log begins with; the last bit says in which order its checksums read their words.
const MAGIC: u32 = 0x377f_0682;

/// Another process may be writing the head while it is read: then it is read again.
const ATTEMPTS: u32 = 5;

/// Refuses a log that SQLite would take for an empty one.
pub(super) fn check(place: &Place) -> Result<(), StoreError> {
    for attempt in 0..ATTEMPTS {
        if read(place).is_none_or(|head| is_sound(&head)) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(attempt.into()));
    }
    Err(place.corrupt(
        "the head of its log (pki.db-wal) is damaged, so its last changes cannot be read; \
         restore the store from a backup, or move pki.db-wal and pki.lock away to go on without \
         them",
    ))
}

/// The head, if there is one: in a log that is shorter nothing was ever committed, and of one
/// that cannot be read SQLite will say why.
fn read(place: &Place) -> Option<[u8; HEAD]> {
    let mut head = [0; HEAD];
    File::open(place.log()).ok()?.read_exact(&mut head).ok()?;
    Some(head)
}

/// Whether a head's own checksum holds.
pub(super) fn is_sound(head: &[u8; HEAD]) -> bool {
    let summed = Sums(0, 0).add(Order::of(head), head.get(..24).unwrap_or_default());
    word(head, 0) | 1 == MAGIC | 1 && Sums(word(head, 6), word(head, 7)) == summed
}

/// In which order checksums read the octets of a word.
#[derive(Clone, Copy)]
pub(super) struct Order(fn([u8; 4]) -> u32);

impl Order {
    pub(super) fn of(head: &[u8; HEAD]) -> Self {
        Self(if word(head, 0) & 1 == 1 { u32::from_be_bytes } else { u32::from_le_bytes })
    }
}

/// The checksum of a log, up to some place in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Sums(pub(super) u32, pub(super) u32);

impl Sums {
    /// Goes on with these octets, a multiple of eight.
    pub(super) fn add(self, Order(read): Order, bytes: &[u8]) -> Self {
        let (pairs, _) = bytes.as_chunks::<8>();
        pairs.iter().fold(self, |Self(first, second), &[a, b, c, d, e, f, g, h]| {
            let first = first.wrapping_add(read([a, b, c, d])).wrapping_add(second);
            Self(first, second.wrapping_add(read([e, f, g, h])).wrapping_add(first))
        })
    }
}

/// The word at an index, as all numbers of a log are stored.
pub(super) fn word(bytes: &[u8], index: usize) -> u32 {
    let word = bytes.get(index * 4..index * 4 + 4).and_then(|word| word.try_into().ok());
    word.map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_sqlite_wrote_is_sound_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let database = rusqlite::Connection::open(&path).unwrap();
        let sql = "PRAGMA journal_mode = wal; CREATE TABLE t (x); INSERT INTO t VALUES (1)";
        database.execute_batch(sql).unwrap();
        let log = std::fs::read(folder.path().join("x.db-wal")).unwrap();
        let head: [u8; HEAD] = log[..HEAD].try_into().unwrap();
        assert!(is_sound(&head));
        for index in 0..HEAD {
            let mut damaged = head;
            damaged[index] ^= 0x40;
            assert!(!is_sound(&damaged), "octet {index}");
        }
    }
}
