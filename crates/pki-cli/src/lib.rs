//! The program `pkictl` as a function of its words, streams and environment.
//!
//! A command line is read in two steps: `flags` turns Go's way of writing flags into clap's,
//! and clap turns words into the types of `args`. A command makes a request of the engine and
//! hands the answer to `output`. There is one way out, `Failure`, which knows the exit
//! status.

mod args;
mod commands;
mod completion;
mod config;
mod durations;
mod environment;
mod failure;
mod flags;
mod help;
mod kv;
mod output;
mod seal;
mod session;
mod shell;
mod system;
mod text;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _};

pub use environment::{Console, Environment};
pub use failure::{BROKEN_PIPE, REFUSED, SUCCESS, UNKNOWN_COMMAND, USAGE};

use args::Cli;
use config::Settings;
use failure::Failure;
use flags::Line;

/// Set by the shells' scripts: the words are to be completed, not to be obeyed.
const COMPLETE: &str = "PKICTL_COMPLETE";

/// Runs the program with these words, without its own name, and gives its exit status.
pub fn run(words: impl IntoIterator<Item = OsString>, console: &mut Console<'_>) -> u8 {
    let outcome = text(words).and_then(|words| {
        if console.environment.text(COMPLETE).is_some() {
            return completion::answer(words, console);
        }
        obey(words, console)
    });
    // Success is only what has reached its reader.
    let flushed = console.out.flush().map_err(Failure::from);
    match outcome.and(flushed) {
        Ok(()) => SUCCESS,
        Err(failure) => {
            let (message, status) = failure.into_parts();
            if let Some(message) = message {
                // Nobody is left to tell when this fails.
                let _told = writeln!(console.err, "{message}");
            }
            status
        }
    }
}

/// The declarations of all commands and flags, for help and manual pages.
pub fn command() -> clap::Command {
    Cli::command()
}

fn text(words: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, Failure> {
    let text = |word: OsString| {
        word.into_string().map_err(|word| {
            let word = word.to_string_lossy();
            Failure::Usage(format!("argument {word:?} is not text in UTF-8"))
        })
    };
    words.into_iter().map(text).collect()
}

fn obey(words: Vec<String>, console: &mut Console<'_>) -> Result<(), Failure> {
    let declared = command();
    let (words, strays) = match flags::read(&declared, words)? {
        Line::Run { words, strays } => (words, strays),
        Line::Help(path) => return Ok(write!(console.out, "{}", help::of(&path))?),
        Line::Version => return commands::version(console),
        Line::NoCommand(word) => {
            if let Some(word) = word {
                writeln!(console.err, "There is no command {word:?}.\n")?;
            }
            write!(console.err, "{}", help::of(&[]))?;
            return Err(Failure::Said(UNKNOWN_COMMAND));
        }
        Line::Group(path) => {
            write!(console.err, "{}", help::of(&path))?;
            return Err(Failure::Said(USAGE));
        }
        Line::Misplaced(path) => {
            writeln!(
                console.err,
                "Invalid flags before the subcommand. If these flags are for\n\
                 the subcommand, please put them after the subcommand.\n"
            )?;
            write!(console.err, "{}", help::of(&path))?;
            return Err(Failure::Said(USAGE));
        }
    };
    let words = std::iter::once("pkictl".to_owned()).chain(words);
    let cli = declared
        .try_get_matches_from(words)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|problem| help::usage_error(&problem))?;
    let settings = Settings::resolve(&cli.global, console.environment)?;
    commands::run(cli.command, &strays, &settings, console)
}
