//! Subject alternative names: gathered from parameters or a CSR, then allowed or refused.

use std::net::IpAddr;

use super::decide::NameRequest;
use super::glob::glob;
use super::idna::{is_hostname, to_ascii};
use super::network::parse_ip;
use super::other_name::{AllowedOtherNames, OtherNameText};
use super::violation::Origin;
use super::{Role, Violation, names, oid, uri};
use crate::field::MOST_ITEMS;
use crate::x509::general_name::{OtherName, SubjectAltNames};

/// Host names and addresses before a role has its say: host names in ASCII and in order, addresses
/// sorted, each once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) dns: Vec<String>,
    pub(super) email: Vec<String>,
}

impl Listed {
    /// Those of the CSR, or else of `alt_names`, with the common name between. A common name that
    /// looks like neither gets no alternative name.
    ///
    /// # Errors
    ///
    /// [`Violation::Idna`] for a name that has no ASCII form; [`Violation::AltName`] for an item of
    /// `alt_names` that is neither: dropping it would issue something else than was asked for.
    pub(super) fn gather(
        common_name: Option<&str>,
        alt_names: &str,
        csr: Option<&SubjectAltNames>,
    ) -> Result<Self, Violation> {
        let mut listed = Self::default();
        if let Some(csr) = csr {
            listed.dns.extend(csr.dns.iter().cloned());
            listed.email.extend(csr.email.iter().cloned());
        }
        match common_name {
            Some(name) if name.contains('@') => listed.email.push(name.to_owned()),
            Some(name) => listed.dns.extend(Some(to_ascii(name)?).filter(|name| is_hostname(name))),
            None => (),
        }
        if csr.is_none() {
            listed.add_alt_names(alt_names)?;
        }
        listed.settle();
        Ok(listed)
    }

    fn add_alt_names(&mut self, alt_names: &str) -> Result<(), Violation> {
        if MOST_ITEMS < alt_names.bytes().filter(|octet| *octet == b',').count() {
            return Err(Violation::TooManyAltNames(MOST_ITEMS));
        }
        for item in alt_names.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            if names::is_email(item) {
                self.email.push(item.to_owned());
                continue;
            }
            let refused = || Violation::AltName(item.to_owned());
            if item.contains('@') {
                return Err(refused());
            }
            let ascii = to_ascii(item)?;
            if !is_hostname(&ascii) {
                return Err(refused());
            }
            self.dns.push(ascii);
        }
        Ok(())
    }

    /// Refuses what is a name under no role.
    ///
    /// # Errors
    ///
    /// [`Violation::DnsName`] or [`Violation::Email`] for the first such name.
    pub(super) fn are_plausible(&self) -> Result<(), Violation> {
        if let Some(name) = self.dns.iter().find(|name| !names::is_plausible(name)) {
            return Err(Violation::DnsName(name.clone()));
        }
        match self.email.iter().find(|address| !names::is_plausible(address)) {
            Some(address) => Err(Violation::Email(address.clone())),
            None => Ok(()),
        }
    }

    fn settle(&mut self) {
        let mut seen = std::collections::HashSet::new();
        self.dns.retain(|name| !name.is_empty() && seen.insert(name.clone()));
        for address in &mut self.email {
            *address = address.trim().to_owned();
        }
        self.email.retain(|address| !address.is_empty());
        self.email.sort_unstable();
        self.email.dedup();
    }
}

/// The other names of the request, then those of the CSR, if `allowed` allows them.
///
/// # Errors
///
/// A text that is none, or a name that is not allowed.
pub(super) fn other_names(
    allowed: &AllowedOtherNames<'_>,
    request: &[String],
    csr: &[OtherName],
) -> Result<Vec<OtherName>, Violation> {
    let mut texts = Vec::new();
    for text in request {
        texts.push(OtherNameText::parse(text).map_err(Violation::RequestedOtherSan)?);
    }
    for name in csr {
        texts.push(OtherNameText { oid: &name.oid, value: &name.value });
    }
    for text in &texts {
        allowed.check(*text)?;
    }
    let own = |text: &OtherNameText<'_>| OtherName {
        oid: text.oid.to_owned(),
        value: text.value.to_owned(),
    };
    Ok(texts.iter().map(own).collect())
}

/// IP addresses of the CSR, or else of the request, in order.
///
/// # Errors
///
/// [`Violation::NotAnIp`] for the first text that is none.
pub(super) fn ips(
    request: &[String],
    csr: Option<&SubjectAltNames>,
) -> Result<(Origin, Vec<IpAddr>), Violation> {
    if let Some(csr) = csr {
        return Ok((Origin::Csr, csr.ip.iter().map(IpAddr::to_canonical).collect()));
    }
    let parse = |text: &String| {
        let text = text.trim();
        parse_ip(text).ok_or_else(|| Violation::NotAnIp(text.to_owned()))
    };
    Ok((Origin::Api, request.iter().map(parse).collect::<Result<_, _>>()?))
}

