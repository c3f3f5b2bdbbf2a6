//! An empty list of principals was good for everyone (Vault, OpenBao: SSH). The decision by
//! itself is in `crates/pki-core/tests/policy_never_again.rs`.

use pki_core::x509::{OtherName, SubjectAltNames, extension};
use serde_json::json;

use crate::mount::{Mount, csr, key};

#[test]
fn a_role_that_allows_nothing_allows_nothing() {
    let mount = Mount::new();
    for (name, nothing) in [
        ("absent", json!(null)),
        ("empty", json!("")),
        ("list", json!([])),
        ("commas", json!(",,")),
    ] {
        // An other name without an identifier is no entry, and refused.
        let other = if nothing == json!(",,") { json!(null) } else { nothing.clone() };
        mount.role(name, json!({"allowed_domains": nothing, "allowed_uri_sans": nothing,
            "allowed_other_sans": other, "allowed_serial_numbers": nothing, "allowed_user_ids": nothing,
            "allow_subdomains": true, "allow_bare_domains": true, "allow_glob_domains": true,
            "allow_localhost": false, "allow_ip_sans": false, "enforce_hostnames": false}));
        for wish in [
            json!({"common_name": "a.example.com"}),
            json!({"common_name": "localhost"}),
            json!({"alt_names": "me@example.com"}),
            json!({"ip_sans": "10.0.0.1"}),
            json!({"uri_sans": "urn:a"}),
            json!({"other_sans": "1.2.3;UTF8:a"}),
            json!({"serial_number": "1"}),
            json!({"user_ids": "bob"}),
        ] {
            let mut wish = wish;
            wish["key_type"] = json!("ec");
            mount.refuse(&format!("pki/issue/{name}"), wish, "");
        }
        let names = SubjectAltNames {
            dns: vec!["a.example.com".into()],
            other: vec![OtherName { oid: "1.2.3".into(), value: "a".into() }],
            ..Default::default()
        };
        let names = extension::subject_alt_name(&names, false).expect("names");
        let csr = csr(&key(), "", vec![names]);
        mount.refuse(&format!("pki/sign/{name}"), json!({"csr": csr}), "");
    }
}
