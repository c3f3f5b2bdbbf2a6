//! A backup that takes the place of a store.
//!
//! The backup is copied beside the store, looked at there, and gets the name of the store in one
//! step: whenever that stops, one whole store has the name. What had it before is kept under
//! another. Nobody else may have the store open meanwhile.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::lock::WriterLock;
use super::place::Place;
use super::private::{self, sync_directory};
use super::users::Users;
use super::{DirectoryStore, Options, connection, failure, statements};
use crate::StoreError;

/// What SQLite may keep beside a database.
const SUFFIXES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A copy of a backup in the directory of a store. Dropping it removes it.
#[derive(Debug)]
pub struct Incoming {
    store: Place,
    copy: Place,
    /// Whether the directory was made for it.
    is_new: bool,
    /// One at a time.
    _alone: Users,
}

/// What a restored store has replaced.
#[derive(Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The name under which it is kept; none if there was no store.
    pub kept: Option<PathBuf>,
}

impl Incoming {
    /// Copies a backup to the directory of a store, which is made if it is not there. A directory
    /// without a store may hold `beside`, and nothing else that is not of a store.
    ///
    /// # Errors
    ///
    /// When the backup cannot be read, the copy cannot be written, or somebody else is restoring.
    pub fn copy(
        backup: &Path,
        store: &Path,
        beside: &str,
        options: Options,
    ) -> Result<Self, StoreError> {
        let store = Place::new(store, options.wait)?;
        let unreadable = |source| store.incoming(backup).io("cannot read the backup", source);
        let mut from = File::open(backup).map_err(unreadable)?;
        if !from.metadata().map_err(unreadable)?.is_file() {
            return Err(unreadable(io::Error::other("it is not a file")));
        }
        let is_new = !store.directory().exists();
        if !store.has_store()? {
            store.make_directory_with(&[beside])?;
        }
        let copy = store.incoming(backup);
        let incoming = Self { _alone: Users::alone(&copy)?, copy, store, is_new };
        incoming.remove();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let unwritable = |source| incoming.store.unwritable("cannot write to", source);
        let mut to = private::file(incoming.copy.database(), &mut options).map_err(unwritable)?;
        io::copy(&mut from, &mut to).map_err(unwritable)?;
        to.sync_all().map_err(unwritable)?;
        Ok(incoming)
    }

    /// The copy as a store: to be looked at, and changed before it is used.
    ///
    /// # Errors
    ///
    /// As [`DirectoryStore::open`]: when it is no backup, or a newer program made it.
    pub fn open(&self) -> Result<DirectoryStore, StoreError> {
        // The locks beside the copy are held by this process already.
        DirectoryStore::over(self.copy.clone(), None)
    }

    /// Puts the copy in the place of the store. `seen` is the revision of the store that the
    /// caller compared the backup with; none if there is no store, or none that can be opened.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] when others have the store open or have written to it since; the
    /// store is as it was.
    pub fn install(self, seen: Option<u64>) -> Result<Replaced, StoreError> {
        settle(&self.copy)?;
        let _alone = Users::alone(&self.store)?;
        let lock = WriterLock::if_free(&self.store)
            .ok_or_else(|| StoreError::InUse { place: self.store.name() })?;
        let kept = match (self.store.has_store()?, seen) {
            (false, _) => None,
            (true, Some(seen)) => {
                if settle(&self.store)? != seen {
                    return Err(StoreError::InUse { place: self.store.name() });
                }
                Some(self.keep()?)
            }
            (true, None) => Some(self.keep()?),
        };
        let unwritable = |source| self.store.unwritable("cannot replace the store at", source);
        // The mark of the old store would condemn the new one. A store that was settled is whole
        // without it; one that was not must not be taken for whole once its log is gone.
        if seen.is_some() {
            lock.unmark().map_err(unwritable)?;
        }
        for suffix in SUFFIXES {
            absent_is_fine(fs::remove_file(Place::beside(self.store.database(), suffix)))
                .map_err(unwritable)?;
        }
        sync_directory(self.store.directory()).map_err(unwritable)?;
        fs::rename(self.copy.database(), self.store.database()).map_err(unwritable)?;
        lock.unmark().map_err(unwritable)?;
        sync_directory(self.store.directory()).map_err(unwritable)?;
        Ok(Replaced { kept })
    }

    /// Gives the database of the store, and a log that could not be read into it, a second name.
    fn keep(&self) -> Result<PathBuf, StoreError> {
        let unwritable = |source| self.store.unwritable("cannot keep the old store in", source);
        for number in 1..=9_999_u32 {
            let name = format!("pki.db.replaced-{number}");
            let name = self.store.directory().join(name);
            match second_name(self.store.database(), &name) {
                Err(problem) if problem.kind() == ErrorKind::AlreadyExists => {}
                Err(problem) => return Err(unwritable(problem)),
                Ok(()) => {
                    let log = second_name(&self.store.log(), &Place::beside(&name, "-wal"));
                    absent_is_fine(log).map_err(unwritable)?;
                    return Ok(name);
                }
            }
        }
        Err(unwritable(ErrorKind::AlreadyExists.into()))
    }

    fn remove(&self) {
        let database = self.copy.database();
        drop(fs::remove_file(database));
        for suffix in SUFFIXES {
            drop(fs::remove_file(Place::beside(database, suffix)));
        }
        drop(fs::remove_file(self.copy.lock()));
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.remove();
        drop(fs::remove_file(self.copy.users()));
        if self.is_new {
            // It stays, of course, if it holds a store by now.
            drop(fs::remove_dir(self.store.directory()));
        }
    }
}

/// Brings everything into the one file, and says at which revision it is. Fails where another
/// connection has it open, whatever program that belongs to.
fn settle(place: &Place) -> Result<u64, StoreError> {
    let named = |problem| match failure::named(place, problem) {
        StoreError::Busy { .. } => StoreError::InUse { place: place.name() },
        other => other,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(place.database(), flags).map_err(named)?;
    connection::check(place, &database)?;
    let revision = statements::revision(&database).map_err(named)?;
    let mode: String = database
        .pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0))
        .map_err(named)?;
    database.close().map_err(|(_, problem)| named(problem))?;
    if mode == "delete" { Ok(revision) } else { Err(StoreError::InUse { place: place.name() }) }
}

/// A link; where there are none, a copy.
fn second_name(old: &Path, new: &Path) -> io::Result<()> {
    match fs::hard_link(old, new) {
        Err(problem)
            if !matches!(problem.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) =>
        {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            let mut to = private::file(new, &mut options)?;
            io::copy(&mut File::open(old)?, &mut to)?;
            to.sync_all()
        }
        linked => linked,
    }
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
