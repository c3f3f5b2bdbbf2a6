//! Who may read the files of a store.
#![cfg(all(feature = "sqlite", unix))]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use pki_store::{Store as _, StoreError};
use support::{HEAP, child_with_umask, create, key, open, put, role, value};

/// The modes of a directory and of what is in it, by name.
fn modes(store: &Path) -> Vec<(String, u32)> {
    let mode = |path: &Path| fs::metadata(path).map_or(0, |found| found.mode() & 0o7777);
    let entries = fs::read_dir(store).expect("cannot list the store");
    let mut modes: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                mode(&entry.path()),
            )
        })
        .chain([(".".to_owned(), mode(store))])
        .collect();
    modes.sort();
    modes
}

fn private() -> Vec<(String, u32)> {
    let files = ["pki.db", "pki.db-shm", "pki.db-wal", "pki.lock"];
    let files = files.map(|name| (name.to_owned(), 0o600));
    [(".".to_owned(), 0o700)].into_iter().chain(files).collect()
}

#[test]
fn files_are_private_whatever_the_umask() {
    for umask in ["000", "022", "077", "277", "777"] {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("store");
        let ended = child_with_umask("child_creates", &path, umask)
            .unwrap()
            .status()
            .unwrap();
        assert!(ended.success(), "umask {umask}");
        assert_eq!(modes(&path), private(), "umask {umask}");
    }
}

#[test]
fn child_creates() {
    let Some((path, _)) = role() else { return };
    put(&create(path).unwrap(), &key(HEAP, "k"), "v").unwrap();
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
    assert_eq!(modes(place.path()), private());
    assert_eq!(value(&store, &key(HEAP, "k")).unwrap(), Some(b"v".to_vec()));
}

#[test]
fn a_directory_with_other_files_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("letter.txt"), "dear").unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let refused = create(place.path()).expect_err("it has no room for a store");
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    assert!(refused.to_string().contains("letter.txt"), "{refused}");
    assert_eq!(modes(place.path()).first(), Some(&(".".to_owned(), 0o755)));
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn an_empty_directory_becomes_a_store() {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    put(&create(place.path()).unwrap(), &key(HEAP, "k"), "v").unwrap();
    assert_eq!(modes(place.path()), private());
}

/// Root may write everywhere, so this test says nothing when root runs it.
#[test]
fn a_store_that_may_not_be_written_can_be_read() {
    let place = tempfile::tempdir().unwrap();
    put(&create(place.path()).unwrap(), &key(HEAP, "k"), "v").unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o500)).unwrap();
    let may_write = fs::write(place.path().join("pki.probe"), "").is_ok();
    if !may_write {
        let store = open(place.path()).unwrap();
        assert_eq!(value(&store, &key(HEAP, "k")).unwrap(), Some(b"v".to_vec()));
        // The lock file is there, but the log cannot be made shorter or longer elsewhere.
        assert_eq!(store.revision().unwrap(), 1);
    }
    fs::set_permissions(place.path(), Permissions::from_mode(0o700)).unwrap();
}
