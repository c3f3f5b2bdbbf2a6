//! What a request has read.

use std::collections::BTreeMap;

use pki_store::{Expect, Key, Table};

/// Records that were read, each once however often that was.
#[derive(Default)]
pub(super) struct Reads {
    found: BTreeMap<(u8, Vec<u8>), (Table, Expect)>,
    /// What was found otherwise when it was read again. In a snapshot that does not happen; what is
    /// remembered may become newer meanwhile. Both are expected then, and one will not hold.
    contradictions: Vec<(Key, Expect)>,
}

impl Reads {
    /// Notes what a record was like.
    pub(super) fn note(&mut self, key: &Key, expect: Expect) {
        let slot = (key.table.number, key.bytes.clone());
        let (_, found) = *self.found.entry(slot).or_insert((key.table, expect));
        if found != expect {
            self.contradictions.push((key.clone(), expect));
        }
    }

    /// What the changes of the request depend on.
    pub(super) fn into_expectations(self) -> Vec<(Key, Expect)> {
        let of = |((_, bytes), (table, expect))| (Key { table, bytes }, expect);
        self.found.into_iter().map(of).chain(self.contradictions).collect()
    }
}

#[cfg(test)]
mod tests {
    use pki_store::Layout;

    use super::*;

    fn key(number: u8, octet: u8) -> Key {
        let table = Table { number, name: "test", layout: Layout::Clustered };
        Key { table, bytes: vec![octet] }
    }

    #[test]
    fn what_was_found_otherwise_is_expected_too() {
        let found = [Expect::Version(7), Expect::Version(5), Expect::Version(7), Expect::Absent];
        let mut reads = Reads::default();
        found.iter().for_each(|expect| reads.note(&key(1, 1), *expect));
        let expected: Vec<Expect> =
            reads.into_expectations().into_iter().map(|(_, expect)| expect).collect();
        assert_eq!(expected, [Expect::Version(7), Expect::Version(5), Expect::Absent]);
    }

    #[test]
    fn what_is_read_again_is_expected_once() {
        let mut reads = Reads::default();
        for _ in 0..3 {
            reads.note(&key(2, 1), Expect::Absent);
            reads.note(&key(1, 2), Expect::Version(7));
            reads.note(&key(1, 1), Expect::Version(5));
        }
        let want = [
            (key(1, 1), Expect::Version(5)),
            (key(1, 2), Expect::Version(7)),
            (key(2, 1), Expect::Absent),
        ];
        assert_eq!(reads.into_expectations(), want);
    }
}
