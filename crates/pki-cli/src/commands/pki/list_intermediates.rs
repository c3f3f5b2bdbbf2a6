//! `pki list-intermediates`.

use pki_core::x509::Certificate;
use serde_json::{Map, Value};

use super::issuer::{Issuer, parts};
use super::verify_sign::Relation;
use super::{Context, list, read, text, trimmed};
use crate::args::ListIntermediatesArgs;
use crate::failure::{Failure, explained};
use crate::output::{self, Format};
use crate::session::Session;
use crate::system;

pub(super) fn run(args: &ListIntermediatesArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    let Some((parent, children)) = args.words.words.split_first() else {
        return Err(Failure::Usage(
            "Not enough arguments (expected potential parent, got nothing)".to_owned(),
        ));
    };
    let parent = trimmed(parent);
    let session = context.session()?;
    let lead = format!("Failed to read parent issuer on path {parent}");
    let parent = Issuer::read(&session, parent, &lead).map_err(Failure::Usage)?;
    let mut matches = Vec::new();
    for path in candidates(&session, children)? {
        matches.push(judge(args, &session, &parent.certificate, path)?);
    }
    if context.format != Format::Table {
        let members = matches.into_iter().map(|(path, fits)| (path, fits.into()));
        let document = Value::Object(Map::from_iter(members));
        return output::document(context.console, context.format, &document, 0);
    }
    let row = |(path, fits): &(String, bool)| vec![path.clone(), fits.to_string()];
    let rows: Vec<Vec<String>> = matches.iter().map(row).collect();
    let table = output::columns(&["intermediate", "match?"], &rows);
    Ok(write!(context.console.out, "{table}\n\n")?)
}

/// The paths of the issuers to look at: those that were named, and all of the mounts that were
/// named, or of every mount.
fn candidates(session: &Session, children: &[String]) -> Result<Vec<String>, Failure> {
    let mounts = match children {
        [] => every_mount(session)?,
        named => named.iter().map(|child| trimmed(child).to_owned()).collect(),
    };
    let mut paths = Vec::new();
    for mount in mounts {
        if parts(&mount).is_some() {
            paths.push(mount);
            continue;
        }
        let ids = list(session, &format!("{mount}/issuers")).map_err(|error| {
            Failure::Usage(explained(&format!("Unable to list issuers on mount {mount}"), &error))
        })?;
        paths.extend(ids.iter().map(|id| format!("{mount}/issuer/{id}")));
    }
    Ok(paths)
}

fn every_mount(session: &Session) -> Result<Vec<String>, Failure> {
    let mounts = read(session, "sys/mounts")
        .map_err(|error| Failure::Usage(explained("Unable to list mounts", &error)))?;
    let is_pki = |mount: &Value| mount.get("type").and_then(Value::as_str) == Some("pki");
    let mut paths: Vec<String> = mounts
        .iter()
        .filter(|(_, mount)| is_pki(mount))
        .map(|(path, _)| trimmed(path).to_owned())
        .collect();
    paths.sort();
    Ok(paths)
}

/// How an issuer is to be shown, and whether it fits.
fn judge(
    args: &ListIntermediatesArgs,
    session: &Session,
    parent: &Certificate,
    path: String,
) -> Result<(String, bool), Failure> {
    let lead = format!("Unable to read issuer {path}");
    let child = Issuer::read(session, &path, &lead).map_err(Failure::Usage)?;
    let fits = fits(args, Relation::of(parent, &child, system::now()));
    let name = text(&child.fields, "issuer_name");
    let shown = match parts(&path).filter(|_| args.use_names && !name.is_empty()) {
        Some((mount, _)) => format!("{mount}/issuer/{name}"),
        None => path,
    };
    Ok((shown, fits))
}

/// Whether everything holds that was asked for.
fn fits(args: &ListIntermediatesArgs, relation: Relation) -> bool {
    let Relation { subject, path, trust, key_id, signature } = relation;
    [
        (args.subject_match, subject),
        (args.path_match, path),
        (args.indirect_sign, trust),
        (args.key_id_match, key_id),
        (args.direct_sign, signature),
    ]
    .iter()
    .all(|(is_wanted, holds)| *holds || !is_wanted)
}
