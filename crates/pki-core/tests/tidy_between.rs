//! What may happen between two pages of a tidy, and must not matter.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]
#![expect(clippy::panic, reason = "a test that cannot go on fails")]

mod tidy_support;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use pki_core::field::Seconds;
use pki_core::paths::tidy::Tidy;
use pki_core::{Engine, Env, Given};
use pki_store::{Batch, KeyRange, Layout, Op, Store as _, Table};
use serde_json::json;
use tidy_support::{Between, DAY, World, data, issue, read, write};

/// A clock that was a year ahead when a tidy began is set right before its second page.
#[test]
fn a_clock_that_is_set_back_saves_what_has_not_ended() {
    let world = World::new(23);
    let role = json!({"allow_any_name": true, "key_type": "ec", "ttl": "400h"});
    write(&world.other, "pki/roles/any", role).unwrap();
    world.after(-5 * DAY);
    for number in 0..10 {
        let serial = issue(&world.other);
        if number % 2 == 0 {
            write(&world.other, "pki/revoke", json!({"serial_number": serial})).unwrap();
        }
    }
    world.after(5 * DAY);
    let right = world.clock.0.load(Ordering::SeqCst);
    world.after(365 * DAY);
    let clock = world.clock.clone();
    world.meanwhile(move |page| {
        if page == 1 {
            clock.0.store(right, Ordering::SeqCst);
        }
        true
    });
    world.tidy().unwrap();
    assert!(10 < world.certificates(), "{}", world.certificates());
    world.meanwhile(|_| true);
    world.tidy().unwrap();
    assert_eq!(world.certificates(), 1 + 10);
    // Those that have not ended.
    assert_eq!(world.revoked(), 5);
}

/// The record behind `tidy-status` says how it went, and nothing that is not made again.
#[test]
fn a_status_that_cannot_be_read_keeps_nobody_from_tidying() {
    let world = World::new(23);
    world.tidy().unwrap();
    let table = Table { number: 26, name: "tidy", layout: Layout::Clustered };
    let all = KeyRange::prefix(table, []);
    let keys = world.between.store.snapshot().unwrap().keys(&all, 9).unwrap();
    for key in keys {
        let batch = Batch { expect: Vec::new(), ops: vec![Op::Put { key, value: vec![1, 7] }] };
        world.between.store.apply(&batch).unwrap();
    }
    world.tidy().unwrap();
    assert_eq!(world.status()["state"], "Finished");
}

/// Who has failed says so, and keeps nobody waiting.
#[test]
fn a_tidy_that_fails_on_a_page_says_why() {
    let world = World::new(23);
    let table = Table { number: 22, name: "revoked", layout: Layout::Clustered };
    let all = KeyRange::prefix(table, []);
    let keys = world.between.store.snapshot().unwrap().keys(&all, 99).unwrap();
    let key = keys.into_iter().next_back().unwrap();
    let batch = Batch { expect: Vec::new(), ops: vec![Op::Put { key, value: vec![1, 7] }] };
    world.between.store.apply(&batch).unwrap();
    let problem = world.tidy().err().unwrap().to_string();
    let status = world.status();
    assert_eq!((&status["state"], &status["error"]), (&json!("Error"), &json!(problem)));
    // The last of twelve is behind two pages at least.
    assert!(10 <= status["cert_store_deleted_count"].as_i64().unwrap(), "{status:?}");
    let again = world.tidy().err().unwrap().to_string();
    assert_eq!(again, problem);
}

/// Somebody else revokes before each change that the tidy is about to make, when CRLs are built.
#[test]
fn revocations_meanwhile_do_not_keep_a_tidy_from_ending() {
    let world = World::new(23);
    let other = Arc::clone(&world.other);
    world.meanwhile(move |page| {
        if 0 < page {
            let serial = issue(&other);
            write(&other, "pki/revoke", json!({"serial_number": serial})).unwrap();
        }
        true
    });
    world.tidy().unwrap();
    assert_eq!(world.status()["state"], "Finished");
}

