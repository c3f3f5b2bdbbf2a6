//! No CA signs what the CAs above it forbid: names (D8) and the number of CAs (D9).
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]

use std::sync::Arc;

use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use serde_json::{Map, Value, json};

/// A mount with a root named `top` and a role for any name.
struct World(Engine);

impl World {
    fn new(root: Value) -> Self {
        let engine =
            Engine::new(Arc::new(MemoryStore::new()), Arc::new(Given::key([7; 32])), Env::system());
        engine.enable("pki").unwrap();
        let world = Self(engine);
        let mut parameters =
            json!({"common_name": "Top CA", "key_type": "ec", "issuer_name": "top"});
        merge(&mut parameters, root);
        world.write("root/generate/internal", parameters).unwrap();
        let role = json!({"allow_any_name": true, "enforce_hostnames": false, "key_type": "any",
            "allowed_uri_sans": "*", "require_cn": false, "allowed_other_sans": "*"});
        world.write("roles/any", role).unwrap();
        world
    }

    fn write(&self, path: &str, data: Value) -> Result<Map<String, Value>, String> {
        let data = data.as_object().unwrap().clone();
        let request = Request { operation: Operation::Write, path: format!("pki/{path}"), data };
        let mut response = self.0.handle(request).map_err(|error| error.to_string())?;
        match std::mem::replace(&mut response.body, Body::Null) {
            Body::Data(fields) => Ok(fields),
            Body::Empty | Body::Null | Body::Accepted | Body::Raw { .. } => Ok(Map::new()),
        }
    }

    /// A CA below an issuer, in the same mount and under its own name.
    fn below(&self, parent: &str, name: &str, parameters: Value) -> Result<(), String> {
        let common_name = format!("{name} CA");
        let generate = json!({"common_name": common_name, "key_type": "ec"});
        let csr = self.write("intermediate/generate/internal", generate)?;
        let mut sign = json!({"csr": csr["csr"], "common_name": common_name, "ttl": "100h"});
        merge(&mut sign, parameters);
        let signed = self.write(&format!("issuer/{parent}/sign-intermediate"), sign)?;
        let bundle = json!({"pem_bundle": signed["certificate"]});
        let imported = self.write("issuers/import/cert", bundle)?;
        let id = imported["imported_issuers"][0].as_str().unwrap().to_owned();
        self.write(&format!("issuer/{id}"), json!({"issuer_name": name}))?;
        Ok(())
    }

    fn issue(&self, issuer: &str, parameters: Value) -> Result<(), String> {
        let mut all = json!({"ttl": "1h", "key_type": "ec"});
        merge(&mut all, parameters);
        self.write(&format!("issuer/{issuer}/issue/any"), all).map(drop)
    }

    /// A request that a client made elsewhere.
    fn csr(&self, parameters: Value) -> Value {
        let mut all = json!({"key_type": "ec"});
        merge(&mut all, parameters);
        let made = self.write("intermediate/generate/internal", all).unwrap();
        made["csr"].clone()
    }
}

fn merge(into: &mut Value, from: Value) {
    let from = from.as_object().unwrap().clone();
    into.as_object_mut().unwrap().extend(from);
}

#[track_caller]
fn refused(got: Result<impl Sized, String>, parts: &[&str]) {
    let problem = got.err().unwrap();
    for part in parts {
        assert!(problem.contains(part), "{part:?} is not in {problem:?}");
    }
}

#[test]
fn names_are_checked_whatever_the_endpoint() {
    let world = World::new(json!({"permitted_dns_domains": "a.com"}));
    let (good, bad) = (json!({"common_name": "x.a.com"}), json!({"common_name": "x.b.com"}));
    let why = ["DNS name \"x.b.com\"", "not permitted", "\"a.com\"", "CN=Top CA"];
    assert_eq!(world.issue("top", good.clone()), Ok(()));
    refused(world.issue("top", bad.clone()), &why);
    let csr = world.csr(bad.clone());
    refused(
        world.write("sign/any", json!({"csr": csr, "common_name": "x.b.com", "ttl": "1h"})),
        &why,
    );
    refused(world.write("sign-verbatim", json!({"csr": csr, "ttl": "1h"})), &why);
    refused(world.write("root/sign-intermediate", json!({"csr": csr, "ttl": "1h"})), &why);
    let verbatim = json!({"csr": csr, "use_csr_values": true, "ttl": "1h"});
    refused(world.write("root/sign-intermediate", verbatim), &why);
    let csr = world.csr(good);
    world.write("sign-verbatim", json!({"csr": csr, "ttl": "1h"})).unwrap();
    world
        .write("root/sign-intermediate", json!({"csr": csr, "use_csr_values": true, "ttl": "1h"}))
        .unwrap();
    let other = World::new(json!({"common_name": "x.b.com"}));
    let certificate = other.write("root/rotate/internal", bad).unwrap()["certificate"].clone();
    refused(world.write("root/sign-self-issued", json!({"certificate": certificate})), &why);
}

