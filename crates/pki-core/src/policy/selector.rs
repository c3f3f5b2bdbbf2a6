//! Which certificates are meant, among all that there are.
//!
//! | condition | holds for certificates |
//! |---|---|
//! | `serial=17:ab,…` | with one of these serial numbers |
//! | `issuer=…` | signed by this issuer: its name, its identifier, or `default` |
//! | `role=…` | issued under this role; `*` stands for anything |
//! | `common_name=…` | with this common name; `*` stands for anything, and case does not count |
//! | `san=…` | with such an alternative name |
//! | `key_type=…` | for a key of this type: `rsa`, `ec`, `ed25519` … |
//! | `not_before<…`, `not_before>…` | that begin before, or after, a moment |
//! | `not_after<…`, `not_after>…` | that end before, or after, a moment |
//! | `state=…` | that are `valid`, `expired` or `revoked` |
//!
//! `!=` in place of `=` means all others. A moment is RFC 3339 text, or a duration from now such
//! as `30d` or `-2h`. All conditions have to hold.

use std::collections::BTreeSet;
use std::fmt;

use super::glob::glob;
use crate::domain::serial::SerialNumber;
use crate::domain::time::{Timestamp, parse_signed_duration_seconds};
use crate::x509::certificate::Certificate;

/// Conditions that all have to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    /// False for `!=`.
    is_wanted: bool,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Serial(BTreeSet<SerialNumber>),
    Issuer(String),
    Role(String),
    CommonName(String),
    San(String),
    KeyType(String),
    Before(Bound, Timestamp),
    After(Bound, Timestamp),
    State(State),
}

/// Which of the two dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    NotBefore,
    NotAfter,
}

/// What has become of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is neither of the others.
    Valid,
    /// It has ended, and was not revoked.
    Expired,
    /// It was revoked, whether or not it has ended since.
    Revoked,
}

impl State {
    const ALL: [Self; 3] = [Self::Valid, Self::Expired, Self::Revoked];

    fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no condition: {problem}")]
pub struct NotACondition {
    text: String,
    problem: String,
}

/// What is known of a certificate beside what it says.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its serial number.
    pub serial: &'a SerialNumber,
    /// Every way to refer to its issuer.
    pub issuer: &'a [String],
    /// The role it was issued under.
    pub role: &'a str,
}

