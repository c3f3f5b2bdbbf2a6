//! From the message that a program gives to what a certificate will say. Nothing is taken that a
//! certificate cannot hold, and nothing is left out in silence.

use std::net::IpAddr;

use super::value::{Message, Value};
use crate::domain::time::Timestamp;
use crate::policy::{idna, names, oid as identifiers, uri};
use crate::x509::extension::{Extension, PolicyInformation};
use crate::x509::general_name::SubjectAltNames;
use crate::x509::name_constraints::{IpRange, NameConstraints, Subtrees};
use crate::x509::oid::{self, ObjectIdentifier};
use crate::x509::subject::SubjectAttributes;
use crate::x509::usage::{self, KeyUsage};

/// What a program decided: a certificate, and how it is made and kept.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What the certificate says.
    pub template: Template,
    /// Who signs; empty for the default.
    pub issuer_ref: String,
    /// Whether an RSA issuer signs with PSS.
    pub use_pss: bool,
    /// The size of the hash that is signed; 0 leaves it to the key.
    pub signature_bits: i64,
    /// The type of a key that is made here; empty for the usual one.
    pub key_type: String,
    /// Its size; 0 for the usual one.
    pub key_bits: i64,
    /// Whether there is a lease on the certificate.
    pub generate_lease: bool,
    /// Whether the certificate is not recorded.
    pub no_store: bool,
    /// What the caller is told.
    pub warnings: Vec<String>,
}

impl Decision {
    /// The issuer that signs.
    pub fn issuer(&self) -> &str {
        if self.issuer_ref.is_empty() { "default" } else { &self.issuer_ref }
    }
}

/// What a certificate says, its keys and what its issuer adds aside.
#[derive(Clone, Debug)]
pub struct Template {
    /// Who it is for.
    pub subject: SubjectAttributes,
    /// Its other names.
    pub sans: SubjectAltNames,
    /// When it begins, if the program says.
    pub not_before: Option<Timestamp>,
    /// When it ends.
    pub not_after: Timestamp,
    /// What its key is for.
    pub key_usage: KeyUsage,
    /// What it is for.
    pub ext_key_usage: Vec<ObjectIdentifier>,
    /// What it says about being a CA.
    pub authority: Authority,
    /// Its subject key identifier, if it is not to be computed.
    pub subject_key_id: Option<Vec<u8>>,
    /// Which names a CA may certify.
    pub name_constraints: Option<NameConstraints>,
    /// The policies it was issued under.
    pub policies: Vec<PolicyInformation>,
    /// Extensions of kinds that are not known here.
    pub extensions: Vec<Extension>,
}

/// What a template says about being a CA (RFC 5280 section 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Nothing.
    Unsaid,
    /// It is none.
    Leaf,
    /// It is one, with so many CAs below it at most.
    Ca(Option<u32>),
}

type Found<T> = Result<T, String>;

/// Fields that no certificate shows, here or in the reference.
const WITHOUT_EFFECT: [&str; 9] = [
    "Version",
    "InhibitAnyPolicy",
    "InhibitAnyPolicyZero",
    "InhibitPolicyMapping",
    "InhibitPolicyMappingZero",
    "RequireExplicitPolicy",
    "RequireExplicitPolicyZero",
    "PolicyMappings",
    "PermittedDNSDomainsCritical",
];

/// Reads a `ValidationOutput`.
pub(super) fn decision(message: &Message) -> Found<Decision> {
    if message.of.name != "openbao.pki.ValidationOutput" {
        return Err(format!("unexpected mainProgram result type {}", message.of.name));
    }
    let Some(Value::Message(template)) = message.set("template") else {
        return Err("template is nil".to_owned());
    };
    let mut warnings = texts(message, "warnings");
    let idle = WITHOUT_EFFECT.iter().filter(|name| template.set(name).is_some());
    warnings.extend(idle.map(|name| format!("{name} of the template has no effect")));
    Ok(Decision {
        template: self::template(template, octets(message, "subject_key_id"))?,
        issuer_ref: text(message, "issuer_ref"),
        use_pss: is_set(message, "use_pss"),
        signature_bits: size(message, "signature_bits")?,
        key_type: text(message, "key_type"),
        key_bits: size(message, "key_bits")?,
        generate_lease: is_set(message, "generate_lease"),
        no_store: is_set(message, "no_store"),
        warnings,
    })
}

