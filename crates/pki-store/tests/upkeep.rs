//! Stores that were damaged from outside, backups, and what takes a store's place.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use pki_store::directory::{DirectoryStore, FileRepair, Incoming, Options};
use pki_store::{KeyRange, Store as _, StoreError};
use rusqlite::Connection;
use support::{CLUSTERED, HEAP, create, key, open, put, value};

const KEY_FILE: &str = "owner.key";

fn edit(path: &Path, sql: &str) {
    Connection::open(path.join("pki.db")).unwrap().execute_batch(sql).unwrap();
}

/// A store with so many commits, all of which are in its log.
fn logged(path: &Path, commits: u8) {
    let store = create(path).unwrap();
    for n in 0..commits {
        put(&store, &key(HEAP, [n]), [n; 620]).unwrap();
        put(&store, &key(CLUSTERED, [n]), [n; 8]).unwrap();
    }
}

#[track_caller]
fn is_corrupt(path: &Path, text: &str) {
    for opened in [open(path), create(path)] {
        let said = |problem: &str| problem.contains(text);
        assert!(
            matches!(&opened, Err(StoreError::Corrupt { problem, .. }) if said(problem)),
            "{opened:?}"
        );
    }
}

#[test]
fn a_log_that_is_gone_is_missed() {
    let place = tempfile::tempdir().unwrap();
    logged(place.path(), 3);
    fs::remove_file(place.path().join("pki.db-wal")).unwrap();
    is_corrupt(place.path(), "its last changes are missing: it is at revision 0, and 6 was");
    // Who says so goes on without them.
    fs::remove_file(place.path().join("pki.lock")).unwrap();
    assert_eq!(open(place.path()).unwrap().revision().unwrap(), 0);
}

#[test]
fn a_log_without_its_last_commit_is_missed() {
    let place = tempfile::tempdir().unwrap();
    logged(place.path(), 3);
    let log = place.path().join("pki.db-wal");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, &whole[..whole.len() - 5]).unwrap();
    is_corrupt(place.path(), "its last changes are missing: it is at revision 5, and 6 was");
}

#[test]
fn a_log_that_is_damaged_in_the_middle_is_named_and_left_alone() {
    let place = tempfile::tempdir().unwrap();
    logged(place.path(), 9);
    // Even where nobody knows what was written last.
    fs::remove_file(place.path().join("pki.lock")).unwrap();
    let log = place.path().join("pki.db-wal");
    let mut damaged = fs::read(&log).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x40;
    fs::write(&log, &damaged).unwrap();
    is_corrupt(place.path(), "is damaged in the middle");
    assert!(fs::read(&log).unwrap() == damaged);
}

#[test]
fn a_database_that_is_gone_is_not_a_store_that_never_was() {
    let place = tempfile::tempdir().unwrap();
    logged(place.path(), 1);
    fs::remove_file(place.path().join("pki.db")).unwrap();
    is_corrupt(place.path(), "pki.db is gone");
    fs::remove_file(place.path().join("pki.lock")).unwrap();
    is_corrupt(place.path(), "pki.db is gone");
    fs::remove_file(place.path().join("pki.db-wal")).unwrap();
    assert!(matches!(open(place.path()), Err(StoreError::Missing { .. })));
}

#[test]
fn an_index_that_lacks_entries_is_made_anew() {
    let place = tempfile::tempdir().unwrap();
    logged(place.path(), 20);
    // The index is made to forget half of what the table has.
    edit(
        place.path(),
        "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX heap_key ON heap (tbl, key) WHERE id < 10'
         WHERE name = 'heap_key'",
    );
    edit(place.path(), "REINDEX heap_key");
    edit(
        place.path(),
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX heap_key ON heap (tbl, key)'
         WHERE name = 'heap_key'",
    );
    let store = open(place.path()).unwrap();
    let faults = store.verify().unwrap();
    assert!(!faults.is_empty());
    assert!(faults.iter().all(|fault| fault.repair == Some(FileRepair::Index)), "{faults:?}");
    assert_eq!(value(&store, &key(HEAP, [15])).unwrap(), None);
    store.repair(&[FileRepair::Index]).unwrap();
    assert_eq!(store.verify().unwrap(), []);
    assert_eq!(value(&store, &key(HEAP, [15])).unwrap(), Some(vec![15; 620]));
}

#[test]
fn a_revision_that_was_set_back_is_found() {
    let place = tempfile::tempdir().unwrap();
    logged(place.path(), 2);
    let store = open(place.path()).unwrap();
    assert_eq!(store.verify().unwrap(), []);
    edit(place.path(), "UPDATE meta SET revision = 2");
    let faults = store.verify().unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].repair, Some(FileRepair::Revision));
    store.repair(&[FileRepair::Revision]).unwrap();
    assert_eq!((store.verify().unwrap(), store.revision().unwrap()), (Vec::new(), 4));
}

