//! The messages and constants that policies can name, as OpenBao declares them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::value::{Message, Value};
use crate::domain::time::Timestamp;

/// A kind of message, by the name that the reference gives it.
#[derive(Debug)]
pub(super) struct MessageType {
    /// With the container: `openbao.pki.CertTemplate`.
    pub(super) name: &'static str,
    pub(super) fields: &'static [MessageField],
}

#[derive(Debug)]
pub(super) struct MessageField {
    pub(super) name: &'static str,
    pub(super) of: FieldType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldType {
    Bool,
    Int,
    Uint,
    Text,
    Bytes,
    Time,
    /// By its name.
    Message(&'static str),
    /// A list of one of the others.
    List(&'static Self),
}

impl MessageType {
    pub(super) fn field(&self, name: &str) -> Option<&'static MessageField> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl FieldType {
    /// What a field is that was not set.
    pub(super) fn unset(self) -> Value {
        match self {
            Self::Bool => Value::Bool(false),
            Self::Int => Value::Int(0),
            Self::Uint => Value::Uint(0),
            Self::Text => Value::text(""),
            Self::Bytes => Value::Bytes([].into()),
            Self::Time => Value::Timestamp(Timestamp::EPOCH),
            Self::List(_) => Value::list(Vec::new()),
            Self::Message(name) => message(name).map_or(Value::Null, |of| {
                Value::Message(Arc::new(Message::new(of, BTreeMap::new())))
            }),
        }
    }

    /// Whether a field can hold a value.
    pub(super) fn holds(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Bool, Value::Bool(_))
            | (Self::Int, Value::Int(_))
            | (Self::Uint, Value::Uint(_))
            | (Self::Text, Value::String(_))
            | (Self::Bytes, Value::Bytes(_))
            | (Self::Time, Value::Timestamp(_)) => true,
            (Self::Message(name), Value::Message(message)) => message.of.name == full(name),
            (Self::List(of), Value::List(items)) => items.iter().all(|item| of.holds(item)),
            _ => false,
        }
    }
}

impl std::fmt::Display for FieldType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Text => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Time => f.write_str("timestamp"),
            Self::Message(name) => f.write_str(full(name)),
            Self::List(of) => write!(f, "list({of})"),
        }
    }
}

/// A message by its name in the container.
pub(super) fn message(name: &str) -> Option<&'static MessageType> {
    let name = name.strip_prefix(CONTAINER).unwrap_or(name);
    MESSAGES.iter().find(|message| message.name.strip_prefix(CONTAINER) == Some(name))
}

