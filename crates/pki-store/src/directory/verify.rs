//! Whether the file is sound, and how large it is.

use std::fmt;
use std::fs;

use rusqlite::Connection;

use super::place::Place;
use super::{failure, statements};
use crate::StoreError;

/// Something wrong with the database itself, whatever its records mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, in SQLite's words where it found it.
    pub problem: String,
    /// What would make it good, if anything can.
    pub repair: Option<FileRepair>,
}

/// What can be made anew without any record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileRepair {
    /// The index by key over large records.
    Index,
    /// The store's revision, which some record is ahead of: versions could come back.
    Revision,
}

impl fmt::Display for FileRepair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Index => "make the index over the records anew",
            Self::Revision => "set the revision to that of the newest record",
        })
    }
}

/// What a store takes on the disk, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The database.
    pub database: u64,
    /// What is committed and not yet in the database.
    pub log: u64,
    /// The part of the database that is free for new records.
    pub free: u64,
}

/// No more faults than this are named.
const MOST: u32 = 100;

/// Looks at every page of the file, and at every version.
pub(super) fn verify(place: &Place, database: &Connection) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    match integrity(database) {
        Ok(lines) => faults.extend(lines.into_iter().filter(|line| line != "ok").map(fault)),
        Err(problem) => match failure::named(place, problem) {
            StoreError::Corrupt { problem, .. } => faults.push(Fault { problem, repair: None }),
            other => return Err(other),
        },
    }
    let (revision, newest) = match (statements::revision(database), newest(database)) {
        (Ok(revision), Ok(newest)) => (revision, newest),
        // Named above, if the file is damaged.
        (Err(problem), _) | (_, Err(problem)) if faults.is_empty() => {
            return Err(failure::named(place, problem));
        }
        _ => return Ok(faults),
    };
    if revision < newest {
        faults.push(Fault {
            problem: format!("a record has version {newest}, and the store is at {revision}"),
            repair: Some(FileRepair::Revision),
        });
    }
    Ok(faults)
}

fn integrity(database: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    lines.collect()
}

/// An index that lacks what its table has can be made again; other damage cannot be undone.
fn fault(problem: String) -> Fault {
    let is_about_index = problem.contains("index heap_key");
    Fault { problem, repair: is_about_index.then_some(FileRepair::Index) }
}

fn newest(database: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT max((SELECT ifnull(max(version), 0) FROM heap),
                          (SELECT ifnull(max(version), 0) FROM clustered))";
    database.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
}

/// Makes good what can be, in one transaction. Under the lock of the writers.
pub(super) fn repair(
    place: &Place,
    database: &Connection,
    repairs: &[FileRepair],
) -> Result<(), StoreError> {
    let mut sql = "BEGIN IMMEDIATE;".to_owned();
    if repairs.contains(&FileRepair::Index) {
        sql.push_str("REINDEX heap_key;");
    }
    if repairs.contains(&FileRepair::Revision) {
        sql.push_str(
            "UPDATE meta SET revision = max(revision,
                 (SELECT ifnull(max(version), 0) FROM heap),
                 (SELECT ifnull(max(version), 0) FROM clustered));",
        );
    }
    sql.push_str("COMMIT");
    let done = database.execute_batch(&sql);
    if done.is_err() && !database.is_autocommit() {
        drop(database.execute_batch("ROLLBACK"));
    }
    done.map_err(|problem| failure::named(place, problem))
}

pub(super) fn sizes(place: &Place, database: &Connection) -> Result<Sizes, StoreError> {
    let number = |name| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let free = number("freelist_count")
        .and_then(|pages| Ok(pages.saturating_mul(number("page_size")?)))
        .map_err(|problem| failure::named(place, problem))?;
    let size = |path| fs::metadata(path).map_or(0, |found| found.len());
    Ok(Sizes {
        database: size(place.database()),
        log: size(&place.log()),
        free: free.cast_unsigned(),
    })
}
