//! Faults that tests of the workspace know already: schedules with a clock that jumps, in memory,
//! and crowds on one store. Here they are told how much to do.

use std::env;
use std::process::Command;

use anyhow::{Result, ensure};

use super::{Bench, Scale, Tally};

/// Runs random schedules of issuing, revoking, tidying and rotating while the clock jumps, and
/// looks at every CRL.
pub(super) fn schedules(bench: &Bench) -> Result<Tally> {
    let count = if bench.scale == Scale::Release { 20_000 } else { 2_000 };
    let first = bench.seed % 1_000_000;
    let mut test = cargo_test(&["-p", "pki-core", "--test", "revocation"]);
    if bench.scale == Scale::Release {
        // Several times as quick, when it is built.
        test.arg("--release");
    }
    test.arg("no_schedule_breaks");
    test.env("PKICTL_TEST_SEED", first.to_string()).env("PKICTL_SCHEDULES", count.to_string());
    ensure!(test.status()?.success(), "a schedule fails, from PKICTL_TEST_SEED={first} on");
    Ok(vec![("schedules of 30 steps", count)])
}

/// Lets many processes issue at once.
pub(super) fn crowd(bench: &Bench) -> Result<Tally> {
    let writers = if bench.scale == Scale::Release { 64 } else { 8 };
    let mut test = cargo_test(&["-p", "pkictl-tests", "--test", "concurrency"]);
    test.env("PKICTL_TEST_WRITERS", writers.to_string());
    ensure!(test.status()?.success(), "a crowd of {writers} fails");
    Ok(vec![("processes at a time", writers), ("certificates", writers * 200)])
}

fn cargo_test(words: &[&str]) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(crate::workspace::root()).args(["test", "-q", "--no-default-features"]);
    command.args(words);
    command
}
