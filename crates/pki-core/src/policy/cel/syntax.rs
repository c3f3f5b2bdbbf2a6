//! From text to a tree, by the parser of the crate `cel`. No other file names that crate.
//!
//! The tree is ours: its size and depth are bounded while it is made, its macros are nodes, and
//! names that mean a constant or a function are resolved. What comes after need not know the
//! parser.

use std::thread;

use ::cel::Env;
use ::cel::common::ast::{self, EntryExpr, IdedExpr, LiteralValue, SourceInfo};

use super::limits::{self, MAX_DEPTH, MAX_LOOPS, MAX_NODES};
use super::messages;
use super::value::Value;

/// A place in an expression: line and column, from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What is wrong with an expression, and where, in the layout that clients of the reference know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ERROR: <input>:{}:{}: {what}", .place.line, .place.column)]
pub(super) struct Problem {
    pub(super) place: Place,
    pub(super) what: String,
}

/// A node, and where it is.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) place: Place,
    pub(super) node: Node,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(Value),
    Name(String),
    /// `operand.field`
    Select {
        operand: Box<Expr>,
        field: String,
    },
    /// `has(operand.field)`
    Has {
        operand: Box<Expr>,
        field: String,
    },
    /// A function or operator; the receiver of `x.f(y)` is the first argument.
    Call {
        function: String,
        is_member: bool,
        args: Vec<Expr>,
    },
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    /// `Type{field: value}`
    Message {
        name: String,
        fields: Vec<(String, Expr)>,
    },
    Loop(Box<Loop>),
}

/// A macro that looks at every element of a list, or every key of a map.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub(super) over: Expr,
    pub(super) variable: String,
    pub(super) body: Body,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    All(Expr),
    Exists(Expr),
    ExistsOne(Expr),
    Filter(Expr),
    /// `map(x, item)`, or `map(x, guard, item)`.
    Map {
        guard: Option<Expr>,
        item: Expr,
    },
}

/// Words before a dot that are part of a function's name.
const NAMESPACES: [&str; 6] = ["base64", "lists", "math", "optional", "sets", "strings"];

/// What the parser may nest. More than [`MAX_DEPTH`] of ours, since brackets count too.
const PARSER_DEPTH: u16 = 96;

/// What the parser may need of a stack, in octets. It recurses through many functions for each
/// bracket and each operator; callers' threads may have less.
const STACK: usize = 64 * 1024 * 1024;

/// Reads an expression.
///
/// # Errors
///
/// Everything that the parser found, or the first thing that is too large.
pub(super) fn parse(text: &str) -> Result<Expr, Vec<Problem>> {
    limits::text(text).map_err(|what| vec![Problem { place: START, what }])?;
    thread::scope(|scope| {
        let parser = thread::Builder::new().stack_size(STACK);
        let parser = parser.spawn_scoped(scope, || read(text));
        parser.ok().and_then(|parser| parser.join().ok())
    })
    .unwrap_or_else(|| {
        let what = "the parser could not be run".to_owned();
        Err(vec![Problem { place: START, what }])
    })
}

fn read(text: &str) -> Result<Expr, Vec<Problem>> {
    // An environment without macros: they stay calls, and become nodes of ours below.
    let parser = Env::default().parser().max_recursion_depth(PARSER_DEPTH);
    let parsed = parser.parse_with_source_info(text);
    let (tree, source) =
        parsed.map_err(|found| found.errors.iter().map(problem).collect::<Vec<_>>())?;
    let mut reader = Reader { source: &source, nodes: 0, depth: 0, loops: 0 };
    reader.expr(&tree).map_err(|problem| vec![problem])
}

const START: Place = Place { line: 1, column: 1 };

fn problem(found: &::cel::ParseError) -> Problem {
    let (line, column) = found.pos;
    let place = Place {
        line: usize::try_from(line).unwrap_or(1).max(1),
        column: usize::try_from(column).unwrap_or(1).max(1),
    };
    let is_depth = found.msg.contains("Recursion limit");
    let what = if is_depth { limits::too_deep() } else { found.msg.clone() };
    Problem { place, what }
}

/// Whether a program's variable may have this name: an identifier that means nothing else.
pub(super) fn is_free_name(name: &str) -> bool {
    const RESERVED: &[&str] = &[
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    ];
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && ![RESERVED, &NAMESPACES, &["KeyUsage", "ExtKeyUsage"]].concat().contains(&name)
}

