//! Octets that changed by themselves: bits that flip, sectors that hold something else.
//!
//! Each question to the store is then answered as before, or refused. Two things are not promised.
//! SQLite has no checksums in the database file, only our values have: if its pages are wrong and
//! still make sense, records may be missing from it, or be listed under another name. That is
//! counted, and `pkictl store check` has to find it. And damage to the last commit of the log
//! cannot be told from a write that was cut short, so none is done there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail, ensure};
use pki_core::x509::Certificate;
use pkictl_tests::chance::Chance;
use serde_json::Value;

use super::answers::Reader;
use super::patience::{self, PATIENCE};
use super::place::Place;
use super::{Asked, Bench, Tally, lock, share_out};

const FILES: Asked = Asked { part: 1_000, gate: 5_000, release: 200_000 };

/// What a disk reads as a whole.
const SECTOR: usize = 512;

/// One in so many is also given to the program.
const SAMPLE: u64 = 10;

/// What happens to the octets of a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Bit,
    Garbage,
    Zeros,
}

const LISTS: [&str; 5] = ["pki/certs", "pki/certs/revoked", "pki/roles", "pki/issuers", "pki/keys"];

const SINGLE: [&str; 5] =
    ["sys/mounts", "pki/config/urls", "pki/config/crl", "pki/cert/crl", "pki/cert/ca"];

/// Questions, and what they are answered with; nothing where they are refused.
type Answers = BTreeMap<String, Option<String>>;

/// How the program took it.
#[derive(Default)]
struct Seen {
    refused: usize,
    unharmed: usize,
    unnoticed: usize,
}

/// What was done to a store.
struct Harm {
    name: &'static str,
    damage: Damage,
    at: usize,
}

pub(super) fn run(bench: &Bench) -> Result<Tally> {
    let progress = bench.asked("files that were damaged", FILES);
    let folder = bench.folder("bits")?;
    let place = Place::new(&bench.program, folder.join("whole"))?;
    let settled = furnish(&place)?;
    // On a copy, as the others: looking makes an index of the log.
    let before = ask(&place.copied_to(&folder.join("before"))?.store())?;
    let before = before.context("a store that is whole")?;
    let seen = Mutex::new(Seen::default());
    share_out(0..progress.left() as u64, &progress, |worker, case| {
        let mut chance = bench.chance(500_000 + case);
        let copy = place.copied_to(&folder.join(format!("worker-{worker}")))?;
        let harm = Harm::draw(&copy.store(), settled, &mut chance)?;
        let Harm { name, damage, at } = harm;
        harm.make(&copy.store(), &mut chance)?;
        let context = || format!("case {case}: {damage:?} at {at} of {name}");
        if look(&copy, &before, &harm, &seen).with_context(context)? == Noticed::ByCheckAlone {
            check(&copy).with_context(context)?;
        }
        if case % SAMPLE == 0 { sign(&copy, &before).with_context(context) } else { Ok(()) }
    })?;
    let seen = seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(progress.tally(vec![
        ("questions to each", before.len()),
        ("refused some", seen.refused),
        ("answered all as before", seen.unharmed),
        ("damages of pki.db that only store check noticed", seen.unnoticed),
    ]))
}

/// A store with records in the database and in the log. Gives the length of the part of the log
/// that other commits follow.
fn furnish(place: &Place) -> Result<usize> {
    place.set_up()?;
    let log = place.store().join("pki.db-wal");
    // Until somebody has emptied the log.
    let mut longest = 0;
    while longest <= fs::metadata(&log)?.len() {
        longest = fs::metadata(&log)?.len();
        place.issue("24h")?;
    }
    for number in 0..3 {
        place.ok(&["write", &format!("pki/roles/{number}"), "max_ttl=1h"])?;
        let serial = place.issue("24h")?;
        place.ok(&["write", "pki/revoke", &format!("serial_number={serial}")])?;
    }
    place.ok(&["read", "pki/cert/crl"])?;
    let settled = fs::metadata(&log)?.len();
    for name in ["last", "really-last"] {
        place.ok(&["write", &format!("pki/roles/{name}"), "max_ttl=1h"])?;
    }
    Ok(usize::try_from(settled)?)
}

impl Harm {
    fn draw(store: &Path, settled: usize, chance: &mut Chance) -> Result<Self> {
        let name = match chance.below(20) {
            0..=7 => "pki.db",
            8..=15 => "pki.db-wal",
            16 | 17 => "pki.db-shm",
            _ => "seal.key",
        };
        let length = match name {
            "pki.db-wal" => settled - SECTOR,
            _ => usize::try_from(fs::metadata(store.join(name))?.len())?,
        };
        let at = usize::try_from(chance.below(length as u64))?;
        let damage = match chance.below(4) {
            0 | 1 => Damage::Bit,
            2 => Damage::Garbage,
            _ => Damage::Zeros,
        };
        Ok(Self { name, damage, at })
    }

