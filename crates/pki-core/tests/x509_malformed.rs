//! Input that someone changed: it is read or refused, but never more than that.

mod x509_support;

use std::sync::LazyLock;

use pki_core::crypto::key::{KeySpec, PrivateKey, PrivateKeyForm, PublicKey};
use pki_core::crypto::{Curve, SignatureAlgorithm};
use pki_core::x509::extension::{
    self, BasicConstraints, authority_key_identifier_from_der, distribution_point_urls,
};
use pki_core::x509::{
    Certificate, CertificateList, CertificationRequest, DistinguishedName, KeyUsage, Linted,
    NameConstraints, RevokedEntry, SubjectAltNames, TbsCertList, TbsCertificationRequest, base64,
    pem, sign_csr, usage,
};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, proptest};
use proptest::sample::Index;
use x509_support::{Ca, full_leaf, name, now, root, serial};

/// Something valid of every kind that is read.
struct Valid {
    ca: Ca,
    certificate: Vec<u8>,
    request: Vec<u8>,
    crl: Vec<u8>,
    private_keys: Vec<Vec<u8>>,
}

fn make() -> Result<Valid, String> {
    let ca = root("Root", KeySpec::Ec(Curve::P256))?;
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let algorithm = SignatureAlgorithm::for_issuing(ca.key.spec(), 0, false, false);
    let leaf = x509_support::sign(full_leaf(&ca, &ca.key, algorithm), &ca.key)?;
    let tbs = TbsCertificationRequest {
        subject: name("www.example.com"),
        public_key: ca.key.public_key().clone(),
        extensions: leaf.extensions().to_vec(),
        signature: algorithm,
    };
    let entry = RevokedEntry { serial: serial(), revocation_date: now(), reason: None }.to_der();
    let crl = TbsCertList {
        signature: algorithm,
        issuer: name("Root"),
        this_update: now(),
        next_update: now().after(1),
        authority_key_identifier: Some(vec![1; 20]),
        crl_number: 1,
        delta_base: Some(0),
        freshest_crl: Vec::new(),
        extra: Vec::new(),
    };
    let linted = Linted::check(crl).map_err(|findings| format!("{findings:?}"))?;
    let signed = linted.sign(&ca.key, [&entry], entry.len()).map_err(|e| text(&e))?;
    let mut private_keys = Vec::new();
    for spec in [KeySpec::Rsa { bits: 1024 }, KeySpec::Ec(Curve::P521), KeySpec::Ed25519] {
        let key = PrivateKey::generate(spec).map_err(|e| text(&e))?;
        for form in [PrivateKeyForm::Traditional, PrivateKeyForm::Pkcs8] {
            private_keys.push(key.encode(form).map_err(|e| text(&e))?.der.expose().clone());
        }
    }
    Ok(Valid {
        certificate: leaf.as_der().to_vec(),
        request: sign_csr(&tbs, &ca.key).map_err(|e| text(&e))?,
        crl: [signed.prefix, entry, signed.suffix].concat(),
        private_keys,
        ca,
    })
}

static VALID: LazyLock<Result<Valid, String>> = LazyLock::new(make);

