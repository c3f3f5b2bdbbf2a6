//! `secrets`: mounts are requests under `sys/`, like everything else.

mod enable;
mod list;
mod relocate;
mod tune;

use pki_core::Operation;
use serde_json::{Map, Value};

use super::{Context, exactly, mount_path, trimmed};
use crate::args::{DisableArgs, MountFlags, SecretsCommand};
use crate::failure::Failure;
use crate::output::{self, Answer, Format};

pub(super) fn run(command: SecretsCommand, context: Context<'_, '_>) -> Result<(), Failure> {
    match command {
        SecretsCommand::Enable(args) => enable::run(&args, context),
        SecretsCommand::Disable(args) => disable(&args, context),
        SecretsCommand::List(args) => list::run(&args, context),
        SecretsCommand::Tune(args) => tune::run(&args, context),
        SecretsCommand::Move(args) => relocate::run(&args, context),
    }
}

fn disable(args: &DisableArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [path] = exactly(&args.words.words)?;
    let mount = mount_path(path);
    let doing = format!("disabling secrets engine at {mount}");
    let at = format!("sys/mounts/{}", trimmed(path));
    let answer = context.change(Operation::Delete, &at, Map::new(), &doing)?;
    let done = format!("Disabled the secrets engine (if it existed) at: {mount}");
    settled(context, answer, &done)
}

/// Shows the warnings of an answer, and says that the change was made. These commands have no
/// other format.
fn settled(context: Context<'_, '_>, answer: Answer, done: &str) -> Result<(), Failure> {
    if let Answer::Secret(secret) = answer {
        output::warn(context.console, &secret.warnings)?;
    }
    output::success(context.console, Format::Table, done)
}

/// Adds to a request the settings that were given, under the names of the API.
fn insert_settings(config: &mut Map<String, Value>, flags: &MountFlags) {
    let lists = [
        ("audit_non_hmac_request_keys", &flags.audit_non_hmac_request_keys),
        ("audit_non_hmac_response_keys", &flags.audit_non_hmac_response_keys),
        ("passthrough_request_headers", &flags.passthrough_request_headers),
        ("allowed_response_headers", &flags.allowed_response_headers),
    ];
    for (name, values) in lists {
        if !values.is_empty() {
            config.insert(name.to_owned(), Value::from(values.as_slice()));
        }
    }
    let texts = [
        ("listing_visibility", &flags.listing_visibility),
        ("plugin_version", &flags.plugin_version),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            config.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
}

/// The options of the engine itself, if any were given.
fn options(flags: &MountFlags) -> Option<Value> {
    let version = flags.version.map(|version| ("version".to_owned(), version.to_string()));
    let given: Map<String, Value> = flags
        .options
        .iter()
        .cloned()
        .chain(version)
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    Some(Value::Object(given)).filter(|_| !flags.options.is_empty() || flags.version.is_some())
}
