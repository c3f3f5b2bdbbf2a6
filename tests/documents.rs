//! What the documents claim is so.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pkictl_tests::{World, pkictl, repository, transcript};

/// All Markdown files of the repository that people write.
fn documents() -> Vec<PathBuf> {
    let root = repository::root();
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in ["", "docs", "docs/adr", "examples"] {
        let entries = fs::read_dir(root.join(folder)).expect("a folder");
        found.extend(
            entries
                .map(|entry| entry.expect("an entry").path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "md")),
        );
    }
    found.sort();
    found
}

/// The targets of the links in a text.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

#[test]
fn links_lead_somewhere() {
    for path in documents() {
        let text = fs::read_to_string(&path).expect("a document");
        let folder = path.parent().expect("a folder");
        for link in links(&text).filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = link.split('#').next().unwrap_or_default();
            assert!(folder.join(target).exists(), "{}: {link} is not there", path.display());
        }
    }
}

#[test]
fn the_page_on_embedding_shows_the_examples_as_they_are() {
    let page = repository::read("docs/embedding.md");
    let shown = transcript::blocks(&page, "rust");
    let shown: Vec<String> = shown.into_iter().map(|(_, lines)| lines.join("\n") + "\n").collect();
    for name in ["issue_in_memory.rs", "issuing_service.rs"] {
        let code = repository::read(&format!("examples/{name}"));
        assert!(shown.contains(&code), "docs/embedding.md does not show examples/{name} as it is");
    }
}

#[test]
fn embedding_takes_under_thirty_lines() {
    let code = repository::read("examples/issue_in_memory.rs");
    let lines =
        code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    assert!(lines.count() < 30);
}

#[test]
fn the_architecture_fits_on_two_pages() {
    let text = repository::read("ARCHITECTURE.md");
    assert!(text.split_whitespace().count() <= 1200, "two pages at most");
}

#[test]
fn every_decision_is_in_the_index() {
    let index = repository::read("docs/adr/README.md");
    let linked: BTreeSet<&str> = links(&index).collect();
    for path in documents() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.parent().is_some_and(|folder| folder.ends_with("adr")) && name != "README.md" {
            assert!(linked.contains(name.as_str()), "docs/adr/README.md does not list {name}");
        }
    }
}

/// Paths in a table of `docs/compatibility.md`: the first cell of its rows, in backticks.
fn rows_under(document: &str, heading: &str) -> BTreeSet<String> {
    let section = document.split("\n## ").find(|section| section.starts_with(heading));
    let section = section.unwrap_or_else(|| panic!("no section {heading:?}"));
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')).map(|(path, _)| path.to_owned()).collect()
}

/// Paths that `docs/compatibility.md` lists as not there: the second cell of its rows.
fn absent_paths(document: &str) -> BTreeSet<String> {
    let rows = document.lines().filter(|line| line.contains("| unsupported path |"));
    let cells = rows.filter_map(|row| row.split('|').nth(2));
    cells.map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
}

#[test]
fn the_table_of_paths_is_that_of_the_program() {
    let document = repository::read("docs/compatibility.md");
    let (done, missing) = (rows_under(&document, "Paths\n"), absent_paths(&document));
    let world = World::new(pkictl!());
    world.ok(&["secrets", "enable", "pki"]);
    let known = |path: &str| {
        let path = path.replace(":issuer_ref", "default").replace(":key_ref", "default");
        let path =
            path.replace(":serial", "11:22").replace(":exported", "internal").replace(":name", "x");
        let path = path.replace(":role", "x").replace(":shard", "1");
        world.run(&["path-help", &format!("pki/{path}")]).status == 0
    };
    assert!(!done.is_empty() && !missing.is_empty());
    for path in &done {
        assert!(known(path), "{path} is said to be done");
    }
    for path in &missing {
        let path = path.replace('…', "x");
        assert!(!known(&path), "{path} is done; docs/compatibility.md says it is not");
    }
}

#[test]
fn every_file_of_tests_here_is_run() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = repository::read("tests/Cargo.toml");
    for entry in fs::read_dir(here).expect("a folder") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if name.ends_with(".rs") {
            assert!(manifest.contains(&format!("path = \"{name}\"")), "{name} is no target");
        }
    }
}

#[test]
fn every_decision_that_shows_is_explained() {
    let document = repository::read("docs/compatibility.md");
    for line in repository::read("tests/conformance/deviations.yaml").lines() {
        let Some((_, rest)) = line.split_once("decision: ") else {
            continue;
        };
        let decision = rest.split(',').next().unwrap_or_default();
        assert!(document.contains(&format!("\n| {decision} | ")), "{decision} has no row");
    }
}
