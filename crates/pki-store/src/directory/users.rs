//! Who has the store open.
//!
//! Everybody who opens a store holds `pki.users` together with all others until they close it.
//! Who replaces the store takes the file alone. SQLite's own locks would not do: a process that
//! has the old file open would go on with it after its name was given to another.

use std::fs::{File, OpenOptions, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use super::lock::busy;
use super::place::Place;
use crate::StoreError;

/// Being one of the users, or the only one, until dropped.
#[derive(Debug)]
pub(super) struct Users(#[expect(dead_code, reason = "held for its lock")] File);

impl Users {
    /// Joins the users of a store, where there is a file for them.
    pub(super) fn join(place: &Place) -> Result<Option<Self>, StoreError> {
        let options = OpenOptions::new().read(true).write(true).open(place.users());
        options.map_or(Ok(None), |file| Self::share(place, file))
    }

    /// As [`Users::join`], and makes the file: only where it is known that there is a store. None
    /// where nothing can be made or locked, as on a medium that cannot be written: there nobody
    /// can replace the store either.
    pub(super) fn found(place: &Place) -> Result<Option<Self>, StoreError> {
        place.open_users().map_or(Ok(None), |file| Self::share(place, file))
    }

    fn share(place: &Place, file: File) -> Result<Option<Self>, StoreError> {
        const PAUSE: Duration = Duration::from_millis(2);
        let started = Instant::now();
        loop {
            match file.try_lock_shared() {
                Ok(()) => return Ok(Some(Self(file))),
                Err(TryLockError::Error(_)) => return Ok(None),
                Err(TryLockError::WouldBlock) if started.elapsed() < place.wait() => {
                    thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(busy(started.elapsed())),
            }
        }
    }

    /// Becomes the only user, if there is no other.
    pub(super) fn alone(place: &Place) -> Result<Self, StoreError> {
        let file = place.open_users()?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { place: place.name() }),
            Err(TryLockError::Error(source)) => Err(place.io("cannot lock the store at", source)),
        }
    }
}
