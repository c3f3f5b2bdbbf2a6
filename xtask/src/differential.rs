//! `cargo xtask differential`: the same questions to a live OpenBao and to the engine, and every
//! difference between the answers that nobody has decided on.

mod certificate;
mod compare;
mod dump;
mod pair;
mod random;
mod report;
mod rules;
mod setup;
mod side;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use pki_core::Env;

use self::pair::{Pair, SCRATCH};
use self::random::Keys;
use self::report::Report;
use self::side::{Answer, Ours, Side as _, Theirs};
use crate::bao::{self, Server};

/// What was asked for.
struct Options {
    pairs: u64,
    seed: u64,
    /// The one pair that is asked and shown, of all that the seed makes.
    only: Option<u64>,
    bao: OsString,
}

/// Runs the task.
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let options = Options::parse(words)?;
    println!("differential: {} pairs with -seed {}", options.pairs, options.seed);
    let report = compare(&options)?;
    print!("{report}");
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compare(options: &Options) -> Result<Report> {
    let folder = tempfile::Builder::new().prefix("pkictl-differential").tempdir()?;
    let server = Server::start(&options.bao, folder.path())?;
    let mut sides = Sides { theirs: Theirs::at(&server.client.address)?, ours: Ours::new() };
    let now = Env::system().clock.now();
    setup::set_up(&mut sides.theirs, now).context("setting up theirs")?;
    setup::set_up(&mut sides.ours, now).context("setting up ours")?;
    let keys = Keys::generate()?;
    let mut report = Report::default();
    for number in 0..options.pairs {
        if options.only.is_some_and(|only| only != number) {
            continue;
        }
        let pair = random::pair(options.seed, number, &keys)?;
        sides.ask(number, &pair, options.only.is_some(), &mut report)?;
    }
    Ok(report)
}

/// Both, asked in turn.
struct Sides {
    theirs: Theirs,
    ours: Ours,
}

impl Sides {
    fn ask(&mut self, number: u64, pair: &Pair, is_shown: bool, report: &mut Report) -> Result<()> {
        for (at, step) in pair.steps.iter().enumerate() {
            let theirs = self.theirs.ask(step.operation, &step.path, &step.data)?;
            let ours = self.ours.ask(step.operation, &step.path, &step.data)?;
            if is_shown {
                show("bao", &step.command("bao"), &theirs);
                show("pkictl", &step.command("pkictl"), &ours);
            }
            let differences = compare::answers(&theirs, &ours);
            let asked = pair.steps.get(..=at).unwrap_or_default();
            report.add(number, asked, &theirs, differences);
            if !theirs.is_accepted() || !ours.is_accepted() {
                break;
            }
        }
        if pair.steps.iter().any(|step| step.path.starts_with(SCRATCH)) {
            setup::clean(&mut self.theirs)?;
            setup::clean(&mut self.ours)?;
        }
        Ok(())
    }
}

fn show(who: &str, command: &str, answer: &Answer) {
    println!("{command}\n{who}: {answer:#?}");
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let seed = u64::from(now.subsec_micros());
        let mut options = Self { pairs: 2_000, seed, only: None, bao: bao::program() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} wants a value"));
            match word.as_str() {
                "-pairs" => options.pairs = value()?.parse()?,
                "-seed" => options.seed = value()?.parse()?,
                "-only" => options.only = Some(value()?.parse()?),
                "-bao" => options.bao = value()?.into(),
                other => bail!("differential does not know {other}"),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use pkictl_tests::tools;

    use super::*;

    /// Where there is a server to ask; `PKICTL_TEST_SEED` and `PKICTL_TEST_PAIRS` say what.
    #[test]
    fn answers_are_those_of_a_live_openbao() {
        let Some(bao) = tools::find("bao") else { return };
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let options = Options {
            pairs: number("PKICTL_TEST_PAIRS").unwrap_or(500),
            seed: number("PKICTL_TEST_SEED").unwrap_or(1),
            only: None,
            bao: bao.into(),
        };
        let report = compare(&options).unwrap();
        assert!(report.is_clean(), "with -seed {}:\n{report}", options.seed);
        assert_eq!(report.pairs(), options.pairs);
    }
}
