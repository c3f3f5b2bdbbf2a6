//! What is not a store is refused, and left as it is.
#![cfg(feature = "sqlite")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use pki_store::directory::{DirectoryStore, exists};
use pki_store::{KeyRange, Store as _, StoreError};
use rusqlite::Connection;
use support::{CLUSTERED, HEAP, Outcome, create, key, open, put};

/// A store with some records, all of them in the database file and none in the log.
fn settled(path: &Path) -> Outcome {
    let store = create(path)?;
    for n in 0..100_u8 {
        put(&store, &key(HEAP, [n]), [n; 620])?;
    }
    drop(store);
    Ok(edit(path, "PRAGMA wal_checkpoint(TRUNCATE)")?)
}

/// What an operator might do with another tool.
fn edit(path: &Path, sql: &str) -> rusqlite::Result<()> {
    Connection::open(path.join("pki.db"))?.execute_batch(sql)
}

fn read_everything(store: &DirectoryStore) -> Result<(), StoreError> {
    let view = store.snapshot()?;
    for table in [HEAP, CLUSTERED] {
        view.scan(&KeyRange::prefix(table, []), usize::MAX)?;
    }
    Ok(())
}

/// Whether opened or asked for, it is not usable.
#[track_caller]
fn is_corrupt(path: &Path, what: &str) {
    for open in [open, create] {
        let read = open(path).and_then(|store| read_everything(&store));
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{what}: {read:?}");
    }
}

#[test]
fn what_lies_beside_the_database_has_to_be_files() -> Outcome {
    let place = tempfile::tempdir()?;
    settled(place.path())?;
    for name in ["pki.db-wal", "pki.db-shm", "pki.lock", "pki.users"] {
        let file = place.path().join(name);
        // Not all are always there.
        drop(fs::remove_file(&file));
        for make in ["mkfifo", "mkdir"] {
            assert!(Command::new(make).arg(&file).status()?.success(), "{make}");
            for open in [open, create] {
                let problem = open(place.path()).unwrap_err().to_string();
                assert!(problem.ends_with(&format!("{name} is not a file")), "{make}: {problem}");
            }
            assert!(Command::new("rm").arg("-r").arg(&file).status()?.success());
        }
        read_everything(&open(place.path())?)?;
    }
    Ok(())
}

#[test]
fn a_place_without_a_store_is_missing() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    for path in ["", "nowhere", "nowhere/deeper", "file/below"] {
        let path = place.path().join(path);
        let opened = open(&path);
        assert!(matches!(opened, Err(StoreError::Missing { .. })), "{opened:?}");
        assert!(!exists(&path), "{path:?}");
    }
    // Asking made nothing.
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn other_files_are_not_stores() {
    let large = vec![b'x'; 5000];
    for content in [&b""[..], b"\0", b"SQLite format 3\0", b"-----BEGIN", &large] {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("pki.db"), content).unwrap();
        is_corrupt(place.path(), &format!("{} bytes", content.len()));
        assert_eq!(fs::read(place.path().join("pki.db")).unwrap(), content);
    }
}

#[test]
fn files_of_other_programs_are_not_stores() {
    let place = tempfile::tempdir().unwrap();
    edit(place.path(), "CREATE TABLE theirs (x); PRAGMA application_id = 7").unwrap();
    let before = fs::read(place.path().join("pki.db")).unwrap();
    is_corrupt(place.path(), "theirs");
    assert_eq!(fs::read(place.path().join("pki.db")).unwrap(), before);
}

#[test]
fn a_file_is_not_a_store() {
    let file = tempfile::NamedTempFile::new().unwrap();
    is_corrupt(file.path(), "a file");
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("pki.db")).unwrap();
    assert!(matches!(open(place.path()), Err(StoreError::Corrupt { .. })));
}

#[test]
fn a_newer_format_is_named() {
    let place = tempfile::tempdir().unwrap();
    settled(place.path()).unwrap();
    edit(place.path(), "PRAGMA user_version = 7").unwrap();
    let opened = open(place.path());
    assert!(matches!(opened, Err(StoreError::TooNew { found: 7, known: 1, .. })), "{opened:?}");
    for nonsense in [0, -1] {
        edit(place.path(), &format!("PRAGMA user_version = {nonsense}")).unwrap();
        is_corrupt(place.path(), &format!("format {nonsense}"));
    }
}

#[test]
fn a_file_that_was_cut_short_is_damaged() {
    let place = tempfile::tempdir().unwrap();
    settled(place.path()).unwrap();
    let file = place.path().join("pki.db");
    let whole = fs::read(&file).unwrap();
    for length in [50, 100, 1024, whole.len() / 2, whole.len() - 1024] {
        fs::write(&file, &whole[..length]).unwrap();
        is_corrupt(place.path(), &format!("{length} bytes"));
    }
}

#[test]
fn pages_that_were_overwritten_are_damage() {
    let place = tempfile::tempdir().unwrap();
    settled(place.path()).unwrap();
    let file = place.path().join("pki.db");
    let mut content = fs::read(&file).unwrap();
    content[1024..].fill(0x5a);
    fs::write(&file, content).unwrap();
    is_corrupt(place.path(), "overwritten");
}

#[test]
fn a_place_where_nothing_can_be_made_says_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let created = create(&file.path().join("below"));
    assert!(matches!(created, Err(StoreError::Io { .. })), "{created:?}");
    if cfg!(target_os = "linux") {
        // Even root can make nothing there.
        let created = create(Path::new("/proc/store"));
        let refused = matches!(created, Err(StoreError::Io { .. } | StoreError::ReadOnly { .. }));
        assert!(refused, "{created:?}");
    }
}

/// It may be there, on a disk that fails now and then.
#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_looked_for_is_not_made_anew() {
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("pki.db");
    std::os::unix::fs::symlink(&database, &database).unwrap();
    let created = create(place.path());
    assert!(matches!(created, Err(StoreError::Io { .. })), "{created:?}");
    assert!(database.is_symlink());
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn an_interrupted_creation_is_started_over() {
    let place = tempfile::tempdir().unwrap();
    for leftover in ["pki.db.new", "pki.db.new-wal", "pki.db.new-journal", "pki.lock"] {
        fs::write(place.path().join(leftover), "half").unwrap();
    }
    assert!(matches!(open(place.path()), Err(StoreError::Missing { .. })));
    put(&create(place.path()).unwrap(), &key(HEAP, "k"), "v").unwrap();
    assert!(exists(place.path()));
    for leftover in ["pki.db.new", "pki.db.new-wal", "pki.db.new-journal"] {
        assert!(!place.path().join(leftover).exists(), "{leftover}");
    }
}

#[test]
fn a_log_that_was_turned_off_is_turned_on() {
    let place = tempfile::tempdir().unwrap();
    settled(place.path()).unwrap();
    edit(place.path(), "PRAGMA journal_mode = DELETE").unwrap();
    put(&open(place.path()).unwrap(), &key(HEAP, "k"), "v").unwrap();
    assert!(place.path().join("pki.db-wal").exists());
}

#[test]
fn a_path_is_not_taken_for_a_uri() {
    let place = tempfile::tempdir().unwrap();
    for name in ["file:x?mode=memory", "per%20cent", "hash#mark", "\u{e4}\u{f6}\u{fc} ?"] {
        let path = place.path().join(name);
        put(&create(&path).unwrap(), &key(HEAP, "k"), "v").unwrap();
        let store = open(&path).unwrap();
        assert_eq!((store.revision().unwrap(), store.path()), (1, path.as_path()));
        assert!(path.join("pki.db").is_file());
    }
}
