//! Random batches, against a model that is too simple to be wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Problem, key, listed, neighbour, same, version};
use crate::{Batch, Expect, Key, KeyRange, Op, Snapshot, Store, StoreError, Table};

pub(super) const CHECKS: &[Check] = &[Check { name: "it does what the model does", run: model }];

const SEEDS: u64 = 3;
const BATCHES: u64 = 80;

/// Few enough that keys meet again, and next to each other.
const BYTES: &[u8] = &[0x00, 0x01, b'a', b'b', 0xfe, 0xff];

/// By number of the table and key.
type Records = BTreeMap<(u8, Vec<u8>), (u64, Vec<u8>)>;

/// What the store should hold, and which versions each key has had.
#[derive(Default)]
struct Model {
    records: Records,
    past: BTreeSet<(u8, Vec<u8>, u64)>,
}

fn model(store: &dyn Store, table: Table) -> Result<(), Problem> {
    for seed in 1..=SEEDS {
        let range = |table| Op::DeleteRange { range: KeyRange::prefix(table, []) };
        let ops = vec![range(table), range(neighbour(table))];
        store.apply(&Batch { expect: Vec::new(), ops })?;
        let mut random = Random { state: seed, tables: [table, neighbour(table)] };
        let mut model = Model::default();
        for step in 0..BATCHES {
            model.step(store, &mut random).map_err(|Problem(problem)| {
                Problem(format!("seed {seed}, batch {step}: {problem}"))
            })?;
        }
    }
    Ok(())
}

impl Model {
    fn step(&mut self, store: &dyn Store, random: &mut Random) -> Result<(), Problem> {
        let old = store.snapshot()?;
        let before = self.records.clone();
        let batch = random.batch(self);
        let refuse = batch.expect.iter().find(|(key, expect)| !self.holds(key, *expect));
        match (store.apply(&batch), refuse) {
            (Ok(_), None) => self.apply(store, &batch)?,
            (Err(StoreError::Conflict { key }), Some((culprit, _))) => {
                same("key of the conflict", &key, culprit)?;
            }
            (Err(StoreError::Conflict { .. }) | Ok(_), _) => {
                return Err(Problem(format!("wrongly refused or applied: {batch:?}")));
            }
            (Err(other), _) => return Err(other.into()),
        }
        for _ in 0..4 {
            let range = random.range();
            let limit = random.below(6);
            compare(&*store.snapshot()?, &self.records, &range, limit)?;
            compare(&*old, &before, &range, limit)?;
        }
        Ok(())
    }

    fn holds(&self, key: &Key, expect: Expect) -> bool {
        let found = self.records.get(&place(key)).map(|(version, _)| *version);
        match expect {
            Expect::Absent => found.is_none(),
            Expect::Version(version) => found == Some(version),
        }
    }

    fn apply(&mut self, store: &dyn Store, batch: &Batch) -> Result<(), Problem> {
        let mut written = BTreeMap::new();
        for op in &batch.ops {
            match op {
                Op::Put { key, value } => {
                    self.records.insert(place(key), (0, value.clone()));
                    written.insert(place(key), key);
                }
                Op::Delete { key } => {
                    self.records.remove(&place(key));
                }
                Op::DeleteRange { range } => self.records.retain(|at, _| !within(range, at)),
                // None are drawn; they have a check of their own.
                Op::Many(_) => (),
            }
        }
        // A model cannot know the new versions; but it knows which they must not be.
        for (at, key) in written {
            if let Some((known, _)) = self.records.get_mut(&at) {
                *known = version(store, key)?;
                if !self.past.insert((at.0, at.1, *known)) {
                    return Err(Problem(format!("version {known} came back at {key:?}")));
                }
            }
        }
        Ok(())
    }
}

fn place(key: &Key) -> (u8, Vec<u8>) {
    (key.table.number, key.bytes.clone())
}

fn within(range: &KeyRange, (table, bytes): &(u8, Vec<u8>)) -> bool {
    *table == range.table.number
        && bytes.starts_with(&range.prefix)
        && range.after.as_ref().is_none_or(|after| after < bytes)
        && range.before.as_ref().is_none_or(|before| bytes < before)
}

fn compare(
    view: &dyn Snapshot,
    records: &Records,
    range: &KeyRange,
    limit: usize,
) -> Result<(), Problem> {
    let want: Vec<_> = records.iter().filter(|(at, _)| within(range, at)).collect();
    same("count", view.count(range)?, want.len() as u64)?;
    let first: Vec<_> = want.into_iter().take(limit).collect();
    let keys: Vec<_> = first.iter().map(|((_, bytes), _)| bytes.clone()).collect();
    same("keys", listed(view, range, limit)?, keys)?;
    let scanned: Vec<_> = view
        .scan(range, limit)?
        .into_iter()
        .map(|(key, entry)| (place(&key), (entry.version, entry.value)))
        .collect();
    let first = first.into_iter().map(|(at, found)| (at.clone(), found.clone())).collect();
    same("scan", scanned, first)?;
    let key = key(range.table, range.prefix.clone());
    let found = view.get(&key)?.map(|entry| (entry.version, entry.value));
    same("get", found, records.get(&place(&key)).cloned())
}

/// The same choices for the same seed, everywhere (the generator is SplitMix64).
struct Random {
    state: u64,
    tables: [Table; 2],
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or_default()
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.next().is_multiple_of(many)
    }

    fn table(&mut self) -> Table {
        let [one, other] = self.tables;
        if self.one_in(4) { other } else { one }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.below(4);
        (0..length).filter_map(|_| BYTES.get(self.below(BYTES.len())).copied()).collect()
    }

    fn key(&mut self) -> Key {
        Key { table: self.table(), bytes: self.bytes() }
    }

    fn range(&mut self) -> KeyRange {
        let bound = |random: &mut Self| random.one_in(3).then(|| random.bytes());
        let mut prefix = self.bytes();
        prefix.truncate(self.below(3));
        KeyRange { table: self.table(), prefix, after: bound(self), before: bound(self) }
    }

    fn op(&mut self) -> Op {
        match self.next() % 8 {
            0 => Op::DeleteRange { range: self.range() },
            1 | 2 => Op::Delete { key: self.key() },
            _ => Op::Put { key: self.key(), value: self.bytes() },
        }
    }

    /// Mostly expectations that hold.
    fn expect(&mut self, model: &Model) -> (Key, Expect) {
        let key = self.key();
        let known = model.records.get(&place(&key)).map(|(version, _)| *version);
        let expect = match known {
            _ if self.one_in(8) => Expect::Version(self.next() % 100),
            Some(version) => Expect::Version(version),
            None => Expect::Absent,
        };
        (key, expect)
    }

    fn batch(&mut self, model: &Model) -> Batch {
        let (expect, ops) = (self.below(3), 1 + self.below(4));
        Batch {
            expect: (0..expect).map(|_| self.expect(model)).collect(),
            ops: (0..ops).map(|_| self.op()).collect(),
        }
    }
}
