//! Safe functions of rust-openssl wrote past buffers, believed wrong lengths and used what was
//! freed (CVE-2026-41676, -41677, -41678, -41681, -41898, -42327, -45784; closed in 0.10.82). One
//! module uses it (`cargo xtask tidy`), in a version that is not older, and the fuzz targets run
//! with AddressSanitizer on demand.

use pki_core::crypto::asn1::encode;
use pki_core::x509::{Certificate, Extension, oid};
use pkictl_tests::repository;
use serde_json::json;

use crate::mount::{Mount, csr, key};

/// Of a lock file: the version of a package.
fn locked(file: &str, package: &str) -> Vec<u32> {
    let text = repository::read(file);
    let (_, rest) =
        text.split_once(&format!("\nname = \"{package}\"\nversion = \"")).expect("a package");
    let version = rest.split('"').next().expect("a version");
    version.split('.').map(|part| part.parse().expect("a number")).collect()
}

#[test]
fn the_binding_is_not_older_than_its_last_fixes() {
    for file in ["Cargo.lock", "fuzz/Cargo.lock"] {
        assert!(vec![0, 10, 82] <= locked(file, "openssl"), "{file}");
    }
    // Nor does the manifest let an older one in.
    assert!(repository::read("Cargo.toml").contains("\nopenssl = \"0.10.82\"\n"));
}

/// Texts that are no UTF-8 where a URL should be: they were handed out as `str`.
#[test]
fn a_url_that_is_no_text_harms_nobody() {
    const URL: &[u8] = &[0xff, 0xfe, b'/', 0x80];
    let access = encode(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.oid(&oid::OCSP);
                w.primitive(0x86, URL);
            });
        });
    });
    let name = encode(|w| w.sequence(|w| w.primitive(0x86, URL)));
    let mount = Mount::new();
    for (kind, value) in [(oid::AUTHORITY_INFO_ACCESS, access), (oid::SUBJECT_ALT_NAME, name)] {
        let wish = Extension { oid: kind, critical: false, value: value.clone() };
        let csr = csr(&key(), "a.example.com", vec![wish]);
        for (path, own) in [("pki/sign-verbatim", false), ("pki/root/sign-intermediate", true)] {
            let answer = mount.write(path, json!({"csr": csr, "use_csr_values": own, "ttl": "1h"}));
            // A name has to be a text. Where the issuer is, the issuer says, and nobody for it.
            assert_eq!(answer.is_err(), kind == oid::SUBJECT_ALT_NAME, "{path} {answer:?}");
            let Ok(answer) = answer else { continue };
            let text = crate::mount::text(&answer, "certificate");
            let signed = Certificate::from_pem(text).expect("a certificate");
            assert!(signed.extension(&kind).is_none_or(|extension| extension.value != value));
        }
    }
}
