//! What must hold of CRLs whatever happened before: random schedules of issuing, revoking,
//! tidying, rotating, configuring and clocks that jump, each followed by a look at every CRL.
//!
//! `PKICTL_SCHEDULES` says how many schedules are run, `PKICTL_TEST_SEED` with which one to
//! begin. See never-again number 1: a tidy that took revoked, unexpired certificates off.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "all of this is a test; what fails says where"
)]

mod chance_support;
#[path = "revocation/issuers.rs"]
mod issuers;
#[path = "revocation/look.rs"]
mod look;
#[path = "revocation/paths.rs"]
mod paths;
#[path = "revocation/world.rs"]
mod world;

use serde_json::json;

use look::{Crl, check_complete, check_delta, check_ocsp};
use world::{ISSUERS, Leaf, World};

const SCHEDULES: u64 = 200;
const STEPS: u64 = 30;

// In four parts, which run side by side.

#[test]
fn no_schedule_breaks_a_crl_1() {
    run_quarter(0);
}

#[test]
fn no_schedule_breaks_a_crl_2() {
    run_quarter(1);
}

#[test]
fn no_schedule_breaks_a_crl_3() {
    run_quarter(2);
}

#[test]
fn no_schedule_breaks_a_crl_4() {
    run_quarter(3);
}

/// A CRL that was built by a clock which was ahead is built anew with all that has not ended after
/// all, and a check knew nothing of that.
#[test]
fn a_clock_that_was_set_back_is_no_damage() {
    run(8_184);
}

fn number(name: &str) -> Option<u64> {
    std::env::var_os(name)?.into_string().ok()?.parse().ok()
}

/// How many schedules are run.
fn schedules() -> u64 {
    number("PKICTL_SCHEDULES").unwrap_or(SCHEDULES)
}

/// The first of them.
fn first_seed() -> u64 {
    number("PKICTL_TEST_SEED").unwrap_or(1_000)
}

fn run_quarter(quarter: u64) {
    let first = first_seed();
    for seed in (first..first + schedules()).filter(|seed| seed % 4 == quarter) {
        run(seed);
    }
}

/// CRLs as they were last seen, by issuer.
#[derive(Default)]
struct Seen {
    complete: [Option<Crl>; 2],
    delta: [Option<Crl>; 2],
}

/// Half of the schedules look after every step, so that they see every CRL that is built; the
/// other half lets things happen in between.
fn run(seed: u64) {
    let sees_all = (seed / 4).is_multiple_of(2);
    let mut world = World::new(seed, sees_all);
    let mut seen = Seen::default();
    for step in 0..STEPS {
        let what = act(&mut world);
        if step % 6 == 5 {
            check_store(&world, &format!("seed {seed}, step {step}: {what}"));
        }
        if world.chance(2) || sees_all {
            let context = format!("seed {seed}, step {step}: {what}");
            look_at_all(&mut world, &mut seen, &context);
        }
    }
    look_at_all(&mut world, &mut seen, &format!("seed {seed}, at the end"));
}

/// Records that belong together agree with each other whatever was requested.
fn check_store(world: &World, context: &str) {
    let findings = world.findings();
    assert!(findings.is_empty(), "{context}: {findings:?}");
}

fn act(world: &mut World) -> String {
    match world.below(20) {
        0..=4 => issue(world),
        5..=9 => revoke(world),
        10 | 11 => tidy(world),
        12 => world.trigger("pki/crl/rotate"),
        13 | 14 => world.trigger("pki/crl/rotate-delta"),
        15 | 16 => configure(world),
        17 => choose_default(world),
        _ => jump(world),
    }
}

fn issue(world: &mut World) -> String {
    let issuer = usize::try_from(world.below(2)).unwrap();
    let ttl = [20, 600, 7_200, 90_000, 400_000][usize::try_from(world.below(5)).unwrap()];
    let path = format!("pki/issuer/{}/issue/leaf", ISSUERS[issuer]);
    let data = json!({"common_name": "a.example.com", "ttl": ttl});
    let reply = world.write(&path, data).expect("a certificate");
    let serial = reply["serial_number"].as_str().expect("text").to_owned();
    let not_after = reply["expiration"].as_i64().expect("a number");
    world.leaves.push(Leaf { serial, issuer, not_after, ..Leaf::default() });
    format!("issue {ttl}")
}

