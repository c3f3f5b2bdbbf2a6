//! P8: listing, and taking out what has ended.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::Plan;
use super::authority::{self, Authority, WEB};
use super::clock::{Compared, Cost, compare, process, typical};
use super::program::Program;
use super::report::{Row, in_words, micros, millis};
use super::server::{Bao, mount_of, tidies};
use super::stores::{Filled, Stores};

/// Where the goal about lists holds.
const GOAL: usize = 100_000;

/// The mount of what has ended.
const MOUNT: &str = "ended";

/// Longer than certificates live that are to be taken out.
const END: Duration = Duration::from_secs(3);

pub(super) fn rows(plan: &Plan, stores: &Stores, mut bao: Option<&mut Bao>) -> Result<Vec<Row>> {
    eprintln!("bench: listing and tidying");
    let mut rows = Vec::new();
    for filled in &stores.0 {
        match bao.as_deref_mut() {
            Some(bao) if plan.bao.last() == Some(&filled.size) => {
                rows.extend(beside(plan, filled, bao)?);
            }
            _ if GOAL <= filled.size => rows.extend(alone(plan, filled)?),
            _ => (),
        }
    }
    Ok(rows)
}

fn list(program: &Program) -> Result<Cost> {
    process(program.list())
}

fn tidy(program: &Program) -> Result<Cost> {
    process(program.tidy())
}

fn row_of_list(filled: &Filled, wall: f64) -> Row {
    let what = format!("list {}, whole command (wall)", in_words(filled.size));
    Row::new("P8", &what, millis(wall))
}

fn row_of_tidy(filled: &Filled, cpu: f64) -> Row {
    let what = format!("tidy {}, nothing due, whole command (CPU)", in_words(filled.size));
    Row::new("P8", &what, millis(cpu))
}

/// What it costs where no peer was filled.
fn alone(plan: &Plan, filled: &Filled) -> Result<Vec<Row>> {
    let listed = typical(plan.pairs, || list(&filled.program))?;
    let tidied = typical(plan.pairs, || tidy(&filled.program))?;
    Ok(vec![row_of_list(filled, listed.wall), row_of_tidy(filled, tidied.cpu)])
}

/// The same with as many certificates on either side. It is in memory there, which is to the
/// server's advantage.
fn beside(plan: &Plan, filled: &Filled, bao: &mut Bao) -> Result<[Row; 3]> {
    let program = &filled.program;
    let mount = mount_of(filled.size);
    let client = bao.client().clone();
    let path = format!("{mount}/certs");
    let words = ["list", "-format=json", &path];
    let commands = compare(plan.pairs, || list(program), || process(client.command(&words)))?;
    let ask = || bao.cost(|link| link.list(&mount));
    let requests = compare(plan.pairs, || list(program), ask)?;
    let clean = || bao.cost(|link| link.tidy(&mount).map(drop));
    let tidied = compare(tidies(plan, filled.size), || tidy(program), clean)?;

    let listed = |name: &str, compared: &Compared| {
        row_of_list(filled, compared.ours.wall)
            .beside(name, millis(compared.beside.wall), compared.wall_ratio)
            .at_most_ratio(0.25)
    };
    let tidied = row_of_tidy(filled, tidied.ours.cpu).beside(
        "bao (in memory), server,",
        millis(tidied.beside.cpu),
        tidied.cpu_ratio,
    );
    Ok([
        listed("bao list (in memory), whole command,", &commands),
        listed("bao (in memory), HTTP, no client started,", &requests),
        tidied.at_most_ratio(0.01),
    ])
}

/// Taking out certificates that have ended, where nothing else is. The server keeps its records
/// on disk, as we do.
pub(super) fn ended(plan: &Plan, folder: &Path, mut bao: Option<&mut Bao>) -> Result<Row> {
    eprintln!("bench: tidying what has ended");
    let count = plan.ended;
    let program = Program { pkictl: plan.pkictl.clone(), store: folder.join("ended") };
    program.set_up()?;
    authority::fill(&program.store, &authority::issue_request(WEB, "1s")?, count)?;
    if let Some(bao) = bao.as_deref_mut() {
        bao.set_up(MOUNT)?;
        bao.issue_many(MOUNT, count, "1s")?;
    }
    thread::sleep(END);
    let ours = tidy(&program)?;
    let left = Authority::in_directory(&program.store)?.stored(WEB)?;
    ensure!(left == 0, "{left} certificates that have ended are still there");
    let each = |cost: Cost| micros(cost.cpu / count as f64);
    let what = format!("tidy, for each of {} that have ended (CPU)", in_words(count));
    let row = Row::new("P8", &what, each(ours));
    let Some(bao) = bao else { return Ok(row) };
    let mut deleted = 0;
    let theirs = bao.cost(|link| {
        deleted = link.tidy(MOUNT)?;
        Ok(())
    })?;
    ensure!(deleted == u64::try_from(count)?, "bao: {deleted} of {count} were deleted");
    let row = row.beside("bao (on disk), server", each(theirs), ours.cpu / theirs.cpu);
    Ok(row.at_most_ratio(0.1))
}
