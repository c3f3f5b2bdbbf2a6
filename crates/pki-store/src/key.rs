//! Names of records.

use std::hash::{Hash, Hasher};

/// How a backend should lay out the values of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Small values, kept beside their keys in key order.
    Clustered,
    /// Large values, kept in order of arrival with a small index over them: random keys do not
    /// spread them over the file.
    Heap,
}

/// A group of records with keys of one form. The number is what is stored; it never changes
/// meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Stored with every key.
    pub number: u8,
    /// For people and error messages.
    pub name: &'static str,
    /// Advice to the backend.
    pub layout: Layout,
}

/// Those that are equal have one number.
impl Hash for Table {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

/// The name of one record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The table it belongs to.
    pub table: Table,
    /// Compared bytewise.
    pub bytes: Vec<u8>,
}

/// The keys of one table that start with `prefix`, and come after `after` if that is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The table to look in.
    pub table: Table,
    /// What every key starts with; empty means the whole table.
    pub prefix: Vec<u8>,
    /// Exclusive lower bound: a whole key, not only what follows the prefix.
    pub after: Option<Vec<u8>>,
    /// Exclusive upper bound: a whole key, not only what follows the prefix.
    pub before: Option<Vec<u8>>,
}

impl KeyRange {
    /// Every key that starts with `prefix`.
    pub fn prefix(table: Table, prefix: impl Into<Vec<u8>>) -> Self {
        Self { table, prefix: prefix.into(), after: None, before: None }
    }
}
