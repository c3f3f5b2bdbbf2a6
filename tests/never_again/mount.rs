//! A mount in memory, with a root and a clock that can be set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pki_core::crypto::{Curve, KeySpec, PrivateKey, SignatureAlgorithm, SystemRandom};
use pki_core::domain::serial::SerialNumber;
use pki_core::domain::time::Timestamp;
use pki_core::env::Clock;
use pki_core::x509::{
    Certificate, CertificateList, Extension, SubjectAttributes, TbsCertificationRequest, base64,
    pem, sign_csr,
};
use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::Store as _;
use pki_store::memory::MemoryStore;
use pkictl_tests::ocsp::{self, Status};
use serde_json::{Map, Value, json};

/// A mount `pki` with a root named `root`.
pub(crate) struct Mount {
    store: Arc<MemoryStore>,
    clock: Arc<AtomicI64>,
    engine: Engine,
    pub(crate) root: Certificate,
}

impl Mount {
    pub(crate) fn new() -> Self {
        Self::with_root(json!({}))
    }

    /// With more parameters for the root.
    pub(crate) fn with_root(more: Value) -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(AtomicI64::new(1_790_000_000));
        let engine = engine(&store, &clock);
        engine.enable("pki").expect("a mount");
        let mut root = json!({"common_name": "Root", "key_type": "ec", "issuer_name": "root",
            "ttl": "43800h"});
        merge(&mut root, more);
        let write = |path: &str, data: Value| {
            let data = data.as_object().cloned().unwrap_or_default();
            answer(&engine, Operation::Write, path, data).expect("done")
        };
        write("sys/mounts/pki/tune", json!({"max_lease_ttl": "87600h"}));
        let made = write("pki/root/generate/internal", root);
        let root = Certificate::from_pem(text(&made, "certificate")).expect("a certificate");
        Self { store, clock, engine, root }
    }

    /// The same store, as a process finds it that starts now.
    pub(crate) fn restarted(&self) -> Self {
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        let engine = engine(&store, &clock);
        Self { store, clock, engine, root: self.root.clone() }
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn write(&self, path: &str, data: Value) -> Result<Value, String> {
        let data = data.as_object().cloned().unwrap_or_default();
        answer(&self.engine, Operation::Write, path, data)
    }

    /// A write that succeeds.
    #[track_caller]
    pub(crate) fn ok(&self, path: &str, data: Value) -> Value {
        self.write(path, data).unwrap_or_else(|problem| panic!("{path}: {problem}"))
    }

    pub(crate) fn ask(&self, operation: Operation, path: &str) -> Result<Value, String> {
        answer(&self.engine, operation, path, Map::new())
    }

    /// A write that is refused in these words, and changes nothing.
    #[track_caller]
    pub(crate) fn refuse(&self, path: &str, data: Value, words: &str) {
        let before = self.store.revision().expect("memory");
        match self.write(path, data.clone()) {
            Ok(_) => panic!("{path} took {data}"),
            Err(problem) => assert!(problem.contains(words), "{path} {data}: {problem}"),
        }
        assert_eq!(self.store.revision().expect("memory"), before, "{path} changed the store");
    }

    /// A role for keys of any kind.
    pub(crate) fn role(&self, name: &str, more: Value) {
        let mut role = json!({"key_type": "any", "require_cn": false, "ttl": "1h"});
        merge(&mut role, more);
        self.ok(&format!("pki/roles/{name}"), role);
    }

    /// What was issued, as it can be read.
    #[track_caller]
    pub(crate) fn issued(&self, path: &str, data: Value) -> Certificate {
        let answer = self.ok(path, data);
        Certificate::from_pem(text(&answer, "certificate")).expect("a certificate")
    }

    /// A document.
    pub(crate) fn fetch(&self, path: &str) -> Vec<u8> {
        let request = Request { operation: Operation::Read, path: path.into(), data: Map::new() };
        let response = self.engine.handle(request).expect("a document");
        match &response.body {
            Body::Raw { bytes, .. } => bytes.clone(),
            _ => panic!("{path} is no document"),
        }
    }

    /// Whether the CRL lists a certificate.
    pub(crate) fn lists(&self, serial: &SerialNumber) -> bool {
        let crl = self.fetch("pki/crl");
        let list = CertificateList::from_der(&crl).expect("a CRL");
        let mut entries = list.entries().map(|entry| entry.expect("an entry").revoked.serial);
        entries.any(|listed| listed == *serial)
    }

    /// What OCSP says of a certificate of an issuer.
    pub(crate) fn status(&self, issuer: &Certificate, serial: &SerialNumber) -> Option<Status> {
        let request = ocsp::request(issuer, std::slice::from_ref(serial), &[]);
        let data = json!({"request": base64::encode(&request)});
        let answer = self.write("pki/ocsp", data).ok()?;
        ocsp::status(&base64::decode(text(&answer, "response"))?, serial)
    }
}

fn engine(store: &Arc<MemoryStore>, clock: &Arc<AtomicI64>) -> Engine {
    let clock = Box::new(Settable(Arc::clone(clock)));
    let env = Env { clock, random: Box::new(SystemRandom) };
    Engine::new(Arc::clone(store) as _, Arc::new(Given::key([7; 32])), env)
}

fn answer(
    engine: &Engine,
    operation: Operation,
    path: &str,
    data: Map<String, Value>,
) -> Result<Value, String> {
    let request = Request { operation, path: path.to_owned(), data };
    let response = engine.handle(request).map_err(|problem| problem.to_string())?;
    Ok(match &response.body {
        Body::Data(fields) => Value::Object(fields.clone()),
        _ => Value::Null,
    })
}

struct Settable(Arc<AtomicI64>);

impl Clock for Settable {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// A member of an answer.
#[track_caller]
pub(crate) fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("{answer} has no {name}"))
}

pub(crate) fn key() -> PrivateKey {
    PrivateKey::generate(KeySpec::Ec(Curve::P256)).expect("a key")
}

/// A request for a certificate with this common name and these extensions, in PEM.
pub(crate) fn csr(key: &PrivateKey, common_name: &str, extensions: Vec<Extension>) -> String {
    let common_name = Some(common_name.to_owned()).filter(|name| !name.is_empty());
    let subject = SubjectAttributes { common_name, ..Default::default() }.to_name();
    let tbs = TbsCertificationRequest {
        subject,
        public_key: key.public_key().clone(),
        extensions,
        signature: SignatureAlgorithm::for_issuing(key.spec(), 0, false, false),
    };
    pem::encode("CERTIFICATE REQUEST", &sign_csr(&tbs, key).expect("a request"))
}
