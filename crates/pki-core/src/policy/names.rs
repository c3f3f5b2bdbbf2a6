//! Whether a role allows a name.

use super::glob::glob;
use super::idna::{is_hostname, is_label, to_ascii};
use super::{Role, Violation};

/// A name taken apart: what is left of it to compare once mailbox and wildcard are gone.
struct Shape<'a> {
    /// The domain of a mailbox, what follows the wildcard label, or the whole name.
    reduced: &'a str,
    is_email: bool,
    /// The label that holds a `*`.
    wildcard: Option<&'a str>,
}

impl<'a> Shape<'a> {
    /// Nothing for what is no name under any role: two `@`, two `*`, a `*` that is not in the first
    /// label or that belongs to a mailbox's domain, a control character. The last is ours: a name
    /// that ends in a good domain after a NUL has been taken for another one before.
    fn of(name: &'a str) -> Option<Self> {
        if name.chars().any(char::is_control) {
            return None;
        }
        let (is_email, domain) = match name.split_once('@') {
            Some((_, domain)) => (true, domain),
            None => (false, name),
        };
        let (wildcard, reduced) = match domain.split_once('.') {
            _ if !domain.contains('*') => (None, domain),
            Some((label, rest)) => (Some(label), rest),
            None => (Some(domain), ""),
        };
        let sound = wildcard.is_none_or(|label| {
            !is_email && label.matches('*').count() == 1 && !reduced.contains('*')
        });
        let sound = sound && !domain.contains('@');
        sound.then_some(Self { reduced, is_email, wildcard })
    }

    fn has_host_syntax(&self) -> bool {
        let host = self.reduced.is_empty()
            || to_ascii(self.reduced).is_ok_and(|ascii| is_hostname(&ascii));
        host && self.wildcard.is_none_or(is_wildcard_label)
    }
}

/// `*`, `*x`, `x*` or `x*y`.
fn is_wildcard_label(label: &str) -> bool {
    label.split('*').all(|part| part.is_empty() || is_label(part))
}

/// Whether a text could be a name at all, whatever the role.
pub fn is_plausible(name: &str) -> bool {
    Shape::of(name).is_some()
}

/// Whether the role allows a name: a host name, a wildcard or an e-mail address.
///
/// A role that lists no domains and does not say `allow_any_name` allows `localhost` at most.
pub fn validate_name(role: &Role, name: &str) -> bool {
    let Some(shape) = Shape::of(name) else {
        return false;
    };
    if !role.allow_wildcard_certificates && name.contains('*') {
        return false;
    }
    if role.enforce_hostnames && !shape.has_host_syntax() {
        return false;
    }
    role.allow_any_name
        || (role.allow_localhost && is_local(role, &shape))
        || role
            .allowed_domains
            .iter()
            .filter(|domain| !domain.is_empty())
            .any(|domain| in_domain(role, domain, name, &shape))
}

/// The names of the machine itself. Vault's `allow_token_displayname` has no counterpart here: there is
/// no token that could have a display name.
fn is_local(role: &Role, shape: &Shape<'_>) -> bool {
    ["localhost", "localdomain"].iter().any(|local| {
        let below = shape.reduced.strip_suffix(local).is_some_and(|start| start.ends_with('.'));
        shape.reduced == *local || (role.allow_subdomains && below)
    })
}

/// Whether one entry of `allowed_domains` lets the name through. The whole name is compared with
/// the entry, so an entry that is an address allows that mailbox and no other.
fn in_domain(role: &Role, domain: &str, name: &str, shape: &Shape<'_>) -> bool {
    let bare = name.eq_ignore_ascii_case(domain)
        || (shape.is_email && shape.reduced.eq_ignore_ascii_case(domain));
    let subdomain = is_below(shape.reduced, domain)
        || (shape.wildcard.is_some() && shape.reduced.eq_ignore_ascii_case(domain));
    (role.allow_bare_domains && bare)
        || (role.allow_subdomains && subdomain)
        || (role.allow_glob_domains && domain.contains('*') && glob(domain, name))
}

/// Whether a name ends in a dot and the domain. Case does not matter (RFC 4343).
fn is_below(name: &str, domain: &str) -> bool {
    let Some(start) = name.len().checked_sub(domain.len()) else {
        return false;
    };
    let (Some(before), Some(end)) = (name.get(..start), name.get(start..)) else {
        return false;
    };
    before.ends_with('.') && end.eq_ignore_ascii_case(domain)
}

/// What a common name must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommonNameRule {
    /// Anything.
    Unchecked,
    /// A name that the role allows.
    Checked {
        /// It may be an address.
        email: bool,
        /// It may be a host name.
        hostname: bool,
    },
}

impl CommonNameRule {
    /// Reads `cn_validations` in lower case.
    ///
    /// # Errors
    ///
    /// A word that is unknown, or given twice, or `disabled` in company.
    pub fn parse(words: &[String]) -> Result<Self, Violation> {
        let (mut disabled, mut email, mut hostname) = (false, false, false);
        for word in words {
            let seen = match word.as_str() {
                "disabled" => &mut disabled,
                "email" => &mut email,
                "hostname" => &mut hostname,
                _ => return Err(Violation::UnknownCnValidation(word.clone())),
            };
            if std::mem::replace(seen, true) {
                return Err(Violation::RepeatedCnValidation(word.clone()));
            }
        }
        match (disabled, email || hostname) {
            (true, true) => Err(Violation::DisabledCnValidation),
            (true, false) => Ok(Self::Unchecked),
            (false, _) => Ok(Self::Checked { email, hostname }),
        }
    }
}

/// Refuses a common name that the role does not allow.
///
/// # Errors
///
/// [`Violation::CommonName`].
pub fn common_name_allowed(role: &Role, name: &str) -> Result<(), Violation> {
    let right_kind = match CommonNameRule::parse(&role.cn_validations)? {
        CommonNameRule::Unchecked => return Ok(()),
        CommonNameRule::Checked { email, hostname } => {
            if name.contains('@') {
                email
            } else {
                hostname
            }
        }
    };
    if right_kind && validate_name(role, name) {
        Ok(())
    } else {
        Err(Violation::CommonName(name.to_owned()))
    }
}

/// Refuses the first DNS name that the role does not allow.
///
/// # Errors
///
/// [`Violation::DnsName`].
pub fn dns_names_allowed(role: &Role, names: &[String]) -> Result<(), Violation> {
    match names.iter().find(|name| name.contains('@') || !validate_name(role, name)) {
        Some(name) => Err(Violation::DnsName(name.clone())),
        None => Ok(()),
    }
}

/// Refuses the first address that the role does not allow.
///
/// # Errors
///
/// [`Violation::Email`].
pub fn emails_allowed(role: &Role, addresses: &[String]) -> Result<(), Violation> {
    match addresses.iter().find(|address| !address.contains('@') || !validate_name(role, address)) {
        Some(address) => Err(Violation::Email(address.clone())),
        None => Ok(()),
    }
}

/// Whether a text is an address that a certificate can hold: printable ASCII, one `@`, something
/// before it and a host name after it.
///
/// Source: RFC 5280 section 4.2.1.6, rfc822Name.
pub fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(mailbox, domain)| {
        !mailbox.is_empty()
            && mailbox.bytes().all(|byte| byte.is_ascii_graphic())
            && !domain.contains('*')
            && !domain.ends_with('.')
            && is_hostname(domain)
    })
}
