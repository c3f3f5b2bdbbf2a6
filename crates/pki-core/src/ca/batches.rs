//! How far a batch has come, in the transactions that carry it out.
//!
//! The rows of a batch are carried out in order, group by group. The record of a batch counts
//! those that are done, and is written in the transaction that does them, so it is never wrong:
//! whoever goes on with a batch starts at that row, and of two who do, one finds it moved.

use serde::{Deserialize, Serialize};

use super::tables::BATCHES;
use crate::api::endpoint::WriteCx;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::json_record;

/// A batch, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BatchRecord {
    /// What every row was sent to, below the mount.
    pub(crate) path: String,
    /// How many rows it has.
    pub(crate) rows: u64,
    /// How many of them are done: always the first ones.
    pub(crate) done: u64,
    pub(crate) began_at: Timestamp,
    /// When the last group was done.
    pub(crate) changed_at: Timestamp,
}
json_record!(BatchRecord);

/// A step of a batch: the rows from `from` up to `to`, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The identifier of the batch: whatever tells it from others.
    pub batch: String,
    /// What its rows are sent to, below the mount.
    pub path: String,
    /// How many rows the batch has.
    pub rows: u64,
    /// The first row of the step, which is how many were done before.
    pub from: u64,
    /// The row after its last.
    pub to: u64,
}

/// Notes that a step is done, if the steps before it are and it is not.
pub(crate) fn advance(cx: &mut WriteCx<'_>, step: &Step) -> Result<(), Error> {
    let Step { batch, path, rows, from, to } = step;
    let earlier: Option<BatchRecord> = cx.tx.get(&BATCHES, batch)?;
    let done = earlier.as_ref().map_or(0, |earlier| earlier.done);
    if done != *from {
        return Err(Error::refused(format!(
            "batch {batch} has {done} rows done, not {from}: somebody else goes on with it"
        )));
    }
    let began_at = earlier.map_or(cx.now, |earlier| earlier.began_at);
    let (path, changed_at) = (path.clone(), cx.now);
    let record = BatchRecord { path, rows: *rows, done: *to, began_at, changed_at };
    cx.tx.put(&BATCHES, batch, &record);
    Ok(())
}
