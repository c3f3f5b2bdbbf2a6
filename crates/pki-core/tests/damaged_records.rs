//! What is damaged in the store hurts nothing but itself.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]

use std::sync::Arc;

use pki_core::x509::CertificateList;
use pki_core::{Body, Engine, Env, Error, Given, Operation, Request, Response};
use pki_store::memory::MemoryStore;
use pki_store::{Batch, KeyRange, Layout, Op, Store as _, Table};
use serde_json::{Value, json};

/// Where the engine keeps private keys.
const KEYS: Table = Table { number: 13, name: "keys", layout: Layout::Clustered };

fn ask(engine: &Engine, operation: Operation, path: &str, data: Value) -> Result<Response, Error> {
    let path = format!("pki/{path}");
    engine.handle(Request { operation, path, data: data.as_object().unwrap().clone() })
}

/// A mount with two roots, `well` and `ill`, and the serial number of a certificate of `ill`,
/// whose key was damaged afterwards.
fn world() -> (Engine, Value) {
    let store = Arc::new(MemoryStore::new());
    let open = || Engine::new(store.clone(), Arc::new(Given::key([7; 32])), Env::system());
    let engine = open();
    engine.enable("pki").unwrap();
    let mut ill = Value::Null;
    for name in ["well", "ill"] {
        let root = json!({"common_name": name, "key_type": "ec", "issuer_name": name});
        let reply = ask(&engine, Operation::Write, "root/generate/internal", root).unwrap();
        let Body::Data(fields) = &reply.body else { unreachable!("a root has fields") };
        ill = fields["key_id"].clone();
    }
    let role = json!({"allow_any_name": true, "key_type": "ec", "issuer_ref": "ill"});
    ask(&engine, Operation::Write, "roles/any", role).unwrap();
    let issue = json!({"common_name": "a.test", "ttl": "1h"});
    let issued = ask(&engine, Operation::Write, "issue/any", issue).unwrap();
    let Body::Data(fields) = &issued.body else { unreachable!("a certificate has fields") };
    damage(&store, ill.as_str().unwrap());
    // Without what the first one remembers.
    (open(), fields["serial_number"].clone())
}

/// Changes one octet of what is sealed.
fn damage(store: &MemoryStore, key_id: &str) {
    let range = KeyRange::prefix(KEYS, []);
    let found = store.snapshot().unwrap().scan(&range, usize::MAX).unwrap();
    let is_it = |value: &[u8]| String::from_utf8_lossy(value).contains(key_id);
    let (key, mut entry) = found.into_iter().find(|(_, entry)| is_it(&entry.value)).unwrap();
    let text = String::from_utf8_lossy(&entry.value).into_owned();
    let at = text.find("\"sealed\":\"").unwrap() + 60;
    entry.value[at] = if entry.value[at] == b'0' { b'1' } else { b'0' };
    let ops = vec![Op::Put { key, value: entry.value }];
    store.apply(&Batch { expect: Vec::new(), ops }).unwrap();
}

fn crl_number(engine: &Engine, issuer: &str) -> Result<u64, Error> {
    let path = format!("issuer/{issuer}/crl/der");
    let reply = ask(engine, Operation::Read, &path, json!({}))?;
    let Body::Raw { bytes, .. } = &reply.body else { unreachable!("a CRL is a document") };
    Ok(CertificateList::from_der(bytes).unwrap().number().unwrap())
}

#[test]
fn a_damaged_key_keeps_no_other_crl_from_being_built() {
    let (engine, _) = world();
    let before = crl_number(&engine, "well").unwrap();
    let reply = ask(&engine, Operation::Read, "crl/rotate", json!({})).unwrap();
    let warning = reply.warnings.iter().find(|warning| warning.contains("could not be built"));
    let says_what = |warning: &String| warning.contains("a record in table keys is damaged");
    assert!(warning.is_some_and(says_what), "{:?}", reply.warnings);
    assert_eq!(crl_number(&engine, "well").unwrap(), before + 1);
}

#[test]
fn a_crl_that_is_due_and_cannot_be_built_is_not_shown_as_it_was() {
    let (engine, _) = world();
    assert!(crl_number(&engine, "ill").is_ok(), "it is not due");
    // A new issuer asks for all of them anew.
    let root = json!({"common_name": "third", "key_type": "ec", "issuer_name": "third"});
    ask(&engine, Operation::Write, "root/generate/internal", root).unwrap();
    let problem = crl_number(&engine, "ill").unwrap_err().to_string();
    assert!(problem.contains("could not be built"), "{problem}");
    assert!(crl_number(&engine, "well").is_ok());
    assert!(crl_number(&engine, "third").is_ok());
}

#[test]
fn a_revocation_stands_though_its_crl_cannot_be_built() {
    let (engine, serial) = world();
    let revoke = json!({"serial_number": serial});
    ask(&engine, Operation::Write, "revoke", revoke).unwrap();
    let path = format!("cert/{}", serial.as_str().unwrap());
    let reply = ask(&engine, Operation::Read, &path, json!({})).unwrap();
    let Body::Data(fields) = &reply.body else { unreachable!("a certificate has fields") };
    assert!(0 < fields["revocation_time"].as_i64().unwrap());
    // The CRL without it is not shown.
    assert!(crl_number(&engine, "ill").is_err());
    assert!(crl_number(&engine, "well").is_ok());
}

#[test]
fn values_that_were_stored_without_a_sum_are_read() {
    let store = Arc::new(MemoryStore::new());
    let open = || Engine::new(store.clone(), Arc::new(Given::key([7; 32])), Env::system());
    open().enable("pki").unwrap();
    let root = json!({"common_name": "old", "key_type": "ec", "issuer_name": "old"});
    ask(&open(), Operation::Write, "root/generate/internal", root).unwrap();
    let found = store.snapshot().unwrap().scan(&KeyRange::prefix(KEYS, []), usize::MAX).unwrap();
    for (key, mut entry) in found {
        assert_eq!(entry.value[0] & 0xe0, 0xe0, "it has a sum");
        entry.value[0] &= 0x1f;
        entry.value.truncate(entry.value.len() - 8);
        let ops = vec![Op::Put { key, value: entry.value }];
        store.apply(&Batch { expect: Vec::new(), ops }).unwrap();
    }
    ask(&open(), Operation::Read, "crl/rotate", json!({})).unwrap();
    assert_eq!(crl_number(&open(), "old").unwrap(), 2);
}
