//! `pki`: what takes more than one request. All of it could be done with `read` and `write`.

mod find;
mod health_check;
mod issue;
mod issuer;
mod list_intermediates;
mod reissue;
mod revoke;
mod template;
mod verify_sign;

use pki_core::{Error, Operation};
use serde_json::{Map, Value};

use super::{Context, is_absent, trimmed};
use crate::args::PkiCommand;
use crate::failure::Failure;
use crate::output::Answer;
use crate::session::Session;

pub(super) fn run(command: PkiCommand, context: Context<'_, '_>) -> Result<(), Failure> {
    match command {
        PkiCommand::HealthCheck(args) => health_check::run(&args, context),
        PkiCommand::Issue(args) => issue::run(&args, context),
        PkiCommand::Reissue(args) => reissue::run(&args, context),
        PkiCommand::VerifySign(args) => verify_sign::run(&args, context),
        PkiCommand::ListIntermediates(args) => list_intermediates::run(&args, context),
        PkiCommand::Find(args) => find::run(&args, context),
        PkiCommand::Revoke(args) => revoke::run(&args, context),
    }
}

/// The fields of what is at a path; none if there is nothing.
///
/// # Errors
///
/// The engine's.
fn read(session: &Session, path: &str) -> Result<Map<String, Value>, Error> {
    session.ask(Operation::Read, path, Map::new()).or_else(absent_is_empty).map(fields)
}

/// The keys below a path, in the engine's order; none if there is nothing.
///
/// # Errors
///
/// The engine's.
fn list(session: &Session, path: &str) -> Result<Vec<String>, Error> {
    let answer = session.ask(Operation::List, path, Map::new()).or_else(absent_is_empty)?;
    Ok(texts(fields(answer).get("keys")))
}

fn absent_is_empty(error: Error) -> Result<Answer, Error> {
    if is_absent(&error) { Ok(Answer::Done) } else { Err(error) }
}

fn fields(answer: Answer) -> Map<String, Value> {
    match answer {
        Answer::Secret(secret) => secret.data.unwrap_or_default(),
        Answer::Done | Answer::File { .. } => Map::new(),
    }
}

/// The text of a member; the empty text if there is none.
fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a list; none if it is none.
fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn flag(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).and_then(Value::as_bool) == Some(true)
}
