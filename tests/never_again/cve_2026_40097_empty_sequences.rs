//! An empty SEQUENCE of key usages was taken for one with a first element, and the server went
//! down (step-ca). Nothing here takes an element without looking whether there is one.

use pki_core::crypto::{PrivateKey, SignatureAlgorithm};
use pki_core::x509::{Extension, ObjectIdentifier, oid, pem};
use serde_json::json;

use crate::mount::{Mount, csr, key};

const KINDS: [ObjectIdentifier; 12] = [
    oid::EXT_KEY_USAGE,
    oid::KEY_USAGE,
    oid::SUBJECT_ALT_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::NAME_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::FRESHEST_CRL,
    oid::AUTHORITY_INFO_ACCESS,
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::OCSP_NONCE,
];

/// Nothing at all, and what is empty in ways that look like something.
const EMPTY: [&[u8]; 9] = [
    &[],
    &[0x30, 0],
    &[0x30, 2, 0x30, 0],
    &[0x31, 0],
    &[4, 0],
    &[3, 1, 0],
    &[6, 0],
    &[0x30, 2, 6, 0],
    &[0x30, 4, 0xa0, 2, 0xa0, 0],
];

#[test]
fn an_empty_extension_is_read_or_refused() {
    let mount = Mount::new();
    mount.role("any", json!({"allow_any_name": true}));
    let mut refused = 0;
    for kind in KINDS {
        for value in EMPTY {
            let wish = Extension { oid: kind, critical: true, value: value.to_vec() };
            let csr = csr(&key(), "a.example.com", vec![wish]);
            for (path, data) in [
                ("pki/sign/any", json!({"csr": csr})),
                ("pki/sign-verbatim", json!({"csr": csr})),
                (
                    "pki/root/sign-intermediate",
                    json!({"csr": csr, "use_csr_values": true, "ttl": "1h"}),
                ),
            ] {
                if let Err(problem) = mount.write(path, data) {
                    assert!(!problem.is_empty());
                    refused += 1;
                }
            }
        }
    }
    assert!(20 < refused, "so much cannot be well-formed: {refused}");
}

#[test]
fn an_empty_certificate_or_request_is_refused() {
    let mount = Mount::new();
    for der in [
        &[] as &[u8],
        &[0x30, 0],
        &[0x30, 6, 0x30, 0, 0x30, 0, 3, 0],
        &[0x30, 7, 0x30, 0, 0x30, 0, 3, 1, 0],
    ] {
        let padding = " ".repeat(80);
        let block = |label: &str| format!("{padding}\n{}", pem::encode(label, der));
        for (path, data) in [
            ("pki/sign-verbatim", json!({"csr": block("CERTIFICATE REQUEST")})),
            ("pki/revoke", json!({"certificate": block("CERTIFICATE")})),
            ("pki/root/sign-self-issued", json!({"certificate": block("CERTIFICATE")})),
            ("pki/config/ca", json!({"pem_bundle": block("CERTIFICATE")})),
            ("pki/keys/import", json!({"pem_bundle": block("PRIVATE KEY")})),
            ("pki/issuer/root/resign-crls", json!({"crls": [block("X509 CRL")]})),
        ] {
            mount.refuse(path, data, "");
        }
        assert!(PrivateKey::from_der(der).is_err());
        assert!(SignatureAlgorithm::from_algorithm_identifier(der).is_none());
    }
}
