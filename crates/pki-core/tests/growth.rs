//! What is read and changed does not grow with what a mount holds where the answer does not.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

mod growth_support;

use growth_support::World;
use serde_json::json;

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
