//! Processes that use one store at the same time.
#![cfg(feature = "sqlite")]

mod support;

use std::error::Error;
use std::path::Path;

use pki_store::{Batch, Expect, Key, KeyRange, Op, Store, StoreError};
use support::{CLUSTERED, HEAP, Outcome, child, create, key, open, put, role, value};

const COUNTERS: u32 = 8;
const INCREMENTS: u32 = 200;

const WRITERS: u32 = 4;
const RECORDS: u32 = 100;

/// Runs children at the same time, to their end.
fn run_children(test: &str, store: &Path, children: u32) -> Outcome {
    let start = |number| child(test, store, number)?.spawn();
    let children = (0..children).map(start).collect::<Result<Vec<_>, _>>()?;
    for mut child in children {
        let ended = child.wait()?;
        if !ended.success() {
            return Err(format!("a child of {test} failed: {ended}").into());
        }
    }
    Ok(())
}

#[test]
fn processes_that_count_together_lose_nothing() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    let store = create(&path).unwrap();
    put(&store, &counter(), 0_u32.to_be_bytes()).unwrap();
    run_children("child_counts", &path, COUNTERS).unwrap();
    let want = (COUNTERS * INCREMENTS).to_be_bytes();
    assert_eq!(value(&store, &counter()).unwrap(), Some(want.to_vec()));
    assert_eq!(store.revision().unwrap(), u64::from(COUNTERS * INCREMENTS) + 1);
}

#[test]
fn child_counts() {
    let Some((path, _)) = role() else { return };
    let store = open(&path).unwrap();
    for _ in 0..INCREMENTS {
        while !increment(&store).unwrap() {}
    }
}

fn counter() -> Key {
    key(HEAP, "counter")
}

/// Whether nobody was faster.
fn increment(store: &dyn Store) -> Result<bool, StoreError> {
    let found = store.snapshot()?.get(&counter())?;
    let count = found.as_ref().and_then(|entry| entry.value.first_chunk().copied());
    let next = count.map_or(u32::MAX, |count| u32::from_be_bytes(count) + 1);
    let expect = found.map_or(Expect::Absent, |entry| Expect::Version(entry.version));
    let op = Op::Put { key: counter(), value: next.to_be_bytes().to_vec() };
    match store.apply(&Batch { expect: vec![(counter(), expect)], ops: vec![op] }) {
        Err(StoreError::Conflict { .. }) => Ok(false),
        applied => applied.map(|_| true),
    }
}

#[test]
fn processes_that_create_a_store_together_all_succeed() {
    for _ in 0..5 {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep").join("store");
        run_children("child_creates", &path, COUNTERS).unwrap();
        let store = open(&path).unwrap();
        assert_eq!(store.revision().unwrap(), u64::from(COUNTERS));
        assert!(!path.join("pki.db.new").exists());
    }
}

#[test]
fn child_creates() {
    let Some((path, number)) = role() else { return };
    let store = create(&path).unwrap();
    put(&store, &key(CLUSTERED, number.to_be_bytes()), "made it").unwrap();
}

#[test]
fn no_process_starves() {
    // A busy machine may leave a process waiting once; a lock that is unfair does it each time.
    let mut shares = Vec::new();
    while shares.len() < 3 {
        let share = least_share().unwrap();
        if RECORDS as usize / 4 <= share {
            return;
        }
        shares.push(share);
    }
    panic!("of {RECORDS} when another had all, the slowest had only: {shares:?}");
}

/// How many records the slowest of the writers had put when the fastest had put all of its own.
fn least_share() -> Result<usize, Box<dyn Error>> {
    let place = tempfile::tempdir()?;
    let path = place.path().join("store");
    let store = create(&path)?;
    run_children("child_writes", &path, WRITERS)?;
    // Revisions tell who wrote when.
    let view = store.snapshot()?;
    let revisions = |number: u32| {
        let of_child = KeyRange::prefix(HEAP, number.to_be_bytes());
        let entries = view.scan(&of_child, usize::MAX)?;
        Ok(entries.into_iter().map(|(_, entry)| entry.version).collect::<Vec<_>>())
    };
    let all: Vec<_> = (0..WRITERS).map(revisions).collect::<Result<_, StoreError>>()?;
    assert!(all.iter().all(|child| child.len() == RECORDS as usize));
    let first_end = all.iter().filter_map(|child| child.iter().max()).min();
    let so_far =
        |child: &Vec<u64>| child.iter().filter(|revision| Some(*revision) <= first_end).count();
    Ok(all.iter().map(so_far).min().unwrap_or_default())
}

#[test]
fn child_writes() {
    let Some((path, number)) = role() else { return };
    let store = open(&path).unwrap();
    put(&store, &key(CLUSTERED, number.to_be_bytes()), "ready").unwrap();
    let everybody = KeyRange::prefix(CLUSTERED, []);
    while store.snapshot().unwrap().count(&everybody).unwrap() < u64::from(WRITERS) {
        std::thread::yield_now();
    }
    for n in 0..RECORDS {
        put(&store, &key(HEAP, [number.to_be_bytes(), n.to_be_bytes()].concat()), [0; 620])
            .unwrap();
    }
}
