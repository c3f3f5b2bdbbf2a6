//! P10: many writers at once, with a record of each certificate on the disk before it is answered.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, available_parallelism};

use anyhow::{Context as _, Result, anyhow, bail};
use pki_core::paths::issue::Issue;

use super::Plan;
use super::authority::{self, Authority, WEB};
use super::clock::{Compared, Cost, all_threads_cpu, compare, timed, typical};
use super::program::Program;
use super::report::{Row, micros};
use super::server::{Bao, CONNECTIONS};

/// The mount of the server.
const MOUNT: &str = "writers";

pub(super) fn rows(plan: &Plan, folder: &Path, bao: Option<&mut Bao>) -> Result<Vec<Row>> {
    eprintln!("bench: {CONNECTIONS} writers");
    let program = Program { pkictl: plan.pkictl.clone(), store: folder.join("writers") };
    program.set_up()?;
    let authority = Authority::in_directory(&program.store)?;
    let request = authority::issue_request(WEB, "24h")?;
    // The first opens the seal.
    authority.issue(&request)?;
    let grouped = || grouped(&authority, &request, plan.written * 4);
    let apart = || apart(&authority, &request, plan.written * 4);
    let Some(bao) = bao else {
        return Ok(vec![
            row(APART, typical(plan.pairs, apart)?),
            row(GROUPED, typical(plan.pairs, grouped)?),
        ]);
    };
    bao.set_up(MOUNT)?;
    let theirs = || bao.cost_of_many(MOUNT, plan.written);
    // The goals are about what a program gets without doing anything for it.
    let [rate, cpu] = beside(APART, &compare(plan.pairs, apart, theirs)?);
    let [rate_grouped, cpu_grouped] = beside(GROUPED, &compare(plan.pairs, grouped, theirs)?);
    Ok(vec![rate.at_least_ratio(8.0), cpu.at_most_ratio(0.1), rate_grouped, cpu_grouped])
}

const GROUPED: &str = "one of which does it for all that wait (execute_all)";

const APART: &str = "each for itself (execute)";

fn row(what: &str, cost: Cost) -> Row {
    let what = format!("issue, durable, {CONNECTIONS} threads of a process, {what}");
    Row::new("P10", &what, per_second(cost.wall))
}

fn beside(what: &str, compared: &Compared) -> [Row; 2] {
    let Compared { ours, beside, wall_ratio, cpu_ratio } = compared;
    let name = format!("bao (on disk, {CONNECTIONS} connections)");
    [
        row(what, *ours).beside(&name, per_second(beside.wall), 1.0 / wall_ratio),
        Row::new("P10", &format!("the same, {what} (CPU for each)"), micros(ours.cpu)).beside(
            &format!("{name}, server,"),
            micros(beside.cpu),
            *cpu_ratio,
        ),
    ]
}

fn per_second(seconds: f64) -> String {
    format!("{:.0} per second", 1.0 / seconds)
}

/// Many threads, each of which issues certificates one after the other.
fn apart(authority: &Authority, request: &Issue, count: usize) -> Result<Cost> {
    cost(count, || crowd(count, &|| authority.issue(request).map(drop)))
}

/// The same, but one more thread issues all that the others wait for in one transaction.
fn grouped(authority: &Authority, request: &Issue, count: usize) -> Result<Cost> {
    let (sender, receiver) = channel();
    cost(count, || {
        thread::scope(|scope| {
            let issuer = scope.spawn(|| issue_in_groups(authority, receiver));
            let written = crowd(count, &|| ask(&sender, request));
            drop(sender);
            // What went wrong there is why nobody was answered.
            joined(issuer.join()).and(written)
        })
    })
}

/// A request, and where the answer is waited for.
type Waiting = (Issue, SyncSender<()>);

/// Has the request carried out, and waits until it is.
fn ask(sender: &Sender<Waiting>, request: &Issue) -> Result<()> {
    let (answer, answered) = sync_channel(1);
    sender.send((request.clone(), answer)).map_err(|_| anyhow!("nobody issues"))?;
    answered.recv().context("it was not issued")
}

fn issue_in_groups(authority: &Authority, receiver: Receiver<Waiting>) -> Result<()> {
    let jobs = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    while let Ok(first) = receiver.recv() {
        let waiting = std::iter::once(first).chain(receiver.try_iter());
        let (group, answers): (Vec<_>, Vec<_>) = waiting.take(CONNECTIONS).unzip();
        authority.engine.execute_all("pki", &group, jobs)?;
        for answer in answers {
            answer.send(()).context("nobody waits")?;
        }
    }
    Ok(())
}

/// Threads that each do their share of so many.
fn crowd(count: usize, work: &(dyn Fn() -> Result<()> + Sync)) -> Result<()> {
    let share = || (0..count / CONNECTIONS).try_for_each(|_| work());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(share)).collect();
        threads.into_iter().try_for_each(|thread| joined(thread.join()))
    })
}

fn joined(result: thread::Result<Result<()>>) -> Result<()> {
    match result {
        Ok(result) => result,
        Err(_) => bail!("a thread panicked"),
    }
}

/// What one of so many costs, all threads together.
fn cost(count: usize, work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let used = all_threads_cpu()?;
    let wall = timed(work)?;
    let cpu = all_threads_cpu()? - used;
    Ok(Cost { wall: wall / count as f64, cpu: cpu / count as f64 })
}
