//! Calls the program as a function, with nothing from the real environment.

use std::ffi::OsString;
use std::path::PathBuf;

use pki_cli::{Console, Environment};

/// What the program left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A user with a home directory of their own, and no store yet.
pub(crate) struct Caller {
    home: tempfile::TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl Caller {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let variables = vec![("HOME".into(), home.path().into())];
        Self { home, variables }
    }

    /// Sets an environment variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Where this user's store is by default.
    pub(crate) fn store(&self) -> PathBuf {
        self.home.path().join(".local/share/pkictl")
    }

    /// Writes a file below the home directory and gives its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.home.path().join(name);
        let folder = path.parent().expect("a directory");
        std::fs::create_dir_all(folder).expect("made");
        std::fs::write(&path, content).expect("written");
        path.to_str().expect("text").to_owned()
    }

    pub(crate) fn call(&self, words: &[&str]) -> Outcome {
        self.call_with_input(words, "")
    }

    pub(crate) fn call_with_input(&self, words: &[&str], input: &str) -> Outcome {
        let environment = Environment::of(self.variables.iter().cloned());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = pki_cli::run(
            words.iter().map(OsString::from),
            &mut Console {
                stdin: &mut input.as_bytes(),
                out: &mut out,
                err: &mut err,
                environment: &environment,
            },
        );
        Outcome {
            status,
            out: String::from_utf8(out).expect("text"),
            err: String::from_utf8(err).expect("text"),
        }
    }
}
