//! What a writer wants to happen, all of it or nothing.

use std::fmt;
use std::sync::Arc;

use crate::Entry;
use crate::error::StoreError;
use crate::key::{Key, KeyRange, Table};

/// What must be true of a record for a batch to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// There is none.
    Absent,
    /// It is there, unchanged since this version was read.
    Version(u64),
}

impl Expect {
    /// That it stays as it was found.
    pub fn of(found: Option<&Entry>) -> Self {
        found.map_or(Self::Absent, |entry| Self::Version(entry.version))
    }
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
    /// Changes that are worked out while they are made.
    Many(Changes),
}

/// Gets what must be true of a record.
pub type Check<'a> = dyn FnMut(&Key, Expect) -> Result<(), StoreError> + 'a;

/// Gets one change.
pub type Make<'a> = dyn FnMut(&Op) -> Result<(), StoreError> + 'a;

/// Changes of which there are too many to be held in memory. They are worked out when a batch is
/// applied, always the same ones.
pub trait Many: Send + Sync {
    /// The tables whose records they change, or depend on.
    fn tables(&self) -> &[Table];

    /// Hands over what they depend on, which is looked at before anything is changed.
    ///
    /// # Errors
    ///
    /// Those of `check`, and no others.
    fn expect(&self, check: &mut Check<'_>) -> Result<(), StoreError>;

    /// Hands over the changes, in order.
    ///
    /// # Errors
    ///
    /// Those of `make`, and no others.
    fn ops(&self, make: &mut Make<'_>) -> Result<(), StoreError>;
}

/// Shared, so that a batch can be copied. Equal are those that are the same.
#[derive(Clone)]
pub struct Changes(pub Arc<dyn Many>);

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Changes(..)")
    }
}

impl PartialEq for Changes {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Changes {}

/// Changes that happen together, and what they depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// All must hold, else nothing is changed.
    pub expect: Vec<(Key, Expect)>,
    /// Made in order.
    pub ops: Vec<Op>,
}

impl Batch {
    /// Hands over all that must hold, that of [`Many`] changes included.
    ///
    /// # Errors
    ///
    /// Those of `check`.
    pub fn each_expectation(&self, check: &mut Check<'_>) -> Result<(), StoreError> {
        for (key, expect) in &self.expect {
            check(key, *expect)?;
        }
        self.each_late_expectation(check)
    }

    /// Hands over what [`Many`] changes expect, which is worked out only now.
    ///
    /// # Errors
    ///
    /// Those of `check`.
    pub fn each_late_expectation(&self, check: &mut Check<'_>) -> Result<(), StoreError> {
        for op in &self.ops {
            if let Op::Many(Changes(many)) = op {
                many.expect(check)?;
            }
        }
        Ok(())
    }
}
