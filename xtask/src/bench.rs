//! `cargo xtask bench`: our figures beside those of others, against the goals. It reports, and
//! fails only when it cannot measure.

pub(crate) mod authority;
mod clock;
mod command;
mod growth;
mod library;
mod machine;
mod peers;
mod report;
mod trace;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use anyhow::{Context as _, Result, bail, ensure};

use report::Row;

/// What was asked for.
struct Options {
    is_quick: bool,
    json: Option<PathBuf>,
    writes: bool,
    pkictl: Option<PathBuf>,
}

/// How much is measured.
struct Plan {
    /// Times that ours and another's are measured in turn.
    pairs: usize,
    /// Certificates in the small and in the large store.
    sizes: [usize; 2],
    pkictl: PathBuf,
}

/// Runs the task.
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let options = Options::parse(words)?;
    if cfg!(debug_assertions) {
        return again_in_release(words);
    }
    let plan = options.plan()?;
    let rows = measure(&plan)?;
    let facts = machine::facts(&plan.pkictl, options.is_quick);
    println!("{}", report::text(&rows));
    for (name, value) in &facts {
        println!("{name}: {value}");
    }
    if let Some(path) = &options.json {
        fs::write(path, report::json(&rows, &facts)?)?;
    }
    if options.writes {
        let path = crate::workspace::root().join("docs/performance.md");
        fs::write(path, report::markdown(&rows, &facts))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(plan: &Plan) -> Result<Vec<Row>> {
    let folder = tempfile::Builder::new().prefix("pkictl-bench").tempdir()?;
    eprintln!("bench: library");
    let mut rows = library::rows(plan)?;
    eprintln!("bench: filling stores");
    let stores = growth::Stores::make(plan, folder.path(), &mut rows)?;
    rows.extend(command::rows(plan, folder.path(), &stores)?);
    eprintln!("bench: growth");
    rows.extend(growth::rows(plan, &stores)?);
    Ok(rows)
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let mut options = Self { is_quick: false, json: None, writes: false, pkictl: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-quick" => options.is_quick = true,
                "-write" => options.writes = true,
                "-json" => options.json = Some(words.next().context("-json FILE")?.into()),
                "-pkictl" => options.pkictl = Some(words.next().context("-pkictl PATH")?.into()),
                other => bail!("bench does not know {other}"),
            }
        }
        Ok(options)
    }

    fn plan(&self) -> Result<Plan> {
        let pkictl = match &self.pkictl {
            Some(path) => path.canonicalize().with_context(|| path.display().to_string())?,
            None => beside_us("pkictl", "release")?,
        };
        let (pairs, large) = if self.is_quick { (3, 10_000) } else { (5, 100_000) };
        Ok(Plan { pairs, sizes: [1_000, large], pkictl })
    }
}

/// A program in the directory that this one was built in, for a profile.
fn beside_us(name: &str, profile: &str) -> Result<PathBuf> {
    let ours = env::current_exe()?;
    let target = ours.parent().and_then(Path::parent).context("no target directory")?;
    Ok(target.join(profile).join(name))
}

/// Builds the program and this task for release, with the OpenSSL of the system, and hands over.
fn again_in_release(words: &[String]) -> Result<ExitCode> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(crate::workspace::root())
        .args(["build", "--release", "--no-default-features", "-p", "pki-cli", "-p", "xtask"])
        .status()?;
    ensure!(built.success(), "the build failed");
    let status = Command::new(beside_us("xtask", "release")?).arg("bench").args(words).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
