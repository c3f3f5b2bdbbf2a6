//! Settings of roles: what is filled in, what is refused, what is only doubtful.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

use pki_core::field::{Fields as _, Input};
use pki_core::policy::{Role, Warning};
use serde_json::Value;

/// A role from what a caller would type, before anyone looked at it.
fn role(settings: &[(&str, &str)]) -> Role {
    let settings = settings.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text)));
    Role::parse(&settings.collect::<Input>()).unwrap()
}

#[track_caller]
fn check(settings: &[(&str, &str)], want: Result<&[&str], &str>) {
    let got = role(settings).validated().map(|(_, warnings)| warnings);
    let got = got.map_err(|violation| violation.to_string());
    let got = got.map(|list| list.iter().map(Warning::to_string).collect::<Vec<_>>());
    let want = want.map(|list| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    assert_eq!(got, want.map_err(str::to_owned), "{settings:?}");
}

#[test]
fn settings_are_in_order_and_have_help_and_a_default() {
    let names: Vec<_> = Role::FIELDS.iter().map(|field| field.name).collect();
    assert!(names.is_sorted());
    for field in Role::FIELDS {
        assert!(field.default.is_some(), "{}", field.name);
        assert!(field.help.trim_end().ends_with('.'), "{}", field.name);
    }
}

#[test]
fn a_role_without_settings_is_the_documented_one() {
    let (role, warnings) = role(&[]).validated().unwrap();
    assert_eq!(warnings, []);
    let shown = role.render();
    for (name, want) in [
        ("allow_ip_sans", "true"),
        ("allow_localhost", "true"),
        ("allow_wildcard_certificates", "true"),
        ("client_flag", "true"),
        ("cn_validations", "[\"email\",\"hostname\"]"),
        ("enforce_hostnames", "true"),
        ("issuer_ref", "\"default\""),
        ("key_bits", "2048"),
        ("key_type", "\"rsa\""),
        ("key_usage", "[\"DigitalSignature\",\"KeyAgreement\",\"KeyEncipherment\"]"),
        ("max_ttl", "0"),
        ("not_after", "\"\""),
        ("not_after_bound", "\"permit\""),
        ("not_before_bound", "\"permit\""),
        ("not_before_duration", "30"),
        ("policy_identifiers", "[]"),
        ("require_cn", "true"),
        ("serial_number_source", "\"json-csr\""),
        ("server_flag", "true"),
        ("signature_bits", "0"),
        ("ttl", "0"),
        ("use_csr_common_name", "true"),
        ("use_csr_sans", "true"),
    ] {
        assert_eq!(shown.get(name).unwrap().to_string(), want, "{name}");
    }
    assert_eq!(Role::parse(&shown), Ok(role));
}

#[test]
fn what_depends_on_other_settings_is_filled_in() {
    for (settings, name, want) in [
        (&[("key_type", "ec")][..], "key_bits", "256"),
        (&[("key_type", "mldsa")], "key_bits", "44"),
        (&[("key_type", "ml-dsa-65")], "key_type", "\"mldsa\""),
        (&[("key_type", "ml-dsa-65")], "key_bits", "65"),
        (&[("key_type", "ed25519"), ("key_bits", "25519")], "key_bits", "25519"),
        (&[("key_type", "any"), ("key_bits", "3072")], "key_bits", "3072"),
        (&[("key_type", "any")], "key_bits", "0"),
        (&[("issuer_ref", "")], "issuer_ref", "\"default\""),
        (&[("serial_number_source", "")], "serial_number_source", "\"json-csr\""),
        (&[("cn_validations", "")], "cn_validations", "[\"email\",\"hostname\"]"),
        (&[("cn_validations", "EMAIL")], "cn_validations", "[\"email\"]"),
        (
            &[("allowed_ip_sans_cidr", "192.168.1.7/24,::1/128")],
            "allowed_ip_sans_cidr",
            "[\"192.168.1.0/24\",\"::1/128\"]",
        ),
        (&[("no_store", "true"), ("generate_lease", "true")], "generate_lease", "false"),
        (&[("signature_bits", "999")], "signature_bits", "999"),
        (&[("key_usage", "lower, Unknown")], "key_usage", "[\"lower\",\"Unknown\"]"),
    ] {
        let (role, _) = role(settings).validated().unwrap();
        assert_eq!(role.render().get(name).unwrap().to_string(), want, "{settings:?}");
    }
}

#[test]
fn equal_lifetimes_are_fine() {
    check(&[("ttl", "5h"), ("max_ttl", "5h")], Ok(&[]));
    check(&[("ttl", "5h"), ("max_ttl", "0")], Ok(&[]));
    check(
        &[("ttl", "7h"), ("max_ttl", "6h")],
        Err("\"ttl\" value must be less than \"max_ttl\" value"),
    );
}

#[test]
fn what_cannot_be_is_refused() {
    for (setting, want) in [
        (("key_type", "dsa"), "unknown key type dsa"),
        (("key_type", ""), "unknown key type "),
        (("key_bits", "1024"), "RSA keys < 2048 bits are unsafe and not supported: got 1024"),
        (
            ("allowed_other_sans", "1.2.3"),
            "error parsing allowed_other_sans: expected a semicolon in other SAN \"1.2.3\"",
        ),
        (
            ("allowed_ip_sans_cidr", "10.0.0.1"),
            "error parsing allowed_ip_sans_cidr: invalid CIDR address: 10.0.0.1",
        ),
        (
            ("ext_key_usage_oids", "a.b"),
            "\"a.b\" could not be parsed as a valid oid for an extended key usage",
        ),
        (
            ("ext_key_usage_oids", "1.2.3,"),
            "\"\" could not be parsed as a valid oid for an extended key usage",
        ),
        (("cn_validations", "foo"), "cn_validations value incorrect: unknown type: `foo`"),
        (
            ("cn_validations", "email,Email"),
            "cn_validations value incorrect: `email` specified multiple times",
        ),
        (
            ("cn_validations", "disabled,email"),
            "cn_validations value incorrect: cannot specify `disabled` along with `email` or \
             `hostname`",
        ),
        (
            ("not_after_bound", ""),
            "Unknown value for field `not_after_bound`. Possible values are `permit`, \
             `ttl-limited`, `forbid`, or an explicit timestamp.",
        ),
        (
            ("not_before_bound", "maybe"),
            "Unknown value for field `not_before_bound`. Possible values are `permit` \
             `duration` or `forbid`",
        ),
        (
            ("serial_number_source", "csr"),
            "Unknown value for field `serial_number_source`. Possible values are `json-csr` \
             and `json`.",
        ),
    ] {
        check(&[setting], Err(want));
    }
}

#[test]
fn doubtful_settings_are_kept_with_a_warning() {
    let lease = "it is encouraged to disable generate_lease and rely on PKI's native \
                 capabilities when possible; this option can cause instance-wide issues with \
                 large numbers of issued certificates";
    let exclusive = "mutually exclusive values no_store=true and generate_lease=true were \
                     both specified; no_store=true takes priority";
    check(&[("generate_lease", "true")], Ok(&[lease]));
    check(&[("generate_lease", "true"), ("no_store", "true")], Ok(&[exclusive]));
    check(
        &[("key_usage", "DigitalSignature,Flying,Teleport")],
        Ok(&["key_usage has names that are not known and have no effect: Flying, Teleport"]),
    );
    check(
        &[("ext_key_usage", "serverauth,Flying")],
        Ok(&["ext_key_usage has names that are not known and have no effect: Flying"]),
    );
}
