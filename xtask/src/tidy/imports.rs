//! Imports come in three blocks: of the standard library, of other crates, of this crate.

use super::{Finding, Tree};
use crate::source::Source;

/// The blocks, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Block {
    Standard,
    Others,
    Ours,
}

/// One `use` at the left edge of a file.
struct Import {
    line: usize,
    block: Block,
    /// Whether it follows the one before without an empty line.
    follows: bool,
}

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for source in &tree.sources {
        let imports = imports(source);
        for pair in imports.windows(2) {
            if let [one, next] = pair
                && let Some(what) = wrong(one, next)
            {
                findings.push(Finding::new(&source.name, next.line, what));
            }
        }
    }
}

fn wrong(one: &Import, next: &Import) -> Option<&'static str> {
    if next.block < one.block {
        return Some("order imports: std, other crates, this crate");
    }
    match (next.block == one.block, next.follows) {
        (true, false) => Some("imports of one block stand together: remove the empty line"),
        (false, true) => Some("imports come in three blocks: put an empty line before this one"),
        _ => None,
    }
}

/// Private imports; what is made public again stands where its reader looks for it.
fn imports(source: &Source) -> Vec<Import> {
    let mut imports = Vec::new();
    let (mut follows, mut is_inside) = (false, false);
    for (index, (code, text)) in source.code.lines().zip(source.text.lines()).enumerate() {
        if is_inside {
            is_inside = !code.contains(';');
        } else if let Some(path) = code.strip_prefix("use ") {
            // A module of the file itself may stand with other crates, as rustfmt puts it.
            if !is_module(first(path), source) {
                imports.push(Import { line: index + 1, block: block(path), follows });
            }
            follows = true;
            is_inside = !code.contains(';');
        } else if text.trim().is_empty() || code.trim_start_matches("pub ").starts_with("mod ") {
            follows = false;
        }
    }
    imports
}

fn block(path: &str) -> Block {
    match first(path) {
        "std" | "core" | "alloc" => Block::Standard,
        "crate" | "super" | "self" => Block::Ours,
        _ => Block::Others,
    }
}

/// The first word of a path.
fn first(path: &str) -> &str {
    let path = path.trim_start_matches("::");
    path.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or(path)
}

fn is_module(name: &str, source: &Source) -> bool {
    let wanted = format!("mod {name};");
    source.code.lines().any(|line| line.ends_with(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[track_caller]
    fn check_imports(text: &str, wrong: usize) {
        let findings = found(check, &[("a.rs", text)]);
        assert_eq!(findings.len(), wrong, "{text}\n{findings:?}");
    }

    #[test]
    fn three_blocks_in_order() {
        let good =
            "mod a;\n\nuse std::fmt;\nuse std::{\n    io,\n};\n\nuse clap::Arg;\n\nuse a::B;\n";
        check_imports(good, 0);
        check_imports("use std::fmt;\nuse clap::Arg;\n", 1);
        check_imports("use clap::Arg;\n\nuse std::fmt;\n", 1);
        check_imports("use std::fmt;\n\nuse std::io;\n", 1);
        check_imports("use crate::a;\npub use b::c;\nuse crate::d;\n", 0);
    }

    #[test]
    fn our_other_crates_are_others() {
        check_imports("use pki_store::Key;\nuse serde::Serialize;\n\nuse crate::a;\n", 0);
        check_imports("use pki_store::Key;\nuse crate::a;\n", 1);
    }
}
