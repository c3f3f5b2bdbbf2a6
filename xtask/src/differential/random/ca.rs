//! Requests for CAs.

use anyhow::Result;

use super::super::pair::{MOUNT, SCRATCH, Step};
use super::csr::{self, Keys};
use super::pools::{
    ADDRESSES, EXT_KEY_USAGES, FORMATS, ISSUERS, KEY_USAGES, NAMES, OIDS, OTHER_NAMES, Pool, SPANS,
    TEXTS, URIS,
};
use super::request::lifetimes;
use super::{Draw, Luck};

const HOSTS: Pool = Pool { usual: &["a.com", ".a.com", "example.com"], odd: &["*.a.com", ""] };

/// `root/generate`.
pub(super) fn root(luck: &mut Luck) -> Step {
    let mut draw = Draw::new(luck);
    named(&mut draw);
    lifetimes(&mut draw);
    generated(&mut draw);
    usages(&mut draw);
    draw.choose(6, "max_path_length", &["-1", "0", "1", "5", "-5", "x"]);
    draw.list(8, "permitted_dns_domains", &HOSTS, 2);
    draw.choose(8, "issuer_name", &["one", "a-b.c", "default", "", "a b"]);
    let kind = kind(&mut draw);
    Step::write(SCRATCH, &format!("root/generate/{kind}"), draw.fields)
}

/// `intermediate/generate`.
pub(super) fn intermediate(luck: &mut Luck) -> Step {
    let mut draw = Draw::new(luck);
    named(&mut draw);
    lifetimes(&mut draw);
    generated(&mut draw);
    draw.flag(4, "add_basic_constraints");
    draw.choose(20, "max_path_length", &["1"]);
    draw.choose(20, "issuer_name", &["one"]);
    let kind = kind(&mut draw);
    Step::write(SCRATCH, &format!("intermediate/generate/{kind}"), draw.fields)
}

/// `root/sign-intermediate`.
pub(super) fn sign_intermediate(luck: &mut Luck, keys: &Keys) -> Result<Step> {
    let csr = csr::text(luck, keys)?;
    let mut draw = Draw::new(luck);
    draw.set("csr", csr);
    named(&mut draw);
    lifetimes(&mut draw);
    usages(&mut draw);
    draw.flag(3, "use_csr_values");
    draw.choose(5, "max_path_length", &["-1", "0", "1", "5", "-5"]);
    draw.choose(8, "skid", &["0102", "AA:BB", "aa-bb cc", "x", "0"]);
    draw.list(8, "permitted_dns_domains", &HOSTS, 2);
    draw.choose(6, "signature_bits", &["0", "256", "384", "512", "100"]);
    draw.flag(8, "use_pss");
    draw.maybe(6, "format", &FORMATS);
    draw.odd("format", &["", "PEM"]);
    draw.choose(30, "issuer_name", &["one"]);
    draw.choose(30, "user_ids", &["ada"]);
    draw.choose(30, "policy_identifiers", &["1.2.3"]);
    let path = match draw.luck.below(3) {
        0 => format!("issuer/{}/sign-intermediate", draw.luck.pick(&ISSUERS)),
        _ => {
            draw.maybe(2, "issuer_ref", &ISSUERS);
            "root/sign-intermediate".to_owned()
        }
    };
    Ok(Step::write(MOUNT, &path, draw.fields))
}

fn named(draw: &mut Draw<'_>) {
    if !draw.luck.one_in(10) {
        let name = draw.luck.pick(&NAMES);
        draw.set("common_name", name);
    }
    draw.list(6, "alt_names", &NAMES, 3);
    draw.list(12, "ip_sans", &ADDRESSES, 2);
    draw.list(12, "uri_sans", &URIS, 2);
    draw.list(12, "other_sans", &OTHER_NAMES, 2);
    draw.maybe(12, "serial_number", &TEXTS);
    draw.flag(6, "exclude_cn_from_sans");
    for name in
        ["country", "locality", "organization", "ou", "postal_code", "province", "street_address"]
    {
        draw.list(8, name, &TEXTS, 3);
    }
    draw.maybe(8, "not_before_duration", &SPANS);
    draw.odd("no_such_parameter", &["x"]);
}

fn usages(draw: &mut Draw<'_>) {
    draw.list(6, "key_usage", &KEY_USAGES, 3);
    draw.list(8, "ext_key_usage", &EXT_KEY_USAGES, 2);
    draw.list(12, "ext_key_usage_oids", &OIDS, 2);
}

fn generated(draw: &mut Draw<'_>) {
    let types = match draw.luck.below(16) {
        0 => &["rsa"][..],
        1 => &["any", "dsa", ""][..],
        2..=5 => &["ed25519"][..],
        _ => &["ec"][..],
    };
    let key_type = draw.luck.of(types);
    draw.set("key_type", key_type);
    if key_type == "ec" {
        draw.choose(3, "key_bits", &["0", "224", "256", "384", "521", "123"]);
    }
    draw.choose(6, "signature_bits", &["0", "256", "384", "512", "100"]);
    draw.flag(8, "use_pss");
    draw.maybe(6, "format", &FORMATS);
    draw.odd("format", &["", "PEM"]);
    draw.choose(8, "private_key_format", &["der", "pkcs8", "pem", ""]);
    draw.choose(8, "key_name", &["one", "a-b.c", "default", "", "a b"]);
    draw.odd("key_ref", &["default", "nope"]);
}

fn kind(draw: &mut Draw<'_>) -> &'static str {
    let kinds =
        ["internal", "internal", "exported", "exported", "exported", "existing", "kms", "x"];
    draw.luck.of(&kinds)
}
