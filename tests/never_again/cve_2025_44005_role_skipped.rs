//! The check of the right to a certificate could be passed by (step-ca: ACME and SCEP). Here the
//! role is what gives the right: where there is none, nothing is signed, whichever way one asks.

use pki_core::Operation;
use serde_json::json;

use crate::mount::{Mount, csr, key};

#[test]
fn without_a_role_nothing_is_signed() {
    let mount = Mount::new();
    mount.role("gone", json!({"allow_any_name": true}));
    mount.ask(Operation::Delete, "pki/roles/gone").expect("deleted");
    let csr = csr(&key(), "a.example.com", Vec::new());
    for role in ["none", "gone", "default", "root"] {
        for path in [
            "issue",
            "sign",
            "sign-verbatim",
            "issuer/root/issue",
            "issuer/root/sign",
            "issuer/root/sign-verbatim",
        ] {
            let data = json!({"csr": csr, "common_name": "a.example.com", "key_type": "ec"});
            mount.refuse(&format!("pki/{path}/{role}"), data, "unknown role");
        }
    }
    // A role that the data names is not the one in the path.
    mount.role("any", json!({"allow_any_name": true}));
    let data =
        json!({"role": "any", "name": "any", "common_name": "a.example.com", "key_type": "ec"});
    mount.refuse("pki/issue/none", data, "unknown role: none");
}
