//! Why a request or a role is refused.

use std::net::IpAddr;

use super::other_name::NotAnOtherName;
use crate::domain::time::{NotATimestamp, Timestamp, format_go_duration};
use crate::x509::general_name::NameKind;

/// Where a name came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A parameter of the request.
    Api,
    /// The certificate signing request.
    Csr,
}

/// What was against the rules. [`Display`](std::fmt::Display) is the message that clients of
/// Vault match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    // Roles.
    /// A role gives a longer lifetime than it allows.
    #[error("\"ttl\" value must be less than \"max_ttl\" value")]
    TtlOverMaxTtl,
    /// An entry of `allowed_other_sans`.
    #[error("error parsing allowed_other_sans: {0}")]
    AllowedOtherSans(NotAnOtherName),
    /// An entry of `allowed_ip_sans_cidr`.
    #[error("error parsing allowed_ip_sans_cidr: invalid CIDR address: {0}")]
    AllowedIpSansCidr(String),
    /// An entry of `ext_key_usage_oids`.
    #[error("{0:?} could not be parsed as a valid oid for an extended key usage")]
    ExtKeyUsageOid(String),
    /// A word in `cn_validations` that is none.
    #[error("cn_validations value incorrect: unknown type: `{0}`")]
    UnknownCnValidation(String),
    /// A word that is twice in `cn_validations`.
    #[error("cn_validations value incorrect: `{0}` specified multiple times")]
    RepeatedCnValidation(String),
    /// `disabled` with other words in `cn_validations`.
    #[error(
        "cn_validations value incorrect: cannot specify `disabled` along with `email` or `hostname`"
    )]
    DisabledCnValidation,
    /// A policy that is neither identifier nor object.
    #[error(
        "policy identifier {0:?} is neither a valid OID: expected numbers separated by dots, Nor \
         JSON Policy Identifier: expected an object such as {{\"oid\":\"1.2.3\"}}"
    )]
    NotAPolicy(String),
    /// A policy object that does not say which policy.
    #[error(
        "policy identifier {0:?} has no valid OID: expected a member such as \"oid\":\"1.2.3\""
    )]
    PolicyWithoutOid(String),
    /// The address of a practice statement that is not ASCII.
    #[error("policy statement {0:?} cannot be encoded as an IA5String")]
    PolicyStatement(String),
    /// `not_after_bound` of a role.
    #[error(
        "Unknown value for field `not_after_bound`. Possible values are `permit`, `ttl-limited`, \
         `forbid`, or an explicit timestamp."
    )]
    UnknownNotAfterBound,
    /// `not_before_bound` of a role.
    #[error(
        "Unknown value for field `not_before_bound`. Possible values are `permit` `duration` or \
         `forbid`"
    )]
    UnknownNotBeforeBound,
    /// `serial_number_source` of a role.
    #[error(
        "Unknown value for field `serial_number_source`. Possible values are `json-csr` and `json`."
    )]
    UnknownSerialNumberSource,
    /// `leaf_not_after_behavior` of an issuer.
    #[error(
        "Unknown value for field `leaf_not_after_behavior`. Possible values are `err`, `truncate`, \
         and `permit`."
    )]
    UnknownBehavior,

    // Keys.
    /// A key type that does not exist.
    #[error("unknown key type {0}")]
    UnknownKeyType(String),
    /// `any` where one key is to be made.
    #[error("unknown key type: any")]
    AnyKeyType,
    /// An RSA key that is to be made too small.
    #[error("RSA keys < 2048 bits are unsafe and not supported: got {0}")]
    SmallRsa(i64),
    /// An RSA key of a size that is not made.
    #[error("unsupported bit length for RSA key: {0}")]
    RsaBits(i64),
    /// A kind of key that is known, and not made here.
    #[error(
        "SLH-DSA keys are not supported: key_type is {0:?}, and can be \"rsa\", \"ec\", \"ed25519\" \
         or \"mldsa\""
    )]
    SlhDsa(String),
    /// A curve that does not exist.
    #[error("unsupported bit length for EC key: {0}")]
    EcBits(i64),
    /// A parameter set that does not exist.
    #[error("unsupported bit length for ML-DSA key: {0}")]
    MlDsaBits(i64),
    /// A hash that does not exist.
    #[error("unsupported hash signature algorithm: {0}")]
    SignatureBits(i64),
    /// A role for any key, and a request that does not say which.
    #[error(
        "role key type \"any\" not allowed for issuing certificates without providing key_type \
         and/or key_bits request parameters"
    )]
    KeyTypeMissing,
    /// A role for any key, and a request for one that cannot be.
    #[error("failed to validate role: {0}")]
    KeyOfRequest(Box<Self>),
    /// A CSR with a key of another type than the role's.
    #[error("role requires keys of type {0}")]
    CsrKeyType(&'static str),
    /// A CSR with a smaller key than the role's.
    #[error("role requires a minimum of a {minimum}-bit key, but CSR's key is {bits} bits")]
    CsrKeyBits {
        /// What the role asks for.
        minimum: u32,
        /// What the CSR has.
        bits: u32,
    },
    /// A CSR with an RSA key that is too small for anyone.
    #[error("RSA keys < 2048 bits are unsafe and not supported")]
    CsrSmallRsa,
    /// A CSR with a key of a type that is not known here.
    #[error(
        "certificate request could not be parsed: expected a public key of type rsa, ec, ed25519 \
         or mldsa"
    )]
    CsrUnknownKey,

    // Names.
    /// No common name, and the role wants one.
    #[error(
        "the common_name field is required, or must be provided in a CSR with \
         \"use_csr_common_name\" set to true, unless \"require_cn\" is set to false"
    )]
    CommonNameMissing,
    /// A name that has no ASCII form: the label or the whole name.
    #[error("idna: invalid label {0:?}")]
    Idna(String),
    /// An item of `alt_names` that is neither host name nor address.
    #[error("subject alternate name {0} is not a valid DNS name and cannot be included as a SAN")]
    AltName(String),
    /// More items of `alt_names` than this.
    #[error("more than {0} subject alternate names")]
    TooManyAltNames(usize),
    /// The common name.
    #[error("common name {0} not allowed by this role")]
    CommonName(String),
    /// The serial number of the subject.
    #[error("serial_number {0} not allowed by this role")]
    SerialNumber(String),
    /// A DNS name.
    #[error("subject alternate name {0} not allowed by this role")]
    DnsName(String),
    /// An e-mail address.
    #[error("email address {0} not allowed by this role")]
    Email(String),
    /// A requested other name that is none.
    #[error("could not parse requested other SAN: {0}")]
    RequestedOtherSan(NotAnOtherName),
    /// A kind of other name.
    #[error("other SAN OID {0} not allowed by this role")]
    OtherSanOid(String),
    /// An other name of a kind of which others are allowed.
    #[error("other SAN {value} not allowed for OID {oid} by this role")]
    OtherSanValue {
        /// Its kind.
        oid: String,
        /// The name.
        value: String,
    },
    /// An other name of a kind that is no object identifier.
    #[error(
        "error marshaling other SANs: {0:?} is not an object identifier: expected numbers \
         separated by dots"
    )]
    OtherSanNotAnOid(String),
    /// Any IP address.
    #[error(
        "IP Subject Alternative Names are not allowed in this role, but was provided via {}",
        match .0 { Origin::Api => "the API", Origin::Csr => "CSR" }
    )]
    IpSans(Origin),
    /// A text that is no IP address.
    #[error("the value {0:?} is not a valid IP address")]
    NotAnIp(String),
    /// An IP address outside the networks of the role.
    #[error("the IP address \"{0}\" is not allowed in this role")]
    Ip(IpAddr),
    /// Any URI.
    #[error(
        "URI Subject Alternative Names are not allowed in this role, but were provided via {}",
        match .0 { Origin::Api => "the API", Origin::Csr => "CSR" }
    )]
    UriSans(Origin),
    /// A URI that fits no entry of the role.
    #[error(
        "URI Subject Alternative Names were provided via {} which are not valid for this role",
        match .0 { Origin::Api => "the API", Origin::Csr => "CSR" }
    )]
    Uri(Origin),
    /// A text that is no URI.
    #[error("the provided URI Subject Alternative Name {0:?} is not a valid URI")]
    NotAUri(String),
    /// A user id.
    #[error("user_id {0} is not allowed by this role")]
    UserId(String),
    /// A name that the certificate cannot hold.
    #[error("unable to create certificate: x509: {0:?} cannot be encoded as an IA5String")]
    NotIa5(String),

    // What the CAs above allow.
    /// A name outside what a CA permits.
    #[error(
        "{kind} {name:?} is not permitted by the name constraints of CA {authority:?}, which permit \
         only {}",
        quoted(.permitted)
    )]
    NameNotPermitted {
        /// Its kind.
        kind: NameKind,
        /// The name.
        name: String,
        /// All that is permitted of this kind.
        permitted: Vec<String>,
        /// The subject of the CA.
        authority: String,
    },
    /// A name that a CA excludes.
    #[error(
        "{kind} {name:?} is excluded by the name constraint {constraint:?} of CA {authority:?}"
    )]
    NameExcluded {
        /// Its kind.
        kind: NameKind,
        /// The name.
        name: String,
        /// What excludes it.
        constraint: String,
        /// The subject of the CA.
        authority: String,
    },
    /// A name without the part that the constraints of a CA are about.
    #[error(
        "{kind} {name:?} has no domain name to compare with the name constraints of CA {authority:?}"
    )]
    NameWithoutDomain {
        /// Its kind.
        kind: NameKind,
        /// The name.
        name: String,
        /// The subject of the CA.
        authority: String,
    },
    /// So many names and constraints that no one verifies them.
    #[error(
        "the certificate has too many names ({kind}) to compare with the name constraints of CA {authority:?}"
    )]
    TooManyNames {
        /// Their kind.
        kind: NameKind,
        /// The subject of the CA.
        authority: String,
    },
    /// A kind of name that a CA constrains in a way that is not understood.
    #[error(
        "the certificate has a {kind}, and CA {authority:?} constrains those in a way that cannot be \
         checked here"
    )]
    UncheckedKind {
        /// The kind.
        kind: NameKind,
        /// The subject of the CA.
        authority: String,
    },
    /// Name constraints that cannot be read, so that nothing can be said to fit them.
    #[error("the name constraints of CA {authority:?} cannot be understood: {problem}")]
    UnreadableConstraints {
        /// The subject of the CA.
        authority: String,
        /// What is wrong with them.
        problem: String,
    },
    /// Alternative names that cannot be read, so that they cannot be said to fit anything.
    #[error("the subject alternative names of the certificate cannot be understood: {0}")]
    UnreadableNames(String),
    /// A CA where one above it allows no more.
    #[error(
        "max path length {limit} of CA {authority:?} does not allow another CA here, which would be \
         number {below} below it"
    )]
    PathTooLong {
        /// What the CA allows.
        limit: u32,
        /// How many there would be.
        below: u32,
        /// The subject of the CA.
        authority: String,
    },
    /// A path length beyond what is left.
    #[error(
        "requested max path length {asked} is beyond the {most} that CA {authority:?} allows here"
    )]
    PathLength {
        /// What was asked for.
        asked: u32,
        /// What could be had.
        most: u32,
        /// The subject of the CA.
        authority: String,
    },

    // Validity.
    /// Both a lifetime and an end.
    #[error(
        "Either ttl or not_after should be provided. Both should not be provided in the same \
         request."
    )]
    TtlAndNotAfter,
    /// A text that is no moment.
    #[error(transparent)]
    Moment(#[from] NotATimestamp),
    /// An end where the role wants none.
    #[error("not_after_bound is set to forbid. not_after cannot be provided.")]
    NotAfterForbidden,
    /// An end beyond the lifetime that the role gives. In seconds.
    #[error(
        "not_after_bound is set to ttl-limited. Cannot satisfy request as that would result in \
         notAfter of {} that is beyond the TTL of {}",
        .not_after.rfc3339_nanos(),
        format_go_duration(*.ttl)
    )]
    NotAfterBeyondTtl {
        /// The end.
        not_after: Timestamp,
        /// The lifetime.
        ttl: i64,
    },
    /// An end beyond the last moment of the role.
    #[error(
        "not_after_bound is set to {}. Cannot statisfy request as that would result in notAfter of \
         {} that is beyond the maximum timestamp of {}",
        .bound.rfc3339(),
        .not_after.rfc3339_nanos(),
        .bound.rfc3339()
    )]
    NotAfterBeyondBound {
        /// The end.
        not_after: Timestamp,
        /// The last moment.
        bound: Timestamp,
    },
    /// An end beyond the issuer's.
    #[error(
        "cannot satisfy request, as TTL would result in notAfter of {} that is beyond the \
         expiration of the CA certificate at {}",
        .not_after.rfc3339_nanos(),
        .issuer.rfc3339()
    )]
    NotAfterBeyondIssuer {
        /// The end.
        not_after: Timestamp,
        /// The issuer's end.
        issuer: Timestamp,
    },
    /// A beginning where the role wants none.
    #[error("not_before_bound is set to forbid. not_before cannot be provided.")]
    NotBeforeForbidden,
    /// A beginning longer ago than the role backdates. In seconds.
    #[error(
        "not_before_bound is set to duration. Cannot satisfy request as it would result in \
         notBefore of {} that is older than the allowed not_before_duration of {}",
        .not_before.rfc3339(),
        format_go_duration(*.duration)
    )]
    NotBeforeTooOld {
        /// The beginning.
        not_before: Timestamp,
        /// How far the role backdates.
        duration: i64,
    },
    /// An end before the beginning.
    #[error(
        "The certificate's Not Before ({}) is later than the certificate's Not After ({})",
        .not_before.rfc3339_nanos(),
        .not_after.rfc3339_nanos()
    )]
    EndsBeforeItBegins {
        /// The beginning.
        not_before: Timestamp,
        /// The end.
        not_after: Timestamp,
    },
    /// An end at the beginning.
    #[error(
        "The certificate's Not Before ({moment}) is equal to the certificate's Not After ({moment})",
        moment = .0.rfc3339_nanos()
    )]
    EndsAsItBegins(Timestamp),
}

impl Violation {
    /// Whether Vault finds it only when the certificate or its key is made, after everything else.
    pub fn is_found_last(&self) -> bool {
        matches!(self, Self::AnyKeyType | Self::NotIa5(_) | Self::OtherSanNotAnOid(_))
    }

    /// Whether it is not the caller's fault. Everything here is, even where Vault answers 500.
    pub fn is_internal(&self) -> bool {
        false
    }
}

fn quoted(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    texts.join(", ")
}
