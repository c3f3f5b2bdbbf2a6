//! An authority that is prepared once, and forked for every input.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use pki_core::crypto::{PrivateKey, SignatureAlgorithm};
use pki_core::domain::time::Timestamp;
use pki_core::env::{Clock, SecureRandom};
use pki_core::x509::extension::Extension;
use pki_core::x509::{
    Certificate, SubjectAltNames, SubjectAttributes, TbsCertificationRequest, oid, pem, sign_csr,
};
use pki_core::{Body, Engine, Env, Error, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use pki_store::{Batch, Entry, Key, KeyRange, Snapshot, Store, StoreError};
use serde_json::{Map, Value, json};

use crate::chance::Chance;

/// Seconds since 1970: the only moment there is.
pub(super) const NOW: i64 = 1_790_000_000;

/// How many records a request may read. The prepared authority has some fifty.
const MOST_READS: u64 = 2_000;

/// How long a refusal may be, apart from what it repeats of the request.
const LONGEST_REFUSAL: usize = 4_096;

/// The seeds of the Ed25519 keys that there are: of the root, of a CA below it that has no
/// certificate yet, and of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Root = 1,
    Sub = 2,
    Leaf = 3,
}

impl Whose {
    pub(super) fn pkcs8(self) -> Vec<u8> {
        const HEAD: [u8; 16] =
            [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        [HEAD.as_slice(), &[self as u8; 32]].concat()
    }

    pub(super) fn key(self) -> PrivateKey {
        PrivateKey::from_pkcs8(&self.pkcs8()).expect("a key")
    }

    pub(super) fn pem(self) -> String {
        pem::encode("PRIVATE KEY", &self.pkcs8())
    }
}

/// What every fork begins with.
pub(super) struct Prepared {
    store: MemoryStore,
    /// The certificate of the root.
    pub(super) root: Certificate,
    /// A CSR for a CA below it.
    pub(super) sub_csr: String,
    /// The certificate of a leaf that is not revoked.
    pub(super) leaf: Certificate,
    /// The serial number of one that is.
    pub(super) revoked: String,
}

/// The one that all forks are made of.
pub(super) static PREPARED: LazyLock<Prepared> = LazyLock::new(prepare);

/// An authority in memory with one clock reading and always the same chance. It has a mount `pki`
/// with a root, the key and request of a CA below it, roles from wide (`any`) to narrow
/// (`strict`), a leaf and a revoked leaf.
///
/// It holds every answer to what must be true of all: a refusal says something, not too much and
/// changes nothing, and no request reads more records than a request can need.
pub struct Authority {
    engine: Engine,
    store: Arc<Counted>,
}

impl Authority {
    /// A fork of the prepared one.
    pub fn new() -> Self {
        Self::on(PREPARED.store.fork())
    }

    /// One on a store of its own.
    pub(super) fn on(store: MemoryStore) -> Self {
        let store = Arc::new(Counted { store, reads: AtomicU64::new(0) });
        let random = Box::new(Seeded(Mutex::new(Chance::new(7))));
        let env = Env { clock: Box::new(Stopped), random };
        let seal = Arc::new(Given::key([7; 32]));
        Self { engine: Engine::new(Arc::clone(&store) as Arc<dyn Store>, seal, env), store }
    }

    /// The prepared records, to be changed.
    pub(super) fn records() -> MemoryStore {
        PREPARED.store.fork()
    }

    /// The engine itself.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Writes, with parameters in a JSON object.
    pub(super) fn write(&self, path: &str, data: Value) -> Result<Value, Error> {
        match data {
            Value::Object(data) => self.ask(Operation::Write, path, data),
            _ => Ok(Value::Null),
        }
    }

    /// Reads.
    pub(super) fn read(&self, path: &str) -> Result<Value, Error> {
        self.ask(Operation::Read, path, Map::new())
    }

    /// Asks anything. What is answered in a form of its own is given as null.
    pub(super) fn ask(
        &self,
        operation: Operation,
        path: &str,
        data: Map<String, Value>,
    ) -> Result<Value, Error> {
        let size = path.len() + size(&data);
        let before = (self.store.revision().expect("memory"), self.store.reads());
        let answer = self.engine.handle(Request { operation, path: path.to_owned(), data });
        let reads = self.store.reads() - before.1;
        assert!(reads < MOST_READS, "{path} read {reads} records");
        match answer {
            Ok(response) => Ok(match &response.body {
                Body::Data(fields) => Value::Object(fields.clone()),
                _ => Value::Null,
            }),
            Err(problem) => {
                self.check_refusal(operation, path, &problem, size);
                let changed = self.store.revision().expect("memory") != before.0;
                // Who asks for a CRL that is due has it built, whatever else is asked for.
                assert!(!changed || operation == Operation::Read, "{path} changed the store");
                Err(problem)
            }
        }
    }

