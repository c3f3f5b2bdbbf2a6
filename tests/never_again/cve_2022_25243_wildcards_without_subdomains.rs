//! A wildcard was issued although `allow_subdomains` was off (Vault 1.8). The table of all switches
//! and all shapes of names is in `crates/pki-core/tests/policy_never_again.rs`.

use pki_core::x509::{SubjectAltNames, extension};
use serde_json::json;

use crate::mount::{Mount, csr, key};

#[test]
fn no_wildcard_comes_out_without_subdomains() {
    let mount = Mount::new();
    mount.role(
        "bare",
        json!({"allowed_domains": "example.com", "allow_bare_domains": true,
        "allow_subdomains": false, "allow_wildcard_certificates": true}),
    );
    let wildcards = ["*.example.com", "*.www.example.com", "f*.example.com", "*.EXAMPLE.com"];
    for name in wildcards {
        let issue = |data| mount.refuse("pki/issue/bare", data, name);
        issue(json!({"common_name": name, "key_type": "ec"}));
        issue(json!({"common_name": "example.com", "alt_names": name, "key_type": "ec"}));
        let names = SubjectAltNames { dns: vec![name.into()], ..Default::default() };
        let names = extension::subject_alt_name(&names, false).expect("names");
        for csr in [csr(&key(), name, Vec::new()), csr(&key(), "example.com", vec![names])] {
            mount.refuse("pki/sign/bare", json!({"csr": csr}), name);
        }
    }
    mount.ok("pki/issue/bare", json!({"common_name": "example.com", "key_type": "ec"}));
}
