//! The types that parameters can have, and how they are read from the wire.

use serde_json::{Map, Value};
use zeroize::Zeroize as _;

use super::{FieldKind, FieldValue};
use crate::domain::secret::Secret;
use crate::domain::time::{NotADuration, parse_duration_seconds};

impl FieldValue for bool {
    const KIND: FieldKind = FieldKind::Bool;

    fn parse(raw: &Value) -> Result<Self, String> {
        let text = match raw {
            Value::Bool(value) => return Ok(*value),
            Value::Null => return Ok(false),
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) => return Err(wrong_type("bool", raw)),
        };
        match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(format!("cannot parse {text:?} as a bool: expected true or false")),
        }
    }

    fn render(&self) -> Value {
        (*self).into()
    }
}

impl FieldValue for i64 {
    const KIND: FieldKind = FieldKind::Int;

    fn parse(raw: &Value) -> Result<Self, String> {
        match raw {
            Value::Null => Ok(0),
            Value::Bool(value) => Ok((*value).into()),
            Value::Number(number) => parse_int(&number.to_string()),
            Value::String(text) if text.is_empty() => Ok(0),
            Value::String(text) => parse_int(text),
            Value::Array(_) | Value::Object(_) => Err(wrong_type("int", raw)),
        }
    }

    fn render(&self) -> Value {
        (*self).into()
    }
}

/// Whole numbers as Go reads them: `0x`, `0o`, `0b` and `0` say the base, `_` may part digits.
fn parse_int(text: &str) -> Result<i64, String> {
    let problem = || format!("cannot parse {text:?} as an int: expected a whole number");
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) if text.starts_with('-') => ("-", digits),
        Some(digits) => ("", digits),
        None => ("", text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, base)| Some((base, lower.strip_prefix(prefix)?)))
        .unwrap_or(match lower.strip_prefix('0') {
            Some(octal) if !octal.is_empty() => (8, octal),
            _ => (10, lower.as_str()),
        });
    if !digits.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Err(problem());
    }
    let digits = format!("{sign}{}", digits.replace('_', ""));
    i64::from_str_radix(&digits, base).map_err(|_| problem())
}

impl FieldValue for String {
    const KIND: FieldKind = FieldKind::String;

    fn parse(raw: &Value) -> Result<Self, String> {
        scalar_text(raw).ok_or_else(|| wrong_type("string", raw))
    }

    fn render(&self) -> Value {
        self.as_str().into()
    }

    fn into_rendered(self) -> Value {
        self.into()
    }
}

impl FieldValue for Secret<String> {
    const KIND: FieldKind = FieldKind::String;

    fn parse(raw: &Value) -> Result<Self, String> {
        let mut text = String::parse(raw)?;
        let secret = Self::new(text.clone());
        text.zeroize();
        Ok(secret)
    }

    fn render(&self) -> Value {
        self.expose().as_str().into()
    }
}

/// A scalar as text: numbers keep their digits, booleans are 1 and 0, null is empty.
fn scalar_text(raw: &Value) -> Option<String> {
    match raw {
        Value::Null => Some(String::new()),
        Value::Bool(value) => Some(if *value { "1" } else { "0" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A comma list: text is split at commas, a JSON list is not; every element is trimmed.
/// The most items of a list. Each takes far more memory than its text.
pub(crate) const MOST_ITEMS: usize = 100_000;

impl FieldValue for Vec<String> {
    const KIND: FieldKind = FieldKind::List;

    fn parse(raw: &Value) -> Result<Self, String> {
        let count = match raw {
            Value::String(text) => text.bytes().filter(|octet| *octet == b',').count(),
            Value::Array(items) => items.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => 0,
        };
        if MOST_ITEMS < count {
            return Err(format!("a list of more than {MOST_ITEMS} items"));
        }
        match raw {
            Value::Null => Ok(Self::new()),
            Value::String(text) if text.is_empty() => Ok(Self::new()),
            Value::Object(members) if members.is_empty() => Ok(Self::new()),
            Value::String(text) => Ok(text.split(',').map(|item| item.trim().to_owned()).collect()),
            Value::Array(items) => items.iter().enumerate().map(list_item).collect(),
            Value::Bool(_) | Value::Number(_) => Ok(scalar_text(raw).into_iter().collect()),
            Value::Object(_) => Err(wrong_type("list", raw)),
        }
    }

    fn render(&self) -> Value {
        self.iter().map(|item| Value::from(item.as_str())).collect()
    }
}

fn list_item((index, item): (usize, &Value)) -> Result<String, String> {
    scalar_text(item)
        .map(|text| text.trim().to_owned())
        .ok_or_else(|| format!("element {index}: {}", wrong_type("string", item)))
}

/// A lifetime in whole seconds, never negative. Zero means "not given" almost everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub i64);

impl Seconds {
    /// So many hours.
    pub const fn hours(hours: u32) -> Self {
        Self(hours as i64 * 3_600)
    }

    /// So many days.
    pub const fn days(days: u32) -> Self {
        Self::hours(days.saturating_mul(24))
    }

    /// The lifetime, unless it is zero.
    pub fn given(self) -> Option<i64> {
        (0 < self.0).then_some(self.0)
    }
}

impl std::str::FromStr for Seconds {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        parse_duration_seconds(text).map(Self)
    }
}

impl FieldValue for Seconds {
    const KIND: FieldKind = FieldKind::Duration;

    fn parse(raw: &Value) -> Result<Self, String> {
        let parsed = match raw {
            Value::Null => Ok(0),
            Value::Number(number) => parse_duration_seconds(&number.to_string()),
            Value::String(text) => parse_duration_seconds(text),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(NotADuration::NotText),
        };
        parsed.map(Self).map_err(|problem| problem.to_string())
    }

    fn render(&self) -> Value {
        self.0.into()
    }
}

/// A JSON object, as it was sent.
impl FieldValue for Map<String, Value> {
    const KIND: FieldKind = FieldKind::Map;

    fn parse(raw: &Value) -> Result<Self, String> {
        match raw {
            Value::Object(members) => Ok(members.clone()),
            _ => Err(wrong_type("map", raw)),
        }
    }

    fn render(&self) -> Value {
        Value::Object(self.clone())
    }
}

/// A JSON list of anything, as it was sent.
impl FieldValue for Vec<Value> {
    const KIND: FieldKind = FieldKind::Objects;

    fn parse(raw: &Value) -> Result<Self, String> {
        match raw {
            Value::Null => Ok(Self::new()),
            Value::Array(items) => Ok(items.clone()),
            _ => Err(wrong_type("slice", raw)),
        }
    }

    fn render(&self) -> Value {
        Value::Array(self.clone())
    }
}

/// A value that is shown as `null` when it is not there, where `Option` would leave it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nullable<T>(pub Option<T>);

impl<T: FieldValue> FieldValue for Nullable<T> {
    const KIND: FieldKind = T::KIND;

    fn parse(raw: &Value) -> Result<Self, String> {
        if raw.is_null() { Ok(Self(None)) } else { T::parse(raw).map(|value| Self(Some(value))) }
    }

    fn render(&self) -> Value {
        self.0.as_ref().map_or(Value::Null, T::render)
    }
}

fn wrong_type(wanted: &str, got: &Value) -> String {
    let got = match got {
        Value::Null => "null",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("expected type '{wanted}', got {got}")
}
