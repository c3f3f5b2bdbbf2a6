//! The store as the engine sees it: typed records of one mount, and the changes a request makes.
//!
//! Bytes below (`pki-store`), types above. What a command reads is remembered, and is what its
//! changes expect: if another writer was there first, nothing is changed and the command runs
//! again on a new snapshot.

mod cache;
mod codec;
mod look;
mod many;
mod memory;
mod own;
mod reads;
mod record;
mod sum;
mod view;

pub(crate) use cache::RecordCache;
pub(crate) use codec::{Reader, Writer};
pub(crate) use look::{Found, Look, Unreadable};
pub(crate) use many::Steps;
pub(crate) use memory::Memory;
pub(crate) use record::{Damaged, Format, Only, Record, RecordKey, Records, json_record};
pub(crate) use view::{SETS, Tx, View};
