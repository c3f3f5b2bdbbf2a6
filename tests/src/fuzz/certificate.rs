//! Certificates, wherever one is taken.

use pki_core::Operation;
use pki_core::x509::{Certificate, pem};
use serde_json::{Map, json};

use super::authority::{Authority, PREPARED, Whose};
use super::{Target, Verdict, names, signed};

pub(super) const TARGET: Target = Target {
    name: "certificate",
    about: "a certificate in DER, to be revoked, imported and signed",
    run,
    seeds,
};

fn run(der: &[u8]) -> Verdict {
    take(der).or(take(&signed::again(der, &Whose::Root.key())))
}

fn take(der: &[u8]) -> Verdict {
    let certificate = pem::encode("CERTIFICATE", der);
    let authority = Authority::new();
    if Certificate::from_der(der).is_err() {
        // All ways refuse what cannot be read, and one of them is enough to see it.
        assert!(authority.write("pki/config/ca", json!({"pem_bundle": certificate})).is_err());
        return Verdict::Refused;
    }
    for path in ["pki/root/sign-self-issued", "pki/issuer/root/sign-self-issued"] {
        if let Ok(answer) = authority.write(path, json!({"certificate": certificate})) {
            assert!(names::certificate(&answer).is_ca(), "no CA came out");
        }
    }
    let key = json!({"certificate": certificate, "private_key": Whose::Leaf.pem()});
    drop(authority.write("pki/revoke-with-key", key));
    let revoked = authority.write("pki/revoke", json!({"certificate": certificate}));
    if revoked.is_ok() {
        authority.read("pki/crl/rotate").expect("a CRL with what was revoked");
        authority.ask(Operation::List, "pki/certs/revoked", Map::new()).expect("one at least");
    }
    import(&certificate);
    Verdict::of(&revoked)
}

/// What was taken in has to be there for whatever comes after.
fn import(certificate: &str) {
    let authority = Authority::new();
    for path in ["pki/intermediate/set-signed", "pki/issuers/import/cert"] {
        let name = if path.ends_with("cert") { "pem_bundle" } else { "certificate" };
        let Ok(answer) = authority.write(path, json!({name: certificate})) else { continue };
        for id in answer["imported_issuers"].as_array().into_iter().flatten() {
            let id = id.as_str().expect("an identifier");
            authority.read(&format!("pki/issuer/{id}")).expect("an issuer");
            authority.read(&format!("pki/issuer/{id}/json")).expect("an issuer");
        }
        authority.read("pki/ca_chain").expect("a chain");
        authority.read("pki/crl/rotate").expect("CRLs");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let sub = json!({"csr": PREPARED.sub_csr, "common_name": "Sub", "max_path_length": 1,
        "permitted_dns_domains": "example.com", "excluded_ip_ranges": "10.0.0.0/8"});
    let answer = Authority::new().write("pki/root/sign-intermediate", sub).expect("a certificate");
    let sub = names::certificate(&answer);
    [&PREPARED.root, &PREPARED.leaf, &sub].map(|certificate| certificate.as_der().to_vec()).into()
}
