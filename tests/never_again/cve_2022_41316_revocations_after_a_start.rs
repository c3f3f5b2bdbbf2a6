//! After a start nothing was revoked until somebody asked for the CRL (Vault's login by
//! certificate). What has no status is not good.

use pki_core::domain::serial::SerialNumber;
use pkictl_tests::ocsp::Status;
use serde_json::json;

use crate::mount::Mount;

#[test]
fn the_first_question_after_a_start_knows_what_is_revoked() {
    let mount = Mount::new();
    mount.role("any", json!({"allow_any_name": true}));
    let issue =
        || mount.issued("pki/issue/any", json!({"common_name": "a.example.com", "key_type": "ec"}));
    let (good, revoked) = (issue(), issue());
    mount.ok("pki/revoke", json!({"serial_number": revoked.serial().to_string()}));
    let status = |serial: &SerialNumber| mount.restarted().status(&mount.root, serial);
    assert_eq!(status(revoked.serial()), Some(Status::Revoked));
    assert_eq!(status(good.serial()), Some(Status::Good));
    assert!(mount.restarted().lists(revoked.serial()));
    // Never issued here: that is no reason to call it good.
    assert_eq!(status(&SerialNumber::from_octets(&[9; 16])), Some(Status::Unknown));
}
