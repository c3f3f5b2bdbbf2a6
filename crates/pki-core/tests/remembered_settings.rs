//! A command that reads settings alone is carried out on those that are remembered, and never
//! counts if they have changed.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use pki_core::crypto::{Curve, KeySpec, PrivateKey, SignatureAlgorithm};
use pki_core::inspect::{Finding, PrivateKeys, Repair, Watcher};
use pki_core::x509::{
    Certificate, CertificateList, SubjectAttributes, TbsCertificationRequest, pem, sign_csr,
};
use pki_core::{Body, Engine, Env, Error, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use pki_store::{Batch, KeyRange, Layout, Op, Snapshot, Store, StoreError, Table};
use serde_json::{Map, Value, json};

type Hook = Box<dyn FnOnce() + Send>;

/// Counts how often it is read, and how often changes are not made.
#[derive(Default)]
struct Counting {
    store: MemoryStore,
    snapshots: AtomicUsize,
    conflicts: AtomicUsize,
    /// Happens before changes are made, once.
    between: Mutex<Option<Hook>>,
}

impl Counting {
    fn during(&self, act: impl FnOnce()) -> usize {
        let before = self.snapshots.load(Ordering::SeqCst);
        act();
        self.snapshots.load(Ordering::SeqCst) - before
    }
}

impl Store for Counting {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        self.snapshots.fetch_add(1, Ordering::SeqCst);
        self.store.snapshot()
    }

    fn apply(&self, batch: &Batch) -> Result<u64, StoreError> {
        let between = self.between.lock().unwrap().take();
        between.into_iter().for_each(|act| act());
        let applied = self.store.apply(batch);
        if matches!(applied, Err(StoreError::Conflict { .. })) {
            self.conflicts.fetch_add(1, Ordering::SeqCst);
        }
        applied
    }

    fn revision(&self) -> Result<u64, StoreError> {
        self.store.revision()
    }
}

/// Two programs on one store. One issues, the other changes what it depends on.
struct World {
    store: Arc<Counting>,
    issuing: Engine,
    other: Engine,
}

impl World {
    fn new() -> Self {
        let store = Arc::new(Counting::default());
        let world = Self { issuing: engine(&store), other: engine(&store), store };
        world.other.enable("pki").unwrap();
        let root = json!({"common_name": "Root", "key_type": "ec", "ttl": "700h"});
        world.change("pki/root/generate/internal", root);
        world.role(json!({}));
        world
    }

    fn role(&self, more: Value) {
        let mut role = json!({"allow_any_name": true, "key_type": "ec", "ttl": "1h"});
        role.as_object_mut().unwrap().extend(object(more));
        self.change("pki/roles/web", role);
    }

    fn change(&self, path: &str, data: Value) {
        ask(&self.other, Operation::Write, path, data).unwrap();
    }

    fn issue(&self) -> Result<Certificate, String> {
        let data = json!({"common_name": "a.example.com"});
        let issued = ask(&self.issuing, Operation::Write, "pki/issue/web", data);
        let issued = issued.map_err(|problem| problem.to_string())?;
        Ok(Certificate::from_pem(issued["certificate"].as_str().unwrap()).unwrap())
    }
}

fn engine(store: &Arc<Counting>) -> Engine {
    let shared: Arc<dyn Store> = Arc::<Counting>::clone(store);
    Engine::new(shared, Arc::new(Given::key([7; 32])), Env::system())
}

fn ask(
    engine: &Engine,
    operation: Operation,
    path: &str,
    data: Value,
) -> Result<Map<String, Value>, Error> {
    let request = Request { operation, path: path.to_owned(), data: object(data) };
    Ok(match &engine.handle(request)?.body {
        Body::Data(data) => data.clone(),
        _ => Map::new(),
    })
}

