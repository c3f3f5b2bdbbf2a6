//! Parameters that several requests share, and what they mean to the policy.

use std::fmt;

use crate::api::endpoint::Refused;
pub use crate::ca::ca_key::KeyParameters;
pub use crate::ca::packaging::{JksParameters, Pkcs12Parameters};
use crate::domain::secret::Secret;
use crate::error::Error;
use crate::field::Seconds;
use crate::fields;
use crate::policy::decide::{CaSubject, CsrNames, NameRequest};
use crate::policy::validity::ValidityRequest;
use crate::policy::{Violation, uri};
use crate::x509::csr::{CertificationRequest, CsrError};
use crate::x509::name_constraints::{IpRange, NameConstraints, Subtrees};
use crate::x509::oid;

/// Keys of Vault Enterprise that lie in another system.
pub(crate) const MANAGED_KEYS: &[Refused] = &[
    Refused { name: "managed_key_name", why: MANAGED },
    Refused { name: "managed_key_id", why: MANAGED },
];
const MANAGED: &str = "keys in a key management system are not supported";

/// What Vault Enterprise keeps beside a certificate.
pub(crate) const METADATA: &[Refused] =
    &[Refused { name: "cert_metadata", why: "no metadata is kept with certificates" }];

fields! {
    /// The names that a certificate is asked for.
    #[derive(Clone, Debug)]
    pub struct NameParameters {
        /// Common name of the subject.
        common_name: String = "",
        /// More names: DNS names and e-mail addresses, separated by commas.
        alt_names: String = "",
        /// IP addresses.
        ip_sans: Vec<String> = "",
        /// URIs.
        uri_sans: Vec<String> = "",
        /// Names of other kinds, each as `OID;UTF8:value`.
        other_sans: Vec<String> = "",
        /// The serialNumber attribute of the subject (not the certificate's serial number).
        serial_number: String = "",
        /// UID attributes of the subject.
        user_ids: Vec<String> = "",
        /// Whether the common name is kept out of the subject alternative names.
        exclude_cn_from_sans: bool = "false",
    }
}

impl NameParameters {
    pub(crate) fn request(&self) -> NameRequest {
        let Self {
            common_name,
            alt_names,
            ip_sans,
            uri_sans,
            other_sans,
            serial_number,
            user_ids,
            exclude_cn_from_sans,
        } = self.clone();
        NameRequest {
            common_name,
            alt_names,
            ip_sans,
            uri_sans,
            other_sans,
            serial_number,
            user_ids,
            exclude_cn_from_sans,
        }
    }
}

fields! {
    /// How long a certificate is asked to last.
    #[derive(Clone, Debug)]
    pub struct ValidityParameters {
        /// Lifetime: seconds, or text such as `24h`. The role or the mount decides when it is
        /// not given.
        ttl: Option<Seconds>,
        /// The end itself, as RFC 3339 text; instead of a lifetime.
        not_after: Option<String>,
        /// The beginning, as RFC 3339 text.
        not_before: Option<String>,
    }
}

impl ValidityParameters {
    pub(crate) fn request(&self) -> ValidityRequest {
        ValidityRequest {
            ttl: self.ttl,
            not_after: self.not_after.clone(),
            not_before: self.not_before.clone(),
        }
    }
}

fields! {
    /// How the answer is written.
    #[derive(Clone, Debug)]
    pub struct DeliveryParameters {
        /// `pem`, `der` (in base64), or `pem_bundle`: the certificate with its key and chain.
        /// Where a password for one is taken, also `pkcs12_bundle` and `jks_bundle`: the same as
        /// a keystore, in base64.
        format: String = "pem",
        /// How a private key is written: `der` for the traditional form of its type, or `pkcs8`.
        private_key_format: String = "der",
    }
}

fields! {
    /// The attributes of a CA's subject, beside its common name.
    #[derive(Clone, Debug)]
    pub struct SubjectParameters {
        /// C: countries.
        country: Vec<String> = "",
        /// L: localities.
        locality: Vec<String> = "",
        /// O: organizations.
        organization: Vec<String> = "",
        /// OU: organizational units.
        ou: Vec<String> = "",
        /// Postal codes.
        postal_code: Vec<String> = "",
        /// ST: states or provinces.
        province: Vec<String> = "",
        /// Street addresses.
        street_address: Vec<String> = "",
    }
}

impl SubjectParameters {
    pub(crate) fn subject(&self) -> CaSubject {
        let Self { country, locality, organization, ou, postal_code, province, street_address } =
            self.clone();
        CaSubject { country, province, locality, street_address, postal_code, organization, ou }
    }
}

fields! {
    /// The names of a CA. It has no UIDs.
    #[derive(Clone, Debug)]
    pub struct CaNameParameters {
        /// Common name of the subject.
        common_name: String = "",
        /// More names: DNS names and e-mail addresses, separated by commas.
        alt_names: String = "",
        /// IP addresses.
        ip_sans: Vec<String> = "",
        /// URIs.
        uri_sans: Vec<String> = "",
        /// Names of other kinds, each as `OID;UTF8:value`.
        other_sans: Vec<String> = "",
        /// The serialNumber attribute of the subject (not the certificate's serial number).
        serial_number: String = "",
        /// Whether the common name is kept out of the subject alternative names.
        exclude_cn_from_sans: bool = "false",
    }
}

