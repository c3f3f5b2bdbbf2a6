//! Bundles of certificates and keys in PEM, as they are imported.

use serde_json::json;

use super::authority::{Authority, PREPARED, Whose};
use super::{Target, Verdict};

pub(super) const TARGET: Target =
    Target { name: "bundle", about: "a bundle in PEM, to be imported", run, seeds };

fn run(text: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(text);
    let authority = Authority::new();
    let mut verdict = Verdict::Refused;
    for path in ["pki/config/ca", "pki/issuers/import/bundle", "pki/issuers/import/cert"] {
        if authority.write(path, json!({"pem_bundle": text})).is_ok() {
            verdict = Verdict::Taken;
            authority.read("pki/ca_chain").expect("a chain");
            authority.read("pki/crl/rotate").expect("CRLs");
        }
    }
    drop(authority.write("pki/intermediate/set-signed", json!({"certificate": text})));
    verdict
}

fn seeds() -> Vec<Vec<u8>> {
    let root = PREPARED.root.to_pem();
    let leaf = PREPARED.leaf.to_pem();
    let key = Whose::Leaf.pem();
    let curve = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let headers = key.replace("KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nM");
    [
        format!("{root}\n{}", Whose::Root.pem()),
        format!("subject=Root\n{key}\r\n{root}\n{leaf}\n"),
        format!("{curve}{headers}"),
    ]
    .map(String::into_bytes)
    .into()
}