impl Selector {
    /// Reads conditions; durations are from this moment.
    ///
    /// # Errors
    ///
    /// The first that is none.
    pub fn parse(texts: &[String], now: Timestamp) -> Result<Self, NotACondition> {
        let read = |text: &String| {
            condition(text, now).map_err(|problem| NotACondition { text: shortened(text), problem })
        };
        Ok(Self { conditions: texts.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// As this, and in this state.
    #[must_use]
    pub fn in_state(mut self, state: State) -> Self {
        self.conditions.push(Condition { is_wanted: true, what: What::State(state) });
        self
    }

    /// The only serial numbers that can fit, if there is such a list.
    pub fn serials(&self) -> Option<&BTreeSet<SerialNumber>> {
        self.conditions.iter().find_map(|condition| match condition {
            Condition { is_wanted: true, what: What::Serial(serials) } => Some(serials),
            _ => None,
        })
    }

    /// The moments between which all that fit end, if there are such: after the first, before the
    /// second.
    pub fn ends(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let mut bounds = (None, None);
        for condition in &self.conditions {
            match condition.what {
                What::After(Bound::NotAfter, moment) => bounds.0 = bounds.0.max(Some(moment)),
                What::Before(Bound::NotAfter, moment) => {
                    bounds.1 = Some(bounds.1.map_or(moment, |other: Timestamp| other.min(moment)));
                }
                _ => (),
            }
        }
        bounds
    }

    /// Whether all conditions that do not need the certificate or its state hold. Asked first,
    /// because it costs least.
    pub fn fits_record(&self, known: &Known<'_>) -> bool {
        self.all(|what| match what {
            What::Serial(serials) => Some(serials.contains(known.serial)),
            What::Issuer(reference) => Some(known.issuer.contains(reference)),
            What::Role(pattern) => Some(glob(pattern, known.role)),
            _ => None,
        })
    }

    /// Whether all conditions about what the certificate says hold.
    pub fn fits_certificate(&self, certificate: &Certificate) -> bool {
        let moment = |bound: &Bound| match bound {
            Bound::NotBefore => certificate.not_before(),
            Bound::NotAfter => certificate.not_after(),
        };
        self.all(|what| match what {
            What::CommonName(pattern) => {
                let name = certificate.subject().common_name().unwrap_or_default();
                Some(glob(pattern, &name.to_lowercase()))
            }
            What::San(pattern) => {
                Some(names(certificate).iter().any(|name| glob(pattern, &name.to_lowercase())))
            }
            What::KeyType(name) => Some(key_type(certificate) == name),
            What::Before(bound, limit) => Some(moment(bound) < *limit),
            What::After(bound, limit) => Some(*limit < moment(bound)),
            _ => None,
        })
    }

    /// Whether all conditions about the state hold.
    pub fn fits_state(&self, state: State) -> bool {
        self.all(|what| match what {
            What::State(wanted) => Some(*wanted == state),
            _ => None,
        })
    }

    /// Whether every condition holds that this has a word about.
    fn all(&self, holds: impl Fn(&What) -> Option<bool>) -> bool {
        self.conditions.iter().all(|Condition { is_wanted, what }| {
            holds(what).is_none_or(|is_so| is_so == *is_wanted)
        })
    }
}

/// The alternative names of a certificate, as text.
pub fn names(certificate: &Certificate) -> Vec<String> {
    let names = certificate.subject_alt_names();
    let texts = names.dns.iter().chain(&names.email).chain(&names.uri).cloned();
    let addresses = names.ip.iter().map(ToString::to_string);
    texts.chain(addresses).chain(names.other.iter().map(|name| name.value.clone())).collect()
}

/// The word for the type of a certificate's key; empty if it is not known here.
pub fn key_type(certificate: &Certificate) -> &'static str {
    certificate.public_key().spec().map_or("", |spec| spec.type_name())
}

fn condition(text: &str, now: Timestamp) -> Result<Condition, String> {
    const OPERATORS: [char; 4] = ['!', '=', '<', '>'];
    let at = text.find(OPERATORS).ok_or("expected one like role=web or not_after<30d")?;
    let (name, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    let length = if rest.get(1..2) == Some("=") { 2 } else { 1 };
    let (operator, value) = rest.split_at_checked(length).unwrap_or((rest, ""));
    let what = what(name, operator, value, now)?;
    Ok(Condition { is_wanted: operator != "!=", what })
}

fn what(name: &str, operator: &str, value: &str, now: Timestamp) -> Result<What, String> {
    if value.is_empty() && name != "role" && name != "common_name" {
        return Err("it has no value".to_owned());
    }
    match (name, operator) {
        ("serial", "=" | "!=") => serials(value).map(What::Serial),
        ("issuer", "=" | "!=") => Ok(What::Issuer(value.to_owned())),
        ("role", "=" | "!=") => Ok(What::Role(value.to_owned())),
        ("common_name", "=" | "!=") => Ok(What::CommonName(value.to_lowercase())),
        ("san", "=" | "!=") => Ok(What::San(value.to_lowercase())),
        ("key_type", "=" | "!=") => Ok(What::KeyType(value.to_owned())),
        ("state", "=" | "!=") => {
            let state = State::ALL.into_iter().find(|state| state.name() == value);
            state.map(What::State).ok_or("the states are valid, expired, revoked".to_owned())
        }
        ("not_before", "<") => Ok(What::Before(Bound::NotBefore, moment(value, now)?)),
        ("not_before", ">") => Ok(What::After(Bound::NotBefore, moment(value, now)?)),
        ("not_after", "<") => Ok(What::Before(Bound::NotAfter, moment(value, now)?)),
        ("not_after", ">") => Ok(What::After(Bound::NotAfter, moment(value, now)?)),
        ("not_before" | "not_after", _) => {
            Err(format!("{name} is compared with < or >, not with {operator}"))
        }
        ("serial" | "issuer" | "role" | "common_name" | "san" | "key_type" | "state", _) => {
            Err(format!("{name} is compared with = or !=, not with {operator}"))
        }
        _ => Err("known are serial, issuer, role, common_name, san, key_type, not_before, \
                  not_after and state"
            .to_owned()),
    }
}

fn serials(list: &str) -> Result<BTreeSet<SerialNumber>, String> {
    // Files that were made on Windows begin with a mark.
    let list = list.strip_prefix('\u{feff}').unwrap_or(list);
    let texts = list.split(|c: char| c == ',' || c.is_whitespace()).filter(|text| !text.is_empty());
    let read = |text: &str| {
        SerialNumber::parse_any(text).map_err(|_| format!("{text:?} is not a serial number"))
    };
    let serials: BTreeSet<SerialNumber> = texts.map(read).collect::<Result<_, _>>()?;
    if serials.is_empty() { Err("it names no serial number".to_owned()) } else { Ok(serials) }
}

fn moment(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let wrong = |_| {
        format!(
            "{text:?} is no moment: expected one like 2027-01-31T00:00:00Z, or a duration from now \
             such as 30d or -2h"
        )
    };
    let from_now = parse_signed_duration_seconds(text).map(|seconds| now.after(seconds));
    from_now.or_else(|_| Timestamp::parse(text).map_err(wrong))
}

/// The beginning of a text, as much as a message should have of it.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(texts: &[&str]) -> Result<Selector, String> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let now = Timestamp::from_unix(1_800_000_000);
        Selector::parse(&texts, now).map_err(|problem| problem.to_string())
    }

    #[test]
    fn records_are_compared_without_their_certificate() {
        let serial = SerialNumber::from_octets(&[0x17, 0xab]);
        let issuer = ["ca".to_owned(), "default".to_owned()];
        let known = Known { serial: &serial, issuer: &issuer, role: "web-eu" };
        for (texts, want) in [
            (&[][..], true),
            (&["serial=17:ab"], true),
            (&["serial=01,17-AB\n02"], true),
            (&["serial=17AB"], true),
            (&["serial=\u{feff}17:ab\r\n"], true),
            (&["serial=17AC"], false),
            (&["serial!=17:ab"], false),
            (&["issuer=ca", "issuer!=other"], true),
            (&["issuer=default", "role=web"], false),
            (&["role=web*"], true),
            (&["role!=web*"], false),
            (&["common_name=never", "state=revoked"], true),
        ] {
            assert_eq!(selector(texts).unwrap().fits_record(&known), want, "{texts:?}");
        }
    }

    #[test]
    fn moments_are_dates_or_durations_from_now() {
        let ends = |texts: &[&str]| selector(texts).unwrap().ends();
        let at = |seconds: i64| Some(Timestamp::from_unix(seconds));
        assert_eq!(ends(&["not_after<1d", "not_after<2d"]), (None, at(1_800_086_400)));
        assert_eq!(ends(&["not_after>-1h"]), (at(1_799_996_400), None));
        let date = ["not_after>2027-01-15T08:00:01Z", "not_before<1h"];
        assert_eq!(ends(&date), (at(1_800_000_001), None));
    }

    #[test]
    fn states_are_compared() {
        let revoked = selector(&["state=revoked"]).unwrap();
        assert!(revoked.fits_state(State::Revoked) && !revoked.fits_state(State::Valid));
        let rest = selector(&["state!=revoked"]).unwrap();
        assert!(rest.fits_state(State::Expired) && !rest.fits_state(State::Revoked));
        assert!(!rest.in_state(State::Valid).fits_state(State::Expired));
    }

    #[test]
    fn what_is_no_condition_is_named() {
        for (text, want) in [
            ("role", "\"role\" is no condition: expected one like role=web"),
            ("colour=red", "known are serial, issuer, role"),
            ("serial=xyz", "\"xyz\" is not a serial number"),
            ("serial=,", "it names no serial number"),
            ("issuer=", "it has no value"),
            ("not_after=1h", "not_after is compared with < or >, not with ="),
            ("role<a", "role is compared with = or !=, not with <"),
            ("not_after<=1h", "not_after is compared with < or >, not with <="),
            ("role==web", "role is compared with = or !=, not with =="),
            ("not_after<soon", "\"soon\" is no moment: expected one like 2027-01-31"),
            ("state=fine", "the states are valid, expired, revoked"),
        ] {
            let got = selector(&[text]).expect_err(text);
            assert!(got.contains(want), "{got}");
        }
    }
}
