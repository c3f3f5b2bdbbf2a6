//! Where secrets are looked at: a list for reviewers.

use super::Tree;

/// Prints every place outside tests.
pub(super) fn list(tree: &Tree) {
    let mut count = 0;
    for source in &tree.sources {
        for at in source.occurrences("expose()") {
            if source.is_test(at) {
                continue;
            }
            let line = source.line_at(at);
            let text = source.text.lines().nth(line - 1).unwrap_or_default();
            println!("{}:{line}: {}", source.name, text.trim());
            count += 1;
        }
    }
    println!("{count} places");
}
