//! What is revoked stays on the CRL, whatever else happens; and nothing else is revoked.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]

use std::sync::Arc;
use std::thread;

use pki_core::x509::CertificateList;
use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use serde_json::{Map, Value, json};

/// A mount with two roots, `one` and `two`, and a role that issues from the first.
struct World(Engine);

impl World {
    fn new() -> Self {
        let engine =
            Engine::new(Arc::new(MemoryStore::new()), Arc::new(Given::key([7; 32])), Env::system());
        engine.enable("pki").unwrap();
        let world = Self(engine);
        for name in ["one", "two"] {
            let root = json!({"common_name": name, "key_type": "ec", "issuer_name": name});
            world.write("root/generate/internal", root).unwrap();
        }
        let role = json!({"allow_any_name": true, "key_type": "ec", "issuer_ref": "one"});
        world.write("roles/any", role).unwrap();
        world
    }

    fn ask(&self, operation: Operation, path: &str, data: Value) -> Result<Body, String> {
        let data = data.as_object().unwrap().clone();
        let path = if path.starts_with("sys/") { path.to_owned() } else { format!("pki/{path}") };
        let request = Request { operation, path, data };
        let mut response = self.0.handle(request).map_err(|error| error.to_string())?;
        Ok(std::mem::replace(&mut response.body, Body::Null))
    }

    fn write(&self, path: &str, data: Value) -> Result<Map<String, Value>, String> {
        match self.ask(Operation::Write, path, data)? {
            Body::Data(fields) => Ok(fields),
            Body::Empty | Body::Null | Body::Accepted | Body::Raw { .. } => Ok(Map::new()),
        }
    }

    fn issue(&self) -> String {
        let issued = self.write("issue/any", json!({"common_name": "a.test", "ttl": "1h"}));
        issued.unwrap()["serial_number"].as_str().unwrap().to_owned()
    }

    /// The serial numbers on the CRL of an issuer.
    fn listed(&self, issuer: &str) -> Vec<String> {
        let path = format!("issuer/{issuer}/crl/der");
        let crl = match self.ask(Operation::Read, &path, json!({})).unwrap() {
            Body::Raw { bytes, .. } => bytes,
            Body::Data(_) | Body::Empty | Body::Null | Body::Accepted => Vec::new(),
        };
        let list = CertificateList::from_der(&crl).unwrap();
        list.entries().map(|entry| entry.unwrap().revoked.serial.to_string()).collect()
    }

    /// A CA below the root `one`: its certificate and serial number.
    fn subordinate(&self) -> (String, String) {
        let generate = json!({"common_name": "Below", "key_type": "ec"});
        let csr = self.write("intermediate/generate/internal", generate).unwrap();
        let sign = json!({"csr": csr["csr"], "common_name": "Below", "ttl": "100h"});
        let signed = self.write("issuer/one/sign-intermediate", sign).unwrap();
        let text = |field: &str| signed[field].as_str().unwrap().to_owned();
        (text("certificate"), text("serial_number"))
    }

    fn import(&self, certificate: &str) -> String {
        let bundle = json!({"pem_bundle": certificate});
        let imported = self.write("issuers/import/cert", bundle).unwrap();
        imported["imported_issuers"][0].as_str().unwrap().to_owned()
    }
}

/// Whoever makes a log anew and whoever revokes meet: one of them starts over.
#[test]
fn a_revocation_is_listed_though_its_log_is_made_anew_at_the_same_time() {
    let world = World::new();
    for turn in 0..150 {
        let serial = world.issue();
        let default = if turn % 2 == 0 { "two" } else { "one" };
        world.write("config/issuers", json!({"default": default})).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| world.listed("one"));
            scope.spawn(|| world.write("revoke", json!({"serial_number": serial})).unwrap());
        });
        assert!(world.listed("one").contains(&serial), "turn {turn}");
    }
}

#[test]
fn a_revoked_ca_stays_revoked_when_it_is_taken_in() {
    let world = World::new();
    let (certificate, serial) = world.subordinate();
    world.write("revoke", json!({"serial_number": serial})).unwrap();
    assert!(world.listed("one").contains(&serial));
    let id = world.import(&certificate);
    assert!(world.listed("one").contains(&serial));
    let problem = world.write(&format!("issuer/{id}/issue/any"), json!({"common_name": "a.test"}));
    assert!(problem.unwrap_err().contains("issuing-certificates"));
}

#[test]
fn a_revoked_issuer_stays_revoked_when_it_comes_back() {
    let world = World::new();
    let (certificate, serial) = world.subordinate();
    let id = world.import(&certificate);
    world.write(&format!("issuer/{id}/revoke"), json!({})).unwrap();
    world.ask(Operation::Delete, &format!("issuer/{id}"), json!({})).unwrap();
    assert!(world.listed("one").contains(&serial));
    let id = world.import(&certificate);
    assert!(world.listed("one").contains(&serial));
    let problem = world.write(&format!("issuer/{id}/issue/any"), json!({"common_name": "a.test"}));
    assert!(problem.unwrap_err().contains("issuing-certificates"));
}

/// The key of a new issuer is not deleted under it.
#[test]
fn an_issuer_and_the_deletion_of_its_key_exclude_each_other() {
    let world = World::new();
    for turn in 0..60 {
        let name = format!("k{turn}");
        let key = json!({"key_type": "ec", "key_name": name});
        world.write("keys/generate/internal", key).unwrap();
        thread::scope(|scope| {
            let root = json!({"common_name": name, "key_ref": name, "issuer_name": name});
            let world = &world;
            scope.spawn(move || world.write("root/generate/existing", root));
            let path = format!("key/{name}");
            scope.spawn(move || world.ask(Operation::Delete, &path, json!({})));
        });
        assert!(world.ask(Operation::Read, "crl/rotate", json!({})).is_ok(), "turn {turn}");
    }
}

#[test]
fn no_reason_takes_a_revocation_back() {
    let world = World::new();
    let serial = world.issue();
    for reason in ["removeFromCRL", "8", "removefromcrl"] {
        let data = json!({"serial_number": serial, "reason": reason});
        let problem = world.write("revoke", data).unwrap_err();
        assert!(problem.contains("must be one of") && problem.contains("superseded"), "{problem}");
    }
    world.write("revoke", json!({"serial_number": serial, "reason": "superseded"})).unwrap();
}

/// A mount that was moved away has leases with names below the one that came after it.
#[test]
fn the_leases_of_a_mount_that_was_moved_are_not_those_of_the_next() {
    let world = World::new();
    let role = json!({"allow_any_name": true, "key_type": "ec", "generate_lease": true});
    world.write("roles/leased", role).unwrap();
    let parameters = json!({"common_name": "a.test", "ttl": "1h", "issuer_ref": "one"});
    world.write("issue/leased", parameters).unwrap();
    let leases = || world.ask(Operation::List, "sys/leases/lookup/pki/issue/leased", json!({}));
    assert!(leases().is_ok_and(|body| matches!(body, Body::Data(_))));
    world.write("sys/remount", json!({"from": "pki", "to": "old"})).unwrap();
    world.0.enable("pki").unwrap();
    world.write("sys/leases/revoke-prefix/pki", json!({})).unwrap();
    assert!(leases().is_ok_and(|body| matches!(body, Body::Data(_))));
    world.ask(Operation::Delete, "sys/mounts/pki", json!({})).unwrap();
    assert!(leases().is_ok_and(|body| matches!(body, Body::Data(_))));
    world.ask(Operation::Delete, "sys/mounts/old", json!({})).unwrap();
}
