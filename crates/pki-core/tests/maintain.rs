//! What is due is done by a timer's call, and nothing else is.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pki_core::domain::time::Timestamp;
use pki_core::engine::{EndedLeases, Tidied};
use pki_core::env::{Clock, SecureRandom};
use pki_core::field::Seconds;
use pki_core::x509::CertificateList;
use pki_core::{Body, Engine, Env, Error, Given, Maintain, Maintained, Operation, Request};
use pki_store::memory::MemoryStore;
use pki_store::{Batch, Key, KeyRange, Layout, Op, Store, Table};
use serde_json::{Map, Value, json};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

struct World {
    engine: Engine,
    store: Arc<MemoryStore>,
    clock: Arc<AtomicI64>,
}

struct Settable(Arc<AtomicI64>);

impl Clock for Settable {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }
}

impl World {
    /// Mounts with a root each, and a role that gives leases.
    fn new(mounts: &[&str]) -> Self {
        let clock = Arc::new(AtomicI64::new(1_790_000_000));
        let random: Box<dyn SecureRandom> = Env::system().random;
        let env = Env { clock: Box::new(Settable(Arc::clone(&clock))), random };
        let store = Arc::new(MemoryStore::new());
        let shared: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
        let engine = Engine::new(shared, Arc::new(Given::key([7; 32])), env);
        let world = Self { engine, store, clock };
        for mount in mounts {
            world.engine.enable(mount).unwrap();
            let root = json!({"common_name": mount, "key_type": "ec", "ttl": "700h"});
            world.write(&format!("{mount}/root/generate/internal"), root);
            let role = json!({"allow_any_name": true, "key_type": "ec", "generate_lease": true});
            world.write(&format!("{mount}/roles/any"), role);
        }
        world
    }

    fn after(&self, seconds: i64) -> &Self {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
        self
    }

    fn write(&self, path: &str, data: Value) -> Map<String, Value> {
        let data = data.as_object().unwrap().clone();
        let request = Request { operation: Operation::Write, path: path.to_owned(), data };
        match self.engine.handle(request).unwrap().body {
            Body::Data(ref fields) => fields.clone(),
            _ => Map::new(),
        }
    }

    fn issue(&self, mount: &str, ttl: &str) -> String {
        let data = json!({"common_name": "a.test", "ttl": ttl});
        let issued = self.write(&format!("{mount}/issue/any"), data);
        issued["serial_number"].as_str().unwrap().to_owned()
    }

    fn maintain(&self, mount: &str) -> Maintained {
        self.engine.maintain(mount, &Maintain::default()).unwrap()
    }

    /// The numbers of the CRLs that were built: complete ones, and delta CRLs.
    fn numbers(&self, mount: &str, within: Option<i64>) -> (Vec<u64>, Vec<u64>) {
        let request = Maintain { within: within.map(Seconds) };
        let crls = self.engine.maintain(mount, &request).unwrap().crls.unwrap();
        let of = |is_delta: bool| {
            let found = crls.iter().filter(move |crl| crl.is_delta == is_delta);
            found.map(|crl| crl.number).collect()
        };
        (of(false), of(true))
    }

    fn crl(&self, path: &str) -> Vec<u8> {
        let request =
            Request { operation: Operation::Read, path: path.to_owned(), data: Map::new() };
        match self.engine.handle(request).unwrap().body {
            Body::Raw { ref bytes, .. } => bytes.clone(),
            _ => unreachable!("{path} is no document"),
        }
    }

    fn lists(&self, path: &str, serial: &str) -> bool {
        let der = self.crl(path);
        let list = CertificateList::from_der(&der).unwrap();
        list.entries().any(|entry| entry.unwrap().revoked.serial.to_string() == serial)
    }

    fn revision(&self) -> u64 {
        self.store.revision().unwrap()
    }

    /// Makes the private keys of a mount unreadable.
    fn damage_keys(&self, mount: usize) {
        let table = Table { number: 13, name: "keys", layout: Layout::Clustered };
        let range = KeyRange::prefix(table, Vec::new());
        let keys = self.store.snapshot().unwrap().keys(&range, usize::MAX).unwrap();
        let key: Key = keys[mount].clone();
        let ops = vec![Op::Put { key, value: vec![1, b'?'] }];
        self.store.apply(&Batch { expect: Vec::new(), ops }).unwrap();
    }
}

#[track_caller]
fn nothing_done(world: &World, mount: &str) {
    let before = world.revision();
    let done = world.maintain(mount);
    assert!(done.crls.unwrap().is_empty());
    assert_eq!(done.tidied.unwrap(), None);
    assert_eq!(done.leases.unwrap(), EndedLeases::default());
    assert_eq!(done.warnings, [""; 0]);
    assert_eq!(world.revision(), before, "the store was written to");
}

#[test]
fn a_crl_is_renewed_before_it_ends_and_only_then() {
    let world = World::new(&["pki"]);
    nothing_done(&world, "pki");
    nothing_done(world.after(60 * HOUR - 1), "pki");
    let (complete, deltas) = world.after(1).numbers("pki", None);
    assert_eq!((complete, deltas), (vec![2], vec![]));
    let der = world.crl("pki/crl");
    assert_eq!(CertificateList::from_der(&der).unwrap().number(), Some(2));
    nothing_done(&world, "pki");
}

