//! Faults that tests of the workspace know already: schedules with a clock that jumps, in memory,
//! and crowds on one store. Here they are told how much to do.

use std::env;
use std::process::Command;

use anyhow::{Result, ensure};

use super::{Asked, Bench, Figures, Progress, Tally};

const SCHEDULES: Asked = Asked { part: 2_000, gate: 2_000, release: 100_000 };

/// How many schedules are run at a time: less than a minute's.
const AT_ONCE: usize = 400;

const WRITERS: Asked = Asked { part: 8, gate: 8, release: 64 };

/// Runs random schedules of issuing, revoking, tidying and rotating while the clock jumps, and
/// looks at every CRL.
pub(super) fn schedules(bench: &Bench) -> Result<Tally> {
    let progress = bench.asked("schedules of 30 steps", SCHEDULES);
    let mut first = bench.seed % 1_000_000;
    while !progress.is_over() {
        let mut test = cargo_test(&["-p", "pki-core", "--test", "revocation"]);
        if bench.figures == Figures::Release {
            // Several times as quick, when it is built.
            test.arg("--release");
        }
        let count = progress.left().min(AT_ONCE);
        test.arg("no_schedule_breaks");
        test.env("PKICTL_TEST_SEED", first.to_string()).env("PKICTL_SCHEDULES", count.to_string());
        ensure!(test.status()?.success(), "a schedule fails, from PKICTL_TEST_SEED={first} on");
        first += count as u64;
        progress.add(count);
    }
    Ok(progress.tally(Vec::new()))
}

/// Lets many processes issue at once. They end together, whatever the limit.
pub(super) fn crowd(bench: &Bench) -> Result<Tally> {
    let writers = bench.figures.of(WRITERS);
    let progress = Progress::new("processes at a time", writers, None);
    let mut test = cargo_test(&["-p", "pkictl-tests", "--test", "concurrency"]);
    test.env("PKICTL_TEST_WRITERS", writers.to_string());
    ensure!(test.status()?.success(), "a crowd of {writers} fails");
    progress.add(writers);
    Ok(progress.tally(vec![("certificates", writers * 200)]))
}

fn cargo_test(words: &[&str]) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(crate::workspace::root()).args(["test", "-q", "--no-default-features"]);
    command.args(words);
    command
}
