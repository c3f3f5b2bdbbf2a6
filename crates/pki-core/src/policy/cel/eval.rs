//! From an expression to a value, within a budget.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::functions;
use super::limits::{Budget, Failure};
use super::messages;
use super::syntax::{Body, Expr, Loop, Node};
use super::value::{Key, Message, Value};

/// The names that an expression may use, the last of each counting.
pub(super) struct Names {
    values: Vec<(String, Value)>,
}

impl Names {
    pub(super) fn new(values: Vec<(String, Value)>) -> Self {
        Self { values }
    }

    pub(super) fn add(&mut self, name: &str, value: Value) {
        self.values.push((name.to_owned(), value));
    }

    fn find(&self, name: &str) -> Option<&Value> {
        self.values.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// Evaluates an expression.
///
/// # Errors
///
/// What goes wrong first, or the limit that was reached.
pub(super) fn eval(expr: &Expr, names: &mut Names, budget: &mut Budget) -> Result<Value, Failure> {
    budget.take(1)?;
    match &expr.node {
        Node::Literal(value) => Ok(value.clone()),
        Node::Name(name) => match (names.find(name), Value::type_called(name)) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(of)) => Ok(Value::Type(of)),
            // Names are checked before; this one is declared, and has no value here.
            (None, None) => Failure::wrong(format!("no such attribute(s): {name}")),
        },
        Node::Select { operand, field } => select(&eval(operand, names, budget)?, field),
        Node::Has { operand, field } => has(&eval(operand, names, budget)?, field).map(Value::Bool),
        Node::Call { function, is_member, args } => match (function.as_str(), args.as_slice()) {
            ("_?_:_", [test, then, otherwise]) => match eval(test, names, budget)? {
                Value::Bool(true) => eval(then, names, budget),
                Value::Bool(false) => eval(otherwise, names, budget),
                _ => Err(Failure::no_overload()),
            },
            ("_&&_", [left, right]) => both(left, right, names, budget, false),
            ("_||_", [left, right]) => both(left, right, names, budget, true),
            _ => call(function, *is_member, args, names, budget),
        },
        Node::List(items) => {
            budget.elements(items.len())?;
            let items = items.iter().map(|item| eval(item, names, budget));
            items.collect::<Result<Vec<_>, _>>().map(Value::list)
        }
        Node::Map(entries) => map(entries, names, budget),
        Node::Message { name, fields } => message(name, fields, names, budget),
        Node::Loop(inner) => repeat(inner, names, budget),
    }
}

fn select(operand: &Value, field: &str) -> Result<Value, Failure> {
    match operand {
        Value::Map(map) => {
            let found = map.get(&Key::text(field)).cloned();
            found.ok_or_else(|| Failure::Wrong(format!("no such key: {field}")))
        }
        Value::Message(message) => {
            let found = message.get(field);
            found.ok_or_else(|| Failure::Wrong(format!("no such field: {field}")))
        }
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => {
            let found = has(inner, field)?.then(|| select(inner, field)).transpose()?;
            Ok(Value::Optional(found.map(Arc::new)))
        }
        _ => Err(Failure::no_overload()),
    }
}

fn has(operand: &Value, field: &str) -> Result<bool, Failure> {
    match operand {
        Value::Map(map) => Ok(map.contains_key(&Key::text(field))),
        Value::Message(message) if message.of.field(field).is_some() => {
            Ok(message.set(field).is_some())
        }
        Value::Message(_) => Failure::wrong(format!("no such field: {field}")),
        Value::Optional(None) => Ok(false),
        Value::Optional(Some(inner)) => has(inner, field),
        _ => Err(Failure::no_overload()),
    }
}

