//! Entries that look alike: two certificates with one serial number, one that is revoked twice,
//! and an issuer that was revoked before the one above it was known.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]

#[expect(dead_code, reason = "other tests count what is read")]
mod growth_support;

use growth_support::World;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectKeyIdentifier};
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use pki_core::inspect::{Finding, PrivateKeys, Severity, Watcher};
use pki_core::x509::CertificateList;
use pki_core::{Body, Operation, Request};
use serde_json::{Map, json};

/// What the clock of the world begins with.
const BEGIN: i64 = 1_790_000_000;
const DAY: i64 = 86_400;
const FAR: i64 = BEGIN + 600 * DAY;

/// A certificate, and its key.
struct Made {
    certificate: X509,
    key: PKey<Private>,
}

impl Made {
    fn new(name: &str, serial: u8, end: i64, issuer: Option<&Self>) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut subject = X509NameBuilder::new().unwrap();
        subject.append_entry_by_text("CN", name).unwrap();
        let subject = subject.build();
        let mut made = X509Builder::new().unwrap();
        made.set_version(2).unwrap();
        made.set_subject_name(&subject).unwrap();
        let above = issuer.map_or(&*subject, |issuer| issuer.certificate.subject_name());
        made.set_issuer_name(above).unwrap();
        let serial = BigNum::from_u32(serial.into()).unwrap().to_asn1_integer().unwrap();
        made.set_serial_number(&serial).unwrap();
        made.set_not_before(&Asn1Time::from_unix(BEGIN - 1_000).unwrap()).unwrap();
        made.set_not_after(&Asn1Time::from_unix(end).unwrap()).unwrap();
        made.set_pubkey(&key).unwrap();
        made.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        let usage = KeyUsage::new().critical().key_cert_sign().crl_sign().build().unwrap();
        made.append_extension(usage).unwrap();
        let identifier = SubjectKeyIdentifier::new().build(&made.x509v3_context(None, None));
        made.append_extension(identifier.unwrap()).unwrap();
        let signer = issuer.map_or(&key, |issuer| &issuer.key);
        made.sign(signer, MessageDigest::sha256()).unwrap();
        Self { certificate: made.build(), key }
    }

    fn pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
    }

    fn with_key(&self) -> String {
        self.pem() + &String::from_utf8(self.key.private_key_to_pem_pkcs8().unwrap()).unwrap()
    }
}

fn import(world: &World, pem: &str) -> String {
    let imported = world.write("pki/issuers/import/bundle", json!({ "pem_bundle": pem }));
    imported["imported_issuers"][0].as_str().unwrap().to_owned()
}

/// Serial numbers on the CRL of an issuer.
fn listed(world: &World, issuer: &str) -> Vec<String> {
    match world.read(&format!("pki/issuer/{issuer}/crl/der")).unwrap() {
        Body::Raw { bytes, .. } => CertificateList::from_der(&bytes)
            .unwrap()
            .entries()
            .map(|entry| entry.unwrap().revoked.serial.to_string())
            .collect(),
        _ => Vec::new(),
    }
}

struct Seen(Vec<String>);

impl Watcher for Seen {
    fn found(&mut self, finding: Finding) {
        if finding.severity != Severity::Note {
            self.0.push(finding.problem);
        }
    }

    fn went_on(&mut self, _: u64, _: u64) {}
}

/// What is wrong with the store.
fn faults(world: &World) -> Vec<String> {
    let mut seen = Seen(Vec::new());
    world.engine.check(PrivateKeys::Leave, &mut seen).unwrap();
    seen.0
}

#[test]
fn an_entry_stays_when_that_of_another_authority_with_its_serial_number_ends() {
    let world = World::new();
    let one = Made::new("one", 10, FAR, None);
    let below = Made::new("below", 7, FAR, Some(&one));
    let other = Made::new("other", 12, FAR, None);
    let short = Made::new("short", 7, BEGIN + DAY, Some(&other));
    let [issuer, revoked, gone] =
        [&one, &below, &other].map(|made| import(&world, &made.with_key()));
    world.write("pki/config/issuers", json!({ "default": issuer }));
    world.write("pki/revoke", json!({ "certificate": short.pem() }));
    world.write(&format!("pki/issuer/{revoked}/revoke"), json!({}));
    let path = format!("pki/issuer/{gone}");
    let request = Request { operation: Operation::Delete, path, data: Map::new() };
    drop(world.engine.handle(request).unwrap());
    assert_eq!(listed(&world, &issuer), ["07", "07"]);
    world.advance(2 * DAY);
    for _ in 0..3 {
        world.read("pki/crl/rotate").unwrap();
        world.advance(60);
        assert!(listed(&world, &issuer).contains(&"07".to_owned()));
        assert_eq!(faults(&world), [""; 0]);
    }
    // When both have ended, both go.
    world.advance(600 * DAY);
    for _ in 0..2 {
        world.advance(60);
        world.read("pki/crl/rotate").unwrap();
    }
    assert_eq!(listed(&world, &issuer), [""; 0]);
}

#[test]
fn an_entry_that_came_twice_leaves_once_it_was_shown() {
    let world = World::new();
    world.write("pki/config/crl", json!({"allow_expired_cert_revocation": true}));
    let issued = world.write("pki/issue/any", json!({"common_name": "a.test", "ttl": "60s"}));
    let certificate = issued["certificate"].clone();
    world.write("pki/revoke", json!({ "certificate": certificate }));
    assert_eq!(world.listed(), 1);
    world.advance(10_000);
    let tidy = json!({"tidy_cert_store": true, "tidy_revoked_certs": true, "safety_buffer": 1});
    world.write("pki/tidy", tidy);
    world.write("pki/revoke", json!({ "certificate": certificate }));
    assert_eq!(faults(&world), [""; 0]);
    assert_ne!(world.listed(), 0);
    assert_eq!(faults(&world), [""; 0]);
    for _ in 0..2 {
        world.advance(100_000);
        world.read("pki/crl/rotate").unwrap();
        assert_eq!(faults(&world), [""; 0]);
    }
    assert_eq!(world.listed(), 0);
}

#[test]
fn an_issuer_that_was_revoked_before_the_one_above_it_came_is_on_its_crl() {
    let world = World::new();
    let one = Made::new("one", 10, FAR, None);
    let mut revoked = Vec::new();
    for (serial, has_key) in [(7, false), (8, true)] {
        let below = Made::new("below", serial, FAR, Some(&one));
        let below = import(&world, &if has_key { below.with_key() } else { below.pem() });
        world.write(&format!("pki/issuer/{below}/revoke"), json!({}));
        revoked.push(below);
    }
    let issuer = import(&world, &one.with_key());
    let check = || {
        let mut listed = listed(&world, &issuer);
        listed.sort();
        assert_eq!(listed, ["07", "08"]);
        assert_eq!(faults(&world), [""; 0]);
    };
    check();
    // Nor do they leave it when they go.
    for below in revoked {
        let path = format!("pki/issuer/{below}");
        let request = Request { operation: Operation::Delete, path, data: Map::new() };
        drop(world.engine.handle(request).unwrap());
        check();
    }
}
