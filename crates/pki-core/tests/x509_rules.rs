//! What is refused before it is signed, and what is not.

mod x509_support;

use pki_core::crypto::{Curve, KeySpec, PrivateKey, PublicKey, SignatureAlgorithm};
use pki_core::domain::serial::SerialNumber;
use pki_core::x509::extension::{self, Extension};
use pki_core::x509::lint::{CERTIFICATE_RULES, CRL_RULES, Check};
use pki_core::x509::oid::{self, ObjectIdentifier};
use pki_core::x509::{
    DistinguishedName, KeyUsage, Lint as _, Linted, SubjectAttributes, TbsCertList, TbsCertificate,
};
use x509_support::{ca_extensions, dns, name, now, strings};

fn key() -> Result<PrivateKey, String> {
    PrivateKey::generate(KeySpec::Ec(Curve::P256)).map_err(|error| error.to_string())
}

/// A leaf that breaks no rule.
fn leaf(key: &PrivateKey) -> TbsCertificate {
    x509_support::tbs(name("leaf"), key.public_key().clone(), name("ca"), key)
}

fn ca(key: &PrivateKey) -> TbsCertificate {
    let mut tbs = leaf(key);
    tbs.extensions.extend(ca_extensions(Some(1)));
    tbs
}

fn raw(oid: ObjectIdentifier, critical: bool, value: &[u8]) -> Extension {
    Extension { oid, critical, value: value.to_vec() }
}

fn set(tbs: &mut TbsCertificate, extension: Extension) {
    tbs.extensions.retain(|other| other.oid != extension.oid);
    tbs.extensions.push(extension);
}

fn names(findings: &[pki_core::x509::Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule).collect()
}

type Change = fn(&mut TbsCertificate);

/// For every rule that is enforced, something that breaks it and no other.
const BROKEN: &[(&str, Change)] = &[
    ("serial_positive", |t| {
        t.serial = SerialNumber::from_octets(&[]);
    }),
    ("serial_short", |t| {
        t.serial = SerialNumber::from_octets(&[0x80; 20]);
    }),
    ("serial_short", |t| {
        t.serial = SerialNumber::from_octets(&[1; 21]);
    }),
    ("validity", |t| t.not_after = t.not_before.before(1)),
    ("extensions_once", |t| {
        t.extensions.extend(t.extensions.first().cloned());
    }),
    ("basic_constraints", |t| {
        set(t, raw(oid::BASIC_CONSTRAINTS, true, &[0x30]));
    }),
    ("basic_constraints_critical", |t| {
        set(t, raw(oid::BASIC_CONSTRAINTS, false, &[0x30, 3, 1, 1, 0xff]));
    }),
    ("path_len", |t| {
        set(t, raw(oid::BASIC_CONSTRAINTS, true, &[0x30, 3, 2, 1, 0]));
    }),
    ("key_usage", |t| set(t, raw(oid::KEY_USAGE, true, &[4, 0]))),
    ("ext_key_usage", |t| set(t, extension::ext_key_usage(&[]))),
    ("subject_key_identifier", |t| {
        set(t, raw(oid::SUBJECT_KEY_IDENTIFIER, false, &[]));
    }),
    ("subject_key_identifier", |t| {
        t.extensions = ca_extensions(None);
    }),
    ("authority_key_identifier", |t| {
        set(t, raw(oid::AUTHORITY_KEY_IDENTIFIER, false, &[0x30, 0]));
    }),
    ("authority_key_identifier", |t| {
        set(t, raw(oid::AUTHORITY_KEY_IDENTIFIER, true, &[0x30, 3, 0x80, 1, 7]));
    }),
    ("subject_alt_name", |t| {
        set(t, raw(oid::SUBJECT_ALT_NAME, false, &[0x30, 0]));
    }),
    ("subject_alt_name", |t| {
        set(t, raw(oid::SUBJECT_ALT_NAME, false, &[0x30, 3, 0x82, 1, 0xff]));
    }),
    ("policies", |t| {
        set(t, raw(oid::CERTIFICATE_POLICIES, false, &[0x30, 0]));
    }),
    ("policies", |t| {
        set(t, raw(oid::CERTIFICATE_POLICIES, false, &[0x30, 2, 5, 0]));
    }),
    ("name_constraints", |t| {
        set(t, raw(oid::NAME_CONSTRAINTS, true, &[0x30, 0]));
    }),
    ("crl_distribution_points", |t| {
        set(t, raw(oid::CRL_DISTRIBUTION_POINTS, false, &[0x30, 0]));
    }),
    ("crl_distribution_points", |t| {
        set(t, raw(oid::CRL_DISTRIBUTION_POINTS, false, &[0x30, 2, 0x30, 0]));
    }),
    ("freshest_crl", |t| {
        set(t, raw(oid::FRESHEST_CRL, false, &[0x30, 0]));
    }),
    ("authority_info_access", |t| {
        set(t, raw(oid::AUTHORITY_INFO_ACCESS, false, &[0x30, 0]));
    }),
];

