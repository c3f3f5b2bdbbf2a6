//! The flags of a command, and those that were given.

use std::collections::VecDeque;

use clap::ArgAction;

use super::word::parse_bool;
use crate::failure::Failure;

/// A flag that a command declares.
pub(super) struct Flag {
    name: String,
    takes_value: bool,
    repeats: bool,
}

/// The flag of a command, or one that every command has.
pub(super) fn find(root: &clap::Command, command: &clap::Command, name: &str) -> Option<Flag> {
    let mut letters = name.chars();
    let short = letters.next().filter(|_| letters.next().is_none());
    command
        .get_arguments()
        .chain(root.get_arguments())
        .find(|arg| arg.get_long() == Some(name) || (short.is_some() && arg.get_short() == short))
        .and_then(|arg| {
            Some(Flag {
                name: arg.get_long()?.to_owned(),
                takes_value: arg.get_action().takes_values(),
                repeats: matches!(arg.get_action(), ArgAction::Append),
            })
        })
}

/// The flags read so far. Of one that does not repeat, the last counts.
#[derive(Default)]
pub(super) struct Given(Vec<(String, Value)>);

enum Value {
    Text(String),
    Switch(bool),
}

impl Given {
    /// Takes a flag, and its value from the words that follow if it is not in the same word.
    ///
    /// # Errors
    ///
    /// When there is no value, or one that a switch cannot have.
    pub(super) fn take(
        &mut self,
        flag: &Flag,
        value: Option<&str>,
        rest: &mut VecDeque<String>,
    ) -> Result<(), Failure> {
        let name = &flag.name;
        let value = match (flag.takes_value, value) {
            (true, Some(text)) => Value::Text(text.to_owned()),
            (true, None) => Value::Text(rest.pop_front().ok_or_else(|| no_value(name))?),
            (false, None) => Value::Switch(true),
            (false, Some(text)) => Value::Switch(parse_bool(text).ok_or_else(|| {
                Failure::Usage(format!(
                    "invalid boolean value {text:?} for -{name}: write true or false"
                ))
            })?),
        };
        if !flag.repeats {
            self.0.retain(|(other, _)| other != name);
        }
        self.0.push((name.clone(), value));
        Ok(())
    }

    /// As clap reads them.
    pub(super) fn into_words(self) -> impl Iterator<Item = String> {
        self.0.into_iter().filter_map(|(name, value)| match value {
            Value::Text(text) => Some(format!("--{name}={text}")),
            Value::Switch(true) => Some(format!("--{name}")),
            Value::Switch(false) => None,
        })
    }
}

/// Ends a line that stops after a flag that takes a value.
pub(super) fn no_value(name: &str) -> Failure {
    Failure::Usage(format!("flag needs an argument: -{name}"))
}
