//! What can be seen of an expression before it runs: names, fields, and types where they are
//! certain.

use super::functions::{self, Out, Param};
use super::messages;
use super::syntax::{Body, Expr, Loop, Node, Place, Problem, undeclared};
use super::types::Type;
use super::value::Value;

/// The names that an expression may use, and what is known of them.
pub(super) struct Scope {
    names: Vec<(String, Type)>,
}

impl Scope {
    pub(super) fn new(names: Vec<(String, Type)>) -> Self {
        Self { names }
    }

    pub(super) fn declare(&mut self, name: &str, of: Type) {
        self.names.push((name.to_owned(), of));
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|(known, _)| known == name)
    }

    fn find(&self, name: &str) -> Option<&Type> {
        self.names.iter().rev().find(|(known, _)| known == name).map(|(_, of)| of)
    }
}

/// Checks an expression.
///
/// # Errors
///
/// Everything that is wrong, in order.
pub(super) fn check(expr: &Expr, scope: &mut Scope) -> Result<(), Vec<Problem>> {
    let mut checker = Checker { scope, problems: Vec::new() };
    checker.type_of(expr);
    if checker.problems.is_empty() { Ok(()) } else { Err(checker.problems) }
}

struct Checker<'a> {
    scope: &'a mut Scope,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    /// Notes a problem. What comes of it may be anything, so that it is reported once.
    fn wrong(&mut self, place: Place, what: impl Into<String>) -> Type {
        self.problems.push(Problem { place, what: what.into() });
        Type::Dyn
    }

    fn type_of(&mut self, expr: &Expr) -> Type {
        let place = expr.place;
        match &expr.node {
            Node::Literal(value) => literal(value),
            Node::Name(name) => match self.scope.find(name) {
                Some(of) => of.clone(),
                None if Value::type_called(name).is_some() => Type::Kind,
                None => self.wrong(place, undeclared(name)),
            },
            Node::Select { operand, field } => self.select(place, operand, field),
            Node::Has { operand, field } => {
                self.select(place, operand, field);
                Type::Bool
            }
            Node::Call { function, is_member, args } => {
                if functions::called(function, *is_member).next().is_none() {
                    self.wrong(place, undeclared(function));
                    args.iter().for_each(|arg| drop(self.type_of(arg)));
                    return Type::Dyn;
                }
                let args: Vec<Type> = args.iter().map(|arg| self.type_of(arg)).collect();
                self.call(place, function, *is_member, &args)
            }
            Node::List(items) => {
                let types = items.iter().map(|item| self.type_of(item)).collect::<Vec<_>>();
                Type::list(joined(types))
            }
            Node::Map(entries) => self.map(entries),
            Node::Message { name, fields } => self.message(place, name, fields),
            Node::Loop(inner) => self.repeat(inner),
        }
    }

    fn select(&mut self, place: Place, operand: &Expr, field: &str) -> Type {
        match self.type_of(operand) {
            Type::Dyn => Type::Dyn,
            Type::Map(key, value) if Type::String.fits(&key) => *value,
            Type::Message(name) => {
                let found = messages::message(name).and_then(|message| message.field(field));
                match found {
                    Some(found) => Type::of_field(found.of),
                    None => self.wrong(place, format!("undefined field '{field}'")),
                }
            }
            other => self.wrong(place, format!("type '{other}' does not support field selection")),
        }
    }

    fn map(&mut self, entries: &[(Expr, Expr)]) -> Type {
        let mut keys = Vec::new();
        let mut values = Vec::new();
        for (key, value) in entries {
            let of = self.type_of(key);
            let is_key =
                matches!(of, Type::Dyn | Type::Bool | Type::Int | Type::Uint | Type::String);
            if !is_key {
                self.wrong(key.place, format!("unsupported key type: {of}"));
            }
            keys.push(of);
            values.push(self.type_of(value));
        }
        Type::map(joined(keys), joined(values))
    }

    fn message(&mut self, place: Place, name: &str, fields: &[(String, Expr)]) -> Type {
        let Some(message) = messages::message(name) else {
            fields.iter().for_each(|(_, value)| drop(self.type_of(value)));
            return self.wrong(place, undeclared(name));
        };
        for (field, value) in fields {
            let got = self.type_of(value);
            let Some(field) = message.field(field) else {
                self.wrong(value.place, format!("undefined field '{field}'"));
                continue;
            };
            let want = Type::of_field(field.of);
            // A null leaves a field unset only where it holds a message.
            if !got.fits(&want) {
                let name = field.name;
                let what = format!(
                    "expected type of field '{name}' is '{want}' but provided type is '{got}'"
                );
                self.wrong(value.place, what);
            }
        }
        Type::of_message(message)
    }

    fn repeat(&mut self, inner: &Loop) -> Type {
        let Loop { over, variable, body } = inner;
        let element = match self.type_of(over) {
            Type::List(of) => *of,
            Type::Map(key, _) => *key,
            Type::Dyn => Type::Dyn,
            other => self.wrong(
                over.place,
                format!("expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"),
            ),
        };
        self.scope.declare(variable, element.clone());
        let of = match body {
            Body::All(test) | Body::Exists(test) | Body::ExistsOne(test) => {
                self.test(test);
                Type::Bool
            }
            Body::Filter(test) => {
                self.test(test);
                Type::list(element)
            }
            Body::Map { guard, item } => {
                guard.iter().for_each(|guard| self.test(guard));
                Type::list(self.type_of(item))
            }
        };
        self.scope.names.pop();
        of
    }

    fn test(&mut self, test: &Expr) {
        let of = self.type_of(test);
        if !of.fits(&Type::Bool) {
            self.wrong(test.place, format!("expected type 'bool' but found '{of}'"));
        }
    }

    fn call(&mut self, place: Place, name: &str, is_member: bool, args: &[Type]) -> Type {
        let mut results: Vec<Type> = Vec::new();
        for function in functions::called(name, is_member) {
            for (params, out) in function.overloads {
                if takes(params, args) {
                    results.push(out_type(*out, args));
                }
            }
        }
        match results.into_iter().reduce(Type::either) {
            Some(of) => of,
            None => {
                let types: Vec<String> = args.iter().map(ToString::to_string).collect();
                let applied = match (is_member, types.split_first()) {
                    (true, Some((target, rest))) => format!("{target}.({})", rest.join(", ")),
                    _ => format!("({})", types.join(", ")),
                };
                let what =
                    format!("found no matching overload for '{name}' applied to '{applied}'");
                self.wrong(place, what)
            }
        }
    }
}

