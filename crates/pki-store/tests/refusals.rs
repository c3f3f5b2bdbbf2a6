//! What is not a store is refused, and left as it is.
#![cfg(feature = "sqlite")]

mod support;

use std::fs;
use std::path::Path;

use pki_store::directory::{DirectoryStore, Options, exists};
use pki_store::{KeyRange, Store as _, StoreError};
use rusqlite::Connection;
use support::{CLUSTERED, HEAP, create, key, open, put};

/// A store with some records, all of them in the database file and none in the log.
fn settled(path: &Path) -> Outcome {
    let store = create(path)?;
    for n in 0..100_u8 {
        put(&store, &key(HEAP, [n]), [n; 620])?;
    }
    drop(store);
    edit(path, "PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// What an operator might do with another tool.
fn edit(path: &Path, sql: &str) -> rusqlite::Result<()> {
    Connection::open(path.join("pki.db"))?.execute_batch(sql)
}

/// Opens, or makes, and reads everything: some of that must fail.
fn refusal(open: fn(&Path) -> Result<DirectoryStore, StoreError>, path: &Path) -> Outcome<StoreError> {
    let read = |store: DirectoryStore| {
        let view = store.snapshot()?;
        for table in [HEAP, CLUSTERED] {
            view.scan(&KeyRange::prefix(table, []), usize::MAX)?;
        }
        Ok(())
    };
    match open(path).and_then(read) {
        Err(refused) => Ok(refused),
        Ok(()) => Err(format!("{} is read like a store", path.display()).into()),
    }
}

#[track_caller]
fn is_corrupt(path: &Path) {
    for open in [open, create] {
        let refused = refusal(open, path).unwrap();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    }
}

#[test]
fn a_place_without_a_store_is_missing() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    for path in ["", "nowhere", "nowhere/deeper", "file/below"] {
        let path = place.path().join(path);
        let refused = refusal(&path);
        assert!(
            matches!(refused, StoreError::Missing { .. }),
            "{path:?}: {refused}"
        );
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
        for refused in [
            refusal(place.path()),
            create(place.path()).expect_err("not a store"),
        ] {
            assert!(
                matches!(refused, StoreError::Corrupt { .. }),
                "{content:?}: {refused}"
            );
        }
        assert_eq!(fs::read(place.path().join("pki.db")).unwrap(), content);
    }
}

#[test]
fn files_of_other_programs_are_not_stores() {
    let place = tempfile::tempdir().unwrap();
    edit(
        place.path(),
        "CREATE TABLE theirs (x); PRAGMA application_id = 7",
    );
    let before = fs::read(place.path().join("pki.db")).unwrap();
    let refused = refusal(place.path());
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    assert_eq!(fs::read(place.path().join("pki.db")).unwrap(), before);
}

#[test]
fn a_file_is_not_a_store() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for refused in [
        refusal(file.path()),
        create(file.path()).expect_err("it is a file"),
    ] {
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    }
}

#[test]
fn a_newer_format_is_named() {
    let place = tempfile::tempdir().unwrap();
    settled(place.path());
    edit(place.path(), "PRAGMA user_version = 7");
    let refused = refusal(place.path());
    assert!(
        matches!(
            refused,
            StoreError::TooNew {
                found: 7,
                known: 1,
                ..
            }
        ),
        "{refused}"
    );
    for nonsense in [0, -1] {
        edit(place.path(), &format!("PRAGMA user_version = {nonsense}"));
        let refused = refusal(place.path());
        assert!(
            matches!(refused, StoreError::Corrupt { .. }),
            "{nonsense}: {refused}"
        );
    }
}

#[test]
fn a_file_that_was_cut_short_is_damaged() {
    let place = tempfile::tempdir().unwrap();
    settled(place.path());
    let file = place.path().join("pki.db");
    let whole = fs::read(&file).unwrap();
    for length in [50, 100, 1024, whole.len() / 2, whole.len() - 1024] {
        fs::write(&file, whole.get(..length).unwrap()).unwrap();
        let refused = refusal(place.path());
        assert!(
            matches!(refused, StoreError::Corrupt { .. }),
            "{length} bytes: {refused}"
        );
    }
}

#[test]
fn pages_that_were_overwritten_are_damage() {
    let place = tempfile::tempdir().unwrap();
    settled(place.path());
    let file = place.path().join("pki.db");
    let mut content = fs::read(&file).unwrap();
    content.iter_mut().skip(1024).for_each(|byte| *byte = 0x5a);
    fs::write(&file, content).unwrap();
    let refused = refusal(place.path());
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
}

#[test]
fn a_place_where_nothing_can_be_made_says_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = create(file.path().join("below")).expect_err("its parent is a file");
    assert!(matches!(refused, StoreError::Io { .. }), "{refused}");
    if cfg!(target_os = "linux") {
        // Even root can make nothing there.
        let refused = create("/proc/store").expect_err("nothing can be made in /proc");
        assert!(
            matches!(refused, StoreError::Io { .. } | StoreError::ReadOnly { .. }),
            "{refused}"
        );
    }
}

#[test]
fn an_interrupted_creation_is_started_over() {
    let place = tempfile::tempdir().unwrap();
    for leftover in [
        "pki.db.new",
        "pki.db.new-wal",
        "pki.db.new-journal",
        "pki.lock",
    ] {
        fs::write(place.path().join(leftover), "half").unwrap();
    }
    assert!(matches!(refusal(place.path()), StoreError::Missing { .. }));
    put(&create(place.path()).unwrap(), &key(HEAP, "k"), "v").unwrap();
    assert!(exists(place.path()));
    let left = fs::read_dir(place.path()).unwrap().filter_map(Result::ok);
    assert!(
        !left
            .into_iter()
            .any(|entry| entry.file_name().to_string_lossy().contains("new"))
    );
}

#[test]
fn a_log_that_was_turned_off_is_turned_on() {
    let place = tempfile::tempdir().unwrap();
    settled(place.path());
    edit(place.path(), "PRAGMA journal_mode = DELETE");
    put(&open(place.path()).unwrap(), &key(HEAP, "k"), "v").unwrap();
    assert!(place.path().join("pki.db-wal").exists());
}

#[test]
fn a_path_is_not_taken_for_a_uri() {
    let place = tempfile::tempdir().unwrap();
    for name in [
        "file:x?mode=memory",
        "per%20cent",
        "hash#mark",
        "\u{e4}\u{f6}\u{fc} ?",
    ] {
        let path = place.path().join(name);
        put(&create(&path).unwrap(), &key(HEAP, "k"), "v").unwrap();
        assert_eq!(open(&path).unwrap().revision().unwrap(), 1);
        assert_eq!(
            DirectoryStore::open(&path, Options::default())
                .unwrap()
                .path(),
            path
        );
        assert!(path.join("pki.db").is_file());
    }
}
