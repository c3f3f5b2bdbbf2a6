//! Connections that wait for their next user.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, MAIN_DB};

use super::place::Place;
use super::{connection, failure};
use crate::StoreError;

/// How many are kept. A program that opens a store, reads and writes needs one; a server as many
/// as it has snapshots at a time.
const IDLE: usize = 32;

/// How long those who come wait while all that are out are called back. Longer than most
/// snapshots are held, short for a reader: who looks through a whole store is not waited for.
const DRAIN: Duration = Duration::from_secs(1);

/// Connections for readers and for the writer alike: a short-lived program pays for one only.
#[derive(Debug, Default)]
pub(super) struct Pool {
    state: Mutex<State>,
    /// Something came back, or those who wait may go on.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Connection>,
    /// The one that wrote last, and so knows that what it remembers of the database still holds:
    /// readers take it only when there is no other.
    writer: Option<Connection>,
    /// How many are in use.
    out: usize,
    /// None is kept that comes back: they share a file that cannot be written.
    is_spoilt: bool,
    /// None is given out.
    is_draining: bool,
}

impl Pool {
    /// A connection, with patience for locks of SQLite's own. Others hold those only for a moment
    /// while they open a store after a crash, or for long if they are not this program.
    pub(super) fn take(&self, place: &Place) -> Result<Connection, StoreError> {
        let state = self.changed.wait_while(self.state(), |state| state.is_draining);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.out += 1;
        let kept = state.idle.pop().or_else(|| state.writer.take());
        drop(state);
        let mut out = Out(Some(self));
        let taken = kept.map_or_else(
            || connection::open(place),
            |connection| {
                let patient = connection.busy_timeout(place.wait());
                patient.map_err(|problem| failure::named(place, problem)).map(|()| connection)
            },
        );
        if taken.is_ok() {
            out.stays();
        }
        taken
    }

    /// Writes with a connection, or with a new one if that can only read. What waiting began at
    /// `started` counts.
    pub(super) fn write<T>(
        &self,
        place: &Place,
        started: Instant,
        write: impl Fn(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = self.take_writer(place)?;
        // Given the connection, so that it is closed before it counts as back.
        let _out = Out(Some(self));
        self.write_with(connection, place, started, write)
    }

    fn write_with<T>(
        &self,
        mut connection: Connection,
        place: &Place,
        started: Instant,
        write: impl Fn(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut written = write(&connection);
        if matches!(written, Err(StoreError::ReadOnly { .. })) {
            drop(connection);
            let patience = place.wait().saturating_sub(started.elapsed());
            connection = self.renew(patience, || connection::open(place))?;
            let system = io::Error::last_os_error();
            written = write(&connection).map_err(|problem| match problem {
                StoreError::ReadOnly { .. } => failure::read_only(place, system),
                other => other,
            });
        }
        // Where it failed the fault may be its own.
        if written.is_ok() {
            self.keep_writer(connection);
        }
        written
    }

    fn take_writer(&self, place: &Place) -> Result<Connection, StoreError> {
        let mut state = self.state();
        let Some(last) = state.writer.take() else {
            drop(state);
            return self.take(place);
        };
        state.out += 1;
        Ok(last)
    }

    /// Keeps a connection for the next user, unless something is still under way in it or it
    /// can only read.
    pub(super) fn give_back(&self, connection: Connection) {
        let is_good = connection.is_autocommit() && can_write(&connection);
        let mut state = self.state();
        if is_good && !state.is_spoilt && state.idle.len() < IDLE {
            state.idle.push(connection);
        } else {
            drop(connection);
        }
        self.is_back(&mut state);
    }

    /// Keeps a connection that has written for the next writer, on the same terms.
    fn keep_writer(&self, connection: Connection) {
        if connection.is_autocommit() {
            let mut state = self.state();
            state.is_spoilt = false;
            // There was none: one writes at a time. If there is, it is closed.
            state.writer = Some(connection);
        }
    }

    /// A new connection in the place of one that can only read, and was closed.
    ///
    /// The connections of a process share `pki.db-shm`. If it could not be opened for writing
    /// once, none of them can write until all are closed, and new ones would join them. So they
    /// are closed as they come back, and for a while those who come wait. Whoever reads for longer
    /// than that keeps the file as it is, and the next writer tries again.
    fn renew(
        &self,
        patience: Duration,
        open: impl FnOnce() -> Result<Connection, StoreError>,
    ) -> Result<Connection, StoreError> {
        let _draining = Draining(self);
        let mut state = self.state();
        state.is_spoilt = true;
        state.is_draining = true;
        state.idle.clear();
        state.writer = None;
        let is_shared = |state: &mut State| 1 < state.out;
        let waited = self.changed.wait_timeout_while(state, patience.min(DRAIN), is_shared);
        drop(waited);
        open()
    }

    fn is_back(&self, state: &mut State) {
        state.out = state.out.saturating_sub(1);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection counts as back when this ends, also if whoever has it panics.
struct Out<'a>(Option<&'a Pool>);

impl Out<'_> {
    /// Somebody else says when it is back.
    fn stays(&mut self) {
        self.0 = None;
    }
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        if let Some(pool) = self.0 {
            pool.is_back(&mut pool.state());
        }
    }
}

/// Connections are given out again when this ends, also if whoever waited for them panics.
struct Draining<'a>(&'a Pool);

