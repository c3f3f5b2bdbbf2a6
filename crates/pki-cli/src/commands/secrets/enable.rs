//! `secrets enable`: the only command that makes a store.

use pki_core::Operation;
use serde_json::{Map, Value, json};

use super::{insert_settings, options, settled};
use crate::args::EnableArgs;
use crate::commands::{Context, exactly, mount_path, trimmed};
use crate::durations::FlagDuration;
use crate::failure::{Failure, refusal};
use crate::session::Session;

pub(super) fn run(args: &EnableArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    let [kind] = exactly(&args.words.words)?;
    let kind = kind.trim();
    let kind = match args.plugin_name.as_deref() {
        Some(name) if kind == "plugin" => name,
        _ => kind,
    };
    let path = args.path.as_deref().unwrap_or(kind);
    let session = Session::open_or_create(context.settings, context.console.environment)?;
    let answer = session
        .ask(Operation::Write, &format!("sys/mounts/{}", trimmed(path)), request(args, kind))
        .map_err(|error| refusal("enabling", &error))?;
    let done = format!("Enabled the {kind} secrets engine at: {}", mount_path(path));
    settled(context, answer, &done)
}

fn request(args: &EnableArgs, kind: &str) -> Map<String, Value> {
    let flags = &args.mount;
    let mut config = Map::new();
    let mut insert = |name: &str, value| config.insert(name.to_owned(), value);
    insert("default_lease_ttl", Value::from(FlagDuration::for_new(flags.default_lease_ttl)));
    insert("max_lease_ttl", Value::from(FlagDuration::for_new(flags.max_lease_ttl)));
    insert("force_no_cache", Value::from(args.force_no_cache));
    insert_settings(&mut config, flags);
    let members = [
        ("type", Some(Value::from(kind))),
        ("description", Some(json!(flags.description.as_deref().unwrap_or_default()))),
        ("config", Some(Value::Object(config))),
        ("local", Some(Value::from(args.local))),
        ("seal_wrap", Some(Value::from(args.seal_wrap))),
        ("external_entropy_access", Some(Value::from(args.external_entropy_access))),
        ("options", options(flags)),
    ];
    let given = members.into_iter();
    given.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
