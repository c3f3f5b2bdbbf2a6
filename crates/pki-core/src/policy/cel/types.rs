//! What is known of a value before there is one.

use std::fmt;

use super::messages::{FieldType, MessageType, message};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    /// Anything; only seen when there is a value.
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    List(Box<Self>),
    Map(Box<Self>, Box<Self>),
    Optional(Box<Self>),
    Message(&'static str),
    /// The type of types.
    Kind,
}

impl Type {
    pub(super) fn list(of: Self) -> Self {
        Self::List(Box::new(of))
    }

    pub(super) fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new(key), Box::new(value))
    }

    pub(super) fn of_field(field: FieldType) -> Self {
        match field {
            FieldType::Bool => Self::Bool,
            FieldType::Int => Self::Int,
            FieldType::Uint => Self::Uint,
            FieldType::Text => Self::String,
            FieldType::Bytes => Self::Bytes,
            FieldType::Time => Self::Timestamp,
            FieldType::Message(name) => message(name).map_or(Self::Dyn, Self::of_message),
            FieldType::List(of) => Self::list(Self::of_field(*of)),
        }
    }

    pub(super) fn of_message(message: &'static MessageType) -> Self {
        Self::Message(message.name)
    }

    /// Whether a value of this type may be one of the other, as far as is known.
    pub(super) fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dyn, _) | (_, Self::Dyn) => true,
            (Self::List(a), Self::List(b)) | (Self::Optional(a), Self::Optional(b)) => a.fits(b),
            (Self::Map(a, b), Self::Map(c, d)) => a.fits(c) && b.fits(d),
            (Self::Null, Self::Message(_) | Self::Timestamp | Self::Duration)
            | (Self::Message(_) | Self::Timestamp | Self::Duration, Self::Null) => true,
            (a, b) => a == b,
        }
    }

    /// The type of a value that has one of two types.
    pub(super) fn either(self, other: Self) -> Self {
        if self == other { self } else { Self::Dyn }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn => f.write_str("dyn"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::List(of) => write!(f, "list({of})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Optional(of) => write!(f, "optional_type({of})"),
            Self::Message(name) => f.write_str(name),
            Self::Kind => f.write_str("type"),
        }
    }
}