/// Refuses IP addresses that the role does not allow. Networks narrow `allow_ip_sans`; they do not
/// stand in for it.
///
/// # Errors
///
/// [`Violation::IpSans`] for any address, or [`Violation::Ip`] for the first outside the networks.
pub fn ips_allowed(role: &Role, origin: Origin, ips: &[IpAddr]) -> Result<(), Violation> {
    if !role.allow_ip_sans && !ips.is_empty() {
        return Err(Violation::IpSans(origin));
    }
    let networks = role.allowed_networks()?;
    let outside = |ip: &&IpAddr| {
        !networks.is_empty() && !networks.iter().any(|network| network.contains(**ip))
    };
    match ips.iter().find(outside) {
        Some(ip) => Err(Violation::Ip(*ip)),
        None => Ok(()),
    }
}

/// URIs of the CSR, or else of the request, as they were written.
pub(super) fn uris<'a>(
    request: &'a [String],
    csr: Option<&'a SubjectAltNames>,
) -> (Origin, &'a [String]) {
    match csr {
        Some(csr) => (Origin::Csr, &csr.uri),
        None => (Origin::Api, request),
    }
}

/// Refuses URIs that fit no pattern of the role: those of a request as they were written, those of
/// a CSR in their normal form.
///
/// # Errors
///
/// [`Violation::UriSans`] if the role has no patterns, else [`Violation::Uri`].
pub fn uris_allowed(role: &Role, origin: Origin, uris: &[String]) -> Result<(), Violation> {
    if uris.is_empty() {
        return Ok(());
    }
    if role.allowed_uri_sans.is_empty() {
        return Err(Violation::UriSans(origin));
    }
    let fits = |uri: &String| role.allowed_uri_sans.iter().any(|pattern| glob(pattern, uri));
    if uris.iter().all(fits) { Ok(()) } else { Err(Violation::Uri(origin)) }
}

/// URIs in their normal form.
///
/// # Errors
///
/// [`Violation::NotAUri`] for the first that is none.
pub(super) fn normalized_uris(uris: &[String]) -> Result<Vec<String>, Violation> {
    let normalize =
        |text: &String| uri::normalized(text).ok_or_else(|| Violation::NotAUri(text.clone()));
    uris.iter().map(normalize).collect()
}

/// Refuses names that no certificate can hold: of kinds that are not object identifiers, or not in
/// ASCII where it has to be.
///
/// # Errors
///
/// [`Violation::OtherSanNotAnOid`] or [`Violation::NotIa5`].
///
/// Source: RFC 5280 section 4.2.1.6.
pub(super) fn fit_in_certificate(sans: &SubjectAltNames) -> Result<(), Violation> {
    if let Some(name) = sans.other.iter().find(|name| oid::parse(&name.oid).is_none()) {
        return Err(Violation::OtherSanNotAnOid(name.oid.clone()));
    }
    let mut names = sans.dns.iter().chain(&sans.email).chain(&sans.uri);
    match names.find(|name| !name.is_ascii()) {
        Some(name) => Err(Violation::NotIa5(name.clone())),
        None => Ok(()),
    }
}

/// The alternative names of a certificate under a role, in the order in which Vault looks at them.
///
/// # Errors
///
/// The first name that the role does not allow, or that is none.
pub(super) fn under_role(
    role: &Role,
    request: &NameRequest,
    listed: Listed,
    csr: Option<&SubjectAltNames>,
) -> Result<SubjectAltNames, Violation> {
    let Listed { dns, email } = listed;
    names::dns_names_allowed(role, &dns)?;
    names::emails_allowed(role, &email)?;
    let allowed = AllowedOtherNames::parse(&role.allowed_other_sans)?;
    let csr_other = csr.map_or(&[][..], |csr| &csr.other);
    let other = other_names(&allowed, &request.other_sans, csr_other)?;
    let (origin, ip) = ips(&request.ip_sans, csr)?;
    ips_allowed(role, origin, &ip)?;
    let (origin, written) = uris(&request.uri_sans, csr);
    let uri = match origin {
        Origin::Csr => {
            let uri = normalized_uris(written)?;
            uris_allowed(role, origin, &uri)?;
            uri
        }
        Origin::Api => {
            uris_allowed(role, origin, written)?;
            normalized_uris(written)?
        }
    };
    Ok(SubjectAltNames { other, dns, email, ip, uri, rest: Vec::new() })
}

/// Everything that a request names, for deciders that have no role to ask.
///
/// # Errors
///
/// A name that is none.
pub(super) fn of_request(
    request: &NameRequest,
    common_name: Option<&str>,
) -> Result<SubjectAltNames, Violation> {
    let Listed { dns, email } = Listed::gather(common_name, &request.alt_names, None)?;
    let other = other_names(&AllowedOtherNames::Any, &request.other_sans, &[])?;
    let (_, ip) = ips(&request.ip_sans, None)?;
    let uri = normalized_uris(&request.uri_sans)?;
    Ok(SubjectAltNames { other, dns, email, ip, uri, rest: Vec::new() })
}
