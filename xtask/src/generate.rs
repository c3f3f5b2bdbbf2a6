//! `cargo xtask gen`: documents that are derived from declarations, and committed.

mod man;
mod openapi;
mod paths;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::{reference, workspace};

/// Where manual pages go; nothing else is in there.
const MAN: &str = "docs/man/";

const COMPATIBILITY: &str = "docs/compatibility.md";
const BEGIN: &str = "<!-- absences: written by cargo xtask gen -->";
const END: &str = "<!-- end of absences -->";

/// Files by their names below the root.
type Documents = BTreeMap<String, String>;

/// Runs the task.
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let root = workspace::root();
    let stale = stale(&root)?;
    match words {
        [] => {
            write(&root, &stale)?;
            println!("gen: {} files written or removed", stale.len());
            Ok(ExitCode::SUCCESS)
        }
        [word] if word == "-check" => {
            for name in stale.keys() {
                println!("{name}: is not what the declarations say: run cargo xtask gen");
            }
            Ok(if stale.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        _ => bail!("gen takes no words but -check"),
    }
}

/// Everything that is generated.
fn documents() -> Result<Documents> {
    let mut documents = man::pages()?;
    documents.insert("docs/paths.md".to_owned(), paths::document());
    documents.insert("docs/openapi.json".to_owned(), openapi::document()?);
    documents.insert(COMPATIBILITY.to_owned(), compatibility()?);
    Ok(documents)
}

/// The list of what is absent, between its marks in a document that is otherwise written by hand.
fn compatibility() -> Result<String> {
    let text_of = |name: &str| fs::read_to_string(workspace::root().join(name)).ok();
    let text = text_of(COMPATIBILITY).with_context(|| format!("reading {COMPATIBILITY}"))?;
    let (before, rest) = text.split_once(BEGIN).context("no mark where the list begins")?;
    let (_, after) = rest.split_once(END).context("no mark where the list ends")?;
    Ok(format!("{before}{BEGIN}\n{}{END}{after}", reference::section(text_of)?))
}

/// The files that are not as they should be, with what they should hold: nothing if they
/// should not be there.
fn stale(root: &Path) -> Result<BTreeMap<String, Option<String>>> {
    let documents = documents()?;
    let mut stale = BTreeMap::new();
    for name in present(root)? {
        if !documents.contains_key(&name) {
            stale.insert(name, None);
        }
    }
    for (name, text) in documents {
        if fs::read_to_string(root.join(&name)).ok().as_ref() != Some(&text) {
            stale.insert(name, Some(text));
        }
    }
    Ok(stale)
}

/// The manual pages that are there.
fn present(root: &Path) -> Result<Vec<String>> {
    let Ok(entries) = fs::read_dir(root.join(MAN)) else {
        return Ok(Vec::new());
    };
    let name = |entry: std::io::Result<fs::DirEntry>| {
        Ok(format!("{MAN}{}", entry?.file_name().to_string_lossy()))
    };
    entries.map(name).collect()
}

fn write(root: &Path, stale: &BTreeMap<String, Option<String>>) -> Result<()> {
    fs::create_dir_all(root.join(MAN))?;
    for (name, text) in stale {
        let path = root.join(name);
        match text {
            Some(text) => fs::write(&path, text),
            None => fs::remove_file(&path),
        }
        .with_context(|| format!("writing {name}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_is_current() {
        let stale = stale(&workspace::root()).unwrap();
        let names: Vec<&String> = stale.keys().collect();
        assert!(names.is_empty(), "run cargo xtask gen: {names:?}");
    }

    #[test]
    fn the_same_every_time() {
        assert_eq!(documents().unwrap(), documents().unwrap());
    }
}
