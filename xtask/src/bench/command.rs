//! P3, and the part of P9 about one command: the program beside others, as a user starts it.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Plan;
use super::clock::{Compared, Cost, compare, processes};
use super::growth::Stores;
use super::peers::{self, Peer, is_installed};
use super::report::{Row, millis};
use super::trace::{self, Written};

/// Commands for one figure.
const COUNT: u32 = 40;

/// Commands that are followed.
const TRACED: u32 = 20;

/// The program with a store.
struct Ours<'a> {
    plan: &'a Plan,
    store: &'a Path,
}

pub(super) fn rows(plan: &Plan, folder: &Path, stores: &Stores) -> Result<Vec<Row>> {
    let ours = Ours { plan, store: &stores.small };
    let large = Ours { plan, store: &stores.large };
    let mut rows = beside_peers(&ours, folder)?;
    eprintln!("bench: one command");
    rows.extend(own_cost(&ours)?);
    rows.extend(start(plan, folder)?);
    rows.extend(disk(&ours, "few")?);
    rows.extend(disk(&large, "many")?);
    let compared = compare(plan.pairs, || large.issue(), || ours.issue())?;
    let exponent = stores.exponent(compared.cpu_ratio);
    let what = format!("issue, whole command, {}: exponent of CPU", stores.growth());
    rows.push(
        Row::new("P4", &what, format!("{exponent:.3} ({})", millis(compared.ours.cpu)))
            .beside("small store", millis(compared.beside.cpu), compared.cpu_ratio)
            .at_most(exponent, 0.05, ""),
    );
    Ok(rows)
}

impl Ours<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.plan.pkictl);
        command.args(["write", "pki/issue/web", "common_name=a.example.com", "ttl=24h"]);
        command.env("PKICTL_DATA_DIR", self.store);
        command
    }

    fn issue(&self) -> Result<Cost> {
        processes(COUNT, &|| vec![self.command()])
    }
}

/// Wall time beside every peer that is there. The goal is about the best of those that only
/// write files, and about the server.
fn beside_peers(ours: &Ours<'_>, folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for peer in peers::local(folder)? {
        rows.extend(beside(ours, &peer, 0.5)?);
    }
    match peers::bao(folder)? {
        Some(peer) => rows.extend(beside(ours, &peer, 0.05)?),
        None => rows.push(Row::new("P3", "bao is not installed (PATH, $BAO)", String::new())),
    }
    Ok(rows)
}

/// Wall time, which has the goal, and time on a processor, which is less noisy.
fn beside(ours: &Ours<'_>, peer: &Peer, limit: f64) -> Result<[Row; 2]> {
    eprintln!("bench: {}", peer.name);
    let theirs = || processes(peer.count, &peer.issue);
    let compared = compare(ours.plan.pairs, || ours.issue(), theirs)?;
    let row = |kind: &str, ours: f64, beside: f64, ratio: f64| {
        let what = format!("issue, whole command, durable ({kind})");
        Row::new("P3", &what, millis(ours)).beside(peer.name, millis(beside), ratio)
    };
    let Compared { ours, beside, wall_ratio, cpu_ratio } = compared;
    Ok([
        row("wall", ours.wall, beside.wall, wall_ratio).at_most_ratio(limit),
        row("CPU", ours.cpu, beside.cpu, cpu_ratio),
    ])
}

fn own_cost(ours: &Ours<'_>) -> Result<Vec<Row>> {
    let cpu: Result<Vec<f64>> = (0..ours.plan.pairs).map(|_| Ok(ours.issue()?.cpu)).collect();
    let cpu = super::clock::median(cpu?);
    let row = Row::new("P3", "issue, whole command (CPU)", millis(cpu));
    let mut rows = vec![row.at_most(cpu * 1e3, 4.0, " ms")];
    rows.push(match resident(&ours.command())? {
        Some(kibibytes) => {
            let mebibytes = kibibytes / 1024.0;
            let row =
                Row::new("P3", "issue, whole command (memory)", format!("{mebibytes:.1} MiB"));
            row.at_most(mebibytes, 10.0, " MiB")
        }
        None => Row::new("P3", "issue, whole command (memory)", "unknown: no GNU time".to_owned()),
    });
    Ok(rows)
}

/// The most memory that a command had, in KiB, if GNU time is there.
fn resident(command: &Command) -> Result<Option<f64>> {
    if !is_installed("time") {
        return Ok(None);
    }
    let mut time = Command::new("time");
    time.args(["-f", "%M", "--"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        time.env(name, value.unwrap_or_default());
    }
    let output = time.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(said.lines().last().and_then(|line| line.trim().parse().ok()))
}

/// The start of the program beside that of one that does nothing.
fn start(plan: &Plan, folder: &Path) -> Result<Option<Row>> {
    let Some(nothing) = peers::nothing(folder)? else {
        return Ok(None);
    };
    let version = || {
        let mut command = Command::new(&plan.pkictl);
        command.arg("-version");
        vec![command]
    };
    let compared = compare(
        plan.pairs,
        || processes(COUNT * 2, &version),
        || processes(COUNT * 2, &|| vec![Command::new(&nothing)]),
    )?;
    let row = Row::new("P3", "pkictl -version (wall)", millis(compared.ours.wall));
    let beside = millis(compared.beside.wall);
    Ok(Some(row.beside("an empty program", beside, compared.wall_ratio).at_most_ratio(2.0)))
}

/// What one command writes and waits for, on average: some also shorten the log.
fn disk(ours: &Ours<'_>, size: &str) -> Result<Vec<Row>> {
    let mut total = Written::default();
    for _ in 0..TRACED {
        let Some(written) = trace::follow(&ours.command(), ours.store)? else {
            let what = "bytes and syncs of one command";
            return Ok(vec![Row::new("P9", what, "unknown: no strace".to_owned())]);
        };
        total.bytes += written.bytes;
        total.syncs += written.syncs;
    }
    let average = |total: u32| f64::from(total) / f64::from(TRACED);
    let (bytes, syncs) = (average(total.bytes), average(total.syncs));
    let row = |what: &str, value: String| {
        Row::new("P9", &format!("issue, whole command, {size} stored: {what}"), value)
    };
    Ok(vec![
        row("bytes written", format!("{bytes:.0} B")).at_most(bytes, 8_000.0, " B"),
        row("syncs", format!("{syncs:.1}")).at_most(syncs, 1.0, ""),
    ])
}