fn template(message: &Message, subject_key_id: Vec<u8>) -> Found<Template> {
    let authority = authority(message)?;
    let name_constraints = name_constraints(message)?;
    if name_constraints.is_some() && !matches!(authority, Authority::Ca(_)) {
        return Err("the template has name constraints, which only a CA can have".to_owned());
    }
    let subject_key_id = match subject_key_id.is_empty() {
        true => octets(message, "SubjectKeyId"),
        false => subject_key_id,
    };
    if MAX_KEY_ID < subject_key_id.len() {
        let length = subject_key_id.len();
        return Err(format!("subject key identifier has {length} octets, at most {MAX_KEY_ID}"));
    }
    let Some(Value::Timestamp(not_after)) = message.set("NotAfter") else {
        return Err("the template has no NotAfter: a certificate must say when it ends".to_owned());
    };
    Ok(Template {
        subject: subject(message)?,
        sans: alternative_names(message)?,
        not_before: match message.set("NotBefore") {
            Some(Value::Timestamp(moment)) => Some(*moment),
            _ => None,
        },
        not_after: *not_after,
        key_usage: key_usage(message, authority)?,
        ext_key_usage: ext_key_usage(message)?,
        authority,
        subject_key_id: Some(subject_key_id).filter(|identifier| !identifier.is_empty()),
        name_constraints,
        policies: policies(message)?,
        extensions: extensions(message)?,
    })
}

/// No hash that identifies a key is longer.
const MAX_KEY_ID: usize = 64;

/// The path length is said where it is above 0, or 0 and `MaxPathLenZero`.
fn authority(message: &Message) -> Found<Authority> {
    let is_stated = is_set(message, "BasicConstraintsValid");
    let length = int(message, "MaxPathLen");
    let path_len = match (length, is_set(message, "MaxPathLenZero")) {
        (0, true) => Some(0),
        (0, false) => None,
        (-1, _) => None,
        (length, _) => {
            let fits = u32::try_from(length).map_err(|_| format!("MaxPathLen {length} is none"))?;
            Some(fits)
        }
    };
    match (is_set(message, "IsCA"), is_stated) {
        (true, true) => Ok(Authority::Ca(path_len)),
        (true, false) => {
            Err("IsCA has no effect without BasicConstraintsValid: set both for a CA, or neither"
                .to_owned())
        }
        (false, _) if path_len.is_some() => {
            Err("MaxPathLen without IsCA: only a CA has a path length".to_owned())
        }
        (false, true) => Ok(Authority::Leaf),
        (false, false) => Ok(Authority::Unsaid),
    }
}

/// A CA signs certificates; a leaf does not.
fn key_usage(message: &Message, authority: Authority) -> Found<KeyUsage> {
    let number = int(message, "KeyUsage");
    let usage = KeyUsage::from_bits(number)
        .ok_or_else(|| format!("KeyUsage {number} is no sum of key usages"))?;
    let signs = usage.contains(KeyUsage::KEY_CERT_SIGN);
    match authority {
        Authority::Ca(_) if usage.is_empty() => Ok(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN),
        Authority::Ca(_) if !signs => Err("KeyUsage of a CA must have KeyUsageCertSign".to_owned()),
        Authority::Leaf | Authority::Unsaid if signs => {
            Err("KeyUsageCertSign is for CAs: the template is not one".to_owned())
        }
        _ => Ok(usage),
    }
}

fn ext_key_usage(message: &Message) -> Found<Vec<ObjectIdentifier>> {
    let mut usages: Vec<ObjectIdentifier> = Vec::new();
    for number in list(message, "ExtKeyUsage") {
        let found = number.whole().and_then(usage::ext_key_usage_by_number);
        let shown = number.whole().unwrap_or(-1);
        usages.push(found.ok_or_else(|| format!("ExtKeyUsage {shown} is none"))?);
    }
    for identifier in list(message, "UnknownExtKeyUsage") {
        usages.push(identifier_of(&identifier, "UnknownExtKeyUsage")?);
    }
    let mut once = Vec::new();
    usages.into_iter().for_each(|usage| {
        if !once.contains(&usage) {
            once.push(usage);
        }
    });
    Ok(once)
}

fn subject(message: &Message) -> Found<SubjectAttributes> {
    let Some(Value::Message(name)) = message.set("Subject") else {
        return Ok(SubjectAttributes::default());
    };
    let one = |field: &str| Some(text(name, field)).filter(|text| !text.is_empty());
    let subject = SubjectAttributes {
        country: texts(name, "Country"),
        province: texts(name, "Province"),
        locality: texts(name, "Locality"),
        street_address: texts(name, "StreetAddress"),
        postal_code: texts(name, "PostalCode"),
        organization: texts(name, "Organization"),
        organizational_unit: texts(name, "OrganizationUnit"),
        common_name: one("CommonName"),
        serial_number: one("SerialNumber"),
        user_ids: Vec::new(),
    };
    for (field, value) in name.fields() {
        let is_odd = |value: &Value| match value {
            Value::String(text) => text.chars().any(char::is_control),
            _ => false,
        };
        let parts = match value {
            Value::List(items) => items.to_vec(),
            value => vec![value.clone()],
        };
        if parts.iter().any(is_odd) {
            return Err(format!("{field} of the subject has a control character"));
        }
    }
    Ok(subject)
}