fn revoke(world: &mut World) -> String {
    let count = world.leaves.len() as u64;
    let Some(index) = count.checked_sub(1).map(|_| world.below(count)) else { return "-".into() };
    let index = usize::try_from(index).unwrap();
    let leaf = world.leaves[index].clone();
    let data = json!({"serial_number": leaf.serial});
    match world.write("pki/revoke", data) {
        Ok(reply) if reply.is_null() => assert!(leaf.not_after <= world.now() + 2, "{leaf:?}"),
        Ok(reply) => {
            let since = reply["revocation_time"].as_i64().expect("a number");
            let earlier = *world.leaves[index].revoked_at.get_or_insert(since);
            assert_eq!(earlier, since, "revoking again answers with the first time");
        }
        // It was tidied away.
        Err(problem) => assert!(leaf.not_after < world.now(), "{problem}"),
    }
    format!("revoke {}", leaf.serial)
}

fn tidy(world: &mut World) -> String {
    let buffer = [1, 60, 86_400][usize::try_from(world.below(3)).unwrap()];
    let data = json!({
        "tidy_cert_store": world.chance(2),
        "tidy_revoked_certs": !world.chance(3),
        "tidy_revoked_cert_issuer_associations": world.chance(3),
        "tidy_invalid_certs": world.chance(3),
        "safety_buffer": buffer,
        "page_size": if world.chance(2) { 5 } else { 1_000 },
    });
    let what = format!("tidy {data}");
    world.write("pki/tidy", data).expect("a tidy");
    world.last_tidy = world.now();
    if !world.is_set("auto_rebuild") || world.is_set("disable") {
        // The CRL that shows them past their end is followed by another before anyone looks.
        let now = world.now();
        world.leaves.iter_mut().filter(|leaf| leaf.not_after < now).for_each(|leaf| {
            leaf.was_shown_past_end = true;
        });
    }
    what
}

fn configure(world: &mut World) -> String {
    let hours = [1, 4, 72][usize::try_from(world.below(3)).unwrap()];
    let deltas = world.chance(2);
    let data = json!({
        "expiry": format!("{hours}h"),
        "auto_rebuild": deltas || world.chance(2),
        "auto_rebuild_grace_period": "10m",
        "enable_delta": deltas,
        "delta_rebuild_interval": "15m",
        "disable": world.chance(8),
        "allow_expired_cert_revocation": world.chance(3),
    });
    let what = format!("config {data}");
    world.config = world.write("pki/config/crl", data).expect("a configuration");
    what
}

fn choose_default(world: &mut World) -> String {
    let issuer = ISSUERS[usize::try_from(world.below(2)).unwrap()];
    world.write("pki/config/issuers", json!({"default": issuer})).expect("a default");
    format!("default {issuer}")
}

/// Mostly forward. A tidy by a clock that was ahead cannot be undone, so the clock is not set
/// back behind one.
fn jump(world: &mut World) -> String {
    let long = [5, 400, 5_000, 100_000, 500_000][usize::try_from(world.below(5)).unwrap()];
    let mut by = i64::try_from(world.below(long)).unwrap();
    if world.chance(6) {
        by = -by.min(world.now() - world.last_tidy - 1).max(0);
    }
    world.advance(by);
    format!("jump {by}")
}

fn look_at_all(world: &mut World, seen: &mut Seen, context: &str) {
    for (index, name) in ISSUERS.iter().enumerate() {
        let now = world.now();
        let complete = world.fetch(&format!("pki/issuer/{name}/crl/der"));
        let complete = Crl::read(&complete, &world.issuers[index]);
        let delta = world.fetch(&format!("pki/issuer/{name}/crl/delta/der"));
        let delta = Crl::read(&delta, &world.issuers[index]);
        let context = format!("{context} (issuer {name}, now {now})");
        check_complete(world, index, &complete, seen.complete[index].as_ref(), &context);
        check_delta(world, index, (&complete, &delta), seen.delta[index].as_ref(), &context);
        seen.complete[index] = Some(complete);
        seen.delta[index] = Some(delta);
    }
    check_ocsp(world, context);
}
