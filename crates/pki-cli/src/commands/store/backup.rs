//! `store backup`.

use std::path::Path;

use pki_store::StoreError;
use pki_store::directory::Backup;
use serde_json::json;

use super::super::{Context, exactly};
use super::{engine, failed, open};
use crate::args::BackupArgs;
use crate::failure::Failure;
use crate::output::{Format, document, success};
use crate::seal::Protection;
use crate::session;

pub(super) fn run(args: &BackupArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    let [file] = exactly(&args.words.words)?;
    let store = open(&context)?;
    let made = store.backup(Path::new(file), args.force).map_err(|problem| {
        let hint = match problem {
            StoreError::Exists { .. } => "; with -force it is replaced",
            _ => "",
        };
        failed("making a backup", format!("{problem}{hint}"))
    })?;
    let Backup { revision, bytes } = made;
    let looked = engine(&context, store, &context.settings.protection).damaged();
    let damage = match &looked {
        Ok(0) => None,
        Ok(1) => Some("1 record of the store is damaged".to_owned()),
        Ok(damaged) => Some(format!("{damaged} records of the store are damaged")),
        Err(problem) => Some(problem.to_string()),
    };
    let needed = match &context.settings.protection {
        Protection::KeyFile(path) => format!("the key file {}", path.display()),
        Protection::Passphrase(_) => "the passphrase".to_owned(),
    };
    let console = context.console;
    if context.format != Format::Table {
        let value = json!({
            "file": file, "revision": revision, "bytes": bytes,
            "not_included": needed, "damaged": looked.ok(),
        });
        document(console, context.format, &value, 0)?;
    } else {
        let text = format!("Wrote the store at revision {revision} to {file} ({bytes} bytes).");
        success(console, Format::Table, &text)?;
        console.out.flush()?;
        writeln!(
            console.err,
            "It does not hold {needed}, without which the private keys in it cannot be used: \
             keep that too, in another place."
        )?;
    }
    if let Some(damage) = damage {
        let look = session::typed(context.settings, "store check");
        writeln!(
            console.err,
            "WARNING: {damage}, and the backup is as it is. Do not let it replace older backups. \
             To look closer, type: {look}"
        )?;
    }
    Ok(())
}