impl Drop for Draining<'_> {
    fn drop(&mut self) {
        self.0.state().is_draining = false;
        self.0.changed.notify_all();
    }
}

/// SQLite opens a file for reading when it cannot be opened for both, also if that was for a
/// moment. Who comes next tries again.
fn can_write(connection: &Connection) -> bool {
    connection.is_readonly(MAIN_DB).is_ok_and(|is_readonly| !is_readonly)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use rusqlite::OpenFlags;

    use super::*;
    use crate::directory::{DirectoryStore, Options};
    use crate::{Batch, Store as _};

    #[test]
    fn what_could_not_be_opened_for_writing_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::create(folder.path(), Options::default()).unwrap();
        let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(store.place.database(), read_only).unwrap();
        drop(store.pool.take(&store.place).unwrap());
        store.pool.give_back(connection);
        store.apply(&Batch::default()).unwrap();
    }

    #[test]
    fn a_connection_that_cannot_write_is_not_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::create(folder.path(), Options::default()).unwrap();
        let connection = store.pool.take(&store.place).unwrap();
        connection.execute_batch("PRAGMA query_only = ON").unwrap();
        store.pool.keep_writer(connection);
        drop(Out(Some(&store.pool)));
        store.apply(&Batch::default()).unwrap();
    }

    #[test]
    fn whoever_panics_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::create(folder.path(), Options::default()).unwrap();
        let fault = || Box::new("on purpose");
        let write = || -> Result<(), StoreError> {
            store.pool.write(&store.place, Instant::now(), |_| resume_unwind(fault()))
        };
        catch_unwind(AssertUnwindSafe(write)).unwrap_err();
        assert_eq!(store.pool.state().out, 0);
        let renew = || store.pool.renew(Duration::ZERO, || resume_unwind(fault()));
        catch_unwind(AssertUnwindSafe(renew)).unwrap_err();
        assert!(!store.pool.state().is_draining);
        store.apply(&Batch::default()).unwrap();
        assert_eq!(store.pool.state().out, 0);
    }

    /// Makes all connections of this process share an index of the log that they cannot write,
    /// while it is open. As when it could not be opened for writing once.
    fn spoiler(store: &DirectoryStore) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
        let uri = format!("file:{}?readonly_shm=1", store.place.database().display());
        let spoiler = Connection::open_with_flags(uri, flags).unwrap();
        spoiler.pragma_query_value(None, "user_version", |_| Ok(())).unwrap();
        spoiler
    }

    /// A store with a log, and nothing in the pool.
    fn cold(folder: &tempfile::TempDir) -> DirectoryStore {
        let store = DirectoryStore::create(folder.path(), Options::default()).unwrap();
        store.apply(&Batch::default()).unwrap();
        *store.pool.state() = State::default();
        store
    }

    #[test]
    fn an_index_that_could_not_be_written_once_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = cold(&folder);
        let spoiler = spoiler(&store);
        drop([store.snapshot().unwrap(), store.snapshot().unwrap()]);
        drop(spoiler);
        store.apply(&Batch::default()).unwrap();
    }

    #[test]
    fn who_reads_for_long_keeps_writers_away_only_until_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = cold(&folder);
        let spoiler = spoiler(&store);
        let snapshot = store.snapshot().unwrap();
        drop(spoiler);
        for _ in 0..2 {
            let problem = store.apply(&Batch::default()).unwrap_err();
            assert!(matches!(problem, StoreError::ReadOnly { .. }), "{problem:?}");
            // Reading goes on.
            store.revision().unwrap();
        }
        drop(snapshot);
        store.apply(&Batch::default()).unwrap();
    }

    #[test]
    fn readers_without_end_let_a_writer_through() {
        const READERS: usize = 4;
        let folder = tempfile::tempdir().unwrap();
        let store = cold(&folder);
        let spoiler = spoiler(&store);
        let is_over = AtomicBool::new(false);
        let ready = Barrier::new(READERS + 1);
        let read = || {
            let first = store.snapshot();
            ready.wait();
            drop(first);
            while !is_over.load(Ordering::Relaxed) {
                store.revision().unwrap();
            }
        };
        thread::scope(|scope| {
            (0..READERS).for_each(|_| drop(scope.spawn(read)));
            ready.wait();
            drop(spoiler);
            let written = store.apply(&Batch::default());
            is_over.store(true, Ordering::Relaxed);
            written.unwrap();
        });
    }
}
