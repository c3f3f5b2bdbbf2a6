//! `store check`.

use std::io::Write;
use std::sync::Arc;

use pki_core::Engine;
use pki_core::inspect::PrivateKeys;
use pki_store::directory::DirectoryStore;
use serde_json::{Value, json};

use super::super::{Context, exactly};
use super::report::{Gatherer, Report};
use super::{engine, failed, open};
use crate::args::CheckArgs;
use crate::failure::{Failure, REFUSED};
use crate::output::{Format, columns, document, success};
use crate::seal::key_file_drafts;

const DOING: &str = "checking the store";
const REPAIRING: &str = "repairing the store";

pub(super) fn run(args: &CheckArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [] = exactly(&args.words.words)?;
    let store = open(&context)?;
    let engine = engine(&context, Arc::clone(&store), &context.settings.protection);
    let private = if args.skip_keys { PrivateKeys::Leave } else { PrivateKeys::Require };
    let mut report = look(&mut context, &store, &engine, private)?;
    let mut done = Vec::new();
    if args.repair {
        done = repair(&store, &engine, &report)?;
        if !done.is_empty() {
            // What was found with a damaged index may have been there all along.
            report = look(&mut context, &store, &engine, private)?;
            done.extend(repair(&store, &engine, &report)?);
            report = look(&mut context, &store, &engine, private)?;
        }
    }
    show(&mut context, &report, &done)?;
    if report.has_findings() { Err(Failure::Said(REFUSED)) } else { Ok(()) }
}

fn look(
    context: &mut Context<'_, '_>,
    store: &DirectoryStore,
    engine: &Engine,
    private: PrivateKeys,
) -> Result<Report, Failure> {
    let is_watched = context.console.environment.stderr_is_terminal();
    let line: Option<&mut dyn Write> = if is_watched { Some(context.console.err) } else { None };
    let mut report = examine(store, engine, private, line)?;
    let settings = context.settings;
    report.note_drafts(&key_file_drafts(&settings.protection.key_file(&settings.data_dir)));
    Ok(report)
}

/// Looks at the file, then at what its records mean.
pub(super) fn examine(
    store: &DirectoryStore,
    engine: &Engine,
    private: PrivateKeys,
    line: Option<&mut dyn Write>,
) -> Result<Report, Failure> {
    let mut report = Report::default();
    report.take(store.verify().map_err(|problem| failed(DOING, problem))?);
    let mut gatherer = Gatherer::new(report, line);
    let checked = engine.check(private, &mut gatherer);
    let report = gatherer.end();
    checked.map_err(|problem| failed(DOING, problem))?;
    Ok(report)
}

/// Makes good what can be, one concern after the other. Says what was done.
fn repair(
    store: &DirectoryStore,
    engine: &Engine,
    report: &Report,
) -> Result<Vec<String>, Failure> {
    let mut done = Vec::new();
    if !report.file_repairs.is_empty() {
        let repairs: Vec<_> = report.file_repairs.iter().copied().collect();
        store.repair(&repairs).map_err(|problem| failed(REPAIRING, problem))?;
        done.extend(repairs.iter().map(ToString::to_string));
        // An index of the file that was damaged hid records: look again before more is done.
        return Ok(done);
    }
    for (mount, repair) in &report.repairs {
        let changed =
            engine.repair(mount, *repair).map_err(|problem| failed(REPAIRING, problem))?;
        done.push(format!("{mount}/: {repair} ({changed} records)"));
    }
    Ok(done)
}

fn show(context: &mut Context<'_, '_>, report: &Report, done: &[String]) -> Result<(), Failure> {
    let console = &mut *context.console;
    if context.format != Format::Table {
        let mut value = report.as_json();
        if let Value::Object(members) = &mut value {
            members.insert("repaired".to_owned(), json!(done));
        }
        return document(console, context.format, &value, 0);
    }
    for line in done {
        writeln!(console.out, "Repaired: {line}")?;
    }
    if !report.findings.is_empty() {
        let header = ["Severity", "Mount", "Table", "Record", "Problem", "Repair"];
        console.out.write_all(columns(&header, &report.rows()).as_bytes())?;
    }
    if 0 < report.hidden() {
        writeln!(console.out, "… and {} more", report.hidden())?;
    }
    if !report.has_findings() {
        let records = report.records;
        let text = format!("The store is sound: {records} certificates and revocations read.");
        return success(console, Format::Table, &text);
    }
    console.out.flush()?;
    writeln!(console.err, "{} errors, {} warnings", report.errors, report.warnings)?;
    Ok(())
}