fn full(name: &'static str) -> &'static str {
    message(name).map_or(name, |message| message.name)
}

/// The number of a constant.
pub(super) fn constant(of: &str, name: &str) -> Option<i64> {
    let name = name.strip_prefix(of)?;
    let names = CONSTANTS.iter().find(|(known, _)| *known == of)?.1;
    names.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

const CONTAINER: &str = "openbao.pki.";

type Constants = (&'static str, &'static [(&'static str, i64)]);

/// Key usages are bits here, so that a sum of some means all of them. In the reference they are
/// numbers from one on, which are then taken for bits.
const CONSTANTS: &[Constants] = &[
    (
        "KeyUsage",
        &[
            ("Unspecified", 0),
            ("DigitalSignature", 1),
            ("ContentCommitment", 1 << 1),
            ("KeyEncipherment", 1 << 2),
            ("DataEncipherment", 1 << 3),
            ("KeyAgreement", 1 << 4),
            ("CertSign", 1 << 5),
            ("CRLSign", 1 << 6),
            ("EncipherOnly", 1 << 7),
            ("DecipherOnly", 1 << 8),
        ],
    ),
    (
        "ExtKeyUsage",
        &[
            ("Any", 0),
            ("ServerAuth", 1),
            ("ClientAuth", 2),
            ("CodeSigning", 3),
            ("EmailProtection", 4),
            ("IPSECEndSystem", 5),
            ("IPSECTunnel", 6),
            ("IPSECUser", 7),
            ("TimeStamping", 8),
            ("OCSPSigning", 9),
            ("MicrosoftServerGatedCrypto", 10),
            ("NetscapeServerGatedCrypto", 11),
            ("MicrosoftCommercialCodeSigning", 12),
            ("MicrosoftKernelCodeSigning", 13),
        ],
    ),
];

const fn field(name: &'static str, of: FieldType) -> MessageField {
    MessageField { name, of }
}

const TEXTS: FieldType = FieldType::List(&FieldType::Text);
const OIDS: FieldType = FieldType::List(&FieldType::Message("ObjectIdentifier"));
const RANGES: FieldType = FieldType::List(&FieldType::Message("net.IPNet"));

const MESSAGES: &[MessageType] = &[
    MessageType {
        name: "openbao.pki.ValidationOutput",
        fields: &[
            field("template", FieldType::Message("CertTemplate")),
            field("issuer_ref", FieldType::Text),
            field("use_pss", FieldType::Bool),
            field("signature_bits", FieldType::Uint),
            field("generate_lease", FieldType::Bool),
            field("no_store", FieldType::Bool),
            field("warnings", TEXTS),
            field("subject_key_id", FieldType::Bytes),
            field("key_type", FieldType::Text),
            field("key_bits", FieldType::Uint),
        ],
    },
    MessageType { name: "openbao.pki.CertTemplate", fields: CERT_TEMPLATE },
    MessageType {
        name: "openbao.pki.PKIX.Name",
        fields: &[
            field("Country", TEXTS),
            field("Organization", TEXTS),
            field("OrganizationUnit", TEXTS),
            field("Locality", TEXTS),
            field("Province", TEXTS),
            field("StreetAddress", TEXTS),
            field("PostalCode", TEXTS),
            field("SerialNumber", FieldType::Text),
            field("CommonName", FieldType::Text),
        ],
    },
    MessageType {
        name: "openbao.pki.PKIX.Extension",
        fields: &[
            field("Id", FieldType::List(&FieldType::Int)),
            field("Critical", FieldType::Bool),
            field("Value", FieldType::Bytes),
        ],
    },
    MessageType {
        name: "openbao.pki.ObjectIdentifier",
        fields: &[field("arc", FieldType::List(&FieldType::Uint))],
    },
    MessageType {
        name: "openbao.pki.OID",
        fields: &[field("arc", FieldType::List(&FieldType::Uint))],
    },
    MessageType { name: "openbao.pki.net.IP", fields: &[field("IP", FieldType::Bytes)] },
    MessageType { name: "openbao.pki.net.IPMask", fields: &[field("IPMask", FieldType::Bytes)] },
    MessageType {
        name: "openbao.pki.net.IPNet",
        fields: &[
            field("IP", FieldType::Message("net.IP")),
            field("Mask", FieldType::Message("net.IPMask")),
        ],
    },
    MessageType {
        name: "openbao.pki.Userinfo",
        fields: &[
            field("username", FieldType::Text),
            field("password", FieldType::Text),
            field("password_set", FieldType::Bool),
        ],
    },
    MessageType {
        name: "openbao.pki.url.URL",
        fields: &[
            field("Scheme", FieldType::Text),
            field("Opaque", FieldType::Text),
            field("User", FieldType::Message("Userinfo")),
            field("Host", FieldType::Text),
            field("Path", FieldType::Text),
            field("RawPath", FieldType::Text),
            field("OmitHost", FieldType::Bool),
            field("ForceQuery", FieldType::Bool),
            field("RawQuery", FieldType::Text),
            field("Fragment", FieldType::Text),
            field("RawFragment", FieldType::Text),
        ],
    },
    MessageType {
        name: "openbao.pki.PolicyMapping",
        fields: &[
            field("IssuerDomainPolicy", FieldType::Message("OID")),
            field("SubjectDomainPolicy", FieldType::Message("OID")),
        ],
    },
];

const CERT_TEMPLATE: &[MessageField] = &[
    field("Version", FieldType::Int),
    field("Subject", FieldType::Message("PKIX.Name")),
    field("NotBefore", FieldType::Time),
    field("NotAfter", FieldType::Time),
    field("KeyUsage", FieldType::Int),
    field("ExtraExtensions", FieldType::List(&FieldType::Message("PKIX.Extension"))),
    field("ExtKeyUsage", FieldType::List(&FieldType::Int)),
    field("UnknownExtKeyUsage", OIDS),
    field("BasicConstraintsValid", FieldType::Bool),
    field("IsCA", FieldType::Bool),
    field("MaxPathLen", FieldType::Int),
    field("MaxPathLenZero", FieldType::Bool),
    field("SubjectKeyId", FieldType::Bytes),
    field("DNSNames", TEXTS),
    field("EmailAddresses", TEXTS),
    field("IPAddresses", FieldType::List(&FieldType::Message("net.IP"))),
    field("URIs", FieldType::List(&FieldType::Message("url.URL"))),
    field("PermittedDNSDomainsCritical", FieldType::Bool),
    field("PermittedDNSDomains", TEXTS),
    field("ExcludedDNSDomains", TEXTS),
    field("PermittedIPRanges", RANGES),
    field("ExcludedIPRanges", RANGES),
    field("PermittedEmailAddresses", TEXTS),
    field("ExcludedEmailAddresses", TEXTS),
    field("PermittedURIDomains", TEXTS),
    field("ExcludedURIDomains", TEXTS),
    field("PolicyIdentifiers", OIDS),
    field("Policies", FieldType::List(&FieldType::Message("OID"))),
    field("InhibitAnyPolicy", FieldType::Int),
    field("InhibitAnyPolicyZero", FieldType::Bool),
    field("InhibitPolicyMapping", FieldType::Int),
    field("InhibitPolicyMappingZero", FieldType::Bool),
    field("RequireExplicitPolicy", FieldType::Int),
    field("RequireExplicitPolicyZero", FieldType::Bool),
    field("PolicyMappings", FieldType::List(&FieldType::Message("PolicyMapping"))),
];
