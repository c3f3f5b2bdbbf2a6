//! A snapshot with types, and the changes of one request on top of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use pki_store::{
    Batch, Changes, Entry, Expect, Key, KeyRange, Layout, Op, Snapshot, StoreError, Table,
};

use super::cache::RecordCache;
use super::look::Look;
use super::many::{Steps, Worked};
use super::memory::Memory;
use super::own::Own;
use super::reads::Reads;
use super::record::{Record, RecordKey, Records, SUMMED};
use super::sum;
use crate::domain::id::MountId;
use crate::error::Error;

/// For each kept table of a mount a record whose version changes when records come or go.
pub(crate) const SETS: Table = Table { number: 6, name: "sets", layout: Layout::Clustered };

/// The records of one mount at one moment, with this request's own changes over them.
pub(crate) struct View<'a> {
    snapshot: Box<dyn Snapshot + 'a>,
    mount: MountId,
    /// What was read, and in which version: the changes of a command depend on it.
    reads: RefCell<Reads>,
    /// This request's own changes, so that it sees them.
    own: Own,
    cache: &'a RecordCache,
    /// Whether there is no snapshot, but what is remembered of earlier ones.
    is_remembered: bool,
}

impl<'a> View<'a> {
    pub(crate) fn new(
        snapshot: Box<dyn Snapshot + 'a>,
        cache: &'a RecordCache,
        mount: MountId,
    ) -> Self {
        Self {
            snapshot,
            mount,
            reads: RefCell::default(),
            own: Own::default(),
            cache,
            is_remembered: false,
        }
    }

    /// The records as they were when they were last read. Good for nothing but changes: what they
    /// depend on is looked at when they are made.
    pub(crate) fn remembered(memory: &'a Memory, cache: &'a RecordCache, mount: MountId) -> Self {
        Self { is_remembered: true, ..Self::new(Box::new(memory), cache, mount) }
    }

    /// The same moment, seen from another mount. Only before anything was written.
    pub(crate) fn in_mount(self, mount: MountId) -> Self {
        Self { mount, ..self }
    }

    pub(crate) fn get<K: RecordKey, V: Record>(
        &self,
        records: &Records<K, V>,
        key: &K,
    ) -> Result<Option<V>, Error> {
        self.get_at(self.mount, records, key)
    }

    /// As [`View::get`], in another mount.
    pub(crate) fn get_at<K: RecordKey, V: Record>(
        &self,
        mount: MountId,
        records: &Records<K, V>,
        key: &K,
    ) -> Result<Option<V>, Error> {
        let key = Key { table: records.table, bytes: scoped(mount, &key.encode()) };
        // Also of a record that cannot be read: whoever makes do without it depends on that.
        self.find(records, &key, &mut |expect| self.reads.borrow_mut().note(&key, expect))
    }

    /// As [`View::get`], without depending on it: for whoever changes nothing because of it.
    pub(crate) fn glance<K: RecordKey, V: Record>(
        &self,
        records: &Records<K, V>,
        key: &K,
    ) -> Result<Option<V>, Error> {
        self.find(records, &self.key(records, &key.encode()), &mut |_| ())
    }

    /// A record, and what to expect of it unless this request made it so.
    fn find<K: RecordKey, V: Record>(
        &self,
        records: &Records<K, V>,
        key: &Key,
        note: &mut dyn FnMut(Expect),
    ) -> Result<Option<V>, Error> {
        if let Some(own) = self.own.get(key) {
            return own.map(|value| read(records, &key.bytes, value)).transpose();
        }
        if self.is_remembered
            && let Some((expect, record)) = self.cache.last(key)
        {
            note(expect);
            return Ok(record);
        }
        let entry = self.snapshot.get(key)?;
        note(Expect::of(entry.as_ref()));
        if records.are_kept && entry.is_none() {
            if K::IS_COMMON { self.cache.keep_absent(key) } else { self.cache.forget(key) }
        }
        entry.map(|entry| self.decoded(records, key, &entry)).transpose()
    }

    /// A record, as it was decoded before or decoded now.
    fn decoded<K, V: Record>(
        &self,
        records: &Records<K, V>,
        key: &Key,
        entry: &Entry,
    ) -> Result<V, Error> {
        if !records.are_kept {
            return read(records, &key.bytes, &entry.value);
        }
        if let Some(record) = self.cache.find(key, entry.version) {
            return Ok(record);
        }
        match read(records, &key.bytes, &entry.value) {
            Ok(record) => {
                self.cache.keep(key, entry.version, &record);
                Ok(record)
            }
            Err(problem) => {
                self.cache.forget(key);
                Err(problem)
            }
        }
    }

    /// A record, and what to expect of it, without depending on it: where more is looked at than
    /// anyone could remember, or what is found is expected by [`Tx::many`].
    pub(crate) fn peek<K: RecordKey, V: Record>(
        &self,
        records: &Records<K, V>,
        key: &K,
    ) -> Result<(Expect, Option<V>), Error> {
        let key = self.key(records, &key.encode());
        let entry = self.snapshot.get(&key)?;
        let expect = Expect::of(entry.as_ref());
        let own = self.own.get(&key);
        let value = own.unwrap_or_else(|| entry.as_ref().map(|entry| entry.value.as_slice()));
        let record = value.map(|value| read(records, &key.bytes, value)).transpose()?;
        Ok((expect, record))
    }

