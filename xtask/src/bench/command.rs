//! P3, and the part of P9 about one command: the program beside others, as a user starts it.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Plan;
use super::authority::Authority;
use super::clock::{Compared, Cost, alternate, compare, process, processes};
use super::peers::{self, Peer};
use super::program::{Program, resident};
use super::report::{Row, in_words, millis};
use super::server::Bao;
use super::stores::{Filled, Stores};
use super::trace::{self, Written};

/// Commands for one figure.
const COUNT: u32 = 40;

/// Commands that are followed.
const TRACED: u32 = 20;

/// Pairs of single commands with a small and a large store, for each pair of the plan.
const SINGLE: usize = 40;

pub(super) fn rows(
    plan: &Plan,
    folder: &Path,
    stores: &Stores,
    bao: Option<&Bao>,
) -> Result<Vec<Row>> {
    let (small, large) = (stores.small()?, stores.large()?);
    let mut rows = Vec::new();
    let bao = bao.map(peers::bao);
    if bao.is_none() {
        rows.push(Row::new("P3", "bao is not installed (PATH, $BAO)", String::new()));
    }
    for peer in peers::local(folder)?.iter().chain(&bao) {
        // The goal is about the best of those that only write files, and about the server.
        let limit = if peer.name == "bao write" { 0.05 } else { 0.5 };
        rows.extend(beside(plan, &small.program, peer, limit)?);
    }
    eprintln!("bench: one command");
    rows.push(own_cost(plan, &small.program)?);
    rows.extend(start(plan, folder)?);
    for filled in [small, large] {
        rows.extend(memory(filled)?);
        rows.extend(disk(filled)?);
    }
    rows.push(growth(plan, stores)?);
    Ok(rows)
}

fn issue(program: &Program) -> Result<Cost> {
    processes(COUNT, &|| vec![program.issue()])
}

/// Issuing with the largest store beside the smallest, one command each in turn.
fn growth(plan: &Plan, stores: &Stores) -> Result<Row> {
    let once = |filled: &Filled| process(filled.program.issue());
    let (small, large) = (stores.small()?, stores.large()?);
    let compared = alternate(plan.pairs * SINGLE, || once(large), || once(small))?;
    let exponent = stores.exponent(compared.cpu_ratio)?;
    let what = format!("issue, whole command, {}: exponent of CPU", stores.growth()?);
    Ok(Row::new("P4", &what, format!("{exponent:.3} ({})", millis(compared.ours.cpu)))
        .beside("small store", millis(compared.beside.cpu), compared.cpu_ratio)
        .at_most(exponent, 0.05, ""))
}

/// Wall time, which has the goal, and time on a processor, which is less noisy.
fn beside(plan: &Plan, ours: &Program, peer: &Peer, limit: f64) -> Result<[Row; 2]> {
    eprintln!("bench: {}", peer.name);
    let theirs = || processes(peer.count, &peer.issue);
    let compared = compare(plan.pairs, || issue(ours), theirs)?;
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

fn own_cost(plan: &Plan, ours: &Program) -> Result<Row> {
    let cpu: Result<Vec<f64>> = (0..plan.pairs).map(|_| Ok(issue(ours)?.cpu)).collect();
    let cpu = super::clock::median(cpu?);
    Ok(Row::new("P3", "issue, whole command (CPU)", millis(cpu)).at_most(cpu * 1e3, 4.0, " ms"))
}

/// The most memory that single commands have.
fn memory(filled: &Filled) -> Result<Vec<Row>> {
    let Filled { program, size, .. } = filled;
    let serial = Authority::in_directory(&program.store)?.new_serial()?;
    let commands: [(&str, Command); 4] = [
        ("issue", program.issue()),
        ("read a certificate", program.certificate(&serial)),
        ("revoke", program.revoke(&serial)),
        ("list 50", program.page()),
    ];
    let row = |(what, command): &(&str, Command)| {
        let what = format!("{what}, whole command, {} stored (memory)", in_words(*size));
        Ok(match resident(command)? {
            Some(mebibytes) => Row::new("P3", &what, format!("{mebibytes:.1} MiB"))
                .at_most(mebibytes, 10.0, " MiB"),
            None => Row::new("P3", &what, "unknown: no GNU time".to_owned()),
        })
    };
    commands.iter().map(row).collect()
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
fn disk(filled: &Filled) -> Result<Vec<Row>> {
    let Filled { program, size, .. } = filled;
    let mut total = Written::default();
    for _ in 0..TRACED {
        let Some(written) = trace::follow(&program.issue(), &program.store)? else {
            let what = "bytes and syncs of one command";
            return Ok(vec![Row::new("P9", what, "unknown: no strace".to_owned())]);
        };
        total.bytes += written.bytes;
        total.syncs += written.syncs;
    }
    let average = |total: u32| f64::from(total) / f64::from(TRACED);
    let (bytes, syncs) = (average(total.bytes), average(total.syncs));
    let row = |what: &str, value: String| {
        Row::new("P9", &format!("issue, whole command, {} stored: {what}", in_words(*size)), value)
    };
    Ok(vec![
        row("bytes written", format!("{bytes:.0} B")).at_most(bytes, 8_000.0, " B"),
        row("syncs", format!("{syncs:.1}")).at_most(syncs, 1.0, ""),
    ])
}
