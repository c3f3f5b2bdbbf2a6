//! Requests for certificates, wherever one is taken.

use pki_core::crypto::asn1::encode;
use pki_core::crypto::{Curve, KeySpec, PrivateKey};
use pki_core::x509::extension::{self, Extension};
use pki_core::x509::{CertificationRequest, oid, pem};
use serde_json::json;

use super::authority::{self, Authority, Whose};
use super::{Target, Verdict, names, signed};

pub(super) const TARGET: Target =
    Target { name: "csr", about: "a CSR in DER, to be signed in five ways", run, seeds };

fn run(der: &[u8]) -> Verdict {
    take(der).or(take(&signed::again(der, &Whose::Leaf.key())))
}

fn take(der: &[u8]) -> Verdict {
    let csr = pem::encode("CERTIFICATE REQUEST", der);
    let authority = Authority::new();
    if CertificationRequest::from_der(der).is_err() {
        // All ways refuse what cannot be read, and one of them is enough to see it.
        let refused = authority.write("pki/sign-verbatim", json!({"csr": csr}));
        assert!(refused.is_err());
        return Verdict::Refused;
    }
    if let Ok(answer) = authority.write("pki/sign/strict", json!({"csr": csr})) {
        names::check_lifetime(&names::check_strict(&answer));
    }
    if let Ok(answer) = authority.write("pki/sign/any", json!({"csr": csr})) {
        names::check_lifetime(&names::check_leaf(&answer));
    }
    let verbatim = authority.write("pki/sign-verbatim", json!({"csr": csr}));
    if let Ok(answer) = &verbatim {
        assert!(!names::certificate(answer).is_ca(), "a CA came out");
    }
    for use_csr_values in [true, false] {
        let data = json!({"csr": csr, "common_name": "Sub", "use_csr_values": use_csr_values});
        if let Ok(answer) = authority.write("pki/root/sign-intermediate", data) {
            assert!(names::certificate(&answer).is_ca(), "no CA came out");
        }
    }
    Verdict::of(&verbatim)
}

fn seeds() -> Vec<Vec<u8>> {
    let leaf = Whose::Leaf.key();
    let asks = |extra: Vec<Extension>| authority::csr(&leaf, "c.example.com", extra);
    let wish = |oid, value: Vec<u8>| Extension { oid, critical: true, value };
    let mut seeds = vec![
        asks(Vec::new()),
        asks(vec![extension::basic_constraints_ca(Some(1))]),
        asks(vec![
            wish(oid::KEY_USAGE, vec![3, 2, 5, 0xa0]),
            wish(oid::EXT_KEY_USAGE, encode(|w| w.sequence(|w| w.oid(&oid::OCSP)))),
        ]),
        asks(vec![wish(oid::SUBJECT_KEY_IDENTIFIER, vec![4, 1, 7])]),
    ];
    for spec in [KeySpec::Ec(Curve::P256), KeySpec::Rsa { bits: 2048 }] {
        let key = PrivateKey::generate(spec).expect("a key");
        seeds.push(authority::csr(&key, "d.example.com", Vec::new()));
    }
    seeds
}
