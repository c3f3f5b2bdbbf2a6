//! Keystores, opened by OpenSSL, and as far as it does not know them by hand.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]

use std::sync::Arc;

use openssl::pkcs12::{ParsedPkcs12_2, Pkcs12};
use openssl::sha::sha1;
use pki_core::domain::secret::Secret;
use pki_core::field::Fields as _;
use pki_core::paths::issue::Issue;
use pki_core::x509::base64;
use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::Store;
use pki_store::memory::MemoryStore;
use serde_json::{Map, Value, json};

/// A root in `pki`, an intermediate in `int` that knows its root, and a role.
struct World {
    engine: Engine,
    store: Arc<MemoryStore>,
}

/// The names of those who are in the chain above a leaf.
const CHAIN: [&str; 2] = ["Middle", "Top"];

impl World {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let shared: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
        let engine = Engine::new(shared, Arc::new(Given::key([7; 32])), Env::system());
        let world = Self { engine, store };
        world.engine.enable("pki").unwrap();
        world.engine.enable("int").unwrap();
        let root = json!({"common_name": "Top", "key_type": "ec", "ttl": "700h"});
        let root = world.write("pki/root/generate/internal", root).unwrap();
        let signed = json!({"csr": world.request(), "common_name": "Middle", "ttl": "600h"});
        let signed = world.write("pki/root/sign-intermediate", signed).unwrap();
        let pem = [signed["certificate"].as_str().unwrap(), root["certificate"].as_str().unwrap()];
        let pem = json!({"certificate": pem.join("\n")});
        world.write("int/intermediate/set-signed", pem).unwrap();
        let role = json!({"allow_any_name": true, "key_type": "any", "ttl": "1h"});
        world.write("int/roles/any", role).unwrap();
        world
    }

    /// A request of the intermediate.
    fn request(&self) -> String {
        let request = json!({"common_name": "Middle", "key_type": "ec"});
        let made = self.write("int/intermediate/generate/internal", request).unwrap();
        made["csr"].as_str().unwrap().to_owned()
    }

    fn write(&self, path: &str, data: Value) -> Result<Map<String, Value>, String> {
        let data = data.as_object().unwrap().clone();
        let request = Request { operation: Operation::Write, path: path.to_owned(), data };
        let response = self.engine.handle(request).map_err(|error| error.to_string())?;
        match response.body {
            Body::Data(ref fields) => Ok(fields.clone()),
            _ => Ok(Map::new()),
        }
    }

    /// The keystore that a request is answered with, beside the rest of the answer.
    fn keystore(&self, path: &str, data: Value) -> (Vec<u8>, Map<String, Value>) {
        let fields = self.write(path, data).unwrap();
        (base64::decode(fields["certificate"].as_str().unwrap()).unwrap(), fields)
    }

    fn issue(&self, more: Value) -> (Vec<u8>, Map<String, Value>) {
        let mut data = json!({"common_name": "leaf.test", "key_type": "ed25519"});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.keystore("int/issue/any", data)
    }
}

/// What is in an archive of the kind that every OpenSSL 3 opens.
fn opened(archive: &[u8], password: &str) -> ParsedPkcs12_2 {
    Pkcs12::from_der(archive).unwrap().parse2(password).unwrap()
}

fn common_name(certificate: &openssl::x509::X509Ref) -> String {
    let name = certificate.subject_name().entries().next().unwrap();
    String::from_utf8(name.data().as_slice().to_vec()).unwrap()
}

/// The certificates beside that of the key, in order.
fn others(found: &ParsedPkcs12_2) -> Vec<String> {
    found.ca.iter().flatten().map(common_name).collect()
}

#[test]
fn an_archive_holds_the_key_its_certificate_and_the_chain() {
    let world = World::new();
    let format = json!({"format": "pkcs12_bundle", "pkcs12_encoder": "modern2023"});
    let (archive, answer) = world.issue(format.clone());
    let found = opened(&archive, "changeit");
    let key = found.pkey.as_ref().unwrap().private_key_to_pkcs8().unwrap();
    let shown = base64::decode(answer["private_key"].as_str().unwrap()).unwrap();
    assert_eq!(key, shown, "beside the archive, as with der");
    let certificate = found.cert.as_ref().unwrap();
    assert_eq!(common_name(certificate), "leaf.test");
    assert!(certificate.public_key().unwrap().public_eq(found.pkey.as_ref().unwrap()));
    assert_eq!(others(&found), CHAIN);
    let issuing_ca = base64::decode(answer["issuing_ca"].as_str().unwrap()).unwrap();
    assert_eq!(common_name(&openssl::x509::X509::from_der(&issuing_ca).unwrap()), "Middle");
    let mut format = format;
    format["remove_roots_from_chain"] = json!(true);
    assert_eq!(others(&opened(&world.issue(format).0, "changeit")), ["Middle"]);
}

