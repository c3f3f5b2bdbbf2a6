//! Secrets were written where all may look, since some kinds of values were not blacked out
//! (OpenBao: audit devices; also CVE-2025-62705). There is no audit device here; there are
//! messages, answers and the files of the store.

use pki_core::crypto::{Curve, KeySpec, PrivateKey, PrivateKeyForm};
use pki_core::x509::pem;
use pkictl_tests::{World, pkictl};

/// Every line of a key's text that is not the same for all keys.
fn secret_lines(pem: &str) -> Vec<&str> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    // The first line of a key says of what kind it is, and no more.
    lines.skip(1).collect()
}

#[test]
fn no_message_and_no_file_shows_a_private_key() {
    let world = World::new(pkictl!()).with_root();
    let key = PrivateKey::generate(KeySpec::Ec(Curve::P384)).expect("a key");
    let encoded = key.encode(PrivateKeyForm::Pkcs8).expect("a key");
    let text = pem::encode(encoded.label, encoded.der.expose());
    let damaged = text.replace("\n-----END", "=\n-----END");
    world.write("key.pem", &text);
    world.write("bad.pem", &damaged);
    world.write(
        "cut.pem",
        pem::encode("EC PRIVATE KEY", encoded.der.expose().get(..120).unwrap_or_default()),
    );
    world.write("label.pem", pem::encode("CERTIFICATE", encoded.der.expose()));
    world.write("two.pem", format!("{text}\n{text}"));
    let secrets = secret_lines(&text);
    assert!(2 <= secrets.len());
    let leaf =
        world.field("serial_number", &["write", "pki/issue/web", "common_name=a.example.com"]);
    let serial = format!("serial_number={leaf}");
    for words in [
        &["write", "pki/keys/import", "pem_bundle=@key.pem", "key_name=bad name"] as &[&str],
        &["write", "pki/keys/import", "pem_bundle=@bad.pem"],
        &["write", "pki/keys/import", "pem_bundle=@cut.pem"],
        &["write", "pki/keys/import", "pem_bundle=@two.pem"],
        &["write", "pki/config/ca", "pem_bundle=@bad.pem"],
        &["write", "pki/config/ca", "pem_bundle=@cut.pem"],
        &["write", "pki/issuers/import/cert", "pem_bundle=@key.pem"],
        &["write", "pki/issuers/import/cert", "pem_bundle=@label.pem"],
        &["write", "pki/revoke-with-key", &serial, "private_key=@key.pem"],
        &["write", "pki/revoke-with-key", &serial, "private_key=@bad.pem"],
        &["write", "pki/none", "private_key=@key.pem"],
        &["write", "none/keys/import", "pem_bundle=@key.pem"],
    ] {
        let got = world.run(words);
        assert_eq!(got.status, 2, "{words:?} was taken");
        let shown = format!("{}{}", got.out, got.err);
        assert!(!secrets.iter().any(|line| shown.contains(line)), "{words:?} shows the key");
    }
    world.ok(&["write", "pki/keys/import", "pem_bundle=@key.pem", "key_name=kept"]);
    let read = world.ok(&["read", "-format=json", "pki/key/kept"]);
    assert!(!secrets.iter().any(|line| read.contains(line)), "reading shows the key");
    let octets = encoded.der.expose();
    // The scalar follows some 35 octets that all keys have.
    let scalar = octets.get(40..70).unwrap_or_default();
    for (name, bytes) in world.store_bytes() {
        let is_in = bytes.windows(scalar.len()).any(|window| window == scalar);
        let text = String::from_utf8_lossy(&bytes);
        assert!(!is_in && !secrets.iter().any(|line| text.contains(line)), "{name} holds the key");
    }
}
