//! `list`.

use std::ops::ControlFlow;

use pki_core::{Page, Pages};
use serde_json::{Map, Value};

use super::{Context, exactly, is_absent, no_value, not_an_envelope, trimmed};
use crate::args::ListArgs;
use crate::environment::Environment;
use crate::failure::{Failure, REFUSED, refusal};
use crate::flags::parse_bool;
use crate::output::{self, Answer, Format, LongList, Secret};

pub(super) fn run(args: ListArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [path] = exactly(&args.words.words)?;
    let path = trimmed(path);
    let detailed = args.detailed || detailed_by_default(context.console.environment);
    let session = context.session()?;
    let rounds = LongList::rounds(context.format, detailed);
    let (mut long, mut outcome) = (None, Ok(()));
    let asked = session.list(path, page(&args), Pages { size: PAGE, rounds }, &mut |page| {
        let Page { response, round, is_last } = page;
        let answer = Answer::from(response);
        let shown = match &mut long {
            None if is_last => show_answer(&mut context, path, answer, detailed),
            long => {
                let long = long.get_or_insert_with(|| LongList::new(context.format, detailed));
                let data = secret(path, answer);
                data.and_then(|data| long.add(context.console, data, (round, is_last)))
            }
        };
        let flow = if shown.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        // A list that fits on a page was shown whole.
        let flow = if long.is_none() { ControlFlow::Break(()) } else { flow };
        outcome = shown;
        flow
    });
    match asked {
        Err(error) if is_absent(&error) => Err(nothing(&mut context, path)),
        Err(error) => Err(refusal(&format!("listing {path}"), &error)),
        Ok(()) => outcome,
    }
}

/// Keys that are in memory at once. Most lists are shorter.
const PAGE: usize = 500;

fn show_answer(
    context: &mut Context<'_, '_>,
    path: &str,
    answer: Answer,
    detailed: bool,
) -> Result<(), Failure> {
    match answer {
        Answer::Done => Err(nothing(context, path)),
        answer => show(context, path, secret(path, answer)?, detailed),
    }
}

fn secret(path: &str, answer: Answer) -> Result<Secret, Failure> {
    match answer {
        Answer::Secret(secret) => Ok(secret),
        Answer::Done => Err(no_value(path)),
        Answer::File { content_type, .. } => {
            Err(not_an_envelope(&format!("listing {path}"), content_type))
        }
    }
}

/// Which part of the list was asked for.
fn page(args: &ListArgs) -> Map<String, Value> {
    let mut data = Map::new();
    if let Some(after) = args.after.as_ref().filter(|after| !after.is_empty()) {
        data.insert("after".to_owned(), Value::from(after.as_str()));
    }
    if let Some(limit) = args.limit.filter(|limit| 0 < *limit) {
        data.insert("limit".to_owned(), Value::from(limit));
    }
    data
}

fn show(
    context: &mut Context<'_, '_>,
    path: &str,
    secret: Secret,
    detailed: bool,
) -> Result<(), Failure> {
    let Some(data) = &secret.data else {
        // There may be warnings that say why.
        return match context.format {
            Format::Table => context.show(secret, None),
            _ => Err(nothing(context, path)),
        };
    };
    let keys = data.get("keys").and_then(Value::as_array);
    let Some(keys) = keys.filter(|keys| !keys.is_empty()) else {
        return Err(match context.format {
            Format::Table => Failure::Refused(format!("No entries found at {path}")),
            _ => nothing(context, path),
        });
    };
    if context.format == Format::Json && detailed {
        return context.show(secret, None);
    }
    if context.format == Format::Table {
        output::warn(context.console, &secret.warnings)?;
    }
    let key_info = data.get("key_info").and_then(Value::as_object);
    let key_info = key_info.filter(|_| detailed);
    output::list(context.console, context.format, keys, key_info)
}

/// Programs get an empty object; people are told. Either way the status says that there was
/// nothing.
fn nothing(context: &mut Context<'_, '_>, path: &str) -> Failure {
    if context.format == Format::Table {
        return no_value(path);
    }
    let empty = Value::Object(Map::new());
    match output::document(context.console, context.format, &empty, 0) {
        Ok(()) => Failure::Said(REFUSED),
        Err(Failure::Usage(text)) => Failure::Refused(text),
        Err(failure) => failure,
    }
}

fn detailed_by_default(environment: &Environment) -> bool {
    let names = ["PKICTL_DETAILED", "BAO_DETAILED", "VAULT_DETAILED"];
    environment.first(&names).and_then(parse_bool) == Some(true)
}
