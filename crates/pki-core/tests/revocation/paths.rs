//! Single stories about revoking, delta CRLs and tidying.

use pki_core::Operation;
use serde_json::{Value, json};

use crate::look::Crl;
use crate::world::World;

fn issue(world: &World, role: &str, ttl: &str) -> Value {
    let data = json!({"common_name": "a.example.com", "ttl": ttl});
    world.write(&format!("pki/issuer/one/issue/{role}"), data).expect("a certificate")
}

fn serials(world: &World, path: &str) -> Vec<Value> {
    let listed = world.call(Operation::List, path, json!({})).unwrap_or_default();
    listed["keys"].as_array().cloned().unwrap_or_default()
}

/// The complete CRL and the delta CRL of the first issuer.
fn crls(world: &World) -> [Crl; 2] {
    ["crl/der", "crl/delta/der"].map(|path| {
        let der = world.fetch(&format!("pki/issuer/one/{path}"));
        Crl::read(&der, &world.issuers[0])
    })
}

#[test]
fn a_delta_lists_what_the_complete_crl_does_not() {
    let world = World::new(1, true);
    let deltas = json!({"auto_rebuild": true, "enable_delta": true});
    world.write("pki/config/crl", deltas).expect("a configuration");
    let [complete, delta] = crls(&world);
    let first = complete.number;
    assert_eq!((delta.number, delta.base, delta.entries.len()), (first, Some(first), 0));

    let serial = issue(&world, "leaf", "1h")["serial_number"].clone();
    world.write("pki/revoke", json!({"serial_number": serial})).expect("a revocation");
    assert_eq!(crls(&world), [complete.clone(), delta], "not yet");
    world.trigger("pki/crl/rotate-delta");
    let [same, delta] = crls(&world);
    assert_eq!(same, complete);
    assert_eq!((delta.number, delta.base, delta.entries.len()), (first + 1, Some(first), 1));

    world.trigger("pki/crl/rotate");
    let [complete, delta] = crls(&world);
    assert_eq!((complete.number, complete.entries.len()), (first + 2, 1));
    assert_eq!((delta.base, delta.entries.len()), (Some(first + 2), 0));
}

#[test]
fn a_delta_comes_by_itself_after_its_interval() {
    let world = World::new(2, true);
    let deltas = json!({"auto_rebuild": true, "enable_delta": true});
    world.write("pki/config/crl", deltas).expect("a configuration");
    let serial = issue(&world, "leaf", "1h")["serial_number"].clone();
    world.write("pki/revoke", json!({"serial_number": serial})).expect("a revocation");
    world.advance(15 * 60 - 1);
    assert_eq!(crls(&world)[1].entries.len(), 0);
    world.advance(1);
    assert_eq!(crls(&world)[1].entries.len(), 1);
}

#[test]
fn what_is_revoked_after_its_end_is_on_one_crl() {
    let world = World::new(3, true);
    let allowed = json!({"allow_expired_cert_revocation": true});
    world.write("pki/config/crl", allowed).expect("a configuration");
    let serial = issue(&world, "leaf", "10s")["serial_number"].clone();
    world.advance(100);
    world.trigger("pki/crl/rotate");
    world.advance(100);
    world.write("pki/revoke", json!({"serial_number": serial})).expect("a revocation");
    assert_eq!(crls(&world)[0].entries.len(), 1);
    world.advance(100);
    world.trigger("pki/crl/rotate");
    assert_eq!(crls(&world)[0].entries.len(), 0);
}

#[test]
fn only_the_right_key_revokes_and_has_the_certificate_kept() {
    let world = World::new(4, true);
    let role = json!({"allow_any_name": true, "key_type": "ed25519", "no_store": true});
    world.write("pki/roles/unstored", role).expect("a role");
    let [own, other] = [0, 1].map(|_| issue(&world, "unstored", "1h"));
    let before = serials(&world, "pki/certs");
    let by = |key: &Value| {
        let data = json!({"certificate": own["certificate"], "private_key": key["private_key"]});
        world.write("pki/revoke-with-key", data)
    };
    let problem = by(&other).expect_err("another key");
    assert!(problem.ends_with("provided private key does not match certificate's public key"));
    assert_eq!(serials(&world, "pki/certs"), before);
    by(&own).expect("a revocation");
    assert_eq!(serials(&world, "pki/certs").len(), before.len() + 1);
    assert_eq!(serials(&world, "pki/certs/revoked"), [own["serial_number"].clone()]);
}

#[test]
fn a_mount_tidies_itself_when_something_is_written() {
    let world = World::new(5, true);
    issue(&world, "leaf", "20s");
    let before = serials(&world, "pki/certs").len();
    let auto = json!({
        "enabled": true,
        "tidy_cert_store": true,
        "interval_duration": 60,
        "safety_buffer": 1,
    });
    world.write("pki/config/auto-tidy", auto).expect("a configuration");
    let write = || world.write("pki/config/crl", json!({"expiry": "48h"})).expect("a change");
    world.advance(59);
    write();
    assert_eq!(serials(&world, "pki/certs").len(), before);
    world.advance(1);
    assert_eq!(serials(&world, "pki/certs").len(), before, "reading changes nothing");
    write();
    assert_eq!(serials(&world, "pki/certs").len(), before - 1);
}

#[test]
fn a_tidy_takes_no_revocation_that_is_needed() {
    let world = World::new(6, true);
    let serial = issue(&world, "leaf", "1h")["serial_number"].clone();
    world.write("pki/revoke", json!({"serial_number": serial})).expect("a revocation");
    let all = json!({
        "tidy_cert_store": true,
        "tidy_revoked_certs": true,
        "tidy_revoked_cert_issuer_associations": true,
        "tidy_invalid_certs": true,
        "safety_buffer": 1,
    });
    for _ in 0..2 {
        world.write("pki/tidy", all.clone()).expect("a tidy");
        world.trigger("pki/crl/rotate");
        assert_eq!(crls(&world)[0].entries.len(), 1);
        world.advance(1_700);
    }
    world.advance(1_000);
    world.write("pki/tidy", all).expect("a tidy");
    assert!(serials(&world, "pki/certs/revoked").is_empty());
}
