//! Tidying removed certificates that were revoked and had not ended, so that the next CRL did not
//! list them (Vault 1.5.1 to 1.7.0).

use serde_json::json;

use crate::mount::Mount;

const DAY: i64 = 24 * 60 * 60;

#[test]
fn what_was_revoked_is_listed_until_its_end_however_often_the_mount_is_tidied() {
    let mount = Mount::new();
    mount.role("any", json!({"allow_any_name": true, "ttl": "240h"}));
    let leaf =
        mount.issued("pki/issue/any", json!({"common_name": "a.example.com", "key_type": "ec"}));
    mount.ok("pki/revoke", json!({"serial_number": leaf.serial().to_string()}));
    for _ in 0..9 {
        mount.advance(DAY);
        mount.ok(
            "pki/tidy",
            json!({"tidy_cert_store": true, "tidy_revoked_certs": true,
                "tidy_revoked_cert_issuer_associations": true, "tidy_expired_issuers": true,
                "safety_buffer": "1s", "issuer_safety_buffer": "1s"}),
        );
        mount.ask(pki_core::Operation::Read, "pki/crl/rotate").expect("a new CRL");
        assert!(mount.restarted().lists(leaf.serial()), "a revocation was forgotten");
        let again = mount.ok("pki/revoke", json!({"serial_number": leaf.serial().to_string()}));
        assert_eq!(again["state"], "revoked");
    }
    // And it is forgotten some day.
    mount.advance(30 * DAY);
    mount.ok(
        "pki/tidy",
        json!({"tidy_cert_store": true, "tidy_revoked_certs": true, "safety_buffer": "1s"}),
    );
    mount.ask(pki_core::Operation::Read, "pki/crl/rotate").expect("a new CRL");
    mount.ask(pki_core::Operation::Read, "pki/crl/rotate").expect("a new CRL");
    assert!(!mount.lists(leaf.serial()));
}
