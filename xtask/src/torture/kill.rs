//! Processes that end at moments of chance: several work on one store, and all of them are
//! killed. What was acknowledged before is true afterwards.

use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use pkictl_tests::chance::Chance;

use super::answers::Reader;
use super::ledger::{Deed, Ledger};
use super::place::{Outcome, Place};
use super::{Bench, Scale, Tally, lock};

/// How many work at a time.
const WORKERS: usize = 4;

/// Seconds, when a part is enough.
const GATE: u64 = 40;

/// A store grows, and so does what is compared. From here on another one is begun.
const ROUNDS: usize = 25;

/// What all workers of a round share.
struct Round<'a> {
    place: &'a Place,
    ledger: Mutex<Ledger>,
    /// What runs now. A worker starts nothing more when it is over.
    running: Mutex<Vec<Option<Child>>>,
    is_over: AtomicBool,
    done: Mutex<usize>,
}

/// What was done to all stores.
#[derive(Default)]
struct Sum {
    kills: usize,
    rounds: usize,
    done: usize,
    certs: usize,
    revocations: usize,
}

pub(super) fn run(bench: &Bench) -> Result<Tally> {
    let wanted = if bench.scale == Scale::Release { 500 } else { 100 };
    let end = bench.end(GATE);
    let mut chance = bench.chance(1);
    let folder = bench.folder("kill")?;
    let mut sum = Sum::default();
    while sum.kills < wanted && end.is_none_or(|end| Instant::now() < end) {
        let place = Place::new(&bench.program, folder.join(sum.rounds.to_string()))?;
        place.set_up()?;
        let mut ledger = Ledger::default();
        for _ in 0..ROUNDS {
            if sum.kills < wanted {
                ledger = round(&place, ledger, &mut sum, &mut chance)?;
            }
        }
        place.issue("1h")?;
        let (issued, revoked) = ledger.counts();
        sum.certs += issued;
        sum.revocations += revoked;
    }
    Ok(vec![
        ("kills", sum.kills),
        ("rounds", sum.rounds),
        ("commands that had succeeded", sum.done),
        ("certificates looked for", sum.certs),
        ("revocations", sum.revocations),
    ])
}

fn round(place: &Place, ledger: Ledger, sum: &mut Sum, chance: &mut Chance) -> Result<Ledger> {
    let round = Round::new(place, ledger);
    let after = Duration::from_millis(20 + chance.below(600));
    sum.kills += round.run(after, chance)?;
    sum.rounds += 1;
    sum.done += *lock(&round.done);
    let mut ledger = round.ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
    let reader = Reader::open(&place.store()).context("after a kill")?;
    ledger.holds_in(&reader).with_context(|| format!("after round {}", sum.rounds))?;
    Ok(ledger)
}

impl<'a> Round<'a> {
    fn new(place: &'a Place, ledger: Ledger) -> Self {
        let running = Mutex::new((0..WORKERS).map(|_| None).collect());
        let (is_over, done) = (AtomicBool::new(false), Mutex::new(0));
        Self { place, ledger: Mutex::new(ledger), running, is_over, done }
    }

    /// Lets all work for so long, and kills what runs. Gives how many that were.
    fn run(&self, after: Duration, chance: &mut Chance) -> Result<usize> {
        let seeds: Vec<u64> = (0..WORKERS).map(|_| chance.below(u64::MAX)).collect();
        thread::scope(|scope| {
            let workers: Vec<_> = seeds
                .iter()
                .enumerate()
                .map(|(number, seed)| scope.spawn(move || self.work(number, Chance::new(*seed))))
                .collect();
            thread::sleep(after);
            let killed = self.kill();
            for worker in workers {
                worker.join().map_err(|_| anyhow::anyhow!("a worker panicked"))??;
            }
            killed
        })
    }

    fn kill(&self) -> Result<usize> {
        let mut running = lock(&self.running);
        self.is_over.store(true, Ordering::SeqCst);
        let mut killed = 0;
        for child in running.iter_mut().flatten() {
            // One that has just ended was not killed.
            if child.try_wait()?.is_none() {
                child.kill()?;
                killed += 1;
            }
        }
        Ok(killed)
    }

    /// Gives one command after another, until all is over.
    fn work(&self, number: usize, mut chance: Chance) -> Result<()> {
        loop {
            let deed = Deed::choose(&lock(&self.ledger), number, &mut chance);
            let words = deed.words();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let Some(outcome) = self.run_one(number, &words)? else { return Ok(()) };
            match outcome.status {
                Some(0) => {
                    lock(&self.ledger).acknowledge(&deed, &outcome)?;
                    *lock(&self.done) += 1;
                }
                // What it said in full before it was killed was said.
                None if outcome.data().is_ok() => {
                    return lock(&self.ledger).acknowledge(&deed, &outcome);
                }
                None => return Ok(()),
                status => ensure!(false, "{words:?} ended with {status:?}: {}", outcome.err),
            }
        }
    }

    /// Runs a command where it can be found to be killed; nothing when all is over.
    fn run_one(&self, number: usize, words: &[&str]) -> Result<Option<Outcome>> {
        let mut output = {
            let mut running = lock(&self.running);
            if self.is_over.load(Ordering::SeqCst) {
                return Ok(None);
            }
            let mut child = self.place.command(words).spawn()?;
            let output = (child.stdout.take(), child.stderr.take());
            if let Some(slot) = running.get_mut(number) {
                *slot = Some(child);
            }
            output
        };
        let (mut out, mut err) = (String::new(), String::new());
        if let (Some(stdout), Some(stderr)) = (&mut output.0, &mut output.1) {
            use std::io::Read as _;

            // Errors are short: they fit into the pipe while the answer is read.
            stdout.read_to_string(&mut out)?;
            stderr.read_to_string(&mut err)?;
        }
        let child = lock(&self.running).get_mut(number).and_then(Option::take);
        let status = child.context("a child")?.wait()?;
        ensure!(!err.contains("panicked at"), "{words:?} panicked: {err}");
        Ok(Some(Outcome { status: status.code(), out, err }))
    }
}
