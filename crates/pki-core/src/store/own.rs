//! The changes of one request, as it sees them itself.

use std::collections::BTreeMap;

use pki_store::{Key, KeyRange, Op};

/// Changes in order, and which of them is the last to a record.
#[derive(Default)]
pub(super) struct Own {
    ops: Vec<Op>,
    last: BTreeMap<(u8, Vec<u8>), usize>,
    /// From where on all changes are to one record each, and seen: these may be made in any order.
    free: usize,
}

impl Own {
    /// Makes a change that this request sees from now on, if it is to one record.
    pub(super) fn make(&mut self, op: Op) {
        let (Op::Put { key, .. } | Op::Delete { key }) = &op else {
            return self.make_unseen(op);
        };
        let last = self.last.entry((key.table.number, key.bytes.clone())).or_default();
        // What a later change undoes is not made at all: the end of a log is written once, however
        // much is appended to it.
        let undone =
            self.ops.get_mut(*last).filter(|undone| self.free <= *last && is_to(undone, key));
        match undone {
            Some(undone) => *undone = op,
            None => {
                *last = self.ops.len();
                self.ops.push(op);
            }
        }
    }

    /// Makes a change that it does not look at.
    pub(super) fn make_unseen(&mut self, op: Op) {
        self.ops.push(op);
        self.free = self.ops.len();
    }

    /// What has become of a record; nothing if nothing has.
    pub(super) fn get(&self, key: &Key) -> Option<Option<&[u8]>> {
        let index = self.last.get(&(key.table.number, key.bytes.clone()))?;
        Some(self.value(*index))
    }

    /// What has become of records of a range, in order of key: as many as can be among the first
    /// `limit` that are there.
    pub(super) fn within(&self, range: &KeyRange, limit: usize) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let from = range.after.clone().unwrap_or_else(|| range.prefix.clone());
        let changed = self
            .last
            .range((range.table.number, from)..)
            .take_while(|((table, key), _)| {
                *table == range.table.number && key.starts_with(&range.prefix)
            })
            .filter(|((_, key), _)| range.after.as_ref() != Some(key));
        let mut found = Vec::new();
        let mut there = 0;
        for ((_, key), index) in changed {
            if there == limit {
                break;
            }
            let value = self.value(*index);
            there += usize::from(value.is_some());
            found.push((key.clone(), value.map(<[u8]>::to_vec)));
        }
        found
    }

    pub(super) fn into_ops(self) -> Vec<Op> {
        self.ops
    }

    /// What a change has left of a record.
    fn value(&self, index: usize) -> Option<&[u8]> {
        match self.ops.get(index) {
            Some(Op::Put { value, .. }) => Some(value),
            _ => None,
        }
    }
}

fn is_to(op: &Op, record: &Key) -> bool {
    matches!(op, Op::Put { key, .. } | Op::Delete { key } if key == record)
}

#[cfg(test)]
mod tests {
    use pki_store::{Layout, Table};

    use super::*;

    const TABLE: Table = Table { number: 3, name: "test", layout: Layout::Clustered };

    fn key(octet: u8) -> Key {
        Key { table: TABLE, bytes: vec![1, octet] }
    }

    fn put(octet: u8) -> Op {
        Op::Put { key: key(octet), value: vec![octet] }
    }

    #[test]
    fn the_last_change_to_a_record_counts() {
        let mut own = Own::default();
        own.make(put(1));
        own.make(Op::Delete { key: key(1) });
        own.make(Op::Delete { key: key(2) });
        own.make(put(2));
        own.make_unseen(put(3));
        assert_eq!(own.get(&key(1)), Some(None));
        assert_eq!(own.get(&key(2)), Some(Some(&[2][..])));
        assert_eq!(own.get(&key(3)), None);
        assert_eq!(own.into_ops(), [Op::Delete { key: key(1) }, put(2), put(3)]);
    }

    #[test]
    fn a_change_stays_behind_one_that_is_not_seen() {
        let mut own = Own::default();
        own.make(put(1));
        let all = || Op::DeleteRange { range: KeyRange::prefix(TABLE, [1]) };
        own.make_unseen(all());
        own.make(put(2));
        own.make(put(1));
        own.make(Op::Delete { key: key(2) });
        assert_eq!(own.get(&key(1)), Some(Some(&[1][..])));
        assert_eq!(own.into_ops(), [put(1), all(), Op::Delete { key: key(2) }, put(1)]);
    }

    #[test]
    fn no_more_is_copied_than_can_be_asked_for() {
        let mut own = Own::default();
        for octet in 0..9 {
            own.make(if octet % 2 == 0 { Op::Delete { key: key(octet) } } else { put(octet) });
        }
        let range = KeyRange { after: Some(vec![1, 2]), ..KeyRange::prefix(TABLE, [1]) };
        let keys = |limit| -> Vec<u8> {
            own.within(&range, limit).iter().filter_map(|(key, _)| key.last().copied()).collect()
        };
        assert_eq!(keys(2), [3, 4, 5]);
        assert_eq!(keys(usize::MAX), [3, 4, 5, 6, 7, 8]);
        assert_eq!(keys(0), [0_u8; 0]);
    }
}
