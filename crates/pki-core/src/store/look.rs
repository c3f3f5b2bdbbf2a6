//! Records as they lie there, those that cannot be read included, and no more of them at a time
//! than a page. What is looked at here is no ground for changes: nothing of it is remembered.

use std::fmt;

use pki_store::{Entry, Key, KeyRange, Snapshot, StoreError, Table};

use super::record::{Record, RecordKey, Records, SUMMED};
use super::sum;
use super::view::{read, scoped};
use crate::domain::id::MountId;
use crate::error::Error;

/// The records of one mount at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    snapshot: &'a dyn Snapshot,
    mount: MountId,
}

/// A record as it was found.
pub(crate) struct Found<K, V> {
    /// Its key, without the mount.
    pub(crate) key: Vec<u8>,
    /// What it says.
    pub(crate) record: Result<(K, V), Unreadable>,
}

/// Why a stored record says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    Key,
    Value,
    TooNew(u8),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("its key cannot be read"),
            Self::Value => f.write_str("it cannot be read"),
            Self::TooNew(format) => {
                write!(f, "it has format {format}, which is newer than this program")
            }
        }
    }
}

impl<'a> Look<'a> {
    pub(super) fn new(snapshot: &'a dyn Snapshot, mount: MountId) -> Self {
        Self { snapshot, mount }
    }

    /// The same moment in another mount.
    pub(crate) fn in_mount(self, mount: MountId) -> Self {
        Self { mount, ..self }
    }

    /// At most `limit` records whose keys start with `prefix` and come after `after`.
    pub(crate) fn page<K: RecordKey, V: Record>(
        &self,
        records: &Records<K, V>,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Found<K, V>>, StoreError> {
        let found = self.snapshot.scan(&self.range(records.table, prefix, after), limit)?;
        let found = found.into_iter().map(|(key, entry)| {
            let own = own(&key).to_vec();
            let record =
                key_of(&own).and_then(|own| Ok((own, value(records, &key, &entry.value)?)));
            Found { key: own, record }
        });
        Ok(found.collect())
    }

    /// Keys alone, as they are stored, without the mount.
    pub(crate) fn keys(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let found = self.snapshot.keys(&self.range(table, prefix, after), limit)?;
        Ok(found.iter().map(|key| own(key).to_vec()).collect())
    }

    /// One record.
    pub(crate) fn get<K: RecordKey, V: Record>(
        &self,
        records: &Records<K, V>,
        key: &K,
    ) -> Result<Option<Result<V, Unreadable>>, StoreError> {
        let key = self.key(records.table, &key.encode());
        let entry = self.snapshot.get(&key)?;
        Ok(entry.map(|entry| value(records, &key, &entry.value)))
    }

    /// Whether there is a record with this key.
    pub(crate) fn has<K: RecordKey, V>(
        &self,
        records: &Records<K, V>,
        key: &K,
    ) -> Result<bool, StoreError> {
        let key = key.encode();
        let first = self.keys(records.table, &key, None, 1)?;
        Ok(first.first() == Some(&key))
    }

    /// How many records start with `prefix`, and come before `before`.
    pub(crate) fn count(
        &self,
        table: Table,
        prefix: &[u8],
        before: Option<&[u8]>,
    ) -> Result<u64, StoreError> {
        let before = before.map(|before| scoped(self.mount, before));
        self.snapshot.count(&KeyRange { before, ..self.range(table, prefix, None) })
    }

    /// The mounts that have records in a table, whether there are such mounts or not.
    pub(crate) fn mounts_in(&self, table: Table) -> Result<Vec<MountId>, StoreError> {
        let mut mounts: Vec<MountId> = Vec::new();
        loop {
            // All keys of a mount sort before this one, which none has.
            let after = mounts.last().map(|mount| scoped(*mount, &[u8::MAX; 64]));
            let range = KeyRange { after, ..KeyRange::prefix(table, []) };
            let first = self.snapshot.keys(&range, 1)?;
            let number = first.first().and_then(|key| key.bytes.first_chunk::<4>());
            match number {
                Some(number) => mounts.push(MountId(u32::from_be_bytes(*number))),
                None => return Ok(mounts),
            }
        }
    }

    /// How many values of a table, whatever mount they belong to, are not what was written, as far
    /// as their sums tell. So many are in memory at a time.
    pub(crate) fn damaged(&self, table: Table, limit: usize) -> Result<u64, StoreError> {
        let (mut damaged, mut after) = (0, None);
        loop {
            let range = KeyRange { after, ..KeyRange::prefix(table, []) };
            let page = self.snapshot.scan(&range, limit)?;
            let Some((last, _)) = page.last() else { return Ok(damaged) };
            after = Some(last.bytes.clone());
            let is_damaged = |(key, entry): &&(Key, Entry)| !is_whole(key, &entry.value);
            damaged += page.iter().filter(is_damaged).count() as u64;
        }
    }

    fn key(&self, table: Table, own: &[u8]) -> Key {
        Key { table, bytes: scoped(self.mount, own) }
    }

    fn range(&self, table: Table, prefix: &[u8], after: Option<&[u8]>) -> KeyRange {
        let after = after.map(|after| scoped(self.mount, after));
        KeyRange { after, ..KeyRange::prefix(table, scoped(self.mount, prefix)) }
    }
}

fn own(key: &Key) -> &[u8] {
    key.bytes.get(4..).unwrap_or_default()
}

/// Whether a stored value fits its sum, if it has one.
fn is_whole(key: &Key, stored: &[u8]) -> bool {
    match stored.first().map(|marked| marked & SUMMED) {
        Some(SUMMED) => sum::open(key.table.number, &key.bytes, stored).is_some(),
        Some(0) => true,
        _ => false,
    }
}

/// A key that is written as it would be: two that mean the same are not both there.
fn key_of<K: RecordKey>(bytes: &[u8]) -> Result<K, Unreadable> {
    K::decode(bytes).filter(|key| key.encode() == bytes).ok_or(Unreadable::Key)
}

fn value<K, V: Record>(records: &Records<K, V>, key: &Key, stored: &[u8]) -> Result<V, Unreadable> {
    read(records, &key.bytes, stored).map_err(|problem| match problem {
        Error::RecordTooNew(_, format) => Unreadable::TooNew(format),
        _ => Unreadable::Value,
    })
}
