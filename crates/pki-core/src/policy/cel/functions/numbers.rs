//! `math.…`

use std::cmp::Ordering;

use super::Param::{Double, Int, List, More, Number, Uint};
use super::{Function, Out, Param, global};
use crate::policy::cel::limits::Failure;
use crate::policy::cel::value::Value;

type Ran = Result<Value, Failure>;

const EXTREME: &[(&[Param], Out)] = &[(&[List], Out::Element), (&[Number, More], Out::Dyn)];
const ROUNDED: &[(&[Param], Out)] = &[(&[Double], Out::Double)];
const TESTED: &[(&[Param], Out)] = &[(&[Double], Out::Bool)];
const BITS: &[(&[Param], Out)] = &[(&[Int, Int], Out::Int), (&[Uint, Uint], Out::Uint)];
const SHIFTED: &[(&[Param], Out)] = &[(&[Int, Int], Out::Int), (&[Uint, Int], Out::Uint)];

pub(super) const TABLE: &[Function] = &[
    global("math.greatest", EXTREME, |_, args| extreme(args, Ordering::Greater)),
    global("math.least", EXTREME, |_, args| extreme(args, Ordering::Less)),
    global("math.abs", &[(&[Number], Out::First)], |_, args| match args {
        [Value::Int(number)] => number.checked_abs().map(Value::Int).ok_or_else(overflow),
        [Value::Uint(number)] => Ok(Value::Uint(*number)),
        [Value::Double(number)] => Ok(Value::Double(number.abs())),
        _ => Err(Failure::no_overload()),
    }),
    global("math.sign", &[(&[Number], Out::First)], |_, args| match args {
        [Value::Int(number)] => Ok(Value::Int(number.signum())),
        [Value::Uint(number)] => Ok(Value::Uint((*number).min(1))),
        [Value::Double(number)] if *number == 0.0 || number.is_nan() => Ok(Value::Double(*number)),
        [Value::Double(number)] => Ok(Value::Double(number.signum())),
        _ => Err(Failure::no_overload()),
    }),
    global("math.ceil", ROUNDED, |_, args| double(args, f64::ceil)),
    global("math.floor", ROUNDED, |_, args| double(args, f64::floor)),
    global("math.round", ROUNDED, |_, args| double(args, f64::round)),
    global("math.trunc", ROUNDED, |_, args| double(args, f64::trunc)),
    global("math.sqrt", &[(&[Number], Out::Double)], |_, args| match args {
        [Value::Double(number)] => Ok(Value::Double(number.sqrt())),
        [number] => {
            let whole = number.whole().and_then(|number| i32::try_from(number).ok());
            let root = whole.map(|number| Value::Double(f64::from(number).sqrt()));
            root.ok_or_else(Failure::no_overload)
        }
        _ => Err(Failure::no_overload()),
    }),
    global("math.isNaN", TESTED, |_, args| test(args, f64::is_nan)),
    global("math.isInf", TESTED, |_, args| test(args, f64::is_infinite)),
    global("math.isFinite", TESTED, |_, args| test(args, f64::is_finite)),
    global("math.bitAnd", BITS, |_, args| bits(args, |a, b| a & b, |a, b| a & b)),
    global("math.bitOr", BITS, |_, args| bits(args, |a, b| a | b, |a, b| a | b)),
    global("math.bitXor", BITS, |_, args| bits(args, |a, b| a ^ b, |a, b| a ^ b)),
    global("math.bitNot", &[(&[Int], Out::Int), (&[Uint], Out::Uint)], |_, args| match args {
        [Value::Int(number)] => Ok(Value::Int(!number)),
        [Value::Uint(number)] => Ok(Value::Uint(!number)),
        _ => Err(Failure::no_overload()),
    }),
    global("math.bitShiftLeft", SHIFTED, |_, args| shift(args, u64::checked_shl)),
    global("math.bitShiftRight", SHIFTED, |_, args| shift(args, u64::checked_shr)),
];

fn overflow() -> Failure {
    Failure::Wrong("integer overflow".to_owned())
}

/// The number that comes first in an order, of the arguments or of the only one, a list.
fn extreme(args: &[Value], wanted: Ordering) -> Ran {
    let numbers = match args {
        [Value::List(items)] if items.is_empty() => {
            return Failure::wrong("math: the list is empty");
        }
        [Value::List(items)] => items,
        numbers => numbers,
    };
    let mut best: Option<&Value> = None;
    for number in numbers {
        if number.whole().is_none() && !matches!(number, Value::Double(_)) {
            return Err(Failure::no_overload());
        }
        if best.is_none_or(|best| number.compare(best) == Some(wanted)) {
            best = Some(number);
        }
    }
    best.cloned().ok_or_else(Failure::no_overload)
}

fn double(args: &[Value], of: fn(f64) -> f64) -> Ran {
    match args {
        [Value::Double(number)] => Ok(Value::Double(of(*number))),
        _ => Err(Failure::no_overload()),
    }
}

fn test(args: &[Value], of: fn(f64) -> bool) -> Ran {
    match args {
        [Value::Double(number)] => Ok(Value::Bool(of(*number))),
        _ => Err(Failure::no_overload()),
    }
}

fn bits(args: &[Value], signed: fn(i64, i64) -> i64, unsigned: fn(u64, u64) -> u64) -> Ran {
    match args {
        [Value::Int(a), Value::Int(b)] => Ok(Value::Int(signed(*a, *b))),
        [Value::Uint(a), Value::Uint(b)] => Ok(Value::Uint(unsigned(*a, *b))),
        _ => Err(Failure::no_overload()),
    }
}

/// Shifts without regard to the sign. By 64 places or more, nothing is left.
fn shift(args: &[Value], by: fn(u64, u32) -> Option<u64>) -> Ran {
    let places = |places: &i64| match u32::try_from(*places) {
        Ok(places) => Ok(places),
        Err(_) if *places < 0 => Failure::wrong(format!("math: negative offset: {places}")),
        Err(_) => Ok(u32::MAX),
    };
    match args {
        [Value::Int(number), Value::Int(offset)] => {
            let shifted = by(number.cast_unsigned(), places(offset)?).unwrap_or(0);
            Ok(Value::Int(shifted.cast_signed()))
        }
        [Value::Uint(number), Value::Int(offset)] => {
            Ok(Value::Uint(by(*number, places(offset)?).unwrap_or(0)))
        }
        _ => Err(Failure::no_overload()),
    }
}
