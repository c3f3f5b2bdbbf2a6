//! What is read and changed does not grow with what a mount holds where the answer does not.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

mod growth_support;

use std::ops::ControlFlow;

use pki_core::{Body, CrlValidity, Page, Pages, Wanted};
use serde_json::{Map, Value, json};

use growth_support::World;

/// Certificates in the small mount and in the large one. Of the latter, more than are read at once.
const SIZES: [usize; 2] = [60, 720];

/// What the first CRL changes after all that was revoked has ended and was tidied.
fn changes_after_tidy(count: usize) -> usize {
    let world = World::new();
    world.issue_and_revoke(count);
    assert_eq!(world.listed(), count);
    world.advance(9 * 24 * 3_600);
    world.write("pki/tidy", json!({"tidy_cert_store": true, "tidy_revoked_certs": true}));
    world.forget_counts();
    assert_eq!(world.listed(), 0);
    world.changes()
}

#[test]
fn the_first_crl_after_a_tidy_of_all_takes_few_changes() {
    let [small, large] = SIZES.map(changes_after_tidy);
    assert_eq!(small, large);
}

/// Small pages take more transactions, and no more reading.
#[test]
fn a_tidy_reads_each_end_about_once_however_small_its_pages() {
    const EXPIRY: u8 = 21;
    for page_size in [5, 100, 1_000] {
        let world = World::new();
        world.issue_many(720);
        world.advance(9 * 24 * 3_600);
        world.forget_counts();
        world.write("pki/tidy", json!({"tidy_cert_store": true, "page_size": page_size}));
        let reads = world.reads().get(&EXPIRY).copied().unwrap();
        assert!((720..2 * 720).contains(&reads), "{page_size}: {reads}");
    }
}

#[test]
fn an_entry_that_stays_keeps_its_place_in_the_index_of_ends() {
    let world = World::new();
    world.issue_and_revoke(40);
    assert_eq!(world.listed(), 40);
    world.advance(9 * 24 * 3_600);
    let lasting = world.issue();
    world.revoke(&lasting);
    assert_eq!(world.listed(), 41, "all are on one CRL past their end");
    assert_eq!(world.listed(), 41, "which is not due again");
    world.read("pki/crl/rotate").unwrap();
    assert_eq!(world.listed(), 1);
    world.advance(9 * 24 * 3_600);
    assert_eq!(world.listed(), 1);
    world.read("pki/crl/rotate").unwrap();
    assert_eq!(world.listed(), 0, "it is found in the index when it has ended");
}

/// Records that are read, but for those that are counted where they are.
#[test]
fn a_glance_at_a_mount_reads_neither_entries_nor_certificates() {
    let [small, large] = SIZES.map(|count| {
        let world = World::new();
        world.issue_and_revoke(count);
        assert_eq!(world.listed(), count);
        world.forget_counts();
        let validity = world.engine.crl_validity("pki", "default").unwrap();
        let complete = validity.complete.unwrap();
        assert_eq!(complete.next_update.seconds_since(complete.this_update), 72 * 3_600);
        assert_eq!(validity.delta, validity.complete);
        // The root is one of them.
        assert_eq!(world.engine.certificate_count("pki").unwrap(), count as u64 + 1);
        world.reads()
    });
    assert_eq!(small, large);
}

#[test]
fn the_validity_of_a_crl_is_that_of_one_that_is_not_stale() {
    let world = World::new();
    let before = world.engine.crl_validity("pki", "default").unwrap();
    world.advance(60);
    assert_eq!(world.engine.crl_validity("pki", "default").unwrap(), before);
    let serial = world.issue();
    world.revoke(&serial);
    let after = world.engine.crl_validity("pki", "default").unwrap();
    let this_update = |validity: CrlValidity| validity.complete.unwrap().this_update;
    assert_eq!(this_update(after).seconds_since(this_update(before)), 60);
    assert_eq!(world.listed(), 1);
    let unknown = world.engine.crl_validity("pki", "other").unwrap_err();
    assert!(unknown.to_string().contains("other"), "{unknown}");
}

