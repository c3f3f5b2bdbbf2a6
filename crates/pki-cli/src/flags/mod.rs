//! Flags as Go programs take them, turned into words that clap takes.
//!
//! One dash or two; `-name=value` or `-name value`; switches also as `-name=false`. Flags end at
//! the first word that is none: what comes later is data even if it starts with a dash, except
//! for the few flags in [`ANYWHERE`].

mod given;
mod server;
mod word;

use std::collections::VecDeque;

use crate::failure::Failure;
use given::{Given, find};
use word::Word;

pub(crate) use word::parse_bool;

/// Flags that also count after the first word that is no flag, where a command has them.
const ANYWHERE: [&str; 9] =
    ["format", "detailed", "data-dir", "config", "in", "out", "jobs", "check", "resume"];

/// Older spellings of commands.
const ALIASES: [(&str, [&str; 2]); 5] = [
    ("mount", ["secrets", "enable"]),
    ("mounts", ["secrets", "list"]),
    ("mount-tune", ["secrets", "tune"]),
    ("unmount", ["secrets", "disable"]),
    ("remount", ["secrets", "move"]),
];

/// What a command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// To run a command.
    Run {
        /// What clap is to parse.
        words: Vec<String>,
        /// Words that look like flags and are data.
        strays: Vec<String>,
    },
    /// Help on a command, or on the program.
    Help(Vec<String>),
    /// The version.
    Version,
    /// No command that there is; the word in its place, if any.
    NoCommand(Option<String>),
    /// A command that only groups others.
    Group(Vec<String>),
    /// A command, with flags before it that do not belong there.
    Misplaced(Vec<String>),
}

/// Reads a command line, without the name of the program.
///
/// # Errors
///
/// When a flag is not one of the command's, or has no value, or one it cannot have.
pub(crate) fn read(root: &clap::Command, words: Vec<String>) -> Result<Line, Failure> {
    let mut rest = VecDeque::from(words);
    let mut given = Given::default();
    let (command, path, misplaced) = match find_command(root, &mut given, &mut rest)? {
        Start::Command { command, path, misplaced } => (command, path, misplaced),
        Start::Other(line) => return Ok(line),
    };
    let help = ["-h", "-help", "--help"];
    if rest.iter().any(|word| help.contains(&word.as_str())) {
        return Ok(Line::Help(path));
    }
    if misplaced {
        return Ok(Line::Misplaced(path));
    }
    read_flags(root, command, &mut given, &mut rest)?;
    let (data, strays) = read_data(root, command, &mut given, &mut rest)?;
    Ok(Line::Run {
        words: path
            .into_iter()
            .chain(given.into_words())
            .chain(["--".to_owned()])
            .chain(data)
            .collect(),
        strays,
    })
}

/// How a line starts.
enum Start<'a> {
    /// With a command that does something.
    Command {
        command: &'a clap::Command,
        path: Vec<String>,
        /// There were flags before it that do not belong there.
        misplaced: bool,
    },
    /// In a way that ends it.
    Other(Line),
}

/// Takes the words up to the command, and it.
fn find_command<'a>(
    root: &'a clap::Command,
    given: &mut Given,
    rest: &mut VecDeque<String>,
) -> Result<Start<'a>, Failure> {
    let mut path: Vec<String> = Vec::new();
    let mut command = root;
    let mut misplaced = false;
    while command.has_subcommands() {
        let Some(word) = rest.pop_front() else {
            return Ok(Start::Other(incomplete(path, None)));
        };
        match Word::read(&word)? {
            Word::Flag { name: "h" | "help", .. } => return Ok(Start::Other(Line::Help(path))),
            Word::Flag { name: "v" | "version", .. } if path.is_empty() => {
                return Ok(Start::Other(Line::Version));
            }
            Word::Flag { name, value } => match find(root, root, name) {
                Some(flag) => given.take(&flag, value, rest)?,
                None => misplaced = true,
            },
            Word::End | Word::Other => {
                match (alias(&word, &path), command.find_subcommand(&word)) {
                    (Some(words), _) => {
                        words.into_iter().rev().for_each(|word| rest.push_front(word));
                    }
                    (None, Some(found)) => {
                        path.push(found.get_name().to_owned());
                        command = found;
                    }
                    (None, None) => return Ok(Start::Other(incomplete(path, Some(word)))),
                }
            }
        }
    }
    Ok(Start::Command { command, path, misplaced })
}

