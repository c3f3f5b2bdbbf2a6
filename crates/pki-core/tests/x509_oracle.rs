//! What is made here, judged by OpenSSL as a library and as a program and by another decoder;
//! and what OpenSSL makes, read here.

#![expect(clippy::disallowed_methods, reason = "the program wants files")]

mod x509_support;

use std::path::PathBuf;
use std::process::Command;

use openssl::pkey::PKey;
use openssl::x509::{X509, X509Crl, X509Req};
use pki_core::crypto::{Curve, Hash, KeySpec, MlDsa, PrivateKey, PrivateKeyForm, SignatureAlgorithm};
use pki_core::domain::time::Timestamp;
use pki_core::x509::{
    Certificate, CertificateList, CertificationRequest, CrlReason, Extension, KeyUsage, Linted,
    NameConstraints, ObjectIdentifier, OtherName, PolicyInformation, RevokedEntry, SignedCrl,
    SubjectAltNames, SubjectAttributes, Subtrees, TbsCertList, TbsCertificate,
    TbsCertificationRequest, extension, oid, pem, sign_csr, usage,
};
use x509_cert::der::{Decode as _, Encode as _};
use x509_support::{Ca, ca_extensions, name, now, root, serial, sign, strings, tbs};

const SPECS: [KeySpec; 6] = [
    KeySpec::Rsa { bits: 2048 },
    KeySpec::Ec(Curve::P224),
    KeySpec::Ec(Curve::P256),
    KeySpec::Ec(Curve::P384),
    KeySpec::Ec(Curve::P521),
    KeySpec::Ed25519,
];

/// Writes files into a directory of this test and runs `openssl` there.
struct OpenSsl {
    directory: PathBuf,
}

