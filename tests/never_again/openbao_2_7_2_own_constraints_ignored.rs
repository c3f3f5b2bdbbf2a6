//! An issuer signed names outside its own name constraints, and a parameter of a CA that was not
//! known was dropped with a warning that nobody reads (tried on OpenBao 2.7.2). All constraints
//! above are looked at before anything is signed: `crates/pki-core/tests/ca_constraints.rs` tries every
//! endpoint and kind of name. Unknown parameters are named in a warning here too, since clients
//! depend on being answered.

use pkictl_tests::{World, pkictl};
use serde_json::json;

use crate::mount::{Mount, csr, key};

#[test]
fn an_issuer_keeps_to_its_own_constraints() {
    let mount = Mount::with_root(
        json!({"permitted_dns_domains": "example.com", "excluded_dns_domains": "no.example.com"}),
    );
    mount.role("any", json!({"allow_any_name": true}));
    for name in ["a.example.org", "x.no.example.com"] {
        let data = json!({"common_name": name, "key_type": "ec"});
        mount.refuse("pki/issue/any", data, name);
        for path in ["pki/sign/any", "pki/sign-verbatim", "pki/root/sign-intermediate"] {
            mount.refuse(
                path,
                json!({"csr": csr(&key(), name, Vec::new()), "common_name": name, "ttl": "1h"}),
                name,
            );
        }
    }
    mount.ok("pki/issue/any", json!({"common_name": "a.example.com", "key_type": "ec"}));
}

#[test]
fn a_parameter_that_is_not_known_is_named() {
    let world = World::new(pkictl!());
    world.ok(&["secrets", "enable", "pki"]);
    let got = world.run(&[
        "write",
        "pki/root/generate/internal",
        "common_name=Root",
        "key_type=ec",
        "permitted_dns_domain=example.com",
    ]);
    assert!(
        got.err.contains("Endpoint ignored these unrecognized parameters: [permitted_dns_domain]"),
        "{}",
        got.err
    );
}