#[test]
fn every_rule_for_certificates_is_enforced() {
    let key = key().unwrap();
    assert_eq!(names(&leaf(&key).findings()), [""; 0]);
    assert_eq!(names(&ca(&key).findings()), [""; 0]);
    for (rule, change) in BROKEN {
        let mut tbs = leaf(&key);
        change(&mut tbs);
        assert_eq!(names(&tbs.findings()), [*rule]);
        assert!(Linted::check(tbs).is_err());
    }
    for rule in CERTIFICATE_RULES.iter().filter(|rule| matches!(rule.check, Check::Enforced(_))) {
        let tested = rule.id == "rsa_size" || BROKEN.iter().any(|(broken, _)| *broken == rule.id);
        assert!(tested, "{}", rule.id);
    }
}

#[test]
fn short_rsa_keys_are_refused() {
    let key = key().unwrap();
    for (bits, want) in [(1024, &["rsa_size"][..]), (2047, &["rsa_size"]), (2048, &[])] {
        let rsa = openssl::rsa::Rsa::generate(bits).unwrap();
        let spki = rsa.public_key_to_der().unwrap();
        let tbs = TbsCertificate { public_key: PublicKey::from_spki(&spki).unwrap(), ..leaf(&key) };
        assert_eq!(names(&tbs.findings()), want, "{bits}");
    }
}

/// What clients of Vault get, and a strict reader of the RFC would not give them.
const KEPT: &[(&str, Change)] = &[
    ("ec_key_usage", |t| {
        set(t, extension::key_usage(KeyUsage::KEY_ENCIPHERMENT));
    }),
    ("leaf_key_usage", |t| {
        set(t, extension::key_usage(KeyUsage::KEY_CERT_SIGN));
    }),
    ("key_usage_not_empty", |t| {
        set(t, extension::key_usage(KeyUsage::NONE));
    }),
    ("ca_key_usage", |t| {
        set(t, extension::basic_constraints_ca(None));
    }),
    ("path_len_key_usage", |t| {
        set(t, extension::basic_constraints_ca(Some(0)));
    }),
    ("issuer_named", |t| {
        t.issuer = SubjectAttributes::default().to_name();
    }),
    ("subject_or_alt_name", |t| {
        t.subject = SubjectAttributes::default().to_name();
    }),
    ("ca_named", |t| {
        t.subject = SubjectAttributes::default().to_name();
        t.extensions.extend(ca_extensions(None));
    }),
    ("alt_name_critical", |t| {
        t.subject = SubjectAttributes::default().to_name();
        t.extensions.extend(extension::subject_alt_name(&dns(&["a"]), false));
    }),
    ("alt_name_not_blank", |t| {
        t.extensions.extend(extension::subject_alt_name(&dns(&[" "]), false));
    }),
    ("authority_key_identifier_there", |t| {
        t.extensions.retain(|extension| extension.oid != oid::AUTHORITY_KEY_IDENTIFIER);
    }),
    ("name_constraints_ca", |t| {
        let value = [0x30, 7, 0xa0, 5, 0x30, 3, 0x82, 1, b'a'];
        set(t, raw(oid::NAME_CONSTRAINTS, false, &value));
    }),
    ("policies_once", |t| {
        let policy = [0x30, 4, 6, 2, 0x2a, 3];
        set(
            t,
            raw(oid::CERTIFICATE_POLICIES, false, &[&[0x30, 12][..], &policy, &policy].concat()),
        );
    }),
    ("subject_key_identifier_not_critical", |t| {
        set(t, raw(oid::SUBJECT_KEY_IDENTIFIER, true, &[4, 1, 7]));
    }),
    ("common_name_short", |t| t.subject = name(&"a".repeat(1000))),
    ("country_code", |t| {
        let country = strings(&["Atlantis"]);
        t.subject = SubjectAttributes { country, ..Default::default() }.to_name();
    }),
];

