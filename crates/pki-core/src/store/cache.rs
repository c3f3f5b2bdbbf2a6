//! Records that were read before.
//!
//! Reading a role or an issuer costs more than signing under it, and both change seldom. A record
//! is found again by its key and its version, and a version never comes back with other contents
//! (`pki_store::Entry`): what a snapshot names is never stale. What is found without a snapshot may
//! be, and is good for nothing but changes that depend on it: they are not made if it is.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pki_store::{Expect, Key, Op};

/// More records than this are not kept: mounts, roles, issuers and keys of a large authority.
const MOST: usize = 4_096;

type Decoded = Arc<dyn Any + Send + Sync>;

/// What was found at a key; nothing, or a record in a version.
type Last = Option<(u64, Decoded)>;

/// What was found at each key when it was last read.
#[derive(Default)]
pub(crate) struct RecordCache(Mutex<HashMap<Key, Last>>);

impl RecordCache {
    /// The record at a key in a version, if it was kept.
    pub(super) fn find<V: Clone + 'static>(&self, key: &Key, version: u64) -> Option<V> {
        match self.locked().get(key) {
            Some(Some((found, record))) if *found == version => record.downcast_ref().cloned(),
            _ => None,
        }
    }

    /// What was found at a key when it was last read, and what to expect of it if that still
    /// holds; nothing if it was not kept.
    pub(super) fn last<V: Clone + 'static>(&self, key: &Key) -> Option<(Expect, Option<V>)> {
        match self.locked().get(key)? {
            None => Some((Expect::Absent, None)),
            Some((version, record)) => {
                Some((Expect::Version(*version), Some(record.downcast_ref().cloned()?)))
            }
        }
    }

    /// Keeps a record, unless a newer version of it was kept.
    pub(super) fn keep<V: Clone + Send + Sync + 'static>(
        &self,
        key: &Key,
        version: u64,
        record: &V,
    ) {
        let mut kept = self.locked();
        if !matches!(kept.get(key), Some(Some((newer, _))) if version < *newer) {
            insert(&mut kept, key, Some((version, Arc::new(record.clone()))));
        }
    }

    /// Keeps that there is none.
    pub(super) fn keep_absent(&self, key: &Key) {
        insert(&mut self.locked(), key, None);
    }

    /// Forgets what was found at a key.
    pub(super) fn forget(&self, key: &Key) {
        self.locked().remove(key);
    }

    /// Forgets what these changes have made obsolete.
    pub(crate) fn changed(&self, ops: &[Op]) {
        let mut kept = self.locked();
        for op in ops {
            match op {
                Op::Put { key, .. } | Op::Delete { key } => drop(kept.remove(key)),
                Op::DeleteRange { .. } | Op::Many(_) => kept.clear(),
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Key, Last>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn insert(kept: &mut HashMap<Key, Last>, key: &Key, last: Last) {
    if MOST <= kept.len() {
        kept.clear();
    }
    kept.insert(key.clone(), last);
}
