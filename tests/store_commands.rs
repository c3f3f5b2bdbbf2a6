//! `pkictl store`: every kind of damage is found, what can be made good is, and nothing else
//! changes; backups come back, and never number a CRL anew.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "store_commands/backups.rs"]
mod backups;
#[path = "store_commands/damage.rs"]
mod damage;
#[path = "store_commands/edit.rs"]
mod edit;
#[path = "store_commands/golden.rs"]
mod golden;
#[path = "store_commands/order.rs"]
mod order;
#[path = "store_commands/seals.rs"]
mod seals;

use std::fs;
use std::path::{Path, PathBuf};

use pkictl_tests::{Outcome, World, pkictl};
use rusqlite::Connection;
use serde_json::Value;

/// Refused by the store or the engine, or with findings.
const REFUSED: i32 = 2;

/// A world with a root that has names, three certificates of which one is revoked, and its CRL.
fn world() -> World {
    let world = World::new(pkictl!());
    world.ok(&["secrets", "enable", "-max-lease-ttl=87600h", "pki"]);
    world.ok(&[
        "write",
        "pki/root/generate/internal",
        "common_name=Root",
        "key_type=ec",
        "ttl=87600h",
        "issuer_name=root",
        "key_name=root-key",
    ]);
    let role = ["allow_any_name=true", "key_type=ec", "ttl=24h"];
    world.ok(&[&["write", "pki/roles/web"][..], &role].concat());
    for _ in 0..2 {
        issue(&world);
    }
    revoke_one(&world);
    world.ok(&["read", "pki/cert/crl"]);
    world
}

fn issue(world: &World) -> String {
    world.field("serial_number", &["write", "pki/issue/web", "common_name=a.example.com"])
}

fn revoke_one(world: &World) -> String {
    let serial = issue(world);
    world.ok(&["write", "pki/revoke", &format!("serial_number={serial}")]);
    serial
}

/// The store with one of SQLite's own tools.
fn database(store: &Path) -> Connection {
    Connection::open(store.join("pki.db")).expect("a database")
}

/// The number of the only CRL that `store stats` shows.
fn crl_number(world: &World) -> u64 {
    let stats = json(&world.run(&["store", "stats", "-format=json"]));
    stats["mounts"][0]["crls"][0]["number"].as_u64().expect("a number")
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.out).unwrap_or_else(|problem| {
        panic!("{problem}: {}{}", outcome.out, outcome.err);
    })
}

/// A copy of a store, in the working directory.
fn copy_store(world: &World, name: &str) -> PathBuf {
    let copy = world.work().join(name);
    copy_folder(&world.store(), &copy);
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

#[test]
fn statistics_are_what_was_done() {
    let world = world();
    let stats = json(&world.run(&["store", "stats", "-format=json"]));
    assert_eq!((&stats["format"], &stats["seal"]), (&1.into(), &"key file".into()));
    let mount = &stats["mounts"][0];
    for (name, want) in [
        ("certificates", 4),
        ("expired", 0),
        ("revoked", 1),
        ("issuers", 1),
        ("keys", 1),
        ("roles", 1),
    ] {
        assert_eq!(mount[name], want, "{name}");
    }
    let crl = &mount["crls"][0];
    assert_eq!((&crl["number"], &crl["entries"]), (&2.into(), &1.into()));
    assert_eq!(crl["pending_bytes"], 0);
    let der = world.run(&["read", "-format=raw", "pki/crl"]);
    assert_eq!(der.status, 0, "{}", der.err);
    revoke_one(&world);
    let stats = json(&world.run(&["store", "stats", "-format=json"]));
    let crl = &stats["mounts"][0]["crls"][0];
    assert_eq!(crl["entries"], 2);
    assert!(0 < crl["pending_bytes"].as_u64().expect("a number"), "{crl}");
    let table = world.ok(&["store", "stats"]);
    assert!(table.contains("revision"), "{table}");
}

#[test]
fn without_a_store_commands_say_so() {
    let world = World::new(pkictl!());
    for words in [
        &["store", "check"] as &[&str],
        &["store", "stats"],
        &["store", "backup", "x"],
        &["store", "rekey", "-to=keyfile"],
    ] {
        let got = world.run(words);
        assert_eq!((got.status, got.out.as_str()), (REFUSED, ""), "{words:?}");
        assert!(got.err.contains("no store at"), "{}", got.err);
        assert!(got.err.contains("secrets enable"), "{}", got.err);
    }
    assert!(!world.store().exists());
}

#[test]
fn a_store_whose_database_was_deleted_is_not_a_store_that_never_was() {
    let world = world();
    for name in ["pki.db", "pki.db-wal", "pki.db-shm", "pki.lock", "pki.users"] {
        let _absent = fs::remove_file(world.store().join(name));
        if name == "pki.db" {
            continue;
        }
        for words in [&["read", "pki/cert/ca"] as &[&str], &["store", "check"]] {
            let got = world.run(words);
            assert_eq!((got.status, got.out.as_str()), (REFUSED, ""), "{name} {words:?}");
            assert!(got.err.contains("gone"), "{name}: {}", got.err);
            assert!(!got.err.contains("secrets enable"), "{name}: {}", got.err);
        }
        let got = world.run(&["secrets", "enable", "pki"]);
        assert_eq!(got.status, REFUSED, "{name}");
    }
}

#[test]
fn a_store_of_a_newer_program_is_named_and_left_alone() {
    let world = world();
    database(&world.store()).execute_batch("PRAGMA user_version = 2").expect("edited");
    let bytes = || world.store_bytes().remove("pki.db");
    let before = bytes();
    for words in [
        &["store", "check", "-repair"] as &[&str],
        &["store", "stats"],
        &["store", "backup", "b"],
        &["store", "rekey", "-to=keyfile"],
    ] {
        let got = world.run(words);
        assert_eq!(got.status, REFUSED, "{words:?}");
        assert!(got.err.contains("store format 2; this program knows"), "{}", got.err);
    }
    assert!(before == bytes());
    assert!(!world.work().join("b").exists());
}
