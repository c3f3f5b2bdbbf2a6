//! A crafted text in PEM kept a processor busy for long (cert-manager). What is too long is refused
//! before it is decoded, and what is not is looked at once; other limits, and inputs that took the
//! square of their length here, are in `crates/pki-core/tests/limits.rs`.

use pkictl_tests::{World, pkictl};
use serde_json::json;

use crate::mount::Mount;

/// Texts in which each line looks like the beginning of something.
fn hostile() -> [String; 6] {
    let lines = |line: &str| line.repeat((4 << 20) / line.len());
    [
        lines("-----BEGIN CERTIFICATE REQUEST-----\n"),
        lines("-----BEGIN CERTIFICATE-----\nA: b\n"),
        lines("-----BEGIN X-----\n-----END Y-----\n"),
        lines("-----BEGIN "),
        format!("-----BEGIN CERTIFICATE-----\n{}", lines("AAAA\n")),
        lines("-"),
    ]
}

#[test]
fn hostile_texts_are_refused_wherever_pem_is_taken() {
    let mount = Mount::new();
    for text in hostile() {
        for (path, field) in [
            ("pki/sign-verbatim", "csr"),
            ("pki/root/sign-intermediate", "csr"),
            ("pki/config/ca", "pem_bundle"),
            ("pki/intermediate/set-signed", "certificate"),
            ("pki/keys/import", "pem_bundle"),
            ("pki/revoke", "certificate"),
            ("pki/root/sign-self-issued", "certificate"),
            ("pki/issuer/root/resign-crls", "crls"),
            ("pki/ocsp", "request"),
        ] {
            mount.refuse(path, json!({field: text}), "");
        }
    }
}

#[test]
fn a_file_that_is_too_long_is_not_read_to_its_end() {
    let world = World::new(pkictl!()).with_root();
    let before = world.store_bytes();
    for word in ["csr=@/dev/zero", "@/dev/zero"] {
        let got = world.run(&["write", "pki/sign/web", word]);
        assert_eq!((got.status, got.out.as_str()), (1, ""), "{}", got.err);
        assert!(got.err.contains("more than 8 MiB of data"), "{}", got.err);
    }
    // Within 64 MiB, with room for what the program itself takes.
    let line = "ulimit -v 200000; head -c 8000000 /dev/zero | tr '\\0' A > long && \
                pkictl write pki/sign/web csr=@long";
    let (status, got) = world.shell(line);
    assert_eq!(status, 2, "{got}");
    assert!(got.contains("certificate request is too long"), "{got}");
    assert!(before == world.store_bytes());
}