    fn make(&self, store: &Path, chance: &mut Chance) -> Result<()> {
        let path = store.join(self.name);
        let mut bytes = fs::read(&path)?;
        let start = self.at / SECTOR * SECTOR;
        let sector = start..bytes.len().min(start + SECTOR);
        match self.damage {
            Damage::Bit => {
                let bit = 1_u8 << chance.below(8);
                bytes.get_mut(self.at).into_iter().for_each(|byte| *byte ^= bit);
            }
            Damage::Garbage => {
                let sector = bytes.get_mut(sector).unwrap_or_default();
                sector.fill_with(|| u8::try_from(chance.below(256)).unwrap_or_default());
            }
            Damage::Zeros => bytes.get_mut(sector).unwrap_or_default().fill(0),
        }
        Ok(fs::write(&path, bytes)?)
    }
}

/// Who notices that a store is damaged, or would if it were.
#[derive(PartialEq)]
enum Noticed {
    ByReading,
    ByCheckAlone,
}

/// The check of a store finds what reading has not noticed.
fn check(place: &Place) -> Result<()> {
    let outcome = place.run(&["store", "check"], None)?;
    ensure!(outcome.status == Some(2), "store check finds nothing: {}", outcome.out);
    Ok(())
}

fn look(place: &Place, before: &Answers, harm: &Harm, seen: &Mutex<Seen>) -> Result<Noticed> {
    let store = place.store();
    let Some(after) = patience::within(PATIENCE, move || ask(&store))?? else {
        lock(seen).refused += 1;
        return Ok(Noticed::ByReading);
    };
    let is_wrong = |(question, answer): &(&String, &Option<String>)| {
        answer.is_some() && before.get(*question) != Some(*answer)
    };
    let mut wrong: Vec<_> = after.iter().filter(is_wrong).collect();
    // A value that is wrong comes before one that is missing.
    wrong.sort_by_key(|(question, _)| is_about_being_there(question, before));
    let wrong = wrong.first();
    let mut seen = lock(seen);
    match wrong {
        Some((question, _)) if harm.name == "pki.db" && is_about_being_there(question, before) => {
            seen.unnoticed += 1;
            return Ok(Noticed::ByCheckAlone);
        }
        Some((question, answer)) => {
            let expected = before.get(*question);
            bail!("{question} is answered {answer:?} and not {expected:?}");
        }
        None if after.values().all(Option::is_some) && after.len() == before.len() => {
            seen.unharmed += 1;
        }
        None => seen.refused += 1,
    }
    Ok(Noticed::ByReading)
}

/// Whether the answer to a question changes when a record is not found, and none is wrong: it
/// is a list, or what is read is not what was there, or what there is when nothing was written.
fn is_about_being_there(question: &str, before: &Answers) -> bool {
    LISTS.contains(&question) || SINGLE.contains(&question) || !before.contains_key(question)
}

/// The program refuses to issue, or what it issues is signed by the root.
fn sign(place: &Place, before: &Answers) -> Result<()> {
    let words = ["write", "-field=certificate", "pki/issue/web", "common_name=a.test", "ttl=1h"];
    let outcome = place.run(&words, None)?;
    if outcome.status != Some(0) {
        ensure!(!outcome.err.is_empty(), "it ends with {:?} and says nothing", outcome.status);
        return Ok(());
    }
    let root = before.get("pki/cert/ca").and_then(Option::as_deref).context("a root")?;
    let root: Value = serde_json::from_str(root)?;
    let root = root.get("certificate").and_then(Value::as_str).context("a certificate")?;
    let issued = Certificate::from_pem(&outcome.out)?;
    ensure!(issued.is_issued_by(&Certificate::from_pem(root)?), "another has signed it");
    Ok(())
}

/// All questions; nothing if the store does not open.
fn ask(store: &Path) -> Result<Option<Answers>> {
    let Ok(reader) = Reader::open(store) else { return Ok(None) };
    let mut answers = Answers::new();
    for list in LISTS {
        let found = reader.list(list).ok();
        for key in found.iter().flatten() {
            let path = match list {
                "pki/certs" | "pki/certs/revoked" => format!("pki/cert/{key}"),
                "pki/issuers" => format!("pki/issuer/{key}"),
                "pki/keys" => format!("pki/key/{key}"),
                _ => format!("{list}/{key}"),
            };
            answers.insert(path.clone(), reader.read(&path).ok().map(|found| found.to_string()));
        }
        answers.insert(list.to_owned(), found.map(|found| format!("{found:?}")));
    }
    for path in SINGLE {
        answers.insert(path.to_owned(), reader.read(path).ok().map(|found| found.to_string()));
    }
    Ok(Some(answers))
}
