//! `openssl ca` with an index of any size, and `cfssl gencrl` with as many serial numbers.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::clock::{Cost, process, quiet, round};
use super::peers::{self, is_installed};

/// A directory with an authority of `openssl ca`.
pub(super) struct Index {
    folder: PathBuf,
    /// Lines at first, half of them revoked.
    pub(super) size: usize,
}

const CONFIG: &str = "\
[ca]\ndefault_ca = here\n[here]\ndatabase = index.txt\nrand_serial = yes\nnew_certs_dir = .\n\
certificate = ca.pem\nprivate_key = ca.key\ndefault_md = sha256\ndefault_days = 1\n\
default_crl_days = 3\ncrlnumber = crlnumber\nunique_subject = no\npolicy = any\n\
[any]\ncommonName = supplied\n";

impl Index {
    /// Makes one with so many lines, so many of them revoked, or takes the one that was made
    /// before; none without openssl.
    pub(super) fn make(folder: &Path, size: usize, revoked: usize) -> Result<Option<Self>> {
        if !is_installed("openssl") {
            return Ok(None);
        }
        let folder = folder.join(format!("openssl-{size}-{revoked}"));
        if folder.is_dir() {
            return Ok(Some(Self { folder, size }));
        }
        fs::create_dir(&folder)?;
        quiet(&mut peers::make_root(&folder))?;
        fs::write(folder.join("ca.cnf"), CONFIG)?;
        fs::write(folder.join("crlnumber"), "01\n")?;
        fs::write(folder.join("index.txt"), lines(size, revoked))?;
        fs::write(folder.join("serials.txt"), serials(revoked))?;
        Ok(Some(Self { folder, size }))
    }

    fn program(&self, name: &str, words: &[&str]) -> Command {
        let mut command = Command::new(name);
        command.current_dir(&self.folder).args(words);
        command
    }

    fn ca(&self, words: &[&str]) -> Command {
        self.program("openssl", &[&["ca", "-config", "ca.cnf", "-batch"], words].concat())
    }

    /// A key with a request, and a certificate for it.
    pub(super) fn issue(&self) -> Vec<Command> {
        let request = [
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "leaf.key",
            "-out",
            "leaf.csr",
            "-subj",
            "/CN=a.example.com",
        ];
        let sign = self.ca(&["-notext", "-in", "leaf.csr", "-out", "leaf.pem"]);
        vec![self.program("openssl", &request), sign]
    }

    /// Revokes the one that was issued last.
    pub(super) fn revoke(&self) -> Command {
        self.ca(&["-revoke", "leaf.pem"])
    }

    pub(super) fn crl(&self) -> Command {
        self.ca(&["-gencrl", "-out", "crl.pem"])
    }

    /// Marks those that have ended.
    pub(super) fn update(&self) -> Command {
        self.ca(&["-updatedb"])
    }

    /// What `cfssl` needs for a CRL with the same entries.
    pub(super) fn cfssl_crl(&self) -> Command {
        self.program("cfssl", &["gencrl", "serials.txt", "ca.pem", "ca.key"])
    }

    fn issue_one(&self) -> Result<()> {
        self.issue().iter_mut().try_for_each(quiet)
    }

    pub(super) fn revoke_one(&self) -> Result<Cost> {
        self.issue_one()?;
        process(self.revoke())
    }

    pub(super) fn revoke_and_make_crl(&self) -> Result<Cost> {
        self.issue_one()?;
        round([self.revoke(), self.crl()])
    }
}

/// A serial number of twenty octets.
fn serial(n: usize) -> String {
    format!("5A{n:038X}")
}

/// The lines of an index, the first of them revoked.
fn lines(size: usize, revoked: usize) -> String {
    let mut text = String::new();
    for n in 0..size {
        let serial = serial(n);
        // Writing to a text does not fail.
        let _written = if n < revoked {
            writeln!(text, "R\t491231235959Z\t261101000000Z\t{serial}\tunknown\t/CN=a.example.com")
        } else {
            writeln!(text, "V\t491231235959Z\t\t{serial}\tunknown\t/CN=a.example.com")
        };
    }
    text
}

/// The serial numbers of those that are revoked, as `cfssl` reads them: in decimal digits.
fn serials(revoked: usize) -> String {
    // The digits before are the same for all, and as many as twenty octets have.
    (0..revoked).map(|n| format!("5{n:047}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_has_six_fields_and_those_revoked_first() {
        let text = lines(3, 1);
        let states: Vec<_> = text.lines().map(|line| line.split('\t').next().unwrap()).collect();
        assert_eq!(states, ["R", "V", "V"]);
        assert!(text.lines().all(|line| line.split('\t').count() == 6));
        assert_eq!(serial(10).len(), 40);
        assert_eq!(serials(2).lines().count(), 2);
    }
}
