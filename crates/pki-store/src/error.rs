//! What can go wrong in a store.

use crate::key::Key;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An expectation of a batch did not hold. Read again and decide again.
    #[error("record in table {} was changed by another writer", .key.table.name)]
    Conflict {
        /// The record that was not as expected.
        key: Key,
    },
    /// Other writers held the store for longer than the caller was willing to wait.
    #[error("store is busy: another process has been writing for {waited_ms} ms")]
    Busy {
        /// How long this call waited, in milliseconds.
        waited_ms: u64,
    },
    /// There is no store at this place.
    #[error("no store at {place}")]
    Missing {
        /// Where it was looked for.
        place: String,
    },
    /// What is there is not a store, or is damaged.
    #[error("{place} is not a usable store: {problem}")]
    Corrupt {
        /// Where.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Others have the store open, and what was asked needs it alone.
    #[error("{place} is in use by another process; try again when nothing uses it")]
    InUse {
        /// Where.
        place: String,
    },
    /// There is a file already where one was to be made.
    #[error("{place} is there already, and was left as it is")]
    Exists {
        /// Where.
        place: String,
    },
    /// The store was written by a newer program.
    #[error("{place} has store format {found}; this program knows formats up to {known}")]
    TooNew {
        /// Where.
        place: String,
        /// Its format.
        found: u32,
        /// The newest known here.
        known: u32,
    },
    /// The place cannot be read or written.
    #[error("{doing} {place}: {source}")]
    Io {
        /// What was being done, as in `cannot create`.
        doing: &'static str,
        /// To what.
        place: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The disk is full.
    #[error("no space left for the store at {place}; nothing was changed")]
    Full {
        /// Where.
        place: String,
    },
    /// The store is, or lies in, a place that may not be written.
    #[error("store at {place} cannot be written: it is read-only")]
    ReadOnly {
        /// Where.
        place: String,
    },
    /// The backend failed in a way that has no name here.
    #[error("store backend failed at {place}: {problem}")]
    Backend {
        /// Where.
        place: String,
        /// What it said.
        problem: String,
    },
}
