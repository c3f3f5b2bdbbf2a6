//! A store that is gone when its owner is.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use crate::range::Bounds;
use crate::{Batch, Changes, Entry, Expect, Key, KeyRange, Op, Snapshot, Store, StoreError};

/// Records in memory, shared by the threads of one process.
///
/// A snapshot costs nothing to take. What it costs is paid by the next writer, who copies the
/// tables it changes while a snapshot still looks at them.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: RwLock<Arc<State>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    revision: u64,
    tables: BTreeMap<u8, Arc<Records>>,
}

type Records = BTreeMap<Vec<u8>, Entry>;

impl MemoryStore {
    /// A store with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of its own that begins with the records of this one. It costs nothing to make, so
    /// that a test can prepare a store once and change it many times.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { state: RwLock::new(self.state()) }
    }

    fn state(&self) -> Arc<State> {
        // A panic cannot leave the state half changed: see `apply`.
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        Ok(Box::new(View(self.state())))
    }

    fn apply(&self, batch: &Batch) -> Result<u64, StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        batch.each_expectation(&mut |key, expect| state.check(key, expect))?;
        let changed = Arc::make_mut(&mut state);
        changed.revision = changed.revision.saturating_add(1);
        // Making a change in memory does not fail.
        batch.ops.iter().try_for_each(|op| changed.make(op))?;
        Ok(changed.revision)
    }

    fn revision(&self) -> Result<u64, StoreError> {
        Ok(self.state().revision)
    }
}

impl State {
    fn entry(&self, key: &Key) -> Option<&Entry> {
        self.tables.get(&key.table.number)?.get(&key.bytes)
    }

    fn check(&self, key: &Key, expected: Expect) -> Result<(), StoreError> {
        let holds = match (expected, self.entry(key)) {
            (Expect::Absent, found) => found.is_none(),
            (Expect::Version(version), found) => {
                found.is_some_and(|entry| entry.version == version)
            }
        };
        if holds { Ok(()) } else { Err(StoreError::Conflict { key: key.clone() }) }
    }

    fn make(&mut self, op: &Op) -> Result<(), StoreError> {
        let version = self.revision;
        match op {
            Op::Put { key, value } => {
                let entry = Entry { version, value: value.clone() };
                self.table_mut(key.table.number).insert(key.bytes.clone(), entry);
            }
            Op::Delete { key } => {
                self.table_mut(key.table.number).remove(&key.bytes);
            }
            Op::DeleteRange { range } => {
                let bounds = Bounds::from(range);
                let doomed = |key: &Vec<u8>| {
                    bounds.from <= *key && bounds.to.as_ref().is_none_or(|to| key < to)
                };
                self.table_mut(range.table.number).retain(|key, _| !doomed(key));
            }
            Op::Many(Changes(many)) => return many.ops(&mut |op| self.make(op)),
        }
        Ok(())
    }

    fn table_mut(&mut self, number: u8) -> &mut Records {
        Arc::make_mut(self.tables.entry(number).or_default())
    }

    fn range(&self, range: &KeyRange) -> impl Iterator<Item = (&Vec<u8>, &Entry)> {
        let bounds = Bounds::from(range);
        // `BTreeMap::range` panics when its bounds cross.
        let records = if bounds.are_empty() { None } else { self.tables.get(&range.table.number) };
        records.into_iter().flat_map(move |records| {
            let to = bounds.to.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            records.range::<[u8], _>((Bound::Included(bounds.from.as_slice()), to))
        })
    }
}

/// The state at one moment; nobody changes it any more.
struct View(Arc<State>);

impl Snapshot for View {
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        Ok(self.0.entry(key).cloned())
    }

    fn scan(&self, range: &KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        let entries = self.0.range(range).take(limit);
        Ok(entries.map(|(bytes, entry)| (key(range, bytes), entry.clone())).collect())
    }

    fn keys(&self, range: &KeyRange, limit: usize) -> Result<Vec<Key>, StoreError> {
        Ok(self.0.range(range).take(limit).map(|(bytes, _)| key(range, bytes)).collect())
    }

    fn count(&self, range: &KeyRange) -> Result<u64, StoreError> {
        Ok(self.0.range(range).fold(0, |count, _| count + 1))
    }
}

fn key(range: &KeyRange, bytes: &[u8]) -> Key {
    Key { table: range.table, bytes: bytes.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Layout, Table};

    const TABLE: Table = Table { number: 1, name: "test", layout: Layout::Clustered };

    #[test]
    fn a_fork_goes_its_own_way() -> Result<(), StoreError> {
        let store = MemoryStore::new();
        let key = Key { table: TABLE, bytes: b"k".to_vec() };
        let batch = |value: &[u8]| Batch {
            expect: Vec::new(),
            ops: vec![Op::Put { key: key.clone(), value: value.to_vec() }],
        };
        store.apply(&batch(b"one"))?;
        let fork = store.fork();
        fork.apply(&batch(b"two"))?;
        let value = |store: &MemoryStore| store.snapshot()?.get(&key);
        assert_eq!(value(&store)?.map(|entry| entry.value), Some(b"one".to_vec()));
        assert_eq!(value(&fork)?.map(|entry| entry.value), Some(b"two".to_vec()));
        Ok(())
    }

    #[test]
    fn a_writer_copies_only_what_a_snapshot_still_looks_at() -> Result<(), StoreError> {
        let store = MemoryStore::new();
        let key = Key { table: TABLE, bytes: b"k".to_vec() };
        let batch = |value: &[u8]| Batch {
            expect: Vec::new(),
            ops: vec![Op::Put { key: key.clone(), value: value.to_vec() }],
        };
        store.apply(&batch(b"one"))?;
        let before = Arc::as_ptr(&store.state());
        store.apply(&batch(b"two"))?;
        assert_eq!(before, Arc::as_ptr(&store.state()), "nobody looked, nothing was copied");
        let snapshot = store.snapshot()?;
        store.apply(&batch(b"three"))?;
        assert_ne!(before, Arc::as_ptr(&store.state()));
        assert_eq!(snapshot.get(&key)?.map(|entry| entry.value), Some(b"two".to_vec()));
        Ok(())
    }
}
