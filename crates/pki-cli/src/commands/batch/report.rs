//! Rows that cannot be carried out, as they are told.

use std::io::Write;
use std::path::Path;

use pki_core::Error;
use pki_core::field::FieldError;
use serde_json::{Map, Value, json};

use super::rows::{BadRow, Row};
use crate::failure::Failure;

/// Rows whose failures programs are told in full. People are told all of them as they are found.
const MOST: usize = 1_000;

/// The rows that are bad, as far as they are to be remembered.
#[derive(Default)]
pub(super) struct Report {
    pub(super) count: u64,
    failures: Vec<Value>,
}

impl Report {
    /// Takes note of a bad row, and tells of it.
    ///
    /// # Errors
    ///
    /// When it cannot be told.
    pub(super) fn add(
        &mut self,
        input: &Path,
        bad: &BadRow,
        err: &mut dyn Write,
    ) -> Result<(), Failure> {
        let BadRow { line, at, problem } = bad;
        let place = format!("{}:{line}", input.display());
        match at {
            Some((column, value)) => {
                writeln!(err, "{place}: {column} {:?}: {problem}", shortened(value))?;
            }
            None => writeln!(err, "{place}: {problem}")?,
        }
        self.count += 1;
        if self.failures.len() < MOST {
            let (column, value) = at.as_ref().map(|(c, v)| (c.as_str(), shortened(v))).unzip();
            self.failures.push(
                json!({ "line": line, "column": column, "value": value, "problem": problem }),
            );
        }
        Ok(())
    }

    /// The failures, for programs.
    pub(super) fn into_values(self) -> Vec<Value> {
        self.failures
    }
}

/// A row whose parameters do not have their types.
pub(super) fn untyped(line: u64, data: &Map<String, Value>, errors: &[FieldError]) -> Vec<BadRow> {
    let bad = |error: &FieldError| BadRow {
        line,
        at: Some((error.field.to_owned(), text(data.get(error.field)))),
        problem: error.problem.clone(),
    };
    errors.iter().map(bad).collect()
}

/// A row that was refused.
pub(super) fn refused(row: &Row, error: &Error) -> BadRow {
    let Row { line, data } = row;
    let candidates = match error {
        Error::Policy(violation) => violation.parameters(),
        _ => &[],
    };
    let problem = error.to_string();
    let given = candidates.iter().filter(|name| data.contains_key(**name));
    let given: Vec<(String, String)> =
        given.map(|name| ((*name).to_owned(), text(data.get(*name)))).collect();
    // Of several parameters that it may be, the one whose value the message quotes.
    let quoted = given.iter().find(|(_, value)| {
        value.split(',').any(|part| !part.trim().is_empty() && problem.contains(part.trim()))
    });
    let at = quoted.or(given.first()).cloned();
    BadRow { line: *line, at, problem }
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// The beginning of a value, as much as fits a line.
fn shortened(value: &str) -> String {
    const LONGEST: usize = 120;
    let mut short: String = value.chars().take(LONGEST).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}
