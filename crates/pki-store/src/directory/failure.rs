//! What SQLite's errors mean here.

use std::io::{self, ErrorKind};

use rusqlite::{Error, ErrorCode};

use super::lock::busy;
use super::place::Place;
use crate::StoreError;

/// Gives an error its name.
pub(super) fn named(place: &Place, error: Error) -> StoreError {
    use ErrorCode as Code;

    let name = place.name();
    match error.sqlite_error_code() {
        Some(Code::DiskFull) => StoreError::Full { place: name },
        Some(Code::ReadOnly) => StoreError::ReadOnly { place: name },
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => busy(place.wait()),
        Some(Code::NotADatabase) => place.corrupt("pki.db is not an SQLite file"),
        Some(Code::DatabaseCorrupt) => place.corrupt(&format!("pki.db is damaged ({error})")),
        Some(Code::CannotOpen | Code::PermissionDenied) => {
            let source = io::Error::new(ErrorKind::PermissionDenied, error);
            place.io("cannot open the store at", source)
        }
        Some(Code::SystemIoFailure) => {
            place.io("cannot read or write the store at", io::Error::other(error))
        }
        _ => StoreError::Backend {
            place: name,
            problem: error.to_string(),
        },
    }
}
