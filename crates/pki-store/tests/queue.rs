//! Writers that wait for each other.
#![cfg(feature = "sqlite")]

mod support;

use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::Duration;

use pki_store::directory::{DirectoryStore, Options};
use pki_store::{Batch, Store as _, StoreError};
use rusqlite::Connection;
use support::{HEAP, create, key, open, put, value};

const SHORT: Duration = Duration::from_millis(50);

fn impatient(path: &Path) -> Result<DirectoryStore, StoreError> {
    DirectoryStore::open(path, Options { wait: SHORT })
}

/// Another writer, who holds the lock as long as the file is open.
fn hold(path: &Path) -> std::io::Result<File> {
    let lock = File::open(path.join("pki.lock"))?;
    lock.lock()?;
    Ok(lock)
}

#[track_caller]
fn is_busy(applied: Result<u64, StoreError>) {
    assert!(matches!(applied, Err(StoreError::Busy { waited_ms: 40.. })), "{applied:?}");
}

#[test]
fn who_waits_too_long_is_told_so() {
    let place = tempfile::tempdir().unwrap();
    put(&create(place.path()).unwrap(), &key(HEAP, "k"), "before").unwrap();
    let store = impatient(place.path()).unwrap();
    let lock = hold(place.path()).unwrap();
    is_busy(put(&store, &key(HEAP, "k"), "during"));
    // Reading needs no lock.
    assert_eq!(value(&store, &key(HEAP, "k")).unwrap(), Some(b"before".to_vec()));
    drop(lock);
    // Who gave up is still in the queue, and must not keep what it then gets.
    put(&open(place.path()).unwrap(), &key(HEAP, "k"), "after").unwrap();
    put(&open(place.path()).unwrap(), &key(HEAP, "k"), "later").unwrap();
    assert_eq!(value(&store, &key(HEAP, "k")).unwrap(), Some(b"later".to_vec()));
}

#[test]
fn who_waits_gets_the_lock_when_it_is_free() {
    let place = tempfile::tempdir().unwrap();
    let store = create(place.path()).unwrap();
    let lock = hold(place.path()).unwrap();
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..4_u8)
            .map(|n| {
                let store = &store;
                scope.spawn(move || put(store, &key(HEAP, [n]), [n]))
            })
            .collect();
        // Nobody gets past.
        is_busy(put(&impatient(place.path()).unwrap(), &key(HEAP, "k"), "v"));
        assert_eq!(store.revision().unwrap(), 0);
        drop(lock);
        for waited in waiting {
            waited.join().unwrap().unwrap();
        }
    });
    assert_eq!(store.revision().unwrap(), 4);
}

#[test]
fn a_program_that_knows_no_queue_is_waited_for_too() {
    let place = tempfile::tempdir().unwrap();
    put(&create(place.path()).unwrap(), &key(HEAP, "k"), "before").unwrap();
    let store = impatient(place.path()).unwrap();
    let other = Connection::open(place.path().join("pki.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    is_busy(put(&store, &key(HEAP, "k"), "during"));
    other.execute_batch("ROLLBACK").unwrap();
    put(&store, &key(HEAP, "k"), "after").unwrap();
}

#[test]
fn the_lock_file_may_get_lost() {
    let place = tempfile::tempdir().unwrap();
    let store = create(place.path()).unwrap();
    std::fs::remove_file(place.path().join("pki.lock")).unwrap();
    put(&store, &key(HEAP, "k"), "v").unwrap();
    assert!(place.path().join("pki.lock").exists());
}

#[test]
fn stores_of_one_process_share_a_directory() {
    let place = tempfile::tempdir().unwrap();
    let (one, two) = (create(place.path()).unwrap(), open(place.path()).unwrap());
    let before = two.snapshot().unwrap();
    put(&one, &key(HEAP, "k"), "one").unwrap();
    drop(one);
    assert_eq!(before.get(&key(HEAP, "k")).unwrap(), None);
    drop(before);
    assert_eq!(value(&two, &key(HEAP, "k")).unwrap(), Some(b"one".to_vec()));
    assert_eq!(two.apply(&Batch::default()).unwrap(), 2);
}

#[test]
fn the_log_stays_short_when_programs_come_and_go() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("pki.db-wal");
    drop(create(place.path()).unwrap());
    let mut longest = 0;
    for n in 0..150_u8 {
        let store = open(place.path()).unwrap();
        // As a command does: it still reads what it decided on.
        let view = store.snapshot().unwrap();
        put(&store, &key(HEAP, [n; 24]), [n; 12_000]).unwrap();
        drop(view);
        drop(store);
        longest = longest.max(std::fs::metadata(&log).map_or(0, |found| found.len()));
    }
    assert!(100_000 < longest, "the log is not emptied each time: {longest}");
    assert!(longest < 600_000, "the log is emptied in time: {longest}");
    assert_eq!(open(place.path()).unwrap().revision().unwrap(), 150);
}
