//! OpenSSL used freed memory on an empty SET in PKCS #7, ran over its stack in CMS and in punycode,
//! and took exponential time for policies (CVE-2026-45447, CVE-2022-3602, CVE-2022-3786,
//! CVE-2023-0464, CVE-2021-3450). None of that code is reached: PKCS #7 and CMS are not read, and
//! certificates and chains are read by code of our own, with limits (`the_search_for_ways_ends` in
//! `crates/pki-core/tests/x509_chain.rs`).

use std::fs;
use std::path::Path;

use pki_core::x509::pem;
use pkictl_tests::repository;
use serde_json::json;

use crate::mount::Mount;

/// What would hand octets of strangers to that code.
const KEPT_OUT: [&str; 6] = ["pkcs7", "cms", "pkcs12", "x509::", "X509", "ocsp"];

#[test]
fn our_use_of_openssl_reads_no_such_thing() {
    let mut files = 0;
    look(&repository::root().join("crates/pki-core/src/crypto"), &mut files);
    assert!(10 < files);
}

fn look(folder: &Path, files: &mut usize) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            look(&path, files);
            continue;
        }
        *files += 1;
        let text = fs::read_to_string(&path).expect("a file");
        for line in text.lines().filter(|line| line.contains("openssl::")) {
            let reads = KEPT_OUT.iter().any(|piece| line.contains(piece));
            assert!(!reads, "{}: {line}", path.display());
        }
    }
}

#[test]
fn pkcs7_is_refused_wherever_pem_is_taken() {
    let mount = Mount::new();
    // SignedData with an empty SET of digest algorithms, and of signers.
    let empty = [
        0x30, 0x17, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 2, 0xa0, 10, 0x30, 8, 2, 1, 1,
        0x31, 0, 0x30, 0, 0x31, 0,
    ];
    for label in ["PKCS7", "PKCS #7 SIGNED DATA", "CMS"] {
        let block = pem::encode(label, &empty) + "\n";
        for (path, field) in [
            ("pki/config/ca", "pem_bundle"),
            ("pki/issuers/import/cert", "pem_bundle"),
            ("pki/intermediate/set-signed", "certificate"),
            ("pki/revoke", "certificate"),
            ("pki/root/sign-self-issued", "certificate"),
            ("pki/keys/import", "pem_bundle"),
            ("pki/sign-verbatim", "csr"),
        ] {
            mount.refuse(path, json!({field: block}), "");
        }
    }
}

#[test]
fn a_label_in_punycode_is_looked_at_and_not_decoded_into_a_buffer() {
    let mount = Mount::new();
    mount.role("any", json!({"allow_any_name": true}));
    let long = format!("xn--{}", "a".repeat(70));
    let deep = format!("xn--{}.example.com", "9".repeat(59));
    for name in [
        long.clone(),
        format!("{long}.example.com"),
        format!("me@{long}"),
        format!("{deep}{}", ".xn--a".repeat(60)),
    ] {
        mount.refuse("pki/issue/any", json!({"common_name": name, "key_type": "ec"}), "");
    }
    drop(mount.write("pki/issue/any", json!({"common_name": deep, "key_type": "ec"})));
}
