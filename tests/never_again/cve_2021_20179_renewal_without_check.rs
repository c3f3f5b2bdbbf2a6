//! To renew was less checked than to issue, a profile took another's identity, and a password
//! stood in a log that all could read (Dogtag: CVE-2021-20179, CVE-2022-2393, CVE-2021-3551).
//! There is no renewal here but to ask again, and that passes the role as it is now.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use pki_core::x509::extension;
use pkictl_tests::{World, pkictl};
use serde_json::json;

use crate::mount::{Mount, csr, key};

#[test]
fn to_ask_again_is_to_be_checked_again() {
    let mount = Mount::new();
    let own = key();
    let request = csr(&own, "a.example.com", Vec::new());
    mount.role("web", json!({"allowed_domains": "example.com", "allow_subdomains": true}));
    let first = mount.issued("pki/sign/web", json!({"csr": request}));
    mount.role("web", json!({"allowed_domains": "example.org", "allow_subdomains": true}));
    // The same key, the same name, the certificate still good: none of that is a right.
    mount.refuse("pki/sign/web", json!({"csr": request}), "not allowed by this role");
    let data = json!({"csr": request, "serial_number": first.serial().to_string()});
    mount.refuse("pki/sign/web", data, "not allowed by this role");
    // The subject of another in the CSR is not what comes out.
    mount.role("own", json!({"allowed_domains": "example.com", "allow_subdomains": true, "use_csr_common_name": false}));
    let stolen = csr(&own, "admin.example.org", vec![extension::basic_constraints_ca(None)]);
    mount.refuse(
        "pki/sign/own",
        json!({"csr": stolen, "common_name": "admin.example.org"}),
        "not allowed",
    );
    let signed =
        mount.issued("pki/sign/own", json!({"csr": stolen, "common_name": "a.example.com"}));
    assert_eq!(signed.subject().common_name().as_deref(), Some("a.example.com"));
    assert!(!signed.is_ca());
}

#[test]
fn nobody_else_can_read_what_is_written() {
    let world = World::new(pkictl!());
    let (status, got) = world.shell(
        "umask 000 && pkictl secrets enable pki && \
         pkictl write pki/root/generate/internal common_name=Root key_type=ec",
    );
    assert_eq!(status, 0, "{got}");
    let entries = fs::read_dir(world.store()).expect("a directory");
    let mut files = 0;
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let mode = fs::metadata(&path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
        files += 1;
    }
    assert!(2 <= files);
}
