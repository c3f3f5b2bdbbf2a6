//! Connections that wait for their next user.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, MAIN_DB};

use super::place::Place;
use super::{connection, failure};
use crate::StoreError;

/// How many are kept. A program that opens a store, reads and writes needs one; a server as many
/// as it has snapshots at a time.
const IDLE: usize = 32;

/// Connections for readers and for the writer alike: a short-lived program pays for one only.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
    /// The one that wrote last, and so knows that what it remembers of the database still holds:
    /// readers take it only when there is no other.
    writer: Mutex<Option<Connection>>,
}

impl Pool {
    /// A connection, with patience for locks of SQLite's own. Others hold those only for a moment
    /// while they open a store after a crash, or for long if they are not this program.
    pub(super) fn take(&self, place: &Place) -> Result<Connection, StoreError> {
        let idle = locked(&self.idle).pop();
        let Some(connection) = idle.or_else(|| locked(&self.writer).take()) else {
            return connection::open(place);
        };
        let patient = connection.busy_timeout(place.wait());
        patient.map_err(|problem| failure::named(place, problem)).map(|()| connection)
    }

    /// A connection to write with.
    pub(super) fn take_writer(&self, place: &Place) -> Result<Connection, StoreError> {
        let last = locked(&self.writer).take();
        last.map_or_else(|| self.take(place), Ok)
    }

    /// Keeps a connection for the next user, unless something is still under way in it or it
    /// can only read.
    pub(super) fn give_back(&self, connection: Connection) {
        let mut idle = locked(&self.idle);
        if connection.is_autocommit() && can_write(&connection) && idle.len() < IDLE {
            idle.push(connection);
        }
    }

    /// Keeps a connection for the next writer, on the same terms.
    pub(super) fn give_back_writer(&self, connection: Connection) {
        if connection.is_autocommit() {
            // There was none: one writes at a time. If there is, it is closed.
            *locked(&self.writer) = Some(connection);
        }
    }
}

/// SQLite opens a file for reading when it cannot be opened for both, also if that was for a
/// moment. Who comes next tries again.
fn can_write(connection: &Connection) -> bool {
    connection.is_readonly(MAIN_DB).is_ok_and(|is_readonly| !is_readonly)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
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
    fn a_connection_that_has_failed_to_write_is_not_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::create(folder.path(), Options::default()).unwrap();
        let connection = store.pool.take(&store.place).unwrap();
        connection.execute_batch("PRAGMA query_only = ON").unwrap();
        store.pool.give_back_writer(connection);
        assert!(store.apply(&Batch::default()).is_err());
        store.apply(&Batch::default()).unwrap();
    }
}
