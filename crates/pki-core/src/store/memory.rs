//! In place of a snapshot, where none is taken.

use std::cell::Cell;

use pki_store::{Entry, Key, KeyRange, Snapshot, StoreError};

/// Nothing but what is kept of earlier snapshots. It notes that it was asked for more: whoever has
/// asked is told to start again, but need not have passed that on.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    was_short: Cell<bool>,
}

impl Memory {
    /// Whether something was asked for that is not remembered.
    pub(crate) fn was_short(&self) -> bool {
        self.was_short.get()
    }

    fn fall_short<T>(&self, key: Key) -> Result<T, StoreError> {
        self.was_short.set(true);
        Err(StoreError::Conflict { key })
    }

    fn fall_short_of_range<T>(&self, range: &KeyRange) -> Result<T, StoreError> {
        self.fall_short(Key { table: range.table, bytes: range.prefix.clone() })
    }
}

impl Snapshot for &Memory {
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.fall_short(key.clone())
    }

    fn scan(&self, range: &KeyRange, _: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.fall_short_of_range(range)
    }

    fn keys(&self, range: &KeyRange, _: usize) -> Result<Vec<Key>, StoreError> {
        self.fall_short_of_range(range)
    }

    fn count(&self, range: &KeyRange) -> Result<u64, StoreError> {
        self.fall_short_of_range(range)
    }
}
