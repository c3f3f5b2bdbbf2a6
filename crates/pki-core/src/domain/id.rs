//! Identifiers of things that have one.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A random 128-bit identifier, written as a lower-case UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// The identifier that random octets make (RFC 9562 section 5.4, without its version bits:
    /// the reference does not set them either).
    pub fn from_random(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// The octets.
    pub fn octets(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads the lower- or upper-case text form.
    pub fn parse(text: &str) -> Option<Self> {
        let groups: Vec<&str> = text.split('-').collect();
        let widths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        if widths != [8, 4, 4, 4, 12] {
            return None;
        }
        let digits = groups.concat();
        let mut octets = [0; 16];
        for (octet, pair) in octets.iter_mut().zip(digits.as_bytes().chunks(2)) {
            *octet = hex_pair(pair)?;
        }
        Some(Self(octets))
    }
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let mut value = 0;
    for digit in pair {
        value = value * 16 + u8::try_from(char::from(*digit).to_digit(16)?).ok()?;
    }
    Some(value)
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, octet) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a UUID"))
    }
}

/// Declares identifiers that cannot be taken for one another.
macro_rules! identifiers {
    ($( $(#[$meta:meta])* $name:ident ),* $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl $name {
            /// Reads the text form.
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::parse(text).map(Self)
            }
        }
    )* };
}

identifiers! {
    /// Names an issuer: a CA certificate and the key it uses.
    IssuerId,
    /// Names a private key.
    KeyId,
}

/// The number of a mount; it stays when the mount moves, and is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MountId(pub u32);

impl MountId {
    /// What belongs to no mount: the mounts themselves, the seal.
    pub const SYSTEM: Self = Self(0);
}

/// Names the CRL of all issuers with one subject and one key: they share it, whichever of them
/// signs it. Derived from both, so it outlives the issuers, and its numbers go on rising when
/// they come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrlId(pub [u8; 16]);

/// Whether a text can name a role, an issuer or a key: letters, digits and `_`, with `-` and `.`
/// inside.
pub fn is_name(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| word(*byte) || matches!(byte, b'-' | b'.'))
        && bytes.first().is_some_and(|byte| word(*byte))
        && bytes.last().is_some_and(|byte| word(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_read_back() {
        let text = "33659171-013e-d3ef-7a80-b417cfd776ed";
        assert_eq!(Uuid::parse(text).unwrap().to_string(), text);
        for wrong in [
            "",
            "33659171",
            "33659171-013e-d3ef-7a80-b417cfd776eg",
            "+3659171-013e-d3ef-7a80-b417cfd776ed",
        ] {
            assert_eq!(Uuid::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_start_and_end_with_a_word_character() {
        for (text, want) in [
            ("a", true),
            ("a-b.c_9", true),
            ("", false),
            ("-a", false),
            ("a-", false),
            (".a", false),
            ("a b", false),
            ("é", false),
            ("a/b", false),
        ] {
            assert_eq!(is_name(text), want, "{text}");
        }
    }
}
