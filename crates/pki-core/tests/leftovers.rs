//! A mount is gone with one change, and its certificates go after it, page by page.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

mod pages_support;

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock, Mutex};

use pki_core::domain::time::Timestamp;
use pki_core::field::Seconds;
use pki_core::inspect::{Finding, PrivateKeys, Severity, Watcher};
use pki_core::paths::issue::Issue;
use pki_core::paths::revoke::RevokeCertificate;
use pki_core::paths::roles::WriteRole;
use pki_core::paths::root::GenerateRoot;
use pki_core::policy::Selector;
use pki_core::{Engine, Env, Error, Given, Operation, Request, Response};
use pki_store::memory::MemoryStore;
use pki_store::{Batch, Key, KeyRange, Layout, Op, Store, Table};
use serde_json::{Map, Value, json};

use pages_support::Between;

/// Certificates of the mount that is disabled. With its root, and a revocation of each fifth, that
/// is two pages of a thousand ends and their certificates, and a page and a part of what is left.
const COUNT: usize = 2_300;

/// Tables with more records, the more certificates there are.
const GROWING: [u8; 5] = [20, 21, 22, 23, 25];
const ISSUERS: u8 = 11;
const KEYS: u8 = 13;
const CERTS: u8 = 20;
const NOTES: u8 = 7;

/// Numbers of mounts, in the order in which they were made.
const MANY: u32 = 1;
const FEW: u32 = 2;
const OTHER: u32 = 3;

/// Made once: mounts `many`, `few` and `other`.
static STORE: LazyLock<MemoryStore> = LazyLock::new(|| {
    let store = Arc::new(MemoryStore::new());
    let engine = engine(Arc::<MemoryStore>::clone(&store));
    for (mount, count) in [("many", COUNT), ("few", 20), ("other", 0)] {
        engine.enable(mount).unwrap();
        found(&engine, mount);
        let issue = |host| Issue::under("web", format!("h{host}.fifth{}.test", host % 5));
        let commands: Vec<Issue> = (0..count).map(issue).collect();
        engine.execute_all(mount, &commands, NonZeroUsize::MIN).unwrap();
        let fifth =
            Selector::parse(&["common_name=*.fifth0.test".to_owned()], Timestamp::EPOCH).unwrap();
        let expected = engine.would_revoke(mount, &fifth).unwrap().count;
        engine.revoke_matching(mount, &fifth, None, expected).unwrap();
    }
    store.fork()
});

fn engine(store: Arc<dyn Store>) -> Engine {
    Engine::new(store, Arc::new(Given::key([7; 32])), Env::system())
}

/// A root, and a role to issue under.
fn found(engine: &Engine, mount: &str) {
    let mut root = GenerateRoot::internal("Root");
    root.key.key_type = Some("ed25519".into());
    engine.execute(mount, &root).unwrap();
    let mut role = WriteRole::named("web");
    role.role.allow_any_name = true;
    role.role.key_type = "ed25519".into();
    role.role.ttl = Seconds::hours(24);
    engine.execute(mount, &role).unwrap();
}

fn ask(engine: &Engine, operation: Operation, path: &str) -> Result<Response, Error> {
    engine.handle(Request { operation, path: path.to_owned(), data: Map::new() })
}

fn disable(engine: &Engine, mount: &str) -> Result<Response, Error> {
    ask(engine, Operation::Delete, &format!("sys/mounts/{mount}"))
}

fn issue(engine: &Engine, mount: &str) {
    engine.execute(mount, &Issue::under("web", "a.test")).unwrap();
}

/// How many records a mount has in a table.
fn count(store: &MemoryStore, number: u8, mount: u32) -> u64 {
    let table = Table { number, name: "counted", layout: Layout::Clustered };
    store.snapshot().unwrap().count(&KeyRange::prefix(table, mount.to_be_bytes())).unwrap()
}

