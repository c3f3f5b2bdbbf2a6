//! One connection to the file: opened, checked, set up.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::place::Place;
use super::schema::{APPLICATION, FORMAT};
use super::{failure, log, log_header};
use crate::StoreError;

/// More than there are different statements.
const STATEMENTS: usize = 32;

/// Opens the database and makes sure that it is one of ours.
pub(super) fn open(place: &Place) -> Result<Connection, StoreError> {
    match open_shared(place) {
        Err(StoreError::ReadOnly { .. }) => open_unwritable(place),
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::PermissionDenied => {
            open_unwritable(place)
        }
        opened => opened,
    }
}

/// As one of several that may write.
fn open_shared(place: &Place) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    log_header::check(place)?;
    let database = Connection::open_with_flags(place.database(), flags)
        .map_err(|problem| failure::named(place, problem))?;
    set_up(&database, place.wait()).map_err(|problem| failure::named(place, problem))?;
    check(place, &database)?;
    use_wal(place, &database)?;
    Ok(database)
}

/// As one who has found that SQLite cannot share the file, since it may not write beside it.
/// That is no obstacle when nobody else can write either and there is no log to read.
fn open_unwritable(place: &Place) -> Result<Connection, StoreError> {
    // SQLite does not say why, the system does. Closing the file drops locks this process has
    // on it, which are of no use where nobody writes.
    if let Err(source) = File::open(place.database()) {
        return Err(place.io("cannot open the store at", source));
    }
    if 0 < log::size(place) {
        return Err(place.corrupt(
            "it cannot be written, and to read its log (pki.db-wal) means writing pki.db-shm; \
             a copy in another place will do",
        ));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let uri = format!("file:{}?immutable=1", escaped(place));
    let database = Connection::open_with_flags(uri, flags)
        .map_err(|problem| failure::named(place, problem))?;
    database.set_prepared_statement_cache_capacity(STATEMENTS);
    check(place, &database)?;
    Ok(database)
}

fn set_up(database: &Connection, wait: Duration) -> rusqlite::Result<()> {
    // First of all: a connection that fails before removes the log when it closes, and if it could
    // not share the log's index, it has not copied the log before.
    log::keep_on_close(database)?;
    database.set_prepared_statement_cache_capacity(STATEMENTS);
    database.busy_timeout(wait)?;
    database.execute_batch("PRAGMA synchronous = FULL")?;
    log::set_up(database)
}

pub(super) fn check(place: &Place, database: &Connection) -> Result<(), StoreError> {
    let header = |name| {
        database
            .pragma_query_value(None, name, |row| row.get::<_, i32>(0))
            .map_err(|problem| failure::named(place, problem))
    };
    if header("application_id")? != APPLICATION {
        // SQLite takes a file without content for a new database.
        if fs::metadata(place.database()).is_ok_and(|found| found.len() == 0) {
            return Err(place.corrupt(&format!("{} is empty", place.file())));
        }
        return Err(place.corrupt(&format!("{} was not made by this program", place.file())));
    }
    let format = header("user_version")?;
    match u32::try_from(format) {
        Ok(FORMAT) => Ok(()),
        Ok(found) if FORMAT < found => {
            Err(StoreError::TooNew { place: place.name(), found, known: FORMAT })
        }
        _ => Err(place.corrupt(&format!("it has store format {format}, which never was"))),
    }
}

/// Turns the write-ahead log on, or makes sure that it is.
pub(super) fn use_wal(place: &Place, database: &Connection) -> Result<(), StoreError> {
    let mode: String = database
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(|problem| failure::named(place, problem))?;
    if mode == "wal" {
        return Ok(());
    }
    Err(StoreError::Backend {
        place: place.name(),
        problem: format!(
            "SQLite cannot keep a write-ahead log here (it says journal mode {mode}); \
             a store needs a local filesystem"
        ),
    })
}

/// The path of the database as a URI has it.
fn escaped(place: &Place) -> String {
    let bytes = place.database().as_os_str().as_encoded_bytes();
    bytes
        .iter()
        .map(|byte| match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                char::from(*byte).to_string()
            }
            byte => format!("%{byte:02x}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rusqlite::config::DbConfig;

    use super::*;

    /// On a full disk SQLite cannot share the index of the log. Closing the connection then
    /// removed the log, with all that was in it and nowhere else.
    #[test]
    fn a_connection_that_cannot_be_set_up_keeps_the_log_too() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), [b'x'; 4096]).unwrap();
        let database = Connection::open(file.path()).unwrap();
        assert!(set_up(&database, Duration::ZERO).is_err());
        assert!(database.db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE).unwrap());
    }
}