#[test]
fn a_list_of_keys_reads_no_certificate() {
    let world = World::new();
    world.issue_many(25);
    let list = |rounds| {
        world.forget_counts();
        let (mut keys, mut facts) = (0, 0);
        let pages = Pages { size: 10, rounds };
        let see = &mut |page: Page| {
            let Body::Data(data) = &page.response.body else { return ControlFlow::Break(()) };
            keys += data.get("keys").and_then(Value::as_array).map_or(0, Vec::len);
            facts += data.get("key_info").and_then(Value::as_object).map_or(0, Map::len);
            ControlFlow::Continue(())
        };
        world.engine.list("pki/certs/detailed", Map::new(), pages, see).unwrap();
        (keys, facts, world.values())
    };
    assert_eq!(list(&[Wanted::Keys]), (26, 0, 0));
    assert_eq!(list(&[Wanted::Facts, Wanted::Keys]), (52, 26, 26));
}

/// Entries that take more than one part.
const LONG: usize = 8_000;

#[test]
fn a_long_crl_is_fetched_in_parts_that_are_the_whole() {
    let world = World::new();
    world.issue_and_revoke(LONG);
    for path in ["pki/crl", "pki/crl/pem", "pki/issuer/default/crl/pem"] {
        let Body::Raw { bytes, .. } = world.read(path).unwrap() else { panic!("no document") };
        let mut parts: Vec<Vec<u8>> = Vec::new();
        let fetched = world.engine.fetch(path, Map::new(), &mut |part| {
            parts.push(part.to_vec());
            ControlFlow::Continue(())
        });
        assert!(fetched.unwrap().is_none(), "{path}");
        assert!(parts.iter().all(|part| part.len() < 400_000), "{path}");
        assert!(bytes.len() > 300_000 && parts.concat() == bytes, "{path}");
    }
}

#[test]
fn whoever_has_seen_enough_of_a_document_stops() {
    let world = World::new();
    world.issue_and_revoke(LONG);
    assert_eq!(world.listed(), LONG);
    world.forget_counts();
    let stop = &mut |_: &[u8]| ControlFlow::Break(());
    assert!(world.engine.fetch("pki/crl", Map::new(), stop).unwrap().is_none());
    assert_eq!(world.segments(), 0);
    assert_eq!(world.listed(), LONG);
    assert!(world.segments() > 70);
}

#[test]
fn what_is_no_long_document_is_answered_whole() {
    let world = World::new();
    let see = &mut |_: &[u8]| ControlFlow::Continue(());
    for path in ["pki/ca", "pki/roles/any", "pki/crl/rotate"] {
        assert!(world.engine.fetch(path, Map::new(), see).unwrap().is_some(), "{path}");
    }
    let path = "pki/issuer/other/crl/der";
    assert!(world.engine.fetch(path, Map::new(), see).is_err());
}

/// What revoking by leases changes and expects, for each of so many.
fn work_for_each_lease(count: usize) -> (usize, usize) {
    let world = World::new();
    let role = json!({"allow_any_name": true, "key_type": "ed25519", "ttl": "24h",
        "generate_lease": true});
    world.write("pki/roles/any", role);
    world.issue_many(count);
    assert_eq!(world.listed(), 0);
    world.forget_counts();
    world.write("sys/leases/revoke-prefix/pki/issue/any", json!({}));
    let (changes, expectations) = (world.changes(), world.expectations());
    assert_eq!(world.listed(), count);
    (changes / count, expectations / count)
}

/// A lease that goes, a revocation and the end of its certificate in the index; and in each hundred
/// of them, something else. The lease and the certificate are read, and that there is no revocation
/// twice.
#[test]
fn what_many_revocations_have_in_common_is_written_and_expected_once() {
    assert_eq!(work_for_each_lease(1_200), (3, 4));
}
