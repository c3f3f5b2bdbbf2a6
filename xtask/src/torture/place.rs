//! A store on the disk, and the program that works on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::patience::{self, PATIENCE};
use super::shim::Shim;

/// A folder with a store in it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    program: PathBuf,
    folder: PathBuf,
}

/// What a command did.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The exit status; none if a signal ended it.
    pub(super) status: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Place {
    /// A folder, which is made if it is not there. The store is two folders below it.
    pub(super) fn new(program: &Path, folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self { program: program.to_owned(), folder })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the store is, or will be.
    pub(super) fn store(&self) -> PathBuf {
        self.folder.join("data/store")
    }

    /// The program with these words.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.command_of(&self.program);
        command.args(words);
        command
    }

    /// Another program, with nothing of our own environment.
    pub(super) fn command_of(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", &self.folder)
            .env("PKICTL_DATA_DIR", self.store())
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program; with a shim under it, if there is one.
    pub(super) fn run(&self, words: &[&str], shim: Option<&Shim<'_>>) -> Result<Outcome> {
        let mut command = self.command(words);
        if let Some(shim) = shim {
            shim.put_under(&mut command, &self.folder);
        }
        let outcome = Outcome::of(&patience::output(PATIENCE, &mut command)?);
        ensure!(!outcome.err.contains("panicked at"), "{words:?} panicked: {}", outcome.err);
        Ok(outcome)
    }

    /// Runs the program, which succeeds. Gives what it printed.
    pub(super) fn ok(&self, words: &[&str]) -> Result<String> {
        let outcome = self.run(words, None)?;
        if outcome.status != Some(0) {
            bail!("{words:?} ended with {:?}: {}", outcome.status, outcome.err);
        }
        Ok(outcome.out)
    }

    /// A root, a role, and certificates of all kinds: valid, revoked, ended.
    pub(super) fn set_up(&self) -> Result<()> {
        self.ok(&["secrets", "enable", "-max-lease-ttl=87600h", "pki"])?;
        let root = "pki/root/generate/internal";
        self.ok(&["write", root, "common_name=Root 0", "key_type=ec", "ttl=87600h"])?;
        self.ok(&["write", "pki/roles/web", "allow_any_name=true", "key_type=ec", "max_ttl=72h"])?;
        self.issue("24h")?;
        let revoked = self.issue("24h")?;
        self.ok(&["write", "pki/revoke", &format!("serial_number={revoked}")])?;
        self.issue("1s")?;
        self.ok(&["read", "pki/cert/crl"])?;
        Ok(())
    }

    /// Issues a certificate; gives its serial number.
    pub(super) fn issue(&self, ttl: &str) -> Result<String> {
        let words = ["write", "-field=serial_number", "pki/issue/web", "common_name=a.example.com"];
        self.ok(&[&words[..], &[&format!("ttl={ttl}")]].concat())
    }

    /// The same store in another folder, which is made anew.
    pub(super) fn copied_to(&self, folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let copy = Self::new(&self.program, folder.to_owned())?;
        if self.store().exists() {
            fs::create_dir_all(copy.store())?;
            for entry in fs::read_dir(self.store())? {
                let entry = entry?;
                fs::copy(entry.path(), copy.store().join(entry.file_name()))?;
            }
        }
        Ok(copy)
    }
}

impl Outcome {
    pub(super) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { status: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// The `data` of an answer in JSON.
    pub(super) fn data(&self) -> Result<Value> {
        let mut answer: Value = serde_json::from_str(&self.out).context("an answer in JSON")?;
        Ok(answer.get_mut("data").map(Value::take).unwrap_or_default())
    }
}
