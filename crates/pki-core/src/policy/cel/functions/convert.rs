//! From one type to another.

use super::Param::{Any, Bool, Bytes, Double, Int, Span, Text, Time, Uint};
use super::{Function, Out, global};
use crate::domain::time::{Timestamp, parse_go_duration};
use crate::policy::cel::limits::{Budget, Failure};
use crate::policy::cel::value::Value;

type Ran = Result<Value, Failure>;

pub(super) const TABLE: &[Function] = &[
    global("dyn", &[(&[Any], Out::Dyn)], |_, args| match args {
        [value] => Ok(value.clone()),
        _ => Err(Failure::no_overload()),
    }),
    global("type", &[(&[Any], Out::Type)], |_, args| match args {
        [value] => Ok(Value::Type(value.type_name())),
        _ => Err(Failure::no_overload()),
    }),
    global("bool", &[(&[Bool], Out::Bool), (&[Text], Out::Bool)], to_bool),
    global(
        "int",
        &[
            (&[Int], Out::Int),
            (&[Uint], Out::Int),
            (&[Double], Out::Int),
            (&[Text], Out::Int),
            (&[Time], Out::Int),
            (&[Span], Out::Int),
        ],
        to_int,
    ),
    global(
        "uint",
        &[(&[Int], Out::Uint), (&[Uint], Out::Uint), (&[Double], Out::Uint), (&[Text], Out::Uint)],
        to_uint,
    ),
    global(
        "double",
        &[
            (&[Int], Out::Double),
            (&[Uint], Out::Double),
            (&[Double], Out::Double),
            (&[Text], Out::Double),
        ],
        to_double,
    ),
    global(
        "string",
        &[
            (&[Bool], Out::Text),
            (&[Int], Out::Text),
            (&[Uint], Out::Text),
            (&[Double], Out::Text),
            (&[Text], Out::Text),
            (&[Bytes], Out::Text),
            (&[Time], Out::Text),
            (&[Span], Out::Text),
        ],
        to_text,
    ),
    global("bytes", &[(&[Bytes], Out::Bytes), (&[Text], Out::Bytes)], |budget, args| match args {
        [Value::Bytes(octets)] => Ok(Value::Bytes(octets.clone())),
        [Value::String(text)] => {
            budget.text(text.len())?;
            Ok(Value::Bytes(text.as_bytes().into()))
        }
        _ => Err(Failure::no_overload()),
    }),
    global("timestamp", &[(&[Time], Out::Time), (&[Text], Out::Time), (&[Int], Out::Time)], {
        to_timestamp
    }),
    global("duration", &[(&[Span], Out::Span), (&[Text], Out::Span), (&[Int], Out::Span)], {
        to_duration
    }),
];

fn unconverted(from: &str, to: &str) -> Failure {
    Failure::Wrong(format!("type conversion error from '{from}' to '{to}'"))
}

fn to_bool(_: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [Value::Bool(inner)] => Ok(Value::Bool(*inner)),
        [Value::String(text)] => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(unconverted("string", "bool")),
        },
        _ => Err(Failure::no_overload()),
    }
}

fn to_int(_: &mut Budget, args: &[Value]) -> Ran {
    let out_of_range = || Failure::Wrong("integer overflow".to_owned());
    match args {
        [Value::Int(number)] => Ok(Value::Int(*number)),
        [Value::Uint(number)] => i64::try_from(*number).map(Value::Int).map_err(|_| out_of_range()),
        [Value::Double(number)] => whole(*number)
            .and_then(|number| i64::try_from(number).ok())
            .map(Value::Int)
            .ok_or_else(out_of_range),
        [Value::String(text)] => {
            text.parse().map(Value::Int).map_err(|_| unconverted("string", "int"))
        }
        [Value::Timestamp(moment)] => Ok(Value::Int(moment.unix())),
        [Value::Duration(nanos)] => Ok(Value::Int(*nanos)),
        _ => Err(Failure::no_overload()),
    }
}

