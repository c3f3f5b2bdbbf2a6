//! Power that fails. The shim writes down what programs ask of the disk; from that the disk is
//! made as it may be at any moment, and the program has to work with it.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, anyhow, ensure};
use pkictl_tests::chance::Chance;

use super::answers::Reader;
use super::deed::{Deed, Done};
use super::ledger::Ledger;
use super::patience::{self, PATIENCE};
use super::place::{Outcome, Place};
use super::service::{self, Service};
use super::shim::Shim;
use super::trace::{Image, Trace};
use super::{Asked, Bench, Tally, lock, share_out};

const DISKS: Asked = Asked { part: 400, gate: 2_000, release: 200_000 };

/// How many lives the disks are taken from, as far as that is worth the time of a life.
const LIVES: usize = 8;

/// How many disks that may be.
const DISKS_OF_ONE: (usize, usize) = (100, 1_000);

/// One in so many is also given to `store check`.
const SAMPLE: u64 = 10;

/// How many work at a time while there is power.
const WORKERS: usize = 2;

/// Commands of each, enough to empty the log several times.
const COMMANDS: usize = 80;

/// Deeds of a service, enough for the same.
const DEEDS: usize = 500;

/// The number of its first deed. Commands have smaller ones.
const FIRST: usize = 1_000_000;

/// A life with power: what was asked of the disk, and what was done.
struct Life {
    trace: Trace,
    done: BTreeMap<usize, Done>,
}

/// One that is being lived.
struct Living<'a> {
    bench: &'a Bench,
    place: Place,
    trace: PathBuf,
    next: AtomicUsize,
    said: Mutex<(Ledger, BTreeMap<usize, Done>)>,
}

/// Where the chances of a life begin, which no other has.
fn part(life: usize) -> u64 {
    (life as u64 + 1) << 32
}

pub(super) fn run(bench: &Bench) -> Result<Tally> {
    let progress = bench.asked("disks after a power failure", DISKS);
    let folder = bench.folder("power")?;
    let of_one = (progress.left() / LIVES).clamp(DISKS_OF_ONE.0, DISKS_OF_ONE.1);
    let (mut lives, mut commands, mut deeds, mut calls) = (0, 0, 0, 0);
    while !progress.is_over() {
        let own = folder.join(lives.to_string());
        let life = Living::new(bench, &own)?.live(lives)?;
        share_out(0..of_one.min(progress.left()) as u64, &progress, |worker, cut| {
            let mut chance = bench.chance(part(lives) + cut);
            let place = Place::new(&bench.program, folder.join(format!("worker-{worker}")))?;
            let image = life.trace.image(&mut chance);
            image.write(place.folder(), &mut chance)?;
            let context = || {
                let said = image.acknowledged.len();
                format!("life {lives}, image {cut}, after {said} acknowledgements")
            };
            life.is_kept(&place, &image).with_context(context)?;
            let checks = cut % SAMPLE == 0;
            if checks {
                place.ok(&["store", "check"]).map(drop).with_context(context)
            } else {
                Ok(())
            }
        })?;
        fs::remove_dir_all(&own)?;
        lives += 1;
        commands += life.done.range(..FIRST).count();
        deeds += life.done.range(FIRST..).count();
        calls += life.trace.len();
    }
    Ok(progress.tally(vec![
        ("commands before", commands),
        ("deeds of services before", deeds),
        ("calls that reach a disk", calls),
    ]))
}

impl<'a> Living<'a> {
    fn new(bench: &'a Bench, folder: &Path) -> Result<Self> {
        let place = Place::new(&bench.program, folder.join("disk"))?;
        let (next, said) = (AtomicUsize::new(0), Mutex::default());
        Ok(Self { bench, place, trace: folder.join("trace"), next, said })
    }

