//! What the X.509 tests share: a CA in memory.

#![allow(dead_code, reason = "every test program uses its own part")]
#![allow(clippy::disallowed_methods, reason = "the program `openssl` wants files")]

use std::path::PathBuf;
use std::process::Command;

use pki_core::crypto::{
    Curve, Hash, KeySpec, PrivateKey, PublicKey, SignatureAlgorithm, SystemRandom,
};
use pki_core::domain::serial::SerialNumber;
use pki_core::domain::time::Timestamp;
use pki_core::env::SecureRandom as _;
use pki_core::x509::{
    Certificate, DistinguishedName, Extension, KeyUsage, Linted, ObjectIdentifier, OtherName,
    PolicyInformation, SubjectAltNames, SubjectAttributes, TbsCertificate, extension, usage,
};

/// A key and its certificate.
#[derive(Clone)]
pub(crate) struct Ca {
    pub(crate) key: PrivateKey,
    pub(crate) certificate: Certificate,
}

pub(crate) fn name(common_name: &str) -> DistinguishedName {
    SubjectAttributes {
        common_name: Some(common_name.to_owned()),
        organization: vec!["Örg".to_owned()],
        ..Default::default()
    }
    .to_name()
}

/// A moment that is always the same, so that programs that know the real one are told it.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix(1_790_000_000)
}

pub(crate) fn serial() -> SerialNumber {
    let mut octets = [0; 20];
    SystemRandom.fill(&mut octets);
    SerialNumber::from_random(octets)
}

pub(crate) fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

pub(crate) fn dns(names: &[&str]) -> SubjectAltNames {
    SubjectAltNames { dns: strings(names), ..Default::default() }
}

/// A certificate with what every one has; more can be added.
pub(crate) fn tbs(
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
pub(crate) fn ca_extensions(path_len: Option<u32>) -> Vec<Extension> {
    vec![
        extension::key_usage(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN),
        extension::basic_constraints_ca(path_len),
    ]
}

pub(crate) fn sign(tbs: TbsCertificate, key: &PrivateKey) -> Result<Certificate, String> {
    let linted = Linted::check(tbs).map_err(|findings| format!("{findings:?}"))?;
    linted.sign(key).map_err(|error| error.to_string())
}

/// A CA certificate for this key, signed by that one.
pub(crate) fn certify(
    subject: &str,
    public_key: &PublicKey,
    issuer: &str,
    issuer_key: &PrivateKey,
) -> Result<Certificate, String> {
    let mut tbs = tbs(name(subject), public_key.clone(), name(issuer), issuer_key);
    tbs.extensions.extend(ca_extensions(None));
    sign(tbs, issuer_key)
}

pub(crate) fn root(common_name: &str, spec: KeySpec) -> Result<Ca, String> {
    let key = PrivateKey::generate(spec).map_err(|error| error.to_string())?;
    let certificate = certify(common_name, key.public_key(), common_name, &key)?;
    Ok(Ca { key, certificate })
}

pub(crate) const SPECS: [KeySpec; 6] = [
    KeySpec::Rsa { bits: 2048 },
    KeySpec::Ec(Curve::P224),
    KeySpec::Ec(Curve::P256),
    KeySpec::Ec(Curve::P384),
    KeySpec::Ec(Curve::P521),
    KeySpec::Ed25519,
];

/// Writes files into a directory of this test and runs `openssl` there.
pub(crate) struct OpenSsl {
    directory: PathBuf,
}

impl OpenSsl {
    pub(crate) fn new(test: &str) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
        std::fs::create_dir_all(&directory).unwrap_or_default();
        Self { directory }
    }

    pub(crate) fn file(&self, name: &str, content: &[u8]) -> Result<(), String> {
        std::fs::write(self.directory.join(name), content).map_err(|error| error.to_string())
    }

    pub(crate) fn read(&self, name: &str) -> Result<String, String> {
        std::fs::read_to_string(self.directory.join(name)).map_err(|error| error.to_string())
    }

    pub(crate) fn read_bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.directory.join(name)).map_err(|error| error.to_string())
    }

    /// Everything it printed; an error if it failed.
    pub(crate) fn run(&self, arguments: &str) -> Result<String, String> {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(&self.directory)
            .output()
            .map_err(|error| error.to_string())?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        if output.status.success() { Ok(text) } else { Err(format!("{arguments}: {text}")) }
    }
}

/// A leaf with every extension that a leaf can have.
pub(crate) fn full_leaf(
    ca: &Ca,
    key: &PrivateKey,
    signature: SignatureAlgorithm,
) -> TbsCertificate {
    let subject = SubjectAttributes {
        country: strings(&["US"]),
        organizational_unit: strings(&["B", "A", "B"]),
        common_name: Some("www.example.com".to_owned()),
        user_ids: strings(&["u1", "u2"]),
        ..Default::default()
    };
    let names = SubjectAltNames {
        other: vec![OtherName { oid: "1.2.3".to_owned(), value: "z".to_owned() }],
        dns: strings(&["www.example.com", "*.example.com"]),
        email: strings(&["a@example.com"]),
        ip: vec![[10, 0, 0, 1].into(), [0x2001_u16, 0xdb8, 0, 0, 0, 0, 0, 1].into()],
        uri: strings(&["spiffe://example.com/a,b"]),
        rest: Vec::new(),
    };
    let policy = PolicyInformation {
        oid: ObjectIdentifier::new_unwrap("1.2.3.4"),
        cps: Some("https://example.com/cps".to_owned()),
        notice: Some("hey".to_owned()),
    };
    let urls = strings(&["http://example.com/a", "http://example.com/b"]);
    let issuer = ca.certificate.subject().clone();
    let mut tbs = tbs(subject.to_name(), key.public_key().clone(), issuer, &ca.key);
    tbs.signature = signature;
    tbs.extensions.extend([
        extension::key_usage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_AGREEMENT),
        extension::ext_key_usage(&usage::ext_key_usages_from_names(["ClientAuth", "ServerAuth"])),
        extension::basic_constraints_leaf(),
    ]);
    tbs.extensions.extend(
        [
            extension::authority_info_access(&urls, &urls),
            extension::crl_distribution_points(&urls),
            extension::subject_alt_name(&names, false),
            extension::certificate_policies(&[policy]),
            extension::freshest_crl(&urls),
        ]
        .into_iter()
        .flatten(),
    );
    tbs
}

/// All algorithms that a kind of key signs with.
pub(crate) fn algorithms(spec: KeySpec) -> Vec<SignatureAlgorithm> {
    let hashes = [Hash::Sha256, Hash::Sha384, Hash::Sha512];
    match spec {
        KeySpec::Rsa { .. } => {
            let pkcs1 = hashes.map(SignatureAlgorithm::RsaPkcs1);
            pkcs1.into_iter().chain(hashes.map(SignatureAlgorithm::RsaPss)).collect()
        }
        KeySpec::Ec(_) => hashes.map(SignatureAlgorithm::Ecdsa).to_vec(),
        KeySpec::Ed25519 => vec![SignatureAlgorithm::Ed25519],
        KeySpec::MlDsa(set) => vec![SignatureAlgorithm::MlDsa(set)],
    }
}
