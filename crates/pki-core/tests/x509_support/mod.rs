//! What the X.509 tests share: a CA in memory.

#![allow(dead_code, reason = "every test program uses its own part")]

use pki_core::crypto::{KeySpec, PrivateKey, PublicKey, SignatureAlgorithm, SystemRandom};
use pki_core::domain::serial::SerialNumber;
use pki_core::domain::time::Timestamp;
use pki_core::env::SecureRandom as _;
use pki_core::x509::{
    Certificate, DistinguishedName, Extension, KeyUsage, Linted, SubjectAltNames,
    SubjectAttributes, TbsCertificate, extension,
};

/// A key and its certificate.
#[derive(Clone)]
pub struct Ca {
    pub key: PrivateKey,
    pub certificate: Certificate,
}

pub fn name(common_name: &str) -> DistinguishedName {
    SubjectAttributes {
        common_name: Some(common_name.to_owned()),
        organization: vec!["Örg".to_owned()],
        ..Default::default()
    }
    .to_name()
}

/// A moment that is always the same, so that programs that know the real one are told it.
pub fn now() -> Timestamp {
    Timestamp::from_unix(1_790_000_000)
}

pub fn serial() -> SerialNumber {
    let mut octets = [0; 20];
    SystemRandom.fill(&mut octets);
    SerialNumber::from_random(octets)
}

pub fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

pub fn dns(names: &[&str]) -> SubjectAltNames {
    SubjectAltNames { dns: strings(names), ..Default::default() }
}

/// A certificate with what every one has; more can be added.
pub fn tbs(
    subject: DistinguishedName,
    public_key: PublicKey,
    issuer: DistinguishedName,
    issuer_key: &PrivateKey,
) -> TbsCertificate {
    TbsCertificate {
        serial: serial(),
        signature: SignatureAlgorithm::for_issuing(issuer_key.spec(), 0, false, false),
        issuer,
        not_before: now().before(30),
        not_after: now().after(3600),
        extensions: vec![
            extension::subject_key_identifier(&public_key.key_identifier()),
            extension::authority_key_identifier(&issuer_key.public_key().key_identifier()),
        ],
        subject,
        public_key,
    }
}

/// What makes a certificate one of a CA.
pub fn ca_extensions(path_len: Option<u32>) -> Vec<Extension> {
    vec![
        extension::key_usage(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN),
        extension::basic_constraints_ca(path_len),
    ]
}

pub fn sign(tbs: TbsCertificate, key: &PrivateKey) -> Result<Certificate, String> {
    let linted = Linted::check(tbs).map_err(|findings| format!("{findings:?}"))?;
    linted.sign(key).map_err(|error| error.to_string())
}

/// A CA certificate for this key, signed by that one.
pub fn certify(
    subject: &str,
    public_key: &PublicKey,
    issuer: &str,
    issuer_key: &PrivateKey,
) -> Result<Certificate, String> {
    let mut tbs = tbs(name(subject), public_key.clone(), name(issuer), issuer_key);
    tbs.extensions.extend(ca_extensions(None));
    sign(tbs, issuer_key)
}

pub fn root(common_name: &str, spec: KeySpec) -> Result<Ca, String> {
    let key = PrivateKey::generate(spec).map_err(|error| error.to_string())?;
    let certificate = certify(common_name, key.public_key(), common_name, &key)?;
    Ok(Ca { key, certificate })
}
