//! A certificate was taken for another because one thing about both was the same: the serial
//! number, or the name (Vault, OpenBao; also CVE-2024-2660 and CVE-2025-6037). Here whole
//! certificates are compared, and an answer in OCSP is for one issuer and one serial number.

use pki_core::crypto::{PrivateKey, SignatureAlgorithm};
use pki_core::domain::time::Timestamp;
use pki_core::x509::{Certificate, Linted, SubjectAttributes, TbsCertificate, extension};
use pkictl_tests::ocsp::Status;
use serde_json::json;

use crate::mount::{Mount, key, text};

/// A certificate with a serial number that another one has, signed with this key.
fn twin(of: &Certificate, signer: &PrivateKey) -> Certificate {
    let tbs = TbsCertificate {
        serial: of.serial().clone(),
        signature: SignatureAlgorithm::for_issuing(signer.spec(), 0, false, false),
        issuer: of.issuer().clone(),
        not_before: of.not_before(),
        not_after: Timestamp::from_unix(of.not_after().unix() - 1),
        subject: SubjectAttributes { common_name: Some("twin".into()), ..Default::default() }
            .to_name(),
        public_key: key().public_key().clone(),
        extensions: vec![
            extension::subject_key_identifier(&[1]),
            extension::authority_key_identifier(&signer.public_key().key_identifier()),
        ],
    };
    Linted::check(tbs).expect("well-formed").sign(signer).expect("signed")
}

#[test]
fn a_certificate_is_known_by_all_of_it() {
    let mount = Mount::new();
    let signer = key();
    let bundle = signer.encode(pki_core::crypto::PrivateKeyForm::Pkcs8).expect("a key");
    let bundle = pki_core::x509::pem::encode(bundle.label, bundle.der.expose());
    let imported = mount.ok("pki/keys/import", json!({"pem_bundle": bundle}));
    let root = json!({"common_name": "Two", "issuer_name": "two", "key_ref": imported["key_id"]});
    let two = mount.issued("pki/root/generate/existing", root);
    mount.role("any", json!({"allow_any_name": true, "issuer_ref": "two"}));
    let leaf =
        mount.issued("pki/issue/any", json!({"common_name": "a.example.com", "key_type": "ec"}));
    let words = "same serial but unequal value already present";
    let certificate = twin(&leaf, &signer).to_pem();
    mount.refuse("pki/revoke", json!({"certificate": certificate}), words);
    // One of nobody here, though it says that it is of ours.
    let certificate = twin(&leaf, &key()).to_pem();
    mount.refuse("pki/revoke", json!({"certificate": certificate}), "unable to verify signature");
    assert_eq!(mount.status(&two, leaf.serial()), Some(Status::Good));
    // The other issuer has issued no such certificate.
    assert_eq!(mount.status(&mount.root, leaf.serial()), Some(Status::Unknown));
    let revoked = mount.ok("pki/revoke", json!({"certificate": leaf.to_pem()}));
    assert_eq!(text(&revoked, "state"), "revoked");
    assert_eq!(mount.status(&two, leaf.serial()), Some(Status::Revoked));
    assert_eq!(mount.status(&mount.root, leaf.serial()), Some(Status::Unknown));
}
