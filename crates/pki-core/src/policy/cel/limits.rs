//! How large a policy and what it makes may be. The parser and the language have no bounds of
//! their own, and a policy runs in everybody's way.

use super::value::Value;

/// The longest expression, in octets.
pub(super) const MAX_TEXT: usize = 8 * 1024;
/// The longest program, in octets.
pub(super) const MAX_PROGRAM: usize = 64 * 1024;
/// The most variables.
pub(super) const MAX_VARIABLES: usize = 64;
/// The most nodes of one expression.
pub(super) const MAX_NODES: usize = 2_000;
/// How deep one expression may nest.
pub(super) const MAX_DEPTH: usize = 100;
/// How deep loops (`all`, `exists`, `map` and so on) may nest.
pub(super) const MAX_LOOPS: usize = 4;
/// How deep lists and maps may nest in each other, in a variable and in a request.
pub(super) const MAX_VALUE_DEPTH: usize = 32;
/// The most elements of a list or map.
pub(super) const MAX_ELEMENTS: usize = 10_000;
/// The longest text, in octets.
pub(super) const MAX_STRING: usize = 256 * 1024;
/// The steps of one evaluation, all its expressions together. A node is one step, and so are an
/// element of a list and sixteen octets of a text that are made or looked at.
pub(super) const MAX_STEPS: usize = 1_000_000;

/// Refuses an expression that is too long to be read.
pub(super) fn text(text: &str) -> Result<(), String> {
    match text.len() {
        ..=MAX_TEXT => Ok(()),
        length => Err(format!("expression is too long: {length} octets, at most {MAX_TEXT}")),
    }
}

pub(super) fn too_many_nodes() -> String {
    format!("expression is too large: at most {MAX_NODES} nodes")
}

pub(super) fn too_deep() -> String {
    format!("expression nests too deep: at most {MAX_DEPTH} levels")
}

pub(super) fn too_many_loops() -> String {
    format!("loops nest too deep: at most {MAX_LOOPS} levels")
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// The policy goes wrong; `||` and `&&` pass over it if the other side decides.
    #[error("{0}")]
    Wrong(String),
    /// A limit was reached. Nothing passes over that.
    #[error("{0}")]
    Limit(String),
}

impl Failure {
    pub(super) fn wrong<T>(what: impl Into<String>) -> Result<T, Self> {
        Err(Self::Wrong(what.into()))
    }

    /// What the reference says of values that an operator or function does not take.
    pub(super) fn no_overload() -> Self {
        Self::Wrong("no such overload".to_owned())
    }
}

/// What an evaluation may still do.
#[derive(Debug)]
pub(super) struct Budget {
    steps: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { steps: MAX_STEPS }
    }

    /// How many steps were taken.
    pub(super) fn spent(&self) -> usize {
        MAX_STEPS.saturating_sub(self.steps)
    }

    /// Takes steps, or says that there are none left.
    pub(super) fn take(&mut self, steps: usize) -> Result<(), Failure> {
        self.steps = self.steps.checked_sub(steps).ok_or_else(|| {
            self.steps = 0;
            Failure::Limit(format!("evaluation takes too long: at most {MAX_STEPS} steps"))
        })?;
        Ok(())
    }

    /// Pays for a text before it is made.
    pub(super) fn text(&mut self, octets: usize) -> Result<(), Failure> {
        if MAX_STRING < octets {
            let what = format!("text is too long: {octets} octets, at most {MAX_STRING}");
            return Err(Failure::Limit(what));
        }
        self.take(octets / 16)
    }

    /// Pays for the elements of a list or map before it is made.
    pub(super) fn elements(&mut self, count: usize) -> Result<(), Failure> {
        if MAX_ELEMENTS < count {
            let what = format!("list is too long: {count} elements, at most {MAX_ELEMENTS}");
            return Err(Failure::Limit(what));
        }
        self.take(count)
    }

    /// Pays for looking at all of a value, and bounds how deep it nests.
    pub(super) fn walk(&mut self, value: &Value) -> Result<(), Failure> {
        self.walk_within(value, MAX_VALUE_DEPTH)
    }

    fn walk_within(&mut self, value: &Value, depth: usize) -> Result<(), Failure> {
        let Some(below) = depth.checked_sub(1) else {
            let what = format!("value nests too deep: at most {MAX_VALUE_DEPTH} levels");
            return Err(Failure::Limit(what));
        };
        self.take(1)?;
        match value {
            Value::String(text) => self.text(text.len()),
            Value::Bytes(octets) => self.text(octets.len()),
            Value::List(items) => {
                self.elements(items.len())?;
                items.iter().try_for_each(|item| self.walk_within(item, below))
            }
            Value::Map(map) => {
                self.elements(map.len())?;
                map.iter().try_for_each(|(key, value)| {
                    self.text(key.size())?;
                    self.walk_within(value, below)
                })
            }
            Value::Message(message) => {
                message.fields().values().try_for_each(|value| self.walk_within(value, below))
            }
            Value::Optional(Some(inner)) => self.walk_within(inner, below),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Uint(_)
            | Value::Double(_)
            | Value::Timestamp(_)
            | Value::Duration(_)
            | Value::Optional(None)
            | Value::Type(_) => Ok(()),
        }
    }
}
