//! The CRLs that are made here, judged by OpenSSL as a library and as a program and by another
//! decoder.

mod x509_support;

use openssl::pkey::PKey;
use openssl::x509::X509Crl;
use pki_core::crypto::{Curve, Hash, KeySpec, MlDsa, PrivateKey, SignatureAlgorithm};
use pki_core::x509::{
    Certificate, CertificateList, CrlReason, Linted, RevokedEntry, SignedCrl, TbsCertList, pem,
};
use x509_cert::der::{Decode as _, Encode as _};
use x509_support::{Ca, OpenSsl, SPECS, full_leaf, now, root, serial, sign, strings};

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
            let other =
                x509_cert::crl::CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&der);
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
        assert!(
            result.as_ref().is_err_and(|text| text.contains("certificate revoked")),
            "{result:?}"
        );
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
fn ml_dsa_crls_verify_where_openssl_has_it() {
    if openssl::version::number() < 0x3050_0000 {
        return;
    }
    let ca = root("Root", KeySpec::MlDsa(MlDsa::MlDsa65)).unwrap();
    let signed = Linted::check(crl(&ca, 1)).unwrap().sign(&ca.key, [[0_u8; 0]], 0).unwrap();
    let theirs = X509Crl::from_der(&whole(&signed, &[])).unwrap();
    let key = PKey::public_key_from_der(ca.key.public_key().spki()).unwrap();
    assert!(theirs.verify(&key).unwrap());
}
