//! Where pkictl keeps its records.
//!
//! A store maps keys to values. It offers two things and no more: a [`Snapshot`], which never
//! changes while it is held, and [`Store::apply`], which makes a [`Batch`] of changes happen
//! together, or not at all, and only if the records it depends on are as the writer saw them.
//! There is no interactive write transaction: whoever writes reads a snapshot, decides, does
//! what is slow, and then applies; on [`StoreError::Conflict`] it starts again. Nothing slow
//! happens under a lock, and the same trait fits SQLite, PostgreSQL and etcd.
//!
//! | backend | feature | for |
//! |---|---|---|
//! | [`memory`] | always | tests, and embedding without a disk |
//! | `directory` | `sqlite` | the default: one directory, several processes |

mod batch;
pub mod conformance;
#[cfg(feature = "sqlite")]
pub mod directory;
mod error;
mod key;
pub mod memory;
mod range;

pub use batch::{Batch, Changes, Check, Expect, Make, Many, Op};
pub use error::StoreError;
pub use key::{Key, KeyRange, Layout, Table};

/// A stored value, and the version it has had since it was last put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Changes with every put, and never comes back after a delete.
    pub version: u64,
    /// The bytes that were put.
    pub value: Vec<u8>,
}

/// A view of the store at one moment. Later writes, by this process or another, do not show.
pub trait Snapshot {
    /// The entry at a key, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError>;

    /// At most `limit` entries of a range, with their keys, in ascending order of key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    fn scan(&self, range: &KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError>;

    /// As [`Snapshot::scan`], without reading the values.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    fn keys(&self, range: &KeyRange, limit: usize) -> Result<Vec<Key>, StoreError>;

    /// How many keys a range holds.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    fn count(&self, range: &KeyRange) -> Result<u64, StoreError>;
}

/// A place that keeps records. Shared between threads; a backend says whether processes may
/// share it too.
pub trait Store: Send + Sync {
    /// The store as it is now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError>;

    /// Makes every change of the batch, durably, or none. Returns the store's revision after it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when an expectation does not hold; nothing was changed.
    /// [`StoreError::Busy`] when other writers did not give way in time; nothing was changed.
    fn apply(&self, batch: &Batch) -> Result<u64, StoreError>;

    /// A number that rises with every applied batch; cheap to ask.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    fn revision(&self) -> Result<u64, StoreError>;
}
