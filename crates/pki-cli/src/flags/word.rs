//! One word of a command line.

use crate::failure::Failure;

/// What a word is, as far as one can tell from itself.
pub(super) enum Word<'a> {
    /// A flag, with the value that is in the same word.
    Flag { name: &'a str, value: Option<&'a str> },
    /// `--`: no more flags.
    End,
    /// Anything else.
    Other,
}

impl<'a> Word<'a> {
    /// Looks at a word.
    ///
    /// # Errors
    ///
    /// When it has more dashes than a flag can have, or no name.
    pub(super) fn read(word: &'a str) -> Result<Self, Failure> {
        let Some(flag) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            return Ok(Self::Other);
        };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        if flag.is_empty() {
            return Ok(Self::End);
        }
        if flag.starts_with(['-', '=']) {
            return Err(Failure::Usage(format!("bad flag syntax: {word}")));
        }
        Ok(match flag.split_once('=') {
            Some((name, value)) => Self::Flag { name, value: Some(value) },
            None => Self::Flag { name: flag, value: None },
        })
    }
}

/// The words that Go takes for a boolean.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