/// How many records a mount has in the tables that grow, and in all others.
fn left(store: &MemoryStore, mount: u32) -> (u64, u64) {
    let all: u64 = (0..=u8::MAX).map(|table| count(store, table, mount)).sum();
    let growing = GROWING.map(|table| count(store, table, mount)).iter().sum();
    // A note is the system's, and so is its number.
    (growing, all - growing)
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Watcher for Findings {
    fn found(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    fn went_on(&mut self, _: u64, _: u64) {}
}

fn check(engine: &Engine) -> Vec<Finding> {
    let mut findings = Findings::default();
    engine.check(PrivateKeys::Require, &mut findings).unwrap();
    findings.0
}

/// A program that disables a mount, and another on the same store.
struct World {
    between: Arc<Between>,
    disabling: Engine,
    other: Arc<Engine>,
}

impl World {
    fn new() -> Self {
        let between = Arc::new(Between::over(Arc::new(STORE.fork())));
        let disabling = engine(Arc::<Between>::clone(&between));
        let other = Arc::new(engine(Arc::<MemoryStore>::clone(&between.store)));
        Self { between, disabling, other }
    }

    fn store(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.between.store)
    }

    /// One that died after so many changes.
    fn died_after(changes: usize) -> Self {
        let world = Self::new();
        world.between.meanwhile(move |change| change < changes);
        assert!(disable(&world.disabling, "many").is_err());
        assert_eq!(world.between.changes(), changes);
        assert!(0 < left(&world.between.store, MANY).0);
        world.between.meanwhile(|_| true);
        world
    }

    fn assert_nothing_is_left(&self) {
        assert_eq!(left(&self.between.store, MANY), (0, 0));
        assert_eq!(count(&self.between.store, NOTES, 0), 0);
        assert_eq!(check(&self.other), []);
    }
}

#[test]
fn others_write_between_two_pages() {
    let world = World::new();
    let (other, store) = (Arc::clone(&world.other), world.store());
    let counts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&counts);
    world.between.meanwhile(move |_| {
        seen.lock().unwrap().push(count(&store, CERTS, MANY));
        issue(&other, "other");
        true
    });
    disable(&world.disabling, "many").unwrap();
    // The first page is gone with the mount.
    assert_eq!(*counts.lock().unwrap(), [2_301, 1_301, 301, 0]);
    // Its root is one too.
    assert_eq!(world.other.certificate_count("other").unwrap(), 1 + 4);
    world.assert_nothing_is_left();
}

#[test]
fn the_mount_and_its_keys_are_gone_with_the_first_change() {
    let world = World::new();
    assert_eq!(count(&world.between.store, KEYS, MANY), 1);
    assert_eq!(count(&world.between.store, ISSUERS, MANY), 1);
    let (other, store) = (Arc::clone(&world.other), world.store());
    let seen = Arc::new(Mutex::new(0));
    let looked = Arc::clone(&seen);
    world.between.meanwhile(move |change| {
        if 0 < change {
            let (growing, others) = left(&store, MANY);
            assert!(0 < growing);
            assert_eq!(others, 0, "of keys, issuers, roles and all else");
            assert_eq!(other.mounts().unwrap(), ["few", "other"]);
            for path in ["many/certs", "many/ca", "many/roles/web", "sys/mounts/many"] {
                assert!(ask(&other, Operation::Read, path).is_err(), "{path}");
            }
            let stats = other.stats().unwrap();
            let mounts: Vec<&str> = stats.mounts.iter().map(|mount| mount.path.as_str()).collect();
            assert_eq!(mounts, ["few", "other"]);
            *looked.lock().unwrap() += 1;
        }
        true
    });
    disable(&world.disabling, "many").unwrap();
    assert_eq!(*seen.lock().unwrap(), 3);
}

#[test]
fn between_two_pages_the_store_is_sound() {
    let world = World::new();
    let (other, store) = (Arc::clone(&world.other), world.store());
    assert_eq!(check(&other), []);
    world.between.meanwhile(move |change| {
        if 0 < change {
            let note = Finding {
                severity: Severity::Note,
                mount: String::new(),
                table: "leftovers",
                record: "mount 1".to_owned(),
                problem: format!(
                    "{} records are left of it; pkictl maintain removes them",
                    left(&store, MANY).0
                ),
                repair: None,
            };
            assert_eq!(check(&other), [note]);
            assert_eq!(other.damaged().unwrap(), 0);
        }
        true
    });
    disable(&world.disabling, "many").unwrap();
    assert_eq!(world.between.changes(), 4);
    world.assert_nothing_is_left();
}

/// What another program does next.
type Successor = fn(&World) -> Result<(), Error>;

#[test]
fn what_was_left_by_one_that_died_is_removed_by_the_next() {
    let maintain: Successor = |world| world.other.sweep();
    let again: Successor = |world| disable(&world.other, "many").map(drop);
    let disable_another: Successor = |world| disable(&world.other, "few").map(drop);
    let enable: Successor = |world| world.other.enable("another");
    let successors = [maintain, again, disable_another, enable];
    for (changes, successor) in [1, 2, 3, 3].into_iter().zip(successors) {
        let world = World::died_after(changes);
        successor(&world).unwrap();
        world.assert_nothing_is_left();
    }
}

#[test]
fn a_new_mount_at_the_same_path_has_nothing_of_the_old_one() {
    let world = World::died_after(1);
    world.between.meanwhile(|change| change < 1);
    // Others will have to remove what is left: this one does what it was asked for.
    world.disabling.enable("many").unwrap();
    assert!(0 < left(&world.between.store, MANY).0);
    assert_eq!(world.other.certificate_count("many").unwrap(), 0);
    found(&world.other, "many");
    issue(&world.other, "many");
    world.other.sweep().unwrap();
    assert_eq!(world.other.certificate_count("many").unwrap(), 2);
    world.assert_nothing_is_left();
}

