//! Calls that fail: each call of each command, in every way that fits it.
//!
//! A command whose call fails either says so, and names the store and the reason; then it has
//! changed nothing, or everything it had to. Or it succeeds, and then what it says is true.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context as _, Result, ensure};

use super::answers::{Reader, State, none_fell, numbers};
use super::cases::{CASES, Case, Start};
use super::place::{Outcome, Place};
use super::shim::{Call, Fault, Shim, calls};
use super::{Bench, Progress, Tally, lock, share_out};

/// A case that was run once without faults.
struct Counted<'a> {
    case: &'a Case,
    words: Vec<String>,
    start: Place,
    before: State,
    crls: BTreeMap<String, u64>,
    calls: Vec<Call>,
    /// What it printed.
    out: String,
}

/// One run with one fault.
struct Run<'a> {
    counted: &'a Counted<'a>,
    at: usize,
    fault: Fault,
}

/// How the runs ended.
#[derive(Default)]
struct Heard {
    succeeded: usize,
    refused: usize,
    killed: usize,
}

pub(super) fn run(bench: &Bench) -> Result<Tally> {
    let folder = bench.folder("io")?;
    let starts = Start::make_all(bench, &folder)?;
    let counted: Result<Vec<Counted<'_>>> =
        CASES.iter().map(|case| count(bench, &folder, case, &starts)).collect();
    let counted = counted?;
    let mut runs: Vec<Run<'_>> = counted.iter().flat_map(Counted::runs).collect();
    // All of them, for whichever figures: a part has less time.
    let progress = Progress::new("faults", runs.len(), bench.limit);
    shuffle(&mut runs, bench);
    runs.sort_by_key(|run| !run.has_failed_before());
    let heard = Mutex::new(Heard::default());
    share_out(runs.iter(), &progress, |worker, run| {
        let place = folder.join(format!("worker-{worker}"));
        run.make(bench, &place, &heard).with_context(|| run.name())
    })?;
    let heard = heard.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let calls = counted.iter().map(|counted| counted.calls.len()).sum();
    Ok(progress.tally(vec![
        ("commands", CASES.len()),
        ("calls of them", calls),
        ("refused", heard.refused),
        ("succeeded all the same", heard.succeeded),
        ("killed", heard.killed),
    ]))
}

fn shuffle<T>(runs: &mut [T], bench: &Bench) {
    let mut chance = bench.chance(2);
    for last in (1..runs.len()).rev() {
        let other = chance.below(last as u64 + 1);
        runs.swap(last, usize::try_from(other).unwrap_or(0));
    }
}

/// Runs a case once, without faults, and looks at what there was before and is after.
fn count<'a>(
    bench: &Bench,
    folder: &Path,
    case: &'a Case,
    starts: &[(Start, Place)],
) -> Result<Counted<'a>> {
    let start = starts.iter().find(|(start, _)| *start == case.start);
    let (_, start) = start.context("a start")?;
    let (before, crls) = look(start)?;
    let words = case.words(start, &before)?;
    let place = start.copied_to(&folder.join("count"))?;
    let log = folder.join("calls");
    // A log is appended to, and there may be one of the case before.
    fs::write(&log, "")?;
    let shim = Shim::new(&bench.shim).logging(&log);
    let outcome = place.run(&refs(&words), Some(&shim))?;
    ensure!(outcome.status == Some(0), "{}: {}", case.name, outcome.err);
    let (after, _) = look(&place)?;
    ensure!((case.done)(&before, &after), "{}: it did not do what it should", case.name);
    let (calls, out) = (calls(&log)?, outcome.out);
    Ok(Counted { case, words, start: start.clone(), before, crls, calls, out })
}

fn refs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// What a store holds, and the numbers of its CRLs; nothing where there is none.
fn look(place: &Place) -> Result<(State, BTreeMap<String, u64>)> {
    if !place.store().join("pki.db").exists() {
        return Ok((State::default(), BTreeMap::new()));
    }
    // Looking at a CRL can build one, so it is done on a copy.
    let reader = Reader::open(&place.copied_to(&place.folder().join("look"))?.store())?;
    let state = reader.state()?;
    let crls = numbers(&reader.crls(&state)?);
    Ok((state, crls))
}

