//! The flags of a command, and those that were given.

use std::collections::VecDeque;

use clap::{Arg, ArgAction};

use super::word::parse_bool;
use crate::failure::Failure;

/// A flag that a command declares.
pub(super) struct Flag {
    name: String,
    kind: Kind,
    repeats: bool,
}

/// What a flag takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A value, from the next word if it is not in the same.
    Text,
    /// Nothing, or a boolean in the same word.
    Switch,
    /// As a switch; but it is on by itself, so clap has to be told that it is off.
    Setting,
}

impl Kind {
    fn of(arg: &Arg) -> Self {
        match arg.get_action().takes_values() {
            false => Self::Switch,
            true if arg.is_require_equals_set() => Self::Setting,
            true => Self::Text,
        }
    }
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
                kind: Kind::of(arg),
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
        let value = match (flag.kind, value) {
            (Kind::Text, Some(text)) => Value::Text(text.to_owned()),
            (Kind::Text, None) => Value::Text(rest.pop_front().ok_or_else(|| no_value(name))?),
            (Kind::Switch, text) => Value::Switch(boolean(name, text)?),
            (Kind::Setting, text) => Value::Text(boolean(name, text)?.to_string()),
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

/// A switch that is only named is on.
fn boolean(name: &str, text: Option<&str>) -> Result<bool, Failure> {
    let Some(text) = text else { return Ok(true) };
    parse_bool(text).ok_or_else(|| {
        Failure::Usage(format!("invalid boolean value {text:?} for -{name}: write true or false"))
    })
}

/// Ends a line that stops after a flag that takes a value.
pub(super) fn no_value(name: &str) -> Failure {
    Failure::Usage(format!("flag needs an argument: -{name}"))
}
