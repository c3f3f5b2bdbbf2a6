//! Names were decoded and encoded anew, in other types and another order, so that issuer and
//! subject were no longer the same octets (Vault #10176, OpenBao GH-2861 and GH-50).

use pki_core::crypto::asn1::{Writer, encode, tag};
use pki_core::crypto::{PrivateKey, PrivateKeyForm, SignatureAlgorithm};
use pki_core::domain::serial::SerialNumber;
use pki_core::domain::time::Timestamp;
use pki_core::x509::{
    Certificate, CertificateList, DistinguishedName, Extension, KeyUsage, Linted, ObjectIdentifier,
    TbsCertificate, TbsCertificationRequest, extension, oid, pem, sign_csr,
};
use serde_json::json;

use crate::mount::{Mount, key};

/// A name as nobody writes it who writes it now: types of text mixed, the usual order reversed, two
/// attributes in one set, a name twice.
fn odd_name() -> DistinguishedName {
    let attribute = |w: &mut Writer, oid: &ObjectIdentifier, tag: u8, text: &[u8]| {
        w.sequence(|w| {
            w.oid(oid);
            w.primitive(tag, text);
        });
    };
    let der = encode(|w| {
        w.sequence(|w| {
            w.nested(tag::SET, |w| attribute(w, &oid::COMMON_NAME, tag::TELETEX_STRING, b"Odd"));
            w.nested(tag::SET, |w| attribute(w, &oid::ORGANIZATION, tag::BMP_STRING, &[0, b'O']));
            w.nested(tag::SET, |w| {
                attribute(w, &oid::ORGANIZATION, tag::UTF8_STRING, "Ö".as_bytes());
            });
            w.nested(tag::SET, |w| {
                attribute(w, &oid::COUNTRY, tag::PRINTABLE_STRING, b"DE");
                attribute(w, &oid::LOCALITY, tag::UTF8_STRING, b" a  B ");
            });
        });
    });
    DistinguishedName::from_der(&der).expect("a name")
}

fn root(key: &PrivateKey, name: &DistinguishedName) -> Certificate {
    let tbs = TbsCertificate {
        serial: SerialNumber::from_random([7; 20]),
        signature: SignatureAlgorithm::for_issuing(key.spec(), 0, false, false),
        issuer: name.clone(),
        not_before: Timestamp::from_unix(1_780_000_000),
        not_after: Timestamp::from_unix(1_990_000_000),
        subject: name.clone(),
        public_key: key.public_key().clone(),
        extensions: vec![
            extension::subject_key_identifier(&key.public_key().key_identifier()),
            extension::authority_key_identifier(&key.public_key().key_identifier()),
            extension::key_usage(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN),
            extension::basic_constraints_ca(None),
        ],
    };
    Linted::check(tbs).expect("well-formed").sign(key).expect("signed")
}

#[test]
fn the_issuer_of_what_is_signed_is_the_subject_byte_for_byte() {
    let mount = Mount::new();
    let (signer, name) = (key(), odd_name());
    let encoded = signer.encode(PrivateKeyForm::Pkcs8).expect("a key");
    let key_pem = pem::encode(encoded.label, encoded.der.expose());
    let bundle = format!("{}\n{key_pem}", root(&signer, &name).to_pem());
    let imported = mount.ok("pki/issuers/import/bundle", json!({"pem_bundle": bundle}));
    let id = imported["imported_issuers"][0].as_str().expect("an identifier").to_owned();
    mount.role("any", json!({"allow_any_name": true, "issuer_ref": id}));
    let leaf =
        mount.issued("pki/issue/any", json!({"common_name": "a.example.com", "key_type": "ec"}));
    assert_eq!(leaf.issuer().as_der(), name.as_der());
    let crl = mount.fetch(&format!("pki/issuer/{id}/crl/der"));
    let crl = CertificateList::from_der(&crl).expect("a CRL");
    assert_eq!(crl.issuer().as_der(), name.as_der());
    // And what is asked for verbatim is given so.
    let values = [
        &[0x82, 9, b'b', b'.', b'e', b'x', b'a', b'm', b'p', b'l', b'e'] as &[u8],
        &[0x87, 4, 10, 0, 0, 1],
        &[0x82, 1, b'a'],
        &[0x81, 5, b'm', b'@', b'a', b'.', b'b'],
    ];
    let sans = encode(|w| w.sequence(|w| values.iter().for_each(|value| w.raw(value))));
    let own = key();
    let tbs = TbsCertificationRequest {
        subject: name.clone(),
        public_key: own.public_key().clone(),
        extensions: vec![Extension {
            oid: oid::SUBJECT_ALT_NAME,
            critical: false,
            value: sans.clone(),
        }],
        signature: SignatureAlgorithm::for_issuing(own.spec(), 0, false, false),
    };
    let csr = pem::encode("CERTIFICATE REQUEST", &sign_csr(&tbs, &own).expect("a request"));
    let signed = mount.issued("pki/sign-verbatim", json!({"csr": csr, "ttl": "1h"}));
    assert_eq!(signed.subject().as_der(), name.as_der());
    let names = signed.extension(&oid::SUBJECT_ALT_NAME).expect("names");
    assert_eq!(names.value, sans, "the order and the types of names are those of the request");
}
