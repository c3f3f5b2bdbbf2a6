//! Base64, the standard alphabet with padding.
//!
//! Source: RFC 4648 section 4.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What an octet of text means: up to 63 a digit, above that one of these.
const OTHER: u8 = 64;
const SPACE: u8 = 65;
const PADDING: u8 = 66;

/// The alphabet read backwards.
const MEANING: [u8; 256] = meanings();

#[expect(clippy::indexing_slicing, reason = "evaluated when compiling; a bad index would not")]
const fn meanings() -> [u8; 256] {
    let mut table = [OTHER; 256];
    let mut digit: u8 = 0;
    while digit < 64 {
        table[ALPHABET[digit as usize] as usize] = digit;
        digit += 1;
    }
    table[b' ' as usize] = SPACE;
    table[b'\t' as usize] = SPACE;
    table[b'\r' as usize] = SPACE;
    table[b'\n' as usize] = SPACE;
    table[b'=' as usize] = PADDING;
    table
}

/// The text of some octets, in one line.
pub fn encode(octets: &[u8]) -> String {
    let mut text = Vec::with_capacity(octets.len().div_ceil(3) * 4);
    append(&mut text, octets);
    into_text(text)
}

/// Appends the text of some octets.
pub(super) fn append(text: &mut Vec<u8>, octets: &[u8]) {
    let (groups, rest) = octets.as_chunks::<3>();
    for [a, b, c] in groups {
        let bits = u32::from_be_bytes([0, *a, *b, *c]);
        text.extend([digit(bits >> 18), digit(bits >> 12), digit(bits >> 6), digit(bits)]);
    }
    match rest {
        [a] => {
            let bits = u32::from(*a) << 4;
            text.extend([digit(bits >> 6), digit(bits), b'=', b'=']);
        }
        [a, b] => {
            let bits = u32::from_be_bytes([0, 0, *a, *b]) << 2;
            text.extend([digit(bits >> 12), digit(bits >> 6), digit(bits), b'=']);
        }
        _ => {}
    }
}

/// Text that was written here is ASCII, so nothing is lost.
pub(super) fn into_text(text: Vec<u8>) -> String {
    String::from_utf8(text).unwrap_or_default()
}

/// The digit of the last six bits.
fn digit(bits: u32) -> u8 {
    let [.., last] = bits.to_be_bytes();
    ALPHABET.get(usize::from(last & 0x3f)).copied().unwrap_or(b'=')
}

/// The octets of a text; blanks and line ends do not count. Nothing if it has other characters,
/// or its padding is wrong.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut bits: u32 = 0;
    let mut digits: u8 = 0;
    let mut padding: u8 = 0;
    for octet in text.bytes() {
        match MEANING.get(usize::from(octet)) {
            Some(value @ 0..=63) if padding == 0 => {
                bits = bits << 6 | u32::from(*value);
                digits += 1;
            }
            Some(&SPACE) => continue,
            Some(&PADDING) if 2 <= digits && digits + padding < 4 => padding += 1,
            _ => return None,
        }
        if digits == 4 {
            let [_, group @ ..] = bits.to_be_bytes();
            octets.extend_from_slice(&group);
            (bits, digits) = (0, 0);
        }
    }
    let [_, a, b, _] = match (digits, padding) {
        (0, 0) => return Some(octets),
        (2, 2) => (bits << 12).to_be_bytes(),
        (3, 1) => (bits << 6).to_be_bytes(),
        _ => return None,
    };
    octets.push(a);
    if digits == 3 {
        octets.push(b);
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_octets_read_both_ways() {
        // RFC 4648 section 10.
        for (octets, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(octets.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(octets.as_bytes()));
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all));
    }

    #[test]
    fn blanks_do_not_count_and_the_rest_must_be_right() {
        assert_eq!(decode(" Zm\r\n9v\tYg = =\n").as_deref(), Some(&b"foob"[..]));
        for text in ["Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Zg==Zg==", "=", "Zm9v-", "Zm9vé", "Z=g="]
        {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
