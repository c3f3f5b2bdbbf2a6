//! What extensions a certificate has, and in which order.

use super::config::UrlsConfig;
use crate::error::Error;
use crate::x509::extension::{self, Extension, PolicyInformation};
use crate::x509::general_name::SubjectAltNames;
use crate::x509::name_constraints::NameConstraints;
use crate::x509::oid::ObjectIdentifier;
use crate::x509::usage::KeyUsage;

/// What a certificate says besides names, dates and key. Every part that is empty is left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    pub(crate) key_usage: KeyUsage,
    pub(crate) ext_key_usage: Vec<ObjectIdentifier>,
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) subject_key_identifier: Vec<u8>,
    pub(crate) authority_key_identifier: Option<Vec<u8>>,
    pub(crate) urls: UrlsConfig,
    pub(crate) subject_alt_names: SubjectAltNames,
    /// Whether the names must be understood, because the subject says nothing (RFC 5280 section
    /// 4.2.1.6).
    pub(crate) names_are_critical: bool,
    pub(crate) policies: Vec<PolicyInformation>,
    /// Whether the policies stand where the reference has those that it encodes itself.
    pub(crate) policies_come_late: bool,
    pub(crate) name_constraints: Option<NameConstraints>,
}

/// RFC 5280 section 4.2.1.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BasicConstraints {
    /// Says that this is no CA.
    Leaf,
    /// A CA, with at most so many intermediates below it.
    Ca(Option<u32>),
}

/// The extensions in the order that the reference writes them.
pub(crate) fn extensions(profile: &Profile) -> Result<Vec<Extension>, Error> {
    let Profile {
        key_usage,
        ext_key_usage,
        basic_constraints,
        subject_key_identifier,
        authority_key_identifier,
        urls,
        subject_alt_names,
        names_are_critical,
        policies,
        policies_come_late,
        name_constraints,
    } = profile;
    let mut all = Vec::with_capacity(12);
    all.extend((!key_usage.is_empty()).then(|| extension::key_usage(*key_usage)));
    all.extend((!ext_key_usage.is_empty()).then(|| extension::ext_key_usage(ext_key_usage)));
    all.extend(basic_constraints.map(|constraints| match constraints {
        BasicConstraints::Leaf => extension::basic_constraints_leaf(),
        BasicConstraints::Ca(path_len) => extension::basic_constraints_ca(path_len),
    }));
    all.push(extension::subject_key_identifier(subject_key_identifier));
    all.extend(authority_key_identifier.as_deref().map(extension::authority_key_identifier));
    all.extend(authority_info_access(urls)?);
    if !subject_alt_names.is_empty() {
        all.push(extension::subject_alt_name(subject_alt_names, *names_are_critical)?);
    }
    let certificate_policies = match policies.is_empty() {
        true => None,
        false => Some(extension::certificate_policies(policies)?),
    };
    all.extend(certificate_policies.clone().filter(|_| !policies_come_late));
    if let Some(constraints) = name_constraints {
        all.push(extension::name_constraints(constraints)?);
    }
    if !urls.crl_distribution_points.is_empty() {
        all.push(extension::crl_distribution_points(&urls.crl_distribution_points)?);
    }
    all.extend(certificate_policies.filter(|_| *policies_come_late));
    if !urls.delta_crl_distribution_points.is_empty() {
        all.push(extension::freshest_crl(&urls.delta_crl_distribution_points)?);
    }
    Ok(all)
}

fn authority_info_access(urls: &UrlsConfig) -> Result<Option<Extension>, Error> {
    if urls.ocsp_servers.is_empty() && urls.issuing_certificates.is_empty() {
        return Ok(None);
    }
    Ok(Some(extension::authority_info_access(&urls.ocsp_servers, &urls.issuing_certificates)?))
}
