//! One connection to the file: opened, checked, set up.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::failure;
use super::place::Place;
use super::schema::{APPLICATION, FORMAT};
use crate::StoreError;

/// How many pages the write-ahead log may hold before a commit copies them to the database.
const CHECKPOINT_PAGES: u32 = 1000;

/// Opens the database and makes sure that it is one of ours.
pub(super) fn open(place: &Place) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(place.database(), flags)
        .map_err(|problem| failure::named(place, problem))?;
    set_up(&database).map_err(|problem| failure::named(place, problem))?;
    check(place, &database)?;
    Ok(database)
}

fn set_up(database: &Connection) -> rusqlite::Result<()> {
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, std::env::var("CLOSE").is_err())?;
    database.set_prepared_statement_cache_capacity(32);
    let ck: u32 = std::env::var("CK").ok().and_then(|s| s.parse().ok()).unwrap_or(CHECKPOINT_PAGES); let ck = if std::env::var("CLOSE").is_err() {0} else {1000};
    database.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = {ck}"
    ))
}

fn check(place: &Place, database: &Connection) -> Result<(), StoreError> {
    let header = |name| database.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let application = header("application_id").map_err(|problem| failure::named(place, problem))?;
    if application != APPLICATION {
        return Err(place.corrupt("pki.db was not made by this program"));
    }
    let format = header("user_version").map_err(|problem| failure::named(place, problem))?;
    match u32::try_from(format) {
        Ok(FORMAT) => use_wal(place, database),
        Ok(found) if FORMAT < found => Err(StoreError::TooNew {
            place: place.name(),
            found,
            known: FORMAT,
        }),
        _ => Err(place.corrupt(&format!("it has store format {format}, which never was"))),
    }
}

/// Turns the write-ahead log on, or makes sure it is.
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
            "SQLite cannot keep a write-ahead log here (journal mode {mode}); \
             a store needs a local filesystem"
        ),
    })
}
