//! Object identifiers as callers write them.

use crate::x509::oid::ObjectIdentifier;

/// No identifier that can be encoded is longer. The library's parser recurses once a character.
const LIMIT: usize = 160;

/// Reads `1.2.3.4`: at least two decimal numbers without signs or leading zeros that an encoding
/// can hold (X.660 section 7.6 bounds the first two, 32 bits the others).
pub fn parse(text: &str) -> Option<ObjectIdentifier> {
    let oid = ObjectIdentifier::new(Some(text).filter(|text| text.len() <= LIMIT)?).ok()?;
    (oid.to_string() == text).then_some(oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_numbers_with_dots() {
        for text in ["1.2", "2.5.29.32.0", "1.2.840.113556.1.8000.2554.999999", "0.39"] {
            assert_eq!(parse(text).map(|oid| oid.to_string()).as_deref(), Some(text));
        }
        for text in
            ["", "1", "a.b", "1..2", "1.2.", ".1.2", "-1.2", "+1.2", "3.4", "0.40", " 1.2", "1.02"]
        {
            assert!(parse(text).is_none(), "{text}");
        }
        assert!(parse(&"0".repeat(10_000_000)).is_none());
    }
}
