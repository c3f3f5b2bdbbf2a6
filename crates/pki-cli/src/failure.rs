//! How a command ends when it does not succeed, and with which exit status.

use std::fmt::Write as _;
use std::io;

use pki_core::{Error, ErrorClass};

/// Success.
pub const SUCCESS: u8 = 0;
/// The command line, or something on this side of the engine, is at fault.
pub const USAGE: u8 = 1;
/// The engine refused, failed, or has no such record.
pub const REFUSED: u8 = 2;
/// There is no such command.
pub const UNKNOWN_COMMAND: u8 = 127;
/// The reader of our output went away: what a shell reports for a process that `SIGPIPE` ended.
pub const BROKEN_PIPE: u8 = 141;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller's words or files are at fault; the text says how.
    Usage(String),
    /// The engine refused, or there is nothing to show; the text is complete.
    Refused(String),
    /// Everything has been said on the streams.
    Said(u8),
    /// Output could not be written.
    Output(io::Error),
}

impl Failure {
    /// What to print on standard error, if anything, and the exit status.
    pub(crate) fn into_parts(self) -> (Option<String>, u8) {
        match self {
            Self::Usage(text) => (Some(text), USAGE),
            Self::Refused(text) => (Some(text), REFUSED),
            Self::Said(status) => (None, status),
            Self::Output(problem) if problem.kind() == io::ErrorKind::BrokenPipe => {
                (None, BROKEN_PIPE)
            }
            Self::Output(problem) => {
                (Some(format!("Error writing output: {}", reason(&problem))), USAGE)
            }
        }
    }
}

impl From<io::Error> for Failure {
    fn from(problem: io::Error) -> Self {
        Self::Output(problem)
    }
}

/// A refusal in the form that scripts look for: what was done, `Code:`, and a line that starts
/// with a star for each message.
///
/// `doing` is for instance `writing data to pki/roles/web`.
pub(crate) fn refusal(doing: &str, error: &Error) -> Failure {
    Failure::Refused(explained(&format!("Error {doing}"), error))
}

/// The text of a refusal, for commands that say in their own words what they were doing.
pub(crate) fn explained(lead: &str, error: &Error) -> String {
    let messages = error.messages();
    // What is wrong with the store or its key is no answer to the request.
    let local = matches!(error, Error::Store(_) | Error::Seal(_));
    if local || error.class() == ErrorClass::Unavailable {
        return format!("{lead}: {error}");
    }
    let mut text = format!("{lead}: Error making API request.\n\n");
    let _infallible = write!(text, "Code: {}. Errors:\n\n", error.class().http_status());
    for (index, message) in messages.iter().enumerate() {
        if index != 0 {
            text.push('\n');
        }
        text.push_str("* ");
        text.push_str(message);
    }
    text
}

/// A system error in lower case and without its number, as it reads after `open x: `.
pub(crate) fn reason(problem: &io::Error) -> String {
    let text = problem.to_string();
    let text = match text.split_once(" (os error") {
        Some((words, _)) => words,
        None => &text,
    };
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_well_within_a_sentence() {
        let missing = io::Error::from_raw_os_error(2);
        assert_eq!(reason(&missing), "no such file or directory");
    }

    #[test]
    fn a_broken_pipe_is_quiet() {
        let gone = Failure::Output(io::ErrorKind::BrokenPipe.into());
        assert_eq!(gone.into_parts(), (None, BROKEN_PIPE));
    }

    #[test]
    fn statuses_tell_who_is_at_fault() {
        let (text, status) = Failure::Usage("x".to_owned()).into_parts();
        assert_eq!((text.as_deref(), status), (Some("x"), USAGE));
        assert_eq!(Failure::Refused(String::new()).into_parts().1, REFUSED);
        assert_eq!(Failure::Said(127).into_parts(), (None, 127));
    }
}