#[test]
fn every_kind_of_key_can_be_archived() {
    let world = World::new();
    for (key_type, bits) in [("rsa", 2048), ("ec", 521), ("ed25519", 0)] {
        let (archive, _) = world.issue(json!({
            "format": "pkcs12_bundle", "pkcs12_encoder": "modern2023",
            "key_type": key_type, "key_bits": bits,
        }));
        let found = opened(&archive, "changeit");
        let certificate = found.cert.unwrap();
        assert!(certificate.public_key().unwrap().public_eq(&found.pkey.unwrap()), "{key_type}");
    }
}

#[test]
fn only_its_password_opens_an_archive() {
    let world = World::new();
    for password in ["", "correct horse", "pässwörd €", "𝄞"] {
        let (archive, _) = world.issue(json!({
            "format": "pkcs12_bundle", "pkcs12_encoder": "modern2023", "pkcs12_password": password,
        }));
        assert!(opened(&archive, password).pkey.is_some(), "{password:?}");
        for wrong in ["changeit", "Correct horse", "correct horse ", "passwörd €"] {
            let archive = Pkcs12::from_der(&archive).unwrap();
            assert!(archive.parse2(wrong).is_err(), "{wrong:?} opens {password:?}");
        }
    }
}

/// PBMAC1 (RFC 8018 appendix A.5), as an OBJECT IDENTIFIER in DER.
const PBMAC1: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 0x0e];

#[test]
fn the_newer_archive_is_the_default() {
    let world = World::new();
    let has_pbmac1 = |archive: &[u8]| archive.windows(PBMAC1.len()).any(|it| it == PBMAC1);
    for (encoder, want) in [(None, true), (Some("modern2026"), true), (Some("modern2023"), false)] {
        let mut data = json!({"format": "pkcs12_bundle"});
        if let Some(encoder) = encoder {
            data["pkcs12_encoder"] = json!(encoder);
        }
        let (archive, _) = world.issue(data);
        assert_eq!(has_pbmac1(&archive), want, "{encoder:?}");
        // OpenSSL knows PBMAC1 from version 3.4 on.
        if !want || 0x3040_0000 <= openssl::version::number() {
            assert_eq!(others(&opened(&archive, "changeit")), CHAIN);
            assert!(Pkcs12::from_der(&archive).unwrap().parse2("changeIt").is_err());
        }
    }
}

#[test]
fn what_is_signed_for_a_request_has_no_key() {
    let world = World::new();
    let csr = world.request();
    for (path, want) in [
        ("int/sign/any", &["Middle", "Middle", "Top"][..]),
        ("int/sign-verbatim", &["Middle", "Middle", "Top"]),
        ("pki/root/sign-intermediate", &["Middle", "Top"]),
    ] {
        let data = json!({
            "csr": csr, "common_name": "Middle", "ttl": "1h",
            "format": "pkcs12_bundle", "pkcs12_encoder": "modern2023",
        });
        let (archive, answer) = world.keystore(path, data);
        let found = opened(&archive, "changeit");
        assert!(found.pkey.is_none() && found.cert.is_none(), "{path}");
        assert_eq!(others(&found), want, "{path}");
        assert!(!answer.contains_key("private_key"), "{path}");
    }
}

#[test]
fn the_key_of_a_root_is_archived_when_it_is_exported() {
    let world = World::new();
    for (path, has_key) in [
        ("root/generate/exported", true),
        ("root/rotate/exported", true),
        ("root/generate/internal", false),
    ] {
        let data = json!({
            "common_name": "New", "key_type": "ec", "ttl": "1h",
            "format": "pkcs12_bundle", "pkcs12_encoder": "modern2023", "pkcs12_password": "x",
        });
        let (archive, _) = world.keystore(&format!("pki/{path}"), data);
        let found = opened(&archive, "x");
        assert_eq!((found.pkey.is_some(), found.cert.is_some()), (has_key, has_key), "{path}");
        let names = if has_key { vec![] } else { vec!["New".to_owned()] };
        assert_eq!(others(&found), names, "{path}");
    }
}

#[test]
fn an_unknown_encoder_or_format_is_refused_before_anything_is_made() {
    let world = World::new();
    let before = world.store.revision().unwrap();
    let refused = |path: &str, data: Value| world.write(path, data).unwrap_err();
    for path in ["int/issue/any", "pki/root/generate/exported"] {
        let problem = refused(
            path,
            json!({
                "common_name": "a.test", "key_type": "ec",
                "format": "pkcs12_bundle", "pkcs12_encoder": "modern2020",
            }),
        );
        assert!(
            problem.contains("pkcs12_encoder") && problem.contains("\"modern2020\""),
            "{problem}"
        );
    }
    for (path, format) in [
        ("pki/root/generate/exported", "jks_bundle"),
        ("int/intermediate/generate/exported", "pkcs12_bundle"),
        ("int/intermediate/generate/internal", "jks_bundle"),
        ("int/issue/any", "pkcs12"),
        ("int/issue/any", "JKS_BUNDLE"),
    ] {
        let problem =
            refused(path, json!({"common_name": "a", "key_type": "ec", "format": format}));
        assert!(problem.starts_with("the \"format\" path parameter must be"), "{path}: {problem}");
    }
    assert_eq!(world.store.revision().unwrap(), before);
}

