//! Batches, made to happen or not.

use std::time::Instant;

use rusqlite::Connection;

use super::lock::busy;
use super::place::Place;
use super::{failure, statements};
use crate::{Batch, Changes, Expect, Key, Op, StoreError};

/// The revision after a batch, or why it was not made.
pub(super) type Outcome = Result<u64, StoreError>;

/// Of the first batch, and of the others.
pub(super) type Outcomes = (Outcome, Vec<Outcome>);

/// Applies batches, one after the other, in one transaction under SQLite's own write lock. What
/// waiting began at `started` counts. One that conflicts is left out. If this fails, nothing was
/// changed.
pub(super) fn run(
    place: &Place,
    database: &Connection,
    (first, others): (&Batch, &[&Batch]),
    started: Instant,
) -> Result<Outcomes, StoreError> {
    let step = Step { place, database };
    step.named(database.busy_timeout(place.wait().saturating_sub(started.elapsed())))?;
    let outcomes = step.execute("BEGIN IMMEDIATE").and_then(|()| step.make_all(first, others));
    if !database.is_autocommit() {
        // If this fails too, closing the connection does it: the pool will not take it.
        drop(step.execute("ROLLBACK"));
    }
    outcomes.map_err(|error| match error {
        StoreError::Busy { .. } => busy(started.elapsed()),
        error => error,
    })
}

struct Step<'a> {
    place: &'a Place,
    database: &'a Connection,
}

impl Step<'_> {
    /// Commits if there is anything to commit.
    fn make_all(&self, first: &Batch, others: &[&Batch]) -> Result<Outcomes, StoreError> {
        let first = self.outcome(first)?;
        let others: Vec<_> =
            others.iter().map(|batch| self.outcome(batch)).collect::<Result<_, _>>()?;
        if first.is_ok() || others.iter().any(Result::is_ok) {
            self.execute("COMMIT")?;
        }
        Ok((first, others))
    }

    /// A conflict is a batch's own; every other failure is one of the transaction.
    fn outcome(&self, batch: &Batch) -> Result<Outcome, StoreError> {
        match self.make(batch) {
            // Nothing of it was done: what it expects is looked at first.
            Err(conflict @ StoreError::Conflict { .. }) => Ok(Err(conflict)),
            made => made.map(Ok),
        }
    }

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
