//! Functions and operators: what they take, what they give, and how. The checker and the
//! evaluator read the same tables.

mod collections;
mod convert;
mod encode;
mod moments;
mod numbers;
mod operators;
mod strings;

use super::limits::{Budget, Failure};
use super::value::Value;

/// A function, with all its overloads.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) style: Style,
    /// What it can be applied to, as far as types say; `run` decides about values.
    pub(super) overloads: &'static [(&'static [Param], Out)],
    pub(super) run: fn(&mut Budget, &[Value]) -> Result<Value, Failure>,
}

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `f(x)`
    Global,
    /// `x.f()`
    Member,
    /// Both.
    Either,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Param {
    Any,
    Bool,
    Int,
    Uint,
    Double,
    Number,
    Text,
    Bytes,
    Time,
    Span,
    List,
    Texts,
    Map,
    Optional,
    /// What the first argument is.
    Same,
    /// A key of the first argument.
    Key,
    /// A list or map that could hold the first argument.
    Holder,
    /// Any number of what comes before it, which is there at least once.
    More,
}

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Out {
    Dyn,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Time,
    Span,
    Texts,
    Ints,
    Anys,
    Optional,
    Type,
    /// What the first argument is.
    First,
    /// What the first argument holds.
    Element,
}

const TABLES: [&[Function]; 7] = [
    collections::TABLE,
    convert::TABLE,
    encode::TABLE,
    moments::TABLE,
    numbers::TABLE,
    operators::TABLE,
    strings::TABLE,
];

/// All functions with a name that can be called in this way.
pub(super) fn called(name: &str, is_member: bool) -> impl Iterator<Item = &'static Function> {
    let style = if is_member { Style::Member } else { Style::Global };
    TABLES
        .into_iter()
        .flatten()
        .filter(move |function| function.name == name)
        .filter(move |function| function.style == style || function.style == Style::Either)
}

const fn global(
    name: &'static str,
    overloads: &'static [(&'static [Param], Out)],
    run: fn(&mut Budget, &[Value]) -> Result<Value, Failure>,
) -> Function {
    Function { name, style: Style::Global, overloads, run }
}

const fn member(
    name: &'static str,
    overloads: &'static [(&'static [Param], Out)],
    run: fn(&mut Budget, &[Value]) -> Result<Value, Failure>,
) -> Function {
    Function { name, style: Style::Member, overloads, run }
}

/// A place in a text or list that a policy gives.
fn index(number: i64, length: usize) -> Result<usize, Failure> {
    let found = usize::try_from(number).ok().filter(|index| *index <= length);
    found.map_or_else(|| Failure::wrong(format!("index out of range: {number}")), Ok)
}

/// How many there are, as policies count.
fn count(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}
