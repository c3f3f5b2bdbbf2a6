//! The program with a store, as a user starts it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::authority::{self, Authority};
use super::clock::{Cost, process, quiet, round};
use super::peers::{self, is_installed};

pub(super) struct Program {
    pub(super) pkictl: PathBuf,
    pub(super) store: PathBuf,
}

impl Program {
    /// The program with these words.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.pkictl);
        command.args(words).env("PKICTL_DATA_DIR", &self.store);
        command
    }

    /// Makes the store, with what a mount has at first.
    pub(super) fn set_up(&self) -> Result<()> {
        quiet(&mut self.command(&["secrets", "enable", "-max-lease-ttl=87600h", "pki"]))?;
        for (path, data) in authority::setup("pki") {
            let words = peers::words(&path, &data);
            quiet(&mut self.command(&words.iter().map(String::as_str).collect::<Vec<_>>()))?;
        }
        Ok(())
    }

    pub(super) fn issue(&self) -> Command {
        self.command(&["write", "pki/issue/web", "common_name=a.example.com", "ttl=24h"])
    }

    pub(super) fn revoke(&self, serial: &str) -> Command {
        self.command(&["write", "pki/revoke", &format!("serial_number={serial}")])
    }

    pub(super) fn crl(&self) -> Command {
        self.command(&["read", "-format=raw", "pki/crl"])
    }

    /// Makes all CRLs from what is stored.
    pub(super) fn rotate(&self) -> Command {
        self.command(&["read", "pki/crl/rotate"])
    }

    pub(super) fn certificate(&self, serial: &str) -> Command {
        self.command(&["read", &format!("pki/cert/{serial}")])
    }

    pub(super) fn list(&self) -> Command {
        self.command(&["list", "-format=json", "pki/certs"])
    }

    pub(super) fn page(&self) -> Command {
        self.command(&["list", "-limit=50", "pki/certs"])
    }

    /// Takes out what has ended, which here is more than a second ago.
    pub(super) fn tidy(&self) -> Command {
        let words = ["tidy_cert_store=true", "tidy_revoked_certs=true", "safety_buffer=1s"];
        self.command(&[&["write", "pki/tidy"], words.as_slice()].concat())
    }

    /// Revokes all that were issued under a role.
    pub(super) fn revoke_role(&self, role: &str, count: u64) -> Command {
        let (condition, expect) = (format!("-where=role={role}"), format!("-expect={count}"));
        self.command(&["revoke", &condition, &expect, "pki"])
    }

    /// Issues one, in this process.
    pub(super) fn new_serial(&self) -> Result<String> {
        Authority::in_directory(&self.store)?.new_serial()
    }

    /// What it costs to revoke one that is new.
    pub(super) fn revoke_one(&self) -> Result<Cost> {
        let serial = self.new_serial()?;
        process(self.revoke(&serial))
    }

    /// What it costs to revoke one that is new, and to read the CRL afterwards.
    pub(super) fn revoke_and_read(&self) -> Result<Cost> {
        let serial = self.new_serial()?;
        round([self.revoke(&serial), self.crl()])
    }
}

/// The most memory that a command had, in MiB, if GNU time is there. It has to be the parent:
/// what a process has counts from its parent's size on.
pub(super) fn resident(command: &Command) -> Result<Option<f64>> {
    if !is_installed("time") {
        return Ok(None);
    }
    let mut time = Command::new("time");
    time.args(["-f", "%M", "--"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        time.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = command.get_current_dir() {
        time.current_dir(folder);
    }
    let output = time.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{command:?}: {said}");
    let kibibytes: Option<f64> = said.lines().last().and_then(|line| line.trim().parse().ok());
    Ok(kibibytes.map(|kibibytes| kibibytes / 1024.0))
}
