//! An engine over a store that counts what is read and changed.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use pki_core::domain::time::Timestamp;
use pki_core::env::Clock;
use pki_core::paths::issue::Issue;
use pki_core::policy::Selector;
use pki_core::x509::CertificateList;
use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use pki_store::{Batch, Changes, Entry, Key, KeyRange, Op, Snapshot, Store, StoreError, Table};
use serde_json::{Map, Value, json};

/// A mount with a root, and a role whose certificates last a day.
pub(crate) struct World {
    pub(crate) engine: Engine,
    store: Arc<Counted>,
    clock: Arc<AtomicI64>,
}

impl World {
    pub(crate) fn new() -> Self {
        let store = Arc::new(Counted::default());
        let shared: Arc<dyn Store> = Arc::<Counted>::clone(&store);
        let clock = Arc::new(AtomicI64::new(1_790_000_000));
        let env = Env { clock: Box::new(Settable(Arc::clone(&clock))), ..Env::system() };
        let engine = Engine::new(shared, Arc::new(Given::key([7; 32])), env);
        engine.enable("pki").unwrap();
        let world = Self { engine, store, clock };
        let root = json!({"common_name": "root", "key_type": "ed25519", "ttl": "700h"});
        world.write("pki/root/generate/internal", root);
        let role = json!({"allow_any_name": true, "key_type": "ed25519", "ttl": "24h"});
        world.write("pki/roles/any", role);
        world
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn write(&self, path: &str, data: Value) -> Map<String, Value> {
        let data = data.as_object().unwrap().clone();
        let request = Request { operation: Operation::Write, path: path.to_owned(), data };
        let mut response = self.engine.handle(request).unwrap();
        match std::mem::replace(&mut response.body, Body::Null) {
            Body::Data(data) => data,
            Body::Empty | Body::Null | Body::Accepted | Body::Raw { .. } => Map::new(),
        }
    }

    pub(crate) fn read(&self, path: &str) -> Result<Body, pki_core::Error> {
        let (operation, data) = (Operation::Read, Map::new());
        let request = Request { operation, path: path.to_owned(), data };
        let mut response = self.engine.handle(request)?;
        Ok(std::mem::replace(&mut response.body, Body::Null))
    }

    pub(crate) fn issue(&self) -> String {
        let issued = self.write("pki/issue/any", json!({"common_name": "a.test"}));
        issued.get("serial_number").unwrap().as_str().unwrap().to_owned()
    }

    pub(crate) fn revoke(&self, serial: &str) {
        self.write("pki/revoke", json!({"serial_number": serial}));
    }

    pub(crate) fn issue_many(&self, count: usize) {
        let commands: Vec<Issue> = (0..count).map(|_| Issue::under("any", "a.test")).collect();
        self.engine.execute_all("pki", &commands, NonZeroUsize::MIN).unwrap();
    }

    pub(crate) fn issue_and_revoke(&self, count: usize) {
        self.issue_many(count);
        let selector = Selector::parse(&["role=any".to_owned()], Timestamp::EPOCH).unwrap();
        self.engine.revoke_matching("pki", &selector, None, count as u64).unwrap();
    }

    /// How many entries the CRL has.
    pub(crate) fn listed(&self) -> usize {
        let Body::Raw { bytes, .. } = self.read("pki/crl").unwrap() else { return usize::MAX };
        CertificateList::from_der(&bytes).unwrap().entries().count()
    }

    pub(crate) fn forget_counts(&self) {
        *self.store.counts.lock().unwrap() = Counts::default();
    }

    /// Records that were changed, a range counting once.
    pub(crate) fn changes(&self) -> usize {
        self.store.counts.lock().unwrap().changes
    }

    /// Records that were read, by number of table.
    pub(crate) fn reads(&self) -> BTreeMap<u8, usize> {
        self.store.counts.lock().unwrap().reads.clone()
    }

    /// Records of certificates of which more than the key was read.
    pub(crate) fn values(&self) -> usize {
        self.store.counts.lock().unwrap().certificates
    }

    /// Records on which changes depended.
    pub(crate) fn expectations(&self) -> usize {
        self.store.counts.lock().unwrap().expectations
    }

    /// Segments of the logs of CRLs that were read.
    pub(crate) fn segments(&self) -> usize {
        self.store.counts.lock().unwrap().segments
    }
}

#[derive(Default)]
struct Counts {
    changes: usize,
    reads: BTreeMap<u8, usize>,
    certificates: usize,
    segments: usize,
    expectations: usize,
}

#[derive(Default)]
struct Counted {
    store: MemoryStore,
    counts: Mutex<Counts>,
}

impl Counted {
    fn change(&self, op: &Op) -> Result<(), StoreError> {
        match op {
            Op::Put { .. } | Op::Delete { .. } | Op::DeleteRange { .. } => {
                self.counts.lock().unwrap().changes += 1;
                Ok(())
            }
            Op::Many(Changes(many)) => many.ops(&mut |op| self.change(op)),
        }
    }

    fn read(&self, table: Table, records: usize) {
        *self.counts.lock().unwrap().reads.entry(table.number).or_default() += records;
    }
}

impl Store for Counted {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        Ok(Box::new(View { view: self.store.snapshot()?, of: self }))
    }

    fn apply(&self, batch: &Batch) -> Result<u64, StoreError> {
        let revision = self.store.apply(batch)?;
        batch.ops.iter().try_for_each(|op| self.change(op))?;
        self.counts.lock().unwrap().expectations += batch.expect.len();
        Ok(revision)
    }

    fn revision(&self) -> Result<u64, StoreError> {
        self.store.revision()
    }
}

struct View<'a> {
    view: Box<dyn Snapshot + 'a>,
    of: &'a Counted,
}

impl Snapshot for View<'_> {
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.of.read(key.table, 1);
        self.view.get(key)
    }

    fn scan(&self, range: &KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        let found = self.view.scan(range, limit)?;
        self.of.read(range.table, found.len());
        let mut counts = self.of.counts.lock().unwrap();
        match range.table.name {
            "certs" => counts.certificates += found.len(),
            "crl_log" => counts.segments += found.len(),
            _ => (),
        }
        drop(counts);
        Ok(found)
    }

    fn keys(&self, range: &KeyRange, limit: usize) -> Result<Vec<Key>, StoreError> {
        let found = self.view.keys(range, limit)?;
        self.of.read(range.table, found.len());
        Ok(found)
    }

    fn count(&self, range: &KeyRange) -> Result<u64, StoreError> {
        self.view.count(range)
    }
}

struct Settable(Arc<AtomicI64>);

impl Clock for Settable {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::Relaxed))
    }
}