    /// Several work on one store, from nothing on. In every other life, a service is one of them.
    fn live(self, number: usize) -> Result<Life> {
        self.act(Deed::Enable)?;
        self.act(Deed::Root { name: "root".to_owned() })?;
        self.act(Deed::Role { name: "web".to_owned(), limit: 259_200 })?;
        let is_service = |worker| worker == 0 && number % 2 == 1;
        thread::scope(|scope| {
            let start = |worker| {
                let life = &self;
                scope.spawn(move || match is_service(worker) {
                    true => life.serve(life.chance(number, worker)),
                    false => life.work(life.chance(number, worker), worker),
                })
            };
            let workers: Vec<_> = (0..WORKERS).map(start).collect();
            let mut results = workers.into_iter().map(|worker| worker.join());
            results.try_for_each(|result| result.unwrap_or_else(|_| Err(anyhow!("a panic"))))
        })?;
        let trace = Trace::read(&self.trace)?;
        let done = self.said.into_inner().unwrap_or_else(PoisonError::into_inner).1;
        let shares = (0..WORKERS).any(is_service);
        ensure!(!shares || trace.syncs() < done.len(), "the service's threads share no commits");
        Ok(Life { trace, done })
    }

    fn chance(&self, life: usize, worker: usize) -> Chance {
        self.bench.chance(part(life) + (1 << 31) + worker as u64)
    }

    fn work(&self, mut chance: Chance, worker: usize) -> Result<()> {
        for _ in 0..COMMANDS {
            let deed = Deed::choose(&lock(&self.said).0, worker, &mut chance);
            self.act(deed)?;
        }
        Ok(())
    }

    /// Gives a command.
    fn act(&self, deed: Deed) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let words = deed.words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let shim = Shim::new(&self.bench.shim).tracing(&self.trace);
        let outcome = self.place.run(&words, Some(&shim))?;
        ensure!(outcome.status == Some(0), "{words:?}: {}", outcome.err);
        // From here on it is known that it is done.
        let mut trace = OpenOptions::new().append(true).open(&self.trace)?;
        trace.write_all(format!("ack {number}\n").as_bytes())?;
        let answer = deed.answer(&outcome)?;
        self.note(Done { number, deed, answer })
    }

    /// Lets a service do its work, which notes in the trace itself what is done.
    fn serve(&self, mut chance: Chance) -> Result<()> {
        let service = Service { seed: chance.below(u64::MAX), first: FIRST, deeds: DEEDS };
        let mut command = service.command(&self.place)?;
        let shim = Shim::new(&self.bench.shim).tracing(&self.trace).waiting(service::DISK);
        shim.put_under(&mut command, self.place.folder());
        // It is many commands in one.
        let outcome = Outcome::of(&patience::output(PATIENCE * 5, &mut command)?);
        ensure!(outcome.status == Some(0), "the service: {}", outcome.err);
        outcome.out.lines().try_for_each(|line| self.note(serde_json::from_str(line)?))
    }

    fn note(&self, done: Done) -> Result<()> {
        let mut said = lock(&self.said);
        said.0.acknowledge(&done)?;
        said.1.insert(done.number, done);
        Ok(())
    }
}

impl Life {
    /// What was said before the power failed is true, and the program goes on from there.
    fn is_kept(&self, place: &Place, image: &Image) -> Result<()> {
        let mut ledger = Ledger::default();
        for number in &image.acknowledged {
            ledger.acknowledge(self.done.get(number).context("a deed")?)?;
        }
        if image.acknowledged.is_empty() {
            // Whatever there is of it, the first command can be given again.
            let again = place.run(&["secrets", "enable", "pki"], None)?;
            let is_done = again.status == Some(0) || again.err.contains("already in use");
            ensure!(is_done, "the first command ends with {:?}: {}", again.status, again.err);
            return Ok(());
        }
        let reader = Reader::open(&place.store()).context("the store does not open")?;
        ledger.holds_in(&reader)?;
        drop(reader);
        if ledger.may_issue() {
            place.issue("1h")?;
        }
        Ok(())
    }
}