#[test]
fn every_kind_of_name_is_checked() {
    let world = World::new(json!({
        "permitted_dns_domains": "a.com", "excluded_dns_domains": "no.a.com",
        "permitted_email_addresses": "a.com", "excluded_email_addresses": "root@a.com",
        "permitted_ip_ranges": "10.0.0.0/8", "excluded_ip_ranges": "10.9.0.0/16",
        "permitted_uri_domains": ".a.com", "excluded_uri_domains": "no.a.com",
    }));
    let good = json!({"alt_names": "x.a.com,joe@a.com", "ip_sans": "10.1.1.1",
        "uri_sans": "https://x.a.com/"});
    assert_eq!(world.issue("top", good), Ok(()));
    for (names, part) in [
        (json!({"alt_names": "x.no.a.com"}), "\"no.a.com\""),
        (json!({"alt_names": "*.a.com"}), "\"no.a.com\""),
        (json!({"alt_names": "joe@b.com"}), "e-mail address \"joe@b.com\" is not permitted"),
        (json!({"alt_names": "root@a.com"}), "excluded"),
        (json!({"ip_sans": "11.1.1.1"}), "IP address \"11.1.1.1\" is not permitted"),
        (json!({"ip_sans": "10.9.1.1"}), "excluded"),
        (json!({"ip_sans": "::1"}), "not permitted"),
        (json!({"uri_sans": "https://a.com/"}), "URI \"https://a.com/\" is not permitted"),
        (json!({"uri_sans": "https://no.a.com/"}), "excluded"),
        (json!({"uri_sans": "urn:x:y"}), "has no domain name"),
        (json!({"common_name": "b.com", "exclude_cn_from_sans": true}), "DNS name \"b.com\""),
    ] {
        refused(world.issue("top", names), &[part, "CN=Top CA"]);
    }
    assert_eq!(
        world.issue("top", json!({"common_name": "Joe", "exclude_cn_from_sans": true})),
        Ok(())
    );
}

#[test]
fn the_whole_chain_counts_and_the_one_that_refuses_is_named() {
    let world = World::new(json!({"excluded_dns_domains": "no.com"}));
    world.below("top", "middle", json!({"permitted_dns_domains": "a.com,no.com"})).unwrap();
    world.below("middle", "low", json!({})).unwrap();
    assert_eq!(world.issue("low", json!({"common_name": "x.a.com"})), Ok(()));
    refused(world.issue("low", json!({"common_name": "x.b.com"})), &["x.b.com", "CN=middle CA"]);
    refused(world.issue("low", json!({"common_name": "no.com"})), &["excluded", "CN=Top CA"]);
    assert_eq!(world.issue("top", json!({"common_name": "x.b.com"})), Ok(()));
}

/// A root that was issued again without its constraints is another way up.
#[test]
fn one_good_way_up_is_enough() {
    let world = World::new(json!({"permitted_dns_domains": "a.com", "key_name": "k"}));
    world.below("top", "low", json!({})).unwrap();
    let name = json!({"common_name": "x.b.com"});
    refused(world.issue("low", name.clone()), &["CN=Top CA"]);
    let again = json!({"common_name": "Top CA", "key_ref": "k", "issuer_name": "again"});
    world.write("root/generate/existing", again).unwrap();
    assert_eq!(world.issue("low", name.clone()), Ok(()));
    assert_eq!(world.issue("again", name.clone()), Ok(()));
    refused(world.issue("top", name), &["CN=Top CA"]);
}

#[test]
fn path_lengths_hold_over_the_whole_chain() {
    let world = World::new(json!({"max_path_length": 2}));
    world.below("top", "one", json!({"max_path_length": -1})).unwrap();
    refused(
        world.below("top", "more", json!({"max_path_length": 2})),
        &["requested max path length 2", "beyond the 1", "CN=Top CA"],
    );
    world.below("one", "two", json!({})).unwrap();
    refused(world.below("two", "three", json!({})), &["max path length of zero"]);
    assert_eq!(world.issue("two", json!({"common_name": "x"})), Ok(()));
}
