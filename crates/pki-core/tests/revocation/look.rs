//! What a CRL says, and what must hold of it.

use std::collections::BTreeMap;

use pki_core::crypto::asn1::{encode, tag};
use pki_core::domain::serial::SerialNumber;
use pki_core::x509::{Certificate, CertificateList, base64, oid};
use serde_json::json;

use crate::world::{Leaf, World};

/// A CRL that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crl {
    der: Vec<u8>,
    pub(crate) number: u64,
    pub(crate) base: Option<u64>,
    this_update: i64,
    next_update: i64,
    /// Serial numbers, and since when.
    pub(crate) entries: BTreeMap<String, i64>,
}

impl Crl {
    /// Reads a CRL, and checks that it is signed and named as its issuer is.
    pub(crate) fn read(der: &[u8], issuer: &Certificate) -> Self {
        let list = CertificateList::from_der(der).expect("a CRL");
        assert!(list.is_signed_by(issuer.public_key()));
        assert_eq!(list.issuer().as_der(), issuer.subject().as_der());
        let mut entries = BTreeMap::new();
        for entry in list.entries() {
            let entry = entry.expect("an entry").revoked;
            let earlier = entries.insert(entry.serial.to_string(), entry.revocation_date.unix());
            assert_eq!(earlier, None, "{} is listed twice", entry.serial);
        }
        Self {
            der: der.to_vec(),
            number: list.number().expect("a number"),
            base: list.delta_base(),
            this_update: list.this_update().unix(),
            next_update: list.next_update().expect("an end").unix(),
            entries,
        }
    }
}

fn leaf<'a>(world: &'a World, serial: &str) -> &'a Leaf {
    world.leaves.iter().find(|leaf| leaf.serial == serial).expect("a known certificate")
}

/// What holds of complete CRLs and of delta CRLs alike.
fn check_common(world: &World, crl: &Crl, before: Option<&Crl>, context: &str) {
    if !world.is_set("disable") {
        assert!(crl.this_update <= world.now(), "{context}: it has not begun");
        assert!(world.now() < crl.next_update, "{context}: it has ended");
    }
    if let Some(before) = before.filter(|before| before.der != crl.der) {
        assert!(before.number < crl.number, "{context}: its number does not rise");
    }
    for (serial, since) in &crl.entries {
        assert_eq!(leaf(world, serial).revoked_at, Some(*since), "{context}: {serial}");
    }
}

pub(crate) fn check_complete(
    world: &mut World,
    issuer: usize,
    crl: &Crl,
    before: Option<&Crl>,
    context: &str,
) {
    assert_eq!(crl.base, None, "{context}");
    check_common(world, crl, before, context);
    if world.is_set("disable") {
        return;
    }
    for serial in before.iter().flat_map(|before| before.entries.keys()) {
        let has_ended = leaf(world, serial).not_after < crl.this_update;
        assert!(has_ended || crl.entries.contains_key(serial), "{context}: {serial} is gone");
    }
    for leaf in world.leaves.iter().filter(|leaf| leaf.issuer == issuer) {
        let Some(since) = leaf.revoked_at.filter(|_| world.now() <= leaf.not_after) else {
            continue;
        };
        let must_show = !world.is_set("auto_rebuild") || since < crl.this_update;
        let is_shown = crl.entries.contains_key(&leaf.serial);
        assert!(is_shown || !must_show, "{context}: {leaf:?} is missing");
    }
    check_ended(world, issuer, crl, context);
}

/// What was revoked is on one CRL past the end of its certificate (RFC 5280 section 3.3).
fn check_ended(world: &mut World, issuer: usize, crl: &Crl, context: &str) {
    let sees_all = world.sees_all;
    for leaf in world.leaves.iter_mut().filter(|leaf| leaf.issuer == issuer) {
        let is_shown = crl.entries.contains_key(&leaf.serial);
        leaf.was_shown_past_end |= is_shown && leaf.not_after < crl.this_update;
        let must_show = leaf.revoked_at.is_some_and(|since| since < crl.this_update);
        let is_fine = is_shown || leaf.was_shown_past_end || !must_show || !sees_all;
        assert!(is_fine, "{context}: {leaf:?} went before it was seen past its end");
    }
}

pub(crate) fn check_delta(
    world: &World,
    issuer: usize,
    (complete, delta): (&Crl, &Crl),
    before: Option<&Crl>,
    context: &str,
) {
    const INTERVAL: i64 = 15 * 60;
    let context = &format!("{context}, delta");
    check_common(world, delta, before, context);
    assert_eq!(delta.base, Some(complete.number), "{context}");
    assert!(complete.number <= delta.number, "{context}");
    if complete.number == delta.number {
        assert!(delta.entries.is_empty(), "{context}: it has the number of its base");
    }
    for serial in delta.entries.keys() {
        assert!(!complete.entries.contains_key(serial), "{context}: {serial} is on both");
    }
    if let Some(before) = before.filter(|before| before.base == delta.base) {
        let is_kept = |serial: &String| delta.entries.contains_key(serial);
        assert!(before.entries.keys().all(is_kept), "{context}: an entry is gone");
    }
    if world.is_set("disable") || !world.is_set("enable_delta") {
        return;
    }
    for leaf in world.leaves.iter().filter(|leaf| leaf.issuer == issuer) {
        let Some(since) = leaf.revoked_at.filter(|_| world.now() <= leaf.not_after) else {
            continue;
        };
        let is_late = since.max(delta.this_update) + INTERVAL <= world.now();
        let must_show = is_late || since < delta.this_update;
        let is_shown = [complete, delta].iter().any(|crl| crl.entries.contains_key(&leaf.serial));
        assert!(is_shown || !must_show, "{context}: {leaf:?} is missing");
    }
}

/// OCSP says at once what CRLs say later. A few certificates are asked about.
pub(crate) fn check_ocsp(world: &World, context: &str) {
    let living = world.leaves.iter().filter(|leaf| world.now() <= leaf.not_after);
    let (revoked, good): (Vec<_>, Vec<_>) = living.partition(|leaf| leaf.revoked_at.is_some());
    for leaf in revoked.iter().rev().take(2).chain(good.iter().rev().take(1)) {
        let request = base64::encode(&request(&world.issuers[leaf.issuer], &leaf.serial));
        let reply = world.write("pki/ocsp", json!({"request": request})).expect("an answer");
        let response = reply["response"].as_str().and_then(base64::decode).expect("base64");
        // The status is the one primitive [0], or the constructed [1] with a moment in it.
        let has = |part: &[u8]| response.windows(part.len()).any(|window| window == part);
        let is_good = has(&[0x80, 0, 0x18, 15]);
        let is_revoked = has(&[0xa1, 17, 0x18, 15]);
        let want = (leaf.revoked_at.is_none(), leaf.revoked_at.is_some());
        assert_eq!((is_good, is_revoked), want, "{context}: {leaf:?}");
    }
}

fn request(issuer: &Certificate, serial: &str) -> Vec<u8> {
    let digest = |data: &[u8]| pki_core::crypto::digest::sha1(data);
    let serial = SerialNumber::parse(serial).expect("a serial number");
    let id = encode(|w| {
        w.sequence(|w| {
            w.sequence(|w| w.oid(&oid::SHA1));
            w.octet_string(&digest(issuer.subject().as_der()));
            w.octet_string(&digest(issuer.public_key().key_octets()));
            w.unsigned(serial.octets());
        });
    });
    // OCSPRequest, TBSRequest, requestList, Request.
    (0..4).fold(id, |inner, _| encode(|w| w.primitive(tag::SEQUENCE, &inner)))
}