struct Reader<'a> {
    source: &'a SourceInfo,
    nodes: usize,
    depth: usize,
    loops: usize,
}

impl Reader<'_> {
    fn place(&self, id: u64) -> Place {
        let offset = self.source.offset_for(id).map_or(0, |(start, _)| start);
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let before: String = self.source.source.chars().take(offset).collect();
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        Place { line, column: last.chars().count() + 1 }
    }

    fn refuse<T>(&self, id: u64, what: impl Into<String>) -> Result<T, Problem> {
        Err(Problem { place: self.place(id), what: what.into() })
    }

    fn boxed(&mut self, tree: &IdedExpr) -> Result<Box<Expr>, Problem> {
        self.expr(tree).map(Box::new)
    }

    fn all(&mut self, trees: &[IdedExpr]) -> Result<Vec<Expr>, Problem> {
        trees.iter().map(|tree| self.expr(tree)).collect()
    }

    fn expr(&mut self, tree: &IdedExpr) -> Result<Expr, Problem> {
        self.nodes += 1;
        if MAX_NODES < self.nodes {
            return self.refuse(tree.id, limits::too_many_nodes());
        }
        if MAX_DEPTH <= self.depth {
            return self.refuse(tree.id, limits::too_deep());
        }
        self.depth += 1;
        let node = self.node(tree);
        self.depth -= 1;
        Ok(Expr { place: self.place(tree.id), node: node? })
    }

    fn node(&mut self, tree: &IdedExpr) -> Result<Node, Problem> {
        match &tree.expr {
            ast::Expr::Literal(literal) => Ok(Node::Literal(value(literal))),
            ast::Expr::Ident(name) => Ok(Node::Name(plain(name).to_owned())),
            ast::Expr::Select(select) => self.select(select),
            ast::Expr::Call(call) => self.call(tree.id, call),
            ast::Expr::List(list) if list.optional_indices.is_empty() => {
                self.all(&list.elements).map(Node::List)
            }
            ast::Expr::Map(map) => self.map(tree.id, map),
            ast::Expr::Struct(message) => self.message(tree.id, message),
            ast::Expr::List(_) => self.refuse(tree.id, OPTIONAL_ENTRY),
            ast::Expr::Comprehension(_) | ast::Expr::Unspecified => {
                self.refuse(tree.id, "unsupported expression")
            }
        }
    }

    fn select(&mut self, select: &ast::SelectExpr) -> Result<Node, Problem> {
        let ast::SelectExpr { operand, field, test: _ } = select;
        if let ast::Expr::Ident(name) = &operand.expr
            && let Some(number) = messages::constant(plain(name), field)
        {
            return Ok(Node::Literal(Value::Int(number)));
        }
        Ok(Node::Select { operand: self.boxed(operand)?, field: field.clone() })
    }

    fn call(&mut self, id: u64, call: &ast::CallExpr) -> Result<Node, Problem> {
        let ast::CallExpr { func_name, target, args } = call;
        match (target, args.as_slice()) {
            (None, [argument]) if func_name == "has" => self.has(argument),
            (Some(target), [variable, rest @ ..]) if is_loop(func_name, args.len()) => {
                self.repeat(func_name, target, variable, rest)
            }
            (Some(target), _) => {
                if let Some(function) = qualified(target, func_name) {
                    let args = self.all(args)?;
                    return Ok(Node::Call { function, is_member: false, args });
                }
                let mut all = vec![self.expr(target)?];
                all.extend(self.all(args)?);
                Ok(Node::Call { function: func_name.clone(), is_member: true, args: all })
            }
            (None, _) => {
                let function = plain(func_name).to_owned();
                if function.is_empty() {
                    return self.refuse(id, "unsupported expression");
                }
                Ok(Node::Call { function, is_member: false, args: self.all(args)? })
            }
        }
    }

    fn has(&mut self, argument: &IdedExpr) -> Result<Node, Problem> {
        match &argument.expr {
            ast::Expr::Select(select) => {
                let operand = self.boxed(&select.operand)?;
                Ok(Node::Has { operand, field: select.field.clone() })
            }
            _ => self.refuse(argument.id, "invalid argument to has() macro"),
        }
    }

    fn repeat(
        &mut self,
        name: &str,
        target: &IdedExpr,
        variable: &IdedExpr,
        rest: &[IdedExpr],
    ) -> Result<Node, Problem> {
        let ast::Expr::Ident(bound) = &variable.expr else {
            return self.refuse(variable.id, "argument must be a simple name");
        };
        let over = self.expr(target)?;
        if MAX_LOOPS <= self.loops {
            return self.refuse(variable.id, limits::too_many_loops());
        }
        self.loops += 1;
        let body = match (name, rest) {
            ("all", [test]) => self.expr(test).map(Body::All),
            ("exists", [test]) => self.expr(test).map(Body::Exists),
            ("exists_one", [test]) => self.expr(test).map(Body::ExistsOne),
            ("filter", [test]) => self.expr(test).map(Body::Filter),
            (_, [item]) => self.expr(item).map(|item| Body::Map { guard: None, item }),
            (_, [guard, item]) => self
                .expr(guard)
                .and_then(|guard| Ok(Body::Map { guard: Some(guard), item: self.expr(item)? })),
            _ => self.refuse(variable.id, "unsupported expression"),
        };
        self.loops -= 1;
        Ok(Node::Loop(Box::new(Loop { over, variable: bound.clone(), body: body? })))
    }

    fn map(&mut self, id: u64, map: &ast::MapExpr) -> Result<Node, Problem> {
        let mut entries = Vec::new();
        for entry in &map.entries {
            match &entry.expr {
                EntryExpr::MapEntry(entry) if !entry.optional => {
                    entries.push((self.expr(&entry.key)?, self.expr(&entry.value)?));
                }
                EntryExpr::MapEntry(_) | EntryExpr::StructField(_) => {
                    return self.refuse(id, OPTIONAL_ENTRY);
                }
            }
        }
        Ok(Node::Map(entries))
    }

    fn message(&mut self, id: u64, message: &ast::StructExpr) -> Result<Node, Problem> {
        let mut fields: Vec<(String, Expr)> = Vec::new();
        for entry in &message.entries {
            match &entry.expr {
                EntryExpr::StructField(field) if !field.optional => {
                    if fields.iter().any(|(name, _)| *name == field.field) {
                        let what = format!("field '{}' is set twice", field.field);
                        return self.refuse(entry.id, what);
                    }
                    let mut value = self.expr(&field.value)?;
                    value.place = self.place(entry.id);
                    fields.push((field.field.clone(), value));
                }
                EntryExpr::StructField(_) | EntryExpr::MapEntry(_) => {
                    return self.refuse(id, OPTIONAL_ENTRY);
                }
            }
        }
        let name = plain(&message.type_name);
        let name = name.strip_prefix("openbao.pki.").unwrap_or(name);
        Ok(Node::Message { name: name.to_owned(), fields })
    }
}

