//! A struct of parameters, declared once.
//!
//! The doc comment of a field is its help, its Rust type is its wire type, `= "text"` is its
//! default as a caller would type it, and an `Option` may be left out. Parsing, rendering, help,
//! completion and OpenAPI all read the one declaration that [`fields!`](crate::fields) makes.
//!
//! Values arrive weakly typed, as they do in Vault: text from a command line or from JSON, JSON
//! numbers and booleans, or `null`.

mod values;

use serde_json::{Map, Value};

pub(crate) use values::MOST_ITEMS;
pub use values::{Nullable, Seconds};

/// A declared parameter, as help, OpenAPI and completion see it.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name on the wire.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: FieldKind,
    /// Whether a request without it is refused.
    pub required: bool,
    /// The default, written as a caller would type it.
    pub default: Option<&'static str>,
    /// The only values it can have; empty when there is no such list.
    pub choices: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

/// The wire types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// `true` or `false`.
    Bool,
    /// Seconds, or text such as `72h`.
    Duration,
    /// A whole number.
    Int,
    /// A JSON list, or one text with commas.
    List,
    /// A JSON object.
    Map,
    /// A JSON list of objects.
    Objects,
    /// Text.
    String,
}

impl FieldKind {
    /// The word that help shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Duration => "duration (sec)",
            Self::Int => "int",
            Self::List => "comma-separated list",
            Self::Map => "map",
            Self::Objects => "slice",
            Self::String => "string",
        }
    }
}

/// A parameter that did not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Field validation failed: error converting input for field {field:?}: {problem}")]
pub struct FieldError {
    /// Its name.
    pub field: &'static str,
    /// What is wrong with the value, and what would be right.
    pub problem: String,
}

/// What the caller sent: captures from the path and data, by name.
pub type Input = Map<String, Value>;

/// A type that one parameter can have. `parse(render(x))` gives `x` back.
pub trait FieldValue: Sized {
    /// The wire type.
    const KIND: FieldKind;
    /// The only values, if they can be listed.
    const CHOICES: &'static [&'static str] = &[];

    /// Reads the value from the wire.
    ///
    /// # Errors
    ///
    /// What is wrong with the value, in words that can follow `field "x": `.
    fn parse(raw: &Value) -> Result<Self, String>;

    /// The value as it goes on the wire.
    fn render(&self) -> Value;

    /// The same of a value that has served. Some texts are of megabytes, and need not be there
    /// twice.
    fn into_rendered(self) -> Value {
        self.render()
    }
}

/// A struct whose fields are parameters. Implemented by [`fields!`](crate::fields).
pub trait Fields: Sized {
    /// The declarations, in order.
    const FIELDS: &'static [Field];

    /// Reads all fields.
    ///
    /// # Errors
    ///
    /// Every field that does not parse or is missing, not only the first.
    fn parse(input: &Input) -> Result<Self, Vec<FieldError>>;

    /// All fields as they go on the wire; absent ones are left out.
    fn render(&self) -> Input;

    /// The same of what has served.
    fn into_rendered(self) -> Input {
        self.render()
    }
}

/// A struct field: a value that must be there, or an `Option` that need not.
pub trait Slot: Sized {
    /// The wire type.
    const KIND: FieldKind;
    /// The only values, if they can be listed.
    const CHOICES: &'static [&'static str];
    /// Whether it may be left out.
    const OPTIONAL: bool;

    /// Reads the value, if it was sent.
    ///
    /// # Errors
    ///
    /// What is wrong with the value, or that it is missing.
    fn fill(raw: Option<&Value>) -> Result<Self, String>;

    /// The value as it goes on the wire, unless it is absent.
    fn show(&self) -> Option<Value>;

    /// The same of a value that has served.
    fn into_shown(self) -> Option<Value>;
}

impl<T: FieldValue> Slot for T {
    const KIND: FieldKind = T::KIND;
    const CHOICES: &'static [&'static str] = T::CHOICES;
    const OPTIONAL: bool = false;

    fn fill(raw: Option<&Value>) -> Result<Self, String> {
        T::parse(raw.ok_or("missing")?)
    }

    fn show(&self) -> Option<Value> {
        Some(self.render())
    }

    fn into_shown(self) -> Option<Value> {
        Some(self.into_rendered())
    }
}

impl<T: FieldValue> Slot for Option<T> {
    const KIND: FieldKind = T::KIND;
    const CHOICES: &'static [&'static str] = T::CHOICES;
    const OPTIONAL: bool = true;

    fn fill(raw: Option<&Value>) -> Result<Self, String> {
        raw.map(T::parse).transpose()
    }

    fn show(&self) -> Option<Value> {
        self.as_ref().map(T::render)
    }

    fn into_shown(self) -> Option<Value> {
        self.map(T::into_rendered)
    }
}

