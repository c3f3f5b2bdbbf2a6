//! The order of keys: letters after everything else, and runs of digits by their value.

use std::cmp::Ordering;

/// Compares two keys as go-yaml does: `a2` before `a10`, `_x` before `a`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let differs = a.iter().zip(&b).position(|(x, y)| x != y);
    let Some(at) = differs else {
        return a.len().cmp(&b.len());
    };
    let (Some(x), Some(y)) = (a.get(at), b.get(at)) else {
        return Ordering::Equal;
    };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero that follows other digits is part of their number, not a leading zero.
    let lead = if (*x == '0' || *y == '0') && continues_number(&a, at) { 1 } else { 0 };
    let ((left, left_len), (right, right_len)) = (number(&a, at, lead), number(&b, at, lead));
    left.cmp(&right).then(left_len.cmp(&right_len)).then(x.cmp(y))
}

/// Whether the digits just before a place have a value.
fn continues_number(text: &[char], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0')
}

/// The value and length of the run of digits at a place.
fn number(text: &[char], at: usize, lead: u64) -> (u64, usize) {
    let digits = text.get(at..).unwrap_or_default().iter();
    let digits = digits.map_while(|c| c.to_digit(10));
    digits.fold((lead, 0), |(value, length), digit| {
        let value = value.saturating_mul(10).saturating_add(u64::from(digit));
        (value, length + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As written by the reference.
    #[test]
    fn keys_are_in_the_order_of_the_reference() {
        let want = [
            "_x", "0f", "1-3", "12-3", "123", "1a", "K", "a b", "a/b", "a=1", "a_1", "a1", "a1_",
            "a10", "a1b", "a01", "a001", "a2", "aa", "c6", "f0", "k-a", "k.a", "k_a", "k9", "k10",
            "kA", "ka", "é",
        ];
        let mut keys = want;
        keys.reverse();
        keys.sort_by(|a, b| natural(a, b));
        assert_eq!(keys, want);
    }
}
