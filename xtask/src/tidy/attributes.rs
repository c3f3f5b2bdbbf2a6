//! A lint is silenced with a reason.

use super::{Finding, Tree};

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for source in &tree.sources {
        for opening in ["[allow(", "[expect("] {
            for at in source.occurrences(opening) {
                let attribute = source.code.get(at..).and_then(|code| code.split(']').next());
                if !attribute.is_some_and(|text| text.contains("reason")) {
                    let what = "say why: #[expect(lint, reason = \"...\")]";
                    findings.push(Finding::new(&source.name, source.line_at(at), what));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn silence_needs_a_reason() {
        let text = "#[allow(a)]\n#[allow(\n    a,\n    reason = \"b\"\n)]\n#![expect(a)]\n";
        let findings = found(check, &[("a.rs", text)]);
        assert_eq!(findings.len(), 2, "{findings:?}");
    }
}
