//! Threads that write to one store at the same time, and share transactions.
#![cfg(feature = "sqlite")]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::thread;

use pki_store::{
    Batch, Changes, Check, Expect, Key, KeyRange, Make, Many, Op, Store as _, StoreError, Table,
};
use support::{HEAP, create, key, open, put, value};

const WRITERS: u32 = 16;
const ROUNDS: u32 = 50;

fn record(writer: u32, round: u32) -> Key {
    key(HEAP, [writer.to_be_bytes(), round.to_be_bytes()].concat())
}

/// Runs so many threads, which start at the same moment.
fn crowd(work: impl Fn(u32) + Sync) {
    let start = Barrier::new(WRITERS as usize);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (start, work) = (&start, &work);
            scope.spawn(move || {
                start.wait();
                work(writer);
            });
        }
    });
}

#[test]
fn every_batch_gets_its_own_revision_and_stays() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    let store = create(&path).unwrap();
    let revisions = std::sync::Mutex::new(BTreeSet::new());
    crowd(|writer| {
        let mut last = 0;
        for round in 0..ROUNDS {
            let key = record(writer, round);
            let op = Op::Put { key: key.clone(), value: vec![7; 480] };
            let batch = Batch { expect: vec![(key.clone(), Expect::Absent)], ops: vec![op] };
            let revision = store.apply(&batch).unwrap();
            assert!(last < revision);
            last = revision;
            // Whoever is answered sees what was written, with the revision that was named.
            let found = store.snapshot().unwrap().get(&key).unwrap().unwrap();
            assert_eq!(found.version, revision);
            assert!(revisions.lock().unwrap().insert(revision), "{revision} twice");
        }
    });
    drop(store);
    let store = open(&path).unwrap();
    let all = store.snapshot().unwrap().count(&KeyRange::prefix(HEAP, [])).unwrap();
    assert_eq!(all, u64::from(WRITERS * ROUNDS));
    assert_eq!(store.revision().unwrap(), u64::from(WRITERS * ROUNDS));
}

#[test]
fn of_those_that_expect_the_same_one_wins_and_the_others_hear_of_it() {
    let place = tempfile::tempdir().unwrap();
    let store = create(&place.path().join("store")).unwrap();
    for round in 0..ROUNDS {
        let winners = std::sync::Mutex::new(Vec::new());
        let contested = key(HEAP, round.to_be_bytes());
        crowd(|writer| {
            let op = Op::Put { key: contested.clone(), value: writer.to_be_bytes().to_vec() };
            let expect = vec![(contested.clone(), Expect::Absent)];
            match store.apply(&Batch { expect, ops: vec![op] }) {
                Ok(_) => winners.lock().unwrap().push(writer),
                Err(StoreError::Conflict { key }) => assert_eq!(key, contested),
                Err(problem) => panic!("{problem}"),
            }
        });
        let winners = winners.into_inner().unwrap();
        assert_eq!(winners.len(), 1, "{winners:?}");
        let stands = value(&store, &contested).unwrap().unwrap();
        assert_eq!(stands, winners[0].to_be_bytes());
    }
}

/// A change that is made, and then another that cannot be.
struct Broken(Key);

impl Many for Broken {
    fn tables(&self) -> &[Table] {
        std::slice::from_ref(&self.0.table)
    }

    fn expect(&self, _: &mut Check<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn ops(&self, make: &mut Make<'_>) -> Result<(), StoreError> {
        make(&Op::Put { key: self.0.clone(), value: vec![1] })?;
        Err(StoreError::Full { place: "here".to_owned() })
    }
}

#[test]
fn one_that_fails_fails_alone() {
    let place = tempfile::tempdir().unwrap();
    let store = create(&place.path().join("store")).unwrap();
    crowd(|writer| {
        for round in 0..ROUNDS {
            let key = record(writer, round);
            if writer % 4 == 0 {
                let changes = Changes(Arc::new(Broken(key.clone())));
                let batch = Batch { expect: Vec::new(), ops: vec![Op::Many(changes)] };
                let refused = store.apply(&batch);
                assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
                assert_eq!(value(&store, &key).unwrap(), None);
            } else {
                put(&store, &key, "here").unwrap();
                assert_eq!(value(&store, &key).unwrap(), Some(b"here".to_vec()));
            }
        }
    });
    let all = store.snapshot().unwrap().count(&KeyRange::prefix(HEAP, [])).unwrap();
    assert_eq!(all, u64::from((WRITERS - WRITERS / 4) * ROUNDS));
}
