//! `secrets list`.

use pki_core::Operation;
use serde_json::{Map, Value};

use crate::args::MountsArgs;
use crate::commands::{Context, exactly};
use crate::failure::{Failure, refusal};
use crate::output::{self, Answer, Format};

/// Levels whose members keep the order in which the engine gave them: paths, and below them
/// mounts and their configuration.
const KEPT: usize = 3;

pub(super) fn run(args: &MountsArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    let [] = exactly(&args.words.words)?;
    let doing = "listing secrets engines";
    let answer = context
        .session()?
        .ask(Operation::Read, "sys/mounts", Map::new())
        .map_err(|error| refusal(doing, &error))?;
    let mut mounts: Vec<(String, Value)> = match answer {
        Answer::Secret(secret) => secret.data.unwrap_or_default().into_iter().collect(),
        Answer::Done | Answer::File { .. } => Vec::new(),
    };
    mounts.sort_by(|(a, _), (b, _)| a.cmp(b));
    if context.format != Format::Table {
        let mounts = Value::Object(mounts.into_iter().collect());
        return output::document(context.console, context.format, &mounts, KEPT);
    }
    let text = if args.detailed { detailed(&mounts) } else { short(&mounts) };
    Ok(context.console.out.write_all(text.as_bytes())?)
}

fn short(mounts: &[(String, Value)]) -> String {
    let row = |(path, mount): &(String, Value)| {
        let cell = |name: &str| text(mount, name);
        vec![path.clone(), cell("type"), cell("accessor"), cell("description")]
    };
    let rows: Vec<Vec<String>> = mounts.iter().map(row).collect();
    output::columns(&["Path", "Type", "Accessor", "Description"], &rows)
}

fn detailed(mounts: &[(String, Value)]) -> String {
    const HEADER: [&str; 16] = [
        "Path",
        "Plugin",
        "Accessor",
        "Default TTL",
        "Max TTL",
        "Force No Cache",
        "Replication",
        "Seal Wrap",
        "External Entropy Access",
        "Options",
        "Description",
        "UUID",
        "Version",
        "Running Version",
        "Running SHA256",
        "Deprecation Status",
    ];
    let row = |(path, mount): &(String, Value)| {
        let cell = |name: &str| text(mount, name);
        let config = mount.get("config").unwrap_or(&Value::Null);
        let local = mount.get("local").and_then(Value::as_bool) == Some(true);
        vec![
            path.clone(),
            cell("type"),
            cell("accessor"),
            lifetime(config, "default_lease_ttl"),
            lifetime(config, "max_lease_ttl"),
            text(config, "force_no_cache"),
            if local { "local" } else { "replicated" }.to_owned(),
            cell("seal_wrap"),
            cell("external_entropy_access"),
            options(mount),
            cell("description"),
            cell("uuid"),
            cell("plugin_version"),
            cell("running_plugin_version"),
            cell("running_sha256"),
            cell("deprecation_status"),
        ]
    };
    let rows: Vec<Vec<String>> = mounts.iter().map(row).collect();
    output::columns(&HEADER, &rows)
}

/// A member as text; nothing if it is not there.
fn text(object: &Value, name: &str) -> String {
    match object.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(value) => output::plain(value),
    }
}

/// Seconds, or who decides instead.
fn lifetime(config: &Value, name: &str) -> String {
    match config.get(name).and_then(Value::as_i64) {
        None | Some(0) => "system".to_owned(),
        Some(seconds) => seconds.to_string(),
    }
}

fn options(mount: &Value) -> String {
    match mount.get("options") {
        Some(options @ Value::Object(_)) => output::plain(options),
        _ => "map[]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mounts() -> Vec<(String, Value)> {
        let mount = json!({
            "uuid": "u", "type": "pki", "description": "", "accessor": "pki_1",
            "config": {"default_lease_ttl": 0, "max_lease_ttl": 5400, "force_no_cache": false},
            "options": null, "local": false, "seal_wrap": false,
            "external_entropy_access": false, "plugin_version": "",
            "running_plugin_version": "v1", "running_sha256": "",
            "deprecation_status": "supported",
        });
        vec![("pki/".to_owned(), mount)]
    }

    #[test]
    fn mounts_have_four_columns() {
        assert_eq!(
            short(&mounts()),
            "Path    Type    Accessor    Description\n\
             ----    ----    --------    -----------\n\
             pki/    pki     pki_1       n/a\n"
        );
    }

    #[test]
    fn details_say_who_decides_on_lifetimes() {
        let table = detailed(&mounts());
        let row: Vec<&str> = table
            .lines()
            .nth(2)
            .expect("a row")
            .split("    ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect();
        assert_eq!(
            row,
            [
                "pki/",
                "pki",
                "pki_1",
                "system",
                "5400",
                "false",
                "replicated",
                "false",
                "false",
                "map[]",
                "n/a",
                "u",
                "n/a",
                "v1",
                "n/a",
                "supported"
            ]
        );
    }
}
