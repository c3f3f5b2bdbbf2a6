//! The list and the files agree.

use std::collections::BTreeSet;
use std::fs;

use pkictl_tests::repository;

/// Files that are no entries.
const OTHERS: [&str; 3] = ["list.rs", "main.rs", "mount.rs"];

/// The rows of the table: number, and what its last cell says.
fn rows() -> Vec<(u32, String)> {
    let document = repository::read("docs/never-again.md");
    let rows = document.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let number = cells.first()?.parse().ok()?;
        Some((number, (*cells.last()?).to_owned()))
    });
    rows.collect()
}

#[test]
fn every_entry_has_a_file_or_a_reason() {
    let rows = rows();
    let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=28).collect::<Vec<u32>>());
    let mut listed = BTreeSet::new();
    for (number, test) in rows {
        match test.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
            Some((file, _)) => {
                assert!(listed.insert(file.to_owned()), "{number}: {file} is there twice");
            }
            None => assert!(test.starts_with("Not here: ") && 30 < test.len(), "{number}: {test}"),
        }
    }
    let folder = repository::root().join("tests/never_again");
    let files =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let files: BTreeSet<String> = files
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !OTHERS.contains(&name.as_str()))
        .collect();
    assert_eq!(files, listed);
}
