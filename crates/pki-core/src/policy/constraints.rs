//! What the CAs above a new certificate allow: which names it may have, and whether another CA may
//! stand below them.
//!
//! A chain may hold more than one way up, where CAs were issued again or signed each other. One
//! good way is enough, as it is for those who verify; on it, every certificate must agree.
//!
//! Source: RFC 5280 sections 4.2.1.9, 4.2.1.10 and 6.1.

use std::net::IpAddr;

use super::subtree::{address_is_within, domain_is_within, host_is_within, mailbox_is_within};
use super::{Violation, idna, uri};
use crate::x509::certificate::Certificate;
use crate::x509::chain::ways_up;
use crate::x509::extension::Extension;
use crate::x509::general_name::{NameKind, SubjectAltNames};
use crate::x509::name::DistinguishedName;
use crate::x509::name_constraints::{IpRange, NameConstraints, Subtrees};
use crate::x509::oid;

/// Where the names of a certificate are. They are read only if someone asks for them.
#[derive(Clone, Copy, Debug)]
pub struct NamesOf<'a> {
    /// Its subject.
    pub subject: &'a DistinguishedName,
    /// Its extensions, as they will be signed.
    pub extensions: &'a [Extension],
}

/// How often a name is compared with a subtree of one CA. OpenSSL takes no certificate that needs
/// more, so that nobody can keep it busy with one.
const MOST_COMPARISONS: usize = 1 << 20;

/// Every name that a certificate is good for.
#[derive(Clone, Debug, Default)]
pub struct CertifiedNames {
    /// The alternative names, and what in the subject acts as one.
    pub names: SubjectAltNames,
    /// Whether the subject says anything, which makes it a directoryName.
    pub has_subject: bool,
}

impl NamesOf<'_> {
    /// Reads all names. E-mail addresses in the subject are names; so is a common name that looks
    /// like a host's where there is no DNS name, since programs then take it for one.
    ///
    /// # Errors
    ///
    /// [`Violation::UnreadableNames`].
    pub fn read(&self) -> Result<CertifiedNames, Violation> {
        let found = self.extensions.iter().find(|extension| extension.oid == oid::SUBJECT_ALT_NAME);
        let mut names = match found {
            Some(extension) => SubjectAltNames::from_der(&extension.value)
                .map_err(|problem| Violation::UnreadableNames(problem.to_string()))?,
            None => SubjectAltNames::default(),
        };
        if names.dns.is_empty() {
            let all = self.subject.attribute(&oid::COMMON_NAME).into_iter();
            names.dns.extend(all.filter(|name| looks_like_a_host(name)));
        }
        let addresses = self.subject.attribute(&oid::EMAIL_ADDRESS);
        names.email.extend(addresses);
        Ok(CertifiedNames { names, has_subject: !self.subject.is_empty() })
    }
}

/// A common name of one label is as good as never a host's: `Root`, `Issuing`.
fn looks_like_a_host(name: &str) -> bool {
    name.contains('.') && idna::is_hostname(name.strip_prefix("*.").unwrap_or(name))
}

/// Whether a certificate may have its names below these CAs, the first of which is to sign it.
///
/// # Errors
///
/// The name, the constraint, and the CA that has it.
pub fn check(chain: &[Certificate], certificate: NamesOf<'_>) -> Result<(), Violation> {
    let is_constrained = |ca: &Certificate| ca.extension(&oid::NAME_CONSTRAINTS).is_some();
    if !chain.iter().any(is_constrained) {
        return Ok(());
    }
    let names = certificate.read()?;
    let verdicts: Vec<Result<(), Violation>> =
        chain.iter().map(|ca| under_ca(ca, &names)).collect();
    let mut refusal = Ok(());
    for way in ways_up(chain) {
        let refused =
            way.iter().filter_map(|at| verdicts.get(*at)).find(|verdict| verdict.is_err());
        match refused {
            None => return Ok(()),
            Some(found) => refusal = refusal.and_then(|()| found.clone()),
        }
    }
    refusal
}

/// Whether one CA allows the names.
fn under_ca(ca: &Certificate, names: &CertifiedNames) -> Result<(), Violation> {
    let Some(extension) = ca.extension(&oid::NAME_CONSTRAINTS) else {
        return Ok(());
    };
    let authority = ca.subject().to_string();
    match NameConstraints::from_der(&extension.value) {
        Ok(constraints) => allow(&constraints, names, &authority),
        // What cannot be understood must not be taken for no constraint.
        Err(problem) => {
            Err(Violation::UnreadableConstraints { authority, problem: problem.to_string() })
        }
    }
}

