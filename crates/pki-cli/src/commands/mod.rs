//! The commands, and what they share.

mod batch;
mod completion;
mod delete;
mod hints;
mod lease;
mod list;
mod maintain;
mod path_help;
mod pki;
mod read;
mod secrets;
mod store;
mod write;

use std::cell::Cell;

use pki_core::api::suggest::is_name;
use pki_core::{Error, Operation};
use serde_json::{Map, Value};

use crate::args::{Command, LeaseCommand, PkiCommand, SecretsCommand, StoreCommand};
use crate::config::Settings;
use crate::environment::Console;
use crate::failure::{Failure, refusal};
use crate::output::{self, Answer, Format};
use crate::session::{self, Session};

/// What every command works with.
struct Context<'a, 'c> {
    console: &'a mut Console<'c>,
    settings: &'a Settings,
    format: Format,
    /// Set when a command found that there is no store.
    no_store: &'a Cell<bool>,
}

/// Runs a command. `strays` are words of data that look like flags.
pub(crate) fn run(
    command: Command,
    strays: &[String],
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let format = settings.format(command.format_flag())?;
    if format == Format::Raw && !matches!(command, Command::Read(_)) {
        return Err(Failure::Usage(
            "This command does not support the -format=raw option.".to_owned(),
        ));
    }
    if !strays.is_empty() && format == Format::Table {
        writeln!(
            console.err,
            "Command flags must be provided before positional arguments. \
             The following arguments will not be parsed as flags: [{}]",
            strays.iter().map(|stray| shown(stray)).collect::<Vec<_>>().join(",")
        )?;
    }
    let no_store = Cell::new(false);
    let outcome = dispatch(
        command,
        Context { console: &mut *console, settings, format, no_store: &no_store },
    );
    if !no_store.get() {
        return outcome;
    }
    let hint = session::no_store_hint(settings);
    match outcome {
        Err(Failure::Refused(text)) => Err(Failure::Refused(format!("{text}\n{hint}"))),
        outcome => {
            writeln!(console.err, "{hint}")?;
            outcome
        }
    }
}

/// A word that looks like a flag, as far as it does: it may be the text of a key.
fn shown(stray: &str) -> String {
    match stray.split_once('=') {
        _ if is_name(stray) => stray.to_owned(),
        Some((name, value)) if is_name(name) && is_name(value) => stray.to_owned(),
        Some((name, _)) if is_name(name) => format!("{name}=…"),
        _ => "-…".to_owned(),
    }
}

fn dispatch(command: Command, context: Context<'_, '_>) -> Result<(), Failure> {
    match command {
        Command::Read(args) => read::run(args, context),
        Command::Write(args) => write::run(args, Operation::Write, context),
        Command::Delete(args) => delete::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Patch(args) => write::run(args, Operation::Patch, context),
        Command::Batch(args) => batch::run(&args, context),
        Command::PathHelp(args) => path_help::run(&args, context),
        Command::Secrets(command) => secrets::run(*command, context),
        Command::Lease(command) => lease::run(command, context),
        Command::Pki(command) => pki::run(*command, context),
        Command::Revoke(args) => pki::run(PkiCommand::Revoke(args), context),
        Command::Maintain(args) => maintain::run(&args, context),
        Command::Store(command) => store::run(*command, context),
        Command::Completion(args) => completion::run(&args, context),
        Command::Version(_) => version(context.console),
    }
}

/// Prints the version.
pub(crate) fn version(console: &mut Console<'_>) -> Result<(), Failure> {
    Ok(writeln!(console.out, "pkictl v{}", env!("CARGO_PKG_VERSION"))?)
}

impl Command {
    fn format_flag(&self) -> Option<&str> {
        let flag = match self {
            Self::Read(args) => &args.format,
            Self::Write(args) | Self::Patch(args) => &args.format,
            Self::Delete(args) => &args.format,
            Self::List(args) => &args.format,
            Self::Batch(args) => &args.format,
            Self::PathHelp(args) => &args.format,
            Self::Secrets(command) => match command.as_ref() {
                SecretsCommand::List(args) => &args.format,
                SecretsCommand::Enable(_)
                | SecretsCommand::Disable(_)
                | SecretsCommand::Tune(_)
                | SecretsCommand::Move(_) => return None,
            },
            Self::Lease(command) => match command {
                LeaseCommand::Lookup(args) => &args.format,
                LeaseCommand::Renew(args) => &args.format,
                LeaseCommand::Revoke(_) => return None,
            },
            Self::Pki(command) => match command.as_ref() {
                PkiCommand::HealthCheck(args) => &args.format,
                PkiCommand::Issue(args) | PkiCommand::Reissue(args) => &args.format,
                PkiCommand::VerifySign(args) => &args.format,
                PkiCommand::ListIntermediates(args) => &args.format,
                PkiCommand::Find(args) => &args.format,
                PkiCommand::Revoke(args) => &args.format,
            },
            Self::Revoke(args) => &args.format,
            Self::Maintain(args) => &args.format,
            Self::Store(command) => match command.as_ref() {
                StoreCommand::Check(args) => &args.format,
                StoreCommand::Stats(args) => &args.format,
                StoreCommand::Backup(args) => &args.format,
                StoreCommand::Restore(args) => &args.format,
                StoreCommand::Rekey(_) => return None,
            },
            Self::Completion(_) | Self::Version(_) => return None,
        };
        flag.format.as_deref()
    }
}

