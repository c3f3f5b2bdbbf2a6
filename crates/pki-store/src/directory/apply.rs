//! A batch, made to happen or not.

use std::time::Instant;

use rusqlite::Connection;

use super::lock::busy;
use super::place::Place;
use super::{failure, statements};
use crate::{Batch, Changes, Expect, Key, Op, StoreError};

/// Applies a batch in one transaction, under SQLite's own write lock. What waiting began at
/// `started` counts.
pub(super) fn run(
    place: &Place,
    database: &Connection,
    batch: &Batch,
    started: Instant,
) -> Result<u64, StoreError> {
    let step = Step { place, database };
    step.named(database.busy_timeout(place.wait().saturating_sub(started.elapsed())))?;
    let revision = step
        .execute("BEGIN IMMEDIATE")
        .and_then(|()| step.make(batch))
        .and_then(|revision| step.execute("COMMIT").map(|()| revision));
    if revision.is_err() && !database.is_autocommit() {
        // If this fails too, closing the connection does it: the pool will not take it.
        drop(step.execute("ROLLBACK"));
    }
    revision.map_err(|error| match error {
        StoreError::Busy { .. } => busy(started.elapsed()),
        error => error,
    })
}

struct Step<'a> {
    place: &'a Place,
    database: &'a Connection,
}

impl Step<'_> {
    fn make(&self, batch: &Batch) -> Result<u64, StoreError> {
        batch.each_expectation(&mut |key, expect| self.check(key, expect))?;
        let revision = self.named(statements::next_revision(self.database))?;
        batch.ops.iter().try_for_each(|op| self.change(op, revision))?;
        Ok(revision)
    }

    fn change(&self, op: &Op, revision: u64) -> Result<(), StoreError> {
        self.named(match op {
            Op::Put { key, value } => statements::put(self.database, key, revision, value),
            Op::Delete { key } => statements::delete(self.database, key),
            Op::DeleteRange { range } => statements::delete_range(self.database, range),
            Op::Many(Changes(many)) => return many.ops(&mut |op| self.change(op, revision)),
        })
    }

    fn check(&self, key: &Key, expect: Expect) -> Result<(), StoreError> {
        let found = self.named(statements::version(self.database, key))?;
        let expected = match expect {
            Expect::Absent => None,
            Expect::Version(version) => Some(version),
        };
        if found == expected { Ok(()) } else { Err(StoreError::Conflict { key: key.clone() }) }
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        let run = self.database.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        self.named(run.map(drop))
    }

    fn named<T>(&self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|problem| failure::named(self.place, problem))
    }
}
