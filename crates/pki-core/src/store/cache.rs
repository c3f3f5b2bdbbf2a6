//! Records that were decoded before.
//!
//! Reading a role or an issuer costs more than signing under it, and both change seldom. A record
//! is found again by its key and its version, and a version never comes back with other contents
//! (`pki_store::Entry`), so what is found is never stale: the snapshot says which version to ask
//! for.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pki_store::Key;

/// More records than this are not kept: mounts, roles, issuers and keys of a large authority.
const MOST: usize = 4_096;

type Slot = (u8, Vec<u8>);
type Decoded = (u64, Arc<dyn Any + Send + Sync>);

/// Decoded records by place; the last version of each that was asked for.
#[derive(Default)]
pub(crate) struct RecordCache(Mutex<HashMap<Slot, Decoded>>);

impl RecordCache {
    /// The record at a key in a version, if it was kept.
    pub(super) fn find<V: Clone + 'static>(&self, key: &Key, version: u64) -> Option<V> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (found, record) = kept.get(&(key.table.number, key.bytes.clone()))?;
        (*found == version).then(|| record.downcast_ref().cloned())?
    }

    /// Keeps a record.
    pub(super) fn keep<V: Clone + Send + Sync + 'static>(
        &self,
        key: &Key,
        version: u64,
        record: &V,
    ) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if MOST <= kept.len() {
            kept.clear();
        }
        let slot = (key.table.number, key.bytes.clone());
        kept.insert(slot, (version, Arc::new(record.clone())));
    }
}
