//! To revoke with a key did not take the right one (step-ca: SSHPOP). `revoke-with-key` wants the
//! private half of the certified key, and not something that only looks like it.

use pki_core::crypto::asn1::{encode, tag};
use pki_core::crypto::{PrivateKey, PrivateKeyForm};
use pki_core::x509::{ObjectIdentifier, pem};
use serde_json::{Value, json};

use crate::mount::{Mount, csr, key, text};

fn in_pem(key: &PrivateKey) -> String {
    let key = key.encode(PrivateKeyForm::Traditional).expect("a key");
    pem::encode(key.label, key.der.expose())
}

/// A key of this public half, which whoever wants to can know, with some other private one.
fn forged(of: &PrivateKey) -> String {
    let curve = ObjectIdentifier::new("1.2.840.10045.3.1.7").expect("P-256");
    let der = encode(|w| {
        w.sequence(|w| {
            w.unsigned_u64(1);
            w.octet_string(&[5; 32]);
            w.nested(tag::constructed(0), |w| w.oid(&curve));
            w.nested(tag::constructed(1), |w| w.bit_string(of.public_key().key_octets()));
        });
    });
    pem::encode("EC PRIVATE KEY", &der)
}

#[test]
fn only_the_own_key_revokes() {
    let mount = Mount::new();
    mount.role("any", json!({"allow_any_name": true}));
    let own = key();
    let leaf = mount.issued("pki/sign/any", json!({"csr": csr(&own, "a.example.com", Vec::new())}));
    let revoke = |private_key: Value| json!({"serial_number": leaf.serial().to_string(), "private_key": private_key});
    let path = "pki/revoke-with-key";
    mount.refuse(
        path,
        json!({"serial_number": leaf.serial().to_string()}),
        "Must have private key",
    );
    mount.refuse(path, revoke(json!("")), "too short");
    mount.refuse(path, revoke(json!(in_pem(&key()))), "does not match");
    mount.refuse(path, revoke(json!(forged(&own))), "the public key does not belong");
    let public = pem::encode("PUBLIC KEY", own.public_key().spki());
    mount.refuse(path, revoke(json!(public)), "failed to parse provided private key");
    assert!(!mount.lists(leaf.serial()));
    let revoked = mount.ok(path, revoke(json!(in_pem(&own))));
    assert_eq!(text(&revoked, "state"), "revoked");
    assert!(mount.lists(leaf.serial()));
}