#[test]
fn two_remove_what_is_left_at_the_same_time() {
    let world = World::new();
    let other = Arc::clone(&world.other);
    world.between.meanwhile(move |change| {
        if change == 2 {
            other.sweep().unwrap();
        }
        true
    });
    disable(&world.disabling, "many").unwrap();
    assert_eq!(world.between.changes(), 2, "what was not noted any more was let be");
    world.assert_nothing_is_left();
}

#[test]
fn what_others_add_before_the_mount_is_gone_goes_with_it() {
    let world = World::new();
    let other = Arc::clone(&world.other);
    world.between.meanwhile(move |_| {
        let issued = other.execute("other", &Issue::under("web", "a.test")).unwrap();
        let revocation = RevokeCertificate::serial(issued.data.serial_number);
        other.execute("other", &revocation).unwrap();
        true
    });
    disable(&world.disabling, "other").unwrap();
    assert_eq!(world.between.changes(), 1);
    assert_eq!(left(&world.between.store, OTHER), (0, 0));
    assert_eq!(check(&world.other), []);
}

#[test]
fn a_mount_with_few_certificates_goes_at_once() {
    let world = World::new();
    world.between.meanwhile(|_| true);
    disable(&world.disabling, "few").unwrap();
    assert_eq!(world.between.changes(), 1);
    assert_eq!(left(&world.between.store, FEW), (0, 0));
    // Where nothing is left, nothing is written.
    world.disabling.sweep().unwrap();
    disable(&world.disabling, "few").unwrap();
    assert_eq!(world.between.changes(), 1);
    assert_eq!(check(&world.other), []);
}

#[test]
fn what_is_noted_wrongly_or_not_at_all_is_found() {
    let world = World::died_after(1);
    let table = Table { number: NOTES, name: "leftovers", layout: Layout::Clustered };
    let note = |mount: u32| Key { table, bytes: [0, mount].map(u32::to_be_bytes).concat() };
    let ops = vec![Op::Delete { key: note(MANY) }, Op::Put { key: note(FEW), value: vec![1] }];
    world.between.store.apply(&Batch { expect: Vec::new(), ops }).unwrap();
    let found = check(&world.other);
    let found: Vec<_> = found
        .iter()
        .map(|finding| (finding.severity, finding.table, finding.record.as_str()))
        .collect();
    assert_eq!(found.first(), Some(&(Severity::Error, "leftovers", "mount 2")));
    assert!(found.contains(&(Severity::Warning, "certs", "mount 1")), "{found:?}");
}

/// Something that is done in a mount. Says whether it could be.
type Work = fn(&Engine, &str) -> bool;

fn write(engine: &Engine, path: String, data: &Value) -> bool {
    let data = data.as_object().cloned().unwrap_or_default();
    engine.handle(Request { operation: Operation::Write, path, data }).is_ok()
}

#[test]
fn what_is_under_way_in_a_mount_that_goes_leaves_nothing_behind() {
    let works: [Work; 6] = [
        |engine, mount| engine.execute(mount, &Issue::under("web", "a.test")).is_ok(),
        |engine, mount| {
            let commands = vec![Issue::under("web", "a.test"); 40];
            engine.execute_all(mount, &commands, NonZeroUsize::MIN.saturating_add(1)).is_ok()
        },
        |engine, mount| {
            let some = ["common_name=*.fifth1.test".to_owned()];
            let some = Selector::parse(&some, Timestamp::EPOCH).unwrap();
            let expected = engine.would_revoke(mount, &some).unwrap().count;
            engine.revoke_matching(mount, &some, None, expected).is_ok()
        },
        |engine, mount| write(engine, format!("{mount}/roles/new"), &json!({})),
        |engine, mount| {
            write(engine, format!("{mount}/config/auto-tidy"), &json!({"enabled": true}))
        },
        |engine, mount| {
            let plan = json!({"tidy_cert_store": true, "tidy_revoked_certs": true});
            write(engine, format!("{mount}/tidy"), &plan)
        },
    ];
    for (mount, number) in [("many", MANY), ("few", FEW)] {
        for (index, work) in works.iter().enumerate() {
            for at in 0..4 {
                let world = World::new();
                let (other, store) = (Arc::clone(&world.other), world.store());
                work(&world.disabling, "other");
                world.between.meanwhile(move |change| {
                    if change == at {
                        disable(&other, mount).unwrap();
                        assert_eq!(left(&store, number), (0, 0));
                    }
                    true
                });
                let is_done = work(&world.disabling, mount);
                let is_gone = !world.other.mounts().unwrap().iter().any(|path| path == mount);
                assert!(!is_gone || at != 0 || !is_done, "{mount} {index}");
                if is_gone {
                    assert_eq!(left(&world.between.store, number), (0, 0), "{mount} {index} {at}");
                    assert_eq!(check(&world.other), []);
                }
            }
        }
    }
}
