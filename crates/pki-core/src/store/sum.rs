//! Whether a stored value is as it was written, and where.
//!
//! A store may keep its values without checksums, as SQLite does in its database file, and disks
//! change octets. A value with its sum does not make sense as another one by accident, nor under
//! another key. It is no protection from anybody: whoever may write to a store can make a sum.

/// In octets, at the end of a stored value.
const LENGTH: usize = 8;

/// Odd, with bits everywhere: that of xxHash.
const FACTOR: u64 = 0x9E37_79B1_85EB_CA87;

/// Puts its sum behind a value.
pub(super) fn seal(table: u8, key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let sum = sum(table, key, &value);
    value.extend_from_slice(&sum.to_be_bytes());
    value
}

/// The value without its sum, if that fits.
pub(super) fn open<'a>(table: u8, key: &[u8], sealed: &'a [u8]) -> Option<&'a [u8]> {
    let (value, found) = sealed.split_last_chunk::<LENGTH>()?;
    (sum(table, key, value) == u64::from_be_bytes(*found)).then_some(value)
}

/// Every step can be undone, so a change of one word of eight octets never goes unnoticed, and
/// of several ones once in 2⁶⁴.
fn sum(table: u8, key: &[u8], value: &[u8]) -> u64 {
    let add = |state: u64, word: u64| (state ^ word).wrapping_mul(FACTOR).rotate_left(29);
    let add_all = |state: u64, octets: &[u8]| {
        let (words, rest) = octets.as_chunks::<8>();
        let state = words.iter().fold(state, |state, word| add(state, u64::from_le_bytes(*word)));
        let rest = rest.iter().fold(0, |rest, octet| rest << 8 | u64::from(*octet));
        add(add(state, rest), octets.len() as u64)
    };
    let state = add_all(add_all(u64::from(table), key), value);
    add(state ^ state >> 32, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_again() {
        for length in 0..40 {
            let value = vec![7; length];
            let sealed = seal(3, b"key", value.clone());
            assert_eq!(open(3, b"key", &sealed), Some(value.as_slice()));
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let sealed = seal(3, b"key", (0..37).collect());
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(3, b"key", &damaged), None, "bit {bit}");
        }
    }

    #[test]
    fn another_place_or_length_is_noticed() {
        let sealed = seal(3, b"key", vec![0; 16]);
        assert_eq!(open(4, b"key", &sealed), None);
        assert_eq!(open(3, b"kez", &sealed), None);
        assert_eq!(open(3, b"key\0", &sealed), None);
        for cut in 1..=sealed.len() {
            assert_eq!(open(3, b"key", &sealed[..sealed.len() - cut]), None, "without {cut}");
        }
        assert_eq!(open(3, b"key", &[0; 24]), None);
    }
}
