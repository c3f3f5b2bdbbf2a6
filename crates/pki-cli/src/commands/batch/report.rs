//! Rows that cannot be carried out, as they are told.

use std::io::Write;
use std::path::Path;

use pki_core::Error;
use pki_core::field::FieldError;
use serde_json::{Map, Value, json};

use super::rows::{BadRow, Row};
use crate::failure::Failure;

/// Rows whose failures programs are told in full. People are told of all as they are found.
const MOST: usize = 1_000;

/// The rows that are bad, as far as they are to be remembered.
#[derive(Default)]
pub(super) struct Report {
    pub(super) count: u64,
    failures: Vec<Value>,
    /// What was last told that is not about one parameter, with the line it was told of and the
    /// last line that had it too.
    told: Option<(String, u64, u64)>,
}

impl Report {
    /// Takes note of a bad row, and tells of it; lines that follow each other with one cause that
    /// lies in no parameter, such as a role that is not there, are told of together.
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
            None => match &mut self.told {
                Some((told, _, last)) if told == problem && *last + 1 == *line => *last = *line,
                _ => {
                    self.tell_rest(input, err)?;
                    writeln!(err, "{place}: {problem}")?;
                    self.told = Some((problem.clone(), *line, *line));
                }
            },
            Some((column, value)) => {
                self.tell_rest(input, err)?;
                writeln!(err, "{place}: {column} {:?}: {problem}", shortened(value))?;
            }
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

    /// Tells which more lines there were like the last one.
    ///
    /// # Errors
    ///
    /// When it cannot be told.
    pub(super) fn tell_rest(&mut self, input: &Path, err: &mut dyn Write) -> Result<(), Failure> {
        let Some((_, first, last)) = self.told.take() else { return Ok(()) };
        let input = input.display();
        match last - first {
            0 => Ok(()),
            1 => Ok(writeln!(err, "{input}:{last}: the same")?),
            _ => Ok(writeln!(err, "{input}:{}-{last}: the same", first + 1)?),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_no_parameter_is_told_together() {
        let none = |line| BadRow { line, at: None, problem: "unknown role: none".to_owned() };
        let of = |line, value: &str| BadRow {
            line,
            at: Some(("ttl".to_owned(), value.to_owned())),
            problem: "no".to_owned(),
        };
        let (mut report, mut err) = (Report::default(), Vec::new());
        let input = Path::new("a.csv");
        let rows = [2, 3, 4].map(none).into_iter().chain([5, 6].map(|line| of(line, "x")));
        for bad in rows.chain([7, 8, 10, 11, 12, 14].map(none)) {
            report.add(input, &bad, &mut err).unwrap();
        }
        report.tell_rest(input, &mut err).unwrap();
        assert_eq!(
            String::from_utf8(err).unwrap(),
            "a.csv:2: unknown role: none\n\
             a.csv:3-4: the same\n\
             a.csv:5: ttl \"x\": no\n\
             a.csv:6: ttl \"x\": no\n\
             a.csv:7: unknown role: none\n\
             a.csv:8: the same\n\
             a.csv:10: unknown role: none\n\
             a.csv:11-12: the same\n\
             a.csv:14: unknown role: none\n"
        );
        assert_eq!((report.count, report.into_values().len()), (11, 11));
    }
}