    fn check_refusal(&self, operation: Operation, path: &str, problem: &Error, size: usize) {
        let text = problem.messages().concat();
        let says_nothing = text.trim().is_empty();
        assert!(says_nothing == matches!(problem, Error::Absent), "{operation:?} {path}: {text:?}");
        // A control character is written as six, `\u{1b}`, and what is refused may be a list.
        let most = LONGEST_REFUSAL + 8 * size;
        assert!(text.len() <= most, "{path}: {} octets to refuse {size}", text.len());
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn size(data: &Map<String, Value>) -> usize {
    data.iter().map(|(name, value)| name.len() + value.to_string().len()).sum()
}

/// A request for a certificate, with every kind of name.
pub(super) fn csr(key: &PrivateKey, common_name: &str, extra: Vec<Extension>) -> Vec<u8> {
    let subject = SubjectAttributes { common_name: Some(common_name.into()), ..Default::default() };
    let sans = SubjectAltNames {
        dns: vec!["a.example.com".into(), "b.example.com".into()],
        email: vec!["me@mail.example.com".into()],
        ip: vec![[10, 0, 0, 1].into()],
        uri: vec!["urn:a:b".into()],
        ..Default::default()
    };
    let names = Extension {
        oid: oid::SUBJECT_ALT_NAME,
        critical: false,
        value: sans.to_der().expect("names"),
    };
    let tbs = TbsCertificationRequest {
        subject: subject.to_name(),
        public_key: key.public_key().clone(),
        extensions: std::iter::once(names).chain(extra).collect(),
        signature: SignatureAlgorithm::for_issuing(key.spec(), 0, false, false),
    };
    sign_csr(&tbs, key).expect("a request")
}

fn prepare() -> Prepared {
    let authority = Authority::on(MemoryStore::new());
    let write = |path: &str, data: Value| {
        let answer = authority.write(path, data);
        answer.unwrap_or_else(|problem| panic!("{path}: {problem}"))
    };
    let text = |answer: &Value, name: &str| answer[name].as_str().expect("text").to_owned();
    write("sys/mounts/pki", json!({"type": "pki"}));
    write("sys/mounts/pki/tune", json!({"max_lease_ttl": "87600h"}));
    write("pki/keys/import", json!({"pem_bundle": Whose::Root.pem(), "key_name": "root"}));
    let root =
        json!({"key_ref": "root", "common_name": "Root", "issuer_name": "root", "ttl": "87600h"});
    let root = write("pki/root/generate/existing", root);
    write("pki/keys/import", json!({"pem_bundle": Whose::Sub.pem(), "key_name": "sub"}));
    let sub = json!({"key_ref": "sub", "common_name": "Sub", "ttl": "43800h"});
    let sub_csr = text(&write("pki/intermediate/generate/existing", sub), "csr");
    write(
        "pki/config/urls",
        json!({"issuing_certificates": "http://ca.example.com/ca", "ocsp_servers": "http://ca.example.com/ocsp"}),
    );
    for (name, role) in super::names::roles() {
        write(&format!("pki/roles/{name}"), role);
    }
    let csr = pem::encode("CERTIFICATE REQUEST", &csr(&Whose::Leaf.key(), "", Vec::new()));
    let sign = |name: &str| {
        write("pki/sign/strict", json!({"csr": csr, "common_name": format!("{name}.example.com")}))
    };
    let leaf = sign("leaf");
    let revoked = text(&sign("revoked"), "serial_number");
    write("pki/revoke", json!({"serial_number": revoked, "reason": "superseded"}));
    authority.read("pki/crl/rotate").expect("a CRL");
    let certificate = |answer: &Value| {
        Certificate::from_pem(&text(answer, "certificate")).expect("a certificate")
    };
    let (root, leaf) = (certificate(&root), certificate(&leaf));
    Prepared { store: authority.store.store.fork(), root, sub_csr, leaf, revoked }
}

/// A store that counts how many records are read.
struct Counted {
    store: MemoryStore,
    reads: AtomicU64,
}

impl Counted {
    fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }
}

impl Store for Counted {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        Ok(Box::new(View { view: self.store.snapshot()?, reads: &self.reads }))
    }

    fn apply(&self, batch: &Batch) -> Result<u64, StoreError> {
        self.store.apply(batch)
    }

    fn revision(&self) -> Result<u64, StoreError> {
        self.store.revision()
    }
}

struct View<'a> {
    view: Box<dyn Snapshot + 'a>,
    reads: &'a AtomicU64,
}

impl View<'_> {
    fn count(&self, records: usize) {
        self.reads.fetch_add(u64::try_from(records).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Snapshot for View<'_> {
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.count(1);
        self.view.get(key)
    }

    fn scan(&self, range: &KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        let found = self.view.scan(range, limit)?;
        self.count(1 + found.len());
        Ok(found)
    }

    fn keys(&self, range: &KeyRange, limit: usize) -> Result<Vec<Key>, StoreError> {
        let found = self.view.keys(range, limit)?;
        self.count(1 + found.len());
        Ok(found)
    }

    fn count(&self, range: &KeyRange) -> Result<u64, StoreError> {
        self.count(1);
        self.view.count(range)
    }
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(NOW)
    }
}

struct Seeded(Mutex<Chance>);

impl SecureRandom for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        let mut chance = self.0.lock().expect("no panic before");
        buffer.fill_with(|| u8::try_from(chance.below(256)).unwrap_or_default());
    }
}