#[test]
fn a_crl_that_ends_within_the_time_asked_for_is_renewed() {
    let world = World::new(&["pki"]);
    let before = world.revision();
    assert_eq!(world.numbers("pki", Some(71 * HOUR)), (vec![], vec![]));
    world.after(71 * HOUR);
    assert_eq!(world.numbers("pki", Some(HOUR - 1)), (vec![], vec![]));
    assert_eq!(world.revision(), before);
    assert_eq!(world.numbers("pki", Some(HOUR)), (vec![2], vec![]));
}

#[test]
fn revocations_come_onto_crls_when_it_is_time() {
    let world = World::new(&["pki"]);
    let serial = world.issue("pki", "100h");
    world.write("pki/revoke", json!({"serial_number": serial}));
    assert_eq!(world.numbers("pki", None), (vec![2], vec![]));
    assert!(world.lists("pki/crl", &serial));
    world.write("pki/config/crl", json!({"auto_rebuild": true, "enable_delta": true}));
    world.numbers("pki", None);
    let serial = world.issue("pki", "100h");
    world.write("pki/revoke", json!({"serial_number": serial}));
    nothing_done(world.after(15 * 60 - 1), "pki");
    let (complete, deltas) = world.after(1).numbers("pki", None);
    assert_eq!((complete.len(), deltas.len()), (0, 1));
    assert!(world.lists("pki/crl/delta", &serial) && !world.lists("pki/crl", &serial));
}

#[test]
fn automatic_tidying_does_not_wait_for_a_command() {
    let world = World::new(&["pki"]);
    let setting = json!({
        "enabled": true, "interval_duration": "12h", "tidy_cert_store": true,
        "tidy_revoked_certs": true, "safety_buffer": "1s",
    });
    let revoked = world.issue("pki", "1h");
    world.issue("pki", "1h");
    world.write("pki/revoke", json!({"serial_number": revoked}));
    world.write("pki/config/auto-tidy", setting);
    assert_eq!(world.after(12 * HOUR - 1).maintain("pki").tidied.unwrap(), None);
    let tidied = world.after(1).maintain("pki").tidied.unwrap();
    assert_eq!(tidied, Some(Tidied { certificates: 2, revocations: 1 }));
    nothing_done(&world, "pki");
}

#[test]
fn a_certificate_that_would_outlive_its_lease_is_revoked_with_it() {
    let world = World::new(&["pki"]);
    let role = json!({
        "allow_any_name": true, "key_type": "ec", "generate_lease": true, "max_ttl": "600h",
    });
    world.write("pki/roles/any", role);
    world.write("sys/mounts/pki/tune", json!({"max_lease_ttl": "48h"}));
    let (short, long) = (world.issue("pki", "1h"), world.issue("pki", "100h"));
    nothing_done(&world, "pki");
    let first = world.after(HOUR).maintain("pki").leases.unwrap();
    assert_eq!(first, EndedLeases { ended: 1, revoked: 0 });
    nothing_done(world.after(47 * HOUR - 1), "pki");
    let second = world.after(1).maintain("pki");
    assert_eq!(second.leases.unwrap(), EndedLeases { ended: 1, revoked: 1 });
    assert_eq!(second.crls.unwrap().len(), 1, "the CRL shows it at once");
    assert!(world.lists("pki/crl", &long) && !world.lists("pki/crl", &short));
    nothing_done(&world, "pki");
}

/// They are looked through a thousand at a time.
#[test]
fn more_leases_than_fit_a_page_end() {
    let world = World::new(&["a", "b"]);
    for number in 0..1_100 {
        world.issue(if number % 11 == 0 { "b" } else { "a" }, "1h");
    }
    let ended = |mount| world.maintain(mount).leases.unwrap().ended;
    assert_eq!(ended("a"), 0);
    world.after(HOUR);
    assert_eq!((ended("a"), ended("a"), ended("b")), (1_000, 0, 100));
}

#[test]
fn a_mount_that_is_broken_does_not_stop_the_others() {
    let world = World::new(&["a", "b", "c"]);
    world.damage_keys(1);
    world.write("b/config/auto-tidy", json!({"enabled": true, "tidy_cert_store": true}));
    world.after(3 * DAY);
    assert_eq!(world.engine.mounts().unwrap(), ["a", "b", "c"]);
    let [a, b, c] = ["a", "b", "c"].map(|mount| world.maintain(mount));
    assert_eq!(a.crls.unwrap()[0].number, 2);
    assert!(b.errors().all(|problem| matches!(problem, Error::CrlNotBuilt(_))));
    assert_eq!((b.errors().count(), b.crls.as_ref().unwrap().len()), (1, 0));
    assert!(b.tidied.unwrap().is_some(), "what is not broken in it is done");
    assert_eq!(c.crls.unwrap()[0].number, 2);
}

#[test]
fn a_mount_that_is_not_there_is_named() {
    let world = World::new(&["pki"]);
    for mount in ["nosuch", "sys", "pki/roles"] {
        let problem = world.engine.maintain(mount, &Maintain::default()).unwrap_err();
        assert!(matches!(&problem, Error::NoMount(name) if name == mount), "{problem}");
    }
}
