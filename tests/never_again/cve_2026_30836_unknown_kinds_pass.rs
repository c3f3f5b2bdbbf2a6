//! A message of a kind that was read but not known went past the check and got a certificate
//! (step-ca: SCEP). Names, extensions and blocks of kinds that are not known get nothing here.

use pki_core::crypto::asn1::encode;
use pki_core::x509::{Extension, ObjectIdentifier, oid, pem};
use serde_json::json;

use crate::mount::{Mount, csr, key};

/// Names of kinds that no role can allow: x400Address, directoryName, ediPartyName,
/// registeredID, a kind that does not exist, and an otherName that is no text.
fn odd_names() -> [Vec<u8>; 6] {
    [
        vec![0xa3, 2, 5, 0],
        vec![0xa4, 2, 0x30, 0],
        vec![0xa5, 2, 0x81, 0],
        vec![0x88, 2, 0x2a, 3],
        vec![0x89, 1, b'x'],
        vec![0xa0, 8, 6, 2, 0x2a, 3, 0xa0, 2, 4, 0],
    ]
}

#[test]
fn names_of_other_kinds_do_not_come_out_under_a_role() {
    let mount = Mount::new();
    mount.role(
        "wide",
        json!({"allow_any_name": true, "allowed_uri_sans": "*", "allowed_other_sans": "*",
        "enforce_hostnames": false, "cn_validations": "disabled"}),
    );
    for odd in odd_names() {
        let value = encode(|w| {
            w.sequence(|w| {
                w.raw(&odd);
                w.primitive(0x82, b"a.example.com");
            });
        });
        let names = Extension { oid: oid::SUBJECT_ALT_NAME, critical: false, value };
        let csr = csr(&key(), "a.example.com", vec![names]);
        // Refused, or left out with a warning: the certificate has none in any case.
        if let Ok(answer) = mount.write("pki/sign/wide", json!({"csr": csr})) {
            let text = crate::mount::text(&answer, "certificate");
            let signed = pki_core::x509::Certificate::from_pem(text).expect("a certificate");
            assert!(signed.subject_alt_names().rest_kinds().is_empty(), "{odd:?}");
            assert!(signed.subject_alt_names().other.is_empty(), "{odd:?}");
        }
    }
}

#[test]
fn extensions_of_a_csr_do_not_come_out_under_a_role() {
    let mount = Mount::new();
    mount.role("wide", json!({"allow_any_name": true}));
    let unknown = ObjectIdentifier::new("1.2.3.4").expect("an identifier");
    let ca = pki_core::x509::extension::basic_constraints_ca(None);
    for critical in [true, false] {
        let wish = Extension { oid: unknown, critical, value: vec![5, 0] };
        let csr = csr(&key(), "a.example.com", vec![wish, ca.clone()]);
        let signed = mount.issued("pki/sign/wide", json!({"csr": csr}));
        assert!(signed.extension(&unknown).is_none() && !signed.is_ca());
    }
}

#[test]
fn a_bundle_with_blocks_of_other_kinds_is_not_taken() {
    let mount = Mount::new();
    for label in ["PKCS7", "CMS", "CERTIFICATE REQUEST", "OPENSSH PRIVATE KEY", "PGP MESSAGE", "X"]
    {
        let bundle = format!("{}\n{}\n", mount.root.to_pem(), pem::encode(label, &[0x30, 0]));
        mount.refuse(
            "pki/issuers/import/bundle",
            json!({"pem_bundle": bundle}),
            "Error parsing key 0",
        );
    }
}
