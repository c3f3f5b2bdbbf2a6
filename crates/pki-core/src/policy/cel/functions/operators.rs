//! Operators, but for the three that do not always look at both sides.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Param::{
    Any, Bool, Bytes, Double, Holder, Int, List, Map, Number, Same, Span, Text, Time, Uint,
};
use super::{Function, Out, Param, global};
use crate::domain::time::Timestamp;
use crate::policy::cel::limits::{Budget, Failure};
use crate::policy::cel::value::{Key, Value};

type Ran = Result<Value, Failure>;

const ORDERED: &[(&[Param], Out)] = &[
    (&[Bool, Bool], Out::Bool),
    (&[Number, Number], Out::Bool),
    (&[Text, Text], Out::Bool),
    (&[Bytes, Bytes], Out::Bool),
    (&[Time, Time], Out::Bool),
    (&[Span, Span], Out::Bool),
];

pub(super) const TABLE: &[Function] = &[
    // Evaluated where the sides are, and not here; the types are.
    global("_?_:_", &[(&[Bool, Any, Any], Out::Dyn)], |_, _| Err(Failure::no_overload())),
    global("_&&_", &[(&[Bool, Bool], Out::Bool)], |_, _| Err(Failure::no_overload())),
    global("_||_", &[(&[Bool, Bool], Out::Bool)], |_, _| Err(Failure::no_overload())),
    global("!_", &[(&[Bool], Out::Bool)], |_, args| match args {
        [Value::Bool(inner)] => Ok(Value::Bool(!inner)),
        _ => Err(Failure::no_overload()),
    }),
    global("-_", &[(&[Int], Out::Int), (&[Double], Out::Double), (&[Span], Out::Span)], negate),
    global(
        "_+_",
        &[
            (&[Int, Int], Out::Int),
            (&[Uint, Uint], Out::Uint),
            (&[Double, Double], Out::Double),
            (&[Text, Text], Out::Text),
            (&[Bytes, Bytes], Out::Bytes),
            (&[List, List], Out::Anys),
            (&[Time, Span], Out::Time),
            (&[Span, Time], Out::Time),
            (&[Span, Span], Out::Span),
        ],
        add,
    ),
    global(
        "_-_",
        &[
            (&[Int, Int], Out::Int),
            (&[Uint, Uint], Out::Uint),
            (&[Double, Double], Out::Double),
            (&[Time, Span], Out::Time),
            (&[Time, Time], Out::Span),
            (&[Span, Span], Out::Span),
        ],
        subtract,
    ),
    global("_*_", ARITHMETIC, |_, args| {
        arithmetic(args, i64::checked_mul, u64::checked_mul, |a, b| a * b)
    }),
    global("_/_", ARITHMETIC, |_, args| {
        not_by_zero(args, "division by zero")?;
        arithmetic(args, i64::checked_div, u64::checked_div, |a, b| a / b)
    }),
    global("_%_", &[(&[Int, Int], Out::Int), (&[Uint, Uint], Out::Uint)], |_, args| {
        not_by_zero(args, "modulus by zero")?;
        arithmetic(args, i64::checked_rem, u64::checked_rem, |_, _| f64::NAN)
    }),
    global("_==_", &[(&[Any, Same], Out::Bool)], |budget, args| equal(budget, args, true)),
    global("_!=_", &[(&[Any, Same], Out::Bool)], |budget, args| equal(budget, args, false)),
    global("_<_", ORDERED, |budget, args| order(budget, args, Ordering::is_lt)),
    global("_<=_", ORDERED, |budget, args| order(budget, args, Ordering::is_le)),
    global("_>_", ORDERED, |budget, args| order(budget, args, Ordering::is_gt)),
    global("_>=_", ORDERED, |budget, args| order(budget, args, Ordering::is_ge)),
    global("@in", &[(&[Any, Holder], Out::Bool)], holds),
    global(
        "_[_]",
        &[(&[List, Int], Out::Element), (&[Map, Param::Key], Out::Element)],
        |_, args| match args {
            [of, at] => element(of, at),
            _ => Err(Failure::no_overload()),
        },
    ),
    global("_[?_]", MAYBE, |_, args| maybe(args)),
    global("_?._", MAYBE, |_, args| maybe(args)),
];

const MAYBE: &[(&[Param], Out)] = &[
    (&[List, Int], Out::Optional),
    (&[Map, Any], Out::Optional),
    (&[Param::Optional, Any], Out::Optional),
    (&[Any, Text], Out::Optional),
];

const ARITHMETIC: &[(&[Param], Out)] =
    &[(&[Int, Int], Out::Int), (&[Uint, Uint], Out::Uint), (&[Double, Double], Out::Double)];

fn overflow(kind: &str) -> Failure {
    Failure::Wrong(format!("{kind} overflow"))
}

fn negate(_: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [Value::Int(number)] => {
            number.checked_neg().map(Value::Int).ok_or_else(|| overflow("integer"))
        }
        [Value::Double(number)] => Ok(Value::Double(-number)),
        [Value::Duration(nanos)] => {
            nanos.checked_neg().map(Value::Duration).ok_or_else(|| overflow("duration"))
        }
        _ => Err(Failure::no_overload()),
    }
}

