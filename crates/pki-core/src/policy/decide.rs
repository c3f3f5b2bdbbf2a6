//! Which names a certificate gets: under a role, verbatim, or for a CA.

use super::other_name::AllowedOtherNames;
use super::role::SerialNumberSource;
use super::validity::Validity;
use super::{Role, Violation, Warning, names, sans, subject};
use crate::x509::general_name::SubjectAltNames;
use crate::x509::subject::SubjectAttributes;

/// The names that a request gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameRequest {
    /// Common name of the subject; empty if there is none.
    pub common_name: String,
    /// Host names and addresses, with commas between them.
    pub alt_names: String,
    /// IP addresses.
    pub ip_sans: Vec<String>,
    /// URIs.
    pub uri_sans: Vec<String>,
    /// Other names, as `OID;UTF8:value`.
    pub other_sans: Vec<String>,
    /// Serial number of the subject, which is not the certificate's; empty if there is none.
    pub serial_number: String,
    /// User ids of the subject.
    pub user_ids: Vec<String>,
    /// Whether the common name stays out of the alternative names.
    pub exclude_cn_from_sans: bool,
}

/// The names that a CSR gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsrNames {
    /// Common name of the subject.
    pub common_name: Option<String>,
    /// Subject alternative names.
    pub sans: SubjectAltNames,
    /// Serial number of the subject.
    pub serial_number: Option<String>,
    /// User ids of the subject.
    pub user_ids: Vec<String>,
}

/// The attributes of a CA's subject that a request gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaSubject {
    /// Countries.
    pub country: Vec<String>,
    /// States or provinces.
    pub province: Vec<String>,
    /// Localities.
    pub locality: Vec<String>,
    /// Street addresses.
    pub street_address: Vec<String>,
    /// Postal codes.
    pub postal_code: Vec<String>,
    /// Organizations.
    pub organization: Vec<String>,
    /// Organizational units.
    pub ou: Vec<String>,
}

/// Names that may go into a certificate. Only a decider in this module makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedNames {
    /// The subject.
    pub subject: SubjectAttributes,
    /// The subject alternative names.
    pub sans: SubjectAltNames,
    /// Keeps others from making one.
    decided: Decided,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decided;

/// Decides about the names of a certificate whose key is made here.
///
/// # Errors
///
/// The first name that the role does not allow, or that is none.
pub fn names_for_issue(role: &Role, request: &NameRequest) -> Result<ApprovedNames, Violation> {
    under_role(
        role,
        request,
        &Subject {
            common_name: given(&request.common_name),
            serial_number: given(&request.serial_number),
            user_ids: &request.user_ids,
        },
        None,
    )
}

/// Decides about the names of a certificate for a CSR. What the role takes from the CSR is decided
/// about like parameters.
///
/// # Errors
///
/// The first name that the role does not allow, or that is none.
pub fn names_for_sign(
    role: &Role,
    request: &NameRequest,
    csr: &CsrNames,
) -> Result<(ApprovedNames, Vec<Warning>), Violation> {
    let asked = given(&request.common_name);
    let from_csr = csr.common_name.as_deref().and_then(given);
    let csr_serial = match role.serial_number_source()? {
        SerialNumberSource::RequestOrCsr => csr.serial_number.as_deref().and_then(given),
        SerialNumberSource::Request => None,
    };
    let subject = Subject {
        common_name: from_csr.filter(|_| role.use_csr_common_name).or(asked),
        serial_number: given(&request.serial_number).or(csr_serial),
        user_ids: if request.user_ids.is_empty() { &csr.user_ids } else { &request.user_ids },
    };
    let sans = role.use_csr_sans.then_some(&csr.sans);
    let approved = under_role(role, request, &subject, sans)?;
    let mut warnings = ignored(request, role.use_csr_common_name, role.use_csr_sans);
    // A role has no words for other kinds of names, so it allows none.
    if sans.is_some_and(|sans| !sans.rest.is_empty()) {
        warnings.push(Warning::CsrNamesLeftOut);
    }
    Ok((approved, warnings))
}

/// The alternative names of a certificate that is signed verbatim: nothing if they stay as the CSR
/// has them, because the request adds none.
///
/// # Errors
///
/// A name in the CSR that is none under any role, or an other name in the request that is none.
pub fn names_for_verbatim(
    request: &NameRequest,
    csr: &CsrNames,
) -> Result<(Option<SubjectAltNames>, Vec<Warning>), Violation> {
    let warnings = ignored(request, true, true);
    let common_name = csr.common_name.as_deref().and_then(given);
    let common_name = common_name.or(given(&request.common_name));
    let alternative = common_name.filter(|_| !request.exclude_cn_from_sans);
    let listed = sans::Listed::gather(alternative, "", Some(&csr.sans))?;
    listed.are_plausible()?;
    Ok((with_other_names(request, csr)?, warnings))
}

