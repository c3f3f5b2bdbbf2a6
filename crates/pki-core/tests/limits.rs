//! Input that is large rather than wrong: refused before it costs much, or taken in time that
//! grows with its length and not with the square of it. What is too slow here does not fail, but
//! is not to be overlooked: it takes minutes.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

use std::sync::Arc;

use pki_core::crypto::asn1::{Writer, encode};
use pki_core::crypto::{Curve, KeySpec, PrivateKey, SignatureAlgorithm};
use pki_core::x509::{
    Extension, ObjectIdentifier, SubjectAttributes, TbsCertificationRequest, pem, sign_csr,
};
use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use serde_json::{Value, json};

struct World(Engine);

impl World {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let engine = Engine::new(store, Arc::new(Given::key([7; 32])), Env::system());
        engine.enable("pki").unwrap();
        let world = Self(engine);
        world.write("sys/mounts/pki/tune", json!({"max_lease_ttl": "87600h"})).unwrap();
        let root = json!({"common_name": "Root", "key_type": "ec", "ttl": "87600h"});
        world.write("pki/root/generate/internal", root).unwrap();
        world
    }

    fn write(&self, path: &str, data: Value) -> Result<Value, String> {
        let data = data.as_object().cloned().unwrap_or_default();
        let request = Request { operation: Operation::Write, path: path.to_owned(), data };
        let response = self.0.handle(request).map_err(|problem| problem.to_string())?;
        Ok(match &response.body {
            Body::Data(fields) => Value::Object(fields.clone()),
            _ => Value::Null,
        })
    }

    #[track_caller]
    fn refuse(&self, path: &str, data: Value, message: &str) {
        let problem = self.write(path, data).unwrap_err();
        assert!(problem.contains(message), "{problem:.300}");
    }
}

/// As many identifiers as one likes.
fn oids(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("1.2.{}.{}", number / 1_000 + 1, number % 1_000))
}

fn csr(extensions: Vec<Extension>) -> String {
    let key = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
    let tbs = TbsCertificationRequest {
        subject: SubjectAttributes { common_name: Some("Sub".into()), ..Default::default() }
            .to_name(),
        public_key: key.public_key().clone(),
        extensions,
        signature: SignatureAlgorithm::for_issuing(key.spec(), 0, false, false),
    };
    pem::encode("CERTIFICATE REQUEST", &sign_csr(&tbs, &key).unwrap())
}

/// Every part of a path may be that of a mount, and each was looked for: the memory of a machine
/// was not enough for a path of a mebibyte.
#[test]
fn a_path_with_a_million_parts_is_not_taken_apart() {
    let world = World::new();
    for path in ["a/".repeat(1 << 19), format!("pki/{}", "a/".repeat(1 << 19)), "a".repeat(9_217)] {
        world.refuse(&path, json!({}), "path is longer than 9216 octets");
        let request = Request {
            operation: Operation::Read,
            path,
            data: json!({}).as_object().unwrap().clone(),
        };
        assert!(world.0.handle(request).is_err());
    }
    // The longest request in OCSP has room, whatever becomes of it.
    let escaped = format!("pki/ocsp/{}", "%4D".repeat(2_732));
    let request = Request { operation: Operation::Read, path: escaped, data: Default::default() };
    assert!(matches!(world.0.handle(request).unwrap().body, Body::Raw { .. }));
}

/// Whether each is there once was asked of each pair.
#[test]
fn forty_thousand_extensions_are_compared_once_each() {
    let world = World::new();
    let extensions = oids(40_000).map(|text| Extension {
        oid: ObjectIdentifier::new(&text).unwrap(),
        critical: false,
        value: vec![5, 0],
    });
    let data = json!({"csr": csr(extensions.collect()), "use_csr_values": true, "ttl": "1h"});
    assert!(world.write("pki/root/sign-intermediate", data).is_ok());
    let listed: Vec<Value> = oids(40_000).map(|id| json!({"id": id, "value": "BQA="})).collect();
    let entry = json!({"serial_number": "01", "revocation_time": 1, "extensions": listed});
    let data = json!({"revoked_certs": [entry], "extensions": listed});
    assert!(world.write("pki/issuer/default/sign-revocation-list", data).is_ok());
}

/// So was whether an identifier was there before.
#[test]
fn eighty_thousand_usages_are_compared_once_each() {
    let world = World::new();
    let usages: Vec<String> = oids(80_000).collect();
    let role = json!({"allow_any_name": true, "key_type": "ec", "ext_key_usage_oids": usages});
    world.write("pki/roles/any", role).unwrap();
    let data = json!({"common_name": "a.example.com", "ttl": "1h"});
    assert!(world.write("pki/issue/any", data).is_ok());
}