/// Reads one slot, falling back to its default; records what went wrong. For
/// [`fields!`](crate::fields) only.
#[doc(hidden)]
pub fn fill<T: Slot>(
    field: &'static str,
    default: Option<&'static str>,
    input: &Input,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    // A null lifetime counts as not sent; every other null is the zero value of its type.
    let sent = input.get(field).filter(|raw| !(raw.is_null() && T::KIND == FieldKind::Duration));
    let default = default.map(Value::from);
    match T::fill(sent.or(default.as_ref())) {
        Ok(value) => Some(value),
        Err(problem) => {
            errors.push(FieldError { field, problem });
            None
        }
    }
}

/// The name of a field on the wire: `r#type` is `type`. For [`fields!`](crate::fields) only.
#[doc(hidden)]
pub const fn wire_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// How many fields several parts have together. For [`fields!`](crate::fields) only.
#[doc(hidden)]
pub const fn total(parts: &[&[Field]]) -> usize {
    let (mut sum, mut part) = (0, 0);
    while part < parts.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated when compiling, within bounds")]
        let fields = parts[part];
        sum += fields.len();
        part += 1;
    }
    sum
}

/// The fields of several parts, one after another. For [`fields!`](crate::fields) only.
#[doc(hidden)]
#[expect(clippy::indexing_slicing, reason = "evaluated when compiling, within bounds")]
pub const fn concat<const N: usize>(parts: &[&[Field]]) -> [Field; N] {
    let nothing = Field {
        name: "",
        kind: FieldKind::String,
        required: false,
        default: None,
        choices: &[],
        help: "",
    };
    let (mut all, mut filled, mut part) = ([nothing; N], 0, 0);
    while part < parts.len() {
        let mut field = 0;
        while field < parts[part].len() {
            all[filled] = parts[part][field];
            filled += 1;
            field += 1;
        }
        part += 1;
    }
    all
}

/// A parameter that was not sent. For [`fields!`](crate::fields) only.
#[doc(hidden)]
pub fn unsent<T: Slot + Default>(default: Option<&'static str>) -> T {
    let default = default.map(Value::from);
    default.and_then(|text| T::fill(Some(&text)).ok()).unwrap_or_default()
}

