//! Requests for leaves.

use anyhow::Result;

use super::super::pair::{MOUNT, Step};
use super::csr::{self, Keys};
use super::pools::{
    ADDRESSES, EXT_KEY_USAGES, FORMATS, ISSUERS, KEY_USAGES, MOMENTS, NAMES, OIDS, OTHER_NAMES,
    SERIALS, SPANS, URIS, USERS,
};
use super::{Draw, Luck};

/// `issue`.
pub(super) fn issue(luck: &mut Luck, role: &str) -> Step {
    let mut draw = Draw::new(luck);
    if !draw.luck.one_in(16) {
        let name = draw.luck.pick(&NAMES);
        draw.set("common_name", name);
    }
    names(&mut draw, 4);
    lifetimes(&mut draw);
    delivery(&mut draw);
    draw.choose(2, "key_type", &["ec", "ec", "ed25519"]);
    draw.odd("key_type", &["any", "dsa", "", "EC"]);
    draw.choose(6, "key_bits", &["0", "256", "384"]);
    draw.odd("key_bits", &["123", "1024", "x"]);
    odd(&mut draw);
    let path = path(&mut draw, "issue", Some(role));
    Step::write(MOUNT, &path, draw.fields)
}

/// `sign`.
pub(super) fn sign(luck: &mut Luck, keys: &Keys, role: &str) -> Result<Step> {
    let csr = csr::text(luck, keys)?;
    let mut draw = Draw::new(luck);
    draw.set("csr", csr);
    draw.maybe(4, "common_name", &NAMES);
    names(&mut draw, 8);
    lifetimes(&mut draw);
    delivery(&mut draw);
    odd(&mut draw);
    let path = path(&mut draw, "sign", Some(role));
    Ok(Step::write(MOUNT, &path, draw.fields))
}

/// `sign-verbatim`.
pub(super) fn sign_verbatim(luck: &mut Luck, keys: &Keys, role: Option<&str>) -> Result<Step> {
    let csr = csr::text(luck, keys)?;
    let mut draw = Draw::new(luck);
    draw.set("csr", csr);
    draw.maybe(12, "common_name", &NAMES);
    names(&mut draw, 20);
    lifetimes(&mut draw);
    delivery(&mut draw);
    draw.list(4, "key_usage", &KEY_USAGES, 3);
    draw.choose(20, "key_usage", &[""]);
    draw.list(4, "ext_key_usage", &EXT_KEY_USAGES, 3);
    draw.list(8, "ext_key_usage_oids", &OIDS, 2);
    draw.choose(6, "signature_bits", &["0", "256", "384", "512", "100"]);
    draw.flag(8, "use_pss");
    draw.flag(6, "basic_constraints_valid_for_non_ca");
    odd(&mut draw);
    let path = path(&mut draw, "sign-verbatim", role);
    if role.is_none() {
        draw.maybe(4, "issuer_ref", &ISSUERS);
        draw.choose(30, "role", &["r", "nosuch"]);
    }
    Ok(Step::write(MOUNT, &path, draw.fields))
}

/// Below an issuer now and then.
fn path(draw: &mut Draw<'_>, verb: &str, role: Option<&str>) -> String {
    let issuer = if draw.luck.one_in(4) { draw.luck.pick(&ISSUERS) } else { "" };
    let issuer = if draw.luck.one_in(80) { "nope" } else { issuer };
    let role = if draw.luck.one_in(100) { role.map(|_| "nosuch") } else { role };
    let start = if issuer.is_empty() { String::new() } else { format!("issuer/{issuer}/") };
    match role {
        Some(role) => format!("{start}{verb}/{role}"),
        None => format!("{start}{verb}"),
    }
}

/// Names beside the common name.
pub(super) fn names(draw: &mut Draw<'_>, count: u64) {
    draw.list(count, "alt_names", &NAMES, 3);
    draw.odd("alt_names", &["a.example.com, b.example.com", " example.com ,example.com"]);
    draw.list(count * 2, "ip_sans", &ADDRESSES, 2);
    draw.list(count * 2, "uri_sans", &URIS, 2);
    draw.list(count * 2, "other_sans", &OTHER_NAMES, 2);
    draw.maybe(count * 2, "serial_number", &SERIALS);
    draw.list(count * 2, "user_ids", &USERS, 2);
    draw.flag(6, "exclude_cn_from_sans");
}

/// Lifetimes.
pub(super) fn lifetimes(draw: &mut Draw<'_>) {
    if draw.luck.one_in(3) {
        draw.set("ttl", "1h");
    }
    draw.maybe(5, "ttl", &SPANS);
    if !draw.fields.contains_key("ttl") || draw.luck.one_in(10) {
        draw.maybe(3, "not_after", &MOMENTS);
    }
    draw.maybe(12, "not_before", &MOMENTS);
}

fn delivery(draw: &mut Draw<'_>) {
    draw.maybe(6, "format", &FORMATS);
    draw.odd("format", &["", "PEM", "jks"]);
    draw.choose(12, "private_key_format", &["der", "pkcs8", "pem", ""]);
    draw.odd("private_key_format", &["bogus", "PKCS8"]);
    draw.flag(10, "remove_roots_from_chain");
}

/// What the path does not know, or does not take from the parameters.
fn odd(draw: &mut Draw<'_>) {
    draw.maybe(40, "issuer_ref", &ISSUERS);
    draw.odd("no_such_parameter", &["x"]);
    draw.odd("policy_identifiers", &["1.2.3"]);
    draw.odd("ou", &["x"]);
    draw.odd("skid", &["0102"]);
}
