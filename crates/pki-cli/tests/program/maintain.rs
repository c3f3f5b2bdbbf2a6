//! `maintain`: what a timer gets to see.

use pki_store::directory::{DirectoryStore, Options};
use pki_store::{Batch, Key, KeyRange, Layout, Op, Store as _, Table};
use serde_json::{Value, json};

use crate::caller::{Caller, Outcome};

/// A user with a root in each of these mounts.
fn caller(mounts: &[&str]) -> Caller {
    let caller = Caller::new();
    for mount in mounts {
        let path = format!("-path={mount}");
        done(&caller, &["secrets", "enable", &path, "pki"]);
        let root = format!("{mount}/root/generate/internal");
        done(&caller, &["write", &root, "common_name=Root", "key_type=ec", "ttl=700h"]);
    }
    caller
}

#[track_caller]
fn done(caller: &Caller, words: &[&str]) -> Outcome {
    let got = caller.call(words);
    assert_eq!(got.status, 0, "{words:?}: {}", got.err);
    got
}

#[track_caller]
fn document(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.out).expect("JSON")
}

/// How often the store was changed.
fn revision(caller: &Caller) -> u64 {
    let store = DirectoryStore::open(&caller.store(), Options::default()).expect("a store");
    store.revision().expect("a number")
}

/// Makes the private keys of the mount that was made first unreadable.
fn damage_keys(caller: &Caller) {
    let store = DirectoryStore::open(&caller.store(), Options::default()).expect("a store");
    let table = Table { number: 13, name: "keys", layout: Layout::Clustered };
    let range = KeyRange::prefix(table, Vec::new());
    let keys = store.snapshot().and_then(|view| view.keys(&range, 1)).expect("keys");
    let ops = keys.into_iter().map(|key| Op::Put { key, value: vec![1, b'?'] }).collect();
    store.apply(&Batch { expect: Vec::new(), ops }).expect("damaged");
}

const HEADER: &str = "Mount    CRLs    Delta CRLs    Tidied    Leases ended    Status\n\
                      -----    ----    ----------    ------    ------------    ------\n";

#[test]
fn where_nothing_is_due_nothing_is_done() {
    let caller = caller(&["a", "b"]);
    let before = revision(&caller);
    let got = done(&caller, &["maintain"]);
    let rows = "a/       n/a     n/a           n/a       n/a             ok\n\
                b/       n/a     n/a           n/a       n/a             ok\n";
    assert_eq!((got.out.as_str(), got.err.as_str()), (&*format!("{HEADER}{rows}"), ""));
    assert_eq!(revision(&caller), before);
}

#[test]
fn a_crl_that_ends_soon_is_renewed() {
    let caller = caller(&["a", "b"]);
    let got = done(&caller, &["maintain", "-within=100h", "b/"]);
    let row = "b/       #2      n/a           n/a       n/a             ok\n";
    assert_eq!((got.out.as_str(), got.err.as_str()), (&*format!("{HEADER}{row}"), ""));
    let got = done(&caller, &["maintain", "-within", "100h", "-format=json"]);
    let found = document(&got);
    assert_eq!(found["a/"]["crls"][0]["number"], 2);
    assert_eq!(found["b/"]["crls"][0]["number"], 3);
    assert_eq!(found["b/"]["crls"][0]["delta"], false);
    assert_eq!(found["b/"]["leases"], json!({"ended": 0, "revoked": 0}));
    assert_eq!(found["b/"]["errors"], json!([]));
    let yaml = done(&caller, &["maintain", "-format=yaml", "a"]).out;
    let read: Value = serde_yaml_ng::from_str(&yaml).expect("YAML");
    assert_eq!(read["a/"]["crls"], json!([]));
}

#[test]
fn a_mount_that_is_broken_does_not_stop_the_others() {
    let caller = caller(&["a", "b"]);
    damage_keys(&caller);
    let got = caller.call(&["maintain", "-within=100h", "nosuch", "a", "b", "a"]);
    assert_eq!(got.status, 2);
    let rows = [
        "Mount      CRLs      Delta CRLs    Tidied    Leases ended    Status",
        "-----      ----      ----------    ------    ------------    ------",
        "nosuch/    n/a       n/a           n/a       n/a             failed",
        "a/         failed    n/a           n/a       n/a             failed",
        "b/         #2        n/a           n/a       n/a             ok",
    ];
    assert_eq!(got.out.lines().collect::<Vec<_>>(), rows);
    assert!(got.err.contains("Error maintaining nosuch/: "), "{}", got.err);
    assert!(got.err.contains("no handler for route \"nosuch\""), "{}", got.err);
    assert!(got.err.contains("Error maintaining a/: "), "{}", got.err);
    assert!(got.err.contains("a record in table keys is damaged"), "{}", got.err);
    let got = caller.call(&["maintain", "-within=100h", "-format=json", "a", "b"]);
    assert_eq!(got.status, 2);
    let found = document(&got);
    let error = found["a/"]["errors"][0].as_str().expect("an error");
    assert!(error.contains("could not be built: a record in table keys is damaged"), "{error}");
    assert_eq!(found["a/"]["crls"], json!([]));
    assert_eq!(found["b/"]["crls"][0]["number"], 3);
}

/// Leaves records of a mount as one that died while it removed the mount would have.
fn leave_something(caller: &Caller) {
    let store = DirectoryStore::open(&caller.store(), Options::default()).expect("a store");
    let notes = Table { number: 7, name: "leftovers", layout: Layout::Clustered };
    let note = Key { table: notes, bytes: [0, 9_u32].map(u32::to_be_bytes).concat() };
    let revoked = Table { number: 22, name: "revoked", layout: Layout::Clustered };
    let records = (0..2_500_u32)
        .map(|number| Key { table: revoked, bytes: [9, number].map(u32::to_be_bytes).concat() });
    let ops = std::iter::once(note).chain(records).map(|key| Op::Put { key, value: vec![1] });
    store.apply(&Batch { expect: Vec::new(), ops: ops.collect() }).expect("leftovers");
}

#[test]
fn what_is_left_of_a_mount_is_removed() {
    let caller = caller(&["a"]);
    leave_something(&caller);
    let checked = done(&caller, &["store", "check"]);
    let shown = checked.out + &checked.err;
    assert!(shown.contains("2500 records are left of it; pkictl maintain removes them"), "{shown}");
    let before = revision(&caller);
    let got = done(&caller, &["maintain"]);
    assert_eq!(got.err, "");
    assert_eq!(revision(&caller), before + 3, "pages");
    let checked = done(&caller, &["store", "check"]);
    assert!(!(checked.out + &checked.err).contains("left"));
    done(&caller, &["maintain"]);
    assert_eq!(revision(&caller), before + 3, "nothing is left");
}

#[test]
fn a_timer_that_looks_in_the_wrong_place_fails() {
    let got = Caller::new().call(&["maintain"]);
    assert_eq!((got.status, got.out.as_str()), (2, ""));
    assert!(got.err.starts_with("Error maintaining secrets engines: there is no store\n"));
    assert!(got.err.contains("pkictl secrets enable pki"), "{}", got.err);
}

#[test]
fn a_time_that_is_none_is_named() {
    let got = caller(&["a"]).call(&["maintain", "-within=soon", "a"]);
    assert_eq!(got.status, 1);
    assert!(got.err.contains("within") && got.err.contains("soon"), "{}", got.err);
}