impl OpenSsl {
    fn new(test: &str) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
        std::fs::create_dir_all(&directory).unwrap_or_default();
        Self { directory }
    }

    fn file(&self, name: &str, content: &[u8]) -> Result<(), String> {
        std::fs::write(self.directory.join(name), content).map_err(|error| error.to_string())
    }

    fn read(&self, name: &str) -> Result<String, String> {
        std::fs::read_to_string(self.directory.join(name)).map_err(|error| error.to_string())
    }

    /// Everything it printed; an error if it failed.
    fn run(&self, arguments: &str) -> Result<String, String> {
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
fn full_leaf(ca: &Ca, key: &PrivateKey, signature: SignatureAlgorithm) -> TbsCertificate {
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
fn algorithms(spec: KeySpec) -> Vec<SignatureAlgorithm> {
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

/// What OpenSSL reads must be what was written, and another decoder must write it again.
#[track_caller]
fn check_certificate(certificate: &Certificate, tbs: &TbsCertificate, ca: &Ca) {
    let der = certificate.as_der();
    let theirs = X509::from_der(der).unwrap();
    let ca_key = PKey::public_key_from_der(ca.key.public_key().spki()).unwrap();
    assert!(theirs.verify(&ca_key).unwrap(), "{:?}", tbs.signature);
    assert_eq!(theirs.serial_number().to_bn().unwrap().to_vec(), tbs.serial.octets());
    assert_eq!(theirs.subject_name().to_der().unwrap(), tbs.subject.as_der());
    assert_eq!(theirs.public_key().unwrap().public_key_to_der().unwrap(), tbs.public_key.spki());

    let other = x509_cert::Certificate::from_der(der).unwrap();
    assert_eq!(other.to_der().unwrap(), der);

    assert_eq!(certificate.tbs_der(), tbs.to_der());
    assert_eq!(certificate.serial(), &tbs.serial);
    assert_eq!(certificate.issuer(), &tbs.issuer);
    assert_eq!(certificate.subject(), &tbs.subject);
    assert_eq!(certificate.not_before(), tbs.not_before.to_whole_second());
    assert_eq!(certificate.not_after(), tbs.not_after.to_whole_second());
    assert_eq!(certificate.public_key(), &tbs.public_key);
    assert_eq!(certificate.extensions(), tbs.extensions);
    assert_eq!(certificate.signature_algorithm(), Some(tbs.signature));
    assert!(certificate.is_signed_by(ca.key.public_key()));
    assert_eq!(Certificate::from_pem(&certificate.to_pem()).as_ref(), Ok(certificate));
}

#[test]
fn certificates_of_every_key_verify() {
    for spec in SPECS {
        let ca = root("Root", spec).unwrap();
        let key = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
        for algorithm in algorithms(spec) {
            let tbs = full_leaf(&ca, &key, algorithm);
            let certificate = sign(tbs.clone(), &ca.key).unwrap();
            check_certificate(&certificate, &tbs, &ca);
        }
        assert!(ca.certificate.is_self_signed() && ca.certificate.is_ca());
    }
}

#[test]
fn the_program_accepts_chains_strictly() {
    for spec in SPECS {
        let program = OpenSsl::new(&format!("chain-{}-{}", spec.type_name(), spec.bits()));
        let root = root("Root", spec).unwrap();
        let key = PrivateKey::generate(spec).unwrap();
        let issuer = root.certificate.subject().clone();
        let mut below = tbs(name("Below"), key.public_key().clone(), issuer, &root.key);
        below.extensions.extend(ca_extensions(Some(0)));
        let permitted = Subtrees { dns: strings(&["example.com"]), ..Default::default() };
        let constraints = NameConstraints { permitted, ..Default::default() };
        below.extensions.extend(extension::name_constraints(&constraints));
        let below = Ca { certificate: sign(below, &root.key).unwrap(), key };
        program.file("root.pem", root.certificate.to_pem().as_bytes()).unwrap();
        program.file("below.pem", below.certificate.to_pem().as_bytes()).unwrap();
        let leaf_key = PrivateKey::generate(spec).unwrap();
        for algorithm in algorithms(spec) {
            let leaf = sign(full_leaf(&below, &leaf_key, algorithm), &below.key).unwrap();
            program.file("leaf.pem", leaf.to_pem().as_bytes()).unwrap();
            let time = now().unix();
            let verify = format!(
                "verify -x509_strict -attime {time} -CAfile root.pem -untrusted below.pem leaf.pem"
            );
            assert_eq!(program.run(&verify), Ok("leaf.pem: OK\n".to_owned()));
        }
        let text = program.run("x509 -in leaf.pem -noout -text").unwrap();
        for shown in [
            "Subject: C = US, OU = A + OU = B, CN = www.example.com, UID = u1, UID = u2",
            "othername: 1.2.3::z, DNS:www.example.com, DNS:*.example.com, email:a@example.com, \
             IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1, URI:spiffe://example.com/a,b",
            "Digital Signature, Key Agreement",
            "TLS Web Server Authentication, TLS Web Client Authentication",
            "CPS: https://example.com/cps",
            "Explicit Text: hey",
            "X509v3 Freshest CRL",
        ] {
            assert!(text.contains(shown), "{shown} not in {text}");
        }
    }
}

#[test]
fn dates_at_the_edges_are_read_alike() {
    let ca = root("Root", KeySpec::Ec(Curve::P256)).unwrap();
    for (begin, end) in [
        ("1950-01-01T00:00:00Z", "2049-12-31T23:59:59Z"),
        ("1969-12-31T23:59:59Z", "2050-01-01T00:00:00Z"),
        ("2026-11-22T00:00:00Z", "9999-12-31T23:59:59Z"),
    ] {
        let key = ca.key.public_key().clone();
        let mut tbs = tbs(name("a"), key, ca.certificate.subject().clone(), &ca.key);
        tbs.not_before = Timestamp::parse(begin).unwrap();
        tbs.not_after = Timestamp::parse(end).unwrap();
        let certificate = sign(tbs.clone(), &ca.key).unwrap();
        let theirs = X509::from_der(certificate.as_der()).unwrap();
        let epoch = openssl::asn1::Asn1Time::from_unix(0).unwrap();
        let seconds = |time: &openssl::asn1::Asn1TimeRef| {
            let apart = epoch.diff(time).unwrap();
            i64::from(apart.days) * 86400 + i64::from(apart.secs)
        };
        assert_eq!(seconds(theirs.not_before()), tbs.not_before.unix());
        assert_eq!(seconds(theirs.not_after()), tbs.not_after.unix());
        assert_eq!(certificate.not_before(), tbs.not_before);
        assert_eq!(certificate.not_after(), tbs.not_after);
    }
}

fn requested() -> Vec<Extension> {
    let names = x509_support::dns(&["www.example.com"]);
    extension::subject_alt_name(&names, false)
        .into_iter()
        .chain([extension::basic_constraints_ca(None)])
        .collect()
}

#[test]
fn requests_of_every_key_verify() {
    let program = OpenSsl::new("request");
    for spec in SPECS {
        let key = PrivateKey::generate(spec).unwrap();
        for (signature, extensions) in
            algorithms(spec).into_iter().zip([requested(), Vec::new()].into_iter().cycle())
        {
            let tbs = TbsCertificationRequest {
                subject: name("www.example.com"),
                public_key: key.public_key().clone(),
                extensions,
                signature,
            };
            let der = sign_csr(&tbs, &key).unwrap();
            let theirs = X509Req::from_der(&der).unwrap();
            assert!(theirs.verify(&theirs.public_key().unwrap()).unwrap(), "{signature:?}");
            assert_eq!(theirs.to_der().unwrap(), der);
            program.file("request.der", &der).unwrap();
            program.run("req -inform DER -in request.der -verify -noout").unwrap();

            let ours = CertificationRequest::from_der(&der).unwrap();
            assert!(ours.signature_is_valid());
            assert_eq!(ours.subject(), &tbs.subject);
            assert_eq!(ours.public_key(), &tbs.public_key);
            assert_eq!(ours.extensions(), tbs.extensions);
            let mut forged = der;
            *forged.last_mut().unwrap() ^= 1;
            assert!(!CertificationRequest::from_der(&forged).unwrap().signature_is_valid());
        }
    }
}

#[test]
fn requests_of_the_program_are_read() {
    let program = OpenSsl::new("their-request");
    let config = "[req]\nprompt=no\ndistinguished_name=dn\nreq_extensions=ext\nattributes=attr\n\
                  [attr]\nchallengePassword=secret\n\
                  [dn]\nC=US\n0.OU=A\n1.OU=B\nCN=www.example.com\nserialNumber=7\n\
                  [ext]\nsubjectAltName=critical,DNS:a.com,IP:10.0.0.1,email:a@b,URI:u:x,\
                  otherName:1.2.3;UTF8:z,dirName:dn,RID:1.2.3.4\n\
                  keyUsage=critical,keyCertSign,cRLSign\nbasicConstraints=CA:TRUE\n\
                  extendedKeyUsage=serverAuth,1.2.3.4\n1.2.3.4.5=critical,ASN1:UTF8String:x\n";
    program.file("req.cnf", config.as_bytes()).unwrap();
    for key in ["rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-384", "ed25519"] {
        let make = format!("req -new -config req.cnf -nodes -newkey {key} -keyout key.pem -out r.pem");
        program.run(&make).unwrap();
        let request = CertificationRequest::from_pem(&program.read("r.pem").unwrap()).unwrap();
        assert!(request.signature_is_valid());
        let want = "SERIALNUMBER=7,CN=www.example.com,OU=A+OU=B,C=US";
        assert_eq!(request.subject().to_string(), want);
        let names = request.subject_alt_names();
        assert_eq!(names.dns, ["a.com"]);
        assert_eq!(names.email, ["a@b"]);
        assert_eq!(names.uri, ["u:x"]);
        assert_eq!(names.ip, [std::net::IpAddr::from([10, 0, 0, 1])]);
        assert_eq!(names.other.len(), 1);
        assert_eq!(names.rest.len(), 2);
        let oids: Vec<String> = request.extensions().iter().map(|e| e.oid.to_string()).collect();
        let want = ["2.5.29.17", "2.5.29.15", "2.5.29.19", "2.5.29.37", "1.2.3.4.5"];
        assert_eq!(oids, want);
        let critical: Vec<bool> = request.extensions().iter().map(|e| e.critical).collect();
        assert_eq!(critical, [true, true, false, false, true]);

        let pem = program.read("key.pem").unwrap();
        let key = PrivateKey::from_der(&pem::first(&pem).unwrap().der).unwrap();
        assert_eq!(key.public_key(), request.public_key());
    }
}

#[test]
fn certificates_of_the_program_are_read() {
    let program = OpenSsl::new("their-certificate");
    let config = "[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=ext\nstring_mask=MASK\n\
                  [dn]\nCN=Wurzel\nO=Größe\n\
                  [ext]\nbasicConstraints=critical,CA:TRUE,pathlen:3\n\
                  keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n\
                  authorityKeyIdentifier=keyid:always,issuer:always\n\
                  nameConstraints=critical,permitted;DNS:a.com,excluded;IP:10.0.0.0/255.0.0.0\n";
    for mask in ["utf8only", "nombstr", "default"] {
        program.file("ca.cnf", config.replace("MASK", mask).as_bytes()).unwrap();
        let make = "req -x509 -utf8 -config ca.cnf -days 4000 -newkey ec -pkeyopt \
                    ec_paramgen_curve:P-256 -nodes -keyout key.pem -out ca.pem";
        program.run(make).unwrap();
        let certificate = Certificate::from_pem(&program.read("ca.pem").unwrap()).unwrap();
        assert!(certificate.is_self_signed() && certificate.is_ca(), "{mask}");
        assert_eq!(certificate.path_len(), Some(3));
        let usage = KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
        assert_eq!(certificate.key_usage(), Some(usage));
        let key = certificate.public_key().key_identifier().to_vec();
        assert_eq!(certificate.subject_key_identifier().as_ref(), Some(&key));
        assert_eq!(certificate.authority_key_identifier(), Some(key));
        assert_eq!(certificate.subject().to_string(), "CN=Wurzel,O=Größe", "{mask}");
        let constraints = certificate.extension(&oid::NAME_CONSTRAINTS).unwrap();
        let constraints = NameConstraints::from_der(&constraints.value).unwrap();
        assert_eq!(constraints.permitted.dns, ["a.com"]);
        assert_eq!(constraints.excluded.ip[0].to_string(), "10.0.0.0/8");
        assert_eq!(certificate.not_after().seconds_since(certificate.not_before()), 4000 * 86400);
    }
}

fn crl(ca: &Ca, number: u64) -> TbsCertList {
    TbsCertList {
        signature: SignatureAlgorithm::for_issuing(ca.key.spec(), 0, false, false),
        issuer: ca.certificate.subject().clone(),
        this_update: now(),
        next_update: now().after(3600),
        authority_key_identifier: ca.certificate.subject_key_identifier(),
        crl_number: number,
        delta_base: None,
        freshest_crl: Vec::new(),
        extra: Vec::new(),
    }
}

fn entries(count: usize) -> Vec<RevokedEntry> {
    let reasons = [None, Some(CrlReason::KeyCompromise), Some(CrlReason::Unspecified)];
    let entry = |reason| RevokedEntry { serial: serial(), revocation_date: now(), reason };
    reasons.into_iter().cycle().map(entry).take(count).collect()
}

fn whole(signed: &SignedCrl, entries: &[Vec<u8>]) -> Vec<u8> {
    [&signed.prefix[..], &entries.concat(), &signed.suffix].concat()
}

#[test]
fn crls_of_every_key_verify() {
    for spec in SPECS {
        let program = OpenSsl::new(&format!("crl-{}-{}", spec.type_name(), spec.bits()));
        let ca = root("Root", spec).unwrap();
        program.file("ca.pem", ca.certificate.to_pem().as_bytes()).unwrap();
        let key = PKey::public_key_from_der(ca.key.public_key().spki()).unwrap();
        // The lengths cross the borders between the forms of a length.
        for count in [0, 1, 3, 8, 2000] {
            let revoked = entries(count);
            let encoded: Vec<Vec<u8>> = revoked.iter().map(RevokedEntry::to_der).collect();
            let length = encoded.iter().map(Vec::len).sum();
            let linted = Linted::check(crl(&ca, 77)).unwrap();
            let signed = linted.sign(&ca.key, &encoded, length).unwrap();
            let der = whole(&signed, &encoded);

            let theirs = X509Crl::from_der(&der).unwrap();
            assert!(theirs.verify(&key).unwrap(), "{spec:?} {count}");
            let found = theirs.get_revoked().map_or(0, openssl::stack::StackRef::len);
            assert_eq!(found, count);
            let other = x509_cert::crl::CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&der);
            assert_eq!(other.unwrap().to_der().unwrap(), der);

            let ours = CertificateList::from_der(&der).unwrap();
            assert!(ours.is_signed_by(ca.key.public_key()));
            assert_eq!(ours.number(), Some(77));
            assert_eq!(ours.issuer(), ca.certificate.subject());
            assert_eq!((ours.this_update(), ours.next_update()), (now(), Some(now().after(3600))));
            for ((entry, want), der) in ours.entries().zip(&revoked).zip(&encoded) {
                let entry = entry.unwrap();
                assert_eq!((entry.der, &entry.revoked.serial), (&der[..], &want.serial));
                let reason = want.reason.filter(|reason| *reason != CrlReason::Unspecified);
                assert_eq!(entry.revoked.reason, reason);
            }
            assert_eq!(ours.entries().count(), count);
        }
        let encoded = [entries(1).remove(0).to_der()];
        let linted = Linted::check(crl(&ca, 78)).unwrap();
        let signed = linted.sign(&ca.key, &encoded, encoded[0].len()).unwrap();
        let der = whole(&signed, &encoded);
        program.file("crl.pem", pem::encode("X509 CRL", &der).as_bytes()).unwrap();
        let text = program.run("crl -in crl.pem -CAfile ca.pem -noout -text").unwrap();
        assert!(text.contains("verify OK") && text.contains("X509v3 CRL Number"), "{text}");
    }
}

#[test]
fn a_revoked_certificate_is_refused_by_the_program() {
    let program = OpenSsl::new("revoked");
    let ca = root("Root", KeySpec::Ec(Curve::P256)).unwrap();
    let key = PrivateKey::generate(KeySpec::Ed25519).unwrap();
    let algorithm = SignatureAlgorithm::Ecdsa(Hash::Sha256);
    let leaf = sign(full_leaf(&ca, &key, algorithm), &ca.key).unwrap();
    let issue = |crl: TbsCertList, serials: Vec<&Certificate>| {
        let entry = |certificate: &Certificate| RevokedEntry {
            serial: certificate.serial().clone(),
            revocation_date: now(),
            reason: Some(CrlReason::Superseded),
        };
        let entries: Vec<Vec<u8>> = serials.into_iter().map(|c| entry(c).to_der()).collect();
        let length = entries.iter().map(Vec::len).sum();
        let signed = Linted::check(crl).unwrap().sign(&ca.key, &entries, length).unwrap();
        pem::encode("X509 CRL", &whole(&signed, &entries))
    };
    let delta = TbsCertList { delta_base: Some(1), ..crl(&ca, 2) };
    let freshest = strings(&["http://example.com/delta"]);
    let base = TbsCertList { freshest_crl: freshest, ..crl(&ca, 1) };
    program.file("ca.pem", ca.certificate.to_pem().as_bytes()).unwrap();
    program.file("leaf.pem", leaf.to_pem().as_bytes()).unwrap();
    program.file("empty.pem", issue(base.clone(), vec![]).as_bytes()).unwrap();
    program.file("full.pem", issue(base, vec![&leaf]).as_bytes()).unwrap();
    program.file("delta.pem", issue(delta, vec![&leaf]).as_bytes()).unwrap();
    let verify = |more: &str| {
        let time = now().unix() + 1;
        let verify = format!("verify -x509_strict -attime {time} -crl_check -CAfile ca.pem");
        program.run(&format!("{verify} {more} leaf.pem"))
    };
    assert_eq!(verify("-CRLfile empty.pem"), Ok("leaf.pem: OK\n".to_owned()));
    let revoked = |result: Result<String, String>| {
        assert!(result.as_ref().is_err_and(|text| text.contains("certificate revoked")), "{result:?}");
    };
    revoked(verify("-CRLfile full.pem"));
    revoked(verify("-use_deltas -extended_crl -CRLfile empty.pem -CRLfile delta.pem"));
}

#[test]
fn entries_that_are_not_what_was_said_are_not_signed() {
    let ca = root("Root", KeySpec::Ec(Curve::P256)).unwrap();
    let entry = entries(1).remove(0).to_der();
    let length = entry.len();
    for (parts, length) in [
        (vec![entry.clone()], length - 1),
        (vec![entry.clone()], length + 1),
        (vec![entry.clone()], 0),
        (vec![entry[..length - 1].to_vec(), entry[length - 1..].to_vec()], length),
        (vec![vec![0x04, 0x00]], 2),
    ] {
        let linted = Linted::check(crl(&ca, 1)).unwrap();
        assert!(linted.sign(&ca.key, parts, length).is_err());
    }
}

#[test]
fn private_keys_are_valid_for_the_program() {
    let program = OpenSsl::new("keys");
    for spec in SPECS {
        let key = PrivateKey::generate(spec).unwrap();
        for form in [PrivateKeyForm::Traditional, PrivateKeyForm::Pkcs8] {
            let encoded = key.encode(form).unwrap();
            let text = pem::encode(encoded.label, encoded.der.expose());
            program.file("key.pem", text.as_bytes()).unwrap();
            let check = program.run("pkey -in key.pem -noout -check -pubcheck");
            assert!(check.as_ref().is_ok_and(|text| text.contains("is valid")), "{check:?}");
        }
    }
}

#[test]
fn ml_dsa_certificates_verify_where_openssl_has_it() {
    let Ok(ca) = root("Root", KeySpec::MlDsa(MlDsa::MlDsa65)) else {
        return;
    };
    let key = PrivateKey::generate(KeySpec::MlDsa(MlDsa::MlDsa44)).unwrap();
    let tbs = full_leaf(&ca, &key, SignatureAlgorithm::MlDsa(MlDsa::MlDsa65));
    check_certificate(&sign(tbs.clone(), &ca.key).unwrap(), &tbs, &ca);
    let signed = Linted::check(crl(&ca, 1)).unwrap().sign(&ca.key, [[0_u8; 0]], 0).unwrap();
    let der = whole(&signed, &[]);
    let theirs = X509Crl::from_der(&der).unwrap();
    let ca_key = PKey::public_key_from_der(ca.key.public_key().spki()).unwrap();
    assert!(theirs.verify(&ca_key).unwrap());
}
