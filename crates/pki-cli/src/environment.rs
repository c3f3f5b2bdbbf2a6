//! The process's surroundings, as values: variables, streams, and whether anybody is watching.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::PathBuf;

/// Environment variables, and which streams are terminals.
#[derive(Debug, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process(stdout_is_terminal: bool) -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            stdout_is_terminal,
            stderr_is_terminal: false,
        }
    }

    /// The same, where standard error is a terminal: then what takes long says how far it is.
    #[must_use]
    pub fn with_stderr_terminal(self, stderr_is_terminal: bool) -> Self {
        Self { stderr_is_terminal, ..self }
    }

    /// An environment of these variables and no others, with output that is no terminal.
    pub fn of<N: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            stdout_is_terminal: false,
            stderr_is_terminal: false,
        }
    }

    /// The value of a variable. One that is empty counts as absent, and so does one that is not
    /// Unicode.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.raw(name)?.to_str()
    }

    /// The value of a variable that names a file or directory.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.raw(name).map(PathBuf::from)
    }

    /// The first of several variables that is set.
    pub(crate) fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.text(name))
    }

    /// Whether standard output is a terminal.
    pub(crate) fn stdout_is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }

    /// Whether standard error is a terminal.
    pub(crate) fn stderr_is_terminal(&self) -> bool {
        self.stderr_is_terminal
    }

    fn raw(&self, name: &str) -> Option<&OsStr> {
        self.variables
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }
}

/// Everything the program reads and writes apart from files.
pub struct Console<'a> {
    /// Read only when an argument asks for it.
    pub stdin: &'a mut dyn Read,
    /// Data and success.
    pub out: &'a mut dyn Write,
    /// Errors, warnings, and what is not there.
    pub err: &'a mut dyn Write,
    /// Variables and the terminal.
    pub environment: &'a Environment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_no_variable() {
        let environment = Environment::of([("A", ""), ("B", "b")]);
        assert_eq!(environment.text("A"), None);
        assert_eq!(environment.first(&["A", "B"]), Some("b"));
        assert_eq!(environment.path("C"), None);
    }
}
