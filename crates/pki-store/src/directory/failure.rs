//! What SQLite's errors mean here.

use std::io::{self, ErrorKind};

use rusqlite::{Error, ErrorCode, ffi};

use super::lock::busy;
use super::place::Place;
use crate::StoreError;

/// Gives an error its name.
pub(super) fn named(place: &Place, error: Error) -> StoreError {
    use ErrorCode as Code;

    let name = place.name();
    // The tables are strict: only damage puts a value of another type there.
    if matches!(error, Error::InvalidColumnType(..)) {
        return place.corrupt(&format!("{} is damaged ({error})", place.file()));
    }
    match error.sqlite_error_code() {
        Some(Code::DiskFull) => StoreError::Full { place: name },
        Some(Code::ReadOnly) => StoreError::ReadOnly { place: name },
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => busy(place.wait()),
        Some(Code::NotADatabase) => {
            place.corrupt(&format!("{} is not an SQLite file", place.file()))
        }
        // A disk that cannot read looks the same from here.
        Some(Code::DatabaseCorrupt) => {
            place.corrupt(&format!("{} is damaged or cannot be read ({error})", place.file()))
        }
        Some(Code::CannotOpen | Code::PermissionDenied) => {
            not_opened(place, error, io::Error::last_os_error())
        }
        // After a sync that failed it is not known what is on the disk.
        Some(Code::SystemIoFailure) if is_sync(&error) => io_failed(place, error, ErrorKind::Other),
        Some(Code::SystemIoFailure) => io_failed(place, error, io::Error::last_os_error().kind()),
        _ => StoreError::Backend { place: name, problem: error.to_string() },
    }
}

fn is_sync(error: &Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC))
}

/// SQLite knows of no full disk where it makes its index of the log, and knows no quotas at all.
/// The system's last word in this thread does.
fn io_failed(place: &Place, error: Error, system: ErrorKind) -> StoreError {
    match system {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            StoreError::Full { place: place.name() }
        }
        _ => place.io("cannot read or write the store at", io::Error::other(error)),
    }
}

/// SQLite opens a file for reading when it cannot be opened for writing, whatever the reason.
/// `system` is the last word of the system when that was done in this thread.
pub(super) fn read_only(place: &Place, system: io::Error) -> StoreError {
    match system.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            StoreError::Full { place: place.name() }
        }
        _ if is_shortage(&system) => place.io("cannot write the store at", system),
        _ => StoreError::ReadOnly { place: place.name() },
    }
}

/// SQLite does not say why it cannot open a file. Mostly it may not, and then it may be enough to
/// read; where the system's last word in this thread is another, that is no reason to.
fn not_opened(place: &Place, error: Error, system: io::Error) -> StoreError {
    let source = match is_shortage(&system) {
        true => system,
        false => io::Error::new(ErrorKind::PermissionDenied, error),
    };
    place.io("cannot open the store at", source)
}

/// Whether the system could not do what it was asked, be that allowed or not.
fn is_shortage(error: &io::Error) -> bool {
    const EIO: i32 = 5;
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    cfg!(unix) && matches!(error.raw_os_error(), Some(EIO | ENFILE | EMFILE))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_value_of_another_type_is_damage() {
        let place = Place::new(Path::new("/store"), Duration::ZERO).unwrap();
        let error = Error::InvalidColumnType(0, "key".to_owned(), rusqlite::types::Type::Text);
        let said = named(&place, error).to_string();
        let want = "/store is not a usable store: pki.db is damaged (Invalid column type Text";
        assert!(said.starts_with(want), "{said}");
    }

    #[test]
    fn the_system_knows_that_the_disk_is_full() {
        let place = Place::new(Path::new("/store"), Duration::ZERO).unwrap();
        let cases = [
            (ErrorKind::StorageFull, "no space left for the store at /store; nothing was changed"),
            (
                ErrorKind::QuotaExceeded,
                "no space left for the store at /store; nothing was changed",
            ),
            (ErrorKind::Other, "cannot read or write the store at /store: what it said"),
        ];
        for (system, want) in cases {
            let said = Some("what it said".to_owned());
            let error = Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_SHMSIZE), said);
            assert_eq!(io_failed(&place, error, system).to_string(), want);
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_system_knows_why_a_file_is_not_opened() {
        let place = Place::new(Path::new("/store"), Duration::ZERO).unwrap();
        let start = "cannot open the store at /store: ";
        let cases = [
            (5, "Input/output error (os error 5)"),
            (23, "Too many open files in system (os error 23)"),
            (24, "Too many open files (os error 24)"),
            (13, "what it said"),
            (2, "what it said"),
        ];
        for (system, want) in cases {
            let said = Some("what it said".to_owned());
            let error = Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CANTOPEN), said);
            let said = not_opened(&place, error, io::Error::from_raw_os_error(system)).to_string();
            assert_eq!(said, format!("{start}{want}"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_system_knows_why_a_file_is_read_only() {
        let place = Place::new(Path::new("/store"), Duration::ZERO).unwrap();
        let read_only = "store at /store cannot be written: it is read-only";
        let cases = [
            (28, "no space left for the store at /store; nothing was changed"),
            (5, "cannot write the store at /store: Input/output error (os error 5)"),
            (24, "cannot write the store at /store: Too many open files (os error 24)"),
            (13, read_only),
            // Of something else that was not there.
            (2, read_only),
        ];
        for (system, want) in cases {
            let system = io::Error::from_raw_os_error(system);
            assert_eq!(super::read_only(&place, system).to_string(), want);
        }
    }

    #[test]
    fn errors_of_sqlite_get_names() {
        let place = Place::new(Path::new("/store"), Duration::from_millis(7)).unwrap();
        let cases = [
            (ffi::SQLITE_FULL, "no space left for the store at /store; nothing was changed"),
            (ffi::SQLITE_READONLY, "store at /store cannot be written: it is read-only"),
            (ffi::SQLITE_BUSY, "store is busy: another process has been writing for 7 ms"),
            (ffi::SQLITE_NOTADB, "/store is not a usable store: pki.db is not an SQLite file"),
            (
                ffi::SQLITE_CORRUPT,
                "/store is not a usable store: pki.db is damaged or cannot be read (what it said)",
            ),
            (ffi::SQLITE_IOERR, "cannot read or write the store at /store: what it said"),
            (ffi::SQLITE_ERROR, "store backend failed at /store: what it said"),
        ];
        for (code, want) in cases {
            let said = Some("what it said".to_owned());
            let error = Error::SqliteFailure(ffi::Error::new(code), said);
            assert_eq!(named(&place, error).to_string(), want);
        }
    }
}
