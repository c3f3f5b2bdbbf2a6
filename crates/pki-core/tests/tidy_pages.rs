//! A tidy goes page by page: others get their turn between two pages, and what is done stays done.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]
#![expect(clippy::panic, reason = "a test that cannot go on fails")]

use std::io::ErrorKind;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use pki_core::domain::time::Timestamp;
use pki_core::env::Clock;
use pki_core::x509::CertificateList;
use pki_core::{Body, Engine, Env, Error, Given, Operation, Request, Response};
use pki_store::memory::MemoryStore;
use pki_store::{Batch, Snapshot, Store, StoreError};
use serde_json::{Map, Value, json};

const DAY: i64 = 24 * 3_600;

/// Asked before each change, with how many there were; false if the program dies of it.
type Hook = Box<dyn FnMut(usize) -> bool + Send>;

/// A store that others can get at in between.
#[derive(Default)]
struct Between {
    store: Arc<MemoryStore>,
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

#[derive(Clone)]
struct Settable(Arc<AtomicI64>);

impl Clock for Settable {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }
}

/// A program that tidies, and another on the same store.
struct World {
    between: Arc<Between>,
    tidying: Engine,
    other: Arc<Engine>,
    clock: Settable,
}

impl World {
    /// So many certificates, of which every second is revoked; all have ended long ago.
    fn new(certificates: usize) -> Self {
        let clock = Settable(Arc::new(AtomicI64::new(1_790_000_000)));
        let between = Arc::new(Between::default());
        let engine = |store: Arc<dyn Store>| {
            let env = Env { clock: Box::new(clock.clone()), random: Env::system().random };
            Engine::new(store, Arc::new(Given::key([7; 32])), env)
        };
        let tidying = engine(Arc::<Between>::clone(&between));
        let other = Arc::new(engine(Arc::<MemoryStore>::clone(&between.store)));
        let world = Self { between, tidying, other, clock };
        world.other.enable("pki").unwrap();
        let root = json!({"common_name": "Root", "key_type": "ec", "ttl": "700h"});
        write(&world.other, "pki/root/generate/internal", root).unwrap();
        let role = json!({"allow_any_name": true, "key_type": "ec", "ttl": "1h"});
        write(&world.other, "pki/roles/any", role).unwrap();
        for number in 0..certificates {
            let serial = issue(&world.other);
            if number % 2 == 0 {
                write(&world.other, "pki/revoke", json!({"serial_number": serial})).unwrap();
            }
        }
        world.after(10 * DAY);
        world
    }

    fn after(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Before each of its changes, the tidying program lets this happen.
    fn meanwhile(&self, hook: impl FnMut(usize) -> bool + Send + 'static) {
        *self.between.changes.lock().unwrap() = 0;
        *self.between.hook.lock().unwrap() = Some(Box::new(hook));
    }

    fn tidy(&self) -> Result<Response, Error> {
        write(&self.tidying, "pki/tidy", everything())
    }

    fn status(&self) -> Map<String, Value> {
        read(&self.other, "pki/tidy-status")
    }

    fn certificates(&self) -> usize {
        let request =
            Request { operation: Operation::List, path: "pki/certs".to_owned(), data: Map::new() };
        let listed = data(self.other.handle(request).unwrap());
        listed["keys"].as_array().unwrap().len()
    }

    /// Entries of the CRL.
    fn revoked(&self) -> usize {
        let (path, data) = ("pki/crl".to_owned(), Map::new());
        let fetched = self.other.handle(Request { operation: Operation::Read, path, data });
        let Body::Raw { ref bytes, .. } = fetched.unwrap().body else { panic!("no CRL") };
        CertificateList::from_der(bytes).unwrap().entries().count()
    }
}

fn everything() -> Value {
    json!({"tidy_cert_store": true, "tidy_revoked_certs": true, "page_size": 5})
}

fn write(engine: &Engine, path: &str, fields: Value) -> Result<Response, Error> {
    let fields = fields.as_object().unwrap().clone();
    let path = path.to_owned();
    engine.handle(Request { operation: Operation::Write, path, data: fields })
}

fn read(engine: &Engine, path: &str) -> Map<String, Value> {
    let path = path.to_owned();
    data(engine.handle(Request { operation: Operation::Read, path, data: Map::new() }).unwrap())
}

fn data(mut response: Response) -> Map<String, Value> {
    match std::mem::replace(&mut response.body, Body::Empty) {
        Body::Data(fields) => fields,
        _ => Map::new(),
    }
}

fn issue(engine: &Engine) -> String {
    let issued = write(engine, "pki/issue/any", json!({"common_name": "a.test"})).unwrap();
    data(issued)["serial_number"].as_str().unwrap().to_owned()
}

#[test]
fn others_get_their_turn_between_two_pages() {
    let world = World::new(23);
    let other = Arc::clone(&world.other);
    let states = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&states);
    world.meanwhile(move |_| {
        issue(&other);
        let status = read(&other, "pki/tidy-status");
        seen.lock().unwrap().push((status["state"].clone(), status["time_finished"].is_null()));
        true
    });
    world.tidy().unwrap();
    // The root is still there.
    let pages = *world.between.changes.lock().unwrap();
    assert_eq!(pages, 5);
    assert_eq!(world.certificates(), 1 + pages);
    let status = world.status();
    assert_eq!(status["state"], "Finished");
    assert_eq!(
        (&status["cert_store_deleted_count"], &status["page_size"]),
        (&json!(23), &json!(5))
    );
    assert_eq!(status["revoked_cert_deleted_count"], 12);
    let states = states.lock().unwrap();
    assert_eq!(states[0], (json!("Inactive"), true));
    assert!(states[1..].iter().all(|state| *state == (json!("Running"), true)), "{states:?}");
    assert_eq!(world.revoked(), 0);
}

