//! Moments in certificates and CRLs.

use crate::crypto::asn1::{Malformed, Reader, Writer, tag};
use crate::domain::time::Timestamp;

/// Writes a moment: UTCTime from 1950 to 2049, GeneralizedTime otherwise, to the second.
///
/// Source: RFC 5280 section 4.1.2.5.
pub fn write_time(w: &mut Writer, moment: Timestamp) {
    match moment.civil() {
        (1950..2050, ..) => w.primitive(tag::UTC_TIME, &digits(moment, false)),
        _ => write_generalized_time(w, moment),
    }
}

/// Writes a moment as GeneralizedTime, to the second, as OCSP has it whatever the year.
///
/// Source: RFC 6960 section 4.2.2.1.
pub fn write_generalized_time(w: &mut Writer, moment: Timestamp) {
    w.primitive(tag::GENERALIZED_TIME, &digits(moment, true));
}

/// Year, month, day, hour, minute and second as digits, and `Z`.
fn digits(moment: Timestamp, with_century: bool) -> Vec<u8> {
    let (year, month, day, hour, minute, second) = moment.civil();
    let century = with_century.then_some(year / 100);
    let mut text = Vec::with_capacity(15);
    let pairs = [i32::from(month), day.into(), hour.into(), minute.into(), second.into()];
    for pair in century.into_iter().chain([year % 100]).chain(pairs) {
        text.extend([pair / 10, pair % 10].map(|digit| b'0' + u8::try_from(digit).unwrap_or(0)));
    }
    text.push(b'Z');
    text
}

/// Reads a moment, in either type whatever the year, since others make mistakes with that.
/// UTCTime may lack its seconds, as in certificates from before RFC 2459.
///
/// # Errors
///
/// [`Malformed`] if the next value is no moment in UTC.
pub fn read_time(r: &mut Reader<'_>) -> Result<Timestamp, Malformed> {
    const WHAT: Malformed = Malformed("a UTCTime or GeneralizedTime in UTC");
    let element = r.element()?;
    let digits = element.content.strip_suffix(b"Z").ok_or(WHAT)?;
    let pairs = pairs(digits).ok_or(WHAT)?;
    let (year, rest) = match (element.tag, &pairs[..]) {
        (tag::UTC_TIME, [year, rest @ ..]) if *year < 50 => (2000 + year, rest),
        (tag::UTC_TIME, [year, rest @ ..]) => (1900 + year, rest),
        (tag::GENERALIZED_TIME, [century, year, rest @ ..]) => (100 * century + year, rest),
        _ => return Err(WHAT),
    };
    let (month, day, hour, minute, second) = match (element.tag, rest) {
        (_, [month, day, hour, minute, second]) => (month, day, hour, minute, *second),
        (tag::UTC_TIME, [month, day, hour, minute]) => (month, day, hour, minute, 0),
        _ => return Err(WHAT),
    };
    let octet = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    Timestamp::from_civil(
        year,
        octet(*month),
        octet(*day),
        octet(*hour),
        octet(*minute),
        octet(second),
    )
    .ok_or(WHAT)
}

/// Pairs of decimal digits as numbers.
fn pairs(digits: &[u8]) -> Option<Vec<i32>> {
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|pair| match pair {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
                Some(i32::from(tens - b'0') * 10 + i32::from(ones - b'0'))
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::asn1::{encode, parse};

    #[test]
    fn the_type_changes_in_2050() {
        for (moment, tag, text) in [
            ("1949-12-31T23:59:59Z", tag::GENERALIZED_TIME, "19491231235959Z"),
            ("1950-01-01T00:00:00Z", tag::UTC_TIME, "500101000000Z"),
            ("1999-12-31T23:59:59Z", tag::UTC_TIME, "991231235959Z"),
            ("2026-11-22T01:02:03.9Z", tag::UTC_TIME, "261122010203Z"),
            ("2049-12-31T23:59:59Z", tag::UTC_TIME, "491231235959Z"),
            ("2050-01-01T00:00:00Z", tag::GENERALIZED_TIME, "20500101000000Z"),
            ("9999-12-31T23:59:59Z", tag::GENERALIZED_TIME, "99991231235959Z"),
        ] {
            let moment = Timestamp::parse(moment).unwrap();
            let der = encode(|w| write_time(w, moment));
            assert_eq!(der, encode(|w| w.primitive(tag, text.as_bytes())), "{moment}");
            assert_eq!(parse(&der, read_time), Ok(moment.to_whole_second()));
        }
    }

    #[test]
    fn only_moments_in_utc_are_read() {
        for (tag, text, want) in [
            (tag::UTC_TIME, "2611220102Z", Some("2026-11-22T01:02:00Z")),
            (tag::GENERALIZED_TIME, "20261122010203Z", Some("2026-11-22T01:02:03Z")),
            (tag::GENERALIZED_TIME, "00010101000000Z", Some("0001-01-01T00:00:00Z")),
            (tag::UTC_TIME, "261122010203", None),
            (tag::UTC_TIME, "261122010203+0000", None),
            (tag::UTC_TIME, "261322010203Z", None),
            (tag::UTC_TIME, "260230010203Z", None),
            (tag::UTC_TIME, "26112201020Z", None),
            (tag::UTC_TIME, "2611220102 3Z", None),
            (tag::UTC_TIME, "Z", None),
            (tag::GENERALIZED_TIME, "20261122010203.5Z", None),
            (tag::GENERALIZED_TIME, "202611220102Z", None),
            (tag::OCTET_STRING, "261122010203Z", None),
        ] {
            let der = encode(|w| w.primitive(tag, text.as_bytes()));
            let got = parse(&der, read_time).map(Timestamp::rfc3339).ok();
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }
}
