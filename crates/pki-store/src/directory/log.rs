//! The write-ahead log, and when it is emptied.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::place::Place;

/// How far the log may grow, in bytes.
const LIMIT: u64 = 512 * 1024;

/// Keeps the write-ahead log short.
#[derive(Debug)]
pub(super) struct Log {
    /// The size at which to try again.
    due: AtomicU64,
}

impl Log {
    pub(super) fn new() -> Self {
        let limit = std::env::var("CK").ok().and_then(|s| s.parse().ok()).unwrap_or(LIMIT);
        Self { due: AtomicU64::new(limit) }
    }

    pub(super) fn shorten(&self, place: &Place, database: &Connection) {
        let limit = std::env::var("CK").ok().and_then(|s| s.parse().ok()).unwrap_or(LIMIT);
        if size(place) < self.due.load(Ordering::Relaxed) {
            return;
        }
        let emptied = database
            .busy_timeout(Duration::ZERO)
            .and_then(|()| database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"));
        if std::env::var("DBG").is_ok() { eprintln!("{emptied:?}"); }
        self.due.store(size(place) + limit, Ordering::Relaxed);
    }
}

fn size(place: &Place) -> u64 {
    fs::metadata(Place::beside(place.database(), "-wal")).map_or(0, |found| found.len())
}