    /// Records whose keys start with `prefix`, in order of key, after `after`.
    pub(crate) fn scan<K: RecordKey, V: Record>(
        &self,
        records: &Records<K, V>,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(K, V)>, Error> {
        let range = self.range(records, prefix, after);
        let own = self.own.within(&range, limit);
        let found = self.snapshot.scan(&range, limit.saturating_add(own.len()))?;
        self.depend_on_set(records)?;
        if records.are_kept {
            let mut reads = self.reads.borrow_mut();
            let seen = found.iter().map(|(key, entry)| (key, Expect::Version(entry.version)));
            seen.for_each(|(key, expect)| reads.note(key, expect));
        }
        if own.is_empty() {
            // The usual case, and where there are many, a map of them is most of the work.
            let decode = |(key, entry): (Key, Entry)| {
                Ok((self.own_key(records, &key.bytes)?, read(records, &key.bytes, &entry.value)?))
            };
            return found.into_iter().map(decode).collect();
        }
        let mut merged: BTreeMap<Vec<u8>, Option<Vec<u8>>> =
            found.into_iter().map(|(key, entry)| (key.bytes, Some(entry.value))).collect();
        merged.extend(own);
        let live = merged.into_iter().filter_map(|(key, value)| Some((key, value?)));
        live.take(limit)
            .map(|(key, value)| Ok((self.own_key(records, &key)?, read(records, &key, &value)?)))
            .collect()
    }

    /// As [`View::scan`], without the values.
    pub(crate) fn keys<K: RecordKey, V>(
        &self,
        records: &Records<K, V>,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<K>, Error> {
        let range = self.range(records, prefix, after);
        let own = self.own.within(&range, limit);
        let found = self.snapshot.keys(&range, limit.saturating_add(own.len()))?;
        self.depend_on_set(records)?;
        if own.is_empty() {
            return found.into_iter().map(|key| self.own_key(records, &key.bytes)).collect();
        }
        let mut merged: BTreeMap<Vec<u8>, bool> =
            found.into_iter().map(|key| (key.bytes, true)).collect();
        merged.extend(own.into_iter().map(|(key, value)| (key, value.is_some())));
        let live = merged.into_iter().filter(|(_, there)| *there);
        live.take(limit).map(|(key, _)| self.own_key(records, &key)).collect()
    }

    /// The first keys of a table in another mount.
    pub(crate) fn keys_at<K: RecordKey, V>(
        &self,
        mount: MountId,
        records: &Records<K, V>,
        limit: usize,
    ) -> Result<Vec<K>, Error> {
        let range = KeyRange::prefix(records.table, mount.0.to_be_bytes());
        let found = self.snapshot.keys(&range, limit)?;
        found.iter().map(|key| self.own_key(records, &key.bytes)).collect()
    }

    /// How many records of a table this mount has, as of the snapshot.
    pub(crate) fn count<K, V>(&self, records: &Records<K, V>) -> Result<u64, Error> {
        Ok(self.snapshot.count(&self.range(records, &[], None))?)
    }

    /// The records of this mount as they lie there, without what this request has changed.
    pub(crate) fn look(&self) -> Look<'_> {
        Look::new(&*self.snapshot, self.mount)
    }

    /// Who looks through a kept table depends on which records there are, those that are not
    /// there included.
    fn depend_on_set<K, V>(&self, records: &Records<K, V>) -> Result<(), Error> {
        if records.are_kept {
            let key = self.set_key(records);
            let expect = Expect::of(self.snapshot.get(&key)?.as_ref());
            self.reads.borrow_mut().note(&key, expect);
        }
        Ok(())
    }

    fn set_key<K, V>(&self, records: &Records<K, V>) -> Key {
        Key { table: SETS, bytes: scoped(self.mount, &[records.table.number]) }
    }

    fn key<K, V>(&self, records: &Records<K, V>, key: &[u8]) -> Key {
        Key { table: records.table, bytes: scoped(self.mount, key) }
    }

    fn range<K, V>(
        &self,
        records: &Records<K, V>,
        prefix: &[u8],
        after: Option<&[u8]>,
    ) -> KeyRange {
        KeyRange {
            after: after.map(|after| scoped(self.mount, after)),
            ..KeyRange::prefix(records.table, scoped(self.mount, prefix))
        }
    }

    fn own_key<K: RecordKey, V>(&self, records: &Records<K, V>, stored: &[u8]) -> Result<K, Error> {
        stored.get(4..).and_then(K::decode).ok_or(Error::DamagedRecord(records.table.name))
    }
}

/// Every key starts with the number of its mount.
pub(super) fn scoped(mount: MountId, key: &[u8]) -> Vec<u8> {
    [&mount.0.to_be_bytes(), key].concat()
}

pub(super) fn read<K, V: Record>(
    records: &Records<K, V>,
    key: &[u8],
    stored: &[u8],
) -> Result<V, Error> {
    let damaged = || Error::DamagedRecord(records.table.name);
    let marked = stored.first().ok_or_else(damaged)?;
    let stored = match marked & SUMMED {
        0 => stored,
        SUMMED => sum::open(records.table.number, key, stored).ok_or_else(damaged)?,
        _ => return Err(damaged()),
    };
    let (format, body) = (marked & !SUMMED, stored.get(1..).unwrap_or_default());
    if V::FORMAT < format {
        return Err(Error::RecordTooNew(records.table.name, format));
    }
    V::decode(format, body).map_err(|_| damaged())
}

/// What is stored of a record: its format, itself, and its sum.
pub(super) fn stored<V: Record>(key: &Key, value: &V) -> Vec<u8> {
    let stored = [&[V::FORMAT | SUMMED], value.encode().as_slice()].concat();
    sum::seal(key.table.number, &key.bytes, stored)
}

/// A view, and the changes that a command makes to it.
pub(crate) struct Tx<'a> {
    view: View<'a>,
    expect: Vec<(Key, Expect)>,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view, expect: Vec::new() }
    }

    /// Writes a record, whether or not there was one.
    pub(crate) fn put<K: RecordKey, V: Record>(
        &mut self,
        records: &Records<K, V>,
        key: &K,
        value: &V,
    ) {
        let key = self.view.key(records, &key.encode());
        let value = stored(&key, value);
        self.view.own.make(Op::Put { key, value });
    }

    /// Writes a record that must not be there yet.
    pub(crate) fn insert<K: RecordKey, V: Record>(
        &mut self,
        records: &Records<K, V>,
        key: &K,
        value: &V,
    ) {
        self.expect.push((self.view.key(records, &key.encode()), Expect::Absent));
        self.put(records, key, value);
        self.touch(records);
    }

    pub(crate) fn delete<K: RecordKey, V>(&mut self, records: &Records<K, V>, key: &K) {
        let key = self.view.key(records, &key.encode());
        self.view.own.make(Op::Delete { key });
        self.touch(records);
    }

    /// Says that a kept table has other records than before, or that those who look through it
    /// now have to look again. Inserting and deleting say so by themselves.
    pub(crate) fn touch<K, V>(&mut self, records: &Records<K, V>) {
        if records.are_kept {
            let key = self.view.set_key(records);
            self.view.own.make(Op::Put { key, value: Vec::new() });
        }
    }

    /// Removes a record whose key need not be readable.
    pub(crate) fn delete_stored(&mut self, table: Table, key: &[u8]) {
        self.view
            .own
            .make_unseen(Op::Delete { key: Key { table, bytes: scoped(self.view.mount, key) } });
    }

    /// Removes every record of a table whose key starts with `prefix`. This request must not
    /// look at that table afterwards.
    pub(crate) fn delete_all<K, V>(&mut self, records: &Records<K, V>, prefix: &[u8]) {
        self.view
            .own
            .make_unseen(Op::DeleteRange { range: self.view.range(records, prefix, None) });
    }

    /// Removes the records of a table that belong to another mount: all, or those that come
    /// before `before`.
    pub(crate) fn delete_mount(&mut self, table: Table, mount: MountId, before: Option<&[u8]>) {
        let before = before.map(|before| scoped(mount, before));
        let range = KeyRange { before, ..KeyRange::prefix(table, scoped(mount, &[])) };
        self.view.own.make_unseen(Op::DeleteRange { range });
    }

    /// Makes changes to records of these tables of which there are too many to be held: they are
    /// worked out when the transaction is applied. This request must not look at those records
    /// afterwards, and none of the tables may be a kept one.
    pub(crate) fn many<F>(&mut self, tables: &[Table], steps: F)
    where
        F: Fn(&mut Steps<'_>) -> Result<(), StoreError> + Send + Sync + 'static,
    {
        let many = Worked { tables: tables.to_vec(), mount: self.view.mount, steps };
        self.view.own.make_unseen(Op::Many(Changes(Arc::new(many))));
    }

    /// Goes to another mount; returns the one it was in.
    pub(crate) fn enter(&mut self, mount: MountId) -> MountId {
        std::mem::replace(&mut self.view.mount, mount)
    }

    /// The changes and what they depend on; `None` when nothing was changed.
    pub(crate) fn into_batch(self) -> Option<Batch> {
        Some(self.into_changes()).filter(|changes| !changes.ops.is_empty())
    }

    /// The changes, perhaps none, and what they depend on.
    pub(crate) fn into_changes(self) -> Batch {
        let mut expect = self.view.reads.into_inner().into_expectations();
        expect.extend(self.expect);
        Batch { expect, ops: self.view.own.into_ops() }
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = View<'a>;

    fn deref(&self) -> &View<'a> {
        &self.view
    }
}
