//! Names were given to OpenSSL as text in its little language for extensions, so that one name
//! became several, and one that begins with an at sign was a section of a file (rust-openssl).
//! Extensions are written octet by octet here: a name comes out as it is, or not at all.

use pki_core::x509::SubjectAltNames;
use serde_json::{Value, json};

use crate::mount::Mount;

const TRICKS: [&str; 16] = [
    "a.example.com,DNS:evil.example.org",
    "a.example.com, DNS:evil.example.org",
    "DNS:a.example.com",
    "email:copy",
    "email:move",
    "URI:http://evil.example.org",
    "otherName:1.2.3;UTF8:x",
    "dirName:section",
    "@section",
    "critical,DNS:evil.example.org",
    "DER:30:00",
    "ASN1:UTF8String:x",
    "a.example.com\nDNS:evil.example.org",
    "a.example.com\0.evil.example.org",
    "a.example.com\\,evil.example.org",
    "${ENV::HOME}",
];

#[test]
fn one_name_stays_one_name() {
    let mount = Mount::new();
    mount.role(
        "any",
        json!({"allow_any_name": true, "allowed_uri_sans": "*", "allowed_other_sans": "*",
        "allowed_user_ids": "*", "allowed_serial_numbers": "*", "enforce_hostnames": false,
        "cn_validations": "disabled", "ttl": "1h"}),
    );
    let mut issued = 0;
    for trick in TRICKS {
        for (field, value) in [
            ("common_name", json!(trick)),
            ("uri_sans", json!([format!("urn:{trick}")])),
            ("other_sans", json!([format!("1.2.3;UTF8:{trick}")])),
            ("ip_sans", json!([trick])),
            ("user_ids", json!([trick])),
            ("serial_number", json!(trick)),
        ] {
            issued += usize::from(ask(&mount, field, value, trick));
        }
    }
    assert!(20 < issued, "most can be said of something: {issued}");
}

/// Whether a certificate came out; if so, with this one name and no other.
fn ask(mount: &Mount, field: &str, value: Value, trick: &str) -> bool {
    let mut data = json!({"key_type": "ec", "exclude_cn_from_sans": true});
    data[field] = value;
    let Ok(answer) = mount.write("pki/issue/any", data) else { return false };
    let text = crate::mount::text(&answer, "certificate");
    let certificate = pki_core::x509::Certificate::from_pem(text).expect("a certificate");
    let SubjectAltNames { other, dns, email, ip, uri, rest } = certificate.subject_alt_names();
    assert!(
        dns.is_empty() && email.is_empty() && ip.is_empty() && rest.is_empty(),
        "{field} {trick:?}"
    );
    let said: Vec<&str> = other
        .iter()
        .map(|other| other.value.as_str())
        .chain(uri.iter().map(String::as_str))
        .collect();
    assert!(said.len() <= 1 && said.iter().all(|said| said.ends_with(trick)), "{field} {said:?}");
    true
}