#[test]
fn damaged_pages_are_faults_without_repair() {
    let place = tempfile::tempdir().unwrap();
    logged(place.path(), 50);
    edit(place.path(), "PRAGMA wal_checkpoint(TRUNCATE)");
    let file = place.path().join("pki.db");
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 3 * 1024;
    bytes[last..last + 1024].fill(0x5a);
    fs::write(&file, bytes).unwrap();
    let faults = open(place.path()).unwrap().verify().unwrap();
    assert!(faults.iter().any(|fault| fault.repair.is_none()), "{faults:?}");
}

/// Changes an octet string wherever it stands in the file.
fn falsify(path: &Path, old: &[u8], new: &[u8]) {
    edit(path, "PRAGMA wal_checkpoint(TRUNCATE)");
    let file = path.join("pki.db");
    let mut bytes = fs::read(&file).unwrap();
    let is_old = |(_, found): &(usize, &[u8])| *found == old;
    let places: Vec<usize> =
        bytes.windows(old.len()).enumerate().filter(is_old).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes.iter_mut().skip(at).zip(new).for_each(|(byte, new)| *byte = *new);
    }
    fs::write(&file, bytes).unwrap();
}

/// Who asks for page after page would meet a key that leads back again and again.
#[test]
fn keys_that_are_out_of_order_are_damage() {
    for table in [HEAP, CLUSTERED] {
        let place = tempfile::tempdir().unwrap();
        let store = create(place.path()).unwrap();
        for name in ["the key number 1", "the key number 3", "the key number 5"] {
            put(&store, &key(table, name), [0; 8]).unwrap();
        }
        drop(store);
        falsify(place.path(), b"the key number 5", b"the key number 2");
        let store = open(place.path()).unwrap();
        let view = store.snapshot().unwrap();
        let whole = KeyRange::prefix(table, *b"the");
        for problem in [view.scan(&whole, 9).err(), view.keys(&whole, 9).err()] {
            let said = problem.map(|problem| problem.to_string()).unwrap_or_default();
            assert!(said.contains("keys are not in order"), "{table:?}: {said}");
        }
        // Those before it can be had.
        assert_eq!(view.keys(&whole, 2).unwrap().len(), 2);
    }
}

/// A store, and a backup of it that was made while it had more in its log than in its file.
fn backed_up() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let (store, file) = (place.path().join("store"), place.path().join("backup"));
    logged(&store, 3);
    let made = open(&store).unwrap().backup(&file, false).unwrap();
    assert_eq!((made.revision, made.bytes), (6, fs::metadata(&file).unwrap().len()));
    (place, store, file)
}

fn incoming(file: &Path, store: &Path) -> Result<Incoming, StoreError> {
    Incoming::copy(file, store, KEY_FILE, Options::default())
}

fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_one_private_file_and_replaces_none() {
    use std::os::unix::fs::PermissionsExt as _;

    let (place, store, file) = backed_up();
    assert_eq!(names(place.path()), ["backup", "store"]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&file).unwrap();
    let store = open(&store).unwrap();
    put(&store, &key(HEAP, "later"), "v").unwrap();
    let again = store.backup(&file, false);
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    assert!(fs::read(&file).unwrap() == before);
    assert_eq!(store.backup(&file, true).unwrap().revision, 7);
    for inside in ["pki.db", "pki.lock", "new"] {
        let refused = store.backup(&store.path().join(inside), true);
        assert!(matches!(refused, Err(StoreError::Io { .. })), "{inside}: {refused:?}");
    }
    assert!(store.backup(&place.path().join("nowhere/backup"), false).is_err());
    assert!(store.backup(place.path(), true).is_err());
    assert_eq!(names(place.path()), ["backup", "store"]);
}

