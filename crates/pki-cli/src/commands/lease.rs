//! `lease`: requests under `sys/leases/`.

use pki_core::Operation;
use serde_json::{Map, Value};

use super::{Context, exactly};
use crate::args::{LeaseCommand, LookupArgs, RenewArgs, RevokeArgs};
use crate::failure::Failure;
use crate::output::{Answer, Format, success};

pub(super) fn run(command: LeaseCommand, context: Context<'_, '_>) -> Result<(), Failure> {
    match command {
        LeaseCommand::Lookup(args) => lookup(&args, context),
        LeaseCommand::Renew(args) => renew(&args, context),
        LeaseCommand::Revoke(args) => revoke(&args, context),
    }
}

fn lookup(args: &LookupArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let id = id(&args.words.words)?;
    let doing = format!("looking up lease id {id}");
    let answer = ask(&mut context, "lookup", request(id, None), &doing)?;
    context.show_change(answer, None, (&doing, ""))
}

fn renew(args: &RenewArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let id = id(&args.words.words)?;
    let doing = format!("renewing {id}");
    let increment = args.increment.as_deref().map(Value::from);
    let request = request(id, increment.map(|value| ("increment", value)));
    let answer = ask(&mut context, "renew", request, &doing)?;
    context.show_change(answer, args.field.field.as_deref(), (&doing, ""))
}

fn revoke(args: &RevokeArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [id] = exactly(&args.words.words)?;
    let id = id.trim().trim_start_matches('/');
    if args.force && !args.prefix {
        return Err(Failure::Usage(
            "Specifying -force requires also specifying -prefix".to_owned(),
        ));
    }
    if args.force {
        writeln!(
            context.console.err,
            "Warning! Force-removing leases can cause pkictl to become out of sync with\n\
             secret engines!"
        )?;
    }
    let (path, request, doing) = revocation(args, id);
    if let Answer::Secret(secret) = ask(&mut context, &path, request, &doing)? {
        crate::output::warn(context.console, &secret.warnings)?;
    }
    match done(args, id) {
        Some(done) => success(context.console, Format::Table, &done),
        None => {
            Ok(writeln!(context.console.out, "All revocation operations queued successfully!")?)
        }
    }
}

/// The path below `sys/leases/`, what is sent there, and what to call it if it fails.
fn revocation(args: &RevokeArgs, id: &str) -> (String, Map<String, Value>, String) {
    let sync = ("sync", Value::from(args.sync));
    match (args.prefix, args.force) {
        (false, _) => {
            ("revoke".to_owned(), request(id, Some(sync)), format!("revoking lease {id}"))
        }
        (true, false) => (
            format!("revoke-prefix/{id}"),
            Map::from_iter([sync].map(|(name, value)| (name.to_owned(), value))),
            format!("revoking leases with prefix {id}"),
        ),
        (true, true) => (
            format!("revoke-force/{id}"),
            Map::new(),
            format!("force revoking leases with prefix {id}"),
        ),
    }
}

/// What to say when it is known to be done; nothing for the reference's queue, whose words
/// scripts wait for.
fn done(args: &RevokeArgs, id: &str) -> Option<String> {
    match (args.force, args.prefix, args.sync) {
        (true, ..) => Some(format!("Force revoked any leases with prefix: {id}")),
        (false, true, true) => Some(format!("Revoked any leases with prefix: {id}")),
        (false, false, true) => Some(format!("Revoked lease: {id}")),
        (false, _, false) => None,
    }
}

fn ask(
    context: &mut Context<'_, '_>,
    path: &str,
    request: Map<String, Value>,
    doing: &str,
) -> Result<Answer, Failure> {
    let path = format!("sys/leases/{path}");
    context.change(Operation::Write, &path, request, doing)
}

fn request(id: &str, more: Option<(&str, Value)>) -> Map<String, Value> {
    let members = [("lease_id", Value::from(id))].into_iter().chain(more);
    members.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The one word of a command that has always asked for it in its own way.
fn id(words: &[String]) -> Result<&str, Failure> {
    if words.is_empty() {
        return Err(Failure::Usage("Missing ID!".to_owned()));
    }
    let [id] = exactly(words)?;
    Ok(id.trim().trim_start_matches('/'))
}
