//! Lists of revoked certificates, to be signed anew.

use pki_core::Operation;
use pki_core::x509::{CertificateList, base64, pem};
use serde_json::{Value, json};

use super::authority::{Authority, PREPARED, Whose};
use super::{Target, Verdict, signed};

pub(super) const TARGET: Target =
    Target { name: "crl", about: "a CRL in DER, to be signed anew", run, seeds };

fn run(der: &[u8]) -> Verdict {
    let valid = signed::again(der, &Whose::Root.key());
    take(&[der.to_vec()]).or(take(&[valid.clone(), valid]))
}

fn take(lists: &[Vec<u8>]) -> Verdict {
    let crls: Vec<String> = lists.iter().map(|der| pem::encode("X509 CRL", der)).collect();
    let data = json!({"crls": crls, "crl_number": 9, "format": "der"});
    let authority = Authority::new();
    let signed = authority.write("pki/issuer/root/resign-crls", data);
    if let Ok(answer) = &signed {
        check(answer);
    }
    sign(&authority, lists.first().map(Vec::as_slice).unwrap_or_default());
    Verdict::of(&signed)
}

fn check(answer: &Value) {
    let text = answer["crl"].as_str().expect("a CRL");
    let der = base64::decode(text).expect("base64");
    let list = CertificateList::from_der(&der).expect("a CRL that can be read");
    assert!(list.is_signed_by(PREPARED.root.public_key()));
    assert!(list.entries().all(|entry| entry.is_ok()));
}

/// The same octets as what a list of one's own may hold.
fn sign(authority: &Authority, octets: &[u8]) {
    let value = base64::encode(octets);
    let extensions = json!([{"id": "1.2.3", "critical": false, "value": value}]);
    let revoked = json!([{
        "serial_number": "01:02", "revocation_time": "2026-01-02T03:04:05Z", "extensions": extensions,
    }]);
    let data = json!({"revoked_certs": revoked, "extensions": extensions, "format": "der"});
    if let Ok(answer) = authority.write("pki/issuer/root/sign-revocation-list", data) {
        check(&answer);
    }
    let Ok(data) = serde_json::from_slice::<Value>(octets) else { return };
    let Value::Object(data) = data else { return };
    drop(authority.ask(Operation::Write, "pki/issuer/root/sign-revocation-list", data));
}

fn seeds() -> Vec<Vec<u8>> {
    let revoked = json!([
        {"serial_number": "01:02", "revocation_time": 1_700_000_000},
        {"serial_number": "03", "revocation_time": "2026-01-02T03:04:05Z",
            "extensions": [{"id": "2.5.29.21", "value": "CgEB"}]},
    ]);
    let number = json!([{"id": "2.5.29.20", "value": "AgEJ"}]);
    let list = |data: Value| {
        let path = "pki/issuer/root/sign-revocation-list";
        let answer = Authority::new().write(path, data).expect("a CRL");
        base64::decode(answer["crl"].as_str().expect("text")).expect("base64")
    };
    let parameters = json!({"revoked_certs": revoked, "extensions": number, "next_update": "24h"});
    vec![
        list(json!({"revoked_certs": revoked, "format": "der"})),
        list(
            json!({"revoked_certs": [], "crl_number": 7, "delta_crl_base_number": 3, "format": "der"}),
        ),
        parameters.to_string().into_bytes(),
    ]
}
