//! What to ask for to get a certificate like one that there is.

use pki_core::crypto::{Hash, KeySpec, SignatureAlgorithm};
use pki_core::domain::time::format_go_duration;
use pki_core::x509::{Certificate, IpRange, NameConstraints, oid};
use serde_json::{Map, Value};

/// Where the key of the new certificate comes from.
pub(super) enum Key<'a> {
    /// It is made, like the one in the certificate.
    New,
    /// It is the one in the certificate, under this identifier.
    Same(&'a str),
}

/// The parameters of `intermediate/generate` and `sign-intermediate` that lead to a certificate
/// like this one. Names of other kinds are left out: a CA has none.
pub(super) fn parameters(certificate: &Certificate, key: &Key<'_>) -> Map<String, Value> {
    let subject = certificate.subject();
    let names = certificate.subject_alt_names();
    let common_name = subject.common_name().unwrap_or_default();
    let is_listed = names.dns.contains(&common_name) || names.email.contains(&common_name);
    let lifetime = certificate.not_after().seconds_since(certificate.not_before());
    let addresses: Vec<String> = names.ip.iter().map(ToString::to_string).collect();
    let serial_number = subject.attribute(&oid::SUBJECT_SERIAL_NUMBER).pop();
    let (bits, use_pss) = signature(certificate);
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    put("common_name", common_name.into());
    put("alt_names", joined(&[&names.dns[..], &names.email].concat()));
    put("ip_sans", joined(&addresses));
    put("uri_sans", joined(&names.uri));
    put("exclude_cn_from_sans", (!is_listed).into());
    put("signature_bits", bits.into());
    put("use_pss", use_pss.into());
    put("serial_number", serial_number.unwrap_or_default().into());
    put("ttl", format_go_duration(lifetime).into());
    let path_len = certificate.path_len().map_or(-1, i64::from);
    put("max_path_length", path_len.into());
    for (name, attribute) in ATTRIBUTES {
        put(name, subject.attribute(attribute).into());
    }
    all.extend(constraints(certificate));
    all.extend(of_key(certificate, key));
    all
}

const ATTRIBUTES: &[(&str, &oid::ObjectIdentifier)] = &[
    ("ou", &oid::ORGANIZATIONAL_UNIT),
    ("organization", &oid::ORGANIZATION),
    ("country", &oid::COUNTRY),
    ("locality", &oid::LOCALITY),
    ("province", &oid::PROVINCE),
    ("street_address", &oid::STREET_ADDRESS),
    ("postal_code", &oid::POSTAL_CODE),
];

fn joined(values: &[String]) -> Value {
    values.join(",").into()
}

/// The size of the hash that was signed, and whether that was done with PSS.
fn signature(certificate: &Certificate) -> (i64, bool) {
    let bits = |hash: Hash| i64::from(hash.output_len()) * 8;
    match certificate.signature_algorithm() {
        Some(SignatureAlgorithm::RsaPss(hash)) => (bits(hash), true),
        Some(SignatureAlgorithm::RsaPkcs1(hash) | SignatureAlgorithm::Ecdsa(hash)) => {
            (bits(hash), false)
        }
        Some(SignatureAlgorithm::Ed25519 | SignatureAlgorithm::MlDsa(_)) | None => (0, false),
    }
}

/// All eight kinds (D8); the reference takes over permitted DNS domains and loses the rest.
fn constraints(certificate: &Certificate) -> Vec<(String, Value)> {
    let found = certificate.extension(&oid::NAME_CONSTRAINTS);
    let found = found.and_then(|extension| NameConstraints::from_der(&extension.value).ok());
    let Some(NameConstraints { permitted, excluded }) = found else {
        return Vec::new();
    };
    let ranges = |all: &[IpRange]| all.iter().map(ToString::to_string).collect();
    let lists = [
        ("permitted_dns_domains", permitted.dns),
        ("excluded_dns_domains", excluded.dns),
        ("permitted_ip_ranges", ranges(&permitted.ip)),
        ("excluded_ip_ranges", ranges(&excluded.ip)),
        ("permitted_email_addresses", permitted.email),
        ("excluded_email_addresses", excluded.email),
        ("permitted_uri_domains", permitted.uri),
        ("excluded_uri_domains", excluded.uri),
    ];
    let given = lists.into_iter().filter(|(_, list)| !list.is_empty());
    given.map(|(name, list)| (name.to_owned(), list.into())).collect()
}

fn of_key(certificate: &Certificate, key: &Key<'_>) -> Vec<(String, Value)> {
    let members: Vec<(&str, Value)> = match (key, certificate.public_key().spec()) {
        (Key::Same(id), _) => {
            let identifier = certificate.subject_key_identifier().unwrap_or_default();
            let digits: String = identifier.iter().map(|octet| format!("{octet:02x}")).collect();
            vec![("key_ref", (*id).into()), ("skid", digits.into())]
        }
        (Key::New, Some(spec)) => {
            let bits = match spec {
                KeySpec::Rsa { bits } => bits,
                KeySpec::Ec(curve) => curve.bits(),
                KeySpec::Ed25519 => 0,
                KeySpec::MlDsa(set) => set.number(),
            };
            vec![("key_type", spec.type_name().into()), ("key_bits", bits.into())]
        }
        (Key::New, None) => Vec::new(),
    };
    let members = members.into_iter();
    members.map(|(name, value)| (name.to_owned(), value)).collect()
}
