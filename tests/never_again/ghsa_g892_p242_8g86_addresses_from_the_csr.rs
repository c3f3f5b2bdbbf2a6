//! `allowed_ip_sans_cidr` was asked about addresses in parameters, and not about those in a CSR
//! (OpenBao). All names pass the same function; that it says the same of both is tried with many
//! in `crates/pki-core/tests/policy_never_again.rs`.

use std::net::IpAddr;

use pki_core::x509::{SubjectAltNames, extension};
use serde_json::json;

use crate::mount::{Mount, csr, key};

#[test]
fn an_address_in_a_csr_lies_in_the_networks_of_the_role() {
    let mount = Mount::new();
    mount.role(
        "net",
        json!({"allow_any_name": true, "allowed_ip_sans_cidr": "10.0.0.0/8,fd00::/8"}),
    );
    let names = |ip: &[&str]| {
        let ip: Vec<IpAddr> = ip.iter().map(|ip| ip.parse().expect("an address")).collect();
        let names = SubjectAltNames { ip, ..Default::default() };
        vec![extension::subject_alt_name(&names, false).expect("names")]
    };
    for outside in [&["192.168.0.1"] as &[&str], &["10.0.0.1", "11.0.0.1"], &["fe80::1"]] {
        let csr = csr(&key(), "a.example.com", names(outside));
        mount.refuse("pki/sign/net", json!({"csr": csr}), "not allowed in this role");
        let data = json!({"common_name": "a.example.com", "ip_sans": outside, "key_type": "ec"});
        mount.refuse("pki/issue/net", data, "not allowed in this role");
    }
    // One that is written as another kind of address is in no network at all.
    let mapped = csr(&key(), "a.example.com", names(&["::ffff:10.0.0.1"]));
    mount.refuse("pki/sign/net", json!({"csr": mapped}), "is written as one of IPv6");
    let csr = csr(&key(), "a.example.com", names(&["10.1.2.3", "fd00::1"]));
    let signed = mount.issued("pki/sign/net", json!({"csr": csr}));
    assert_eq!(signed.subject_alt_names().ip.len(), 2);
}
