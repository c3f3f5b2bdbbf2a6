//! Decisions are numbered, and the list of them is complete.

use super::{Finding, Tree};

const FOLDER: &str = "docs/adr/";

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let list = tree.file("docs/adr/README.md");
    let in_folder = tree.files.iter().filter_map(|file| file.name.strip_prefix(FOLDER));
    let records = in_folder.filter(|name| *name != "README.md");
    let mut next = 1;
    for record in records {
        let file = format!("{FOLDER}{record}");
        let number = record.split_once('-').and_then(|(number, _)| number.parse::<u32>().ok());
        if number != Some(next) || !record.ends_with(".md") {
            let what = format!("the next is {next:04}-<title>.md: numbers have no gaps");
            findings.push(Finding::new(&file, 1, what));
        }
        next = number.unwrap_or(next) + 1;
        if list.is_some_and(|list| !list.text.contains(record)) {
            findings.push(Finding::new(&file, 1, "list it in docs/adr/README.md"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn records_are_numbered_and_listed() {
        let list = ("docs/adr/README.md", "[1](0001-store.md)");
        assert_eq!(found(check, &[("docs/adr/0001-store.md", ""), list]), [""; 0]);
        assert_eq!(found(check, &[("docs/adr/0002-store.md", "")]).len(), 1);
        assert_eq!(found(check, &[("docs/adr/0001-other.md", ""), list]).len(), 1);
    }
}