const OPTIONAL_ENTRY: &str = "optional entries are not supported";

/// What is said of a name that means nothing, in the words of the reference.
pub(super) fn undeclared(name: &str) -> String {
    format!("undeclared reference to '{name}' (in container 'openbao.pki')")
}

/// A name without the dot that says it is looked up at the root.
fn plain(name: &str) -> &str {
    name.strip_prefix('.').unwrap_or(name)
}

fn is_loop(name: &str, args: usize) -> bool {
    match name {
        "all" | "exists" | "exists_one" | "filter" => args == 2,
        "map" => args == 2 || args == 3,
        _ => false,
    }
}

/// `math.abs`, if what stands before the dot is not a value.
fn qualified(target: &IdedExpr, function: &str) -> Option<String> {
    match &target.expr {
        ast::Expr::Ident(name) if NAMESPACES.contains(&plain(name)) => {
            Some(format!("{}.{function}", plain(name)))
        }
        _ => None,
    }
}

fn value(literal: &LiteralValue) -> Value {
    match literal {
        LiteralValue::Null => Value::Null,
        LiteralValue::Boolean(inner) => Value::Bool(*inner.inner()),
        LiteralValue::Int(inner) => Value::Int(*inner.inner()),
        LiteralValue::UInt(inner) => Value::Uint(*inner.inner()),
        LiteralValue::Double(inner) => Value::Double(*inner.inner()),
        LiteralValue::String(inner) => Value::text(inner.inner()),
        LiteralValue::Bytes(inner) => Value::Bytes(inner.inner().into()),
    }
}
