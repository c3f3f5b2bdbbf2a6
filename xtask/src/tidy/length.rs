//! Functions and files stay short.

use super::{Finding, Tree};
use crate::source::Function;

/// No function is longer.
const LONGEST_FUNCTION: usize = 80;
/// Nine functions in ten are shorter.
const MOST_FUNCTIONS: usize = 40;
/// No file is longer.
const LONGEST_FILE: usize = 600;
/// Files that are longer are reported.
const LONG_FILE: usize = 400;

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for source in &tree.sources {
        let lines = source.text.lines().count();
        if LONGEST_FILE < lines {
            let what = format!("{lines} lines, at most {LONGEST_FILE}: one idea for each file");
            findings.push(Finding::new(&source.name, 1, what));
        }
        for function in source.functions() {
            let Function { name, line, lines, .. } = function;
            if LONGEST_FUNCTION < lines {
                let what =
                    format!("{name} has {lines} lines, at most {LONGEST_FUNCTION}: split it");
                findings.push(Finding::new(&source.name, line, what));
            }
        }
    }
    let lengths = lengths(tree);
    let long = lengths.iter().filter(|lines| MOST_FUNCTIONS <= **lines).count();
    if lengths.len() < long * 10 {
        let what = format!(
            "{long} of {} functions have {MOST_FUNCTIONS} lines or more: at most one in ten may",
            lengths.len()
        );
        findings.push(Finding::new("crates", 1, what));
    }
}

/// The lengths of all functions that are no tests, shortest first.
fn lengths(tree: &Tree) -> Vec<usize> {
    let functions = tree.sources.iter().flat_map(|source| source.functions());
    let mut lengths: Vec<usize> =
        functions.filter(|function| !function.is_test).map(|function| function.lines).collect();
    lengths.sort_unstable();
    lengths
}

/// Prints what is long, though not too long.
pub(super) fn report(tree: &Tree) {
    for source in &tree.sources {
        let lines = source.text.lines().count();
        if LONG_FILE < lines && lines <= LONGEST_FILE {
            println!("note: {}: {lines} lines; more than {LONG_FILE} is long", source.name);
        }
    }
    let lengths = lengths(tree);
    let at = |tenths: usize| lengths.get(lengths.len() * tenths / 10).copied().unwrap_or_default();
    let longest = lengths.last().copied().unwrap_or_default();
    println!(
        "note: {} functions: half have at most {} lines, nine in ten at most {}, the longest {longest}",
        lengths.len(),
        at(5),
        at(9),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn length_has_limits() {
        let function = |lines: usize| format!("fn a() {{\n{}}}\n", "x();\n".repeat(lines));
        assert_eq!(found(check, &[("a.rs", &function(20))]), [""; 0]);
        assert_eq!(found(check, &[("a.rs", &function(78))]).len(), 1);
        assert_eq!(found(check, &[("a.rs", &function(79))]).len(), 2);
        assert_eq!(found(check, &[("a.rs", &"x();\n".repeat(601))]).len(), 1);
    }
}
