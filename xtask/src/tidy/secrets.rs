//! Where secrets are looked at: a list for reviewers.

use super::Tree;

/// Prints every place outside tests.
pub(super) fn list(tree: &Tree) {
    let mut count = 0;
    for source in &tree.sources {
        let places = source.occurrences("expose()").into_iter();
        let outside = places.filter(|at| !source.is_test(*at));
        let mut lines: Vec<usize> = outside.map(|at| source.line_at(at)).collect();
        lines.dedup();
        for line in lines {
            let text = source.text.lines().nth(line - 1).unwrap_or_default();
            println!("{}:{line}: {}", source.name, text.trim());
            count += 1;
        }
    }
    println!("{count} lines");
}
