//! To revoke a certificate that nobody knows was called a success (CFSSL #909).

use serde_json::json;

use crate::mount::{Mount, csr, key};

#[test]
fn a_certificate_that_is_not_known_cannot_be_revoked() {
    let mount = Mount::new();
    mount.role("quiet", json!({"allow_any_name": true, "no_store": true}));
    let revoke = |serial: &str, words: &str| {
        mount.refuse("pki/revoke", json!({"serial_number": serial}), words);
    };
    revoke("11:22", "certificate with serial 11:22 not found.");
    revoke("zz", "certificate with serial zz not found.");
    revoke("", "must be provided");
    revoke("--", "not found");
    revoke("0", "not found");
    mount.refuse("pki/revoke", json!({}), "must be provided");
    // One that was never stored is known by its octets only.
    let leaf =
        mount.issued("pki/sign/quiet", json!({"csr": csr(&key(), "a.example.com", Vec::new())}));
    revoke(&leaf.serial().to_string(), "not found");
    mount.ok("pki/revoke", json!({"certificate": leaf.to_pem()}));
    assert!(mount.lists(leaf.serial()));
    mount.refuse(
        "pki/revoke-with-key",
        json!({"serial_number": "11:22", "private_key": key_in_pem()}),
        "not found",
    );
}

fn key_in_pem() -> String {
    let key = key().encode(pki_core::crypto::PrivateKeyForm::Pkcs8).expect("a key");
    pki_core::x509::pem::encode(key.label, key.der.expose())
}
