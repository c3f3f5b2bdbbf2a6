//! What a writer wants to happen, all of it or nothing.

use crate::key::{Key, KeyRange};

/// What must be true of a record for a batch to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// There is none.
    Absent,
    /// It is there, unchanged since this version was read.
    Version(u64),
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes a record, whether or not there was one.
    Put {
        /// Where.
        key: Key,
        /// What.
        value: Vec<u8>,
    },
    /// Removes a record, if there is one.
    Delete {
        /// Which.
        key: Key,
    },
    /// Removes every record of a range.
    DeleteRange {
        /// Which.
        range: KeyRange,
    },
}

/// Changes that happen together, and what they depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// All must hold, else nothing is changed.
    pub expect: Vec<(Key, Expect)>,
    /// Made in order.
    pub ops: Vec<Op>,
}
