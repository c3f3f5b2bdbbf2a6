//! `cargo xtask tidy`: the rules of this house that a compiler does not know.

mod attributes;
mod confined;
mod crates;
mod imports;
mod layers;
mod length;
mod records;
mod reference;
mod secrets;
mod words;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::source::Source;
use crate::workspace::{self, TextFile};

/// A rule that does not hold, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    file: String,
    line: usize,
    what: String,
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// All files, read once.
pub(crate) struct Tree {
    files: Vec<TextFile>,
    sources: Vec<Source>,
}

impl Tree {
    fn read(root: &Path) -> Result<Self> {
        Ok(Self::of(workspace::text_files(root)?))
    }

    fn of(files: Vec<TextFile>) -> Self {
        let rust = files.iter().filter(|file| file.name.ends_with(".rs"));
        let sources = rust.map(|file| Source::new(&file.name, &file.text)).collect();
        Self { files, sources }
    }

    fn file(&self, name: &str) -> Option<&TextFile> {
        self.files.iter().find(|file| file.name == name)
    }
}

/// One check: it adds what it finds.
type Check = fn(&Tree, &mut Vec<Finding>);

const CHECKS: &[Check] = &[
    attributes::check,
    confined::check,
    crates::check,
    imports::check,
    layers::check,
    length::check,
    records::check,
    reference::check,
    words::check,
];

/// Runs the task.
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let tree = Tree::read(&workspace::root())?;
    match words {
        [] => (),
        [word] if word == "-secrets" => {
            secrets::list(&tree);
            return Ok(ExitCode::SUCCESS);
        }
        _ => bail!("tidy takes no words but -secrets"),
    }
    let findings = findings(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    length::report(&tree);
    if findings.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("tidy: {} findings", findings.len());
    Ok(ExitCode::FAILURE)
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in CHECKS {
        check(tree, &mut findings);
    }
    findings.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    findings
}

/// What a check finds in files with these names and texts: for the tests of the checks.
#[cfg(test)]
fn found(check: Check, files: &[(&str, &str)]) -> Vec<String> {
    let text_file =
        |(name, text): &(&str, &str)| TextFile { name: (*name).into(), text: (*text).into() };
    let tree = Tree::of(files.iter().map(text_file).collect());
    let mut findings = Vec::new();
    check(&tree, &mut findings);
    findings.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        let findings = findings(&Tree::read(&workspace::root()).unwrap());
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
    }
}