#[test]
fn passwords_are_not_printed() {
    let data = json!({
        "role": "any", "common_name": "a.test", "format": "jks_bundle",
        "pkcs12_password": "hunter2", "jks_password": "hunter3",
    });
    let request = Issue::parse(data.as_object().unwrap()).unwrap();
    assert_eq!(request.pkcs12.pkcs12_password.expose(), "hunter2");
    let shown = format!("{request:?}");
    assert!(!shown.contains("hunter"), "{shown}");
    assert_eq!(Secret::<String>::default().expose(), "");
}

/// A Java keystore, taken apart.
struct Jks<'a> {
    rest: &'a [u8],
}

impl<'a> Jks<'a> {
    /// Checks the digest at the end.
    fn open(octets: &'a [u8], password: &str) -> Option<Self> {
        let (body, digest) = octets.split_last_chunk::<20>().unwrap();
        let sealed = [&utf16(password)[..], b"Mighty Aphrodite", body].concat();
        let mut opened = (sha1(&sealed) == *digest).then_some(Self { rest: body })?;
        assert_eq!((opened.number(), opened.number()), (0xFEED_FEED, 2));
        Some(opened)
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn number(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().unwrap())
    }

    fn text(&mut self) -> String {
        let length = u16::from_be_bytes(self.take(2).try_into().unwrap());
        String::from_utf8(self.take(length.into()).to_vec()).unwrap()
    }

    fn block(&mut self) -> &'a [u8] {
        let length = self.number();
        self.take(length.try_into().unwrap())
    }

    /// The kind of an entry and its alias.
    fn entry(&mut self) -> (u32, String) {
        let entry = (self.number(), self.text());
        assert_eq!(self.take(8).len(), 8, "when it was made");
        entry
    }

    fn certificate(&mut self) -> String {
        assert_eq!(self.text(), "X.509");
        common_name(&openssl::x509::X509::from_der(self.block()).unwrap())
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// The key under Java's protection: 20 octets of salt, the key, 20 octets to check it by.
fn unprotected(protected: &[u8], password: &str) -> Vec<u8> {
    let password = utf16(password);
    let (salt, rest) = protected.split_at(20);
    let (hidden, check) = rest.split_at(rest.len() - 20);
    let mut stream = salt.to_vec();
    let mut key = Vec::new();
    for part in hidden.chunks(20) {
        stream = sha1(&[&password[..], &stream].concat()).to_vec();
        key.extend(part.iter().zip(&stream).map(|(octet, mask)| octet ^ mask));
    }
    assert_eq!(sha1(&[&password[..], &key].concat()), check);
    key
}

#[test]
fn a_java_keystore_holds_the_key_and_the_chain() {
    let world = World::new();
    for (password, alias, want) in [("changeit", None, "1"), ("pässwörd", Some("MyApp"), "myapp")]
    {
        let mut data = json!({"format": "jks_bundle", "jks_password": password, "key_type": "rsa"});
        if let Some(alias) = alias {
            data["jks_private_key_alias"] = json!(alias);
        }
        let (octets, _) = world.issue(data);
        assert!(Jks::open(&octets, "changeIt").is_none());
        let mut store = Jks::open(&octets, password).unwrap();
        assert_eq!(store.number(), 1, "one entry");
        assert_eq!(store.entry(), (1, want.to_owned()));
        let info = store.block();
        // The key is the last value of the structure, after 24 octets of headers and algorithm.
        let key = unprotected(&info[24..], password);
        let key = openssl::pkey::PKey::private_key_from_pkcs8(&key).unwrap();
        assert_eq!(key.bits(), 2048);
        assert_eq!(store.number(), 3);
        let names: Vec<String> = (0..3).map(|_| store.certificate()).collect();
        assert_eq!(names, ["leaf.test", "Middle", "Top"]);
        assert!(store.rest.is_empty());
    }
}

#[test]
fn a_java_keystore_without_a_key_is_there_to_trust() {
    let world = World::new();
    let (octets, _) = world.keystore(
        "int/sign/any",
        json!({
            "csr": world.request(), "format": "jks_bundle",
            "jks_private_key_alias": "ignored", "remove_roots_from_chain": true,
        }),
    );
    let mut store = Jks::open(&octets, "changeit").unwrap();
    assert_eq!(store.number(), 2);
    for number in ["1", "2"] {
        assert_eq!(store.entry(), (2, number.to_owned()));
        assert_eq!(store.certificate(), "Middle");
    }
    assert!(store.rest.is_empty());
}
