//! Both backends keep the contract.

use pki_store::memory::MemoryStore;
use pki_store::{Store, StoreError, conformance};

/// Panics with every broken rule, one a line.
fn check(new_store: &dyn Fn() -> Result<Box<dyn Store>, StoreError>) {
    if let Err(failures) = conformance::suite(new_store) {
        let lines: Vec<_> = failures.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}

#[test]
fn the_memory_store_keeps_the_contract() {
    check(&|| Ok(Box::new(MemoryStore::new())));
}

#[cfg(feature = "sqlite")]
#[test]
fn the_directory_store_keeps_the_contract() {
    use std::cell::Cell;

    use pki_store::directory::{DirectoryStore, Options};

    let place = tempfile::tempdir().unwrap();
    let made = Cell::new(0);
    check(&|| {
        made.set(made.get() + 1);
        let path = place.path().join(made.get().to_string());
        Ok(Box::new(DirectoryStore::create(&path, Options::default())?))
    });
}

#[test]
fn a_store_that_breaks_the_contract_is_caught() {
    let failures = conformance::suite(&|| Ok(Box::new(Forgetful(MemoryStore::new()))));
    let failures = failures.expect_err("this store ignores every expectation");
    assert!(failures.iter().any(|failure| failure.check == "what is expected absent is so"));
    assert!(failures.iter().all(|failure| failure.check != "what was put is got"));
}

/// Ignores expectations.
struct Forgetful(MemoryStore);

impl Store for Forgetful {
    fn snapshot(&self) -> Result<Box<dyn pki_store::Snapshot + '_>, StoreError> {
        self.0.snapshot()
    }

    fn apply(&self, batch: &pki_store::Batch) -> Result<u64, StoreError> {
        let ops = batch.ops.clone();
        self.0.apply(&pki_store::Batch { expect: Vec::new(), ops })
    }

    fn revision(&self) -> Result<u64, StoreError> {
        self.0.revision()
    }
}
