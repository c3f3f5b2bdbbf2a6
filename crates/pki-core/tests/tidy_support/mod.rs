//! Two programs on one store, of which one tidies and the other gets at it between two pages.

#[path = "../pages_support/mod.rs"]
mod pages_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pki_core::domain::time::Timestamp;
use pki_core::env::Clock;
use pki_core::x509::CertificateList;
use pki_core::{Body, Engine, Env, Error, Given, Operation, Request, Response};
use pki_store::Store;
use pki_store::memory::MemoryStore;
use serde_json::{Map, Value, json};

pub(crate) use pages_support::Between;

pub(crate) const DAY: i64 = 24 * 3_600;

#[derive(Clone)]
pub(crate) struct Settable(pub(crate) Arc<AtomicI64>);

impl Clock for Settable {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }
}

/// A program that tidies, and another on the same store.
pub(crate) struct World {
    pub(crate) between: Arc<Between>,
    pub(crate) tidying: Engine,
    pub(crate) other: Arc<Engine>,
    pub(crate) clock: Settable,
}

impl World {
    /// So many certificates, of which every second is revoked; all have ended long ago.
    pub(crate) fn new(certificates: usize) -> Self {
        let clock = Settable(Arc::new(AtomicI64::new(1_790_000_000)));
        let between = Arc::new(Between::over(Arc::default()));
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

    pub(crate) fn after(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Before each of its changes, the tidying program lets this happen.
    pub(crate) fn meanwhile(&self, hook: impl FnMut(usize) -> bool + Send + 'static) {
        self.between.meanwhile(hook);
    }

    pub(crate) fn tidy(&self) -> Result<Response, Error> {
        write(&self.tidying, "pki/tidy", everything())
    }

    pub(crate) fn status(&self) -> Map<String, Value> {
        read(&self.other, "pki/tidy-status")
    }

    pub(crate) fn certificates(&self) -> usize {
        let request =
            Request { operation: Operation::List, path: "pki/certs".to_owned(), data: Map::new() };
        let listed = data(self.other.handle(request).unwrap());
        listed["keys"].as_array().unwrap().len()
    }

    /// Entries of the CRL.
    pub(crate) fn revoked(&self) -> usize {
        let (path, data) = ("pki/crl".to_owned(), Map::new());
        let fetched = self.other.handle(Request { operation: Operation::Read, path, data });
        let Body::Raw { ref bytes, .. } = fetched.unwrap().body else { panic!("no CRL") };
        CertificateList::from_der(bytes).unwrap().entries().count()
    }
}

pub(crate) fn everything() -> Value {
    json!({"tidy_cert_store": true, "tidy_revoked_certs": true, "page_size": 5})
}

pub(crate) fn write(engine: &Engine, path: &str, fields: Value) -> Result<Response, Error> {
    let fields = fields.as_object().unwrap().clone();
    let path = path.to_owned();
    engine.handle(Request { operation: Operation::Write, path, data: fields })
}

pub(crate) fn read(engine: &Engine, path: &str) -> Map<String, Value> {
    let path = path.to_owned();
    data(engine.handle(Request { operation: Operation::Read, path, data: Map::new() }).unwrap())
}

pub(crate) fn data(mut response: Response) -> Map<String, Value> {
    match std::mem::replace(&mut response.body, Body::Empty) {
        Body::Data(fields) => fields,
        _ => Map::new(),
    }
}

pub(crate) fn issue(engine: &Engine) -> String {
    let issued = write(engine, "pki/issue/any", json!({"common_name": "a.test"})).unwrap();
    data(issued)["serial_number"].as_str().unwrap().to_owned()
}