#[test]
fn a_backup_takes_the_place_of_no_device_or_socket() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    let (place, store, _) = backed_up();
    let store = open(&store).unwrap();
    let (socket, link) = (place.path().join("socket"), place.path().join("link"));
    let _listener = UnixListener::bind(&socket).unwrap();
    symlink(&socket, &link).unwrap();
    for other in [&socket, &link] {
        for replace in [false, true] {
            let refused = store.backup(other, replace).unwrap_err().to_string();
            assert!(refused.ends_with("it is there, and is not a file"), "{refused}");
        }
        assert!(!fs::metadata(other).unwrap().is_file(), "{}", other.display());
    }
    assert_eq!(names(place.path()), ["backup", "link", "socket", "store"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_backup_has_the_name_it_was_given_whatever_its_octets() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let (place, store, _) = backed_up();
    let file = place.path().join(OsStr::from_bytes(b"b\xff"));
    open(&store).unwrap().backup(&file, false).unwrap();
    assert!(0 < fs::metadata(&file).unwrap().len());
    assert_eq!(names(place.path()).len(), 3);
}

#[test]
fn a_backup_takes_the_place_of_a_store_which_is_kept() {
    let (_place, path, file) = backed_up();
    let store = open(&path).unwrap();
    put(&store, &key(HEAP, "later"), "v").unwrap();
    // Not while somebody uses it, and not if it changed since it was looked at.
    let refused = incoming(&file, &path).unwrap().install(Some(7));
    assert!(matches!(refused, Err(StoreError::InUse { .. })), "{refused:?}");
    drop(store);
    let refused = incoming(&file, &path).unwrap().install(Some(6));
    assert!(matches!(refused, Err(StoreError::InUse { .. })), "{refused:?}");
    assert_eq!(open(&path).unwrap().revision().unwrap(), 7);

    let copy = incoming(&file, &path).unwrap();
    let opened = copy.open().unwrap();
    assert_eq!(opened.revision().unwrap(), 6);
    put(&opened, &key(HEAP, "adjusted"), "v").unwrap();
    put(&opened, &key(HEAP, "adjusted"), "w").unwrap();
    drop(opened);
    let kept = copy.install(Some(7)).unwrap().kept.unwrap();
    let store = open(&path).unwrap();
    assert_eq!(store.revision().unwrap(), 8);
    assert_eq!(value(&store, &key(HEAP, "later")).unwrap(), None);
    assert_eq!(value(&store, &key(HEAP, "adjusted")).unwrap(), Some(b"w".to_vec()));
    put(&store, &key(HEAP, "after"), "v").unwrap();
    let old = Connection::open(&kept).unwrap();
    let count = |sql| old.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT revision FROM meta"), 7);
    assert!(!names(&path).iter().any(|name| name.contains("restore")), "{:?}", names(&path));
}

#[test]
fn a_damaged_store_is_replaced_and_kept_with_its_log() {
    let (_place, path, file) = backed_up();
    let log = path.join("pki.db-wal");
    let mut damaged = fs::read(&log).unwrap();
    damaged[3] ^= 0xff;
    fs::write(&log, &damaged).unwrap();
    assert!(open(&path).is_err());
    let kept = incoming(&file, &path).unwrap().install(None).unwrap().kept.unwrap();
    assert_eq!(open(&path).unwrap().revision().unwrap(), 6);
    let mut kept_log = kept.into_os_string();
    kept_log.push("-wal");
    assert!(fs::read(kept_log).unwrap() == damaged);
}

#[test]
fn a_backup_makes_a_store_where_there_is_none() {
    let (place, _, file) = backed_up();
    let path = place.path().join("new/store");
    drop(incoming(&file, &path).unwrap());
    assert!(!path.exists(), "what was not installed leaves nothing");
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join(KEY_FILE), "key").unwrap();
    assert_eq!(incoming(&file, &path).unwrap().install(None).unwrap().kept, None);
    let store = open(&path).unwrap();
    assert_eq!(value(&store, &key(HEAP, [2])).unwrap(), Some(vec![2; 620]));
    let all = store.snapshot().unwrap().count(&KeyRange::prefix(CLUSTERED, [])).unwrap();
    assert_eq!(all, 3);
    fs::write(place.path().join("letter.txt"), "dear").unwrap();
    assert!(incoming(&file, place.path()).is_err(), "a directory with other files");
}

#[test]
fn what_is_no_backup_is_refused() {
    let (place, path, file) = backed_up();
    let whole = fs::read(&file).unwrap();
    let bad = place.path().join("bad");
    for (content, what) in [
        (&b"-----BEGIN"[..], "bad is not a usable store: it is"),
        (&[], "bad is not a usable store: it is empty"),
    ] {
        fs::write(&bad, content).unwrap();
        let problem = incoming(&bad, &path).unwrap().open().unwrap_err();
        assert!(problem.to_string().contains(what), "{problem}");
    }
    fs::write(&bad, &whole[..whole.len() / 2]).unwrap();
    let copy = incoming(&bad, &path).unwrap();
    let faults = copy.open().and_then(|store: DirectoryStore| store.verify());
    assert!(!matches!(&faults, Ok(faults) if faults.is_empty()), "{faults:?}");
    drop(copy);
    assert!(incoming(&place.path().join("none"), &path).is_err());
    assert_eq!(open(&path).unwrap().revision().unwrap(), 6);
}
