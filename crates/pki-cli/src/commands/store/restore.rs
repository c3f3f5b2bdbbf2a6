//! `store restore`.

use std::path::Path;
use std::sync::Arc;

use pki_core::Engine;
use pki_core::inspect::{Lineage, PrivateKeys, Severity};
use pki_store::directory::{DirectoryStore, Incoming};
use pki_store::{Store as _, StoreError};
use serde_json::json;

use super::super::{Context, exactly};
use super::check::examine;
use super::report::{Report, Shown};
use super::{engine, failed};
use crate::args::RestoreArgs;
use crate::failure::Failure;
use crate::output::{Format, document, success, warn};
use crate::seal::KEY_FILE;
use crate::session;

const DOING: &str = "restoring the store";

/// The store that is to be replaced.
enum Present {
    /// There is none.
    None,
    /// It can be read.
    Readable { lineage: Lineage, revision: u64 },
    /// It cannot; why.
    Unreadable(String),
}

pub(super) fn run(args: &RestoreArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    let [file] = exactly(&args.words.words)?;
    let settings = context.settings;
    let options = session::options(settings);
    let present = present(&context)?;
    let wrong = |problem: StoreError| failed(DOING, problem);
    let incoming =
        Incoming::copy(Path::new(file), &settings.data_dir, KEY_FILE, options).map_err(wrong)?;
    let store = Arc::new(incoming.open().map_err(wrong)?);
    let engine = engine(&context, Arc::clone(&store), &settings.protection);
    let report = examine(&store, &engine, PrivateKeys::Open, None)?;
    let mut objections = lines(&report, Severity::Error);
    objections.extend(against(&present, &engine)?);
    if !objections.is_empty() && !args.force {
        return Err(refused(file, &objections));
    }
    if let Present::Readable { lineage, .. } = &present {
        engine.raise_crl_numbers(lineage).map_err(|problem| failed(DOING, problem))?;
    }
    let revision = store.revision().map_err(wrong)?;
    drop((engine, store));
    let seen = match present {
        Present::Readable { revision, .. } => Some(revision),
        Present::None | Present::Unreadable(_) => None,
    };
    let kept = incoming.install(seen).map_err(wrong)?.kept;
    let kept = kept.map(|path| path.display().to_string());
    let console = context.console;
    if context.format != Format::Table {
        let value = json!({
            "file": file, "revision": revision, "replaced": kept, "overruled": objections,
        });
        return document(console, context.format, &value, 0);
    }
    warn(console, &[objections, lines(&report, Severity::Note)].concat())?;
    success(console, Format::Table, &format!("Restored the store at revision {revision}."))?;
    console.out.flush()?;
    if let Some(kept) = kept {
        writeln!(console.err, "The store that was there is kept as {kept}; remove it at will.")?;
    }
    writeln!(
        console.err,
        "What was issued and revoked after the backup is not in it: revoke again what has to be."
    )?;
    Ok(())
}

fn present(context: &Context<'_, '_>) -> Result<Present, Failure> {
    let settings = context.settings;
    let store = match DirectoryStore::open(&settings.data_dir, session::options(settings)) {
        Ok(store) => Arc::new(store),
        Err(StoreError::Missing { .. }) => return Ok(Present::None),
        Err(problem @ (StoreError::Corrupt { .. } | StoreError::TooNew { .. })) => {
            return Ok(Present::Unreadable(problem.to_string()));
        }
        Err(problem) => return Err(session::unusable(&problem)),
    };
    let revision = store.revision().map_err(|problem| failed(DOING, problem))?;
    let engine = engine(context, store, &settings.protection);
    Ok(match engine.lineage() {
        Ok(lineage) => Present::Readable { lineage, revision },
        Err(problem) => Present::Unreadable(problem.to_string()),
    })
}

/// The findings about a backup of one severity, in a line each.
fn lines(report: &Report, severity: Severity) -> Vec<String> {
    let found = report.findings.iter().filter(|found| found.severity == severity);
    let line = |found: &Shown| {
        let words = [&found.mount, &found.table, &found.record].map(String::as_str);
        let place: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        format!("{}: {}", place.join(" "), found.problem)
    };
    found.map(line).collect()
}

/// What the present store has against the backup.
fn against(present: &Present, backup: &Engine) -> Result<Vec<String>, Failure> {
    match present {
        Present::None => Ok(Vec::new()),
        Present::Unreadable(problem) => Ok(vec![format!(
            "the store that is there cannot be read, so nobody can tell whether the backup is \
             behind it: {problem}"
        )]),
        Present::Readable { lineage, .. } => {
            let backup = backup.lineage().map_err(|problem| failed(DOING, problem))?;
            Ok(lineage.objections(&backup).iter().map(ToString::to_string).collect())
        }
    }
}

fn refused(file: &str, objections: &[String]) -> Failure {
    const MOST: usize = 20;
    let mut lines: Vec<String> =
        objections.iter().take(MOST).map(|objection| format!("* {objection}")).collect();
    if MOST < objections.len() {
        lines.push(format!("* and {} more", objections.len() - MOST));
    }
    failed(
        DOING,
        format!(
            "{file} was not restored, and the store is as it was:\n\n{}\n\n\
             With -force it is restored all the same; numbers of CRLs that are known do not fall.",
            lines.join("\n")
        ),
    )
}
