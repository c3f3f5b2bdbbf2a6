//! The write-ahead log: how long it may grow, and when it is emptied.
//!
//! SQLite would empty and remove it whenever the last process closes the store. For a program
//! that opens, commits once and ends, that means waiting for the disk three more times. But the
//! next to open the store after all have closed it reads the whole log again, at about 0.7 ms
//! for each MiB, and has forgotten how much of it is in the database already, so the log would
//! never start over. Hence: whoever has written and closes the store empties the log, but only
//! when that is worth its price.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::lock::WriterLock;
use super::place::Place;
use super::pool::Pool;
use super::private::sync_directory;

/// In bytes: from here on, who closes the store empties the log. About sixty commits.
const LONG: u64 = 512 * 1024;

/// In pages: while the store stays open, a commit that makes the log longer than this copies it
/// to the database, and the next one starts it over if nobody reads. Longer than at the end,
/// since each page is copied once however often it was written.
const CHECKPOINT: u32 = 12_288;

/// In bytes: what remains of the file when the log starts over after a giant batch. All of an
/// ordinary log does: to write over what is there takes the disk half the time.
const KEEP: u32 = 8 * 1024 * 1024;

/// Whether this process has made the log longer.
#[derive(Debug, Default)]
pub(super) struct Log {
    grown: AtomicBool,
}

impl Log {
    /// To be called after each commit.
    pub(super) fn has_grown(&self) {
        self.grown.store(true, Ordering::Relaxed);
    }

    /// Empties the log if it is long and nobody is in the way. Nothing is lost if this fails,
    /// so nobody is told.
    pub(super) fn close(&self, place: &Place, pool: &Pool) {
        if !self.grown.load(Ordering::Relaxed) || size(place) < LONG {
            return;
        }
        if let (Some(_lock), Ok(database)) = (WriterLock::if_free(place), pool.take(place)) {
            let emptied = database
                .busy_timeout(Duration::ZERO)
                .and_then(|()| database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"));
            drop(emptied);
        }
    }
}

/// Makes a connection leave the log alone when it closes. Does not touch any file.
pub(super) fn keep_on_close(database: &Connection) -> rusqlite::Result<()> {
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
}

/// Says how long the log may grow.
pub(super) fn set_up(database: &Connection) -> rusqlite::Result<()> {
    database.execute_batch(&format!(
        "PRAGMA wal_autocheckpoint = {CHECKPOINT}; PRAGMA journal_size_limit = {KEEP}"
    ))
}

/// Puts the name of the log on the disk, before the first commit is in it.
///
/// SQLite does this in every process before its first commit ends, which doubles what a commit
/// costs, or never, if it was built with `SQLITE_DISABLE_DIRSYNC`. It is not enough that whoever
/// makes the file does it: another may commit before that.
pub(super) fn publish(place: &Place) -> io::Result<()> {
    if 0 < size(place) { Ok(()) } else { sync_directory(place.directory()) }
}

/// In bytes.
pub(super) fn size(place: &Place) -> u64 {
    fs::metadata(place.log()).map_or(0, |found| found.len())
}