/// Each page changes the status. Who issues meanwhile does not depend on it.
#[test]
fn pages_do_not_keep_others_from_issuing() {
    let world = World::new(150);
    let auto = json!({"enabled": true, "tidy_cert_store": true, "interval_duration": "999h"});
    write(&world.other, "pki/config/auto-tidy", auto).unwrap();
    let store = Arc::new(Between::over(Arc::clone(&world.between.store)));
    let attempts = Arc::new(AtomicUsize::new(0));
    let (go, may_go) = channel();
    let (here, is_here) = channel();
    world.meanwhile(move |_| {
        // Whoever waits for a page may be gone.
        here.send(()).ok();
        may_go.recv().ok();
        true
    });
    let counted = Arc::clone(&attempts);
    let mut is_first = true;
    store.meanwhile(move |_| {
        if counted.fetch_add(1, Ordering::SeqCst) < 9 {
            if std::mem::take(&mut is_first) {
                is_here.recv().ok();
            }
            // One page, until the next is about to be.
            go.send(()).ok();
            is_here.recv().ok();
        }
        true
    });
    let env = Env { clock: Box::new(world.clock.clone()), random: Env::system().random };
    let issuing = Engine::new(Arc::<Between>::clone(&store), Arc::new(Given::key([7; 32])), env);
    thread::scope(|scope| {
        let tidying = scope.spawn(|| world.tidy().map(drop));
        issue(&issuing);
        // Nobody waits for pages any more.
        store.meanwhile(|_| true);
        tidying.join().unwrap().unwrap();
    });
    assert_eq!(attempts.load(Ordering::SeqCst), 1);
}

/// Two in one group: the second is told that there is a first, or both are done.
#[test]
fn a_tidy_in_a_group_is_not_forgotten() {
    let world = World::new(23);
    let tidy = |tidy_cert_store, tidy_expired_issuers| Tidy {
        tidy_cert_store,
        tidy_revoked_certs: tidy_cert_store,
        tidy_revocation_list: false,
        tidy_revoked_cert_issuer_associations: false,
        tidy_expired_issuers,
        tidy_move_legacy_ca_bundle: false,
        tidy_acme: false,
        tidy_invalid_certs: false,
        safety_buffer: Seconds::hours(72),
        revoked_safety_buffer: None,
        issuer_safety_buffer: Seconds::hours(8_760),
        acme_account_safety_buffer: Seconds::hours(720),
        pause_duration: "0s".to_owned(),
        page_size: 1_000,
    };
    let group = [tidy(true, false), tidy(false, true)];
    let replies = world.other.execute_all("pki", &group, NonZeroUsize::MIN).unwrap();
    assert!(replies[0].warnings[0].contains("successfully started"));
    assert_eq!(world.certificates(), 1);
}

/// A revocation that has come to the CRL of the default issuer, since its own issuer has gone, was
/// not on what was built before that.
#[test]
fn a_revocation_that_came_from_elsewhere_is_shown_first() {
    let world = World::new(1);
    let path = "pki/issuers/generate/root/internal";
    let silent = json!({"common_name": "Silent", "key_type": "ec", "ttl": "2h",
        "issuer_name": "silent"});
    write(&world.other, path, silent).unwrap();
    let usage = json!({"issuer_name": "silent", "usage": "read-only,issuing-certificates"});
    write(&world.other, "pki/issuer/silent", usage).unwrap();
    let issued = json!({"common_name": "b.test"});
    let issued = data(write(&world.other, "pki/issuer/silent/issue/any", issued).unwrap());
    let serial = issued["serial_number"].as_str().unwrap();
    write(&world.other, "pki/revoke", json!({"serial_number": serial})).unwrap();
    world.after(DAY);
    read(&world.other, "pki/crl/rotate");
    let gone = json!({"tidy_expired_issuers": true, "issuer_safety_buffer": 1});
    write(&world.other, "pki/tidy", gone).unwrap();
    world.after(10 * DAY);
    let before = numbers(&world);
    world.tidy().unwrap();
    assert!(before < numbers(&world), "none was built that has it");
}

/// A CRL that a clock built which was ahead says nothing of what was revoked since it was set right.
#[test]
fn a_crl_from_the_future_has_not_shown_what_came_later() {
    let world = World::new(1);
    world.after(5 * DAY);
    read(&world.other, "pki/crl/rotate");
    world.after(-15 * DAY);
    let serial = issue(&world.other);
    write(&world.other, "pki/revoke", json!({"serial_number": serial})).unwrap();
    world.after(5 * DAY);
    let before = numbers(&world);
    let auto = json!({"auto_rebuild": true});
    write(&world.other, "pki/config/crl", auto).unwrap();
    world.tidy().unwrap();
    assert!(before < numbers(&world), "none was built that has it");
    assert_eq!(world.revoked(), 2);
}

/// Of all CRLs together, as they were built last.
fn numbers(world: &World) -> u64 {
    let mounts = world.other.lineage().unwrap().mounts;
    mounts.iter().flat_map(|mount| &mount.crls).map(|crl| crl.number).sum()
}
