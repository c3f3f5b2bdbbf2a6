//! What protects private keys: a key file or a passphrase, and where it is found.

mod key_file;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use pki_core::domain::secret::Secret;
use pki_core::{Seal, SealError, Unlock};

use crate::environment::Environment;
use crate::failure::reason;

pub(crate) use key_file::{
    Draft, create as create_key_file, drafts as key_file_drafts, following, sync_folder,
};

/// The name of the key file in the directory of the store.
pub(crate) const KEY_FILE: &str = "seal.key";

/// More than anybody types, and less than a file given by mistake.
const LONGEST_PASSPHRASE: usize = 4096;

/// How the private keys of a store are protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    /// With the key in a file.
    KeyFile(PathBuf),
    /// With a passphrase.
    Passphrase(Passphrase),
}

impl Protection {
    /// The key file, or where one would be made.
    pub(crate) fn key_file(&self, data_dir: &Path) -> PathBuf {
        match self {
            Self::KeyFile(path) => path.clone(),
            Self::Passphrase(_) => data_dir.join(KEY_FILE),
        }
    }
}

/// Where a passphrase is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Passphrase {
    /// In the first line of a file.
    File(PathBuf),
    /// What can be read from a descriptor that the caller opened.
    Descriptor(u32),
    /// In an environment variable.
    Variable(String),
    /// Nobody said.
    Missing,
}

/// Gives the engine the key or passphrase when it asks.
pub(crate) struct Keeper {
    protection: Protection,
    /// The variable's value if the passphrase is in one: the environment is not at hand later.
    variable: Option<Secret<String>>,
    /// What was read: a pipe can be read only once.
    found: OnceLock<Result<Secret<String>, String>>,
}

impl Keeper {
    /// A keeper that has read nothing yet.
    pub(crate) fn new(protection: Protection, environment: &Environment) -> Self {
        let variable = match &protection {
            Protection::Passphrase(Passphrase::Variable(name)) => environment.text(name),
            Protection::Passphrase(_) | Protection::KeyFile(_) => None,
        };
        Self {
            variable: variable.map(|value| Secret::new(value.to_owned())),
            protection,
            found: OnceLock::new(),
        }
    }

    fn passphrase(&self, source: &Passphrase) -> Result<Secret<String>, String> {
        let found = match source {
            Passphrase::File(path) => {
                let place = path.display().to_string();
                let file = File::open(path)
                    .map_err(|problem| unreadable(&format!("file {place}"), &problem))?;
                first_line(file, &format!("file {place}"))?
            }
            Passphrase::Descriptor(number) => {
                let place = format!("file descriptor {number}");
                let file = File::open(format!("/dev/fd/{number}"))
                    .map_err(|problem| unreadable(&place, &problem))?;
                first_line(file, &place)?
            }
            Passphrase::Variable(name) => self.variable.clone().ok_or_else(|| {
                format!("the passphrase should be in the variable {name}, which is not set")
            })?,
            Passphrase::Missing => {
                return Err("this store is protected with a passphrase: set \
                            PKICTL_PASSPHRASE_FILE, PKICTL_PASSPHRASE_FD or PKICTL_PASSPHRASE"
                    .to_owned());
            }
        };
        if found.expose().is_empty() {
            return Err("the passphrase is empty".to_owned());
        }
        Ok(found)
    }
}

impl Seal for Keeper {
    fn unlock(&self) -> Result<Unlock, SealError> {
        let unlock = match &self.protection {
            Protection::KeyFile(path) => key_file::read(path).map(Unlock::KeyFile),
            Protection::Passphrase(source) => {
                let found = self.found.get_or_init(|| self.passphrase(source));
                found.clone().map(Unlock::Passphrase)
            }
        };
        unlock.map_err(SealError::Unavailable)
    }

    /// A key that is about to take the place of the key file, or has just done so.
    fn successor(&self) -> Option<Unlock> {
        let Protection::KeyFile(path) = &self.protection else { return None };
        let next = key_file::read(&following(path)).or_else(|_| key_file::read(path));
        next.ok().map(Unlock::KeyFile)
    }
}

pub(crate) fn first_line(reader: impl Read, place: &str) -> Result<Secret<String>, String> {
    let mut line = String::new();
    // With its end, and one octet more.
    BufReader::new(reader.take(LONGEST_PASSPHRASE as u64 + 3))
        .read_line(&mut line)
        .map_err(|problem| unreadable(place, &problem))?;
    let ending = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(ending);
    let line = Secret::new(line);
    if LONGEST_PASSPHRASE < ending {
        return Err(format!(
            "cannot read the passphrase from {place}: its first line has more than \
             {LONGEST_PASSPHRASE} octets"
        ));
    }
    Ok(line)
}

fn unreadable(place: &str, problem: &std::io::Error) -> String {
    format!("cannot read the passphrase from {place}: {}", reason(problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unlocked(source: Passphrase, environment: &Environment) -> Result<String, String> {
        let keeper = Keeper::new(Protection::Passphrase(source), environment);
        match keeper.unlock() {
            Ok(Unlock::Passphrase(text)) => Ok(text.expose().clone()),
            Ok(Unlock::KeyFile(_)) => Err("a key file".to_owned()),
            Err(problem) => Err(problem.to_string()),
        }
    }

    #[test]
    fn a_passphrase_is_the_first_line_of_its_file() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("secret");
        let environment = Environment::default();
        std::fs::write(&path, "correct horse \r\nnot this\n").expect("written");
        let got = unlocked(Passphrase::File(path.clone()), &environment);
        assert_eq!(got.as_deref(), Ok("correct horse "));
        std::fs::write(&path, "\n").expect("written");
        let got = unlocked(Passphrase::File(path), &environment);
        assert_eq!(got, Err("the passphrase is empty".to_owned()));
    }

    /// A part of it would open the store, and whoever gave all of it elsewhere would not.
    #[test]
    fn a_passphrase_is_never_cut() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("secret");
        let environment = Environment::default();
        let longest = "x".repeat(LONGEST_PASSPHRASE);
        for end in ["", "\n", "\r\n"] {
            std::fs::write(&path, format!("{longest}{end}")).expect("written");
            let got = unlocked(Passphrase::File(path.clone()), &environment);
            assert_eq!(got.as_deref(), Ok(longest.as_str()), "{end:?}");
            std::fs::write(&path, format!("{longest}x{end}")).expect("written");
            let got = unlocked(Passphrase::File(path.clone()), &environment);
            let problem = got.expect_err("refused");
            assert!(problem.ends_with("has more than 4096 octets"), "{end:?}");
        }
        let endless = unlocked(Passphrase::File("/dev/zero".into()), &environment);
        assert!(endless.is_err());
    }

    #[test]
    fn a_passphrase_may_be_in_a_variable() {
        let source = Passphrase::Variable("P".to_owned());
        let set = Environment::of([("P", "x y")]);
        assert_eq!(unlocked(source.clone(), &set).as_deref(), Ok("x y"));
        let got = unlocked(source, &Environment::default()).expect_err("refused");
        assert!(got.contains("variable P, which is not set"), "{got}");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let environment = Environment::default();
        let got = unlocked(Passphrase::File("/none".into()), &environment);
        assert_eq!(
            got,
            Err("cannot read the passphrase from file /none: no such file or directory".to_owned())
        );
        assert!(unlocked(Passphrase::Missing, &environment).is_err());
    }
}
