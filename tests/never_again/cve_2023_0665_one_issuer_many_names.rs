//! Endpoints checked the right to one name of an issuer, and acted on the issuer that another one
//! means (Vault). Here every name leads to the one record before anything is decided.

use pki_core::Operation;
use serde_json::json;

use crate::mount::{Mount, text};

#[test]
fn what_holds_of_an_issuer_holds_under_each_of_its_names() {
    let mount = Mount::new();
    mount.role("any", json!({"allow_any_name": true}));
    let issuer = mount.ask(Operation::Read, "pki/issuer/root").expect("an issuer");
    let names = ["root", "default", text(&issuer, "issuer_id")];
    let issue = json!({"common_name": "a.example.com", "key_type": "ec"});
    for by in names {
        // What one name may no longer do, none may.
        mount.ok(
            &format!("pki/issuer/{by}"),
            json!({"issuer_name": "root", "usage": "read-only,crl-signing"}),
        );
        for name in names {
            mount.refuse(&format!("pki/issuer/{name}/issue/any"), issue.clone(), "usage");
            mount.refuse(
                &format!("pki/issuer/{name}/sign-verbatim"),
                json!({"csr": csr()}),
                "usage",
            );
        }
        mount.ok(&format!("pki/issuer/{by}"), json!({"issuer_name": "root"}));
        mount.ok(&format!("pki/issuer/{by}/issue/any"), issue.clone());
    }
    // A name that was taken away leads nowhere, and one that was deleted is gone under all.
    mount.ok("pki/issuer/default", json!({"issuer_name": "other"}));
    mount.refuse("pki/issuer/root/issue/any", issue.clone(), "unable to find PKI issuer");
    mount.ask(Operation::Delete, "pki/issuer/other").expect("deleted");
    for name in ["other", "default", text(&issuer, "issuer_id")] {
        assert!(mount.ask(Operation::Read, &format!("pki/issuer/{name}")).is_err(), "{name}");
    }
}

fn csr() -> String {
    crate::mount::csr(&crate::mount::key(), "a.example.com", Vec::new())
}
