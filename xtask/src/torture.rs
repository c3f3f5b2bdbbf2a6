//! `cargo xtask torture`: faults of many kinds, on the real program and real directories. What
//! the program acknowledged must be there afterwards, and what is there must be whole.

mod answers;
mod bits;
mod cases;
mod deed;
mod figures;
mod io;
mod kill;
mod ledger;
mod patience;
mod place;
mod power;
pub(crate) mod service;
mod shim;
mod suites;
mod trace;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs};

use anyhow::{Context as _, Result, bail, ensure};
use pkictl_tests::chance::Chance;
use tempfile::TempDir;

use self::figures::{Asked, Figures, Progress, Tally};

/// A kind of fault.
struct Kind {
    name: &'static str,
    run: fn(&Bench) -> Result<Tally>,
}

const KINDS: &[Kind] = &[
    Kind { name: "kill", run: kill::run },
    Kind { name: "io", run: io::run },
    Kind { name: "power", run: power::run },
    Kind { name: "bits", run: bits::run },
    Kind { name: "schedules", run: suites::schedules },
    Kind { name: "crowd", run: suites::crowd },
];

/// When a kind ends that was not asked for more than a part.
const PART: Duration = Duration::from_secs(60);

/// What every kind works with.
struct Bench {
    program: PathBuf,
    shim: PathBuf,
    folder: TempDir,
    seed: u64,
    figures: Figures,
    /// How long each kind may take.
    limit: Option<Duration>,
}

struct Options {
    seed: u64,
    limit: Option<Duration>,
    kinds: Vec<&'static Kind>,
    figures: Figures,
    program: Option<PathBuf>,
}

/// Runs the task.
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let options = Options::parse(words)?;
    println!("torture: -seed {}", options.seed);
    let program = match options.program {
        Some(path) => path.canonicalize().with_context(|| path.display().to_string())?,
        None => build()?,
    };
    let folder = folder()?;
    let shim = shim::compile(folder.path())?;
    let Options { seed, limit, figures, .. } = options;
    let bench = Bench { program, shim, folder, seed, figures, limit };
    for kind in options.kinds {
        let started = Instant::now();
        match (kind.run)(&bench) {
            Ok(tally) => report(kind, &tally, started.elapsed()),
            Err(problem) => {
                let kept = bench.folder.keep();
                eprintln!("torture: {} failed: {problem:#}", kind.name);
                eprintln!(
                    "torture: -seed {seed} -kind {}; all is kept in {}",
                    kind.name,
                    kept.display()
                );
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// In memory, where that can be had: a disk is waited for thousands of times, and what it would
/// have lost is for `power` to say.
fn folder() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { env::temp_dir() };
    Ok(tempfile::Builder::new().prefix("pkictl-torture").tempdir_in(place)?)
}

fn report(kind: &Kind, tally: &impl Display, took: Duration) {
    println!("{}: {tally} ({:.0} s)", kind.name, took.as_secs_f64());
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut options = Self {
            seed: u64::from(since.subsec_nanos()) | 1,
            limit: None,
            kinds: Vec::new(),
            figures: Figures::Part,
            program: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} wants a value"));
            match word.as_str() {
                "-seed" => options.seed = value()?.parse().context("-seed")?,
                "-seconds" => {
                    let seconds = value()?.parse().context("-seconds")?;
                    options.limit = Some(Duration::from_secs(seconds));
                }
                "-kind" => {
                    let kinds: Result<Vec<_>> = value()?.split(',').map(named).collect();
                    options.kinds.extend(kinds?);
                }
                "-figures" => options.figures = Figures::named(value()?)?,
                "-pkictl" => options.program = Some(value()?.into()),
                other => bail!("torture does not know {other}"),
            }
        }
        if options.kinds.is_empty() {
            options.kinds = KINDS.iter().collect();
        }
        if options.figures == Figures::Part {
            options.limit.get_or_insert(PART);
        }
        Ok(options)
    }
}

fn named(name: &str) -> Result<&'static Kind> {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let found = KINDS.iter().find(|kind| kind.name == name);
    found.with_context(|| format!("-kind {name} is none of {}", names.join(", ")))
}

/// Builds the program as it is built for tests, with the OpenSSL of the system.
fn build() -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(crate::workspace::root())
        .args(["build", "-q", "--no-default-features", "-p", "pki-cli"])
        .status()?;
    ensure!(built.success(), "the build failed");
    let ours = env::current_exe()?;
    let target = ours.parent().and_then(Path::parent).context("no target directory")?;
    Ok(target.join("debug/pkictl"))
}

impl Bench {
    /// A folder for one part of the work.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Chance of its own for a part of the work, which does not change when others do.
    fn chance(&self, part: u64) -> Chance {
        chance(self.seed, part)
    }

    /// The beginning of a kind.
    fn asked(&self, what: &'static str, asked: Asked) -> Progress {
        Progress::new(what, self.figures.of(asked), self.limit)
    }
}

/// Chance that is another for each part, also for neighbours.
fn chance(seed: u64, part: u64) -> Chance {
    let mixed = seed.wrapping_add(part.wrapping_mul(2)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Chance::new(mixed ^ mixed >> 29)
}

/// This many problems are enough to look at.
const ENOUGH: usize = 10;

/// Does work of many pieces on every processor, until enough of them have failed or the time is
/// over. Each worker has a number.
fn share_out<T: Send>(
    pieces: impl Iterator<Item = T> + Send,
    progress: &Progress,
    work: impl Fn(usize, T) -> Result<()> + Sync,
) -> Result<()> {
    let pieces = Mutex::new(pieces);
    let problems = Mutex::new(Vec::new());
    let take = || {
        let is_over = progress.is_late() || ENOUGH <= lock(&problems).len();
        if is_over { None } else { lock(&pieces).next() }
    };
    let worker = |number: usize| {
        while let Some(piece) = take() {
            if let Err(problem) = work(number, piece) {
                lock(&problems).push(format!("{problem:#}"));
            }
            progress.add(1);
        }
    };
    thread::scope(|scope| {
        for number in 0..thread::available_parallelism().map_or(2, usize::from) {
            let worker = &worker;
            scope.spawn(move || worker(number));
        }
    });
    let problems = lock(&problems);
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
