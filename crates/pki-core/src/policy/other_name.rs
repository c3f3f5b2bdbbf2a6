//! Other names: `OID;UTF8:value` in requests, with a pattern for the value in roles.

use super::Violation;
use super::glob::glob;

/// One `OID;UTF8:value`. The identifier stays text, because a role and a request are compared as
/// they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherNameText<'a> {
    /// What kind of name it is.
    pub oid: &'a str,
    /// The name; in a role a pattern.
    pub value: &'a str,
}

/// Why a text is no other name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOtherName {
    /// Nothing separates identifier and type.
    #[error("expected a semicolon in other SAN {0:?}")]
    NoSemicolon(String),
    /// Nothing separates type and value.
    #[error("expected a colon in other SAN {0:?}")]
    NoColon(String),
    /// A type other than UTF8.
    #[error("only utf8 other SANs are supported; found non-supported type in other SAN {0:?}")]
    NotUtf8(String),
}

impl<'a> OtherNameText<'a> {
    /// Reads the text form. The value may hold any character, or none.
    ///
    /// # Errors
    ///
    /// [`NotAnOtherName`], with the whole text.
    pub fn parse(text: &'a str) -> Result<Self, NotAnOtherName> {
        let (oid, rest) =
            text.split_once(';').ok_or_else(|| NotAnOtherName::NoSemicolon(text.to_owned()))?;
        let (kind, value) =
            rest.split_once(':').ok_or_else(|| NotAnOtherName::NoColon(text.to_owned()))?;
        if kind.eq_ignore_ascii_case("UTF8") || kind.eq_ignore_ascii_case("UTF-8") {
            Ok(Self { oid, value })
        } else {
            Err(NotAnOtherName::NotUtf8(text.to_owned()))
        }
    }
}

/// What a role says about other names.
#[derive(Debug)]
pub enum AllowedOtherNames<'a> {
    /// The list is `*` and nothing else.
    Any,
    /// Those that fit an entry; none if there is no entry.
    Listed(Vec<OtherNameText<'a>>),
}

impl<'a> AllowedOtherNames<'a> {
    /// Reads `allowed_other_sans`.
    ///
    /// # Errors
    ///
    /// [`Violation::AllowedOtherSans`] for the first entry that is none; `*` is one only alone.
    pub fn parse(entries: &'a [String]) -> Result<Self, Violation> {
        if matches!(entries, [only] if only == "*") {
            return Ok(Self::Any);
        }
        let listed: Result<_, _> =
            entries.iter().map(|entry| OtherNameText::parse(entry)).collect();
        listed.map(Self::Listed).map_err(Violation::AllowedOtherSans)
    }

    /// Refuses a name that fits no entry.
    ///
    /// # Errors
    ///
    /// [`Violation::OtherSanOid`] if no entry is about its kind, else
    /// [`Violation::OtherSanValue`].
    pub fn check(&self, name: OtherNameText<'_>) -> Result<(), Violation> {
        let Self::Listed(entries) = self else {
            return Ok(());
        };
        let mut of_kind = entries.iter().filter(|entry| entry.oid == name.oid).peekable();
        if of_kind.peek().is_none() {
            return Err(Violation::OtherSanOid(name.oid.to_owned()));
        }
        if of_kind.any(|entry| glob(entry.value, name.value)) {
            return Ok(());
        }
        Err(Violation::OtherSanValue { oid: name.oid.to_owned(), value: name.value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(entries: &[&str]) -> Vec<String> {
        entries.iter().map(|entry| (*entry).to_owned()).collect()
    }

    #[test]
    fn the_value_is_what_follows_the_first_colon() {
        for (text, want) in [
            ("1.2.3;UTF8:a", Ok(("1.2.3", "a"))),
            ("1.2.3;utf-8:a:b;c", Ok(("1.2.3", "a:b;c"))),
            ("1.2.3;Utf8:", Ok(("1.2.3", ""))),
            ("1.2.3", Err("expected a semicolon in other SAN \"1.2.3\"")),
            ("1.2.3;utf8", Err("expected a colon in other SAN \"1.2.3;utf8\"")),
            (
                "1.2.3;ia5:x",
                Err("only utf8 other SANs are supported; found non-supported type in other SAN \
                     \"1.2.3;ia5:x\""),
            ),
        ] {
            let got = OtherNameText::parse(text);
            let got = got.map(|name| (name.oid, name.value)).map_err(|problem| problem.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn entries_allow_values_of_their_kind() {
        for (entries, name, want) in [
            (&[][..], "1.2.3;utf8:a", Err("other SAN OID 1.2.3 not allowed by this role")),
            (&["*"], "1.2.3;utf8:a", Ok(())),
            (&["1.2.3;utf8:a*"], "1.2.3;utf8:abc", Ok(())),
            (
                &["1.2.3;utf8:a*"],
                "1.2.3;utf8:",
                Err("other SAN  not allowed for OID 1.2.3 by this role"),
            ),
            (
                &["1.2.3;utf8:a*"],
                "1.2.4;utf8:a",
                Err("other SAN OID 1.2.4 not allowed by this role"),
            ),
            (&["1.2.3;utf8:a", "1.2.3;UTF8:b"], "1.2.3;utf8:b", Ok(())),
            (&["1.2.3;utf8:"], "1.2.3;utf8:", Ok(())),
        ] {
            let entries = owned(entries);
            let allowed = AllowedOtherNames::parse(&entries).unwrap();
            let got = allowed.check(OtherNameText::parse(name).unwrap());
            assert_eq!(got.map_err(|v| v.to_string()), want.map_err(str::to_owned), "{name}");
        }
    }

    #[test]
    fn a_star_stands_alone() {
        let entries = owned(&["*", "1.2.3;utf8:a"]);
        let got = AllowedOtherNames::parse(&entries).unwrap_err().to_string();
        assert_eq!(
            got,
            "error parsing allowed_other_sans: expected a semicolon in other SAN \"*\""
        );
    }
}