fn alternative_names(message: &Message) -> Found<SubjectAltNames> {
    let dns = texts(message, "DNSNames");
    if let Some(name) = dns.iter().find(|name| !is_host(name)) {
        return Err(format!("{name:?} in DNSNames is not a host name"));
    }
    let email = texts(message, "EmailAddresses");
    if let Some(name) = email.iter().find(|name| !names::is_email(name)) {
        return Err(format!("{name:?} in EmailAddresses is not an e-mail address"));
    }
    let ip = list(message, "IPAddresses");
    let ip = ip.iter().map(|address| {
        let octets = part_octets(address, "IP");
        address_of(&octets).ok_or_else(|| {
            format!("an address in IPAddresses has {} octets, not 4 or 16", octets.len())
        })
    });
    let uri = list(message, "URIs");
    Ok(SubjectAltNames {
        dns,
        email,
        ip: ip.collect::<Found<_>>()?,
        uri: uri.iter().map(uri_of).collect::<Found<_>>()?,
        other: Vec::new(),
        rest: Vec::new(),
    })
}

/// A host name in ASCII, or a wildcard for those directly below one.
fn is_host(name: &str) -> bool {
    name.is_ascii() && idna::is_hostname(name.strip_prefix("*.").unwrap_or(name))
}

fn address_of(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from).ok();
    // Clients of Go write addresses of four octets in sixteen.
    four.or_else(|| <[u8; 16]>::try_from(octets).map(IpAddr::from).ok().map(|ip| ip.to_canonical()))
}

/// Puts a URI together.
fn uri_of(value: &Value) -> Found<String> {
    let Value::Message(url) = value else { return Err("URIs: not a URL".to_owned()) };
    let part = |name: &str| text(url, name);
    let path =
        Some(part("RawPath")).filter(|path| !path.is_empty()).unwrap_or_else(|| part("Path"));
    let mut out = format!("{}:", part("Scheme"));
    if part("Opaque").is_empty() {
        if let Some(Value::Message(user)) = url.set("User") {
            if !text(user, "password").is_empty() || is_set(user, "password_set") {
                return Err("URIs: a password has no place in a certificate".to_owned());
            }
            out = format!("{out}//{}@{}", text(user, "username"), part("Host"));
        } else if !part("Host").is_empty() {
            out = format!("{out}//{}", part("Host"));
        }
        if !path.is_empty() && !path.starts_with('/') && !part("Host").is_empty() {
            out.push('/');
        }
        out += &path;
    } else {
        out += &part("Opaque");
    }
    if !part("RawQuery").is_empty() || is_set(url, "ForceQuery") {
        out = format!("{out}?{}", part("RawQuery"));
    }
    let fragment = Some(part("RawFragment")).filter(|text| !text.is_empty());
    let fragment = fragment.unwrap_or_else(|| part("Fragment"));
    if !fragment.is_empty() {
        out = format!("{out}#{fragment}");
    }
    let is_whole = !part("Scheme").is_empty() && out.is_ascii();
    uri::normalized(&out)
        .filter(|_| is_whole)
        .ok_or_else(|| format!("{out:?} in URIs is not a URI"))
}

fn name_constraints(message: &Message) -> Found<Option<NameConstraints>> {
    let ranges = |field: &str| -> Found<Vec<IpRange>> {
        list(message, field)
            .iter()
            .map(|range| {
                range_of(range).ok_or_else(|| format!("{field}: not a block of addresses"))
            })
            .collect()
    };
    let subtrees = |kind: &str| -> Found<Subtrees> {
        Ok(Subtrees {
            dns: texts(message, &format!("{kind}DNSDomains")),
            ip: ranges(&format!("{kind}IPRanges"))?,
            email: texts(message, &format!("{kind}EmailAddresses")),
            uri: texts(message, &format!("{kind}URIDomains")),
            rest: Vec::new(),
        })
    };
    let constraints =
        NameConstraints { permitted: subtrees("Permitted")?, excluded: subtrees("Excluded")? };
    Ok(Some(constraints).filter(|constraints| !constraints.is_empty()))
}

