//! Words that are not to be committed. They are written in pieces here, so that this file may.

use super::{Finding, Tree};
use crate::source::Source;
use crate::workspace::TextFile;

/// Marks of unfinished work, as whole words of any text.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// The same, as code.
const UNFINISHED_CODE: [&str; 3] =
    [concat!("todo", "!"), concat!("unimplemented", "!"), concat!("#[", "ignore")];

/// Directories of one machine, anywhere.
const PLACES: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Directories of one machine in prose; in examples and tests they stand for the reader's.
const PLACES_IN_PROSE: [&str; 3] =
    [concat!("/tm", "p/"), concat!("/ho", "me/"), concat!("/Use", "rs/")];

/// Parts of the names of hosts that hand out packages.
const REGISTRIES: [&str; 8] =
    ["artifactory", "crates", "goproxy", "mirror", "mirrors", "nexus", "pypi", "registry"];

/// Where every locked package comes from.
const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in &tree.files {
        match file.name.rsplit('/').next() {
            Some("Cargo.lock") => locked(file, findings),
            _ => {
                let source = tree.sources.iter().find(|source| source.name == file.name);
                text(file, source, findings);
            }
        }
    }
    for source in &tree.sources {
        code(source, findings);
    }
}

fn code(source: &Source, findings: &mut Vec<Finding>) {
    for piece in UNFINISHED_CODE {
        for at in source.occurrences(piece) {
            let what = format!("{piece} is not to be committed: finish it");
            findings.push(Finding::new(&source.name, source.line_at(at), what));
        }
    }
}

fn text(file: &TextFile, source: Option<&Source>, findings: &mut Vec<Finding>) {
    let mut is_example = false;
    let mut code = source.map(|source| source.code.lines());
    for (index, line) in file.text.lines().enumerate() {
        is_example ^= source.is_none() && line.trim_start().starts_with("```");
        let code = code.as_mut().and_then(Iterator::next);
        let prose = match code {
            Some(code) => comment(line, code),
            None if is_example || !file.name.ends_with(".md") => "",
            None => line,
        };
        let wrong = wrong(line, prose);
        findings.extend(wrong.map(|what| Finding::new(&file.name, index + 1, what)));
    }
}

/// What is in a comment of a line of Rust: what follows the slashes that are not code.
fn comment<'a>(line: &'a str, code: &str) -> &'a str {
    let is_comment = |at: &usize| code.get(*at..).is_none_or(|rest| rest.trim().is_empty());
    let start = line.find("//").filter(is_comment);
    start.and_then(|at| line.get(at..)).unwrap_or_default()
}

fn wrong(line: &str, prose: &str) -> Option<String> {
    let mut words = line.split(|c: char| !c.is_alphanumeric());
    if let Some(word) = words.find(|word| UNFINISHED.contains(word)) {
        return Some(format!("{word} is not to be committed: do it, or open an issue"));
    }
    let place = PLACES.iter().find(|place| names(line, place));
    let place = place.or_else(|| PLACES_IN_PROSE.iter().find(|place| names(prose, place)));
    if let Some(place) = place {
        return Some(format!("{place} is a directory of one machine: say what it is for instead"));
    }
    let host = hosts(line).find(|host| host.split('.').any(|part| REGISTRIES.contains(&part)))?;
    Some(format!("{host} hands out packages: leave it to the configuration of each machine"))
}

/// Whether a text names a directory, and not one of the same name in another.
fn names(text: &str, place: &str) -> bool {
    let starts = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | '=' | ':'))
    };
    text.match_indices(place).any(|(at, _)| starts(at))
}

/// The hosts of the URLs of a line.
fn hosts(line: &str) -> impl Iterator<Item = &str> {
    line.split("://").skip(1).map(|rest| {
        rest.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
            .next()
            .unwrap_or(rest)
    })
}

fn locked(file: &TextFile, findings: &mut Vec<Finding>) {
    for (index, line) in file.text.lines().enumerate() {
        if let Some(source) = line.strip_prefix("source = ")
            && source.trim_matches('"') != INDEX
        {
            let what = format!("locked from {source}: lock it from {INDEX}");
            findings.push(Finding::new(&file.name, index + 1, what));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[track_caller]
    fn check_text(name: &str, text: &str, wrong: usize) {
        let findings = found(check, &[(name, text)]);
        assert_eq!(findings.len(), wrong, "{text}\n{findings:?}");
    }

    #[test]
    fn nothing_is_left_undone() {
        check_text("a.md", concat!("TO", "DO: it\n"), 1);
        check_text("a.rs", concat!("// FIX", "ME\nfn a() { todo", "!() }\n"), 2);
        check_text("a.rs", concat!("#[", "ignore]\nfn a() {}\n"), 1);
        check_text("a.md", "mastodons TODOs\n", 0);
    }

    #[test]
    fn no_machine_is_named() {
        check_text("a.md", concat!("see /tm", "p/x\n"), 1);
        check_text("a.md", concat!("```sh\npkictl -data-dir=/tm", "p/x\n```\n"), 0);
        check_text("a.rs", concat!("f(\"/ho", "me/x\"); // /ho", "me/y\n"), 1);
        check_text("a.rs", concat!("f(\"/ho", "me/x\");\n"), 0);
        check_text("a.md", "pkictl write pki/root/generate/internal\n", 0);
        check_text("a.toml", concat!("x = \"/wo", "rk/x\"\n"), 1);
    }

    #[test]
    fn no_registry_is_named() {
        check_text("a.md", concat!("https:/", "/index.crates.io/x\n"), 1);
        check_text("a.md", concat!("https:/", "/pki.example.com/crates\n"), 0);
        check_text("Cargo.lock", "source = \"registry+https://example.com/index\"\n", 1);
        check_text("Cargo.lock", &format!("source = \"{INDEX}\"\n"), 0);
    }
}
