//! When a certificate begins and ends.

use std::cmp::Ordering;

use super::bound::{Behavior, NotAfterBound, NotBeforeBound};
use super::cel::{Authority, Template};
use super::{Role, Violation, Warning};
use crate::domain::time::Timestamp;
use crate::field::Seconds;

/// How many seconds certificates are backdated when nothing says so.
pub const DEFAULT_BACKDATE: i64 = 30;

/// Lifetimes that a mount gives and allows, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MountTtls {
    /// When nothing else says.
    pub default: i64,
    /// At most, where a role does not say otherwise.
    pub max: i64,
}

/// What an issuer says about the end of what it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerLimits {
    /// Its own end.
    pub not_after: Timestamp,
    /// What happens to certificates that would end later.
    pub behavior: Behavior,
}

/// What a request says. A lifetime of zero is as good as none; an empty `not_after` is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidityRequest {
    /// Lifetime.
    pub ttl: Option<Seconds>,
    /// End, as an RFC 3339 moment.
    pub not_after: Option<String>,
    /// Beginning, as an RFC 3339 moment.
    pub not_before: Option<String>,
}

impl ValidityRequest {
    /// Refuses an end that is no moment, even where it will be refused for another reason: all
    /// paths of Vault do so first, but for `sign-intermediate`.
    fn check_end(&self) -> Result<(), Violation> {
        Ok(self.not_after.as_deref().map(Timestamp::parse).transpose().map(drop)?)
    }
}

/// What a path does with a beginning that a request or role names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBefore {
    /// The certificate begins then.
    Honoured,
    /// It is checked, and has no effect.
    Parsed,
    /// It has no effect.
    Ignored,
}

/// From when to when a certificate is valid. Both moments belong to it (RFC 5280 section 4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: Timestamp,
    /// The last moment.
    pub not_after: Timestamp,
}

impl Validity {
    fn new(not_before: Timestamp, not_after: Timestamp) -> Result<Self, Violation> {
        match not_after.cmp(&not_before) {
            Ordering::Less => Err(Violation::EndsBeforeItBegins { not_before, not_after }),
            Ordering::Equal => Err(Violation::EndsAsItBegins(not_after)),
            Ordering::Greater => Ok(Self { not_before, not_after }),
        }
    }
}

/// An end before the issuer has its say.
struct End {
    not_after: Timestamp,
    /// The lifetime, whether it led to the end or the end was named. In seconds.
    ttl: i64,
}

/// Lifetimes that a role contributes; zero is as good as none.
#[derive(Clone, Copy, Default)]
struct RoleTtls {
    ttl: Seconds,
    max: Seconds,
}

impl RoleTtls {
    fn of(role: &Role) -> Self {
        Self { ttl: role.ttl, max: role.max_ttl }
    }
}

impl End {
    /// The request's lifetime, else the role's, else the mount's, cut to the role's maximum, or
    /// else to the mount's. An explicit end passes all of that by, but a lifetime that is too long
    /// is warned of all the same: so does Vault.
    fn of(
        ttls: RoleTtls,
        mount: &MountTtls,
        request: &ValidityRequest,
        explicit: Option<&str>,
        now: Timestamp,
    ) -> Result<(Self, Option<Warning>), Violation> {
        let asked = request.ttl.and_then(Seconds::given);
        if asked.is_some() && explicit.is_some_and(|text| !text.is_empty()) {
            return Err(Violation::TtlAndNotAfter);
        }
        let explicit = explicit.map(Timestamp::parse).transpose()?;
        let wanted = asked.or(ttls.ttl.given()).unwrap_or(mount.default);
        let max = ttls.max.given().unwrap_or(mount.max);
        let ttl = wanted.min(max);
        let warning = (ttl < wanted).then_some(Warning::TtlClamped { asked: wanted, max });
        let not_after = explicit.unwrap_or(now.after(ttl));
        Ok((Self { not_after, ttl }, warning))
    }

    /// Refuses an end after the lifetime that would have led to one.
    fn within_ttl(&self, now: Timestamp) -> Result<(), Violation> {
        match now.after(self.ttl) < self.not_after {
            true => Err(Violation::NotAfterBeyondTtl { not_after: self.not_after, ttl: self.ttl }),
            false => Ok(()),
        }
    }
}

