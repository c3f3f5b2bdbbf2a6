//! Going through a store: where a check is, and whom it tells.

use pki_store::{StoreError, Table};

use super::finding::{Finding, Repair, Severity, Watcher};
use super::{PAGE, PrivateKeys};
use crate::api::endpoint::ReadCx;
use crate::domain::hex;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::keyring::Keyring;
use crate::store::{Found, Look, Record, RecordKey, Records, View};
use crate::system::mount::Mount;

/// A check under way.
pub(super) struct Walk<'a> {
    pub(super) now: Timestamp,
    pub(super) keys: &'a Keyring,
    pub(super) private: PrivateKeys,
    pub(super) watcher: &'a mut dyn Watcher,
    pub(super) done: u64,
    pub(super) total: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn place<'w>(&'w mut self, view: &'w View<'w>, mount: &'w Mount) -> Place<'w, 'a> {
        Place { walk: self, view, mount }
    }
}

/// The mount where it is.
pub(super) struct Place<'w, 'a> {
    pub(super) walk: &'w mut Walk<'a>,
    pub(super) view: &'w View<'w>,
    pub(super) mount: &'w Mount,
}

impl<'w> Place<'w, '_> {
    pub(super) fn look(&self) -> Look<'w> {
        self.view.look()
    }

    pub(super) fn cx(&self) -> ReadCx<'_> {
        let Walk { now, keys, .. } = *self.walk;
        ReadCx { view: self.view, mount: self.mount, now, keys }
    }

    /// Goes on with something else where the store itself is damaged, and says so.
    pub(super) fn attempt<T>(
        &mut self,
        check: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        match check(self) {
            Ok(done) => Ok(Some(done)),
            Err(Error::Store(StoreError::Corrupt { problem, .. })) => {
                self.tell(Severity::Error, "", "", problem, None);
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
    }

    pub(super) fn error(
        &mut self,
        table: Table,
        record: impl ToString,
        problem: impl ToString,
        repair: Option<Repair>,
    ) {
        self.tell(Severity::Error, table.name, record, problem, repair);
    }

    pub(super) fn warning(
        &mut self,
        table: Table,
        record: impl ToString,
        problem: impl ToString,
        repair: Option<Repair>,
    ) {
        self.tell(Severity::Warning, table.name, record, problem, repair);
    }

    pub(super) fn note(&mut self, table: Table, record: impl ToString, problem: impl ToString) {
        self.tell(Severity::Note, table.name, record, problem, None);
    }

    fn tell(
        &mut self,
        severity: Severity,
        table: &'static str,
        record: impl ToString,
        problem: impl ToString,
        repair: Option<Repair>,
    ) {
        let is_system = self.mount.id == crate::domain::id::MountId::SYSTEM;
        self.walk.watcher.found(Finding {
            severity,
            mount: if is_system { String::new() } else { self.mount.path.clone() },
            table,
            record: record.to_string(),
            problem: problem.to_string(),
            repair,
        });
    }

    /// Says that so many of the records that count were looked at.
    pub(super) fn went_on(&mut self, records: usize) {
        let walk = &mut *self.walk;
        walk.done = walk.done.saturating_add(u64::try_from(records).unwrap_or(u64::MAX));
        walk.watcher.went_on(walk.done, walk.total);
    }

    /// Every record of a table whose key starts with `prefix`, page by page. One that cannot be
    /// read is a finding, and is left out; `repair` would make it good.
    pub(super) fn each<K: RecordKey, V: Record>(
        &mut self,
        records: &Records<K, V>,
        prefix: &[u8],
        repair: Option<Repair>,
        mut act: impl FnMut(&mut Self, Vec<(K, V)>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.look().page(records, prefix, after.as_deref(), PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.clone());
            let readable = self.readable(records, page, repair);
            act(self, readable)?;
        }
    }

    fn readable<K: RecordKey, V: Record>(
        &mut self,
        records: &Records<K, V>,
        page: Vec<Found<K, V>>,
        repair: Option<Repair>,
    ) -> Vec<(K, V)> {
        let mut readable = Vec::with_capacity(page.len());
        for Found { key, record } in page {
            match record {
                Ok(record) => readable.push(record),
                Err(problem) => self.error(records.table, hex::encode(&key), problem, repair),
            }
        }
        readable
    }
}