fn joined(types: Vec<Type>) -> Type {
    types.into_iter().reduce(Type::either).unwrap_or(Type::Dyn)
}

fn literal(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Uint(_) => Type::Uint,
        Value::Double(_) => Type::Double,
        Value::String(_) => Type::String,
        Value::Bytes(_) => Type::Bytes,
        _ => Type::Dyn,
    }
}

/// Whether an overload may take arguments of these types.
fn takes(params: &[Param], args: &[Type]) -> bool {
    // The last parameter may stand for any number.
    let repeats = params.last() == Some(&Param::More);
    let params =
        if repeats { params.split_last().map_or(params, |(_, rest)| rest) } else { params };
    let Some(last) = params.last() else { return args.is_empty() };
    if args.len() < params.len() || (params.len() < args.len() && !repeats) {
        return false;
    }
    let all = params.iter().chain(std::iter::repeat(last));
    all.zip(args).all(|(param, arg)| accepts(*param, arg, args))
}

fn accepts(param: Param, arg: &Type, args: &[Type]) -> bool {
    let fits = |of: &Type| arg.fits(of);
    match param {
        Param::Any | Param::More => true,
        Param::Bool => fits(&Type::Bool),
        Param::Int => fits(&Type::Int),
        Param::Uint => fits(&Type::Uint),
        Param::Double => fits(&Type::Double),
        Param::Number => matches!(arg, Type::Dyn | Type::Int | Type::Uint | Type::Double),
        Param::Text => fits(&Type::String),
        Param::Bytes => fits(&Type::Bytes),
        Param::Time => fits(&Type::Timestamp),
        Param::Span => fits(&Type::Duration),
        Param::List => fits(&Type::list(Type::Dyn)),
        Param::Texts => fits(&Type::list(Type::String)),
        Param::Map => fits(&Type::map(Type::Dyn, Type::Dyn)),
        Param::Optional => fits(&Type::Optional(Box::new(Type::Dyn))),
        Param::Same => args.first().is_none_or(|first| arg.fits(first)),
        Param::Key => match args.first() {
            Some(Type::Map(key, _)) => arg.fits(key),
            _ => true,
        },
        Param::Holder => match arg {
            Type::List(of) => args.first().is_none_or(|first| first.fits(of)),
            Type::Map(key, _) => args.first().is_none_or(|first| first.fits(key)),
            Type::Dyn => true,
            _ => false,
        },
    }
}

fn out_type(out: Out, args: &[Type]) -> Type {
    let first = || args.first().cloned().unwrap_or(Type::Dyn);
    match out {
        Out::Dyn => Type::Dyn,
        Out::Bool => Type::Bool,
        Out::Int => Type::Int,
        Out::Uint => Type::Uint,
        Out::Double => Type::Double,
        Out::Text => Type::String,
        Out::Bytes => Type::Bytes,
        Out::Time => Type::Timestamp,
        Out::Span => Type::Duration,
        Out::Texts => Type::list(Type::String),
        Out::Ints => Type::list(Type::Int),
        Out::Anys => Type::list(Type::Dyn),
        Out::Optional => Type::Optional(Box::new(Type::Dyn)),
        Out::Type => Type::Kind,
        Out::First => first(),
        Out::Element => match first() {
            Type::List(of) => *of,
            Type::Map(_, value) => *value,
            _ => Type::Dyn,
        },
    }
}