impl Counted<'_> {
    fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        self.calls.iter().enumerate().flat_map(move |(index, call)| {
            let fitting = Fault::ALL.into_iter().filter(|fault| fault.fits(call));
            fitting.map(move |fault| Run { counted: self, at: index + 1, fault })
        })
    }
}

impl Run<'_> {
    fn name(&self) -> String {
        let Self { counted, at, fault } = self;
        format!("{}: {fault:?} at call {at} ({})", counted.case.name, self.what())
    }

    fn what(&self) -> &str {
        self.counted.calls.get(self.at - 1).map_or("", |call| &call.what)
    }

    /// Whether this was a mistake once: then it is never left out.
    fn has_failed_before(&self) -> bool {
        let what = self.what();
        what == "truncate data/store/pki.db-shm" && self.fault == Fault::FullFromHere
            || what.ends_with("pki.db.new") && self.fault == Fault::Broken
            || what == "stat data/store/pki.db" && self.fault == Fault::Broken && self.at < 4
    }

    fn make(&self, bench: &Bench, place: &Path, heard: &Mutex<Heard>) -> Result<()> {
        let Counted { case, words, start, before, crls, out, .. } = self.counted;
        let place = start.copied_to(place)?;
        let shim = Shim::new(&bench.shim).failing(self.at, self.fault);
        let outcome = place.run(&refs(words), Some(&shim))?;
        let after = self.after(&place, &outcome)?;
        let is_done = (case.done)(before, &after);
        match outcome.status {
            Some(0) => {
                ensure!(is_done, "it says that it is done, and it is not: {}", outcome.out);
                ensure!(!case.reads() || outcome.out == *out, "it answers {}", outcome.out);
                lock(heard).succeeded += 1;
            }
            status => {
                ensure!(is_done || after == *before, "half of it is done: {before:?}\n{after:?}");
                self.hear(status, &outcome, &place, heard)?;
            }
        }
        self.is_whole(&place, &after, crls)
    }

    /// What there is afterwards, without faults.
    fn after(&self, place: &Place, outcome: &Outcome) -> Result<State> {
        if !place.store().join("pki.db").exists() {
            return Ok(State::default());
        }
        if !place.store().join("seal.key").exists() {
            // A store that is not finished is finished by the same command.
            ensure!(outcome.status != Some(0) && self.counted.before.mounts.is_empty(), "no key");
            return Ok(State::default());
        }
        let reader = Reader::open(&place.store());
        let reader = reader.with_context(|| format!("the store does not open; {}", outcome.err))?;
        reader.state()
    }

    fn hear(
        &self,
        status: Option<i32>,
        outcome: &Outcome,
        place: &Place,
        heard: &Mutex<Heard>,
    ) -> Result<()> {
        let mut heard = lock(heard);
        let Some(status) = status else {
            ensure!(self.fault == Fault::Kill, "a signal ended it: {}", outcome.err);
            heard.killed += 1;
            return Ok(());
        };
        heard.refused += 1;
        is_clear(&outcome.err, &place.folder().display().to_string())
            .with_context(|| format!("it ends with {status}"))?;
        Ok(())
    }

    /// What must hold whatever happened, and the command can be given again.
    fn is_whole(&self, place: &Place, after: &State, crls: &BTreeMap<String, u64>) -> Result<()> {
        if after.issuers.is_empty() {
            if after.mounts.is_empty() {
                place.ok(&["secrets", "enable", "pki"])?;
            }
            return Ok(());
        }
        let reader = Reader::open(&place.store())?;
        none_fell(crls, &reader.crls(after)?)?;
        if after.roles.contains_key("web") {
            place.issue("1h")?;
        }
        Ok(())
    }
}

/// What a message names besides the place, so that its reader knows what to do.
const REASONS: [&str; 7] = [
    "disk I/O error",
    "nput/output error",
    "o space left",
    "cannot be read",
    "cannot be written",
    "unable to open",
    "is damaged",
];

fn is_clear(message: &str, folder: &str) -> Result<()> {
    ensure!(message.contains(folder), "it does not say where: {message:?}");
    let is_said = REASONS.iter().any(|reason| message.contains(reason));
    ensure!(is_said, "it does not say why: {message:?}");
    Ok(())
}
