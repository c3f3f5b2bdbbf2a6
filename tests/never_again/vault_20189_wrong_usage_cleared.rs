//! An upgrade took the use for OCSP from issuers that may not sign CRLs, in place of the use for
//! CRLs (Vault #20189). Records have had one form so far, so there is no upgrade yet; the same
//! choice is made when an issuer is imported.

use pki_core::Operation;
use pki_core::crypto::SignatureAlgorithm;
use pki_core::domain::serial::SerialNumber;
use pki_core::domain::time::Timestamp;
use pki_core::x509::{KeyUsage, Linted, SubjectAttributes, TbsCertificate, extension};
use serde_json::{Value, json};

use crate::mount::{Mount, key, text};

#[test]
fn an_issuer_that_may_not_sign_crls_keeps_its_other_uses() {
    let mount = Mount::new();
    let (key, name) =
        (key(), SubjectAttributes { common_name: Some("No CRLs".into()), ..Default::default() });
    let tbs = TbsCertificate {
        serial: SerialNumber::from_random([7; 20]),
        signature: SignatureAlgorithm::for_issuing(key.spec(), 0, false, false),
        issuer: name.to_name(),
        not_before: Timestamp::from_unix(1_780_000_000),
        not_after: Timestamp::from_unix(1_990_000_000),
        subject: name.to_name(),
        public_key: key.public_key().clone(),
        extensions: vec![
            extension::subject_key_identifier(&key.public_key().key_identifier()),
            extension::authority_key_identifier(&key.public_key().key_identifier()),
            extension::key_usage(KeyUsage::KEY_CERT_SIGN),
            extension::basic_constraints_ca(None),
        ],
    };
    let certificate = Linted::check(tbs).expect("well-formed").sign(&key).expect("signed");
    let imported = mount.ok("pki/issuers/import/cert", json!({"pem_bundle": certificate.to_pem()}));
    let id = imported["imported_issuers"][0].as_str().expect("an identifier");
    let path = format!("pki/issuer/{id}");
    let uses = |issuer: Value| -> Vec<String> {
        text(&issuer, "usage").split(',').map(str::to_owned).collect()
    };
    let issuer = mount.ask(Operation::Read, &path).expect("an issuer");
    assert_eq!(uses(issuer), ["issuing-certificates", "ocsp-signing", "read-only"]);
    mount.refuse(&path, json!({"usage": "crl-signing"}), "CRLSign");
    let root = mount.ask(Operation::Read, "pki/issuer/root").expect("an issuer");
    assert_eq!(uses(root).len(), 4);
}
