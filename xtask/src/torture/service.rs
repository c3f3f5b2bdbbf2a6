//! A program that embeds the engine: many threads work on one store, and share its commits.
//!
//! It is this program, started with a word of its own, so that it can be killed and traced as
//! `pkictl` is. For each deed that the engine has answered it prints a line.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, io, thread};

use anyhow::{Context as _, Result};
use pki_core::Engine;

use super::deed::{Deed, Done};
use super::ledger::Ledger;
use super::place::Place;
use super::shim::TRACE;
use super::{chance, lock};
use crate::bench::authority::Authority;

/// The word that this program is started with.
pub(crate) const WORD: &str = "torture-service";

/// How many threads work at a time.
const THREADS: usize = 8;

/// A wait for the disk. Without one, as in memory, threads hardly ever meet.
pub(super) const DISK: Duration = Duration::from_millis(3);

/// How much it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    /// Of its chance.
    pub(super) seed: u64,
    /// The number of its first deed.
    pub(super) first: usize,
    /// How many deeds, if it is not killed before.
    pub(super) deeds: usize,
}

impl Service {
    /// What starts it.
    pub(super) fn command(self, place: &Place) -> Result<Command> {
        let Self { seed, first, deeds } = self;
        let mut command = place.command_of(&env::current_exe()?);
        command.arg(WORD).arg(place.store()).arg(seed.to_string());
        command.args([first, deeds].map(|number| number.to_string()));
        Ok(command)
    }

    /// Understands how it was started.
    fn parse(words: &[String]) -> Result<(PathBuf, Self)> {
        let [store, seed, first, deeds] = words else { anyhow::bail!("four words") };
        let (first, deeds) = (first.parse()?, deeds.parse()?);
        Ok((store.into(), Self { seed: seed.parse()?, first, deeds }))
    }
}

/// What its threads share.
struct Shared {
    engine: Engine,
    ledger: Mutex<Ledger>,
    next: AtomicUsize,
    end: usize,
    has_failed: AtomicBool,
    /// Where it is also noted what was answered, in order with what was asked of the disk.
    trace: Option<File>,
}

/// Is the service.
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let (store, service) = Service::parse(words)?;
    let trace = env::var_os(TRACE).map(|path| OpenOptions::new().append(true).open(path));
    let shared = Shared {
        engine: Authority::in_directory(&store)?.engine,
        ledger: Mutex::default(),
        next: AtomicUsize::new(service.first),
        end: service.first.saturating_add(service.deeds),
        has_failed: AtomicBool::new(false),
        trace: trace.transpose()?,
    };
    thread::scope(|scope| {
        let shared = &shared;
        let start = |number| scope.spawn(move || shared.work(service.seed, number));
        let threads: Vec<_> = (0..THREADS as u64).map(start).collect();
        let mut ends = threads.into_iter().map(|thread| thread.join());
        ends.try_for_each(|end| end.unwrap_or_else(|_| anyhow::bail!("a thread panicked")))
    })?;
    Ok(ExitCode::SUCCESS)
}

impl Shared {
    fn work(&self, seed: u64, thread: u64) -> Result<()> {
        let mut chance = chance(seed, thread);
        // No other service writes it: what is last known of it is what this one has said.
        let role = format!("service-{seed}-{thread}");
        while !self.has_failed.load(Ordering::Relaxed) {
            let deed = Deed::choose_in_service(&lock(&self.ledger), &role, &mut chance);
            let done = self.next.fetch_add(1, Ordering::Relaxed);
            if self.end <= done {
                break;
            }
            let outcome = self.make(done, deed);
            self.has_failed.fetch_or(outcome.is_err(), Ordering::Relaxed);
            outcome?;
        }
        Ok(())
    }

    fn make(&self, number: usize, deed: Deed) -> Result<()> {
        let answer = deed.make(&self.engine)?;
        if let Some(mut trace) = self.trace.as_ref() {
            trace.write_all(format!("ack {number}\n").as_bytes())?;
        }
        let done = Done { number, deed, answer };
        let line = serde_json::to_string(&done)? + "\n";
        let mut out = io::stdout().lock();
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).context("standard output")?;
        drop(out);
        lock(&self.ledger).acknowledge(&done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_understands_how_it_is_started() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new("pkictl".as_ref(), folder.path().to_owned()).unwrap();
        let command = Service { seed: 7, first: 3, deeds: 500 }.command(&place).unwrap();
        let words: Vec<String> =
            command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let (word, words) = words.split_first().unwrap();
        assert_eq!(word, WORD);
        let (store, Service { seed, first, deeds }) = Service::parse(words).unwrap();
        assert_eq!((store, seed, first, deeds), (place.store(), 7, 3, 500));
    }
}