/// OpenSSL refuses such a certificate, so that nobody can keep it busy; no CA needs to sign it.
#[test]
fn names_times_constraints_has_a_limit() {
    let world = World::new();
    let list = |count: u32, prefix: &str| {
        let names: Vec<String> =
            (0..count).map(|number| format!("{prefix}d{number}.example.com")).collect();
        names.join(",")
    };
    let root = json!({"common_name": "Narrow", "key_type": "ec", "issuer_name": "narrow",
        "ttl": "1000h", "permitted_dns_domains": list(2_000, "")});
    world.write("pki/root/generate/internal", root).unwrap();
    world.write("pki/roles/any", json!({"allow_any_name": true, "key_type": "ec"})).unwrap();
    let issue = |count: u32| {
        let data =
            json!({"common_name": "a.d0.example.com", "ttl": "1h", "alt_names": list(count, "b.")});
        world.write("pki/issuer/narrow/issue/any", data)
    };
    assert!(issue(500).is_ok());
    let problem = issue(530).unwrap_err();
    assert!(problem.contains("too many names (DNS name)"), "{problem:.300}");
}

/// The answer holds every certificate that the list names, each time that it does.
#[test]
fn a_chain_set_by_hand_has_a_limit() {
    let world = World::new();
    let chain = |count: usize| json!({"manual_chain": vec!["self"; count]});
    assert!(world.write("pki/issuer/default", chain(100)).is_ok());
    let message = "manual_chain has more than 100 certificates";
    world.refuse("pki/issuer/default", chain(60_000), message);
}

/// To sign with such a key, to see whether it is one, took six seconds.
#[test]
fn a_large_rsa_key_that_is_none_is_not_tried() {
    let world = World::new();
    let number = |w: &mut Writer, octets: usize| w.unsigned(&vec![0xc3; octets]);
    for exponent in [3, 2_047] {
        let key = encode(|w| {
            w.sequence(|w| {
                w.unsigned_u64(0);
                number(w, 2_048);
                number(w, exponent);
                number(w, 2_047);
                (0..5).for_each(|_| number(w, 1_024));
            });
        });
        let bundle = pem::encode("RSA PRIVATE KEY", &key);
        let message = "the numbers of the RSA key contradict each other";
        world.refuse("pki/keys/import", json!({"pem_bundle": bundle}), message);
    }
}

/// A text of commas is a list of as many empty texts, each of which takes more memory.
#[test]
fn a_list_has_a_limit() {
    let world = World::new();
    let role = |domains: Value| json!({"allow_any_name": true, "key_type": "ec", "allowed_domains": domains});
    let message = "a list of more than 100000 items";
    world.refuse("pki/roles/any", role(json!(",".repeat(16_000_000))), message);
    world.refuse("pki/roles/any", role(json!(vec![1; 100_001])), message);
    assert!(world.write("pki/roles/any", role(json!(vec!["a"; 100_000]))).is_ok());
    let names = json!({"common_name": "a.b", "alt_names": ",".repeat(100_001), "ttl": "1h"});
    world.refuse("pki/issue/any", names, "more than 100000 subject alternate names");
}

/// What is too long is refused before its base64 is decoded.
#[test]
fn a_long_text_is_not_decoded() {
    let world = World::new();
    let line = "A".repeat(64) + "\n";
    let block = |label: &str| {
        format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", line.repeat(70_000))
    };
    let (csr, certificate, key) =
        (block("CERTIFICATE REQUEST"), block("CERTIFICATE"), block("PRIVATE KEY"));
    for path in ["pki/sign-verbatim", "pki/root/sign-intermediate"] {
        world.refuse(path, json!({"csr": csr}), "certificate request is too long");
    }
    for path in ["pki/revoke", "pki/root/sign-self-issued"] {
        world.refuse(path, json!({"certificate": certificate}), "certificate is too long");
    }
    world.refuse("pki/keys/import", json!({"pem_bundle": key}), "too long for a key");
    let revoke = json!({"serial_number": "01", "private_key": key});
    world.refuse("pki/revoke-with-key", revoke, "too long for a key");
    world.refuse("pki/ocsp", json!({"request": line}), "malformedRequest");
    world.refuse("pki/ocsp", json!({"request": line.repeat(70_000)}), "malformedRequest");
}