/// The alternative names of a CSR with the other names of the request: nothing if they stay as the
/// CSR has them, because the request adds none.
///
/// # Errors
///
/// An other name that is none.
pub fn with_other_names(
    request: &NameRequest,
    csr: &CsrNames,
) -> Result<Option<SubjectAltNames>, Violation> {
    if request.other_sans.is_empty() {
        return Ok(None);
    }
    let other = sans::other_names(&AllowedOtherNames::Any, &request.other_sans, &csr.sans.other)?;
    let sans = SubjectAltNames { other, ..csr.sans.clone() };
    sans::fit_in_certificate(&sans)?;
    Ok(Some(sans))
}

/// Decides about the names of a root or intermediate, or of its CSR: a request may name anything
/// that is a name. A CSR that is to be signed gives the common name and the serial number of the
/// subject where the request does not, and nothing else.
///
/// # Errors
///
/// The first name that is none.
pub fn names_for_ca(
    request: &NameRequest,
    subject: &CaSubject,
    csr: Option<&CsrNames>,
) -> Result<ApprovedNames, Violation> {
    let csr_name = csr.and_then(|csr| csr.common_name.as_deref()).and_then(given);
    let csr_serial = csr.and_then(|csr| csr.serial_number.as_deref()).and_then(given);
    let common_name = given(&request.common_name).or(csr_name);
    // A CA may be called what no host is, so a name with an `@` need not be an address.
    let alternative = common_name
        .filter(|_| !request.exclude_cn_from_sans)
        .filter(|name| !name.contains('@') || names::is_email(name));
    if let Some(name) = common_name {
        ca_name_allowed(name, request.exclude_cn_from_sans)?;
    }
    let sans = sans::of_request(request, alternative)?;
    sans::fit_in_certificate(&sans)?;
    let subject = SubjectAttributes {
        common_name: common_name.map(str::to_owned),
        serial_number: given(&request.serial_number).or(csr_serial).map(str::to_owned),
        user_ids: request.user_ids.clone(),
        ..subject::of_ca(subject)
    };
    Ok(ApprovedNames { subject, sans, decided: Decided })
}

/// Refuses a name that no CA can have. With an `@` it would be an address, unless it is to be none.
fn ca_name_allowed(name: &str, is_excluded: bool) -> Result<(), Violation> {
    if name.chars().any(char::is_control) {
        return Err(Violation::CommonName(name.to_owned()));
    }
    if name.contains('@') && !is_excluded && !names::is_plausible(name) {
        return Err(Violation::Email(name.to_owned()));
    }
    Ok(())
}

/// Both decisions about a certificate, or the problem that Vault would report first: user ids come
/// after lifetimes, all other names before.
///
/// # Errors
///
/// One of the two violations.
pub fn names_and_validity<N>(
    names: Result<N, Violation>,
    validity: Result<(Validity, Vec<Warning>), Violation>,
) -> Result<(N, Validity, Vec<Warning>), Violation> {
    match (names, validity) {
        (Ok(names), Ok((validity, warnings))) => Ok((names, validity, warnings)),
        (Err(Violation::OtherSanNotAnOid(_)), Err(violation)) => Err(violation),
        (Err(Violation::UserId(_) | Violation::NotIa5(_)), Err(violation))
            if !matches!(violation, Violation::EndsBeforeItBegins { .. }) =>
        {
            Err(violation)
        }
        (Err(violation), _) | (Ok(_), Err(violation)) => Err(violation),
    }
}

/// The attributes of a subject that a requester can choose under a role.
struct Subject<'a> {
    common_name: Option<&'a str>,
    serial_number: Option<&'a str>,
    user_ids: &'a [String],
}

/// The one place where a role decides about names, wherever they came from. The order is the one
/// in which Vault reports problems.
fn under_role(
    role: &Role,
    request: &NameRequest,
    wanted: &Subject<'_>,
    csr: Option<&SubjectAltNames>,
) -> Result<ApprovedNames, Violation> {
    let Subject { common_name, serial_number, user_ids } = *wanted;
    if common_name.is_none() && role.require_cn {
        return Err(Violation::CommonNameMissing);
    }
    let alternative = common_name.filter(|_| !request.exclude_cn_from_sans);
    let listed = sans::Listed::gather(alternative, &request.alt_names, csr)?;
    if let Some(name) = common_name {
        names::common_name_allowed(role, name)?;
    }
    if let Some(serial) = serial_number {
        subject::serial_number_allowed(role, serial)?;
    }
    let sans = sans::under_role(role, request, listed, csr)?;
    subject::user_ids_allowed(role, user_ids)?;
    sans::fit_in_certificate(&sans)?;
    let subject = SubjectAttributes {
        common_name: common_name.map(str::to_owned),
        serial_number: serial_number.map(str::to_owned),
        user_ids: user_ids.to_vec(),
        ..subject::of_role(role)
    };
    Ok(ApprovedNames { subject, sans, decided: Decided })
}

/// The parameters that a CSR stands in for, if they were given all the same.
fn ignored(request: &NameRequest, common_name: bool, alt_names: bool) -> Vec<Warning> {
    let common_name = common_name && !request.common_name.is_empty();
    let alt_names = alt_names && !request.alt_names.is_empty();
    let warnings = [
        common_name.then_some(Warning::CommonNameIgnored),
        alt_names.then_some(Warning::AltNamesIgnored),
    ];
    warnings.into_iter().flatten().collect()
}

/// The text, unless it is empty.
fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
