//! `maintain`: what is due, in every mount, and what is left of mounts that were removed.

use pki_core::engine::{EndedLeases, RenewedCrl, Tidied};
use pki_core::{Error, Maintain, Maintained};
use serde_json::{Map, Value, json};

use super::{Context, mount_path, trimmed};
use crate::args::MaintainArgs;
use crate::failure::{Failure, REFUSED, explained, refusal};
use crate::output::{self, Format};
use crate::session::Session;

/// Levels of the document whose members keep their order: mounts, and below them what was done.
const KEPT: usize = 2;

/// What came of one mount.
struct Done {
    path: String,
    outcome: Result<Maintained, Error>,
}

pub(super) fn run(args: &MaintainArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    let session = context.session()?;
    if !session.is_stored() {
        // A timer that looks in the wrong place must not seem to do its work.
        return Err(Failure::Refused(
            "Error maintaining secrets engines: there is no store".into(),
        ));
    }
    let request = Maintain { within: args.within };
    let mut all = Vec::new();
    for mount in mounts(&session, &args.words.words)? {
        let outcome = session.engine().maintain(&mount, &request);
        all.push(Done { path: mount_path(&mount), outcome });
    }
    show(&all, context)?;
    // Comes last: it may take long, and nobody waits for it as for a CRL.
    let swept = session.engine().sweep();
    swept.map_err(|error| refusal("removing what is left of secrets engines", &error))?;
    let has_failed = all.iter().any(|done| done.errors().next().is_some());
    if has_failed { Err(Failure::Said(REFUSED)) } else { Ok(()) }
}

/// Those that were named, each once, or all.
fn mounts(session: &Session, words: &[String]) -> Result<Vec<String>, Failure> {
    if words.is_empty() {
        let doing = "listing secrets engines";
        return session.engine().mounts().map_err(|error| refusal(doing, &error));
    }
    let mut named: Vec<String> = Vec::new();
    for word in words {
        let mount = trimmed(word).to_owned();
        if !named.contains(&mount) {
            named.push(mount);
        }
    }
    Ok(named)
}

impl Done {
    /// What failed.
    fn errors(&self) -> impl Iterator<Item = &Error> {
        let (whole, parts) = match &self.outcome {
            Ok(done) => (None, Some(done.errors())),
            Err(problem) => (Some(problem), None),
        };
        whole.into_iter().chain(parts.into_iter().flatten())
    }

    fn warnings(&self) -> &[String] {
        self.outcome.as_ref().map_or(&[], |done| &done.warnings)
    }
}

/// Shows what was done on standard output, and on standard error what went wrong: mail from
/// cron should name it whatever the format is.
fn show(all: &[Done], context: Context<'_, '_>) -> Result<(), Failure> {
    for done in all {
        output::warn(context.console, done.warnings())?;
        for error in done.errors() {
            let lead = format!("Error maintaining {}", done.path);
            writeln!(context.console.err, "{}", explained(&lead, error))?;
        }
    }
    if context.format == Format::Table {
        let header = ["Mount", "CRLs", "Delta CRLs", "Tidied", "Leases ended", "Status"];
        let rows: Vec<Vec<String>> = all.iter().map(row).collect();
        let table = output::columns(&header, &rows);
        return Ok(context.console.out.write_all(table.as_bytes())?);
    }
    let document = all.iter().map(|done| (done.path.clone(), description(done)));
    let document = Value::Object(document.collect());
    output::document(context.console, context.format, &document, KEPT)
}

fn row(done: &Done) -> Vec<String> {
    const FAILED: &str = "failed";
    let path = done.path.clone();
    let Ok(Maintained { crls, unbuilt, tidied, leases, .. }) = &done.outcome else {
        return [path.as_str(), "", "", "", "", FAILED].map(str::to_owned).to_vec();
    };
    let status = if done.errors().next().is_some() { FAILED } else { "ok" };
    vec![
        path,
        crls.as_ref().map_or_else(failed, |crls| complete(crls, unbuilt.len())),
        crls.as_ref().map_or_else(failed, |crls| numbers(crls, true)),
        tidied.as_ref().map_or_else(failed, |tidied| tidied.map(counts).unwrap_or_default()),
        leases.as_ref().map_or_else(failed, ended),
        status.to_owned(),
    ]
}

fn failed(_: &Error) -> String {
    "failed".to_owned()
}

/// The numbers of the new complete CRLs, and how many could not be built.
fn complete(crls: &[RenewedCrl], unbuilt: usize) -> String {
    let numbers = numbers(crls, false);
    match (numbers.as_str(), unbuilt) {
        (_, 0) => numbers,
        ("", _) => "failed".to_owned(),
        (_, unbuilt) => format!("{numbers}, {unbuilt} failed"),
    }
}

/// The numbers of the new CRLs of one kind.
fn numbers(crls: &[RenewedCrl], is_delta: bool) -> String {
    let new = crls.iter().filter(|crl| crl.is_delta == is_delta);
    let name = |crl: &RenewedCrl| match crl.shard {
        None => format!("#{}", crl.number),
        Some(shard) => format!("{shard}#{}", crl.number),
    };
    new.map(name).collect::<Vec<_>>().join(" ")
}

fn counts(Tidied { certificates, revocations }: Tidied) -> String {
    format!("{certificates} certificates, {revocations} revocations")
}

fn ended(EndedLeases { ended, revoked }: &EndedLeases) -> String {
    match (ended, revoked) {
        (0, _) => String::new(),
        (ended, 0) => ended.to_string(),
        (ended, revoked) => format!("{ended}, {revoked} revoked"),
    }
}

fn description(done: &Done) -> Value {
    let errors: Vec<String> = done.errors().map(ToString::to_string).collect();
    let mut shown = Map::new();
    if let Ok(Maintained { crls, tidied, leases, .. }) = &done.outcome {
        let crls = crls.as_ref().ok().map(|crls| crls.iter().map(crl).collect::<Vec<_>>());
        let tidied = tidied.as_ref().ok().copied().flatten();
        let tidied = tidied.map(|Tidied { certificates, revocations }| {
            json!({"certificates": certificates, "revocations": revocations})
        });
        let leases = leases
            .as_ref()
            .ok()
            .map(|EndedLeases { ended, revoked }| json!({"ended": ended, "revoked": revoked}));
        shown.insert("crls".into(), crls.into());
        shown.insert("tidied".into(), tidied.into());
        shown.insert("leases".into(), leases.into());
    }
    shown.insert("warnings".into(), done.warnings().into());
    shown.insert("errors".into(), errors.into());
    Value::Object(shown)
}

fn crl(crl: &RenewedCrl) -> Value {
    let RenewedCrl { issuer, shard, is_delta, number, next_update } = crl;
    json!({
        "issuer_id": issuer.to_string(),
        "shard": shard,
        "delta": is_delta,
        "number": number,
        "next_update": next_update.rfc3339(),
    })
}
