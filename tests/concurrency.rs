//! Many processes on one store.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use pkictl_tests::{Outcome, World, pkictl};
use serde_json::Value;

const WRITERS: usize = 8;
const EACH: usize = 200;
const REVOKED: usize = 40;

/// How many issue at a time: `PKICTL_TEST_WRITERS`, or eight.
fn writers() -> usize {
    let given = std::env::var("PKICTL_TEST_WRITERS").ok().and_then(|text| text.parse().ok());
    given.unwrap_or(WRITERS)
}

#[test]
fn several_issue_while_others_read_and_one_revokes() {
    let writers = writers();
    let world = World::new(pkictl!()).with_root();
    let issued = Mutex::new(Vec::new());
    let busy = AtomicBool::new(true);
    let writing = AtomicUsize::new(writers);
    let revoked = thread::scope(|scope| {
        for writer in 0..writers {
            let (world, issued, busy, writing) = (&world, &issued, &busy, &writing);
            scope.spawn(move || {
                // If a writer gives up, those who wait for it must not wait for ever.
                let _done = Done { writing, busy };
                for number in 0..EACH {
                    let name = format!("common_name=n{number}.w{writer}.example.com");
                    let serial = world.field("serial_number", &["write", "pki/issue/web", &name]);
                    issued.lock().expect("no writer has failed").push(serial);
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                while busy.load(Ordering::Relaxed) {
                    world.ok(&["read", "pki/cert/ca"]);
                    world.ok(&["list", "pki/certs"]);
                    assert!(crl(&world).contains("-----BEGIN X509 CRL-----"));
                }
            });
        }
        scope.spawn(|| revoke_some(&world, &issued, &busy)).join().expect("a revoker")
    });
    let issued = issued.into_inner().expect("serial numbers");
    let distinct: BTreeSet<&String> = issued.iter().collect();
    assert_eq!((issued.len(), distinct.len()), (writers * EACH, writers * EACH));
    let listed = world.data(&["list", "pki/certs"]);
    let listed: BTreeSet<&str> = strings(&listed);
    for serial in &issued {
        assert!(listed.contains(serial.as_str()), "{serial} is not listed");
    }
    assert_eq!(listed.len(), issued.len() + 1, "those, and the root");
    let on_record = world.data(&["list", "pki/certs/revoked"]);
    assert_eq!(strings(&on_record), revoked.iter().map(String::as_str).collect());
}

struct Done<'a> {
    writing: &'a AtomicUsize,
    busy: &'a AtomicBool,
}

impl Drop for Done<'_> {
    fn drop(&mut self) {
        if self.writing.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.busy.store(false, Ordering::Relaxed);
        }
    }
}

fn revoke_some(world: &World, issued: &Mutex<Vec<String>>, busy: &AtomicBool) -> Vec<String> {
    let mut revoked = Vec::new();
    while revoked.len() < REVOKED && busy.load(Ordering::Relaxed) {
        let next = issued.lock().expect("no writer has failed").get(revoked.len() * 7).cloned();
        match next {
            Some(serial) => {
                let word = format!("serial_number={serial}");
                world.ok(&["write", "pki/revoke", &word]);
                revoked.push(serial);
            }
            None => thread::yield_now(),
        }
    }
    assert!(!revoked.is_empty());
    revoked
}

fn crl(world: &World) -> String {
    world.field("certificate", &["read", "pki/cert/crl"])
}

fn strings(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn many_make_the_same_store_and_one_mount_comes_of_it() {
    let world = World::new(pkictl!());
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let starts: Vec<_> = (0..WRITERS)
            .map(|_| scope.spawn(|| world.run(&["secrets", "enable", "pki"])))
            .collect();
        starts.into_iter().map(|start| start.join().expect("an outcome")).collect()
    });
    let made = outcomes.iter().filter(|got| got.status == 0).count();
    assert_eq!(made, 1, "{outcomes:?}");
    for got in outcomes.iter().filter(|got| got.status != 0) {
        assert!(got.err.contains("path is already in use at pki/"), "{}", got.err);
    }
    world.ok(&["write", "pki/root/generate/internal", "common_name=R", "key_type=ec"]);
}