#[test]
fn a_tidy_that_is_cancelled_ends_before_its_next_page() {
    let world = World::new(23);
    let other = Arc::clone(&world.other);
    let mut is_told = false;
    world.meanwhile(move |page| {
        if page == 2 && !std::mem::replace(&mut is_told, true) {
            let told = data(write(&other, "pki/tidy-cancel", json!({})).unwrap());
            assert_eq!(told["state"], "Cancelling");
        }
        true
    });
    world.tidy().unwrap();
    let status = world.status();
    assert_eq!(status["state"], "Cancelled");
    assert_eq!(status["cert_store_deleted_count"], 10);
    assert_eq!(world.certificates(), 1 + 23 - 10);
    // Nothing runs any more, and the next does the rest.
    let told = write(&world.other, "pki/tidy-cancel", json!({})).unwrap();
    assert!(told.warnings[0].contains("none is currently running"), "{:?}", told.warnings);
    world.meanwhile(|_| true);
    world.tidy().unwrap();
    assert_eq!(world.status()["cert_store_deleted_count"], 13);
    assert_eq!(world.certificates(), 1);
}

#[test]
fn a_tidy_that_dies_has_done_its_pages_and_is_taken_over() {
    let world = World::new(23);
    world.meanwhile(|page| page < 3);
    assert!(world.tidy().is_err());
    assert_eq!(world.certificates(), 1 + 23 - 15);
    // Its revocations are gone from the store or on the CRL, never neither.
    assert!(world.revoked() <= 12);

    let again = write(&world.other, "pki/tidy", everything()).unwrap();
    assert_eq!(again.warnings[0], "Tidy operation already in progress.");
    assert!(again.warnings[1].contains("for 60 seconds"), "{:?}", again.warnings);
    assert_eq!(world.status()["state"], "Running");
    world.after(61);
    let status = world.status();
    assert_eq!(status["state"], "Error");
    assert!(status["error"].as_str().unwrap().starts_with("interrupted"), "{status:?}");
    write(&world.other, "pki/tidy", everything()).unwrap();
    let status = world.status();
    assert_eq!((&status["state"], &status["error"]), (&json!("Finished"), &Value::Null));
    assert_eq!(world.certificates(), 1);
    assert_eq!(world.revoked(), 0);
}

#[test]
fn who_was_taken_for_dead_leaves_the_rest_to_the_other() {
    let world = World::new(23);
    let (other, clock) = (Arc::clone(&world.other), world.clock.clone());
    world.meanwhile(move |page| {
        if page == 2 {
            clock.0.fetch_add(DAY, Ordering::SeqCst);
            write(&other, "pki/tidy", everything()).unwrap();
        }
        true
    });
    world.tidy().unwrap();
    let status = world.status();
    assert_eq!(status["state"], "Finished");
    assert_eq!(status["cert_store_deleted_count"], 13);
    assert_eq!(world.certificates(), 1);
}

#[test]
fn a_tidy_that_is_due_is_done_by_one() {
    let world = World::new(23);
    let mut config = everything();
    config["enabled"] = true.into();
    config["interval_duration"] = "1h".into();
    write(&world.other, "pki/config/auto-tidy", config).unwrap();
    world.after(2 * 3_600);
    let other = Arc::clone(&world.other);
    world.meanwhile(move |change| {
        // The first change is the command's own.
        if 2 <= change {
            issue(&other);
            let status = read(&other, "pki/tidy-status");
            assert_eq!(status["state"], "Running", "by the one that began");
        }
        true
    });
    issue(&world.tidying);
    assert_eq!(world.status()["state"], "Finished");
    assert_eq!(world.status()["cert_store_deleted_count"], 23);
}