fn add(budget: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [Value::String(a), Value::String(b)] => {
            budget.text(a.len().saturating_add(b.len()))?;
            Ok(Value::String([&**a, &**b].concat().into()))
        }
        [Value::Bytes(a), Value::Bytes(b)] => {
            budget.text(a.len().saturating_add(b.len()))?;
            Ok(Value::Bytes([&**a, &**b].concat().into()))
        }
        [Value::List(a), Value::List(b)] => {
            budget.elements(a.len().saturating_add(b.len()))?;
            Ok(Value::list(a.iter().chain(b.iter()).cloned().collect()))
        }
        [Value::Timestamp(moment), Value::Duration(nanos)]
        | [Value::Duration(nanos), Value::Timestamp(moment)] => {
            shifted(*moment, i128::from(*nanos))
        }
        [Value::Duration(a), Value::Duration(b)] => {
            a.checked_add(*b).map(Value::Duration).ok_or_else(|| overflow("duration"))
        }
        _ => arithmetic(args, i64::checked_add, u64::checked_add, |a, b| a + b),
    }
}

fn subtract(_: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [Value::Timestamp(moment), Value::Duration(nanos)] => shifted(*moment, -i128::from(*nanos)),
        [Value::Timestamp(a), Value::Timestamp(b)] => {
            let nanos = a.unix_nanos().saturating_sub(b.unix_nanos());
            i64::try_from(nanos).map(Value::Duration).map_err(|_| overflow("duration"))
        }
        [Value::Duration(a), Value::Duration(b)] => {
            a.checked_sub(*b).map(Value::Duration).ok_or_else(|| overflow("duration"))
        }
        _ => arithmetic(args, i64::checked_sub, u64::checked_sub, |a, b| a - b),
    }
}

/// The first moment that a policy can name.
const FIRST: i128 = -62_135_596_800 * 1_000_000_000;

fn shifted(moment: Timestamp, nanos: i128) -> Ran {
    let at = moment.unix_nanos().saturating_add(nanos);
    if (FIRST..=Timestamp::LAST.unix_nanos()).contains(&at) {
        return Ok(Value::Timestamp(Timestamp::from_unix_nanos(at)));
    }
    Err(overflow("timestamp"))
}

fn not_by_zero(args: &[Value], what: &str) -> Result<(), Failure> {
    match args {
        [_, Value::Int(0) | Value::Uint(0)] => Failure::wrong(what),
        _ => Ok(()),
    }
}

fn arithmetic(
    args: &[Value],
    signed: fn(i64, i64) -> Option<i64>,
    unsigned: fn(u64, u64) -> Option<u64>,
    double: fn(f64, f64) -> f64,
) -> Ran {
    match args {
        [Value::Int(a), Value::Int(b)] => {
            signed(*a, *b).map(Value::Int).ok_or_else(|| overflow("integer"))
        }
        [Value::Uint(a), Value::Uint(b)] => {
            unsigned(*a, *b).map(Value::Uint).ok_or_else(|| overflow("unsigned integer"))
        }
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(double(*a, *b))),
        _ => Err(Failure::no_overload()),
    }
}

fn equal(budget: &mut Budget, args: &[Value], want: bool) -> Ran {
    let [a, b] = args else { return Err(Failure::no_overload()) };
    budget.walk(a)?;
    Ok(Value::Bool(a.equals(b) == want))
}

fn order(budget: &mut Budget, args: &[Value], test: fn(Ordering) -> bool) -> Ran {
    let [a, b] = args else { return Err(Failure::no_overload()) };
    budget.walk(a)?;
    let is_number = |value: &Value| value.whole().is_some() || matches!(value, Value::Double(_));
    match a.compare(b) {
        Some(order) => Ok(Value::Bool(test(order))),
        // Not a number: nothing is above, below or beside it.
        None if is_number(a) && is_number(b) => Ok(Value::Bool(false)),
        None => Err(Failure::no_overload()),
    }
}

fn holds(budget: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [wanted, Value::List(items)] => {
            for item in items.iter() {
                budget.walk(item)?;
                if item.equals(wanted) {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        [wanted, Value::Map(map)] => {
            Ok(Value::Bool(Key::of(wanted).is_some_and(|key| map.contains_key(&key))))
        }
        _ => Err(Failure::no_overload()),
    }
}

/// What is at a place of a list, or under a key of a map.
fn element(of: &Value, at: &Value) -> Ran {
    match (of, at) {
        (Value::List(items), at) => {
            let Some(number) = at.whole() else { return Err(Failure::no_overload()) };
            let found = usize::try_from(number).ok().and_then(|number| items.get(number));
            found.cloned().ok_or_else(|| Failure::Wrong(format!("index out of bounds: {number}")))
        }
        (Value::Map(map), at) => {
            let key = Key::of(at).ok_or_else(Failure::no_overload)?;
            let found = map.get(&key).cloned();
            found.ok_or_else(|| Failure::Wrong(format!("no such key: {key}")))
        }
        _ => Err(Failure::no_overload()),
    }
}

/// As [`element`], but nothing if there is none.
fn maybe(args: &[Value]) -> Ran {
    let found = match args {
        [Value::Optional(None), _] => None,
        [Value::Optional(Some(inner)), at] => find(inner, at)?,
        [of, at] => find(of, at)?,
        _ => return Err(Failure::no_overload()),
    };
    Ok(Value::Optional(found.map(Arc::new)))
}

fn find(of: &Value, at: &Value) -> Result<Option<Value>, Failure> {
    match (of, at) {
        (Value::Message(message), Value::String(field)) if message.of.field(field).is_some() => {
            Ok(message.set(field).cloned())
        }
        (Value::List(_) | Value::Map(_), _) => Ok(element(of, at).ok()),
        _ => Err(Failure::no_overload()),
    }
}