fn to_uint(_: &mut Budget, args: &[Value]) -> Ran {
    let out_of_range = || Failure::Wrong("unsigned integer overflow".to_owned());
    match args {
        [Value::Int(number)] => u64::try_from(*number).map(Value::Uint).map_err(|_| out_of_range()),
        [Value::Uint(number)] => Ok(Value::Uint(*number)),
        [Value::Double(number)] => whole(*number)
            .and_then(|number| u64::try_from(number).ok())
            .map(Value::Uint)
            .ok_or_else(out_of_range),
        [Value::String(text)] => {
            text.parse().map(Value::Uint).map_err(|_| unconverted("string", "uint"))
        }
        _ => Err(Failure::no_overload()),
    }
}

/// A fraction without what comes after its point, if 64 bits hold it.
#[expect(clippy::cast_possible_truncation, reason = "out of range becomes the nearest, then fails")]
pub(super) fn whole(number: f64) -> Option<i128> {
    (number.is_finite() && number.abs() < 1e20).then_some(number as i128)
}

#[expect(clippy::cast_precision_loss, reason = "that is what the conversion means")]
fn to_double(_: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [Value::Int(number)] => Ok(Value::Double(*number as f64)),
        [Value::Uint(number)] => Ok(Value::Double(*number as f64)),
        [Value::Double(number)] => Ok(Value::Double(*number)),
        [Value::String(text)] => {
            text.parse().map(Value::Double).map_err(|_| unconverted("string", "double"))
        }
        _ => Err(Failure::no_overload()),
    }
}

fn to_text(budget: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [Value::String(text)] => Ok(Value::String(text.clone())),
        [Value::Bytes(octets)] => {
            budget.text(octets.len())?;
            let text = std::str::from_utf8(octets);
            text.map(Value::text).map_err(|_| {
                Failure::Wrong("invalid UTF-8 in bytes, cannot convert to string".to_owned())
            })
        }
        [Value::Bool(inner)] => Ok(Value::text(&inner.to_string())),
        [Value::Int(number)] => Ok(Value::text(&number.to_string())),
        [Value::Uint(number)] => Ok(Value::text(&number.to_string())),
        [Value::Double(number)] => Ok(Value::text(&double_text(*number))),
        [Value::Timestamp(moment)] => Ok(Value::text(&moment.rfc3339_nanos())),
        [Value::Duration(nanos)] => Ok(Value::text(&duration_text(*nanos))),
        _ => Err(Failure::no_overload()),
    }
}

/// A fraction with as many digits as it takes, and an exponent where that is shorter.
pub(super) fn double_text(number: f64) -> String {
    if number.is_infinite() {
        return if 0.0 < number { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scale = number.abs();
    if scale != 0.0 && !(1e-4..1e6).contains(&scale) && number.is_finite() {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent),
        };
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    number.to_string()
}

/// Seconds, with as many digits as it takes: `90s`, `0.5s`.
pub(super) fn duration_text(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let (seconds, rest) =
        (nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000);
    match rest {
        0 => format!("{sign}{seconds}s"),
        rest => {
            let digits = format!("{rest:09}");
            format!("{sign}{seconds}.{}s", digits.trim_end_matches('0'))
        }
    }
}

fn to_timestamp(_: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [Value::Timestamp(moment)] => Ok(Value::Timestamp(*moment)),
        [Value::String(text)] => Timestamp::parse(text)
            .map(Value::Timestamp)
            .map_err(|_| Failure::Wrong(format!("invalid RFC 3339 timestamp {text:?}"))),
        [Value::Int(seconds)] if (-62_135_596_800..=Timestamp::LAST.unix()).contains(seconds) => {
            Ok(Value::Timestamp(Timestamp::from_unix(*seconds)))
        }
        [Value::Int(_)] => Failure::wrong("timestamp overflow"),
        _ => Err(Failure::no_overload()),
    }
}

fn to_duration(_: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [Value::Duration(nanos)] => Ok(Value::Duration(*nanos)),
        [Value::Int(nanos)] => Ok(Value::Duration(*nanos)),
        [Value::String(text)] => parse_go_duration(text)
            .ok()
            .and_then(|nanos| i64::try_from(nanos).ok())
            .map(Value::Duration)
            .ok_or_else(|| unconverted("string", "google.protobuf.Duration")),
        _ => Err(Failure::no_overload()),
    }
}
