//! What could come next on a command line, asked by a shell at each TAB.
//!
//! A shell's script sets `PKICTL_COMPLETE` and gives the words up to the cursor, the last one
//! unfinished and perhaps empty. Each line of the answer is a word, whole, with a TAB and an
//! explanation if there is one. A word that can go on ends with `=` or `/`. Whatever goes wrong,
//! there is only no answer: nobody wants to read errors while typing.

mod line;

use pki_core::{Candidate, Operation};
use serde_json::{Map, Value};

use crate::args::GlobalFlags;
use crate::config::Settings;
use crate::environment::Console;
use crate::failure::Failure;
use crate::output::{Answer, Format};
use crate::session::{self, Session};
use line::{Line, Wanted};

/// The shells and their scripts.
pub(crate) const SHELLS: [(&str, &str); 3] = [
    ("bash", include_str!("pkictl.bash")),
    ("zsh", include_str!("pkictl.zsh")),
    ("fish", include_str!("pkictl.fish")),
];

/// Prints ways to go on with the last of some words.
pub(crate) fn answer(words: Vec<String>, console: &mut Console<'_>) -> Result<(), Failure> {
    let root = crate::command();
    let line = Line::read(&root, words);
    let typed = line.typed.as_str();
    let mut found = match &line.wanted {
        Wanted::Command(parent) => commands(parent),
        Wanted::Flag(command) => flags(&root, command, typed),
        Wanted::FlagValue { name, before } => values(name, before),
        Wanted::Word { command, earlier } => {
            data(command, earlier, typed, &line.flags, console).unwrap_or_default()
        }
        Wanted::Nothing => Vec::new(),
    };
    found.retain(|candidate| candidate.text.starts_with(typed));
    found.sort_by(|a, b| a.text.cmp(&b.text));
    found.dedup_by(|a, b| a.text == b.text);
    for candidate in found {
        match candidate.help {
            Some(help) => writeln!(console.out, "{}\t{}", candidate.text, one_line(&help))?,
            None => writeln!(console.out, "{}", candidate.text)?,
        }
    }
    Ok(())
}

fn commands(parent: &clap::Command) -> Vec<Candidate> {
    parent
        .get_subcommands()
        .map(|command| Candidate {
            text: command.get_name().to_owned(),
            help: command.get_about().map(ToString::to_string),
        })
        .collect()
}

/// With as many dashes as were typed, at least one.
fn flags(root: &clap::Command, command: &clap::Command, typed: &str) -> Vec<Candidate> {
    let dashes = if typed.starts_with("--") { "--" } else { "-" };
    command
        .get_arguments()
        .chain(root.get_arguments())
        .filter(|arg| !arg.is_hide_set())
        .filter_map(|arg| {
            let value = if arg.get_action().takes_values() { "=" } else { "" };
            Some(Candidate {
                text: format!("{dashes}{}{value}", arg.get_long()?),
                help: arg.get_help().map(ToString::to_string),
            })
        })
        .collect()
}

/// The values of a flag, each after what was typed before it.
fn values(name: &str, before: &str) -> Vec<Candidate> {
    let words: Vec<&str> = match name {
        "format" => Format::NAMES.iter().map(|(word, _)| *word).collect(),
        "listing-visibility" => vec!["hidden", "unauth"],
        _ => Vec::new(),
    };
    words.into_iter().map(|word| plain(format!("{before}{word}"))).collect()
}

