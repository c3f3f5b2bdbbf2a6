//! Processes that end at moments of chance: several work on one store, and all of them are
//! killed. What was acknowledged before is true afterwards.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use pkictl_tests::chance::Chance;

use super::answers::Reader;
use super::deed::{Deed, Done};
use super::ledger::Ledger;
use super::place::{Outcome, Place};
use super::service::{self, Service};
use super::shim::Shim;
use super::{Asked, Bench, Tally, lock};

const KILLS: Asked = Asked { part: 100, gate: 500, release: 20_000 };

/// How many commands run at a time.
const WORKERS: usize = 4;

/// A store grows, and so does what is compared. From here on another one is begun.
const ROUNDS: usize = 25;

/// What all workers of a round share.
struct Round<'a> {
    bench: &'a Bench,
    place: &'a Place,
    ledger: Mutex<Ledger>,
    /// What runs now: commands, and after them a service. Nothing more is started when it is over.
    running: Mutex<Vec<Option<Child>>>,
    is_over: AtomicBool,
    done: Mutex<Deeds>,
}

/// How many deeds have succeeded.
#[derive(Clone, Copy, Debug, Default)]
struct Deeds {
    of_commands: usize,
    of_services: usize,
}

/// What was done to all stores.
#[derive(Default)]
struct Sum {
    rounds: usize,
    done: Deeds,
    certs: usize,
    revocations: usize,
}

pub(super) fn run(bench: &Bench) -> Result<Tally> {
    let progress = bench.asked("kills", KILLS);
    let mut chance = bench.chance(1);
    let folder = bench.folder("kill")?;
    let mut sum = Sum::default();
    while !progress.is_over() {
        let place = Place::new(&bench.program, folder.join(sum.rounds.to_string()))?;
        place.set_up()?;
        let mut ledger = Ledger::default();
        for _ in 0..ROUNDS {
            if !progress.is_over() {
                let round = Round::new(bench, &place, ledger);
                progress.add(round.run(&mut chance)?);
                ledger = round.look(&mut sum)?;
            }
        }
        place.issue("1h")?;
        let (issued, revoked) = ledger.counts();
        sum.certs += issued;
        sum.revocations += revoked;
        fs::remove_dir_all(place.folder())?;
    }
    Ok(progress.tally(vec![
        ("rounds", sum.rounds),
        ("commands that had succeeded", sum.done.of_commands),
        ("deeds of services", sum.done.of_services),
        ("certificates looked for", sum.certs),
        ("revocations", sum.revocations),
    ]))
}

impl<'a> Round<'a> {
    fn new(bench: &'a Bench, place: &'a Place, ledger: Ledger) -> Self {
        let running = Mutex::new((0..=WORKERS).map(|_| None).collect());
        let (is_over, done) = (AtomicBool::new(false), Mutex::default());
        Self { bench, place, ledger: Mutex::new(ledger), running, is_over, done }
    }

    /// Lets all work for a while, every other time with a service, and kills what runs. Gives how
    /// many that were.
    fn run(&self, chance: &mut Chance) -> Result<usize> {
        let after = Duration::from_millis(20 + chance.below(600));
        let number = WORKERS + usize::from(chance.below(2) == 0);
        let seeds: Vec<u64> = (0..number).map(|_| chance.below(u64::MAX)).collect();
        thread::scope(|scope| {
            let start = |(number, seed)| {
                scope.spawn(move || match number {
                    WORKERS => self.serve(seed),
                    _ => self.work(number, Chance::new(seed)),
                })
            };
            let workers: Vec<_> = seeds.into_iter().enumerate().map(start).collect();
            thread::sleep(after);
            let killed = self.kill();
            for worker in workers {
                worker.join().map_err(|_| anyhow!("a worker panicked"))??;
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

    /// What there is afterwards is what was acknowledged.
    fn look(self, sum: &mut Sum) -> Result<Ledger> {
        sum.rounds += 1;
        let done = *lock(&self.done);
        sum.done.of_commands += done.of_commands;
        sum.done.of_services += done.of_services;
        let mut ledger = self.ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
        let reader = Reader::open(&self.place.store()).context("after a kill")?;
        ledger.holds_in(&reader).with_context(|| format!("after round {}", sum.rounds))?;
        self.place.ok(&["store", "check"])?;
        Ok(ledger)
    }

    /// Gives one command after another, until all is over.
    fn work(&self, number: usize, mut chance: Chance) -> Result<()> {
        loop {
            let deed = Deed::choose(&lock(&self.ledger), number, &mut chance);
            let words = deed.words();
            let Some(outcome) = self.run_one(number, &words)? else { return Ok(()) };
            let answer = deed.answer(&outcome);
            match (outcome.status, answer) {
                (Some(0), answer) => {
                    lock(&self.ledger).acknowledge(&Done { number: 0, deed, answer: answer? })?;
                    lock(&self.done).of_commands += 1;
                }
                // What it said in full before it was killed was said.
                (None, Ok(answer)) => {
                    return lock(&self.ledger).acknowledge(&Done { number: 0, deed, answer });
                }
                (None, Err(_)) => return Ok(()),
                (status, _) => bail!("{words:?} ended with {status:?}: {}", outcome.err),
            }
        }
    }

    /// Runs a command; nothing when all is over.
    fn run_one(&self, number: usize, words: &[String]) -> Result<Option<Outcome>> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some((mut stdout, mut stderr)) = self.start(number, &mut self.place.command(&words))?
        else {
            return Ok(None);
        };
        let (mut out, mut err) = (String::new(), String::new());
        // Errors are short: they fit into the pipe while the answer is read.
        stdout.read_to_string(&mut out)?;
        stderr.read_to_string(&mut err)?;
        let status = self.wait(number)?.code();
        ensure!(!err.contains("panicked at"), "{words:?} panicked: {err}");
        Ok(Some(Outcome { status, out, err }))
    }

    /// Runs a service, and hears what it says until all is over.
    fn serve(&self, seed: u64) -> Result<()> {
        let service = Service { seed, first: 0, deeds: usize::MAX };
        let mut command = service.command(self.place)?;
        let shim = Shim::new(&self.bench.shim).waiting(service::DISK);
        shim.put_under(&mut command, self.place.folder());
        let Some((stdout, mut stderr)) = self.start(WORKERS, &mut command)? else { return Ok(()) };
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        // What was cut short was not said.
        while stdout.read_line(&mut line)? != 0 && line.ends_with('\n') {
            lock(&self.ledger).acknowledge(&serde_json::from_str(&line)?)?;
            lock(&self.done).of_services += 1;
            line.clear();
        }
        let mut err = String::new();
        stderr.read_to_string(&mut err)?;
        let status = self.wait(WORKERS)?.code();
        ensure!(status.is_none() && err.is_empty(), "the service ended with {status:?}: {err}");
        Ok(())
    }

    /// Starts a program where it can be found to be killed; nothing when all is over.
    fn start(
        &self,
        number: usize,
        command: &mut Command,
    ) -> Result<Option<(ChildStdout, ChildStderr)>> {
        let mut running = lock(&self.running);
        if self.is_over.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let mut child = command.spawn()?;
        let output = child.stdout.take().zip(child.stderr.take()).context("pipes")?;
        *running.get_mut(number).context("a slot")? = Some(child);
        Ok(Some(output))
    }

    fn wait(&self, number: usize) -> Result<ExitStatus> {
        let child = lock(&self.running).get_mut(number).and_then(Option::take);
        Ok(child.context("a child")?.wait()?)
    }
}
