//! `cargo xtask fuzz`: runs libFuzzer on one target or on all, and keeps what was worth it.
//!
//! Rust's stable compiler can put in what libFuzzer wants to see. Its options for that have no
//! stable names, and so they are spelt as LLVM spells them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace;

/// The program itself holds each input to a second on a processor and to 64 MiB. These are for what
/// does not come back at all, and for what OpenSSL takes.
const LIMITS: [&str; 3] = ["-timeout=20", "-rss_limit_mb=512", "-max_len=65536"];

/// What `-Zsanitizer=fuzzer` would be.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";

/// What was asked for.
struct Options {
    /// None for all.
    target: Option<String>,
    seconds: u32,
    keeps: bool,
    finds_memory_errors: bool,
}

/// Where things are.
struct Places {
    program: PathBuf,
    /// What is found while fuzzing; one directory a target.
    found: PathBuf,
    /// What is in the repository.
    corpus: PathBuf,
}

/// Runs the task.
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let options = Options::parse(words)?;
    let places = build(options.finds_memory_errors)?;
    let all = targets(&places.corpus)?;
    let chosen: Vec<String> = match options.target {
        None => all,
        Some(ref name) if all.contains(name) => vec![name.clone()],
        Some(name) => bail!("there is no target {name}: it is one of {}", all.join(", ")),
    };
    for target in &chosen {
        println!("fuzz: {target}");
        places.fuzz(target, options.seconds)?;
        if options.keeps {
            places.keep(target)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let (mut target, mut seconds) = (None, 60);
        let (mut keeps, mut finds_memory_errors) = (false, false);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-seconds" => seconds = words.next().context("-seconds needs a number")?.parse()?,
                "-keep" => keeps = true,
                "-address" => finds_memory_errors = true,
                "all" => target = None,
                name if !name.starts_with('-') => target = Some(name.to_owned()),
                other => bail!("fuzz does not know {other}"),
            }
        }
        Ok(Self { target, seconds, keeps, finds_memory_errors })
    }
}

/// The targets: each has a corpus, as the test `fuzz_corpus` makes sure.
fn targets(corpus: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(corpus).with_context(|| format!("reading {}", corpus.display()))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Builds the program, with what libFuzzer wants to see in it.
fn build(finds_memory_errors: bool) -> Result<Places> {
    let root = workspace::root();
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let host = host()?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--manifest-path"]).arg(root.join("fuzz/Cargo.toml"));
    // With a target that is named, build scripts and macros are built as always.
    cargo.args(["--target", &host]);
    let mut flags = COVERAGE.to_owned();
    let mut folder = target.join("fuzz");
    if finds_memory_errors {
        flags.push_str(" -Zsanitizer=address");
        folder = target.join("fuzz-address");
        cargo.env("RUSTC_BOOTSTRAP", "1");
    }
    cargo.env("RUSTFLAGS", flags).arg("--target-dir").arg(&folder);
    ensure!(cargo.status()?.success(), "the fuzzer was not built");
    Ok(Places {
        program: folder.join(host).join("release/fuzz"),
        found: folder.join("found"),
        corpus: root.join("fuzz/corpus"),
    })
}

/// The machine that the compiler makes programs for.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc")?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc does not say what it compiles for")
}

impl Places {
    fn command(&self, target: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.env("PKICTL_FUZZ_TARGET", target).args(LIMITS);
        // Where what goes wrong is put.
        command.arg(format!("-artifact_prefix={}/{target}-", self.found.display()));
        command
    }

    /// The directory of what is found for a target.
    fn found(&self, target: &str) -> Result<PathBuf> {
        let folder = self.found.join(target);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(folder)
    }

    fn fuzz(&self, target: &str, seconds: u32) -> Result<()> {
        let found = self.found(target)?;
        let mut command = self.command(target);
        command.env("PKICTL_FUZZ_SEEDS", &found);
        // The program writes the dictionary before libFuzzer reads it.
        command.arg(format!("-dict={}", found.with_extension("dict").display()));
        command.arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
        let status = command.arg(&found).arg(self.corpus.join(target)).status()?;
        ensure!(
            status.success(),
            "{target} went wrong: the input is in {}; repeat it with PKICTL_FUZZ_TARGET={target} {} INPUT",
            self.found.display(),
            self.program.display(),
        );
        Ok(())
    }

    /// Replaces the corpus in the repository by the smallest that shows as much.
    fn keep(&self, target: &str) -> Result<()> {
        let found = self.found(target)?;
        let corpus = self.corpus.join(target);
        let merged = self.found.join(format!("{target}-merged"));
        if merged.exists() {
            fs::remove_dir_all(&merged)?;
        }
        fs::create_dir_all(&merged)?;
        let mut command = self.command(target);
        // One input for each branch is enough to keep; how often it is taken does not matter.
        command.args(["-set_cover_merge=1", "-use_counters=0"]);
        let status = command.arg(&merged).arg(&found).arg(&corpus).status()?;
        ensure!(status.success(), "the corpus of {target} could not be made smaller");
        fs::remove_dir_all(&corpus)?;
        fs::create_dir_all(&corpus)?;
        for entry in fs::read_dir(&merged)? {
            let entry = entry?;
            fs::copy(entry.path(), corpus.join(entry.file_name()))?;
        }
        Ok(())
    }
}