/// Declares a struct of parameters; see the [module](crate::field). A line `..name: Type,` at
/// the top takes in all fields of another such struct.
#[macro_export]
macro_rules! fields {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( .. $part:ident : $part_ty:ty, )*
            $( $(#[doc = $help:literal])+ $field:ident : $ty:ty $(= $default:literal)? ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        pub struct $name {
            $(
                /// Parameters shared with other requests.
                pub $part: $part_ty,
            )*
            $( $(#[doc = $help])+ pub $field: $ty ),*
        }

        impl Default for $name {
            /// Every parameter as if it had not been sent; required ones are empty.
            fn default() -> Self {
                Self {
                    $( $part: Default::default(), )*
                    $( $field: $crate::field::unsent($crate::fields!(@default $($default)?)), )*
                }
            }
        }

        impl $crate::field::Fields for $name {
            const FIELDS: &'static [$crate::field::Field] = {
                const PARTS: &[&[$crate::field::Field]] = &[
                    $( <$part_ty as $crate::field::Fields>::FIELDS, )*
                    &[ $( $crate::field::Field {
                        name: $crate::field::wire_name(stringify!($field)),
                        kind: <$ty as $crate::field::Slot>::KIND,
                        required: !<$ty as $crate::field::Slot>::OPTIONAL
                            && $crate::fields!(@default $($default)?).is_none(),
                        default: $crate::fields!(@default $($default)?),
                        choices: <$ty as $crate::field::Slot>::CHOICES,
                        help: concat!($($help, "\n"),+),
                    } ),* ],
                ];
                &$crate::field::concat::<{ $crate::field::total(PARTS) }>(PARTS)
            };

            #[allow(unused_variables, unused_mut, reason = "a struct may have no fields")]
            fn parse(input: &$crate::field::Input) -> Result<Self, Vec<$crate::field::FieldError>> {
                let mut errors = Vec::new();
                $( let $part = <$part_ty as $crate::field::Fields>::parse(input)
                    .map_err(|found| errors.extend(found))
                    .ok(); )*
                $( let $field = $crate::field::fill(
                    $crate::field::wire_name(stringify!($field)), $crate::fields!(@default $($default)?), input, &mut errors); )*
                match ($($part,)* $($field,)*) {
                    ($(Some($part),)* $(Some($field),)*) if errors.is_empty() => {
                        Ok(Self { $($part,)* $($field),* })
                    }
                    #[allow(unreachable_patterns, reason = "a struct may have no fields")]
                    _ => Err(errors),
                }
            }

            #[allow(unused_mut, reason = "a struct may have no fields")]
            fn render(&self) -> $crate::field::Input {
                let mut out = $crate::field::Input::new();
                $( out.extend($crate::field::Fields::render(&self.$part)); )*
                $( if let Some(value) = $crate::field::Slot::show(&self.$field) {
                    out.insert($crate::field::wire_name(stringify!($field)).to_owned(), value);
                } )*
                out
            }

            #[allow(unused_mut, reason = "a struct may have no fields")]
            fn into_rendered(self) -> $crate::field::Input {
                let mut out = $crate::field::Input::new();
                $( out.extend($crate::field::Fields::into_rendered(self.$part)); )*
                $( if let Some(value) = $crate::field::Slot::into_shown(self.$field) {
                    out.insert($crate::field::wire_name(stringify!($field)).to_owned(), value);
                } )*
                out
            }
        }
    };
    (@default) => { None::<&'static str> };
    (@default $default:literal) => { Some($default) };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fields! {
        /// A sample.
        #[derive(Debug, PartialEq)]
        #[expect(unreachable_pub, reason = "what is declared is public everywhere else")]
        pub struct Sample {
            /// A name.
            name: String,
            /// A list.
            list: Vec<String> = "a,b",
            /// A lifetime.
            ttl: Seconds = "30",
            /// A flag, perhaps.
            flag: Option<bool>,
        }
    }

    fields! {
        /// A sample that has another in it.
        #[derive(Debug, PartialEq)]
        #[expect(unreachable_pub, reason = "what is declared is public everywhere else")]
        pub struct Larger {
            ..sample: Sample,
            /// A number.
            size: i64 = "7",
        }
    }

    #[test]
    fn a_struct_can_take_in_another() {
        let names: Vec<_> = Larger::FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(names, ["name", "list", "ttl", "flag", "size"]);
        let larger = Larger::parse(&input(json!({"name": "x", "size": 9}))).unwrap();
        assert_eq!((larger.sample.name.as_str(), larger.size), ("x", 9));
        assert_eq!(larger.render()["ttl"], json!(30));
        assert_eq!(Larger::parse(&input(json!({"size": "q"}))).unwrap_err().len(), 2);
    }

    fn input(value: Value) -> Input {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn defaults_are_typed_as_a_caller_would() {
        let sample = Sample::parse(&input(json!({"name": 5, "ttl": null}))).unwrap();
        let want = Sample {
            name: "5".into(),
            list: vec!["a".into(), "b".into()],
            ttl: Seconds(30),
            flag: None,
        };
        assert_eq!(sample, want);
        assert_eq!(sample.render(), input(json!({"name": "5", "list": ["a", "b"], "ttl": 30})));
        assert_eq!(sample.render(), sample.into_rendered());
    }

    #[test]
    fn all_wrong_fields_are_named() {
        let errors =
            Sample::parse(&input(json!({"name": [], "ttl": "1w", "flag": "yes"}))).unwrap_err();
        let names: Vec<_> = errors.iter().map(|error| error.field).collect();
        assert_eq!(names, ["name", "ttl", "flag"]);
        assert!(errors[2].to_string().contains("\"yes\""));
    }

    #[test]
    fn lists_split_text_and_keep_json() {
        for (raw, want) in [
            (json!("a, b"), vec!["a", "b"]),
            (json!("a,"), vec!["a", ""]),
            (json!(["a,b", " c "]), vec!["a,b", "c"]),
            (json!(""), vec![]),
            (json!(null), vec![]),
            (json!([""]), vec![""]),
            (json!([1, true]), vec!["1", "1"]),
            (json!(5), vec!["5"]),
        ] {
            assert_eq!(Vec::<String>::parse(&raw).unwrap(), want, "{raw}");
        }
        assert!(Vec::<String>::parse(&json!([{"a": 1}])).unwrap_err().contains("element 0"));
    }

    #[test]
    fn numbers_have_go_bases() {
        for (raw, want) in
            [("0x800", 2048), ("0o4000", 2048), ("2_048", 2048), ("010", 8), ("-3", -3), ("0", 0)]
        {
            assert_eq!(i64::parse(&json!(raw)), Ok(want), "{raw}");
        }
        for raw in ["abc", "256.5", "--3", "+-3", "1e3", " 1"] {
            assert!(i64::parse(&json!(raw)).is_err(), "{raw}");
        }
    }
}
