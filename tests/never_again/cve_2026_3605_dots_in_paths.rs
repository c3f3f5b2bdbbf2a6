//! `.` and `..` in the path of a request led past what was asked about it (Vault, OpenBao). The
//! fuzz target `path` holds the same of all others.

use pki_core::Operation;
use serde_json::json;

use crate::mount::Mount;

const PATHS: [&str; 14] = [
    "pki/../sys/mounts/other",
    "pki/./roles/any",
    "pki/roles/../roles/any",
    "pki/roles/./any",
    "pki//roles/any",
    "pki/roles//any",
    "pki/roles/any/..",
    "pki/roles/..",
    "pki/%2e%2e/sys/mounts/other",
    "pki/roles%2fany",
    "pki/roles/any%00",
    "pki\\\\roles\\\\any",
    "pki/roles/any/.",
    "./pki/roles/any",
];

#[test]
fn no_path_leads_anywhere_but_where_it_says() {
    let mount = Mount::new();
    mount.role("any", json!({"allow_any_name": true}));
    let before = mount.ask(Operation::Read, "pki/roles/any").expect("a role");
    for path in PATHS {
        for operation in [Operation::Read, Operation::List, Operation::Delete] {
            assert!(mount.ask(operation, path).is_err(), "{operation:?} {path}");
        }
        mount.refuse(path, json!({"type": "pki", "allow_any_name": false}), "");
    }
    assert_eq!(mount.ask(Operation::Read, "pki/roles/any").expect("a role"), before);
}

#[test]
fn no_mount_has_such_a_path() {
    let mount = Mount::new();
    for path in ["..", ".", "a/../pki", "a/./b", "a//b", "pki/below", "a\n", "sys", "sys/x"] {
        mount.refuse(&format!("sys/mounts/{path}"), json!({"type": "pki"}), "");
    }
}
