//! Roles, as JSON objects with values of any type, and what is issued under them.

use pki_core::x509::pem;
use serde_json::{Value, json};

use super::authority::{self, Authority, Whose};
use super::names;
use super::{Target, Verdict};

pub(super) const TARGET: Target = Target {
    name: "role",
    about: "a role as a JSON object, to be written, read and issued under",
    run,
    seeds,
};

fn run(text: &[u8]) -> Verdict {
    // What is no object is no request at all.
    let Ok(Value::Object(data)) = serde_json::from_slice(text) else { return Verdict::Refused };
    let authority = Authority::new();
    let written = authority.write("pki/roles/x", Value::Object(data));
    if written.is_ok() {
        use_role(&authority);
    }
    Verdict::of(&written)
}

fn use_role(authority: &Authority) {
    let role = authority.read("pki/roles/x").expect("a role that was written");
    authority.write("pki/roles/y", role.clone()).expect("what is read can be written");
    assert_eq!(authority.read("pki/roles/y").expect("a role"), role);
    let csr = pem::encode(
        "CERTIFICATE REQUEST",
        &authority::csr(&Whose::Leaf.key(), "c.example.com", Vec::new()),
    );
    let request = json!({"csr": csr, "common_name": "d.example.com", "ttl": "1h"});
    for path in ["pki/sign/x", "pki/sign-verbatim/x"] {
        if let Ok(answer) = authority.write(path, request.clone()) {
            assert!(!names::certificate(&answer).is_ca(), "a CA came out");
        }
    }
    // To make an RSA key takes too long.
    if role["key_type"] == "ec" || role["key_type"] == "ed25519" {
        let request = json!({"common_name": "d.example.com", "alt_names": "e.example.com"});
        if let Ok(answer) = authority.write("pki/issue/x", request) {
            assert!(!names::certificate(&answer).is_ca(), "a CA came out");
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Value> = names::roles().into_iter().map(|(_, role)| role).collect();
    seeds.push(json!({
        "allowed_domains": ["*.example.com", "example.org"], "allow_glob_domains": "true",
        "allow_any_name": 1, "key_type": "ec", "key_bits": "0x100", "ttl": 3600, "max_ttl": null,
        "key_usage": ["DigitalSignature"], "ext_key_usage": "TimeStamping,any",
        "ext_key_usage_oids": "1.3.6.1.5.5.7.3.9", "country": "DE,AT", "ou": ["a,b"],
        "not_before_duration": "1m30s", "cn_validations": ["email"], "signature_bits": 384,
        "policy_identifiers": "[{\"oid\":\"1.2.3\",\"cps\":\"http://a\",\"notice\":\"n\"}]",
    }));
    seeds.push(json!({
        "not_after": "2027-01-01T00:00:00Z", "not_before": "2026-09-01T00:00:00Z",
        "not_after_bound": "ttl-limited", "not_before_bound": "duration", "key_type": "ed25519",
        "allow_any_name": true, "serial_number_source": "json", "use_csr_sans": false,
    }));
    seeds.iter().map(|role| role.to_string().into_bytes()).collect()
}
