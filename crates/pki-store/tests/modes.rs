//! Who may read the files of a store.
#![cfg(all(feature = "sqlite", unix))]

mod support;

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use pki_store::StoreError;
use support::{HEAP, child_with_umask, create, key, open, put, role, value};

/// The modes of a directory and of what is in it, by name.
fn modes(store: &Path) -> io::Result<Vec<(String, u32)>> {
    let mode = |path: &Path| Ok::<_, io::Error>(fs::metadata(path)?.mode() & 0o7777);
    let mut modes = vec![(".".to_owned(), mode(store)?)];
    for entry in fs::read_dir(store)? {
        let entry = entry?;
        modes.push((entry.file_name().to_string_lossy().into_owned(), mode(&entry.path())?));
    }
    modes.sort();
    Ok(modes)
}

fn private() -> Vec<(String, u32)> {
    let files = ["pki.db", "pki.db-shm", "pki.db-wal", "pki.lock", "pki.users"];
    let files = files.map(|name| (name.to_owned(), 0o600));
    [(".".to_owned(), 0o700)].into_iter().chain(files).collect()
}

#[test]
fn files_are_private_whatever_the_umask() {
    for umask in ["000", "022", "077", "277", "777"] {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("store");
        let ended = child_with_umask("child_creates", &path, umask).unwrap().status().unwrap();
        assert!(ended.success(), "umask {umask}");
        assert_eq!(modes(&path).unwrap(), private(), "umask {umask}");
    }
}

#[test]
fn child_creates() {
    let Some((path, _)) = role() else { return };
    put(&create(&path).unwrap(), &key(HEAP, "k"), "v").unwrap();
}

#[test]
fn loose_modes_are_tightened() {
    let place = tempfile::tempdir().unwrap();
    put(&create(place.path()).unwrap(), &key(HEAP, "k"), "v").unwrap();
    for (name, _) in private() {
        let loose = if name == "." { 0o755 } else { 0o644 };
        fs::set_permissions(place.path().join(name), Permissions::from_mode(loose)).unwrap();
    }
    let store = open(place.path()).unwrap();
    assert_eq!(modes(place.path()).unwrap(), private());
    assert_eq!(value(&store, &key(HEAP, "k")).unwrap(), Some(b"v".to_vec()));
}

#[test]
fn a_directory_with_other_files_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("letter.txt"), "dear").unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let created = create(place.path());
    let blamed = |problem: &str| problem.contains("letter.txt");
    assert!(
        matches!(&created, Err(StoreError::Corrupt { problem, .. }) if blamed(problem)),
        "{created:?}"
    );
    assert_eq!(modes(place.path()).unwrap().first(), Some(&(".".to_owned(), 0o755)));
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn an_empty_directory_becomes_a_store() {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    put(&create(place.path()).unwrap(), &key(HEAP, "k"), "v").unwrap();
    assert_eq!(modes(place.path()).unwrap(), private());
}

/// Root may write everywhere, so this test says nothing when root runs it.
#[test]
fn a_store_that_may_not_be_written_can_be_read() {
    for log in ["left", "emptied and removed"] {
        let place = tempfile::tempdir().unwrap();
        put(&create(place.path()).unwrap(), &key(HEAP, "k"), "v").unwrap();
        if log != "left" {
            let database = rusqlite::Connection::open(place.path().join("pki.db")).unwrap();
            database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        }
        for entry in fs::read_dir(place.path()).unwrap() {
            fs::set_permissions(entry.unwrap().path(), Permissions::from_mode(0o400)).unwrap();
        }
        fs::set_permissions(place.path(), Permissions::from_mode(0o500)).unwrap();
        if fs::write(place.path().join("pki.probe"), "").is_err() {
            let store = open(place.path()).unwrap();
            assert_eq!(value(&store, &key(HEAP, "k")).unwrap(), Some(b"v".to_vec()), "{log}");
            let written = put(&store, &key(HEAP, "k"), "new");
            assert!(matches!(written, Err(StoreError::ReadOnly { .. })), "{log}: {written:?}");
        }
        fs::set_permissions(place.path(), Permissions::from_mode(0o700)).unwrap();
    }
}
