//! `secrets tune`.

use pki_core::Operation;
use serde_json::{Map, Value};

use super::{insert_settings, options, settled};
use crate::args::{MountFlags, TuneArgs};
use crate::commands::{Context, exactly, mount_path, trimmed};
use crate::durations::FlagDuration;
use crate::failure::Failure;

pub(super) fn run(args: &TuneArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [path] = exactly(&args.words.words)?;
    let mount = mount_path(path);
    let doing = format!("tuning secrets engine {mount}");
    let at = format!("sys/mounts/{}/tune", trimmed(path));
    let answer = context.change(Operation::Write, &at, request(&args.mount), &doing)?;
    settled(context, answer, &format!("Tuned the secrets engine at: {mount}"))
}

/// Only what was given: an empty description is one, none is not.
fn request(flags: &MountFlags) -> Map<String, Value> {
    let mut data = Map::new();
    let lifetimes =
        [("default_lease_ttl", flags.default_lease_ttl), ("max_lease_ttl", flags.max_lease_ttl)];
    for (name, lifetime) in lifetimes {
        data.insert(name.to_owned(), Value::from(FlagDuration::for_change(lifetime)));
    }
    if let Some(description) = &flags.description {
        data.insert("description".to_owned(), Value::from(description.as_str()));
    }
    if let Some(options) = options(flags) {
        data.insert("options".to_owned(), options);
    }
    insert_settings(&mut data, flags);
    data
}
