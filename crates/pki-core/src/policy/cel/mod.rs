//! Policies as expressions (CEL): a program is read and checked when it is written, and run when
//! somebody asks for a certificate. What it gives is a template, or a refusal.
//!
//! The parser is the crate `cel`'s, and only `syntax` knows it. Checking and evaluating are
//! ours, because a stored program must not be able to take time or memory without end, and the
//! crate sets no bounds (`limits`). Nothing here reads a clock or a store.
//!
//! Source: the language definition of cel-spec; environment and results as in OpenBao 2.7.

mod check;
mod eval;
mod functions;
mod inputs;
mod limits;
mod messages;
mod source;
mod syntax;
mod template;
mod types;
mod value;

use serde::{Deserialize, Serialize};

use check::Scope;
use eval::Names;
pub use inputs::Inputs;
use limits::{Budget, Failure, MAX_PROGRAM, MAX_VARIABLES};
use syntax::{Expr, Problem};
pub use template::{Authority, Decision, Template};
use types::Type;
use value::Value;

/// A program as it is written: variables, evaluated in order, and the expression that decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Each may use those before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    /// What decides.
    pub expression: String,
}

/// A named expression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// What it stands for.
    pub expression: String,
}

/// Why a program is refused, or refuses, in the words of the reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CelError {
    /// The program does not have the members that it should.
    #[error("failed to decode 'cel_program': {0}")]
    Decode(String),
    /// The program has no main expression.
    #[error("cel_program.expression cannot be empty")]
    Empty,
    /// The program is too large to be kept.
    #[error("cel_program is too large: {0}")]
    TooLarge(String),
    /// The main expression cannot be read.
    #[error("invalid CEL syntax for main expression: {0}")]
    Syntax(String),
    /// The main expression cannot be right.
    #[error("error type-checking CEL MainProgram: {0}")]
    Check(String),
    /// A variable cannot be what it says.
    #[error(
        "failed to validate variables: variable[{index}].{name}: failed to validate: {problem}"
    )]
    Variable {
        /// Its place, from zero.
        index: usize,
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The program went wrong.
    #[error("error evaluating mainProgram: {0}")]
    Evaluation(String),
    /// The program refused the request, with its own words.
    #[error("{0}")]
    Refused(String),
    /// The program refused the request without a word.
    #[error("request denied")]
    Denied,
    /// The program gave something that says nothing.
    #[error("unexpected mainProgram result type {0}")]
    Result(&'static str),
    /// The program gave a template that no certificate can be made from.
    #[error("{0}")]
    Template(String),
}

/// A program that was read and checked.
#[derive(Clone, Debug)]
pub struct Checked {
    variables: Vec<(Variable, Expr)>,
    text: String,
    main: Expr,
}

impl Program {
    /// Reads and checks it.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    pub fn check(&self) -> Result<Checked, CelError> {
        let Self { variables, expression } = self;
        if expression.is_empty() {
            return Err(CelError::Empty);
        }
        self.fits()?;
        let mut scope = Scope::new(inputs::declared());
        let mut checked = Vec::new();
        for (index, variable) in variables.iter().enumerate() {
            let wrong =
                |problem| CelError::Variable { index, name: variable.name.clone(), problem };
            let tree = variable.check(&mut scope).map_err(wrong)?;
            checked.push((variable.clone(), tree));
        }
        let main = syntax::parse(expression)
            .map_err(|found| CelError::Syntax(listed(expression, &found)))?;
        check::check(&main, &mut scope)
            .map_err(|found| CelError::Check(listed(expression, &found)))?;
        Ok(Checked { variables: checked, text: expression.clone(), main })
    }

    /// Refuses a program that is too large as a whole.
    fn fits(&self) -> Result<(), CelError> {
        let count = self.variables.len();
        if MAX_VARIABLES < count {
            let what = format!("{count} variables, at most {MAX_VARIABLES}");
            return Err(CelError::TooLarge(what));
        }
        let parts = self.variables.iter().map(|v| v.name.len().saturating_add(v.expression.len()));
        let octets = parts.fold(self.expression.len(), usize::saturating_add);
        if MAX_PROGRAM < octets {
            return Err(CelError::TooLarge(format!("{octets} octets, at most {MAX_PROGRAM}")));
        }
        Ok(())
    }
}

impl Variable {
    /// Reads and checks the expression, then makes the name known to what comes after.
    fn check(&self, scope: &mut Scope) -> Result<Expr, String> {
        let Self { name, expression } = self;
        if !syntax::is_free_name(name) {
            return Err(format!("{name:?} cannot be the name of a variable"));
        }
        if scope.has(name) {
            return Err(format!("overlapping identifier for name '{name}'"));
        }
        let tree = syntax::parse(expression).map_err(|found| {
            format!("invalid CEL syntax for variable '{name}': {}", listed(expression, &found))
        })?;
        check::check(&tree, scope).map_err(|found| {
            format!("error type-checking variable '{name}': {}", listed(expression, &found))
        })?;
        scope.declare(name, Type::Dyn);
        Ok(tree)
    }
}

/// The problems of an expression, each with its line and a mark below the place.
fn listed(expression: &str, problems: &[Problem]) -> String {
    // The first few say it all.
    let shown = problems.iter().take(10).map(|problem| {
        let line = expression.lines().nth(problem.place.line - 1).unwrap_or_default();
        let before = problem.place.column.saturating_sub(1);
        match line.len() {
            0 => problem.to_string(),
            // A long line would bury the message.
            200.. => problem.to_string(),
            _ => format!("{problem}\n | {line}\n | {}^", ".".repeat(before)),
        }
    });
    shown.collect::<Vec<_>>().join("\n")
}

impl Checked {
    /// What the program says about a request.
    ///
    /// # Errors
    ///
    /// [`CelError::Refused`] and [`CelError::Denied`] if that is what it says, or why it says
    /// nothing that can be followed.
    pub fn decide(&self, inputs: &Inputs<'_>) -> Result<Decision, CelError> {
        let mut budget = Budget::new();
        match self.evaluate(inputs, &mut budget).map_err(CelError::Evaluation)? {
            Value::Message(message) => template::decision(&message).map_err(CelError::Template),
            Value::String(text) => Err(CelError::Refused(text.to_string())),
            Value::Bool(_) => Err(CelError::Denied),
            other => Err(CelError::Result(other.go_type())),
        }
    }

    fn evaluate(&self, inputs: &Inputs<'_>, budget: &mut Budget) -> Result<Value, String> {
        let mut names = Names::new(inputs.values(budget).map_err(|failure| failure.to_string())?);
        for (index, (Variable { name, expression }, tree)) in self.variables.iter().enumerate() {
            let value = eval::eval(tree, &mut names, budget)
                // Values must not grow deeper from variable to variable.
                .and_then(|value| budget.walk(&value).map(|()| value))
                .map_err(|failure| {
                    let problem = failed(expression, &failure);
                    format!("failed to evaluate variables: variable[{index}].{name}: {problem}")
                })?;
            names.add(name, value);
        }
        eval::eval(&self.main, &mut names, budget).map_err(|failure| {
            format!("failed to evaluate expression: {}", failed(&self.text, &failure))
        })
    }
}

fn failed(expression: &str, failure: &Failure) -> String {
    let shown: String = expression.chars().take(200).collect();
    let more = if shown.len() < expression.len() { "…" } else { "" };
    format!("failed to evaluate expression {:?}: {failure}", format!("{shown}{more}"))
}
