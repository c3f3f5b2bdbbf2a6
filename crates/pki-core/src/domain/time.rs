//! Moments and lifetimes.
//!
//! On the wire a lifetime is what Go's `time.Duration` and Vault's own parser accept; inside it
//! is a whole number of seconds. Arithmetic cannot wrap: it ends at the last moment that X.509
//! can express.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// A moment, with nanoseconds, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(OffsetDateTime::UNIX_EPOCH);

    /// 9999-12-31T23:59:59Z, "no well-defined end" (RFC 5280 section 4.1.2.5).
    pub const LAST: Self = Self(time::macros::datetime!(9999-12-31 23:59:59 UTC));

    /// The moment so many seconds after the epoch; the nearest one that can be expressed.
    pub fn from_unix(seconds: i64) -> Self {
        OffsetDateTime::from_unix_timestamp(seconds).map_or(Self::LAST, Self)
    }

    /// The moment so many nanoseconds after the epoch; the nearest one that can be expressed.
    pub fn from_unix_nanos(nanos: i128) -> Self {
        OffsetDateTime::from_unix_timestamp_nanos(nanos).map_or(Self::LAST, Self)
    }

    /// Whole seconds since the epoch.
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Nanoseconds since the epoch.
    pub fn unix_nanos(self) -> i128 {
        self.0.unix_timestamp_nanos()
    }

    /// Whole seconds since the epoch, and the nanoseconds after that.
    pub(crate) fn unix_parts(self) -> (i64, u32) {
        (self.unix(), self.0.nanosecond())
    }

    /// The moment so many seconds and nanoseconds after the epoch; the nearest one that can be
    /// expressed.
    pub(crate) fn from_unix_parts(seconds: i64, nanos: u32) -> Self {
        Self::from_unix_nanos(i128::from(seconds) * 1_000_000_000 + i128::from(nanos))
    }

    /// The same moment without its fraction of a second.
    pub fn to_whole_second(self) -> Self {
        Self::from_unix(self.unix())
    }

    /// So many seconds later, at most [`Timestamp::LAST`].
    pub fn after(self, seconds: i64) -> Self {
        self.0.checked_add(time::Duration::seconds(seconds)).map_or(Self::LAST, Self)
    }

    /// So many seconds earlier, at least the epoch.
    pub fn before(self, seconds: i64) -> Self {
        self.0.checked_sub(time::Duration::seconds(seconds)).map_or(Self::EPOCH, Self)
    }

    /// Seconds from `earlier` to this moment; negative if it is later.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.unix().saturating_sub(earlier.unix())
    }

    /// Calendar fields in UTC: year, month, day, hour, minute, second.
    pub fn civil(self) -> (i32, u8, u8, u8, u8, u8) {
        let t = self.0;
        (t.year(), t.month().into(), t.day(), t.hour(), t.minute(), t.second())
    }

    /// The moment of calendar fields in UTC, if they are one.
    pub fn from_civil(
        year: i32,
        month: u8,
        day: u8,
        hour: u8,
        minute: u8,
        second: u8,
    ) -> Option<Self> {
        let date = time::Date::from_calendar_date(year, month.try_into().ok()?, day).ok()?;
        let clock = time::Time::from_hms(hour, minute, second).ok()?;
        Some(Self(time::PrimitiveDateTime::new(date, clock).assume_utc()))
    }

    /// RFC 3339 with whole seconds, as in `2026-11-21T22:48:26Z`.
    pub fn rfc3339(self) -> String {
        self.to_whole_second().rfc3339_nanos()
    }

    /// RFC 3339 with as many digits of a second as it takes, as Go's `RFC3339Nano`.
    pub fn rfc3339_nanos(self) -> String {
        self.0.format(&Rfc3339).unwrap_or_default()
    }

    /// Reads RFC 3339 with any offset.
    ///
    /// # Errors
    ///
    /// [`NotATimestamp`], in the words of the reference.
    pub fn parse(text: &str) -> Result<Self, NotATimestamp> {
        // The library takes a lower-case or blank `T`, which the reference does not.
        match OffsetDateTime::parse(text, &Rfc3339) {
            Ok(moment) if text.get(10..11) == Some("T") => {
                Ok(Self(moment.to_offset(UtcOffset::UTC)))
            }
            _ => {
                let text: String = text.chars().take(LONGEST_SHOWN).collect();
                Err(NotATimestamp { rest: unparsed(&text), text })
            }
        }
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(moment: OffsetDateTime) -> Self {
        Self(moment.to_offset(UtcOffset::UTC))
    }
}