#[test]
fn what_clients_rely_on_is_signed_and_read() {
    let key = key().unwrap();
    for (rule, change) in KEPT {
        let mut tbs = leaf(&key);
        change(&mut tbs);
        let certificate = x509_support::sign(tbs, &key);
        assert!(certificate.is_ok(), "{rule}: {certificate:?}");
    }
    for rule in CERTIFICATE_RULES.iter().filter(|rule| matches!(rule.check, Check::Waived(_))) {
        assert!(KEPT.iter().any(|(kept, _)| *kept == rule.id), "{}", rule.id);
    }
}

fn crl(key: &PrivateKey) -> TbsCertList {
    TbsCertList {
        signature: SignatureAlgorithm::for_issuing(key.spec(), 0, false, false),
        issuer: name("ca"),
        this_update: now(),
        next_update: now().after(1),
        authority_key_identifier: Some(vec![7]),
        crl_number: 0,
        delta_base: None,
        freshest_crl: strings(&["http://example.com"]),
        extra: vec![raw(ObjectIdentifier::new_unwrap("1.2.3"), true, &[5, 0])],
    }
}

#[test]
fn every_rule_for_crls_is_enforced() {
    let key = key().unwrap();
    let good = crl(&key);
    assert_eq!(names(&good.findings()), [""; 0]);
    let broken = [
        ("next_update", TbsCertList { next_update: now(), ..good.clone() }),
        (
            "authority_key_identifier",
            TbsCertList { authority_key_identifier: None, ..good.clone() },
        ),
        ("extensions_once", TbsCertList { extra: vec![extension::crl_number(1)], ..good.clone() }),
        ("freshest_crl", TbsCertList { delta_base: Some(1), ..good.clone() }),
        ("url_characters", TbsCertList { freshest_crl: strings(&["http://ü"]), ..good.clone() }),
    ];
    for (rule, crl) in &broken {
        assert_eq!(names(&crl.findings()), [*rule]);
    }
    for rule in CRL_RULES.iter().filter(|rule| matches!(rule.check, Check::Enforced(_))) {
        assert!(broken.iter().any(|(broken, _)| *broken == rule.id), "{}", rule.id);
    }
    // Numbers as a request gives them, and an issuer without a name.
    let issuer = DistinguishedName::from_der(&[0x30, 0]).unwrap();
    let kept = TbsCertList { delta_base: Some(9), freshest_crl: Vec::new(), issuer, ..good };
    assert_eq!(names(&kept.findings()), [""; 0]);
}

#[test]
fn a_key_that_does_not_fit_signs_nothing() {
    let key = key().unwrap();
    let linted = Linted::check(leaf(&key)).unwrap();
    let other = PrivateKey::generate(KeySpec::Ed25519).unwrap();
    let error = linted.sign(&other).unwrap_err().to_string();
    assert_eq!(error, "a key of type ed25519 cannot sign with ECDSAWithSHA256");
}
