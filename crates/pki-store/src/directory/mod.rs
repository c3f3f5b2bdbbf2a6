//! The default store: one directory with one SQLite file, shared by processes on one machine.
//!
//! | file | holds |
//! |---|---|
//! | `pki.db` | the records |
//! | `pki.db-wal` | records committed since the last checkpoint; part of the store |
//! | `pki.db-shm` | SQLite's index of the former, made again when it is missing |
//! | `pki.lock` | the revision last written, for the writers that queue for it |
//! | `pki.users` | nothing: who has the store open holds it |
//!
//! The directory has mode 0700 and the files 0600, whatever the umask. A copy or backup needs
//! the whole directory. Network filesystems are not supported: the processes share memory.

mod apply;
mod backup;
mod connection;
mod failure;
mod lock;
mod log;
mod log_frames;
mod log_header;
mod mark;
mod place;
mod pool;
mod private;
mod queue;
mod restore;
mod schema;
mod snapshot;
mod statements;
mod users;
mod verify;

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

pub use self::backup::Backup;
pub use self::restore::{Incoming, Replaced};
pub use self::verify::{Fault, FileRepair, Sizes};

use self::apply::{Outcome, Outcomes};
use self::lock::WriterLock;
use self::log::Log;
use self::place::Place;
use self::pool::Pool;
use self::queue::{Lead, Queue, Turn};
use self::snapshot::View;
use self::users::Users;
use crate::{Batch, Snapshot, Store, StoreError};

/// Batches in one transaction, at most: who leads does not wait for long.
const TOGETHER: usize = 64;

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
    queue: Queue,
    /// Held to keep others from replacing the store.
    _users: Option<Users>,
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
        if !place.has_store()? {
            match place.require() {
                Err(StoreError::Missing { .. }) | Ok(()) => schema::create(&place)?,
                Err(problem) => return Err(problem),
            }
        }
        Self::at(place)
    }

    fn at(place: Place) -> Result<Self, StoreError> {
        place.require_files()?;
        if let Some(users) = Users::join(&place)? {
            return Self::over(place, Some(users));
        }
        // Once, to see that it is a store; again when nobody can replace it any more.
        drop(Self::over(place.clone(), None)?);
        let users = Users::found(&place)?;
        Self::over(place, users)
    }

    fn over(place: Place, users: Option<Users>) -> Result<Self, StoreError> {
        let marked = mark::read(&place);
        let first = connection::open(&place)?;
        let named = |problem| failure::named(&place, problem);
        let revision = statements::revision(&first).map_err(named)?;
        mark::check(&place, marked.as_ref(), revision)?;
        // Without a mark to vouch for it, the log has to be looked through before anything is
        // written: damage would be taken for its end.
        if !marked.is_some_and(|mark| mark.vouches_for(revision)) {
            log_frames::check(&place)?;
        }
        // Only now is it known to be ours.
        place.tighten()?;
        let pool = Pool::default();
        pool.give_back(first);
        Ok(Self { place, pool, log: Log::default(), queue: Queue::default(), _users: users })
    }

    /// The directory, as an absolute path.
    pub fn path(&self) -> &Path {
        self.place.directory()
    }

    /// Reads all of the file and says what is wrong with it. What the records mean is not looked
    /// at.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the file cannot be read at all.
    pub fn verify(&self) -> Result<Vec<Fault>, StoreError> {
        self.reading(|connection| verify::verify(&self.place, connection))
    }

    /// Makes good what [`DirectoryStore::verify`] found and can be made good. No record changes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be written; nothing was changed.
    pub fn repair(&self, repairs: &[FileRepair]) -> Result<(), StoreError> {
        let lock = WriterLock::acquire(&self.place)?;
        let repaired = self.reading(|connection| verify::repair(&self.place, connection, repairs));
        drop(lock);
        repaired
    }

    /// What the store takes on the disk.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn sizes(&self) -> Result<Sizes, StoreError> {
        self.reading(|connection| verify::sizes(&self.place, connection))
    }

    /// Writes the store, as it is at one moment, to a file of mode 0600. Others may go on writing.
    /// The file is complete and on the disk when it gets its name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exists`] when there is such a file and it is not to be replaced; else when
    /// the store cannot be read or the file cannot be written. Then there is no new file.
    pub fn backup(&self, target: &Path, replace: bool) -> Result<Backup, StoreError> {
        self.reading(|connection| backup::make(&self.place, connection, target, replace))
    }

    /// The format in which stores are written.
    pub const FORMAT: u32 = schema::FORMAT;

    /// Commits a batch, and with it those of the threads that wait.
    fn lead(&self, lead: &Lead<'_>, batch: &Batch, started: Instant) -> Outcome {
        let patience = self.place.wait().saturating_sub(started.elapsed());
        let lock = WriterLock::acquire_within(&self.place, patience)?;
        let waiting = lead.take(TOGETHER - 1);
        let others: Vec<&Batch> = waiting.iter().map(|waiting| &waiting.batch).collect();
        let (own, of_others) = match self.commit(&lock, batch, &others, started) {
            // One of them may be to blame: which one shows when each is alone.
            Err(_) if !others.is_empty() => {
                let alone = |batch: &Batch| self.commit(&lock, batch, &[], started)?.0;
                (alone(batch), others.iter().map(|batch| alone(batch)).collect())
            }
            outcomes => outcomes?,
        };
        drop(lock);
        waiting.into_iter().zip(of_others).for_each(|(waiting, outcome)| waiting.tell(outcome));
        own
    }

    /// Commits batches in one transaction: all of them, but those that conflict.
    fn commit(
        &self,
        lock: &WriterLock,
        first: &Batch,
        others: &[&Batch],
        started: Instant,
    ) -> Result<Outcomes, StoreError> {
        let outcomes = self.pool.write(&self.place, started, |connection| {
            log::publish(&self.place)
                .map_err(|source| self.place.unwritable("cannot write the store at", source))?;
            apply::run(&self.place, connection, (first, others), started)
        })?;
        let (first, others) = &outcomes;
        if let Some(revision) = others.iter().rev().chain([first]).flatten().next() {
            self.log.has_grown();
            lock.mark(*revision);
        }
        Ok(outcomes)
    }

    fn reading<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = self.pool.take(&self.place)?;
        let outcome = read(&connection);
        self.pool.give_back(connection);
        outcome
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
        match self.queue.join(batch, self.place.wait()) {
            Turn::Done(outcome) => outcome,
            Turn::Lead(lead) => self.lead(&lead, batch, started),
        }
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
    Place::new(path, Duration::ZERO).is_ok_and(|place| place.has_store().unwrap_or(true))
}