impl IssuerLimits {
    /// The end of a leaf that was to end then.
    fn leaf_end(&self, not_after: Timestamp) -> Result<Timestamp, Violation> {
        if not_after <= self.not_after {
            return Ok(not_after);
        }
        match self.behavior {
            Behavior::Err | Behavior::AlwaysEnforceErr => Err(self.refusal(not_after)),
            Behavior::Truncate => Ok(self.not_after),
            Behavior::Permit => Ok(not_after),
        }
    }

    /// The end of a CA that was to end then: with the issuer at the latest. With `enforce` it is
    /// treated as a leaf.
    fn ca_end(
        &self,
        not_after: Timestamp,
        enforce: bool,
    ) -> Result<(Timestamp, Option<Warning>), Violation> {
        if not_after <= self.not_after {
            return Ok((not_after, None));
        }
        let not_after = match (self.behavior, enforce) {
            (Behavior::AlwaysEnforceErr, _) => return Err(self.refusal(not_after)),
            (_, true) => self.leaf_end(not_after)?,
            (Behavior::Err | Behavior::Truncate | Behavior::Permit, false) => self.not_after,
        };
        Ok((not_after, Some(Warning::BeyondIssuer)))
    }

    fn refusal(&self, not_after: Timestamp) -> Violation {
        Violation::NotAfterBeyondIssuer { not_after, issuer: self.not_after }
    }
}

/// The validity of a leaf under a role.
///
/// # Errors
///
/// A moment that is none, or an end or beginning that role or issuer do not allow.
pub fn for_leaf(
    role: &Role,
    mount: &MountTtls,
    issuer: &IssuerLimits,
    request: &ValidityRequest,
    use_not_before: NotBefore,
    now: Timestamp,
) -> Result<(Validity, Vec<Warning>), Violation> {
    let explicit_start = match use_not_before {
        NotBefore::Honoured => explicit_not_before(role, request, now)?,
        NotBefore::Parsed => explicit_not_before(role, request, now)?.and(None),
        NotBefore::Ignored => None,
    };
    // The role's end wins over the request's, without a word, and then nothing is said of that.
    let explicit = given(&role.not_after).or(request.not_after.as_deref());
    let is_asked = role.not_after.is_empty() && request.not_after.is_some();
    let bound = NotAfterBound::parse(&role.not_after_bound)?;
    if is_asked && bound == NotAfterBound::Forbid {
        return Err(Violation::NotAfterForbidden);
    }
    if is_asked {
        request.check_end()?;
    }
    let (end, warning) = End::of(RoleTtls::of(role), mount, request, explicit, now)?;
    if is_asked && bound == NotAfterBound::TtlLimited {
        end.within_ttl(now)?;
    }
    let not_after = issuer.leaf_end(end.not_after)?;
    within(bound, not_after)?;
    let not_before = explicit_start.unwrap_or(now.before(role.backdate_seconds()));
    Ok((Validity::new(not_before, not_after)?, warning.into_iter().collect()))
}

/// Refuses an end beyond the moment that the role names, wherever it came from.
fn within(bound: NotAfterBound, not_after: Timestamp) -> Result<(), Violation> {
    match bound {
        NotAfterBound::Until(bound) if bound < not_after => {
            Err(Violation::NotAfterBeyondBound { not_after, bound })
        }
        NotAfterBound::Permit
        | NotAfterBound::Forbid
        | NotAfterBound::TtlLimited
        | NotAfterBound::Until(_) => Ok(()),
    }
}

/// The beginning that the role names, or else the request. The role bounds the latter.
fn explicit_not_before(
    role: &Role,
    request: &ValidityRequest,
    now: Timestamp,
) -> Result<Option<Timestamp>, Violation> {
    if let Some(text) = given(&role.not_before) {
        return Ok(Some(Timestamp::parse(text)?));
    }
    let Some(asked) = request.not_before.as_deref().and_then(given) else {
        return Ok(None);
    };
    let bound = NotBeforeBound::parse(&role.not_before_bound)?;
    if bound == NotBeforeBound::Forbid {
        return Err(Violation::NotBeforeForbidden);
    }
    let not_before = Timestamp::parse(asked)?;
    let duration = role.backdate_seconds();
    if bound == NotBeforeBound::Duration && not_before < now.before(duration) {
        return Err(Violation::NotBeforeTooOld { not_before, duration });
    }
    Ok(Some(not_before))
}