/// A change to some octets.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    proptest::prop_oneof![
        8 => (at(), any::<u8>()).prop_map(|(at, octet)| Change::Set(at, octet)),
        8 => (at(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => at().prop_map(Change::Cut),
        2 => (at(), vec(any::<u8>(), 1..9)).prop_map(|(at, octets)| Change::Insert(at, octets)),
        2 => (at(), 1..40_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (at(), 1..40_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
    ]
}

fn apply(valid: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut octets = valid.to_vec();
    for change in changes.iter().filter(|_| !valid.is_empty()) {
        let length = octets.len().max(1);
        let range = |at: &Index, count: usize| {
            let start = at.index(length).min(octets.len());
            start..octets.len().min(start + count)
        };
        match change {
            Change::Set(at, octet) => {
                octets.iter_mut().skip(at.index(length)).take(1).for_each(|o| *o = *octet);
            }
            Change::Flip(at, bit) => {
                octets.iter_mut().skip(at.index(length)).take(1).for_each(|o| *o ^= 1 << bit);
            }
            Change::Cut(at) => octets.truncate(at.index(length)),
            Change::Insert(at, new) => {
                octets.splice(range(at, 0), new.iter().copied());
            }
            Change::Remove(at, count) => {
                octets.drain(range(at, *count));
            }
            Change::Repeat(at, count) => {
                let again = octets.get(range(at, *count)).unwrap_or_default().to_vec();
                octets.extend(again);
            }
        }
    }
    octets
}

/// What was read is of no interest, only that it could be asked for.
fn used<T>(_: T) {}

/// Reads everything that can be read from a certificate.
fn use_certificate(der: &[u8], valid: &Valid) {
    let Ok(certificate) = Certificate::from_der(der) else {
        return;
    };
    used((certificate.subject().to_string(), certificate.subject().common_name()));
    used((certificate.not_before().rfc3339(), certificate.not_after().rfc3339()));
    used((certificate.is_self_signed(), certificate.subject_alt_names().to_der()));
    let signed = certificate.is_signed_by(valid.ca.key.public_key());
    assert_eq!(signed, der == valid.certificate, "changed, and still signed");
    for extension in certificate.extensions() {
        read_value(&extension.value);
    }
}

fn read_value(value: &[u8]) {
    used((BasicConstraints::from_der(value), KeyUsage::from_der(value)));
    used((SubjectAltNames::from_der(value), distribution_point_urls(value)));
    used((usage::ext_key_usages_from_der(value), authority_key_identifier_from_der(value)));
    used((DistinguishedName::from_der(value), PublicKey::from_spki(value)));
    used(SignatureAlgorithm::from_algorithm_identifier(value));
    if let Ok(constraints) = NameConstraints::from_der(value) {
        assert!(constraints.to_der().is_ok());
    }
}

fn use_request(der: &[u8], valid: &Valid) {
    if let Ok(request) = CertificationRequest::from_der(der) {
        let signed = request.signature_is_valid();
        assert_eq!(signed, der == valid.request, "changed, and still signed");
    }
}

fn use_crl(der: &[u8], valid: &Valid) {
    if let Ok(crl) = CertificateList::from_der(der) {
        used((crl.number(), crl.delta_base(), crl.entries().count()));
        let signed = crl.is_signed_by(valid.ca.key.public_key());
        assert_eq!(signed, der == valid.crl, "changed, and still signed");
    }
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn changed_certificates_are_never_signed(changes in vec(change(), 0..4)) {
        let valid = VALID.as_ref().unwrap();
        use_certificate(&apply(&valid.certificate, &changes), valid);
    }

    #[test]
    fn changed_requests_are_never_signed(changes in vec(change(), 0..4)) {
        let valid = VALID.as_ref().unwrap();
        use_request(&apply(&valid.request, &changes), valid);
    }

    #[test]
    fn changed_crls_are_never_signed(changes in vec(change(), 0..4)) {
        let valid = VALID.as_ref().unwrap();
        use_crl(&apply(&valid.crl, &changes), valid);
    }

    #[test]
    fn changed_values_are_read_or_refused(which: Index, changes in vec(change(), 0..4)) {
        let valid = VALID.as_ref().unwrap();
        let certificate = Certificate::from_der(&valid.certificate).unwrap();
        let extension = which.get(certificate.extensions());
        read_value(&apply(&extension.value, &changes));
        read_value(&apply(certificate.subject().as_der(), &changes));
        read_value(&apply(certificate.public_key().spki(), &changes));
    }

    #[test]
    fn any_octets_are_read_or_refused(octets in vec(any::<u8>(), 0..200)) {
        let valid = VALID.as_ref().unwrap();
        use_certificate(&octets, valid);
        use_request(&octets, valid);
        use_crl(&octets, valid);
        read_value(&octets);
        assert!(PrivateKey::from_der(&octets).is_err());
    }

    #[test]
    fn any_text_is_read_or_refused(text: String, changes in vec(change(), 0..4)) {
        used((pem::decode_all(&text), base64::decode(&text)));
        let block = pem::encode("X", &[7; 100]);
        let changed = apply(block.as_bytes(), &changes);
        let (blocks, after) = pem::decode_all(&String::from_utf8_lossy(&changed));
        assert!(blocks.len() <= 2 && after.len() <= 3 * changed.len());
        assert_eq!(base64::decode(&base64::encode(&changed)), Some(changed));
    }
}

proptest! {
    // OpenSSL looks at these keys, which takes longer.
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn changed_private_keys_are_read_or_refused(which: Index, changes in vec(change(), 0..4)) {
        let keys = &VALID.as_ref().unwrap().private_keys;
        let octets = apply(which.get(keys.as_slice()).as_slice(), &changes);
        if let Ok(key) = PrivateKey::from_der(&octets) {
            assert!(key.to_pkcs8().is_ok());
        }
        used(PrivateKey::from_pkcs8(&octets));
    }
}

#[test]
fn every_beginning_of_something_valid_is_refused() {
    let valid = VALID.as_ref().unwrap();
    let check = |whole: &[u8], read: &dyn Fn(&[u8]) -> bool| {
        for length in 0..whole.len() {
            assert!(!read(whole.get(..length).unwrap()), "{length} of {}", whole.len());
        }
        assert!(read(whole));
    };
    check(&valid.certificate, &|der| Certificate::from_der(der).is_ok());
    check(&valid.request, &|der| CertificationRequest::from_der(der).is_ok());
    check(&valid.crl, &|der| CertificateList::from_der(der).is_ok());
    for key in &valid.private_keys {
        check(key, &|der| PrivateKey::from_der(der).is_ok());
    }
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let padding = extension::Extension {
        oid: pki_core::x509::ObjectIdentifier::new_unwrap("1.2.3"),
        critical: false,
        value: vec![0; 1024 * 1024],
    };
    let valid = VALID.as_ref().unwrap();
    let tbs = TbsCertificationRequest {
        subject: name("a"),
        public_key: valid.ca.key.public_key().clone(),
        extensions: vec![padding],
        signature: SignatureAlgorithm::for_issuing(valid.ca.key.spec(), 0, false, false),
    };
    let request = sign_csr(&tbs, &valid.ca.key).unwrap();
    let error = CertificationRequest::from_der(&request).unwrap_err();
    assert_eq!(error.to_string(), "certificate request is too long");
}