/// Stored as RFC 3339 text, so that a record can be read by people.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339_nanos())
    }
}

/// How much of a text is shown that is none, since it is shown twice.
const LONGEST_SHOWN: usize = 1_000;

/// A text that is not an RFC 3339 moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{}\" as \"{}\"",
    .rest.0, .rest.1
)]
pub struct NotATimestamp {
    text: String,
    rest: (String, &'static str),
}

/// What was left of a text when it stopped looking like RFC 3339, and what was expected there.
/// Clients know these words from Go, whose layout names each element by an example.
fn unparsed(text: &str) -> (String, &'static str) {
    const ELEMENTS: &[(usize, &str)] = &[
        (4, "2006"),
        (0, "-"),
        (2, "01"),
        (0, "-"),
        (2, "02"),
        (0, "T"),
        (2, "15"),
        (0, ":"),
        (2, "04"),
        (0, ":"),
        (2, "05"),
    ];
    let mut rest = text;
    for (digits, name) in ELEMENTS {
        let width = if *digits == 0 { 1 } else { *digits };
        let fits = rest.get(..width).is_some_and(|part| match digits {
            0 => part == *name,
            _ => part.bytes().all(|byte| byte.is_ascii_digit()),
        });
        if !fits {
            return (rest.to_owned(), name);
        }
        rest = rest.get(width..).unwrap_or_default();
    }
    (rest.to_owned(), "Z07:00")
}

/// Why a text is not a lifetime, in the words that clients know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADuration {
    /// Not a duration at all.
    #[error("time: invalid duration {}", quote(.0))]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {}", quote(.0))]
    MissingUnit(String),
    /// A unit that does not exist.
    #[error("time: unknown unit {} in duration {}", quote(.unit), quote(.text))]
    UnknownUnit {
        /// The word that is no unit.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// Days that are not a whole number.
    #[error("invalid number of days \"{0}\"")]
    Days(String),
    /// Less than nothing.
    #[error("cannot provide negative value '{0}'")]
    Negative(i64),
    /// Longer than 292 years.
    #[error("multiplication of durations resulted in overflow, one operand may be too large")]
    Overflow,
    /// A JSON value that no duration could be.
    #[error("could not parse duration from input")]
    NotText,
}

/// Text in quotes, with all that is not printable ASCII written in hexadecimal.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for octet in text.bytes() {
        match octet {
            b'"' | b'\\' => quoted.extend(['\\', char::from(octet)]),
            b' '..=b'~' => quoted.push(char::from(octet)),
            _ => quoted += &format!("\\x{octet:02x}"),
        }
    }
    quoted.push('"');
    quoted
}

const NANOS: i128 = 1_000_000_000;

/// Reads a lifetime, in seconds: `90`, `90s`, `1h30m`, `1.5h`, `30d`. Fractions of a second are
/// dropped; the empty text is 0.
///
/// # Errors
///
/// [`NotADuration`] with the offending text.
pub fn parse_duration_seconds(text: &str) -> Result<i64, NotADuration> {
    let seconds = parse_signed_duration_seconds(text)?;
    if seconds < 0 { Err(NotADuration::Negative(seconds)) } else { Ok(seconds) }
}

/// As [`parse_duration_seconds`], for the few parameters that may be negative.
///
/// # Errors
///
/// [`NotADuration`] with the offending text.
pub fn parse_signed_duration_seconds(text: &str) -> Result<i64, NotADuration> {
    if text.is_empty() {
        return Ok(0);
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().map_err(|_| NotADuration::Overflow)?;
        return in_range(seconds, 1);
    }
    if let Some(days) = text.strip_suffix('d') {
        return match days.parse() {
            Ok(days) => in_range(days, 86_400),
            Err(_) if days.bytes().any(|byte| byte.is_ascii_digit()) => {
                Err(NotADuration::Days(days.to_owned()))
            }
            Err(_) => Err(NotADuration::Invalid(text.to_owned())),
        };
    }
    let nanos = parse_go_duration(text)?;
    i64::try_from(nanos / NANOS).map_err(|_| NotADuration::Overflow)
}

/// So many units of so many seconds, if Go's 64 bits of nanoseconds can hold them.
fn in_range(count: i64, unit: i64) -> Result<i64, NotADuration> {
    match count.checked_mul(unit) {
        Some(seconds) if seconds.unsigned_abs() <= 9_223_372_036 => Ok(seconds),
        _ => Err(NotADuration::Overflow),
    }
}

