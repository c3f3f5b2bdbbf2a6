//! Power that fails. The shim writes down what programs ask of the disk; from that the disk is
//! made as it may be at any moment, and the program has to work with it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, ensure};

use super::answers::Reader;
use super::ledger::{Deed, Ledger};
use super::place::{Outcome, Place};
use super::shim::Shim;
use super::trace::{Image, Trace};
use super::{Bench, Scale, Tally, lock, share_out};

/// Seconds, when a part is enough.
const GATE: u64 = 40;

/// How many work at a time while there is power.
const WORKERS: usize = 2;

/// Commands of each, enough to empty the log several times.
const COMMANDS: usize = 80;

/// A life with power: what was asked of the disk, and what was said.
struct Life {
    trace: Trace,
    said: Vec<(Deed, Outcome)>,
}

pub(super) fn run(bench: &Bench) -> Result<Tally> {
    let (lives, images) = if bench.scale == Scale::Release { (5, 400) } else { (1, 400) };
    let end = bench.end(GATE);
    let folder = bench.folder("power")?;
    let lives: Result<Vec<Life>> =
        (0..lives).map(|number| live(bench, &folder.join(number.to_string()), number)).collect();
    let lives = lives?;
    let cuts: Vec<(&Life, u64)> =
        lives.iter().flat_map(|life| (0..images).map(move |cut| (life, cut))).collect();
    let done = share_out(&cuts, end, |worker, (life, cut)| {
        let mut chance = bench.chance(3_000 + cut);
        let place = Place::new(&bench.program, folder.join(format!("worker-{worker}")))?;
        let image = life.trace.image(&mut chance);
        image.write(place.folder(), &mut chance)?;
        life.is_kept(&place, &image).with_context(|| {
            format!("image {cut}, after {} acknowledgements", image.acknowledged.len())
        })
    })?;
    Ok(vec![
        ("disks after a power failure", done),
        ("commands before", lives.iter().map(|life| life.said.len()).sum()),
        ("calls that reach a disk", lives.iter().map(|life| life.trace.len()).sum()),
    ])
}

/// Several work on one store, from nothing on.
fn live(bench: &Bench, folder: &Path, number: u64) -> Result<Life> {
    let place = Place::new(&bench.program, folder.to_owned())?;
    let path = folder.with_extension("trace");
    let said = Mutex::new((Ledger::default(), Vec::new()));
    let act = |deed: Deed| -> Result<()> {
        let shim = Shim::new(&bench.shim).tracing(&path);
        let words = deed.words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let outcome = place.run(&words, Some(&shim))?;
        ensure!(outcome.status == Some(0), "{words:?}: {}", outcome.err);
        let mut said = lock(&said);
        let (ledger, said) = &mut *said;
        // From here on it is known that it is done.
        let mut trace = OpenOptions::new().append(true).open(&path)?;
        trace.write_all(format!("ack {}\n", said.len()).as_bytes())?;
        ledger.acknowledge(&deed, &outcome)?;
        said.push((deed, outcome));
        Ok(())
    };
    act(Deed::Enable)?;
    act(Deed::Root { name: "root".to_owned() })?;
    act(Deed::Role { name: "web".to_owned(), limit: 259_200 })?;
    let work = |worker: usize| {
        let mut chance = bench.chance(1_000 * (number + 1) + worker as u64);
        for _ in 0..COMMANDS {
            let deed = Deed::choose(&lock(&said).0, worker, &mut chance);
            act(deed)?;
        }
        Ok(())
    };
    thread::scope(|scope| -> Result<()> {
        let work = &work;
        let workers: Vec<_> =
            (0..WORKERS).map(|worker| scope.spawn(move || work(worker))).collect();
        let mut results = workers.into_iter().map(|worker| worker.join());
        results.try_for_each(|result| result.unwrap_or_else(|_| anyhow::bail!("a worker panicked")))
    })?;
    let said = said.into_inner().unwrap_or_else(PoisonError::into_inner).1;
    Ok(Life { trace: Trace::read(&path)?, said })
}

impl Life {
    /// What was said before the power failed is true, and the program goes on from there.
    fn is_kept(&self, place: &Place, image: &Image) -> Result<()> {
        let mut ledger = Ledger::default();
        for number in &image.acknowledged {
            let (deed, outcome) = self.said.get(*number).context("a command")?;
            ledger.acknowledge(deed, outcome)?;
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
