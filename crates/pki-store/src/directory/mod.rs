//! The default store: one directory with one SQLite file, shared by processes on one machine.
//!
//! | file | holds |
//! |---|---|
//! | `pki.db` | the records |
//! | `pki.db-wal` | records committed since the last checkpoint; part of the store |
//! | `pki.db-shm` | SQLite's index of the former, made again when it is missing |
//! | `pki.lock` | nothing: writers queue for it |
//!
//! The directory has mode 0700 and the files 0600, whatever the umask. A copy or backup needs
//! the whole directory. Network filesystems are not supported: the processes share memory.

mod apply;
mod connection;
mod failure;
mod lock;
mod log;
mod log_header;
mod place;
mod pool;
mod private;
mod schema;
mod snapshot;
mod statements;

use std::path::Path;
use std::time::{Duration, Instant};

use self::lock::WriterLock;
use self::log::Log;
use self::place::Place;
use self::pool::Pool;
use self::snapshot::View;
use crate::{Batch, Snapshot, Store, StoreError};

/// How a [`DirectoryStore`] behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long [`Store::apply`] waits for other writers before it says
    /// [`StoreError::Busy`].
    pub wait: Duration,
}

impl Default for Options {
    /// Waits for half a minute.
    fn default() -> Self {
        Self { wait: Duration::from_secs(30) }
    }
}

/// A store in a directory. Threads and processes may share it. Dropping it closes it, which keeps
/// its log short.
#[derive(Debug)]
pub struct DirectoryStore {
    place: Place,
    pool: Pool,
    log: Log,
}

impl DirectoryStore {
    /// Opens the store in a directory.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] when there is none, [`StoreError::Corrupt`] when what is there is
    /// no store, [`StoreError::TooNew`] when a newer program has written it.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let place = Place::new(path, options.wait)?;
        place.require()?;
        Self::at(place)
    }

    /// Opens the store in a directory, or makes one if the directory is empty or not there.
    ///
    /// # Errors
    ///
    /// As [`DirectoryStore::open`], except that nothing is missing;
    /// [`StoreError::Corrupt`] also when the directory holds other files but no store, and
    /// [`StoreError::Io`] or [`StoreError::ReadOnly`] when nothing can be made there.
    pub fn create(path: &Path, options: Options) -> Result<Self, StoreError> {
        let place = Place::new(path, options.wait)?;
        if !place.has_store() {
            schema::create(&place)?;
        }
        Self::at(place)
    }

    fn at(place: Place) -> Result<Self, StoreError> {
        let first = connection::open(&place)?;
        // Only now is it known to be ours.
        place.tighten()?;
        let pool = Pool::default();
        pool.give_back(first);
        Ok(Self { place, pool, log: Log::default() })
    }

    /// The directory, as an absolute path.
    pub fn path(&self) -> &Path {
        self.place.directory()
    }
}

impl Drop for DirectoryStore {
    fn drop(&mut self) {
        self.log.close(&self.place, &self.pool);
    }
}

impl Store for DirectoryStore {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        let connection = self.pool.take(&self.place)?;
        Ok(Box::new(View::begin(&self.place, &self.pool, connection)?))
    }

    fn apply(&self, batch: &Batch) -> Result<u64, StoreError> {
        let started = Instant::now();
        let lock = WriterLock::acquire(&self.place)?;
        let connection = self.pool.take(&self.place)?;
        let applied = apply::run(&self.place, &connection, batch, started);
        if applied.is_ok() {
            self.log.has_grown();
        }
        drop(lock);
        self.pool.give_back(connection);
        applied
    }

    fn revision(&self) -> Result<u64, StoreError> {
        let connection = self.pool.take(&self.place)?;
        let revision = statements::revision(&connection);
        self.pool.give_back(connection);
        revision.map_err(|problem| failure::named(&self.place, problem))
    }
}

/// Whether there is a store in a directory, readable or not, healthy or not.
pub fn exists(path: &Path) -> bool {
    Place::new(path, Duration::ZERO).is_ok_and(|place| place.has_store())
}
