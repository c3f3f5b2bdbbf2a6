//! A read transaction that has begun.

use rusqlite::Connection;

use super::place::Place;
use super::pool::Pool;
use super::{failure, statements};
use crate::{Entry, Key, KeyRange, Snapshot, StoreError};

/// The store at one moment. Holds a connection, and keeps the write-ahead log from starting
/// over: not for hours.
pub(super) struct View<'a> {
    place: &'a Place,
    pool: &'a Pool,
    /// Taken by `drop` alone.
    connection: Option<Connection>,
}

impl<'a> View<'a> {
    /// Fixes the moment. `BEGIN` alone would leave that to the first read.
    pub(super) fn begin(
        place: &'a Place,
        pool: &'a Pool,
        connection: Connection,
    ) -> Result<Self, StoreError> {
        let begun = connection.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([]));
        let view = Self { place, pool, connection: Some(connection) };
        begun.map_err(|problem| failure::named(place, problem))?;
        view.read(statements::revision)?;
        Ok(view)
    }

    fn read<T>(
        &self,
        what: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let Some(connection) = &self.connection else {
            return Err(self.place.corrupt("a snapshot was read after its end"));
        };
        what(connection).map_err(|problem| failure::named(self.place, problem))
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // If this fails the pool does not take the connection, and closing it ends all.
            drop(connection.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([])));
            self.pool.give_back(connection);
        }
    }
}

impl Snapshot for View<'_> {
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.read(|connection| statements::entry(connection, key))
    }

    fn scan(&self, range: &KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.read(|connection| statements::scan(connection, range, limit))
    }

    fn keys(&self, range: &KeyRange, limit: usize) -> Result<Vec<Key>, StoreError> {
        self.read(|connection| statements::keys(connection, range, limit))
    }

    fn count(&self, range: &KeyRange) -> Result<u64, StoreError> {
        self.read(|connection| statements::count(connection, range))
    }
}
