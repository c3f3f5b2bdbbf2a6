//! Keystores, opened by the programs that they are for.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::path::Path;

use pkictl_tests::{Outcome, World, pkictl, tools};

const PASSWORD: &str = "correct horse";

/// Writes the keystore that is answered as a file.
fn keystore(world: &World, name: &str, words: &[&str]) {
    let path = world.work().join(format!("{name}.base64"));
    std::fs::write(path, world.field("certificate", words)).expect("written");
    let (status, said) = world.shell(&format!("base64 -d < {name}.base64 > {name}"));
    assert_eq!(status, 0, "{said}");
}

/// Keystores with a key (`new.p12`, `old.p12`, `key.jks`) and without (`trust.p12`, `trust.jks`).
fn world() -> World {
    let world = World::new(pkictl!()).with_root();
    let password = [format!("pkcs12_password={PASSWORD}"), format!("jks_password={PASSWORD}")];
    let issue = |name: &str, more: &[&str]| {
        let words = ["write", "pki/issue/web", "common_name=www.example.com"];
        keystore(&world, name, &[&words[..], &[&password[0], &password[1]], more].concat());
    };
    issue("new.p12", &["format=pkcs12_bundle"]);
    issue("old.p12", &["format=pkcs12_bundle", "pkcs12_encoder=modern2023"]);
    issue("key.jks", &["format=jks_bundle", "jks_private_key_alias=MyApp"]);
    let words = ["write", "pki/intermediate/generate/internal", "common_name=int.example.com"];
    world.write("int.csr", world.field("csr", &[&words[..], &["key_type=ec"]].concat()));
    let sign = |name: &str, more: &[&str]| {
        let words = ["write", "pki/sign/web", "csr=@int.csr"];
        keystore(&world, name, &[&words[..], &[&password[0], &password[1]], more].concat());
    };
    sign("trust.p12", &["format=pkcs12_bundle", "pkcs12_encoder=modern2023"]);
    sign("trust.jks", &["format=jks_bundle"]);
    world
}

#[track_caller]
fn run(world: &World, program: &Path, words: &[&str]) -> Outcome {
    let mut command = world.command(program);
    Outcome::of(&command.args(words).output().expect("the program runs"))
}

#[test]
fn openssl_opens_an_archive() {
    let Some(openssl) = tools::find("openssl") else { return };
    let world = world();
    let open = |password: &str| {
        let password = format!("pass:{password}");
        run(&world, &openssl, &["pkcs12", "-in", "old.p12", "-nodes", "-passin", &password])
    };
    let got = open(PASSWORD);
    assert_eq!(got.status, 0, "{}", got.err);
    assert_eq!(got.out.matches("-----BEGIN CERTIFICATE-----").count(), 2, "{}", got.out);
    assert_eq!(got.out.matches("-----BEGIN PRIVATE KEY-----").count(), 1, "{}", got.out);
    let got = open("correct horsE");
    assert_eq!((got.status, got.out.as_str()), (1, ""));
}

/// Its own OpenSSL is new enough for both kinds.
const CRYPTOGRAPHY: &str = r#"
import sys
from cryptography.hazmat.primitives.serialization import pkcs12
password = sys.argv[1].encode()
read = lambda name: open(name, "rb").read()
for name in ("new.p12", "old.p12"):
    found = pkcs12.load_pkcs12(read(name), password)
    certificate = found.cert.certificate
    assert certificate.public_key() == found.key.public_key(), name
    (root,) = found.additional_certs
    certificate.verify_directly_issued_by(root.certificate)
    for wrong in (b"", b"changeit", password + b" "):
        try:
            pkcs12.load_pkcs12(read(name), wrong)
        except ValueError:
            continue
        assert False, name
trust = pkcs12.load_pkcs12(read("trust.p12"), password)
assert trust.key is None and trust.cert is None
first, second = trust.additional_certs
assert (first.friendly_name, second.friendly_name) == (b"1", b"2")
first.certificate.verify_directly_issued_by(second.certificate)
"#;

#[test]
fn pythons_cryptography_opens_both_kinds_of_archive() {
    let Some(python) = tools::python(&["cryptography"]) else { return };
    let world = world();
    world.write("open.py", CRYPTOGRAPHY);
    let got = run(&world, &python, &["open.py", PASSWORD]);
    assert_eq!(got.status, 0, "{}{}", got.out, got.err);
}

/// The newer archive is too new for the Java of this time.
#[test]
fn java_opens_its_keystore_and_the_older_archive() {
    let Some(keytool) = tools::find("keytool") else { return };
    let world = world();
    let list = |file: &str, password: &str, more: &[&str]| {
        let words = ["-list", "-keystore", file, "-storepass", password];
        run(&world, &keytool, &[&words[..], more].concat())
    };
    for (file, alias, want) in [
        ("key.jks", "MyApp", "PrivateKeyEntry"),
        ("key.jks", "myapp", "PrivateKeyEntry"),
        ("old.p12", "1", "PrivateKeyEntry"),
        ("trust.jks", "1", "trustedCertEntry"),
        ("trust.jks", "2", "trustedCertEntry"),
        ("trust.p12", "1", "trustedCertEntry"),
        ("trust.p12", "2", "trustedCertEntry"),
    ] {
        let got = list(file, PASSWORD, &["-alias", alias]);
        assert!(got.status == 0 && got.out.contains(want), "{file}: {}{}", got.out, got.err);
        let got = list(file, "correct horsE", &[]);
        assert!(got.status != 0 && got.out.contains("password was incorrect"), "{}", got.out);
    }
    // Only whoever can decrypt the key can take it elsewhere.
    let words = ["-importkeystore", "-noprompt", "-srckeystore", "key.jks", "-srcstorepass"];
    let more = [PASSWORD, "-destkeystore", "copy.p12", "-deststorepass", "elsewhere"];
    let got = run(&world, &keytool, &[&words[..], &more].concat());
    assert_eq!(got.status, 0, "{}{}", got.out, got.err);
}