/// A line without a command, or with one that does nothing by itself.
fn incomplete(path: Vec<String>, word: Option<String>) -> Line {
    if path.is_empty() { Line::NoCommand(word) } else { Line::Group(path) }
}

/// What each command is called that a user may still know by an older name.
fn alias(word: &str, path: &[String]) -> Option<Vec<String>> {
    if !path.is_empty() {
        return None;
    }
    let (_, words) = ALIASES.iter().find(|(old, _)| *old == word)?;
    Some(words.map(str::to_owned).to_vec())
}

/// Takes the flags up to the first word that is none.
fn read_flags(
    root: &clap::Command,
    command: &clap::Command,
    given: &mut Given,
    rest: &mut VecDeque<String>,
) -> Result<(), Failure> {
    while let Some(word) = rest.pop_front() {
        match Word::read(&word)? {
            Word::Other => {
                rest.push_front(word);
                break;
            }
            Word::End => break,
            Word::Flag { name, value } => {
                if let Some(flag) = find(root, command, name) {
                    given.take(&flag, value, rest)?;
                } else {
                    server::skip(name, value, rest)?;
                }
            }
        }
    }
    Ok(())
}

/// Takes what is left: data, flags that count anywhere, and data that looks like flags.
fn read_data(
    root: &clap::Command,
    command: &clap::Command,
    given: &mut Given,
    rest: &mut VecDeque<String>,
) -> Result<(Vec<String>, Vec<String>), Failure> {
    let (mut data, mut strays) = (Vec::new(), Vec::new());
    while let Some(word) = rest.pop_front() {
        if let Ok(Word::Flag { name, value }) = Word::read(&word)
            && ANYWHERE.contains(&name)
            && let Some(flag) = find(root, command, name)
        {
            given.take(&flag, value, rest)?;
            continue;
        }
        if word.starts_with('-') && word != "-" {
            strays.push(word.clone());
        }
        data.push(word);
    }
    Ok((data, strays))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> Result<Line, String> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        read(&crate::command(), words).map_err(|failure| failure.into_parts().0.unwrap_or_default())
    }

    #[track_caller]
    fn check(words: &[&str], want: &[&str], strays: &[&str]) {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let want = Line::Run { words: owned(want), strays: owned(strays) };
        assert_eq!(line(words), Ok(want), "{words:?}");
    }

    #[test]
    fn flags_have_one_dash_or_two() {
        let want = ["read", "--format=json", "--", "p"];
        check(&["read", "-format=json", "p"], &want, &[]);
        check(&["read", "--format=json", "p"], &want, &[]);
        check(&["read", "-format", "json", "p"], &want, &[]);
        check(&["read", "--format", "json", "p"], &want, &[]);
        check(&["write", "-f", "p"], &["write", "--force", "--", "p"], &[]);
        check(&["write", "-force=true", "p"], &["write", "--force", "--", "p"], &[]);
        check(&["write", "-force", "-force=F", "p"], &["write", "--", "p"], &[]);
        check(&["read", "-field", "-x", "p"], &["read", "--field=-x", "--", "p"], &[]);
        check(&["read", "-field=a", "-field=b"], &["read", "--field=b", "--"], &[]);
    }

    #[test]
    fn flags_end_at_the_first_other_word() {
        check(
            &["write", "p", "a=b", "-force", "-x=1", "-"],
            &["write", "--", "p", "a=b", "-force", "-x=1", "-"],
            &["-force", "-x=1"],
        );
        check(&["write", "--", "-p", "a=b"], &["write", "--", "-p", "a=b"], &["-p"]);
    }

    #[test]
    fn some_flags_count_anywhere() {
        check(&["read", "p", "-format=json"], &["read", "--format=json", "--", "p"], &[]);
        check(&["list", "p", "--format", "JSON"], &["list", "--format=JSON", "--", "p"], &[]);
        check(&["list", "p", "-detailed"], &["list", "--detailed", "--", "p"], &[]);
        check(&["read", "p", "-detailed"], &["read", "--", "p", "-detailed"], &["-detailed"]);
        let want = ["read", "--data-dir=d", "--", "p"];
        check(&["-data-dir", "d", "read", "p"], &want, &[]);
        check(&["--data-dir=d", "read", "p"], &want, &[]);
        check(&["read", "p", "-data-dir=d"], &want, &[]);
        check(&["read", "-data-dir=c", "p", "-data-dir=d"], &want, &[]);
    }

    #[test]
    fn flags_that_repeat_keep_their_commas() {
        let flag = "-passthrough-request-headers";
        check(
            &["secrets", "tune", &format!("{flag}=A,B"), flag, "C", "pki"],
            &[
                "secrets",
                "tune",
                "--passthrough-request-headers=A,B",
                "--passthrough-request-headers=C",
                "--",
                "pki",
            ],
            &[],
        );
    }

    #[test]
    fn old_commands_have_new_names() {
        check(&["mount", "-path=x", "pki"], &["secrets", "enable", "--path=x", "--", "pki"], &[]);
        check(&["mounts"], &["secrets", "list", "--"], &[]);
        check(&["remount", "a", "b"], &["secrets", "move", "--", "a", "b"], &[]);
    }

    #[test]
    fn flags_for_a_server_are_dropped_or_refused() {
        check(
            &["read", "-address=x", "-namespace", "ns", "-tls-skip-verify", "p"],
            &["read", "--", "p"],
            &[],
        );
        let got = line(&["read", "-wrap-ttl=5m", "p"]);
        let want = "flag -wrap-ttl is not supported: there is no server to keep a wrapped answer";
        assert_eq!(got, Err(want.to_owned()));
    }

    #[test]
    fn wrong_flags_are_named() {
        for (words, want) in [
            (&["read", "-colour", "p"] as &[&str], "flag provided but not defined: -colour"),
            (&["read", "-force=true", "p"], "flag provided but not defined: -force"),
            (&["secrets", "enable", "-format=json"], "flag provided but not defined: -format"),
            (&["read", "-format"], "flag needs an argument: -format"),
            (&["read", "p", "-format"], "flag needs an argument: -format"),
            (&["read", "-address"], "flag needs an argument: -address"),
            (&["read", "---x"], "bad flag syntax: ---x"),
            (&["read", "-=x"], "bad flag syntax: -=x"),
            (
                &["write", "-force=maybe", "p"],
                "invalid boolean value \"maybe\" for -force: write true or false",
            ),
        ] {
            assert_eq!(line(words), Err(want.to_owned()), "{words:?}");
        }
    }

    #[test]
    fn lines_without_a_command_are_told_apart() {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        for (words, want) in [
            (&[] as &[&str], Line::NoCommand(None)),
            (&["-data-dir=d"], Line::NoCommand(None)),
            (&["wrte", "x"], Line::NoCommand(Some("wrte".to_owned()))),
            (&["secrets"], Line::Group(owned(&["secrets"]))),
            (&["secrets", "explode"], Line::Group(owned(&["secrets"]))),
            (&["-help"], Line::Help(Vec::new())),
            (&["read", "p", "a=b", "--help"], Line::Help(owned(&["read"]))),
            (&["read", "-bogus", "-h"], Line::Help(owned(&["read"]))),
            (&["secrets", "-h"], Line::Help(owned(&["secrets"]))),
            (&["mount", "-h"], Line::Help(owned(&["secrets", "enable"]))),
            (&["-version"], Line::Version),
            (&["-v"], Line::Version),
            (&["-format=json", "read", "p"], Line::Misplaced(owned(&["read"]))),
        ] {
            assert_eq!(line(words), Ok(want), "{words:?}");
        }
    }
}
