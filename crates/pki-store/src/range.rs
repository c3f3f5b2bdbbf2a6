//! From what a caller asks of a range to two bounds a backend can search with.

use crate::key::KeyRange;

/// The keys from `from` on, and below `to`; without `to`, up to the end of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) from: Vec<u8>,
    pub(crate) to: Option<Vec<u8>>,
}

impl Bounds {
    /// Whether no key at all can lie between the two.
    pub(crate) fn are_empty(&self) -> bool {
        self.to.as_ref().is_some_and(|to| *to <= self.from)
    }
}

impl From<&KeyRange> for Bounds {
    fn from(range: &KeyRange) -> Self {
        let after = range.after.as_deref().map(next).unwrap_or_default();
        let from = after.max(range.prefix.clone());
        let to = match (end_of_prefix(&range.prefix), range.before.clone()) {
            (Some(end), Some(before)) => Some(end.min(before)),
            (end, before) => end.or(before),
        };
        Self { from, to }
    }
}

/// The first key after this one: nothing fits between a key and itself with a zero appended.
fn next(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// The first key that is greater than every key with this prefix, if there is one.
fn end_of_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=last)?.to_vec();
    if let Some(byte) = end.last_mut() {
        *byte = byte.saturating_add(1);
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Layout, Table};

    const TABLE: Table = Table { number: 1, name: "test", layout: Layout::Heap };

    /// Prefix, after, before; from, to.
    type Case = (
        &'static [u8],
        Option<&'static [u8]>,
        Option<&'static [u8]>,
        &'static [u8],
        Option<&'static [u8]>,
    );

    const CASES: &[Case] = &[
        (b"", None, None, b"", None),
        (b"a", None, None, b"a", Some(b"b")),
        (b"a\xff", None, None, b"a\xff", Some(b"b")),
        (b"\xff\xff", None, None, b"\xff\xff", None),
        (b"a", Some(b"ab"), None, b"ab\0", Some(b"b")),
        (b"b", Some(b"ab"), None, b"b", Some(b"c")),
        (b"a", None, Some(b"ab"), b"a", Some(b"ab")),
        (b"a", None, Some(b"z"), b"a", Some(b"b")),
        (b"", Some(b""), Some(b"m"), b"\0", Some(b"m")),
        (b"\xff", None, Some(b"\xff\x01"), b"\xff", Some(b"\xff\x01")),
    ];

    #[test]
    fn prefix_and_exclusive_bounds_become_one_half_open_range() {
        for (prefix, after, before, from, to) in CASES {
            let range = KeyRange {
                table: TABLE,
                prefix: prefix.to_vec(),
                after: after.map(<[u8]>::to_vec),
                before: before.map(<[u8]>::to_vec),
            };
            let want = Bounds { from: from.to_vec(), to: to.map(<[u8]>::to_vec) };
            assert_eq!(Bounds::from(&range), want, "{range:?}");
        }
    }

    #[test]
    fn bounds_that_cross_are_empty() {
        let crossed = KeyRange {
            before: Some(b"a".to_vec()),
            after: Some(b"b".to_vec()),
            ..KeyRange::prefix(TABLE, [])
        };
        assert!(Bounds::from(&crossed).are_empty());
        assert!(!Bounds::from(&KeyRange::prefix(TABLE, [])).are_empty());
    }
}