/// Whether the name constraints of one CA allow the names.
///
/// # Errors
///
/// The first name that they do not allow, kind by kind.
pub fn allow(
    constraints: &NameConstraints,
    names: &CertifiedNames,
    authority: &str,
) -> Result<(), Violation> {
    known_kinds_only(constraints, names, authority)?;
    let (permitted, excluded) = (&constraints.permitted, &constraints.excluded);
    let names = &names.names;
    dns((&permitted.dns, &excluded.dns)).allow(&names.dns, authority)?;
    email((&permitted.email, &excluded.email)).allow(&names.email, authority)?;
    ip((&permitted.ip, &excluded.ip)).allow(&names.ip, authority)?;
    uri((&permitted.uri, &excluded.uri)).allow(&names.uri, authority)
}

/// The permitted subtrees of a kind, and the excluded ones.
type Both<'a, B> = (&'a [B], &'a [B]);

fn dns(subtrees: Both<'_, String>) -> Kind<'_, String, String> {
    Kind {
        kind: NameKind::Dns,
        subtrees,
        is_sound: |_| true,
        fits: |name, base| domain_is_within(name, base),
        reaches: |name, base| wildcard_reaches(name, base),
    }
}

fn email(subtrees: Both<'_, String>) -> Kind<'_, String, String> {
    Kind {
        kind: NameKind::Email,
        subtrees,
        is_sound: |name| is_mailbox(name),
        fits: |name, base| mailbox_is_within(name, base),
        reaches: |_, _| false,
    }
}

fn ip(subtrees: Both<'_, IpRange>) -> Kind<'_, IpAddr, IpRange> {
    Kind {
        kind: NameKind::Ip,
        subtrees,
        is_sound: |_| true,
        fits: |address, base| address_is_within(*address, base),
        reaches: |_, _| false,
    }
}

fn uri(subtrees: Both<'_, String>) -> Kind<'_, String, String> {
    Kind {
        kind: NameKind::Uri,
        subtrees,
        is_sound: |name| uri::domain(name).is_some(),
        fits: |name, base| uri::domain(name).is_some_and(|host| host_is_within(host, base)),
        reaches: |_, _| false,
    }
}

/// The constraints of one CA on one kind of name, and how its names are compared with them.
struct Kind<'a, N, B> {
    kind: NameKind,
    subtrees: Both<'a, B>,
    /// Whether a name can be compared at all.
    is_sound: fn(&N) -> bool,
    fits: fn(&N, &B) -> bool,
    /// Whether a name that is not in an excluded subtree still stands for one that is.
    reaches: fn(&N, &B) -> bool,
}

impl<N: ToString, B: ToString> Kind<'_, N, B> {
    /// What is excluded is so whatever is permitted. If nothing of a kind is permitted, all of it
    /// is.
    fn allow(&self, names: &[N], authority: &str) -> Result<(), Violation> {
        let (permitted, excluded) = self.subtrees;
        if permitted.is_empty() && excluded.is_empty() {
            return Ok(());
        }
        if MOST_COMPARISONS < names.len().saturating_mul(permitted.len() + excluded.len()) {
            let (kind, authority) = (self.kind, authority.to_owned());
            return Err(Violation::TooManyNames { kind, authority });
        }
        names.iter().try_for_each(|name| self.allow_one(name, authority))
    }

    fn allow_one(&self, name: &N, authority: &str) -> Result<(), Violation> {
        let (permitted, excluded) = self.subtrees;
        let authority = authority.to_owned();
        let (kind, text) = (self.kind, name.to_string());
        if !(self.is_sound)(name) {
            // It is in no subtree for sure, and outside none either.
            return Err(Violation::NameWithoutDomain { kind, name: text, authority });
        }
        let is_hit = |base: &&B| (self.fits)(name, base) || (self.reaches)(name, base);
        if let Some(constraint) = excluded.iter().find(is_hit) {
            let constraint = constraint.to_string();
            return Err(Violation::NameExcluded { kind, name: text, constraint, authority });
        }
        if permitted.is_empty() || permitted.iter().any(|base| (self.fits)(name, base)) {
            return Ok(());
        }
        let permitted = permitted.iter().map(B::to_string).collect();
        Err(Violation::NameNotPermitted { kind, name: text, permitted, authority })
    }
}

/// Whether some name that a wildcard stands for is in an excluded subtree.
///
/// The wildcard may stand for the very label that is excluded (CVE-2025-61727 of Go).
fn wildcard_reaches(name: &str, base: &str) -> bool {
    let (Some((label, above)), Some((_, domain))) = (name.split_once('.'), base.split_once('.'))
    else {
        return false;
    };
    label.contains('*')
        && !base.starts_with('.')
        && above.trim_end_matches('.').eq_ignore_ascii_case(domain.trim_end_matches('.'))
}

/// Two parts and one `@`: with more, programs disagree about where the host begins.
fn is_mailbox(name: &str) -> bool {
    name.split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'))
}

/// Refuses names of kinds that are constrained in a way that is not understood here, as a
/// constraint that is critical demands (RFC 5280 section 4.2.1.10).
fn known_kinds_only(
    constraints: &NameConstraints,
    names: &CertifiedNames,
    authority: &str,
) -> Result<(), Violation> {
    let both = [&constraints.permitted, &constraints.excluded];
    let present = kinds_present(names);
    let unknown =
        both.iter().flat_map(|subtrees| subtrees.rest_kinds()).find(|kind| present.contains(kind));
    let unread = names.names.rest_kinds();
    let unread =
        unread.into_iter().find(|kind| both.iter().any(|subtrees| is_constrained(subtrees, *kind)));
    match unknown.or(unread) {
        None => Ok(()),
        Some(kind) => Err(Violation::UncheckedKind { kind, authority: authority.to_owned() }),
    }
}

fn kinds_present(names: &CertifiedNames) -> Vec<NameKind> {
    let SubjectAltNames { other, dns, email, ip, uri, rest: _ } = &names.names;
    let lists = [
        (NameKind::Other, other.is_empty()),
        (NameKind::Dns, dns.is_empty()),
        (NameKind::Email, email.is_empty()),
        (NameKind::Ip, ip.is_empty()),
        (NameKind::Uri, uri.is_empty()),
        (NameKind::Directory, !names.has_subject),
    ];
    let listed = lists.into_iter().filter(|(_, is_empty)| !is_empty);
    let rest = names.names.rest_kinds();
    listed.map(|(kind, _)| kind).chain(rest).collect()
}

/// Whether there is a subtree of this kind, understood or not.
fn is_constrained(subtrees: &Subtrees, kind: NameKind) -> bool {
    let known = match kind {
        NameKind::Dns => !subtrees.dns.is_empty(),
        NameKind::Email => !subtrees.email.is_empty(),
        NameKind::Ip => !subtrees.ip.is_empty(),
        NameKind::Uri => !subtrees.uri.is_empty(),
        NameKind::Other
        | NameKind::X400
        | NameKind::Directory
        | NameKind::EdiParty
        | NameKind::Registered
        | NameKind::Unknown => false,
    };
    known || subtrees.rest_kinds().contains(&kind)
}

/// How many CAs may stand below a new one, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The longest path length that it may state.
    pub most: u32,
    /// The subject of the CA whose limit that is.
    pub authority: String,
}

/// What a CA under this chain may state as its path length; nothing if there is no limit.
/// `counted` is 1, or 0 for a new CA that has the name of its issuer: such do not count.
///
/// # Errors
///
/// The CA that allows no further one at this place.
pub fn room_below(chain: &[Certificate], counted: u32) -> Result<Option<Room>, Violation> {
    if chain.iter().all(|ca| ca.path_len().is_none()) {
        return Ok(None);
    }
    let mut best: Option<Result<Option<Room>, Violation>> = None;
    for way in ways_up(chain) {
        let members: Vec<&Certificate> = way.iter().filter_map(|at| chain.get(*at)).collect();
        let found = room_on_way(&members, counted);
        if best.as_ref().is_none_or(|best| is_wider(&found, best)) {
            best = Some(found);
        }
    }
    best.unwrap_or(Ok(None))
}

fn is_wider(
    one: &Result<Option<Room>, Violation>,
    other: &Result<Option<Room>, Violation>,
) -> bool {
    let width = |room: &Result<Option<Room>, Violation>| match room {
        Err(_) => None,
        Ok(room) => Some(room.as_ref().map_or(u64::MAX, |room| room.most.into())),
    };
    width(other) < width(one)
}

fn room_on_way(way: &[&Certificate], counted: u32) -> Result<Option<Room>, Violation> {
    let mut below = counted;
    let mut room: Option<Room> = None;
    for ca in way {
        if let Some(limit) = ca.path_len() {
            let authority = ca.subject().to_string();
            let Some(most) = limit.checked_sub(below) else {
                return Err(Violation::PathTooLong { limit, below, authority });
            };
            if room.as_ref().is_none_or(|room| most < room.most) {
                room = Some(Room { most, authority });
            }
        }
        below = below.saturating_add(u32::from(!ca.is_self_issued()));
    }
    Ok(room)
}