impl Context<'_, '_> {
    /// The engine over the user's store.
    fn session(&self) -> Result<Session, Failure> {
        let session = Session::open(self.settings, self.console.environment)?;
        self.no_store.set(!session.is_stored());
        Ok(session)
    }

    /// Asks for a change. `doing` is what to call it if it fails.
    fn change(
        &mut self,
        operation: Operation,
        path: &str,
        data: Map<String, Value>,
        doing: &str,
    ) -> Result<Answer, Failure> {
        let session = self.session()?;
        let sent: Vec<String> = data.keys().cloned().collect();
        let answer = match session.ask(operation, path, data) {
            Ok(answer) => answer,
            Err(error) => {
                // Before the refusal, whose end scripts look at.
                for hint in hints::after(&session, (operation, path), &sent, &error) {
                    writeln!(self.console.err, "Hint: {hint}")?;
                }
                return Err(refusal(doing, &error));
            }
        };
        // Deleting from nothing succeeds, as everywhere; anything else would be lost.
        if session.is_stored() || operation == Operation::Delete {
            Ok(answer)
        } else {
            Err(Failure::Refused(format!("Error {doing}: there is no store")))
        }
    }

    /// Reads the data among the words of a line.
    fn data(&mut self, words: &[String], kind: &str) -> Result<Map<String, Value>, Failure> {
        crate::kv::parse(words, self.console.stdin)
            .map_err(|problem| Failure::Usage(format!("Failed to parse {kind} data: {problem}")))
    }

    /// Shows an answer, or the field of it that was asked for.
    fn show(&mut self, secret: output::Secret, field: Option<&str>) -> Result<(), Failure> {
        match field.filter(|name| !name.is_empty()) {
            Some(name) => output::field(self.console, self.format, secret, name),
            None => output::secret(self.console, self.format, secret),
        }
    }

    /// Shows the answer to a change, or says that it was made.
    fn show_change(
        &mut self,
        answer: Answer,
        field: Option<&str>,
        (doing, done): (&str, &str),
    ) -> Result<(), Failure> {
        match answer {
            Answer::Done => output::success(self.console, self.format, done),
            Answer::Secret(secret) => self.show(secret, field),
            Answer::File { content_type, .. } => Err(not_an_envelope(doing, content_type)),
        }
    }
}

/// Whether an error only says that there is no such record or path.
fn is_absent(error: &Error) -> bool {
    error.class() == pki_core::ErrorClass::NotFound
}

/// Ends a command for which there is nothing at a path.
fn no_value(path: &str) -> Failure {
    Failure::Refused(format!("No value found at {path}"))
}

/// Ends a command that was answered with a file it cannot show.
fn not_an_envelope(doing: &str, content_type: &str) -> Failure {
    Failure::Refused(format!(
        "Error {doing}: the answer is {content_type}, not JSON; use: pkictl read -format=raw"
    ))
}

/// A path as it is asked for and shown: without blanks and slashes around it.
fn trimmed(path: &str) -> &str {
    path.trim().trim_matches('/')
}

/// A path of a mount: with one slash at the end.
fn mount_path(path: &str) -> String {
    format!("{}/", trimmed(path))
}

/// The words of a command that takes a fixed number of them.
fn exactly<const N: usize>(words: &[String]) -> Result<&[String; N], Failure> {
    let count = words.len();
    words.try_into().map_err(|_| {
        let problem = if count < N { "Not enough" } else { "Too many" };
        Failure::Usage(format!("{problem} arguments (expected {N}, got {count})"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_trimmed() {
        assert_eq!(trimmed(" /pki/config/crl// "), "pki/config/crl");
        assert_eq!(mount_path("/pki"), "pki/");
        assert_eq!(mount_path("pki/"), "pki/");
    }

    #[test]
    fn words_are_counted() {
        let words = ["a".to_owned(), "b".to_owned()];
        assert!(exactly::<2>(&words).is_ok());
        for (problem, want) in [
            (exactly::<1>(&words).err(), "Too many arguments (expected 1, got 2)"),
            (exactly::<3>(&words).err(), "Not enough arguments (expected 3, got 2)"),
        ] {
            let text = problem.and_then(|failure| failure.into_parts().0);
            assert_eq!(text.as_deref(), Some(want));
        }
    }
}