/// Go's `time.ParseDuration`, in nanoseconds.
///
/// # Errors
///
/// [`NotADuration`] with the offending text.
pub fn parse_go_duration(text: &str) -> Result<i128, NotADuration> {
    let invalid = || NotADuration::Invalid(text.to_owned());
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (number, after) = split_while(rest, |c| c.is_ascii_digit() || c == '.');
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(invalid());
        }
        let (unit, after) = split_while(after, |c| !c.is_ascii_digit() && c != '.');
        let scale = unit_nanos(unit, text)?;
        total = total.saturating_add(scaled(whole, fraction, scale).ok_or_else(invalid)?);
        rest = after;
    }
    if total > i128::from(i64::MAX) {
        return Err(invalid());
    }
    Ok(if negative { -total } else { total })
}

fn split_while(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !keep(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn unit_nanos(unit: &str, text: &str) -> Result<i128, NotADuration> {
    Ok(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => NANOS,
        "m" => 60 * NANOS,
        "h" => 3_600 * NANOS,
        "" => return Err(NotADuration::MissingUnit(text.to_owned())),
        _ => {
            return Err(NotADuration::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() });
        }
    })
}

fn scaled(whole: &str, fraction: &str, scale: i128) -> Option<i128> {
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut total = whole.checked_mul(scale)?;
    let mut part = scale;
    for digit in fraction.chars() {
        part /= 10;
        total = total.checked_add(part.checked_mul(i128::from(digit.to_digit(10)?))?)?;
    }
    Some(total)
}

/// Seconds as Go prints a duration: `768h0m0s`, `1m30s`, `0s`.
pub fn format_go_duration(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let total = seconds.unsigned_abs();
    let (h, m, s) = (total / 3600, total / 60 % 60, total % 60);
    match (h, m) {
        (0, 0) => format!("{sign}{s}s"),
        (0, _) => format!("{sign}{m}m{s}s"),
        _ => format!("{sign}{h}h{m}m{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_what_the_reference_accepts() {
        for (text, want) in [
            ("", 0),
            ("90", 90),
            ("+5", 5),
            ("-0", 0),
            ("72h", 259_200),
            ("5h30m10s", 19_810),
            ("1h1h", 7_200),
            ("1.5h", 5_400),
            (".5h", 1_800),
            ("1500ms", 1),
            ("1500us", 0),
            ("5ns", 0),
            ("30d", 2_592_000),
            ("106751d", 9_223_286_400),
            ("0", 0),
            ("500ms", 0),
        ] {
            assert_eq!(parse_duration_seconds(text), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_named() {
        for (text, want) in [
            ("1d12h", "time: unknown unit \"d\" in duration \"1d12h\""),
            ("1w", "time: unknown unit \"w\" in duration \"1w\""),
            (" 5", "time: invalid duration \" 5\""),
            ("abc", "time: invalid duration \"abc\""),
            ("5 m", "time: unknown unit \" m\" in duration \"5 m\""),
            ("90.7", "time: missing unit in duration \"90.7\""),
            ("-5", "cannot provide negative value '-5'"),
            ("-1h", "cannot provide negative value '-3600'"),
            (
                "9223372037",
                "multiplication of durations resulted in overflow, one operand may be too large",
            ),
            (
                "106752d",
                "multiplication of durations resulted in overflow, one operand may be too large",
            ),
            ("2562048h", "time: invalid duration \"2562048h\""),
        ] {
            let got = parse_duration_seconds(text).map_err(|e| e.to_string());
            assert_eq!(got, Err(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn durations_print_as_go_prints_them() {
        for (seconds, want) in
            [(0, "0s"), (90, "1m30s"), (3600, "1h0m0s"), (2_764_800, "768h0m0s"), (-5, "-5s")]
        {
            assert_eq!(format_go_duration(seconds), want);
        }
    }

    #[test]
    fn moments_are_rfc3339() {
        let check = |text: &str, want: &str| {
            let got = Timestamp::parse(text).map_or_else(|e| e.to_string(), |t| t.rfc3339_nanos());
            assert_eq!(got, want);
        };
        check("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        check("2027-01-01T02:00:00.50+02:00", "2027-01-01T00:00:00.5Z");
        check("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z");
        let layout = "as \"2006-01-02T15:04:05Z07:00\": cannot parse";
        check("garbage", &format!("parsing time \"garbage\" {layout} \"garbage\" as \"2006\""));
        check("", &format!("parsing time \"\" {layout} \"\" as \"2006\""));
        check("2027-01-01", &format!("parsing time \"2027-01-01\" {layout} \"\" as \"T\""));
    }
}
