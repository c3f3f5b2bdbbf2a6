//! Octets as hexadecimal text.

use serde::{Deserialize as _, Deserializer, Serializer};

/// Two lower-case digits an octet.
pub fn encode(octets: &[u8]) -> String {
    text(octets, vec![0; octets.len() * 2], 2)
}

/// The same with something between the octets, as in `17:ab:03`.
pub(crate) fn joined(octets: &[u8], separator: u8) -> String {
    let mut joined = vec![separator; octets.len() * 3];
    // Nothing comes after the last.
    joined.pop();
    text(octets, joined, 3)
}

/// Writes two digits at every so many places. Lists have millions of these, and adding one
/// character after the other takes twice as long.
fn text(octets: &[u8], mut places: Vec<u8>, each: usize) -> String {
    for (place, octet) in places.chunks_mut(each).zip(octets) {
        if let [high, low, ..] = place {
            (*high, *low) = (digit(octet >> 4), digit(octet & 15));
        }
    }
    String::from_utf8(places).unwrap_or_default()
}

fn digit(nibble: u8) -> u8 {
    match nibble {
        0..10 => b'0' + nibble,
        _ => b'a' - 10 + nibble,
    }
}

/// Reads pairs of digits of either case; `None` for anything else.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(nibble(*pair.first()?)? << 4 | nibble(*pair.last()?)?)).collect()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// For `#[serde(with)]`.
pub(crate) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(octets))
}

/// For `#[serde(with)]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    decode(&text).ok_or_else(|| serde::de::Error::custom("not hexadecimal"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn octets_read_back() {
        assert_eq!(super::encode(&[0, 0xab, 0x9f]), "00ab9f");
        assert_eq!(super::joined(&[0, 0xab, 0x9f], b':'), "00:ab:9f");
        assert_eq!(super::joined(&[0xab], b':'), "ab");
        assert_eq!(super::joined(&[], b':'), "");
        assert_eq!(super::decode("00AB9f"), Some(vec![0, 0xab, 0x9f]));
        for wrong in ["0", "0g", "+1"] {
            assert_eq!(super::decode(wrong), None, "{wrong}");
        }
    }
}
