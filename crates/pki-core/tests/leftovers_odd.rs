//! What is left of a mount is removed whatever its records look like, and nothing else is.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

use std::sync::Arc;

use pki_core::paths::root::GenerateRoot;
use pki_core::{Engine, Env, Error, Given, Operation, Request, Response};
use pki_store::memory::MemoryStore;
use pki_store::{Batch, Entry, Key, KeyRange, Layout, Op, Store as _, Table};
use serde_json::Map;

const NOTES: u8 = 7;
const CERTS: u8 = 20;
const EXPIRY: u8 = 21;

/// Tables with more records, the more certificates there are.
const GROWING: [u8; 5] = [CERTS, EXPIRY, 22, 23, 25];

/// The only mount that is made with a command.
const FIRST: u32 = 1;

/// Mounts whose numbers, as octets, are alike.
const ALIKE: [u32; 7] = [0, 2, 255, 256, 257, 0x0100_0000, u32::MAX];

fn engine(store: &Arc<MemoryStore>) -> Engine {
    let store = Arc::<MemoryStore>::clone(store);
    Engine::new(store, Arc::new(Given::key([7; 32])), Env::system())
}

/// A mount with one certificate.
fn world() -> (Arc<MemoryStore>, Engine) {
    let store = Arc::new(MemoryStore::new());
    let engine = engine(&store);
    engine.enable("pki").unwrap();
    let mut root = GenerateRoot::internal("Root");
    root.key.key_type = Some("ed25519".into());
    engine.execute("pki", &root).unwrap();
    (store, engine)
}

fn disable(engine: &Engine, mount: &str) -> Result<Response, Error> {
    let path = format!("sys/mounts/{mount}");
    engine.handle(Request { operation: Operation::Delete, path, data: Map::new() })
}

fn key(number: u8, mount: u32, own: &[u8]) -> Key {
    let table = Table { number, name: "raw", layout: Layout::Clustered };
    Key { table, bytes: [&mount.to_be_bytes(), own].concat() }
}

fn apply(store: &MemoryStore, ops: Vec<Op>) {
    store.apply(&Batch { expect: Vec::new(), ops }).unwrap();
}

fn put(store: &MemoryStore, keys: impl IntoIterator<Item = Key>) {
    apply(store, keys.into_iter().map(|key| Op::Put { key, value: vec![1] }).collect());
}

fn note(mount: u32) -> Key {
    key(NOTES, 0, &mount.to_be_bytes())
}

/// All that a mount has in tables that grow.
fn records(store: &MemoryStore, mount: u32) -> Vec<(Key, Entry)> {
    let snapshot = store.snapshot().unwrap();
    let scan = |table| {
        let prefix = key(table, mount, &[]);
        snapshot.scan(&KeyRange::prefix(prefix.table, prefix.bytes), usize::MAX).unwrap()
    };
    GROWING.into_iter().flat_map(scan).collect()
}

fn notes(store: &MemoryStore) -> usize {
    let prefix = key(NOTES, 0, &[]);
    let range = KeyRange::prefix(prefix.table, prefix.bytes);
    store.snapshot().unwrap().keys(&range, usize::MAX).unwrap().len()
}

/// Keys in the middle of which pages end: none, short ones, and those that are the beginnings of
/// others.
fn odd_keys() -> Vec<Vec<u8>> {
    let beginnings = (0..40).map(|length| vec![0; length]);
    let highest = (1..90).map(|length| vec![u8::MAX; length]);
    let ends = (0..1_500_u32).map(|number| [[0; 4], [7; 4], number.to_be_bytes()].concat());
    let serials = (0..1_500_u32).map(|number| number.to_be_bytes().to_vec());
    beginnings.chain(highest).chain(ends).chain(serials).collect()
}

#[test]
fn odd_records_go_and_those_of_mounts_with_like_numbers_stay() {
    let (store, engine) = world();
    for mount in ALIKE.into_iter().chain([FIRST]) {
        let all = GROWING.map(|table| odd_keys().into_iter().map(move |own| (table, own)));
        put(&store, all.into_iter().flatten().map(|(table, own)| key(table, mount, &own)));
    }
    let before = ALIKE.map(|mount| records(&store, mount));
    disable(&engine, "pki").unwrap();
    assert_eq!(records(&store, FIRST), []);
    assert_eq!(notes(&store), 0);
    assert!(ALIKE.map(|mount| records(&store, mount)) == before);
}

#[test]
fn a_mount_that_is_there_is_not_taken_for_a_removed_one() {
    let (store, engine) = world();
    let before = records(&store, FIRST);
    put(&store, [note(FIRST)]);
    engine.sweep().unwrap();
    assert!(records(&store, FIRST) == before, "a mount lost its certificates");
    assert_eq!(notes(&store), 0);
}

#[test]
fn a_mount_that_is_noted_by_mistake_can_be_removed() {
    let (store, engine) = world();
    put(&store, (0..2_500_u32).map(|number| key(CERTS, FIRST, &number.to_be_bytes())));
    put(&store, [note(FIRST)]);
    disable(&engine, "pki").unwrap();
    assert_eq!(records(&store, FIRST), []);
    assert_eq!(notes(&store), 0);
}

#[test]
fn a_note_that_cannot_be_read_does_not_keep_others_from_their_turn() {
    let (store, engine) = world();
    put(&store, [key(NOTES, 0, &[0]), note(9), key(CERTS, 9, &[9])]);
    assert!(engine.sweep().is_err(), "of the one that cannot be read nothing is known");
    assert_eq!(records(&store, 9), []);
    assert_eq!(notes(&store), 1);
}

#[test]
fn a_note_that_was_damaged_is_not_believed() {
    let (store, engine) = world();
    put(&store, [key(CERTS, 9, &[9])]);
    // As it is written, but for its sum.
    let value = [&[0xe1][..], &[0; 8]].concat();
    apply(&store, vec![Op::Put { key: note(9), value }]);
    assert!(engine.sweep().is_err());
    assert_eq!(records(&store, 9).len(), 1);
}

#[test]
fn a_mount_of_which_a_page_holds_all_goes_at_once() {
    for count in [10_u32, 499, 600, 999] {
        let (store, engine) = world();
        let end =
            |number: u32| [&[0x80, 0, 0, 0, 0x70, 0, 0, 0], &number.to_be_bytes()[..]].concat();
        let serials = 0x0100_0000..0x0100_0000 + count;
        put(&store, serials.clone().map(|number| key(CERTS, FIRST, &number.to_be_bytes())));
        put(&store, serials.map(|number| key(EXPIRY, FIRST, &end(number))));
        let before = store.revision().unwrap();
        disable(&engine, "pki").unwrap();
        assert_eq!(records(&store, FIRST), []);
        assert_eq!(store.revision().unwrap() - before, 1, "{count}");
    }
}
