//! What is put between the program and the C library: `fault.c`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// The variable that names the trace to a program under the shim.
pub(super) const TRACE: &str = "TORTURE_TRACE";

/// Compiles the shim into a folder.
pub(super) fn compile(folder: &Path) -> Result<PathBuf> {
    let source = crate::workspace::root().join("xtask/src/torture/fault.c");
    let library = folder.join("fault.so");
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source);
    let done = cc.arg("-ldl").status().context("cc")?;
    ensure!(done.success(), "cc does not compile {}", source.display());
    Ok(library)
}

/// The compiled shim, and what it is to do to a program.
#[derive(Clone, Debug)]
pub(super) struct Shim<'a> {
    library: &'a Path,
    log: Option<&'a Path>,
    trace: Option<&'a Path>,
    fault: Option<(usize, Fault)>,
    wait: Duration,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It fails with EIO.
    Broken,
    /// It and every later one fail with EIO.
    BrokenFromHere,
    /// It fails with ENOSPC.
    Full,
    /// It and every later one fail with ENOSPC.
    FullFromHere,
    /// It reads or writes half.
    Short,
    /// The process ends before it.
    Kill,
}

/// A call that the shim counted.
#[derive(Clone, Debug)]
pub(super) struct Call {
    kind: u32,
    /// What it is, and the file: `fsync data/store/pki.db-wal`.
    pub(super) what: String,
}

const READS: u32 = 2;
const WRITES: u32 = 4;
const ALLOCATES: u32 = 8;

impl Fault {
    pub(super) const ALL: [Self; 6] = [
        Self::Broken,
        Self::BrokenFromHere,
        Self::Full,
        Self::FullFromHere,
        Self::Short,
        Self::Kill,
    ];

    /// Whether it can happen to a call.
    pub(super) fn fits(self, call: &Call) -> bool {
        match self {
            Self::Broken | Self::BrokenFromHere | Self::Kill => true,
            Self::Full | Self::FullFromHere => call.kind & ALLOCATES != 0,
            Self::Short => {
                let carries = ["read ", "pread ", "write ", "pwrite "];
                call.kind & (READS | WRITES) != 0
                    && carries.iter().any(|c| call.what.starts_with(c))
            }
        }
    }

    fn reaction(self) -> (&'static str, bool) {
        match self {
            Self::Broken => ("5", false),
            Self::BrokenFromHere => ("5", true),
            Self::Full => ("28", false),
            Self::FullFromHere => ("28", true),
            Self::Short => ("short", false),
            Self::Kill => ("kill", false),
        }
    }
}

impl<'a> Shim<'a> {
    /// One that does nothing yet.
    pub(super) fn new(library: &'a Path) -> Self {
        Self { library, log: None, trace: None, fault: None, wait: Duration::ZERO }
    }

    /// Counts calls in a file.
    pub(super) fn logging(self, log: &'a Path) -> Self {
        Self { log: Some(log), ..self }
    }

    /// Writes down what would reach the disk.
    pub(super) fn tracing(self, trace: &'a Path) -> Self {
        Self { trace: Some(trace), ..self }
    }

    /// Does something to a call, which is named by its number, from 1.
    pub(super) fn failing(self, at: usize, fault: Fault) -> Self {
        Self { fault: Some((at, fault)), ..self }
    }

    /// Lets each wait for the disk take so much longer.
    pub(super) fn waiting(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Arranges that a program that is to be started will have it, for files in a folder.
    pub(super) fn put_under(&self, command: &mut Command, folder: &Path) {
        command.env("LD_PRELOAD", self.library).env("TORTURE_DIR", folder);
        if let Some(log) = self.log {
            command.env("TORTURE_LOG", log);
        }
        if let Some(trace) = self.trace {
            command.env(TRACE, trace);
        }
        if !self.wait.is_zero() {
            command.env("TORTURE_WAIT", self.wait.as_micros().to_string());
        }
        if let Some((at, fault)) = self.fault {
            let (reaction, is_all) = fault.reaction();
            command.env("TORTURE_AT", at.to_string()).env("TORTURE_DO", reaction);
            if is_all {
                command.env("TORTURE_ALL", "1");
            }
        }
    }
}

/// The calls in a log.
pub(super) fn calls(log: &Path) -> Result<Vec<Call>> {
    let text = fs::read_to_string(log).with_context(|| log.display().to_string())?;
    let call = |line: &str| {
        let (kind, what) = line.split_once(' ')?;
        Some(Call { kind: kind.parse().ok()?, what: what.to_owned() })
    };
    text.lines().map(|line| call(line).with_context(|| format!("a call: {line}"))).collect()
}
