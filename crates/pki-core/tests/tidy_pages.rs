//! A tidy goes page by page: others get their turn between two pages, and what is done stays done.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]
#![expect(clippy::panic, reason = "a test that cannot go on fails")]

mod tidy_support;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tidy_support::{DAY, World, data, everything, issue, read, write};

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
    let pages = world.between.changes();
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
    // What has gone need not be on the next CRL.
    assert!(world.revoked() < 12, "{}", world.revoked());
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

/// Who has stopped a tidy, and knows it, need not wait until it is taken for dead.
#[test]
fn after_a_cancel_another_begins_at_once() {
    let world = World::new(23);
    world.meanwhile(|page| page < 3);
    assert!(world.tidy().is_err());
    let told = data(write(&world.other, "pki/tidy-cancel", json!({})).unwrap());
    assert_eq!(told["state"], "Cancelling");
    assert_eq!(write(&world.other, "pki/tidy", everything()).unwrap().warnings.len(), 1);
    assert_eq!(world.status()["state"], "Finished");
    assert_eq!(world.certificates(), 1);
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
