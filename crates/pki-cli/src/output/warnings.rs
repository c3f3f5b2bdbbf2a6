//! Warnings for people, wrapped so that lines are as even as possible.

/// Columns that a wrapped line may take, before it is indented.
const WIDTH: usize = 76;

/// The banner and the warnings; nothing if there are none.
pub(crate) fn banner(warnings: &[String]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let mut text = "WARNING! The following warnings were returned from pkictl:\n\n".to_owned();
    for warning in warnings {
        for line in wrapped(&format!("* {warning}"), WIDTH) {
            text.push_str("  ");
            text.push_str(&line);
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// The words of a text in lines of at most `width` columns, broken where the squares of what
/// stays free add up to the least. The last line may be short at no cost; a word that is longer
/// than a line has one of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let lengths: Vec<usize> = words.iter().map(|word| word.chars().count()).collect();
    let ends = line_ends(&lengths, width);
    let mut lines = Vec::new();
    let mut start = 0;
    while let Some(end) = ends.get(start).copied() {
        lines.push(words.get(start..end).unwrap_or_default().join(" "));
        start = end;
    }
    lines
}

/// For each word, where the line that starts with it ends best. Found from the back: the best
/// way to break the rest does not depend on what comes before.
fn line_ends(lengths: &[usize], width: usize) -> Vec<usize> {
    let count = lengths.len();
    let mut costs = vec![0_usize; count.saturating_add(1)];
    let mut ends = vec![count; count];
    for start in (0..count).rev() {
        let mut best = None;
        let mut used = 0_usize;
        for (end, length) in lengths.iter().enumerate().skip(start) {
            used = used.saturating_add(*length);
            if width < used && start < end {
                break;
            }
            let rest = costs.get(end.saturating_add(1)).copied().unwrap_or_default();
            let free = width.saturating_sub(used);
            let cost = if end.saturating_add(1) == count {
                0
            } else {
                free.saturating_mul(free).saturating_add(rest)
            };
            // On a tie the shorter line wins.
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, end.saturating_add(1)));
            }
            used = used.saturating_add(1);
        }
        if let (Some((cost, end)), Some(cost_here), Some(end_here)) =
            (best, costs.get_mut(start), ends.get_mut(start))
        {
            *cost_here = cost;
            *end_here = end;
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(warning: &str, want: &[&str]) {
        let got = banner(&[warning.to_owned()]);
        let lines: Vec<&str> = got.lines().skip(2).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, want);
    }

    #[test]
    fn no_warnings_no_banner() {
        assert_eq!(banner(&[]), "");
    }

    #[test]
    fn each_warning_is_a_paragraph() {
        let got = banner(&["one".to_owned(), "two\nlines".to_owned()]);
        assert_eq!(
            got,
            "WARNING! The following warnings were returned from pkictl:\n\n\
             \x20 * one\n\n  * two lines\n\n"
        );
    }

    /// As printed by the reference for the same warnings.
    #[test]
    fn lines_are_even() {
        check(
            "it is encouraged to disable generate_lease and rely on PKI's native capabilities \
             when possible; this option can cause instance-wide issues with large numbers of \
             issued certificates",
            &[
                "  * it is encouraged to disable generate_lease and rely on PKI's native",
                "  capabilities when possible; this option can cause instance-wide issues with",
                "  large numbers of issued certificates",
            ],
        );
        check(
            "Issuing Certificate was set to default, but no default issuing certificate \
             (configurable at /config/issuers) is currently set",
            &[
                "  * Issuing Certificate was set to default, but no default issuing certificate",
                "  (configurable at /config/issuers) is currently set",
            ],
        );
    }

    #[test]
    fn a_long_word_stands_alone() {
        let long = "x".repeat(90);
        check(&format!("a {long} b"), &["  * a", &format!("  {long}"), "  b"]);
    }
}
