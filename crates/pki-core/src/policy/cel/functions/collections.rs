//! Lists, maps, sets, and values that may be missing.

use std::sync::Arc;

use super::Param::{Any, Bytes, Int, List, Map, Text};
use super::{Function, Out, Param, Style, count, global, index, member};
use crate::policy::cel::limits::{Budget, Failure, MAX_ELEMENTS};
use crate::policy::cel::value::Value;

type Ran = Result<Value, Failure>;

const SETS: &[(&[Param], Out)] = &[(&[List, List], Out::Bool)];
const CHANGE: &[(&[Param], Out)] = &[(&[List], Out::First)];
const END: &[(&[Param], Out)] = &[(&[List], Out::Optional)];

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "size",
        style: Style::Either,
        overloads: &[
            (&[Text], Out::Int),
            (&[Bytes], Out::Int),
            (&[List], Out::Int),
            (&[Map], Out::Int),
        ],
        run: size,
    },
    member("slice", &[(&[List, Int, Int], Out::First)], slice),
    member("reverse", CHANGE, |budget, args| {
        change(budget, args, |items| Ok(items.iter().rev().cloned().collect()))
    }),
    member("flatten", &[(&[List], Out::Anys), (&[List, Int], Out::Anys)], flatten),
    member("distinct", CHANGE, distinct),
    member("sort", CHANGE, |budget, args| change(budget, args, sorted)),
    member("first", END, |_, args| end(args, <[Value]>::first)),
    member("last", END, |_, args| end(args, <[Value]>::last)),
    global("lists.range", &[(&[Int], Out::Ints)], range),
    global("sets.contains", SETS, |budget, args| {
        sets(budget, args, |a, b| b.iter().all(|item| has(a, item)))
    }),
    global("sets.equivalent", SETS, |budget, args| {
        sets(budget, args, |a, b| {
            b.iter().all(|item| has(a, item)) && a.iter().all(|item| has(b, item))
        })
    }),
    global("sets.intersects", SETS, |budget, args| {
        sets(budget, args, |a, b| b.iter().any(|item| has(a, item)))
    }),
    global("optional.none", &[(&[], Out::Optional)], |_, _| Ok(Value::Optional(None))),
    global("optional.of", &[(&[Any], Out::Optional)], |_, args| match args {
        [value] => Ok(Value::Optional(Some(Arc::new(value.clone())))),
        _ => Err(Failure::no_overload()),
    }),
    member("hasValue", &[(&[Param::Optional], Out::Bool)], |_, args| match args {
        [Value::Optional(inner)] => Ok(Value::Bool(inner.is_some())),
        _ => Err(Failure::no_overload()),
    }),
    member("value", &[(&[Param::Optional], Out::Dyn)], |_, args| match args {
        [Value::Optional(Some(inner))] => Ok(inner.as_ref().clone()),
        [Value::Optional(None)] => Failure::wrong("optional.none() dereference"),
        _ => Err(Failure::no_overload()),
    }),
    member("orValue", &[(&[Param::Optional, Any], Out::Dyn)], |_, args| match args {
        [Value::Optional(Some(inner)), _] => Ok(inner.as_ref().clone()),
        [Value::Optional(None), other] => Ok(other.clone()),
        _ => Err(Failure::no_overload()),
    }),
    member("or", &[(&[Param::Optional, Param::Optional], Out::Optional)], |_, args| match args {
        [Value::Optional(None), other @ Value::Optional(_)] => Ok(other.clone()),
        [found @ Value::Optional(Some(_)), Value::Optional(_)] => Ok(found.clone()),
        _ => Err(Failure::no_overload()),
    }),
];

fn size(budget: &mut Budget, args: &[Value]) -> Ran {
    match args {
        [Value::String(text)] => {
            budget.text(text.len())?;
            Ok(count(text.chars().count()))
        }
        [Value::Bytes(octets)] => Ok(count(octets.len())),
        [Value::List(items)] => Ok(count(items.len())),
        [Value::Map(map)] => Ok(count(map.len())),
        _ => Err(Failure::no_overload()),
    }
}

/// A list made of another one that is no longer.
fn change(
    budget: &mut Budget,
    args: &[Value],
    of: fn(&[Value]) -> Result<Vec<Value>, Failure>,
) -> Ran {
    let [list @ Value::List(items)] = args else { return Err(Failure::no_overload()) };
    budget.walk(list)?;
    of(items).map(Value::list)
}

