//! An engine in memory, with a clock that can be set and a seeded random source.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use pki_core::domain::time::Timestamp;
use pki_core::env::{Clock, SecureRandom};
use pki_core::inspect::{Finding, PrivateKeys, Watcher};
use pki_core::x509::Certificate;
use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use pki_store::{KeyRange, Layout, Store, Table};
use serde_json::{Map, Value, json};

use super::chance_support::Chance;

pub(crate) const ISSUERS: [&str; 2] = ["one", "two"];

/// A certificate, as this test remembers it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaf {
    pub(crate) serial: String,
    /// Which of [`ISSUERS`] signed it.
    pub(crate) issuer: usize,
    pub(crate) not_after: i64,
    pub(crate) revoked_at: Option<i64>,
    /// Whether a CRL was seen that lists it past its end, as far as one could be.
    pub(crate) was_shown_past_end: bool,
}

pub(crate) struct World {
    engine: Engine,
    store: Arc<MemoryStore>,
    clock: Arc<AtomicI64>,
    chance: Chance,
    pub(crate) issuers: Vec<Certificate>,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) last_tidy: i64,
    /// Whether every CRL that is built is looked at.
    pub(crate) sees_all: bool,
    /// What `config/crl` answered last.
    pub(crate) config: Value,
}

impl World {
    pub(crate) fn new(seed: u64, sees_all: bool) -> Self {
        let clock = Arc::new(AtomicI64::new(1_790_000_000));
        let env = Env {
            clock: Box::new(Settable(Arc::clone(&clock))),
            random: Box::new(Seeded(Mutex::new(Chance(seed * 2 + 1)))),
        };
        let seal = Arc::new(Given::key([7; 32]));
        let store = Arc::new(MemoryStore::new());
        let shared: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
        let engine = Engine::new(shared, seal, env);
        engine.enable("pki").expect("a mount");
        let chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let (issuers, leaves, config) = (Vec::new(), Vec::new(), Value::Null);
        let last_tidy = 0;
        let mut world =
            Self { engine, store, clock, chance, issuers, leaves, last_tidy, sees_all, config };
        world.last_tidy = world.now();
        world.tune();
        for name in ISSUERS {
            world.add_issuer(name);
        }
        let role = json!({"allow_any_name": true, "key_type": "ed25519", "max_ttl": "8760h"});
        world.write("pki/roles/leaf", role).expect("a role");
        world.config = world.call(Operation::Read, "pki/config/crl", json!({})).expect("settings");
        world
    }

    fn tune(&self) {
        let tune = json!({"max_lease_ttl": "87600h"});
        self.write("sys/mounts/pki/tune", tune).expect("a tuned mount");
    }

    fn add_issuer(&mut self, name: &str) {
        let data = json!({
            "common_name": format!("Root {name}"),
            "issuer_name": name,
            "key_type": "ed25519",
            "ttl": "87600h",
        });
        let reply = self.write("pki/root/generate/internal", data).expect("a root");
        let text = reply["certificate"].as_str().expect("text");
        self.issuers.push(Certificate::from_pem(text).expect("a certificate"));
    }

    /// What a check of the store finds, notes included.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut found = Findings(Vec::new());
        self.engine.check(PrivateKeys::Open, &mut found).expect("a check");
        found.0
    }

    /// The logs of CRLs that are in use: mount, CRL and generation of each.
    pub(crate) fn log_generations(&self) -> BTreeSet<Vec<u8>> {
        let table = Table { number: 25, name: "crl_log", layout: Layout::Heap };
        let snapshot = self.store.snapshot().expect("a snapshot");
        let keys = snapshot.keys(&KeyRange::prefix(table, []), usize::MAX).expect("keys");
        keys.into_iter().map(|key| key.bytes[..24].to_vec()).collect()
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.chance.below(end)
    }

    /// True once in so many times.
    pub(crate) fn chance(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn is_set(&self, flag: &str) -> bool {
        self.config[flag].as_bool().expect("a flag")
    }

    pub(crate) fn write(&self, path: &str, data: Value) -> Result<Value, String> {
        self.call(Operation::Write, path, data)
    }

    pub(crate) fn trigger(&self, path: &str) -> String {
        self.call(Operation::Read, path, json!({})).expect("done");
        path.to_owned()
    }

    pub(crate) fn fetch(&self, path: &str) -> Vec<u8> {
        let request = request(Operation::Read, path, Map::new());
        let response = self.engine.handle(request).expect("an answer");
        match &response.body {
            Body::Raw { bytes, .. } => bytes.clone(),
            _ => panic!("{path} is no document"),
        }
    }

    pub(crate) fn call(
        &self,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, String> {
        let data = data.as_object().cloned().unwrap_or_default();
        let response = self.engine.handle(request(operation, path, data));
        let response = response.map_err(|problem| format!("{path}: {problem}"))?;
        Ok(match &response.body {
            Body::Data(fields) => Value::Object(fields.clone()),
            _ => Value::Null,
        })
    }
}

fn request(operation: Operation, path: &str, data: Map<String, Value>) -> Request {
    Request { operation, path: path.to_owned(), data }
}

struct Findings(Vec<Finding>);

impl Watcher for Findings {
    fn found(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    fn went_on(&mut self, done: u64, total: u64) {
        assert!(done <= total, "{done} of {total} records");
    }
}

struct Settable(Arc<AtomicI64>);

impl Clock for Settable {
    /// Not at the beginning of a second, as no clock is.
    fn now(&self) -> Timestamp {
        let nanos = i128::from(self.0.load(Ordering::SeqCst)) * 1_000_000_000;
        Timestamp::from_unix_nanos(nanos + 700_000_000)
    }
}

struct Seeded(Mutex<Chance>);

impl SecureRandom for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        let mut chance = self.0.lock().expect("no panic before");
        buffer.fill_with(|| u8::try_from(chance.below(256)).unwrap_or_default());
    }
}
