//! A program that does something page by page, and others that come between two pages.
#![allow(dead_code, reason = "every test program uses its own part")]

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};

use pki_store::memory::MemoryStore;
use pki_store::{Batch, Snapshot, Store, StoreError};

/// Asked before each change, with how many there were; false if the program dies of it.
type Hook = Box<dyn FnMut(usize) -> bool + Send>;

/// A store that others can get at between two changes.
#[derive(Default)]
pub(crate) struct Between {
    /// Where they do.
    pub(crate) store: Arc<MemoryStore>,
    hook: Mutex<Option<Hook>>,
    changes: Mutex<usize>,
}

impl Store for Between {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        self.store.snapshot()
    }

    fn apply(&self, batch: &Batch) -> Result<u64, StoreError> {
        let count = *self.changes.lock().unwrap();
        let lives = self.hook.lock().unwrap().as_mut().is_none_or(|hook| hook(count));
        if !lives {
            let (place, source) = ("it".to_owned(), ErrorKind::Other.into());
            return Err(StoreError::Io { doing: "cannot write", place, source });
        }
        let applied = self.store.apply(batch)?;
        *self.changes.lock().unwrap() += 1;
        Ok(applied)
    }

    fn revision(&self) -> Result<u64, StoreError> {
        self.store.revision()
    }
}

impl Between {
    /// Over this store.
    pub(crate) fn over(store: Arc<MemoryStore>) -> Self {
        Self { store, ..Self::default() }
    }

    /// Before each change, this happens.
    pub(crate) fn meanwhile(&self, hook: impl FnMut(usize) -> bool + Send + 'static) {
        *self.changes.lock().unwrap() = 0;
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// How many changes there were since.
    pub(crate) fn changes(&self) -> usize {
        *self.changes.lock().unwrap()
    }
}
