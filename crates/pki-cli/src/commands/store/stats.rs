//! `store stats`.

use std::sync::Arc;

use pki_core::domain::time::Timestamp;
use pki_core::inspect::{CrlStats, MountStats, Stats};
use pki_store::Store as _;
use pki_store::directory::{DirectoryStore, Sizes};
use serde_json::{Value, json};

use super::super::{Context, exactly};
use super::{engine, failed, open};
use crate::args::StatsArgs;
use crate::failure::Failure;
use crate::output::{Format, columns, document};

pub(super) fn run(args: &StatsArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    const DOING: &str = "reading the store";
    let [] = exactly(&args.words.words)?;
    let store = open(&context)?;
    let engine = engine(&context, Arc::clone(&store), &context.settings.protection);
    let stats = engine.stats().map_err(|problem| failed(DOING, problem))?;
    let sizes = store.sizes().map_err(|problem| failed(DOING, problem))?;
    let revision = store.revision().map_err(|problem| failed(DOING, problem))?;
    let console = context.console;
    if context.format != Format::Table {
        let value = as_json(&store, revision, sizes, &stats);
        return document(console, context.format, &value, 0);
    }
    let seal = stats.seal.unwrap_or("none yet");
    let facts = [
        ("path", store.path().display().to_string()),
        ("format", DirectoryStore::FORMAT.to_string()),
        ("revision", revision.to_string()),
        ("seal", seal.to_owned()),
        ("database_bytes", sizes.database.to_string()),
        ("log_bytes", sizes.log.to_string()),
        ("free_bytes", sizes.free.to_string()),
        ("leases", stats.leases.to_string()),
    ];
    let facts = facts.map(|(name, value)| vec![name.to_owned(), value]);
    console.out.write_all(columns(&["Key", "Value"], &facts).as_bytes())?;
    if !stats.mounts.is_empty() {
        let header = ["Mount", "Certificates", "Expired", "Revoked", "Issuers", "Keys", "Roles"];
        let rows: Vec<Vec<String>> = stats.mounts.iter().map(mount_row).collect();
        write!(console.out, "\n{}", columns(&header, &rows))?;
    }
    let crls = stats.mounts.iter();
    let crls = crls.flat_map(|mount| mount.crls.iter().map(|crl| crl_row(&mount.path, crl)));
    let rows: Vec<Vec<String>> = crls.collect();
    if !rows.is_empty() {
        let header = ["Mount", "CRL", "Number", "Entries", "Bytes", "Pending", "Next update"];
        write!(console.out, "\n{}", columns(&header, &rows))?;
    }
    Ok(())
}

fn mount_row(mount: &MountStats) -> Vec<String> {
    let MountStats { path, certificates, expired, revoked, issuers, keys, roles, crls: _ } = mount;
    let counts = [certificates, expired, revoked, issuers, keys, roles].map(ToString::to_string);
    [format!("{path}/")].into_iter().chain(counts).collect()
}

fn crl_row(path: &str, crl: &CrlStats) -> Vec<String> {
    let CrlStats { id, number, entries, bytes, pending, this_update: _, next_update } = crl;
    let counts = [number, entries, bytes, pending].map(ToString::to_string);
    let next = next_update.map_or_else(String::new, Timestamp::rfc3339);
    [format!("{path}/"), id.clone()].into_iter().chain(counts).chain([next]).collect()
}

fn as_json(store: &DirectoryStore, revision: u64, sizes: Sizes, stats: &Stats) -> Value {
    let moment = |moment: Option<Timestamp>| moment.map(Timestamp::rfc3339);
    let crl = |crl: &CrlStats| {
        json!({
            "id": crl.id, "number": crl.number, "entries": crl.entries, "bytes": crl.bytes,
            "pending_bytes": crl.pending, "this_update": moment(crl.this_update),
            "next_update": moment(crl.next_update),
        })
    };
    let mount = |mount: &MountStats| {
        json!({
            "path": format!("{}/", mount.path), "certificates": mount.certificates,
            "expired": mount.expired, "revoked": mount.revoked, "issuers": mount.issuers,
            "keys": mount.keys, "roles": mount.roles,
            "crls": mount.crls.iter().map(crl).collect::<Vec<_>>(),
        })
    };
    json!({
        "path": store.path().display().to_string(), "format": DirectoryStore::FORMAT,
        "revision": revision, "seal": stats.seal, "leases": stats.leases,
        "database_bytes": sizes.database, "log_bytes": sizes.log, "free_bytes": sizes.free,
        "mounts": stats.mounts.iter().map(mount).collect::<Vec<_>>(),
    })
}