impl CaNameParameters {
    pub(crate) fn request(&self) -> NameRequest {
        let Self {
            common_name,
            alt_names,
            ip_sans,
            uri_sans,
            other_sans,
            serial_number,
            exclude_cn_from_sans,
        } = self.clone();
        NameRequest {
            common_name,
            alt_names,
            ip_sans,
            uri_sans,
            other_sans,
            serial_number,
            user_ids: Vec::new(),
            exclude_cn_from_sans,
        }
    }
}

fields! {
    /// Which names a CA may certify, and those below it (RFC 5280 section 4.2.1.10).
    #[derive(Clone, Debug)]
    pub struct NameConstraintParameters {
        /// Domains that names must lie in.
        permitted_dns_domains: Vec<String> = "",
        /// Domains that names must not lie in.
        excluded_dns_domains: Vec<String> = "",
        /// Blocks of addresses (CIDR) that addresses must lie in.
        permitted_ip_ranges: Vec<String> = "",
        /// Blocks of addresses (CIDR) that addresses must not lie in.
        excluded_ip_ranges: Vec<String> = "",
        /// Mailboxes or mail domains that e-mail addresses must lie in.
        permitted_email_addresses: Vec<String> = "",
        /// Mailboxes or mail domains that e-mail addresses must not lie in.
        excluded_email_addresses: Vec<String> = "",
        /// Domains that the hosts of URIs must lie in.
        permitted_uri_domains: Vec<String> = "",
        /// Domains that the hosts of URIs must not lie in.
        excluded_uri_domains: Vec<String> = "",
    }
}

impl NameConstraintParameters {
    /// The constraints, if any were given.
    pub(crate) fn parse(&self) -> Result<Option<NameConstraints>, Error> {
        let ranges = |name: &str, texts: &[String]| -> Result<Vec<IpRange>, Error> {
            texts
                .iter()
                .map(|text| {
                    IpRange::parse(text).ok_or_else(|| {
                        Error::refused(format!(
                            "invalid {name} value: invalid CIDR address: {text}"
                        ))
                    })
                })
                .collect()
        };
        let permitted = Subtrees {
            dns: self.permitted_dns_domains.clone(),
            ip: ranges("permitted_ip_ranges", &self.permitted_ip_ranges)?,
            email: self.permitted_email_addresses.clone(),
            uri: self.permitted_uri_domains.clone(),
            rest: Vec::new(),
        };
        let excluded = Subtrees {
            dns: self.excluded_dns_domains.clone(),
            ip: ranges("excluded_ip_ranges", &self.excluded_ip_ranges)?,
            email: self.excluded_email_addresses.clone(),
            uri: self.excluded_uri_domains.clone(),
            rest: Vec::new(),
        };
        let constraints = NameConstraints { permitted, excluded };
        Ok((!constraints.is_empty()).then_some(constraints))
    }
}

/// Reads a request for a certificate.
pub(crate) fn csr(text: &str) -> Result<CertificationRequest, Error> {
    if text.is_empty() {
        return Err(Error::refused("\"csr\" is empty"));
    }
    let unreadable = |problem: &dyn fmt::Display| {
        Error::refused(format!("certificate request could not be parsed: {problem}"))
    };
    let csr = CertificationRequest::from_pem(text).map_err(|problem| match problem {
        CsrError::NoData => Error::refused("csr contains no data"),
        other => unreadable(&other),
    })?;
    match csr.subject_alt_names().uri.iter().find(|text| uri::normalized(text).is_none()) {
        Some(text) => Err(unreadable(&format!("its alternative name {text:?} is not a valid URI"))),
        None => Ok(csr),
    }
}

/// Refuses a request that was not signed with the key it asks a certificate for.
pub(super) fn check_csr_signature(csr: &CertificationRequest) -> Result<(), Error> {
    if csr.signature_is_valid() { Ok(()) } else { Err(Error::refused("request signature invalid")) }
}

/// The same, where something was decided before: what was refused then comes first, unless it would
/// only have been found later.
pub(crate) fn check_csr_signature_after<T>(
    csr: &CertificationRequest,
    decided: &Result<T, Violation>,
) -> Result<(), Error> {
    match decided {
        Err(violation) if !violation.is_found_last() => Ok(()),
        _ => check_csr_signature(csr),
    }
}

/// What a request says about names.
pub(crate) fn csr_names(csr: &CertificationRequest) -> CsrNames {
    let subject = csr.subject();
    CsrNames {
        common_name: subject.common_name(),
        sans: csr.subject_alt_names().clone(),
        serial_number: subject.attribute(&oid::SUBJECT_SERIAL_NUMBER).pop(),
        user_ids: subject.attribute(&oid::USER_ID),
    }
}

/// A parameter that holds a private key or might, for answers.
pub(crate) type SecretText = Secret<String>;
