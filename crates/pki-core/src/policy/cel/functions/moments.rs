//! Parts of moments and durations. The time zone is UTC.

use super::Param::{Span, Time};
use super::{Function, Out, Param, member};
use crate::domain::time::Timestamp;
use crate::policy::cel::limits::{Budget, Failure};
use crate::policy::cel::value::Value;

type Ran = Result<Value, Failure>;

const OF_MOMENT: &[(&[Param], Out)] = &[(&[Time], Out::Int)];
const OF_BOTH: &[(&[Param], Out)] = &[(&[Time], Out::Int), (&[Span], Out::Int)];

pub(super) const TABLE: &[Function] = &[
    member("getFullYear", OF_MOMENT, |_, args| of(args, |at| at.civil().0.into())),
    member("getMonth", OF_MOMENT, |_, args| of(args, |at| i64::from(at.civil().1) - 1)),
    member("getDate", OF_MOMENT, |_, args| of(args, |at| at.civil().2.into())),
    member("getDayOfMonth", OF_MOMENT, |_, args| of(args, |at| i64::from(at.civil().2) - 1)),
    // 1970-01-01 was a Thursday; weeks begin with Sunday.
    member("getDayOfWeek", OF_MOMENT, |_, args| {
        of(args, |at| (at.unix().div_euclid(DAY) + 4).rem_euclid(7))
    }),
    member("getDayOfYear", OF_MOMENT, |_, args| of(args, day_of_year)),
    member("getHours", OF_BOTH, |_, args| part(args, 3_600, |at| at.civil().3.into())),
    member("getMinutes", OF_BOTH, |_, args| part(args, 60, |at| at.civil().4.into())),
    member("getSeconds", OF_BOTH, |_, args| part(args, 1, |at| at.civil().5.into())),
    member("getMilliseconds", OF_BOTH, milliseconds),
];

const DAY: i64 = 86_400;

fn of(args: &[Value], part: fn(Timestamp) -> i64) -> Ran {
    match args {
        [Value::Timestamp(moment)] => Ok(Value::Int(part(*moment))),
        _ => Err(Failure::no_overload()),
    }
}

/// A part of a moment; of a duration, all of it in this many seconds.
fn part(args: &[Value], seconds: i64, part: fn(Timestamp) -> i64) -> Ran {
    match args {
        [Value::Duration(nanos)] => Ok(Value::Int(nanos / 1_000_000_000 / seconds)),
        _ => of(args, part),
    }
}

fn milliseconds(_: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [Value::Duration(nanos)] => Ok(Value::Int(nanos / 1_000_000 % 1_000)),
        _ => of(args, |at| {
            i64::try_from(at.unix_nanos().rem_euclid(1_000_000_000) / 1_000_000).unwrap_or(0)
        }),
    }
}

fn day_of_year(at: Timestamp) -> i64 {
    let first = Timestamp::from_civil(at.civil().0, 1, 1, 0, 0, 0);
    first.map_or(0, |first| at.unix().div_euclid(DAY) - first.unix().div_euclid(DAY))
}
