//! Words that bound the validity of certificates, and what they mean.

use super::Violation;
use crate::domain::time::Timestamp;

/// How far a leaf may go beyond its issuer's end (`leaf_not_after_behavior`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behavior {
    /// It is refused.
    Err,
    /// It ends with the issuer.
    Truncate,
    /// It may.
    Permit,
    /// It is refused, and so is an intermediate.
    AlwaysEnforceErr,
}

const BEHAVIORS: &[(Behavior, &str)] = &[
    (Behavior::Err, "err"),
    (Behavior::Truncate, "truncate"),
    (Behavior::Permit, "permit"),
    (Behavior::AlwaysEnforceErr, "always_enforce_err"),
];

impl Behavior {
    /// Every word for it, for help and completion.
    pub const NAMES: &'static [&'static str] = &["err", "truncate", "permit", "always_enforce_err"];

    /// Reads the word.
    ///
    /// # Errors
    ///
    /// [`Violation::UnknownBehavior`] for any other text, the empty one included.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let found = BEHAVIORS.iter().find(|(_, name)| *name == text);
        found.map(|(behavior, _)| *behavior).ok_or(Violation::UnknownBehavior)
    }

    /// The word.
    pub fn name(self) -> &'static str {
        BEHAVIORS.iter().find(|(behavior, _)| *behavior == self).map_or("err", |(_, name)| name)
    }
}

/// What a role says about an explicit end (`not_after_bound`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAfterBound {
    /// Anything goes.
    Permit,
    /// Not later than the lifetime that the role gives without one.
    TtlLimited,
    /// A request may not name one.
    Forbid,
    /// No certificate ends later, however its end came about.
    Until(Timestamp),
}

impl NotAfterBound {
    /// Reads the word or RFC 3339 moment.
    ///
    /// # Errors
    ///
    /// [`Violation::UnknownNotAfterBound`] for any other text, the empty one included.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        match text {
            "permit" => Ok(Self::Permit),
            "ttl-limited" => Ok(Self::TtlLimited),
            "forbid" => Ok(Self::Forbid),
            _ => {
                Timestamp::parse(text).map(Self::Until).map_err(|_| Violation::UnknownNotAfterBound)
            }
        }
    }
}

/// What a role says about an explicit beginning (`not_before_bound`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBeforeBound {
    /// Anything goes.
    Permit,
    /// Not earlier than what `not_before_duration` allows.
    Duration,
    /// A request may not name one.
    Forbid,
}

impl NotBeforeBound {
    /// Reads the word.
    ///
    /// # Errors
    ///
    /// [`Violation::UnknownNotBeforeBound`] for any other text, the empty one included.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        match text {
            "permit" => Ok(Self::Permit),
            "duration" => Ok(Self::Duration),
            "forbid" => Ok(Self::Forbid),
            _ => Err(Violation::UnknownNotBeforeBound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaviors_are_read_as_they_are_named() {
        let names: Vec<_> = BEHAVIORS.iter().map(|(_, name)| *name).collect();
        assert_eq!(names, Behavior::NAMES);
        for (behavior, name) in BEHAVIORS {
            assert_eq!(Behavior::parse(name), Ok(*behavior));
            assert_eq!(behavior.name(), *name);
        }
        for text in ["", "Err", "shrug"] {
            assert_eq!(Behavior::parse(text), Err(Violation::UnknownBehavior), "{text}");
        }
    }

    #[test]
    fn bounds_are_words_or_a_moment() {
        let moment = Timestamp::parse("2026-12-25T00:00:00Z").unwrap();
        for (text, want) in [
            ("permit", Ok(NotAfterBound::Permit)),
            ("ttl-limited", Ok(NotAfterBound::TtlLimited)),
            ("forbid", Ok(NotAfterBound::Forbid)),
            ("2026-12-25T01:00:00+01:00", Ok(NotAfterBound::Until(moment))),
            ("", Err(Violation::UnknownNotAfterBound)),
            ("maybe", Err(Violation::UnknownNotAfterBound)),
        ] {
            assert_eq!(NotAfterBound::parse(text), want, "{text}");
        }
        for (text, want) in [
            ("permit", Ok(NotBeforeBound::Permit)),
            ("duration", Ok(NotBeforeBound::Duration)),
            ("forbid", Ok(NotBeforeBound::Forbid)),
            ("", Err(Violation::UnknownNotBeforeBound)),
            ("2026-12-25T00:00:00Z", Err(Violation::UnknownNotBeforeBound)),
        ] {
            assert_eq!(NotBeforeBound::parse(text), want, "{text}");
        }
    }
}