fn slice(budget: &mut Budget, args: &[Value]) -> Ran {
    let [Value::List(items), Value::Int(start), Value::Int(end)] = args else {
        return Err(Failure::no_overload());
    };
    let (start, end) = (index(*start, items.len())?, index(*end, items.len())?);
    let Some(part) = items.get(start..end) else {
        return Failure::wrong(format!(
            "cannot slice({start}, {end}), start index must be less than or equal to end index"
        ));
    };
    budget.elements(part.len())?;
    Ok(Value::list(part.to_vec()))
}

fn flatten(budget: &mut Budget, args: &[Value]) -> Ran {
    let (list, levels) = match args {
        [list @ Value::List(_)] => (list, 1),
        [list @ Value::List(_), Value::Int(levels)] if 0 <= *levels => (list, *levels),
        [Value::List(_), Value::Int(_)] => return Failure::wrong("level must be non-negative"),
        _ => return Err(Failure::no_overload()),
    };
    budget.walk(list)?;
    let mut flat = Vec::new();
    flatten_into(budget, list, levels, &mut flat)?;
    Ok(Value::list(flat))
}

/// The list was walked, so it nests no deeper than values may.
fn flatten_into(
    budget: &mut Budget,
    list: &Value,
    levels: i64,
    flat: &mut Vec<Value>,
) -> Result<(), Failure> {
    let Value::List(items) = list else { return Ok(()) };
    for item in items.iter() {
        match item {
            Value::List(_) if 0 < levels => flatten_into(budget, item, levels - 1, flat)?,
            item => {
                budget.take(1)?;
                flat.push(item.clone());
            }
        }
    }
    if MAX_ELEMENTS < flat.len() { budget.elements(flat.len()) } else { Ok(()) }
}

fn distinct(budget: &mut Budget, args: &[Value]) -> Ran {
    let [list @ Value::List(items)] = args else { return Err(Failure::no_overload()) };
    budget.walk(list)?;
    let mut seen: Vec<Value> = Vec::new();
    for item in items.iter() {
        pay(budget, item, seen.len())?;
        if !has(&seen, item) {
            seen.push(item.clone());
        }
    }
    Ok(Value::list(seen))
}

fn sorted(items: &[Value]) -> Result<Vec<Value>, Failure> {
    let Some(first) = items.first() else { return Ok(Vec::new()) };
    let fits = |item: &Value| item.type_name() == first.type_name() && item.compare(item).is_some();
    if !items.iter().all(fits) {
        return Err(Failure::no_overload());
    }
    let mut sorted = items.to_vec();
    sorted.sort_by(|a, b| a.compare(b).unwrap_or(std::cmp::Ordering::Equal));
    Ok(sorted)
}

fn end(args: &[Value], of: fn(&[Value]) -> Option<&Value>) -> Ran {
    match args {
        [Value::List(items)] => Ok(Value::Optional(of(items).cloned().map(Arc::new))),
        _ => Err(Failure::no_overload()),
    }
}

fn range(budget: &mut Budget, args: &[Value]) -> Ran {
    let [Value::Int(length)] = args else { return Err(Failure::no_overload()) };
    budget.elements(usize::try_from(*length).unwrap_or(0))?;
    Ok(Value::list((0..*length).map(Value::Int).collect()))
}

fn sets(budget: &mut Budget, args: &[Value], of: fn(&[Value], &[Value]) -> bool) -> Ran {
    let [a @ Value::List(left), b @ Value::List(right)] = args else {
        return Err(Failure::no_overload());
    };
    budget.walk(a)?;
    budget.walk(b)?;
    // Each element of one side is compared with each of the other, at worst in both directions.
    for item in left.iter() {
        pay(budget, item, right.len())?;
    }
    for item in right.iter() {
        pay(budget, item, left.len())?;
    }
    Ok(Value::Bool(of(left, right)))
}

/// Pays for comparing a value so many times.
fn pay(budget: &mut Budget, item: &Value, times: usize) -> Result<(), Failure> {
    let mut alone = Budget::new();
    alone.walk(item)?;
    budget.take(alone.spent().saturating_mul(times))
}

fn has(items: &[Value], wanted: &Value) -> bool {
    items.iter().any(|item| item.equals(wanted))
}
