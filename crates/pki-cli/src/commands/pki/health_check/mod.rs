//! `pki health-check`: what is read once, judged by one small function for each check, and
//! summed up in the exit status.

mod checks;
mod mount;
mod report;
mod settings;

use std::path::Path;

use pki_core::Operation;
use serde_json::{Map, Value};

use super::{Context, fields, text, trimmed};
use crate::args::HealthCheckArgs;
use crate::failure::{Failure, SUCCESS, explained, reason};
use crate::output::{self, Format};
use crate::session::Session;
use checks::{CHECKS, Check};
use mount::{Mount, Trouble};
use report::{Finding, Indicator, Report, Status};
use settings::Settings;

pub(super) fn run(args: &HealthCheckArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    let Some(indicator) = Indicator::parse(&args.return_indicator) else {
        return Err(Failure::Usage(format!(
            "Invalid flag -return-indicator={}; known options are default, informational, \
             warning, critical, and permission",
            args.return_indicator
        )));
    };
    if args.list {
        return list(context);
    }
    let path = mount_path(&args.words.words)?;
    let configured = match &args.health_config {
        Some(file) => read_config(file)?,
        None => Map::new(),
    };
    let session = context.session()?;
    require_pki(&session, path)?;
    let mount = Mount::new(&session, path);
    let mut report = Report::default();
    for check in CHECKS {
        let settings = Settings::of(check.defaults, configured.get(check.name));
        let is_enabled = settings.is_enabled(check.by_default && !args.default_disabled);
        if is_enabled {
            report.add(check.name, perform(check, &mount, &settings)?);
        }
    }
    report.show(context.console, context.format)?;
    match indicator.exit_status(report.worst()) {
        SUCCESS => Ok(()),
        status => Err(Failure::Said(status)),
    }
}

fn mount_path(words: &[String]) -> Result<&str, Failure> {
    match words {
        [path] => Ok(trimmed(path)),
        [] => Err(Failure::Usage(
            "Not enough arguments (expected mount path, got nothing)".to_owned(),
        )),
        more => Err(Failure::Usage(format!(
            "Too many arguments (expected only mount path, got {} arguments)",
            more.len()
        ))),
    }
}

/// Prints the checks and their settings.
fn list(context: Context<'_, '_>) -> Result<(), Failure> {
    let format = match context.format {
        Format::Table => {
            writeln!(context.console.out, "Default health check config:")?;
            Format::Json
        }
        other => other,
    };
    let of = |check: &Check| {
        let mut settings = Settings::of(check.defaults, None).into_value();
        if let (false, Some(members)) = (check.by_default, settings.as_object_mut()) {
            members.insert("enabled".to_owned(), false.into());
        }
        (check.name.to_owned(), settings)
    };
    let all = Value::Object(CHECKS.iter().map(of).collect());
    output::document(context.console, format, &all, 0)
}

fn read_config(file: &Path) -> Result<Map<String, Value>, Failure> {
    let name = file.display();
    let content = crate::text::settings(file).map_err(|problem| {
        let reason = reason(&problem);
        Failure::Usage(format!("Failed to read configuration file {name}: open {name}: {reason}"))
    })?;
    serde_json::from_str(&content).map_err(|problem| {
        Failure::Usage(format!("Failed to parse configuration file {name}: {problem}"))
    })
}

/// The checks are about one kind of mount.
fn require_pki(session: &Session, path: &str) -> Result<(), Failure> {
    const LEAD: &str = "refusing to run PKI health-check on non-PKI mount";
    let answer = session
        .ask(Operation::Read, &format!("sys/mounts/{path}"), Map::new())
        .map_err(|error| Failure::Usage(explained(LEAD, &error)))?;
    match text(&fields(answer), "type") {
        "pki" => Ok(()),
        other => Err(Failure::Usage(format!(
            "refusing to run pki health-check on mount of type {other}"
        ))),
    }
}

/// Runs a check. What it may not read, and what this program does not have, are results too.
fn perform(check: &Check, mount: &Mount<'_>, settings: &Settings) -> Result<Vec<Finding>, Failure> {
    let trouble = match (check.run)(mount, settings) {
        Ok(findings) => return Ok(findings),
        Err(trouble) => trouble,
    };
    let name = check.name;
    match trouble {
        Trouble::Unsupported(path) => Ok(vec![Finding::new(
            Status::InvalidVersion,
            path,
            "This program has no such path, so the check could not be made.",
        )]),
        Trouble::Forbidden(path) => Ok(vec![Finding::new(
            Status::InsufficientPermissions,
            path,
            "Reading this is not allowed, so the check could not be made.",
        )]),
        Trouble::Setting(problem) => Err(Failure::Usage(format!(
            "Failed to build health check configuration: error saving merged config for {name}: \
             {problem}"
        ))),
        Trouble::Failed(problem) => Err(Failure::Usage(format!(
            "Failed to run health check: failed to fetch resources {name}: {problem}"
        ))),
    }
}
