//! The queue of writers.
//!
//! SQLite lets one process write at a time, but those that wait for their turn sleep and try
//! again: the unlucky one starves. So writers first queue for a lock file, which the system hands
//! on in order of arrival. The lock is for fairness alone; what keeps the data whole is SQLite's
//! own, and a store survives the loss of the file.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::mark;
use super::place::Place;
use crate::StoreError;

/// The right to write, until dropped.
#[derive(Debug)]
pub(super) struct WriterLock(File);

impl WriterLock {
    /// Waits in line, as long as the place says. Each call opens the file anew, so threads of one
    /// process queue as processes do.
    pub(super) fn acquire(place: &Place) -> Result<Self, StoreError> {
        Self::acquire_within(place, place.wait())
    }

    /// Waits in line, but not longer than this: what is left of what the place says.
    pub(super) fn acquire_within(place: &Place, wait: Duration) -> Result<Self, StoreError> {
        let file = place.open_lock()?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Self::queue(place, file, wait),
            Err(TryLockError::Error(source)) => Err(place.io("cannot lock the store at", source)),
        }
    }

    /// Does not wait.
    pub(super) fn if_free(place: &Place) -> Option<Self> {
        let file = place.open_lock().ok()?;
        file.try_lock().ok().map(|()| Self(file))
    }

    /// Notes the revision that was just committed; see [`mark`].
    pub(super) fn mark(&self, revision: u64) {
        mark::write(&self.0, revision);
    }

    /// Forgets what was noted.
    pub(super) fn unmark(&self) -> io::Result<()> {
        mark::clear(&self.0)
    }

    /// A thread of its own waits, since the system's queue knows no timeout. If we lose patience
    /// it keeps its place, and gives up the lock as soon as it has it: nobody is there to take
    /// it.
    fn queue(place: &Place, file: File, wait: Duration) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let waiter = move || {
            drop(sender.send(lock_patiently(&file).map(|()| Self(file))));
        };
        let failed = |source| place.io("cannot lock the store at", source);
        thread::Builder::new().name("store queue".into()).spawn(waiter).map_err(failed)?;
        match receiver.recv_timeout(wait) {
            Ok(locked) => locked.map_err(failed),
            Err(RecvTimeoutError::Timeout) => Err(busy(place.wait())),
            Err(RecvTimeoutError::Disconnected) => {
                Err(failed(io::Error::other("the waiting thread has died")))
            }
        }
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // Closing is not enough while a process being started still holds a copy of the file.
        // If this fails, closing does it a moment later.
        drop(self.0.unlock());
    }
}

fn lock_patiently(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// What to say after waiting in vain.
pub(super) fn busy(waited: Duration) -> StoreError {
    StoreError::Busy { waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX) }
}