fn object(data: Value) -> Map<String, Value> {
    match data {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn subject(certificate: &Certificate) -> String {
    certificate.subject().to_string()
}

fn csr() -> String {
    let key = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
    let name =
        SubjectAttributes { common_name: Some("b.example.com".into()), ..Default::default() };
    let request = TbsCertificationRequest {
        subject: name.to_name(),
        public_key: key.public_key().clone(),
        extensions: Vec::new(),
        signature: SignatureAlgorithm::for_issuing(key.spec(), 0, false, false),
    };
    pem::encode("CERTIFICATE REQUEST", &sign_csr(&request, &key).unwrap())
}

/// One look is for the mount in the request's path.
#[test]
fn settings_that_were_read_are_not_read_again() {
    let world = World::new();
    world.change("pki/config/auto-tidy", json!({"enabled": true, "tidy_cert_store": true}));
    let program = "ValidationOutput{template: CertTemplate{NotAfter: now + duration('1h'), \
                   Subject: PKIX.Name{CommonName: 'a.example.com'}}, key_type: 'ec'}";
    world.change("pki/cel/roles/web", json!({"cel_program": {"expression": program}}));
    let csr = csr();
    let requests = [
        ("pki/issue/web", json!({"common_name": "a.example.com"})),
        ("pki/sign/web", json!({"common_name": "a.example.com", "csr": csr})),
        ("pki/sign-verbatim", json!({"csr": csr, "ttl": "1h"})),
        ("pki/sign-verbatim/web", json!({"csr": csr, "ttl": "1h"})),
        ("pki/cel/issue/web", json!({})),
        ("pki/cel/sign/web", json!({"csr": csr})),
        ("pki/issuer/default/issue/web", json!({"common_name": "a.example.com"})),
    ];
    for more in [json!({}), json!({"generate_lease": true})] {
        world.role(more);
        for (path, data) in &requests {
            let issue = || drop(ask(&world.issuing, Operation::Write, path, data.clone()).unwrap());
            issue();
            assert_eq!(world.store.during(issue), 1, "{path}");
        }
    }
}

#[test]
fn what_leaves_no_record_is_made_once_and_looked_over() {
    let world = World::new();
    world.role(json!({"no_store": true}));
    world.issue().unwrap();
    assert_eq!(world.store.during(|| drop(world.issue().unwrap())), 2);
    world.role(json!({"no_store": true, "ou": "new"}));
    assert!(subject(&world.issue().unwrap()).contains("new"));
}

#[test]
fn a_role_that_another_program_changed_holds_at_once() {
    let world = World::new();
    world.issue().unwrap();
    world.role(json!({"ou": "new"}));
    assert!(subject(&world.issue().unwrap()).contains("new"));
    world.role(json!({"allow_any_name": false, "allowed_domains": "example.org"}));
    assert!(world.issue().unwrap_err().contains("a.example.com"));
    world.role(json!({}));
    world.issue().unwrap();
    ask(&world.other, Operation::Delete, "pki/roles/web", json!({})).unwrap();
    assert!(world.issue().unwrap_err().contains("unknown role"));
}

#[test]
fn settings_that_were_not_there_are_noticed_when_they_come() {
    let world = World::new();
    world.issue().unwrap();
    let urls = json!({"issuing_certificates": "http://ca.example.com/a"});
    world.change("pki/config/urls", urls);
    let der = world.issue().unwrap().as_der().to_vec();
    assert!(der.windows(23).any(|window| window == b"http://ca.example.com/a"));
}

#[test]
fn an_issuer_that_may_not_issue_any_more_does_not() {
    let world = World::new();
    world.issue().unwrap();
    world.change("pki/issuer/default", json!({"usage": "read-only,crl-signing"}));
    assert!(world.issue().unwrap_err().contains("issuing-certificates"));
}

#[test]
fn a_mount_that_is_gone_is_gone() {
    let world = World::new();
    world.issue().unwrap();
    ask(&world.other, Operation::Delete, "sys/mounts/pki", json!({})).unwrap();
    assert!(world.issue().is_err());
}

/// No key is made for nothing: neither when the answer is no, nor after a change made here.
#[test]
fn nothing_is_done_twice_where_nobody_else_has_changed_anything() {
    let world = World::new();
    let conflicts = || world.store.conflicts.load(Ordering::SeqCst);
    let role = |name: &str, more: Value| {
        let mut role = json!({"allow_any_name": true, "key_type": "ec", "ttl": "1h"});
        role.as_object_mut().unwrap().extend(object(more));
        ask(&world.issuing, Operation::Write, &format!("pki/roles/{name}"), role).unwrap();
    };
    let issue = |name: &str| {
        let path = format!("pki/issue/{name}");
        ask(&world.issuing, Operation::Write, &path, json!({"common_name": "a.example.com"}))
    };
    for name in ["short", "web-servers-of-the-northern-region"] {
        for unit in ["one", "two", "three"] {
            role(name, json!({ "ou": unit }));
            issue(name).unwrap();
            issue(name).unwrap();
        }
        ask(&world.issuing, Operation::Delete, &format!("pki/roles/{name}"), json!({})).unwrap();
        issue(name).unwrap_err();
        issue(name).unwrap_err();
    }
    assert_eq!(conflicts(), 0);
    // Another program deletes it: once what is remembered is of no use.
    let name = "web-servers-of-the-southern-region";
    role(name, json!({}));
    issue(name).unwrap();
    ask(&world.other, Operation::Delete, &format!("pki/roles/{name}"), json!({})).unwrap();
    (0..5).for_each(|_| drop(issue(name).unwrap_err()));
    assert_eq!(conflicts(), 1);
    // What is refused late is held against a snapshot, and not tried again: one look is for the
    // mount in the path.
    let urls = json!({"issuing_certificates": "{{cluster_path}}/x", "enable_templating": true});
    ask(&world.issuing, Operation::Write, "pki/config/urls", urls).unwrap();
    issue("web").unwrap_err();
    let refused = || drop(issue("web").unwrap_err());
    assert_eq!(world.store.during(refused), 2);
    world.change("pki/config/cluster", json!({"path": "http://ca.example.com/v1/pki"}));
    issue("web").unwrap();
}

/// Many names that nobody has do not push out what is there.
#[test]
fn what_is_not_there_takes_no_room() {
    let world = World::new();
    world.issue().unwrap();
    for number in 0..400 {
        let path = format!("{number}/a/b/c/d/e/f/g/h/i/j/k/l");
        ask(&world.issuing, Operation::Read, &path, json!({})).unwrap_err();
    }
    assert_eq!(world.store.during(|| drop(world.issue().unwrap())), 1);
}

/// As when two repair one CRL whose record is damaged: the second must not undo the first, or a
/// number would be used again.
#[test]
fn changes_depend_on_records_that_could_not_be_read() {
    let world = World::new();
    let table = Table { number: 24, name: "crls", layout: Layout::Clustered };
    let records = world.store.store.snapshot().unwrap().scan(&KeyRange::prefix(table, []), 9);
    let damaged = records.unwrap().into_iter().map(|(key, mut entry)| {
        *entry.value.last_mut().unwrap() ^= 1;
        Op::Put { key, value: entry.value }
    });
    let damaged = Batch { expect: Vec::new(), ops: damaged.collect() };
    world.store.store.apply(&damaged).unwrap();
    let mut seen = Seen(Vec::new());
    world.issuing.check(PrivateKeys::Leave, &mut seen).unwrap();
    let repair = seen.0.into_iter().find(|repair| matches!(repair, Repair::Crl(_))).unwrap();
    let (other, number) = (engine(&world.store), Arc::new(AtomicU64::new(0)));
    let published = Arc::clone(&number);
    *world.store.between.lock().unwrap() = Some(Box::new(move || {
        // Numbers are moments.
        thread::sleep(Duration::from_millis(20));
        other.repair("pki", repair).unwrap();
        published.store(crl_number(&other), Ordering::SeqCst);
    }));
    world.issuing.repair("pki", repair).unwrap();
    let published = number.load(Ordering::SeqCst);
    assert!(published < crl_number(&world.other), "{published}");
}

struct Seen(Vec<Repair>);

impl Watcher for Seen {
    fn found(&mut self, finding: Finding) {
        self.0.extend(finding.repair);
    }

    fn went_on(&mut self, _: u64, _: u64) {}
}

fn crl_number(engine: &Engine) -> u64 {
    let path = "pki/issuer/default/crl/der".to_owned();
    let request = Request { operation: Operation::Read, path, data: Map::new() };
    match &engine.handle(request).unwrap().body {
        Body::Raw { bytes, .. } => CertificateList::from_der(bytes).unwrap().number().unwrap(),
        _ => 0,
    }
}

/// Whoever asks after a change was answered gets what it says, whatever others remember.
#[test]
fn no_thread_issues_under_a_role_of_before() {
    let world = World::new();
    world.role(json!({"ou": "u1000"}));
    let written = AtomicU64::new(1_000);
    let issue = || {
        for _ in 0..100 {
            let least = written.load(Ordering::SeqCst);
            let name = subject(&world.issue().unwrap());
            let (_, number) = name.split_once("OU=u").unwrap();
            let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
            let found: u64 = digits.parse().unwrap();
            assert!(least <= found, "{found} after {least}");
        }
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(issue);
        }
        for next in 1_001..1_100 {
            world.role(json!({ "ou": format!("u{next}") }));
            written.store(next, Ordering::SeqCst);
            thread::yield_now();
        }
    });
}
