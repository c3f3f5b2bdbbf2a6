//! What every backend must do, as checks to run against one.
//!
//! A backend's tests call [`suite`] with a function that makes an empty store. The checks stay
//! within [`crate::Store`]; that processes may share a store, that it survives being killed, and
//! who may read its files, is for the backend's own tests.

mod batches;
mod model;
mod ranges;
mod records;
mod views;

use std::fmt;

use crate::{Batch, Entry, Expect, Key, KeyRange, Layout, Op, Snapshot, Store, StoreError, Table};

/// One rule of the contract. Runs against an empty store.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The rule, as a sentence.
    pub name: &'static str,
    /// Tries it on one table of the store.
    pub run: fn(&dyn Store, Table) -> Result<(), Problem>,
}

/// A rule that a store broke.
#[derive(Debug)]
pub struct Failure {
    /// [`Check::name`].
    pub check: &'static str,
    /// The layout of the table it was tried on.
    pub layout: Layout,
    /// What went otherwise.
    pub problem: Problem,
}

/// What went otherwise than it should.
#[derive(Debug)]
pub struct Problem(String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, layout, problem } = self;
        write!(f, "{check} ({layout:?}): {problem}")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// The tables the checks use: the first and the last number there can be, and both layouts.
const TABLES: &[Table] = &[
    Table { number: 0, name: "conformance-heap", layout: Layout::Heap },
    Table { number: u8::MAX, name: "conformance-clustered", layout: Layout::Clustered },
];

/// Every check.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [records::CHECKS, batches::CHECKS, ranges::CHECKS, views::CHECKS, model::CHECKS]
        .into_iter()
        .flatten()
}

/// Runs every check on every layout, each against a store of its own.
///
/// # Errors
///
/// Every [`Failure`] there was.
pub fn suite(
    new_store: &dyn Fn() -> Result<Box<dyn Store>, StoreError>,
) -> Result<(), Vec<Failure>> {
    let mut failures = Vec::new();
    for check in checks() {
        for table in TABLES {
            let run = || (check.run)(&*new_store()?, *table);
            if let Err(problem) = run() {
                failures.push(Failure { check: check.name, layout: table.layout, problem });
            }
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

/// A table of the same layout that sorts beside this one: what one does must not touch it.
fn neighbour(table: Table) -> Table {
    Table { number: table.number ^ 1, name: "conformance-neighbour", ..table }
}

fn key(table: Table, bytes: impl Into<Vec<u8>>) -> Key {
    Key { table, bytes: bytes.into() }
}

fn put(key: &Key, value: impl Into<Vec<u8>>) -> Op {
    Op::Put { key: key.clone(), value: value.into() }
}

fn delete(key: &Key) -> Op {
    Op::Delete { key: key.clone() }
}

/// Makes changes that depend on nothing.
fn write(store: &dyn Store, ops: impl Into<Vec<Op>>) -> Result<u64, Problem> {
    Ok(store.apply(&Batch { expect: Vec::new(), ops: ops.into() })?)
}

/// Fills a table with keys, each its own value.
fn fill(store: &dyn Store, table: Table, keys: &[&[u8]]) -> Result<(), Problem> {
    let ops: Vec<_> = keys.iter().map(|bytes| put(&key(table, *bytes), *bytes)).collect();
    write(store, ops).map(drop)
}

fn entry(store: &dyn Store, key: &Key) -> Result<Option<Entry>, Problem> {
    Ok(store.snapshot()?.get(key)?)
}

fn value(store: &dyn Store, key: &Key) -> Result<Option<Vec<u8>>, Problem> {
    Ok(entry(store, key)?.map(|entry| entry.value))
}

/// The version of a record that must be there.
fn version(store: &dyn Store, key: &Key) -> Result<u64, Problem> {
    let found = entry(store, key)?.map(|entry| entry.version);
    found.ok_or_else(|| Problem(format!("there is no record at {:?}", key.bytes)))
}

/// The keys of a range, as bytes.
fn listed(view: &dyn Snapshot, range: &KeyRange, limit: usize) -> Result<Vec<Vec<u8>>, Problem> {
    Ok(view.keys(range, limit)?.into_iter().map(|key| key.bytes).collect())
}

fn whole(table: Table) -> KeyRange {
    KeyRange::prefix(table, [])
}

fn same<T: PartialEq + fmt::Debug>(what: &str, got: T, want: T) -> Result<(), Problem> {
    if got == want {
        return Ok(());
    }
    Err(Problem(format!("{what}: got {got:?}, want {want:?}")))
}

/// A batch with these expectations must be refused for this key, and change nothing there.
fn refused(
    store: &dyn Store,
    expect: Vec<(Key, Expect)>,
    ops: Vec<Op>,
    culprit: &Key,
) -> Result<(), Problem> {
    let revision = store.revision()?;
    match store.apply(&Batch { expect, ops }) {
        Err(StoreError::Conflict { key }) => same("key of the conflict", &key, culprit)?,
        Err(other) => return Err(other.into()),
        Ok(_) => return Err(Problem("a batch was applied that must be refused".into())),
    }
    same("revision after a refusal", store.revision()?, revision)
}
