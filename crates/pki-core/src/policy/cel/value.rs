//! Values of policies. Cloning one never copies what it holds.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::messages::{self, MessageType};
use crate::domain::time::Timestamp;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    List(Arc<[Self]>),
    Map(Arc<BTreeMap<Key, Self>>),
    Timestamp(Timestamp),
    /// In nanoseconds.
    Duration(i64),
    Message(Arc<Message>),
    Optional(Option<Arc<Self>>),
    /// What `type(x)` gives.
    Type(&'static str),
}

/// A key of a map. Whole numbers are the same key with and without a sign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Bool(bool),
    Number(i128),
    Text(Arc<str>),
}

impl Key {
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(inner) => Some(Self::Bool(*inner)),
            Value::Int(number) => Some(Self::Number((*number).into())),
            Value::Uint(number) => Some(Self::Number((*number).into())),
            Value::String(text) => Some(Self::Text(Arc::clone(text))),
            _ => None,
        }
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Bool(inner) => Value::Bool(*inner),
            Self::Number(number) => i64::try_from(*number).map_or_else(
                |_| u64::try_from(*number).map_or(Value::Null, Value::Uint),
                Value::Int,
            ),
            Self::Text(text) => Value::String(Arc::clone(text)),
        }
    }

    /// Octets that it takes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Bool(_) | Self::Number(_) => 16,
            Self::Text(text) => text.len(),
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(inner) => inner.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A message: its type, and the fields that were set.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) of: &'static MessageType,
    fields: BTreeMap<&'static str, Value>,
}

impl Message {
    pub(super) fn new(of: &'static MessageType, fields: BTreeMap<&'static str, Value>) -> Self {
        Self { of, fields }
    }

    pub(super) fn fields(&self) -> &BTreeMap<&'static str, Value> {
        &self.fields
    }

    /// A field that was set, to something else than what it is when it was not.
    pub(super) fn set(&self, name: &str) -> Option<&Value> {
        let value = self.fields.get(name)?;
        let unset = self.of.field(name).map(|field| field.of.unset());
        let is_message = matches!(value, Value::Message(_) | Value::Timestamp(_));
        Some(value).filter(|value| is_message || unset.is_none_or(|unset| !unset.equals(value)))
    }

    /// A field as it is read.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let field = self.of.field(name)?;
        Some(self.fields.get(name).cloned().unwrap_or_else(|| field.of.unset()))
    }
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::String(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(items.into())
    }

    pub(super) fn texts(texts: &[String]) -> Self {
        Self::list(texts.iter().map(|text| Self::text(text)).collect())
    }

    pub(super) fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (Key::text(key), value));
        Self::Map(Arc::new(entries.collect()))
    }

    /// What `type(x)` gives.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Message(message) => message.of.name,
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
        }
    }

    /// The name that the reference has for it where a policy gives what it must not.
    pub(super) fn go_type(&self) -> &'static str {
        match self {
            Self::Null => "structpb.NullValue",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int64",
            Self::Uint(_) => "uint64",
            Self::Double(_) => "float64",
            Self::String(_) => "string",
            Self::Bytes(_) => "[]uint8",
            Self::List(_) => "[]ref.Val",
            Self::Map(_) => "map[ref.Val]ref.Val",
            Self::Timestamp(_) => "time.Time",
            Self::Duration(_) => "time.Duration",
            Self::Message(message) => message.of.name,
            Self::Optional(_) => "optional",
            Self::Type(_) => "type",
        }
    }

    /// Whether two values are equal; values of different kinds are not, numbers aside.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals(b))
            }
            (Self::Map(a), Self::Map(b)) => {
                let has = |(key, value): (&Key, &Self)| b.get(key).is_some_and(|b| value.equals(b));
                a.len() == b.len() && a.iter().all(has)
            }
            (Self::Message(a), Self::Message(b)) => {
                a.of.name == b.of.name
                    && a.of.fields.iter().all(|field| {
                        match (a.get(field.name), b.get(field.name)) {
                            (Some(a), Some(b)) => a.equals(&b),
                            (a, b) => a.is_none() == b.is_none(),
                        }
                    })
            }
            (Self::Optional(a), Self::Optional(b)) => match (a, b) {
                (Some(a), Some(b)) => a.equals(b),
                (a, b) => a.is_none() == b.is_none(),
            },
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }

    /// The order of two values, if they have one.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::String(a), Self::String(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Double(a), _) => compare_double(*a, other.whole()?),
            (_, Self::Double(b)) => compare_double(*b, self.whole()?).map(Ordering::reverse),
            _ => Some(self.whole()?.cmp(&other.whole()?)),
        }
    }

    /// A whole number, signed or not.
    pub(super) fn whole(&self) -> Option<i128> {
        match self {
            Self::Int(number) => Some((*number).into()),
            Self::Uint(number) => Some((*number).into()),
            _ => None,
        }
    }

    /// Reads JSON. Numbers that are whole stay so.
    pub(super) fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(inner) => Self::Bool(*inner),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Self::Int(number),
                (None, Some(number)) => Self::Uint(number),
                (None, None) => Self::Double(number.as_f64().unwrap_or_default()),
            },
            Json::String(text) => Self::text(text),
            Json::Array(items) => Self::list(items.iter().map(Self::from_json).collect()),
            Json::Object(members) => {
                Self::map(members.iter().map(|(name, json)| (name.as_str(), Self::from_json(json))))
            }
        }
    }

    /// Writes JSON, if the value has that form.
    pub(super) fn to_json(&self) -> Option<Json> {
        Some(match self {
            Self::Null => Json::Null,
            Self::Bool(inner) => (*inner).into(),
            Self::Int(number) => (*number).into(),
            Self::Uint(number) => (*number).into(),
            Self::Double(number) => serde_json::Number::from_f64(*number)?.into(),
            Self::String(text) => text.as_ref().into(),
            Self::List(items) => {
                items.iter().map(Self::to_json).collect::<Option<Vec<_>>>()?.into()
            }
            Self::Map(map) => {
                let members = map.iter().map(|(key, value)| match key {
                    Key::Text(text) => Some((text.to_string(), value.to_json()?)),
                    Key::Bool(_) | Key::Number(_) => None,
                });
                Json::Object(members.collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    /// Every name that stands for a type.
    pub(super) fn type_called(name: &str) -> Option<&'static str> {
        const NAMES: [&str; 12] = [
            "bool",
            "bytes",
            "double",
            "duration",
            "int",
            "list",
            "map",
            "null_type",
            "string",
            "timestamp",
            "type",
            "uint",
        ];
        match name {
            "timestamp" | "google.protobuf.Timestamp" => Some("google.protobuf.Timestamp"),
            "duration" | "google.protobuf.Duration" => Some("google.protobuf.Duration"),
            _ => NAMES
                .into_iter()
                .find(|known| *known == name)
                .or_else(|| messages::message(name).map(|message| message.name)),
        }
    }
}

/// The order of a fraction and a whole number. A whole number of 64 bits is compared as a fraction
/// where that is what the other is.
#[expect(clippy::cast_precision_loss, reason = "the reference compares so, too")]
fn compare_double(double: f64, whole: i128) -> Option<Ordering> {
    double.partial_cmp(&(whole as f64))
}