/// An address and a mask whose ones all come first.
fn range_of(value: &Value) -> Option<IpRange> {
    let Value::Message(range) = value else { return None };
    let address = address_of(&part_octets(range.set("IP")?, "IP"))?;
    let mask = part_octets(range.set("Mask")?, "IPMask");
    let ones: u32 = mask.iter().map(|octet| octet.leading_ones()).sum();
    let is_solid = mask.iter().map(|octet| octet.count_ones()).sum::<u32>() == ones
        && mask.windows(2).all(|pair| matches!(pair, [0xff, _] | [_, 0]));
    let is_as_long = match address {
        IpAddr::V4(_) => mask.len() == 4,
        IpAddr::V6(_) => mask.len() == 16,
    };
    IpRange::new(address, u8::try_from(ones).ok()?).filter(|_| is_solid && is_as_long)
}

fn policies(message: &Message) -> Found<Vec<PolicyInformation>> {
    let mut policies: Vec<PolicyInformation> = Vec::new();
    for field in ["PolicyIdentifiers", "Policies"] {
        for identifier in list(message, field) {
            let oid = identifier_of(&identifier, field)?;
            if !policies.iter().any(|known| known.oid == oid) {
                policies.push(PolicyInformation { oid, cps: None, notice: None });
            }
        }
    }
    Ok(policies)
}

/// Extensions that a field of the template or the issuer makes; no other bytes may stand in their
/// place.
const OURS: &[ObjectIdentifier] = &[
    oid::AUTHORITY_INFO_ACCESS,
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::BASIC_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::EXT_KEY_USAGE,
    oid::FRESHEST_CRL,
    oid::KEY_USAGE,
    oid::NAME_CONSTRAINTS,
    oid::SUBJECT_ALT_NAME,
    oid::SUBJECT_KEY_IDENTIFIER,
];

fn extensions(message: &Message) -> Found<Vec<Extension>> {
    let mut all: Vec<Extension> = Vec::new();
    for value in list(message, "ExtraExtensions") {
        let Value::Message(extension) = value else { continue };
        let arcs = list(&extension, "Id");
        let oid = identifier_from(&arcs, "ExtraExtensions")?;
        if OURS.contains(&oid) {
            return Err(format!(
                "ExtraExtensions: {oid} is set by a field of the template or by the issuer"
            ));
        }
        if all.iter().any(|known| known.oid == oid) {
            return Err(format!("ExtraExtensions: {oid} is there twice"));
        }
        let critical = is_set(&extension, "Critical");
        all.push(Extension { oid, critical, value: octets(&extension, "Value") });
    }
    Ok(all)
}

fn identifier_of(value: &Value, field: &str) -> Found<ObjectIdentifier> {
    match value {
        Value::Message(message) => identifier_from(&list(message, "arc"), field),
        _ => Err(format!("{field}: not an object identifier")),
    }
}

fn identifier_from(arcs: &[Value], field: &str) -> Found<ObjectIdentifier> {
    let arcs: Vec<String> =
        arcs.iter().map(|arc| arc.whole().unwrap_or_default().to_string()).collect();
    let text = arcs.join(".");
    identifiers::parse(&text)
        .ok_or_else(|| format!("{field}: {text:?} is not an object identifier"))
}

fn is_set(message: &Message, field: &str) -> bool {
    message.set(field).is_some()
}

fn text(message: &Message, field: &str) -> String {
    match message.set(field) {
        Some(Value::String(text)) => text.to_string(),
        _ => String::new(),
    }
}

fn int(message: &Message, field: &str) -> i64 {
    match message.set(field) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}

fn size(message: &Message, field: &str) -> Found<i64> {
    match message.set(field) {
        Some(Value::Uint(number)) => {
            i64::try_from(*number).map_err(|_| format!("{field} {number} is too large"))
        }
        _ => Ok(0),
    }
}

fn octets(message: &Message, field: &str) -> Vec<u8> {
    match message.set(field) {
        Some(Value::Bytes(octets)) => octets.to_vec(),
        _ => Vec::new(),
    }
}

/// The octets in a field of a message in a list.
fn part_octets(value: &Value, field: &str) -> Vec<u8> {
    match value {
        Value::Message(message) => octets(message, field),
        _ => Vec::new(),
    }
}

fn list(message: &Message, field: &str) -> Vec<Value> {
    match message.set(field) {
        Some(Value::List(items)) => items.to_vec(),
        _ => Vec::new(),
    }
}

fn texts(message: &Message, field: &str) -> Vec<String> {
    let items = list(message, field);
    let texts = items.iter().map(|item| match item {
        Value::String(text) => text.to_string(),
        _ => String::new(),
    });
    texts.collect()
}
