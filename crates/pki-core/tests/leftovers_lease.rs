//! Leases go with their mount.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

mod pages_support;

use std::sync::Arc;

use pki_core::{Engine, Env, Error, Given, Operation, Request, Response};
use pki_store::memory::MemoryStore;
use pki_store::{KeyRange, Layout, Store, Table};
use serde_json::{Value, json};

use pages_support::Between;

fn engine(store: &Arc<MemoryStore>) -> Engine {
    over(Arc::<MemoryStore>::clone(store))
}

fn over(store: Arc<dyn Store>) -> Engine {
    Engine::new(store, Arc::new(Given::key([7; 32])), Env::system())
}

fn ask(engine: &Engine, operation: Operation, path: &str, data: Value) -> Result<Response, Error> {
    let data = data.as_object().cloned().unwrap_or_default();
    engine.handle(Request { operation, path: path.to_owned(), data })
}

/// A mount with a role under which leases are given.
fn mount(engine: &Engine) {
    engine.enable("pki").unwrap();
    let root = json!({"common_name": "Root", "key_type": "ed25519"});
    ask(engine, Operation::Write, "pki/root/generate/internal", root).unwrap();
    let role = json!({"allow_any_name": true, "key_type": "ed25519", "generate_lease": true});
    ask(engine, Operation::Write, "pki/roles/leased", role).unwrap();
}

fn issue(engine: &Engine) {
    let data = json!({"common_name": "a.test", "ttl": "1h"});
    ask(engine, Operation::Write, "pki/issue/leased", data).unwrap();
}

fn leases(store: &MemoryStore) -> u64 {
    let leases = Table { number: 5, name: "leases", layout: Layout::Clustered };
    store.snapshot().unwrap().count(&KeyRange::prefix(leases, [])).unwrap()
}

#[test]
fn leases_of_before_a_mount_was_moved_go_with_it() {
    let store = Arc::new(MemoryStore::new());
    let engine = engine(&store);
    mount(&engine);
    issue(&engine);
    ask(&engine, Operation::Write, "sys/remount", json!({"from": "pki", "to": "new"})).unwrap();
    ask(&engine, Operation::Delete, "sys/mounts/new", json!({})).unwrap();
    assert_eq!(leases(&store), 0);
}

#[test]
fn a_lease_that_comes_while_its_mount_is_removed_goes_with_it() {
    let store = Arc::new(MemoryStore::new());
    let other = engine(&store);
    mount(&other);
    let between = Arc::new(Between::over(Arc::clone(&store)));
    let disabling = over(Arc::<Between>::clone(&between));
    between.meanwhile(move |change| {
        if change == 0 {
            issue(&other);
        }
        true
    });
    ask(&disabling, Operation::Delete, "sys/mounts/pki", json!({})).unwrap();
    assert_eq!(leases(&store), 0);
}
