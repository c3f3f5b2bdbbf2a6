//! Transcripts in documents: what is typed, and what is shown.
//!
//! In a block marked `console`, a line that starts with `$ ` is typed (and goes on after a `\`
//! at its end); the lines up to the next one are what is shown on both streams. `…` stands for
//! any text within a line, and for any lines when it is alone on one.

use crate::world::World;

/// A command and what it shows.
#[derive(Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Where the command stands in the document, for messages.
    pub line: usize,
    /// What is typed.
    pub command: String,
    /// What is shown, with `…` for what differs.
    pub shown: Vec<String>,
}

/// The blocks of a document that carry a mark, each with the number of its first line.
pub fn blocks<'a>(document: &'a str, mark: &str) -> Vec<(usize, Vec<&'a str>)> {
    let fence = format!("```{mark}");
    let mut found = Vec::new();
    let mut open: Option<(usize, Vec<&str>)> = None;
    for (number, line) in document.lines().enumerate() {
        if let Some(block) = &mut open {
            if line.trim_end() == "```" {
                found.extend(open.take());
            } else {
                block.1.push(line);
            }
        } else if line.trim_end() == fence {
            open = Some((number + 2, Vec::new()));
        }
    }
    assert!(open.is_none(), "a block that does not end");
    found
}

/// The exchanges in all `console` blocks of a document.
pub fn exchanges(document: &str) -> Vec<Exchange> {
    let mut found: Vec<Exchange> = Vec::new();
    for (first, lines) in blocks(document, "console") {
        let mut goes_on = false;
        for (offset, text) in lines.into_iter().enumerate() {
            if let Some(command) = text.strip_prefix("$ ") {
                let line = first + offset;
                found.push(Exchange { line, command: command.to_owned(), shown: Vec::new() });
            } else if let Some(exchange) = found.last_mut() {
                if goes_on {
                    exchange.command += "\n";
                    exchange.command += text;
                } else {
                    exchange.shown.push(text.to_owned());
                }
            }
            let typed = text.starts_with("$ ") || goes_on;
            goes_on = typed && text.ends_with('\\');
        }
    }
    found
}

/// Types every command of a document into a shell and compares what is shown.
#[track_caller]
pub fn replay(world: &World, name: &str, document: &str) {
    let exchanges = exchanges(document);
    assert!(!exchanges.is_empty(), "{name}: no console blocks");
    for Exchange { line, command, shown } in exchanges {
        let (status, got) = world.shell(&command);
        assert_eq!(status, 0, "{name}:{line}: {command}\n{got}");
        let lines: Vec<&str> = got.lines().collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        assert!(
            lines_match(&shown, &lines),
            "{name}:{line}: {command}\n--- document\n{}\n--- program\n{got}",
            shown.join("\n")
        );
    }
}

fn lines_match(pattern: &[&str], lines: &[&str]) -> bool {
    match (pattern, lines) {
        ([], []) => true,
        (["…", rest @ ..], _) => {
            (0..=lines.len()).any(|skip| lines_match(rest, lines.get(skip..).unwrap_or_default()))
        }
        ([first, rest @ ..], [line, more @ ..]) => {
            line_matches(first, line) && lines_match(rest, more)
        }
        _ => false,
    }
}

fn line_matches(pattern: &str, line: &str) -> bool {
    // What a table pads with is not worth writing down.
    let (pattern, line) = (pattern.trim_end(), line.trim_end());
    let Some((head, tail)) = pattern.split_once('…') else {
        return pattern == line;
    };
    line.strip_prefix(head).is_some_and(|line| {
        let mut starts = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        starts.any(|at| line_matches(tail, line.get(at..).unwrap_or_default()))
    })
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "the test is about how many there are")]
mod tests {
    use super::*;

    const DOCUMENT: &str = "\
text
```console
$ one \\
    two
shown …
$ three
```
```sh
$ not this
```
";

    #[test]
    fn commands_and_what_they_show_are_told_apart() {
        let got = exchanges(DOCUMENT);
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].command, "one \\\n    two");
        assert_eq!((got[0].line, &*got[0].shown), (3, ["shown …".to_owned()].as_slice()));
        assert_eq!((got[1].line, &*got[1].command), (6, "three"));
    }

    #[test]
    fn ellipses_stand_for_text_and_for_lines() {
        assert!(line_matches("a … c…", "a b c"));
        assert!(!line_matches("a … c", "a b c d"));
        assert!(lines_match(&["a", "…", "z"], &["a", "b", "c", "z"]));
        assert!(lines_match(&["a", "…"], &["a"]));
        assert!(!lines_match(&["a"], &["a", "b"]));
    }
}
