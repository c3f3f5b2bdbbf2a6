//! What a caller should know although nothing was refused.

use crate::domain::time::format_go_duration;

/// One thing to know. [`Display`](std::fmt::Display) is the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// `generate_lease` of a role is on.
    #[error(
        "it is encouraged to disable generate_lease and rely on PKI's native capabilities when \
         possible; this option can cause instance-wide issues with large numbers of issued \
         certificates"
    )]
    GenerateLease,
    /// Both `no_store` and `generate_lease` of a role were on.
    #[error(
        "mutually exclusive values no_store=true and generate_lease=true were both specified; \
         no_store=true takes priority"
    )]
    NoStoreWins,
    /// Names in `key_usage` that mean nothing.
    #[error("key_usage has names that are not known and have no effect: {}", .0.join(", "))]
    UnknownKeyUsage(Vec<String>),
    /// Names in `ext_key_usage` that mean nothing.
    #[error("ext_key_usage has names that are not known and have no effect: {}", .0.join(", "))]
    UnknownExtKeyUsage(Vec<String>),
    /// The issuer of a role is `default`, and there is none.
    #[error(
        "Issuing Certificate was set to default, but no default issuing certificate (configurable \
         at /config/issuers) is currently set"
    )]
    NoDefaultIssuer,
    /// The issuer of a role does not exist.
    #[error(
        "Issuing Certificate was set to {0} but no issuing certificate currently has that name"
    )]
    UnknownIssuer(String),
    /// The request asked for a key that the role decides about.
    #[error("parameters key_type and key_bits ignored as role had specific values")]
    KeyFieldsIgnored,
    /// The common name came from the CSR.
    #[error(
        "the common_name field was provided but the role is set with \"use_csr_common_name\" set \
         to true"
    )]
    CommonNameIgnored,
    /// The alternative names came from the CSR.
    #[error(
        "the alt_names field was provided but the role is set with \"use_csr_sans\" set to true"
    )]
    AltNamesIgnored,
    /// The CSR has names of kinds that no role can allow.
    #[error(
        "the CSR has subject alternative names of other kinds than otherName, DNS, email, IP and \
         URI, which were left out"
    )]
    CsrNamesLeftOut,
    /// The lifetime was cut to the longest that is allowed. In seconds.
    #[error(
        "TTL \"{}\" is longer than permitted maxTTL \"{}\", so maxTTL is being used",
        format_go_duration(*.asked),
        format_go_duration(*.max)
    )]
    TtlClamped {
        /// What was asked for.
        asked: i64,
        /// What was given.
        max: i64,
    },
    /// An intermediate was to outlive its issuer.
    #[error(
        "The expiration time for the signed certificate is after the CA's expiration time. If the \
         new certificate is not treated as a root, validation paths with the certificate past the \
         issuing CA's expiration time will fail."
    )]
    BeyondIssuer,
}
