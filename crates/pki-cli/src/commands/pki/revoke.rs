//! `pki revoke`: many certificates at once, after they were counted.

use pki_core::Revocations;
use serde_json::{Value, json};

use super::find::{HEADER, line, selector, value};
use super::{Context, trimmed};
use crate::args::RevokeMatchingArgs;
use crate::commands::exactly;
use crate::failure::{Failure, refusal};
use crate::output::{self, Format};

pub(super) fn run(args: &RevokeMatchingArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [mount] = exactly(&args.words.words)?;
    let mount = trimmed(mount);
    if args.conditions.is_empty() {
        return Err(Failure::Usage(
            "Say which certificates: -where=CONDITION, such as -where=serial=17:ab:… or -where=role=web, and the path of their mount (a lease is revoked with: pkictl lease revoke)"
                .to_owned(),
        ));
    }
    let selector = selector(&args.conditions, &mut context)?;
    let session = context.session()?;
    let engine = session.engine();
    let (found, is_done) = match args.expect {
        None => (engine.would_revoke(mount, &selector), false),
        Some(expected) => {
            let why = args.reason.as_deref();
            (engine.revoke_matching(mount, &selector, why, expected), true)
        }
    };
    let found = found.map_err(|error| refusal(&format!("revoking in {mount}"), &error))?;
    show(&found, is_done, &mut context)
}

fn show(found: &Revocations, is_done: bool, context: &mut Context<'_, '_>) -> Result<(), Failure> {
    let Revocations { count, sample, warnings } = found;
    let (console, format) = (&mut *context.console, context.format);
    if format != Format::Table {
        let sample: Vec<Value> = sample.iter().map(value).collect();
        let document = json!({
            "count": count, "revoked": is_done, "sample": sample, "warnings": warnings,
        });
        return output::document(console, format, &document, 3);
    }
    output::warn(console, warnings)?;
    if is_done {
        return output::success(
            console,
            format,
            &match count {
                1 => "1 certificate was revoked".to_owned(),
                count => format!("{count} certificates were revoked"),
            },
        );
    }
    writeln!(console.out, "{} and can be revoked", matching(*count))?;
    if *count == 0 {
        return Ok(());
    }
    if !sample.is_empty() {
        writeln!(console.out, "\n{HEADER}")?;
    }
    for found in sample {
        writeln!(console.out, "{}", line(found))?;
    }
    let rest = count - sample.len() as u64;
    if rest != 0 {
        writeln!(console.out, "and {rest} more")?;
    }
    Ok(writeln!(console.out, "\nNothing was revoked. To do it, add -expect={count}")?)
}

fn matching(count: u64) -> String {
    match count {
        0 => "No certificates match".to_owned(),
        1 => "1 certificate matches".to_owned(),
        count => format!("{count} certificates match"),
    }
}
