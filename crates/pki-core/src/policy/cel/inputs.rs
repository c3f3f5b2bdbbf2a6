//! What a program can ask about: the request, the moment, and the CSR.

use serde_json::{Map, Value as Json};

use super::limits::{Budget, Failure};
use super::types::Type;
use super::value::Value;
use crate::domain::time::Timestamp;
use crate::x509::base64;
use crate::x509::csr::CertificationRequest;
use crate::x509::general_name::SubjectAltNames;
use crate::x509::name::DistinguishedName;
use crate::x509::oid;

/// What a program is run on.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// All parameters, as they were sent.
    pub request: &'a Map<String, Json>,
    /// The moment of the request.
    pub now: Timestamp,
    /// Whether a CSR is to be signed, and that CSR if there is one.
    pub csr: Option<Option<&'a CertificationRequest>>,
}

/// The names that programs can use, and what is known of each.
pub(super) fn declared() -> Vec<(String, Type)> {
    let anything = || Type::map(Type::String, Type::Dyn);
    let names = [
        ("request", anything()),
        ("now", Type::Timestamp),
        ("use_csr", Type::Bool),
        ("parsed_csr", anything()),
        // There are no tokens and entities; naming these is allowed, asking them is not.
        ("client_token", Type::Dyn),
        ("entity_id", Type::String),
        ("entity_groups", Type::list(Type::Dyn)),
        ("entity_info", anything()),
    ];
    names.into_iter().map(|(name, of)| (name.to_owned(), of)).collect()
}

impl Inputs<'_> {
    /// The values of the names that have one.
    pub(super) fn values(&self, budget: &mut Budget) -> Result<Vec<(String, Value)>, Failure> {
        let Self { request, now, csr } = self;
        let request = request.iter().map(|(name, json)| (name.as_str(), Value::from_json(json)));
        let request = Value::map(request);
        budget.walk(&request)?;
        let mut values = vec![
            ("request".to_owned(), request),
            ("now".to_owned(), Value::Timestamp(*now)),
            ("use_csr".to_owned(), Value::Bool(csr.is_some())),
        ];
        if let Some(csr) = csr.flatten() {
            let parsed = parsed(csr);
            budget.walk(&parsed)?;
            values.push(("parsed_csr".to_owned(), parsed));
        }
        Ok(values)
    }
}

/// A CSR, with the members that the reference gives it. What is octets there is base64.
fn parsed(csr: &CertificationRequest) -> Value {
    let names = csr.subject_alt_names();
    let SubjectAltNames { dns, email, ip, uri, other: _, rest: _ } = names;
    let addresses: Vec<String> = ip.iter().map(ToString::to_string).collect();
    let octets = |octets: &[u8]| Value::text(&base64::encode(octets));
    let extensions: Vec<(String, Value)> = csr
        .extensions()
        .iter()
        .map(|extension| (extension.oid.to_string(), octets(&extension.value)))
        .collect();
    let extensions = extensions.iter().map(|(oid, value)| (oid.as_str(), value.clone()));
    let algorithm = csr.public_key().spec().map_or("", |spec| match spec.type_name() {
        "rsa" => "RSA",
        "ec" => "ECDSA",
        "ed25519" => "Ed25519",
        other => other,
    });
    Value::map([
        ("Subject", subject(csr.subject())),
        ("DNSNames", Value::texts(dns)),
        ("EmailAddresses", Value::texts(email)),
        ("IPAddresses", Value::texts(&addresses)),
        ("URIs", Value::texts(uri)),
        ("Extensions", Value::map(extensions)),
        ("PublicKeyAlgorithm", Value::text(algorithm)),
        ("Raw", octets(csr.as_der())),
        ("RawSubject", octets(csr.subject().as_der())),
        ("RawSubjectPublicKeyInfo", octets(csr.public_key().spki())),
        ("Version", Value::Int(0)),
    ])
}

fn subject(name: &DistinguishedName) -> Value {
    let all = |oid| Value::texts(&name.attribute(oid));
    let last = |oid| Value::text(&name.attribute(oid).pop().unwrap_or_default());
    Value::map([
        ("CommonName", last(&oid::COMMON_NAME)),
        ("SerialNumber", last(&oid::SUBJECT_SERIAL_NUMBER)),
        ("Country", all(&oid::COUNTRY)),
        ("Organization", all(&oid::ORGANIZATION)),
        ("OrganizationalUnit", all(&oid::ORGANIZATIONAL_UNIT)),
        ("Locality", all(&oid::LOCALITY)),
        ("Province", all(&oid::PROVINCE)),
        ("StreetAddress", all(&oid::STREET_ADDRESS)),
        ("PostalCode", all(&oid::POSTAL_CODE)),
    ])
}