/// `&&` (decided by `false`) and `||` (decided by `true`). What goes wrong on one side does not
/// count if the other decides.
fn both(
    left: &Expr,
    right: &Expr,
    names: &mut Names,
    budget: &mut Budget,
    decides: bool,
) -> Result<Value, Failure> {
    let left = truth(eval(left, names, budget))?;
    if left == Ok(decides) {
        return Ok(Value::Bool(decides));
    }
    let right = truth(eval(right, names, budget))?;
    match (left, right) {
        (_, Ok(right)) if right == decides => Ok(Value::Bool(decides)),
        (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
        (Ok(_), Ok(_)) => Ok(Value::Bool(!decides)),
    }
}

/// A truth value, or what went wrong; a limit is passed on.
fn truth(outcome: Result<Value, Failure>) -> Result<Result<bool, Failure>, Failure> {
    match outcome {
        Ok(Value::Bool(inner)) => Ok(Ok(inner)),
        Ok(_) => Ok(Err(Failure::no_overload())),
        Err(limit @ Failure::Limit(_)) => Err(limit),
        Err(wrong @ Failure::Wrong(_)) => Ok(Err(wrong)),
    }
}

fn call(
    name: &str,
    is_member: bool,
    args: &[Expr],
    names: &mut Names,
    budget: &mut Budget,
) -> Result<Value, Failure> {
    let args = args.iter().map(|arg| eval(arg, names, budget)).collect::<Result<Vec<_>, _>>()?;
    let mut outcome = Err(Failure::no_overload());
    // Names such as `reverse` belong to several functions, for values of different types.
    for function in functions::called(name, is_member) {
        outcome = (function.run)(budget, &args);
        if outcome.as_ref().err() != Some(&Failure::no_overload()) {
            break;
        }
    }
    outcome
}

fn map(entries: &[(Expr, Expr)], names: &mut Names, budget: &mut Budget) -> Result<Value, Failure> {
    budget.elements(entries.len())?;
    let mut map = BTreeMap::new();
    for (key, value) in entries {
        let key = Key::of(&eval(key, names, budget)?).ok_or_else(Failure::no_overload)?;
        if map.contains_key(&key) {
            return Failure::wrong(format!("Failed with repeated key: {key}"));
        }
        let value = eval(value, names, budget)?;
        map.insert(key, value);
    }
    Ok(Value::Map(Arc::new(map)))
}

fn message(
    name: &str,
    fields: &[(String, Expr)],
    names: &mut Names,
    budget: &mut Budget,
) -> Result<Value, Failure> {
    let of = messages::message(name);
    let of = of.ok_or_else(|| Failure::Wrong(format!("unknown type: {name}")))?;
    let mut values = BTreeMap::new();
    for (field, value) in fields {
        let value = eval(value, names, budget)?;
        let field =
            of.field(field).ok_or_else(|| Failure::Wrong(format!("no such field: {field}")))?;
        let is_unset = matches!(value, Value::Null);
        if !is_unset && !field.of.holds(&value) {
            let (got, want) = (value.type_name(), field.of);
            return Failure::wrong(format!(
                "field type conversion error for {}.{}: expected {want}, got {got}",
                of.name, field.name
            ));
        }
        if let Value::List(items) = &value {
            budget.take(items.len())?;
        }
        if !is_unset {
            values.insert(field.name, value);
        }
    }
    Ok(Value::Message(Arc::new(Message::new(of, values))))
}

fn repeat(inner: &Loop, names: &mut Names, budget: &mut Budget) -> Result<Value, Failure> {
    let elements = match eval(&inner.over, names, budget)? {
        Value::List(items) => items,
        Value::Map(map) => {
            budget.elements(map.len())?;
            map.keys().map(Key::to_value).collect()
        }
        _ => return Err(Failure::no_overload()),
    };
    let height = names.values.len();
    let outcome = each(inner, &elements, names, budget);
    names.values.truncate(height);
    outcome
}

fn each(
    inner: &Loop,
    elements: &[Value],
    names: &mut Names,
    budget: &mut Budget,
) -> Result<Value, Failure> {
    let height = names.values.len();
    let bind = |names: &mut Names, element: &Value| {
        names.values.truncate(height);
        names.add(&inner.variable, element.clone());
    };
    let (test, decides) = match &inner.body {
        Body::All(test) => (test, false),
        Body::Exists(test) => (test, true),
        Body::ExistsOne(test) => {
            let mut found = 0_usize;
            for element in elements {
                bind(names, element);
                found += usize::from(truth(eval(test, names, budget))??);
            }
            return Ok(Value::Bool(found == 1));
        }
        Body::Filter(test) => {
            let mut kept = Vec::new();
            for element in elements {
                bind(names, element);
                if truth(eval(test, names, budget))?? {
                    kept.push(element.clone());
                }
            }
            return Ok(Value::list(kept));
        }
        Body::Map { guard, item } => {
            let mut made = Vec::new();
            for element in elements {
                bind(names, element);
                let is_wanted = match guard {
                    Some(guard) => truth(eval(guard, names, budget))??,
                    None => true,
                };
                if is_wanted {
                    made.push(eval(item, names, budget)?);
                }
            }
            return Ok(Value::list(made));
        }
    };
    // As `&&` and `||` over all elements: what goes wrong counts only if none decides.
    let mut wrong = None;
    for element in elements {
        bind(names, element);
        match truth(eval(test, names, budget))? {
            Ok(outcome) if outcome == decides => return Ok(Value::Bool(decides)),
            Ok(_) => (),
            Err(problem) => wrong = wrong.or(Some(problem)),
        }
    }
    wrong.map_or(Ok(Value::Bool(!decides)), Err)
}
