//! The prepared roles, and what must be true of everything that is signed under them. It is said
//! here as naively as can be, from what the roles' parameters mean.

use std::net::IpAddr;

use pki_core::x509::{Certificate, SubjectAltNames, oid};
use serde_json::{Value, json};

use super::authority::{NOW, PREPARED};

/// Three days.
const LONGEST: i64 = 3 * 24 * 60 * 60;

/// Roles by name.
pub(super) fn roles() -> [(&'static str, Value); 2] {
    let strict = json!({
        "allowed_domains": "example.com",
        "allow_subdomains": true,
        "allow_localhost": false,
        "allow_wildcard_certificates": false,
        "allowed_ip_sans_cidr": "10.0.0.0/8",
        "allowed_uri_sans": "urn:a:*",
        "key_type": "any",
        "require_cn": false,
        "max_ttl": LONGEST,
        "ttl": "24h",
    });
    let any = json!({
        "allow_any_name": true,
        "allowed_other_sans": "*",
        "allowed_serial_numbers": "*",
        "allowed_uri_sans": "*",
        "allowed_user_ids": "*",
        "basic_constraints_valid_for_non_ca": true,
        "cn_validations": "disabled",
        "enforce_hostnames": false,
        "key_type": "any",
        "policy_identifiers": "1.3.6.1.4.1.99999.1",
        "require_cn": false,
        "max_ttl": LONGEST,
    });
    [("strict", strict), ("any", any)]
}

/// Checks the certificate in an answer: it is one that others can read, from our root, for no CA.
pub(super) fn check_leaf(answer: &Value) -> Certificate {
    let certificate = certificate(answer);
    assert!(!certificate.is_ca(), "a CA came out");
    certificate
}

/// Checks the lifetime of a certificate for which no end was asked.
pub(super) fn check_lifetime(certificate: &Certificate) {
    let seconds = certificate.not_after().unix() - NOW;
    assert!(seconds <= LONGEST, "it lasts {seconds} seconds");
}

/// The certificate in an answer, which our root has signed.
pub(super) fn certificate(answer: &Value) -> Certificate {
    let text = answer["certificate"].as_str().expect("a certificate");
    let certificate = Certificate::from_pem(text).expect("a certificate that can be read");
    assert!(certificate.is_signed_by(PREPARED.root.public_key()));
    assert_eq!(certificate.issuer().as_der(), PREPARED.root.subject().as_der());
    certificate
}

/// Checks what came out under `strict`.
pub(super) fn check_strict(answer: &Value) -> Certificate {
    let certificate = check_leaf(answer);
    let SubjectAltNames { dns, email, ip, uri, other, .. } = certificate.subject_alt_names();
    let is_within = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.ends_with(".example.com") && !name.contains('*')
    };
    let common_name = certificate.subject().common_name();
    assert!(common_name.as_deref().is_none_or(is_within), "{common_name:?}");
    assert!(dns.iter().all(|name| is_within(name)), "{dns:?}");
    assert!(email.iter().all(|name| is_within(name)), "{email:?}");
    assert!(uri.iter().all(|uri| uri.starts_with("urn:a:")), "{uri:?}");
    let is_ours = |ip: &IpAddr| matches!(ip, IpAddr::V4(ip) if ip.octets()[0] == 10);
    assert!(ip.iter().all(is_ours), "{ip:?}");
    assert!(other.is_empty() && certificate.subject_alt_names().rest_kinds().is_empty());
    for attribute in [oid::SUBJECT_SERIAL_NUMBER, oid::USER_ID] {
        assert!(certificate.subject().attribute(&attribute).is_empty());
    }
    certificate
}
