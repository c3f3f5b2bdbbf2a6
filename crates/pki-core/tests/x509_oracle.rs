//! What is made here, judged by OpenSSL as a library and as a program and by another decoder;
//! and what OpenSSL makes, read here.

mod x509_support;

use std::error::Error;

use openssl::pkey::PKey;
use openssl::x509::{X509, X509Req};
use pki_core::crypto::{Curve, KeySpec, MlDsa, PrivateKey, PrivateKeyForm, SignatureAlgorithm};
use pki_core::domain::time::Timestamp;
use pki_core::x509::{
    Certificate, CertificationRequest, Extension, KeyUsage, NameConstraints, Subtrees,
    TbsCertificate, TbsCertificationRequest, extension, oid, pem, sign_csr,
};
use x509_cert::der::{Decode as _, Encode as _};
use x509_support::{
    Ca, OpenSsl, SPECS, algorithms, ca_extensions, full_leaf, name, now, root, sign, strings, tbs,
};

/// What OpenSSL reads must be what was written, and another decoder must write it again.
fn check_certificate(
    certificate: &Certificate,
    tbs: &TbsCertificate,
    ca: &Ca,
) -> Result<(), Box<dyn Error>> {
    let der = certificate.as_der();
    let theirs = X509::from_der(der)?;
    let ca_key = PKey::public_key_from_der(ca.key.public_key().spki())?;
    assert!(theirs.verify(&ca_key)?, "{:?}", tbs.signature);
    assert_eq!(theirs.serial_number().to_bn()?.to_vec(), tbs.serial.octets());
    assert_eq!(theirs.subject_name().to_der()?, tbs.subject.as_der());
    assert_eq!(theirs.public_key()?.public_key_to_der()?, tbs.public_key.spki());

    let other = x509_cert::Certificate::from_der(der)?;
    assert_eq!(other.to_der()?, der);

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
    Ok(())
}

#[test]
fn certificates_of_every_key_verify() {
    for spec in SPECS {
        let ca = root("Root", spec).unwrap();
        let key = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
        for algorithm in algorithms(spec) {
            let tbs = full_leaf(&ca, &key, algorithm);
            let certificate = sign(tbs.clone(), &ca.key).unwrap();
            check_certificate(&certificate, &tbs, &ca).unwrap();
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
        let text = program.run("x509 -in leaf.pem -noout -text").unwrap().replace(" = ", "=");
        for shown in [
            "Subject: C=US, OU=A + OU=B, CN=www.example.com, UID=u1, UID=u2",
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
        let make =
            format!("req -new -config req.cnf -nodes -newkey {key} -keyout key.pem -out r.pem");
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
    if openssl::version::number() < 0x3050_0000 {
        return;
    }
    let ca = root("Root", KeySpec::MlDsa(MlDsa::MlDsa65)).unwrap();
    let key = PrivateKey::generate(KeySpec::MlDsa(MlDsa::MlDsa44)).unwrap();
    let tbs = full_leaf(&ca, &key, SignatureAlgorithm::MlDsa(MlDsa::MlDsa65));
    let certificate = sign(tbs.clone(), &ca.key).unwrap();
    check_certificate(&certificate, &tbs, &ca).unwrap();
}