/// Paths, mounts, parameters: what only the engine knows.
fn data(
    command: &[&str],
    earlier: &[String],
    typed: &str,
    flags: &GlobalFlags,
    console: &Console<'_>,
) -> Option<Vec<Candidate>> {
    match (command, earlier.len()) {
        (["secrets", "enable"], 0) => return Some(vec![plain("pki".to_owned())]),
        (["completion"], 0) => {
            return Some(SHELLS.iter().map(|(name, _)| plain((*name).to_owned())).collect());
        }
        _ => {}
    }
    let settings = Settings::resolve(flags, console.environment).ok()?;
    // Looking must not make anything.
    if !session::exists(&settings) {
        return None;
    }
    let session = Session::open(&settings, console.environment).ok()?;
    let (operation, takes_data) = match command {
        ["read"] => (Operation::Read, true),
        ["path-help"] => (Operation::Read, false),
        ["write"] => (Operation::Write, true),
        ["patch"] => (Operation::Patch, true),
        ["delete"] => (Operation::Delete, true),
        ["list"] => (Operation::List, false),
        ["batch"] => (Operation::Write, false),
        ["secrets", "disable" | "tune" | "move"] | ["pki", "find" | "revoke"]
            if earlier.is_empty() =>
        {
            return Some(mounts(&session));
        }
        ["maintain" | "revoke"] => return Some(mounts(&session)),
        _ => return None,
    };
    match earlier.split_first() {
        None => Some(session.engine().complete_path(operation, typed)),
        Some((path, _)) if takes_data => {
            Some(session.engine().complete_parameter(operation, path, typed))
        }
        Some(_) => None,
    }
}

fn mounts(session: &Session) -> Vec<Candidate> {
    match session.ask(Operation::Read, "sys/mounts", Map::new()) {
        Ok(Answer::Secret(secret)) => secret
            .data
            .unwrap_or_default()
            .into_iter()
            .map(|(path, mount)| Candidate {
                text: path,
                help: mount
                    .get("description")
                    .and_then(Value::as_str)
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned),
            })
            .collect(),
        Ok(Answer::Done | Answer::File { .. }) | Err(_) => Vec::new(),
    }
}

fn plain(text: String) -> Candidate {
    Candidate { text, help: None }
}

/// The first sentence, without what would end the line.
fn one_line(help: &str) -> String {
    let text = help.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.split_once(". ") {
        Some((sentence, _)) => sentence.to_owned(),
        None => text.trim_end_matches('.').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::environment::Environment;

    use super::*;

    fn completed(words: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a directory");
        let place = folder.path().join("store");
        let environment = Environment::of([("PKICTL_DATA_DIR", &place)]);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console {
            stdin: &mut std::io::empty(),
            out: &mut out,
            err: &mut err,
            environment: &environment,
        };
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        answer(words, &mut console).expect("an answer");
        assert_eq!(err, b"");
        assert!(!place.exists());
        let text = String::from_utf8(out).expect("text");
        let first = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
        text.lines().map(first).collect()
    }

    #[test]
    fn commands_are_completed() {
        assert_eq!(completed(&["pa"]), ["patch", "path-help"]);
        assert_eq!(completed(&["secrets", "t"]), ["tune"]);
        assert_eq!(completed(&["-data-dir", "x", "wr"]), ["write"]);
        assert_eq!(completed(&["secrets", "enable", ""]), ["pki"]);
        assert_eq!(completed(&["completion", ""]), ["bash", "fish", "zsh"]);
    }

    #[test]
    fn flags_are_completed_with_the_dashes_that_were_typed() {
        assert_eq!(completed(&["write", "-fo"]), ["-force", "-format="]);
        assert_eq!(completed(&["write", "--fo"]), ["--force", "--format="]);
        assert_eq!(completed(&["-data"]), ["-data-dir="]);
    }

    #[test]
    fn values_of_flags_are_completed() {
        assert_eq!(completed(&["read", "-format=y"]), ["-format=yaml", "-format=yml"]);
        assert_eq!(completed(&["read", "-format", "j"]), ["json"]);
        assert_eq!(completed(&["read", "-field", ""]), [""; 0]);
    }

    #[test]
    fn without_a_store_there_is_silence() {
        assert_eq!(completed(&["read", "pki/"]), [""; 0]);
        assert_eq!(completed(&["write", "pki/issue/web", "co"]), [""; 0]);
        assert_eq!(completed(&["nonsense", ""]), [""; 0]);
    }

    #[test]
    fn explanations_are_one_sentence() {
        assert_eq!(one_line("Go on\nwithout data. More."), "Go on without data");
        assert_eq!(one_line("Show."), "Show");
    }
}