/// The text, unless it is empty.
fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The validity of a leaf that is signed verbatim. A role gives lifetimes and backdating, and
/// bounds nothing else.
///
/// # Errors
///
/// A moment that is none, or an end that the issuer does not allow.
pub fn for_verbatim(
    role: Option<&Role>,
    mount: &MountTtls,
    issuer: &IssuerLimits,
    request: &ValidityRequest,
    now: Timestamp,
) -> Result<(Validity, Vec<Warning>), Violation> {
    request.check_end()?;
    let ttls = role.map(RoleTtls::of).unwrap_or_default();
    let (end, warning) = End::of(ttls, mount, request, request.not_after.as_deref(), now)?;
    let not_after = issuer.leaf_end(end.not_after)?;
    let backdate = role.map_or(DEFAULT_BACKDATE, Role::backdate_seconds);
    let validity = Validity::new(now.before(backdate), not_after)?;
    Ok((validity, warning.into_iter().collect()))
}

/// The validity of a self-signed root.
///
/// # Errors
///
/// A moment that is none, or an end in the past.
pub fn for_root(
    mount: &MountTtls,
    request: &ValidityRequest,
    not_before_duration: Seconds,
    now: Timestamp,
) -> Result<(Validity, Vec<Warning>), Violation> {
    request.check_end()?;
    let (end, warning) = ca_end(mount, request, now)?;
    let validity = Validity::new(ca_start(not_before_duration, now), end.not_after)?;
    Ok((validity, warning.into_iter().collect()))
}

/// What there is to say about the lifetime in a request for a CSR, which has none.
///
/// # Errors
///
/// A moment that is none.
pub fn for_csr(
    mount: &MountTtls,
    request: &ValidityRequest,
    now: Timestamp,
) -> Result<Vec<Warning>, Violation> {
    request.check_end()?;
    let (_, warning) = ca_end(mount, request, now)?;
    Ok(warning.into_iter().collect())
}

/// The validity of an intermediate. It ends with its issuer at the latest, with a warning if it
/// had to be cut; with `enforce` the issuer's behaviour for leaves decides instead.
///
/// # Errors
///
/// A moment that is none, an end in the past, or one beyond the issuer's where that is refused.
pub fn for_intermediate(
    mount: &MountTtls,
    issuer: &IssuerLimits,
    request: &ValidityRequest,
    not_before_duration: Seconds,
    enforce: bool,
    now: Timestamp,
) -> Result<(Validity, Vec<Warning>), Violation> {
    if let Some(text) = request.not_before.as_deref().and_then(given) {
        Timestamp::parse(text)?;
    }
    let (end, clamped) = ca_end(mount, request, now)?;
    let (not_after, cut) = issuer.ca_end(end.not_after, enforce)?;
    let warnings = cut.into_iter().chain(clamped).collect();
    Ok((Validity::new(ca_start(not_before_duration, now), not_after)?, warnings))
}

/// The validity that a template states. It may leave out the beginning; the issuer bounds the end
/// as it does for other leaves and CAs.
///
/// # Errors
///
/// An end before the beginning, or one beyond the issuer's where that is refused.
pub fn for_template(
    template: &Template,
    issuer: &IssuerLimits,
    now: Timestamp,
) -> Result<(Validity, Option<Warning>), Violation> {
    let (not_after, warning) = match template.authority {
        Authority::Ca(_) => issuer.ca_end(template.not_after, false)?,
        Authority::Leaf | Authority::Unsaid => (issuer.leaf_end(template.not_after)?, None),
    };
    let not_before = template.not_before.unwrap_or(now.before(DEFAULT_BACKDATE));
    Ok((Validity::new(not_before, not_after)?, warning))
}

fn ca_end(
    mount: &MountTtls,
    request: &ValidityRequest,
    now: Timestamp,
) -> Result<(End, Option<Warning>), Violation> {
    End::of(RoleTtls::default(), mount, request, request.not_after.as_deref(), now)
}

fn ca_start(not_before_duration: Seconds, now: Timestamp) -> Timestamp {
    now.before(not_before_duration.given().unwrap_or(DEFAULT_BACKDATE))
}
