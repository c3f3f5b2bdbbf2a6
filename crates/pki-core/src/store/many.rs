//! Changes of which there are too many to be held in memory.
//!
//! A command keeps what little tells one of them from the next, and works out records and keys
//! when the transaction is applied: once for what they depend on, once for themselves.

use pki_store::{Check, Expect, Key, Make, Many, Op, StoreError, Table};

use super::record::{Record, RecordKey, Records};
use super::view::{scoped, stored};
use crate::domain::id::MountId;

/// Takes changes to the records of one mount, one at a time.
pub(crate) struct Steps<'s> {
    mount: MountId,
    to: To<'s>,
}

/// What is asked for: what the changes depend on, or the changes.
enum To<'s> {
    Check(&'s mut dyn FnMut(&Key, Expect) -> Result<(), StoreError>),
    Make(&'s mut dyn FnMut(&Op) -> Result<(), StoreError>),
}

impl Steps<'_> {
    /// Says what must be true of a record for anything of the transaction to happen.
    pub(crate) fn expect<K: RecordKey, V>(
        &mut self,
        records: &Records<K, V>,
        key: &K,
        expect: Expect,
    ) -> Result<(), StoreError> {
        let key = self.key(records, key);
        match &mut self.to {
            To::Check(check) => check(&key, expect),
            To::Make(_) => Ok(()),
        }
    }

    /// Writes a record, whether or not there was one.
    pub(crate) fn put<K: RecordKey, V: Record>(
        &mut self,
        records: &Records<K, V>,
        key: &K,
        value: &V,
    ) -> Result<(), StoreError> {
        let key = self.key(records, key);
        match &mut self.to {
            To::Check(_) => Ok(()),
            To::Make(make) => {
                let value = stored(&key, value);
                make(&Op::Put { key, value })
            }
        }
    }

    /// Writes a record that must not be there yet.
    pub(crate) fn insert<K: RecordKey, V: Record>(
        &mut self,
        records: &Records<K, V>,
        key: &K,
        value: &V,
    ) -> Result<(), StoreError> {
        self.expect(records, key, Expect::Absent)?;
        self.put(records, key, value)
    }

    /// Removes a record, if there is one.
    pub(crate) fn delete<K: RecordKey, V>(
        &mut self,
        records: &Records<K, V>,
        key: &K,
    ) -> Result<(), StoreError> {
        let key = self.key(records, key);
        match &mut self.to {
            To::Check(_) => Ok(()),
            To::Make(make) => make(&Op::Delete { key }),
        }
    }

    fn key<K: RecordKey, V>(&self, records: &Records<K, V>, key: &K) -> Key {
        debug_assert!(!records.are_kept, "whoever keeps records would not notice");
        Key { table: records.table, bytes: scoped(self.mount, &key.encode()) }
    }
}

/// Changes as a function that works them out.
pub(super) struct Worked<F> {
    pub(super) tables: Vec<Table>,
    pub(super) mount: MountId,
    pub(super) steps: F,
}

impl<F> Many for Worked<F>
where
    F: Fn(&mut Steps<'_>) -> Result<(), StoreError> + Send + Sync,
{
    fn tables(&self) -> &[Table] {
        &self.tables
    }

    fn expect(&self, check: &mut Check<'_>) -> Result<(), StoreError> {
        (self.steps)(&mut Steps { mount: self.mount, to: To::Check(check) })
    }

    fn ops(&self, make: &mut Make<'_>) -> Result<(), StoreError> {
        (self.steps)(&mut Steps { mount: self.mount, to: To::Make(make) })
    }
}
