//! OCSP requests.

use pki_core::crypto::asn1::{encode, tag};
use pki_core::domain::serial::SerialNumber;
use pki_core::x509::{base64, oid};
use serde_json::json;

use super::authority::{Authority, PREPARED};
use super::{Target, Verdict};
use crate::ocsp;

pub(super) const TARGET: Target =
    Target { name: "ocsp", about: "an OCSP request in DER, and text in its place", run, seeds };

fn run(octets: &[u8]) -> Verdict {
    let authority = Authority::new();
    let request = base64::encode(octets);
    let answered = authority.write("pki/ocsp", json!({"request": request}));
    if let Ok(answer) = &answered {
        let response = answer["response"].as_str().and_then(base64::decode);
        assert!(response.is_some_and(|response| !response.is_empty()));
    }
    for text in [request, String::from_utf8_lossy(octets).into_owned()] {
        // Whatever the path holds is answered in OCSP, unless there is no path.
        let answer = authority.read(&format!("pki/ocsp/{text}"));
        assert!(answer.is_ok() || text.is_empty(), "{text}: {answer:?}");
        drop(authority.write("pki/ocsp", json!({"request": text})));
    }
    Verdict::of(&answered)
}

fn seeds() -> Vec<Vec<u8>> {
    let leaf = PREPARED.leaf.serial().clone();
    let revoked = SerialNumber::parse(&PREPARED.revoked).expect("a serial number");
    let unknown = SerialNumber::from_octets(&[9]);
    let nonce = encode(|w| {
        w.sequence(|w| {
            w.oid(&oid::OCSP_NONCE);
            w.nested(tag::OCTET_STRING, |w| w.octet_string(&[1; 16]));
        });
    });
    let root = &PREPARED.root;
    vec![
        ocsp::request(root, std::slice::from_ref(&leaf), &[]),
        ocsp::request(root, std::slice::from_ref(&revoked), &nonce),
        ocsp::request(root, &[leaf, revoked, unknown], &nonce),
    ]
}
