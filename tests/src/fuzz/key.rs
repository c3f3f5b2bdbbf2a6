//! Private keys, wherever one is taken.

use pki_core::crypto::{Curve, KeySpec, PrivateKey, PrivateKeyForm};
use pki_core::x509::pem;
use serde_json::json;

use super::authority::{Authority, PREPARED, Whose};
use super::{Target, Verdict};

pub(super) const TARGET: Target = Target {
    name: "key",
    about: "a private key in DER, to be imported and to revoke with",
    run,
    seeds,
};

const LABELS: [&str; 4] =
    ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"];

/// The first octet says how the key is labelled.
fn run(input: &[u8]) -> Verdict {
    let Some((label, der)) = input.split_first() else { return Verdict::Refused };
    let label = LABELS.get(usize::from(*label) % LABELS.len()).copied().unwrap_or_default();
    let key = pem::encode(label, der);
    let authority = Authority::new();
    let serial = PREPARED.leaf.serial().to_string();
    let revoke = json!({"serial_number": serial, "private_key": key});
    if authority.write("pki/revoke-with-key", revoke).is_ok() {
        let public = PrivateKey::from_der(der).map(|key| key.public_key().spki().to_vec());
        assert_eq!(public.ok().as_deref(), Some(PREPARED.leaf.public_key().spki()));
    }
    let imported = authority.write("pki/keys/import", json!({"pem_bundle": key}));
    if let Ok(answer) = &imported {
        let id = answer["key_id"].as_str().expect("an identifier").to_owned();
        let root = json!({"common_name": "Other", "key_ref": id});
        authority.read(&format!("pki/key/{id}")).expect("a key");
        drop(authority.write("pki/root/generate/existing", root));
    }
    Verdict::of(&imported)
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![[&[0], Whose::Leaf.pkcs8().as_slice()].concat()];
    for spec in [KeySpec::Rsa { bits: 1024 }, KeySpec::Ec(Curve::P256), KeySpec::Ec(Curve::P521)] {
        let key = PrivateKey::generate(spec).expect("a key");
        for (label, form) in [(0, PrivateKeyForm::Pkcs8), (1, PrivateKeyForm::Traditional)] {
            let der = key.encode(form).expect("a key that can be written").der;
            seeds.push([&[label], der.expose().as_slice()].concat());
        }
    }
    seeds
}
