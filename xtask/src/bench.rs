//! `cargo xtask bench`: our figures beside those of others, against the goals. It reports, and
//! fails only when it cannot measure.

pub(crate) mod authority;
mod chart;
mod clock;
mod command;
mod crl;
mod curves;
mod growth;
mod library;
mod machine;
mod openssl;
mod peers;
mod program;
mod report;
mod revocation;
mod rsa;
mod server;
mod stores;
mod trace;
mod volume;
mod writers;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context as _, Result, bail, ensure};

use curves::Curves;
use report::Row;
use revocation::Mass;
use server::Bao;
use stores::Stores;

/// What was asked for.
struct Options {
    extent: Extent,
    json: Option<PathBuf>,
    writes: bool,
    pkictl: Option<PathBuf>,
    /// Measures with the OpenSSL of the system, instead of the one that is built in.
    links_system: bool,
}

/// How much of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Quick,
    Usual,
    Full,
}

/// How much is measured.
struct Plan {
    /// Times that ours and another's are measured in turn.
    pairs: usize,
    /// Certificates in our stores, from few to many.
    sizes: Vec<usize>,
    /// The same in indexes of `openssl ca`.
    openssl: Vec<usize>,
    /// The same in mounts of a server, some of the sizes of ours.
    bao: Vec<usize>,
    /// Revoked one by one on a server.
    mass: usize,
    /// Certificates that have ended, to be taken out.
    ended: usize,
    /// Certificates on RSA.
    rsa: usize,
    /// Certificates that many writers issue for one figure.
    written: usize,
    pkictl: PathBuf,
}

/// Runs the task.
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let options = Options::parse(words)?;
    if cfg!(debug_assertions) {
        return again_in_release(words, options.links_system);
    }
    let plan = options.extent.plan(options.pkictl()?);
    let began = Instant::now();
    let (rows, curves) = measure(&plan)?;
    let facts = machine::facts(&plan.pkictl, options.extent.flag(), began.elapsed());
    println!("{}", report::text(&rows));
    for (name, value) in &facts {
        println!("{name}: {value}");
    }
    if let Some(path) = &options.json {
        fs::write(path, report::json(&rows, &facts, &curves.json())?)?;
    }
    if options.writes {
        let docs = crate::workspace::root().join("docs");
        let text = report::markdown(&rows, &facts) + &curves.markdown();
        fs::write(docs.join("performance.md"), text)?;
        for (name, svg) in curves.charts()? {
            fs::write(docs.join(name), svg)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(plan: &Plan) -> Result<(Vec<Row>, Curves)> {
    let folder = tempfile::Builder::new().prefix("pkictl-bench").tempdir()?;
    let folder = folder.path();
    eprintln!("bench: library");
    let mut rows = library::rows(plan)?;
    let stores = Stores::make(plan, folder, &mut rows)?;
    rows.extend(durable(plan, folder, &stores)?);
    rows.extend(growth::rows(plan, &stores)?);

    let mut bao = Bao::in_memory(folder)?;
    if let Some(bao) = &mut bao {
        bao.set_up("pki")?;
    }
    rows.extend(command::rows(plan, folder, &stores, bao.as_ref())?);
    if let Some(bao) = &mut bao {
        plan.bao.iter().try_for_each(|size| bao.fill(*size))?;
    }
    rows.extend(volume::rows(plan, &stores, bao.as_mut())?);
    let curves = Curves::measure(plan, folder, &stores, bao.as_mut())?;
    drop(bao);

    // Last, since it revokes all that there is.
    rows.extend(crl::rows(plan, folder, &stores)?);
    rows.push(revocation::is_current(stores.large()?)?);
    report::sort(&mut rows);
    Ok((rows, curves))
}

/// What is measured beside a server that keeps its records on disk.
fn durable(plan: &Plan, folder: &Path, stores: &Stores) -> Result<Vec<Row>> {
    let mut bao = Bao::on_disk(folder)?;
    let mass = bao.as_mut().map(|bao| Mass::make(plan.mass, bao)).transpose()?;
    let mut rows = revocation::rows(plan, folder, stores, bao.as_mut().zip(mass.as_ref()))?;
    rows.push(revocation::many(stores, mass.as_ref())?);
    rows.push(volume::ended(plan, folder, bao.as_mut())?);
    rows.push(rsa::row(plan, bao.as_mut())?);
    rows.extend(writers::rows(plan, folder, bao.as_mut())?);
    Ok(rows)
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let mut options = Self {
            extent: Extent::Usual,
            json: None,
            writes: false,
            pkictl: None,
            links_system: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-quick" => options.extent = Extent::Quick,
                "-full" => options.extent = Extent::Full,
                "-write" => options.writes = true,
                "-system-openssl" => options.links_system = true,
                "-json" => options.json = Some(words.next().context("-json FILE")?.into()),
                "-pkictl" => options.pkictl = Some(words.next().context("-pkictl PATH")?.into()),
                other => bail!("bench does not know {other}"),
            }
        }
        Ok(options)
    }

    fn pkictl(&self) -> Result<PathBuf> {
        match &self.pkictl {
            Some(path) => path.canonicalize().with_context(|| path.display().to_string()),
            None => beside_us("pkictl", "release"),
        }
    }
}

impl Extent {
    fn flag(self) -> &'static str {
        match self {
            Self::Quick => " -quick",
            Self::Usual => "",
            Self::Full => " -full",
        }
    }

    fn plan(self, pkictl: PathBuf) -> Plan {
        let up_to = |most: usize| {
            [1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|size| *size <= most).collect()
        };
        let usual = Plan {
            pairs: 5,
            sizes: up_to(100_000),
            openssl: up_to(100_000),
            bao: up_to(100_000),
            mass: 10_000,
            ended: 10_000,
            rsa: 200,
            written: 2_000,
            pkictl,
        };
        match self {
            Self::Quick => Plan {
                pairs: 3,
                openssl: up_to(10_000),
                bao: up_to(10_000),
                mass: 2_000,
                ended: 5_000,
                rsa: 30,
                written: 1_600,
                ..usual
            },
            Self::Usual => usual,
            Self::Full => Plan { sizes: up_to(1_000_000), openssl: up_to(1_000_000), ..usual },
        }
    }
}

/// A program in the directory that this one was built in, for a profile.
fn beside_us(name: &str, profile: &str) -> Result<PathBuf> {
    let ours = env::current_exe()?;
    let target = ours.parent().and_then(Path::parent).context("no target directory")?;
    Ok(target.join(profile).join(name))
}

/// Builds the program and this task for release, as the program is shipped, and hands over.
fn again_in_release(words: &[String], links_system: bool) -> Result<ExitCode> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(crate::workspace::root());
    build.args(["build", "--release", "-p", "pki-cli", "-p", "xtask"]);
    if links_system {
        build.arg("--no-default-features");
    }
    ensure!(build.status()?.success(), "the build failed");
    let status = Command::new(beside_us("xtask", "release")?).arg("bench").args(words).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
