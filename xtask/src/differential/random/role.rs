//! Roles.

use super::super::side::Fields;
use super::pools::{
    DOMAINS, EXT_KEY_USAGES, ISSUERS, KEY_USAGES, MOMENTS, NETWORKS, OIDS, OTHER_PATTERNS,
    POLICIES, SERIALS, SPANS, TEXTS, URI_PATTERNS, USERS,
};
use super::{Draw, Luck};

const NAME_RULES: &[&str] = &[
    "allow_bare_domains",
    "allow_glob_domains",
    "allow_localhost",
    "allow_subdomains",
    "allow_wildcard_certificates",
    "enforce_hostnames",
];

const OTHER_RULES: &[&str] = &[
    "allow_globs_in_identity_templates",
    "allow_ip_sans",
    "allowed_domains_template",
    "allowed_uri_sans_template",
    "basic_constraints_valid_for_non_ca",
    "client_flag",
    "code_signing_flag",
    "email_protection_flag",
    "generate_lease",
    "no_store",
    "require_cn",
    "server_flag",
    "use_csr_common_name",
    "use_csr_sans",
    "use_pss",
];

/// A role that is mostly right, and mostly on elliptic curves.
pub(super) fn role(luck: &mut Luck) -> Fields {
    let mut draw = Draw::new(luck);
    let strictness = if draw.luck.is_wild { 2 } else { 5 };
    if !draw.luck.one_in(strictness) {
        draw.set("allow_any_name", "true");
    }
    NAME_RULES.iter().for_each(|rule| draw.flag(strictness, rule));
    OTHER_RULES.iter().for_each(|rule| draw.flag(8, rule));
    names(&mut draw);
    keys(&mut draw);
    lifetimes(&mut draw);
    usages(&mut draw);
    for name in
        ["country", "locality", "organization", "ou", "postal_code", "province", "street_address"]
    {
        draw.list(10, name, &TEXTS, 3);
    }
    draw.maybe(10, "policy_identifiers", &POLICIES);
    draw.maybe(3, "issuer_ref", &ISSUERS);
    draw.odd("issuer_ref", &["nope", "", "DEFAULT"]);
    draw.odd("allow_any_name", &["yes", "2"]);
    draw.odd("no_such_parameter", &["x"]);
    draw.odd("backend", &["x"]);
    draw.odd("name", &["other"]);
    draw.fields
}

fn names(draw: &mut Draw<'_>) {
    draw.list(2, "allowed_domains", &DOMAINS, 3);
    draw.list(8, "allowed_ip_sans_cidr", &NETWORKS, 2);
    let pools = [
        ("allowed_other_sans", &OTHER_PATTERNS),
        ("allowed_serial_numbers", &SERIALS),
        ("allowed_uri_sans", &URI_PATTERNS),
        ("allowed_user_ids", &USERS),
    ];
    for (name, pool) in pools {
        draw.list(4, name, pool, 2);
        draw.choose(2, name, &["*"]);
    }
    draw.choose(
        12,
        "cn_validations",
        &["disabled", "email", "hostname", "email,hostname", "Email", "DISABLED", ""],
    );
    draw.odd("cn_validations", &["foo", "email,email", "disabled,email"]);
}

fn keys(draw: &mut Draw<'_>) {
    let kind = match draw.luck.below(40) {
        0..=19 => "ec",
        20..=29 => {
            draw.choose(6, "key_bits", &["0", "256", "384", "521"]);
            "any"
        }
        30..=36 => "ed25519",
        37..=38 => "rsa",
        _ => draw.luck.of(&["", "dsa", "EC"]),
    };
    draw.set("key_type", kind);
    if kind == "ec" {
        draw.choose(3, "key_bits", &["0", "256", "256", "224", "384", "521"]);
    }
    draw.odd("key_bits", &["123", "1024", "2048", "2049", "256", "-1", "x"]);
    draw.choose(6, "signature_bits", &["0", "256", "384", "512", "100", "999"]);
}

fn lifetimes(draw: &mut Draw<'_>) {
    draw.maybe(4, "ttl", &SPANS);
    draw.maybe(4, "max_ttl", &SPANS);
    draw.maybe(8, "not_before_duration", &SPANS);
    draw.maybe(12, "not_after", &MOMENTS);
    draw.maybe(16, "not_before", &MOMENTS);
    draw.choose(
        8,
        "not_after_bound",
        &["permit", "ttl-limited", "forbid", "2028-01-01T00:00:00Z", "2026-12-25T00:00:00Z"],
    );
    draw.odd("not_after_bound", &["", "foo", "2027-01-01"]);
    draw.choose(8, "not_before_bound", &["permit", "duration", "forbid"]);
    draw.odd("not_before_bound", &["", "foo"]);
}

fn usages(draw: &mut Draw<'_>) {
    draw.list(4, "key_usage", &KEY_USAGES, 4);
    draw.choose(20, "key_usage", &[""]);
    draw.list(5, "ext_key_usage", &EXT_KEY_USAGES, 3);
    draw.list(8, "ext_key_usage_oids", &OIDS, 3);
}
