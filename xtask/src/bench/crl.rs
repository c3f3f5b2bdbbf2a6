//! P6: a complete CRL with all certificates of the largest store.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Plan;
use super::authority::{Authority, WEB};
use super::clock::{Cost, compare, process, quiet, round, typical};
use super::openssl::Index;
use super::peers::is_installed;
use super::program::{Program, resident};
use super::report::{Row, in_words, millis};
use super::stores::{Filled, Stores};

/// Where the goals hold.
const ENTRIES: usize = 1_000_000;

/// The most memory that a command may have, in MiB.
const MEMORY: f64 = 100.0;

/// Another issuer makes us make the CRL from all records, in the same command.
const ANOTHER_ROOT: [&str; 4] =
    ["write", "pki/root/generate/internal", "common_name=another", "key_type=ec"];

/// Revokes what is left of the largest store first.
pub(super) fn rows(plan: &Plan, folder: &Path, stores: &Stores) -> Result<Vec<Row>> {
    let filled = stores.large()?;
    let (program, size) = (&filled.program, filled.size);
    eprintln!("bench: a CRL with {} entries", in_words(size));
    let mut rows = vec![revoke_the_rest(filled)?];

    let alone = typical(plan.pairs, || complete(program))?;
    rows.push(goal(size, row(size, COMPLETE, millis(alone.cpu)), alone.cpu, 700.0));
    rows.extend(memory(size, "made from its log, one command", &program.rotate())?);
    rows.extend(memory(size, "read, one command", &program.crl())?);
    if let Some(index) = Index::make(folder, size, size)? {
        rows.extend(beside(plan, filled, "openssl ca -gencrl", &|| index.crl())?);
        if is_installed("cfssl") {
            rows.extend(beside(plan, filled, "cfssl gencrl", &|| index.cfssl_crl())?);
        }
    }
    let again = typical(plan.pairs, || {
        quiet(&mut program.revoke(&program.new_serial()?))?;
        process(program.crl())
    })?;
    let one_more = |kind: &str, seconds: f64| {
        let what = format!("one more, made and read, one command ({kind})");
        goal(size, row(size, &what, millis(seconds)), seconds, 150.0)
    };
    rows.extend([one_more("CPU", again.cpu), one_more("wall", again.wall)]);
    rows.extend(anew(plan, filled)?);
    Ok(rows)
}

/// The entries are kept as they are in the CRL.
const COMPLETE: &str = "made from its log and read, two commands (CPU)";

fn complete(program: &Program) -> Result<Cost> {
    round([program.rotate(), program.crl()])
}

fn revoke_the_rest(filled: &Filled) -> Result<Row> {
    let Filled { program, size, .. } = filled;
    let left = Authority::in_directory(&program.store)?.revocable(WEB)?;
    let mut revoke = program.revoke_role(WEB, left);
    let memory = resident(&revoke)?;
    if memory.is_none() {
        quiet(&mut revoke)?;
    }
    let what = format!("revoke {left} of {}, one command (memory)", in_words(*size));
    let said = memory.map_or_else(
        || "unknown: no GNU time".to_owned(),
        |mebibytes| format!("{mebibytes:.1} MiB"),
    );
    Ok(Row::new("P7", &what, said))
}

/// Where there is another issuer, which once had all entries made from the records.
fn anew(plan: &Plan, filled: &Filled) -> Result<Vec<Row>> {
    let Filled { program, size, .. } = filled;
    let make = || program.command(&ANOTHER_ROOT);
    let cost = typical(plan.pairs, || process(make()))?;
    let what = "made again, with another root, one command";
    let row = row(*size, &format!("{what} (CPU)"), millis(cost.cpu));
    let memory = memory(*size, what, &make())?;
    Ok(std::iter::once(goal(*size, row, cost.cpu, 700.0)).chain(memory).collect())
}

fn row(size: usize, what: &str, value: String) -> Row {
    Row::new("P6", &format!("CRL with {} entries, {what}", in_words(size)), value)
}

/// The goals are about a million entries; a smaller CRL has its share.
fn goal(size: usize, row: Row, seconds: f64, milliseconds: f64) -> Row {
    let unit = if size == ENTRIES { " ms" } else { " ms, its share" };
    row.at_most(seconds * 1e3, milliseconds * size as f64 / ENTRIES as f64, unit)
}

fn beside(
    plan: &Plan,
    filled: &Filled,
    name: &str,
    theirs: &dyn Fn() -> Command,
) -> Result<Vec<Row>> {
    let Filled { program, size, .. } = filled;
    let compared = compare(plan.pairs, || complete(program), || process(theirs()))?;
    let cpu = row(*size, COMPLETE, millis(compared.ours.cpu));
    let mut rows = vec![cpu.beside(name, millis(compared.beside.cpu), compared.cpu_ratio)];
    if let (Some(ours), Some(theirs)) = (resident(&program.rotate())?, resident(&theirs())?) {
        let memory =
            row(*size, "made from its log, one command (memory)", format!("{ours:.1} MiB"));
        rows.push(memory.beside(name, format!("{theirs:.1} MiB"), ours / theirs));
    }
    Ok(rows)
}

/// The most memory that a command of ours has.
fn memory(size: usize, what: &str, command: &Command) -> Result<Option<Row>> {
    let what = format!("{what} (memory)");
    Ok(resident(command)?.map(|mebibytes| {
        row(size, &what, format!("{mebibytes:.1} MiB")).at_most(mebibytes, MEMORY, " MiB")
    }))
}
