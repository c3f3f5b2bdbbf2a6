//! Batches, made to happen or not.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
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

/// What a transaction knows of the store as it has made it so far.
struct Known<'b> {
    revision: u64,
    /// Versions that were looked up. Batches that come together read much the same.
    versions: HashMap<(u8, &'b [u8]), Option<u64>>,
}

impl<'b> Known<'b> {
    /// What a change makes of what was looked up.
    fn note(&mut self, op: &'b Op) {
        let (key, version) = match op {
            Op::Put { key, .. } => (key, Some(self.revision)),
            Op::Delete { key } => (key, None),
            Op::DeleteRange { .. } | Op::Many(_) => return self.versions.clear(),
        };
        if let Some(known) = self.versions.get_mut(&place_of(key)) {
            *known = version;
        }
    }
}

impl Step<'_> {
    /// Commits if there is anything to commit.
    fn make_all(&self, first: &Batch, others: &[&Batch]) -> Result<Outcomes, StoreError> {
        let before = self.named(statements::revision(self.database))?;
        let mut known = Known { revision: before, versions: HashMap::new() };
        let first = self.outcome(first, &mut known)?;
        let others: Vec<_> =
            others.iter().map(|batch| self.outcome(batch, &mut known)).collect::<Result<_, _>>()?;
        if before < known.revision {
            self.named(statements::set_revision(self.database, known.revision))?;
            self.execute("COMMIT")?;
        }
        Ok((first, others))
    }

    /// A conflict is a batch's own; every other failure is one of the transaction.
    fn outcome<'b>(&self, batch: &'b Batch, known: &mut Known<'b>) -> Result<Outcome, StoreError> {
        match self.make(batch, known) {
            // Nothing of it was done: what it expects is looked at first.
            Err(conflict @ StoreError::Conflict { .. }) => Ok(Err(conflict)),
            made => made.map(Ok),
        }
    }

    fn make<'b>(&self, batch: &'b Batch, known: &mut Known<'b>) -> Result<u64, StoreError> {
        for (key, expect) in &batch.expect {
            let version = match known.versions.entry(place_of(key)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(unknown) => *unknown.insert(self.version(key)?),
            };
            compare(key, *expect, version)?;
        }
        batch.each_late_expectation(&mut |key, expect| compare(key, expect, self.version(key)?))?;
        known.revision += 1;
        for op in &batch.ops {
            self.change(op, known.revision)?;
            known.note(op);
        }
        Ok(known.revision)
    }

    fn change(&self, op: &Op, revision: u64) -> Result<(), StoreError> {
        self.named(match op {
            Op::Put { key, value } => statements::put(self.database, key, revision, value),
            Op::Delete { key } => statements::delete(self.database, key),
            Op::DeleteRange { range } => statements::delete_range(self.database, range),
            Op::Many(Changes(many)) => return many.ops(&mut |op| self.change(op, revision)),
        })
    }

    fn version(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        self.named(statements::version(self.database, key))
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        let run = self.database.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        self.named(run.map(drop))
    }

    fn named<T>(&self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|problem| failure::named(self.place, problem))
    }
}

/// As a row has it.
fn place_of(key: &Key) -> (u8, &[u8]) {
    (key.table.number, &key.bytes)
}

fn compare(key: &Key, expect: Expect, found: Option<u64>) -> Result<(), StoreError> {
    let expected = match expect {
        Expect::Absent => None,
        Expect::Version(version) => Some(version),
    };
    if found == expected { Ok(()) } else { Err(StoreError::Conflict { key: key.clone() }) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::directory::{DirectoryStore, Options};
    use crate::{Check, KeyRange, Layout, Make, Many, Store as _, Table};

    const TABLE: Table = Table { number: 9, name: "test", layout: Layout::Clustered };

    fn key(octet: u8) -> Key {
        Key { table: TABLE, bytes: vec![octet] }
    }

    fn put(octet: u8) -> Op {
        Op::Put { key: key(octet), value: vec![octet] }
    }

    fn batch(expect: &[(u8, Expect)], ops: Vec<Op>) -> Batch {
        let expect = expect.iter().map(|(octet, expect)| (key(*octet), *expect)).collect();
        Batch { expect, ops }
    }

    struct Deleting(u8);

    impl Many for Deleting {
        fn tables(&self) -> &[Table] {
            &[TABLE]
        }

        fn expect(&self, check: &mut Check<'_>) -> Result<(), StoreError> {
            check(&key(self.0), Expect::Version(1))
        }

        fn ops(&self, make: &mut Make<'_>) -> Result<(), StoreError> {
            make(&Op::Delete { key: key(self.0) })
        }
    }

    /// What batches that come together expect is held against what those before them have made.
    #[test]
    fn a_batch_sees_what_those_before_it_in_its_transaction_did() {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::create(folder.path(), Options::default()).unwrap();
        store.apply(&batch(&[], vec![put(1), put(2), put(3), put(4)])).unwrap();
        let old = Expect::Version(1);
        let all = [old; 4].into_iter().zip(1..).map(|(old, octet)| (octet, old));
        let all: Vec<(u8, Expect)> = all.collect();
        let range = KeyRange::prefix(TABLE, [3]);
        let many = Op::Many(Changes(Arc::new(Deleting(4))));
        let batches = [
            // Looks at everything, and changes one.
            (batch(&all, vec![put(1)]), Some(2)),
            (batch(&[(2, old), (1, old)], vec![put(5)]), None),
            (batch(&[(1, Expect::Version(2))], vec![Op::Delete { key: key(2) }]), Some(3)),
            (batch(&[(2, old)], vec![put(5)]), None),
            (batch(&[(2, Expect::Absent)], vec![Op::DeleteRange { range }]), Some(4)),
            (batch(&[(3, old)], vec![put(5)]), None),
            (batch(&[(3, Expect::Absent), (4, old)], vec![many.clone()]), Some(5)),
            (batch(&[(4, old)], vec![put(5)]), None),
            (batch(&[], vec![many]), None),
            (batch(&[(4, Expect::Absent), (5, Expect::Absent)], vec![put(4)]), Some(6)),
        ];
        let (first, others) = batches.split_first().unwrap();
        let others: Vec<&Batch> = others.iter().map(|(batch, _)| batch).collect();
        let connection = store.pool.take(&store.place).unwrap();
        let made = run(&store.place, &connection, (&first.0, &others), Instant::now()).unwrap();
        let made: Vec<_> = std::iter::once(made.0).chain(made.1).map(Result::ok).collect();
        let wanted: Vec<_> = batches.iter().map(|(_, revision)| *revision).collect();
        assert_eq!(made, wanted);
        assert_eq!(store.revision().unwrap(), 6);
        let view = store.snapshot().unwrap();
        let versions = [1, 2, 3, 4, 5].map(|octet| Some(view.get(&key(octet)).unwrap()?.version));
        assert_eq!(versions, [Some(2), None, None, Some(6), None]);
    }
}
