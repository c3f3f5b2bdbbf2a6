//! What is in the file, and how a new one comes to be.

use std::fs::{self, File};

use rusqlite::{Connection, OpenFlags};

use super::lock::WriterLock;
use super::place::Place;
use super::private::{sync_directory, sync_names};
use super::{connection, failure};
use crate::StoreError;

/// In the header of every file of ours: "pkic".
pub(super) const APPLICATION: i32 = 0x706b_6963;

/// The format written here, and the newest that can be read.
pub(super) const FORMAT: u32 = 1;

/// In bytes. A commit writes each page it changes, and that of a certificate changes about
/// eight. Measured with certificates of 480 bytes, checkpoints included: a commit writes 5.6 kB
/// with pages of 512 and 11.5 kB with pages of 1024, and a certificate takes 0.67 and 1.3 kB. A
/// clustered record of more than 102 bytes, with its key and some ten bytes more, has a page of
/// its own beside the tree; those of which there are many are smaller.
const PAGE_SIZE: u32 = 512;

/// `heap` keeps values in order of arrival, with an index by key over them; `clustered` keeps
/// them with their keys, in order. In both, `version` is the revision that put the record.
pub(super) const TABLES: &str = "
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, 0);
CREATE TABLE heap (
    id INTEGER PRIMARY KEY,
    tbl INTEGER NOT NULL,
    key BLOB NOT NULL,
    version INTEGER NOT NULL,
    value BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX heap_key ON heap (tbl, key);
CREATE TABLE clustered (
    tbl INTEGER NOT NULL,
    key BLOB NOT NULL,
    version INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (tbl, key)
) STRICT, WITHOUT ROWID;
";

/// Makes an empty store, unless another process was faster.
///
/// It is made under another name, and gets its own when it is complete and on the disk. So
/// nobody ever sees half a store, and a process that is killed here leaves a draft which the
/// next one throws away.
pub(super) fn create(place: &Place) -> Result<(), StoreError> {
    place.make_directory()?;
    let _lock = WriterLock::acquire(place)?;
    if place.has_store()? {
        return Ok(());
    }
    place.make_draft()?;
    draft(place)?;
    publish(place).map_err(|source| place.unwritable("cannot create the store at", source))
}

fn draft(place: &Place) -> Result<(), StoreError> {
    let named = |problem| failure::named(place, problem);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(place.draft(), flags).map_err(named)?;
    // `publish` does once what SQLite would do after every step.
    let pragmas = format!("PRAGMA page_size = {PAGE_SIZE}; PRAGMA synchronous = OFF");
    database.execute_batch(&pragmas).map_err(named)?;
    let header = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT}");
    database.execute_batch(&format!("BEGIN; {TABLES} {header}; COMMIT")).map_err(named)?;
    // The log is turned on last: what is in a log when it is closed is copied without a word if
    // that fails, and this draft leaves its log behind.
    connection::use_wal(place, &database)?;
    database.close().map_err(|(_, problem)| named(problem))
}

fn publish(place: &Place) -> std::io::Result<()> {
    let draft = place.draft();
    File::open(&draft)?.sync_all()?;
    fs::rename(&draft, place.database())?;
    sync_names(place.directory())?;
    sync_directory(place.directory())
}
