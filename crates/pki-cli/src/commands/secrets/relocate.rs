//! `secrets move`.

use std::thread;
use std::time::{Duration, Instant};

use pki_core::Operation;
use serde_json::{Map, Value};

use crate::args::MoveArgs;
use crate::commands::{Context, exactly, mount_path, trimmed};
use crate::failure::{Failure, refusal};
use crate::output::{self, Answer};

/// Between two looks at how the move is going.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn run(args: &MoveArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [from, to] = exactly(&args.words.words)?;
    let way = format!("secrets engine {} to {}", mount_path(from), mount_path(to));
    let doing = format!("moving {way}");
    let request = [("from", from), ("to", to)]
        .map(|(name, path)| (name.to_owned(), Value::from(trimmed(path))));
    let request = request.into_iter().collect();
    let answer = context.change(Operation::Write, "sys/remount", request, &doing)?;
    let id = text(&answer, &["migration_id"]).unwrap_or_default();
    writeln!(context.console.out, "Started {doing}, with migration ID {id}")?;
    finish(&context, &way, &id)?;
    let done = format!("Finished {doing}, with migration ID {id}");
    output::success(context.console, output::Format::Table, &done)
}

/// Waits until the move has ended.
fn finish(context: &Context<'_, '_>, way: &str, id: &str) -> Result<(), Failure> {
    let session = context.session()?;
    let started = Instant::now();
    let path = format!("sys/remount/status/{id}");
    loop {
        let answer = session
            .ask(Operation::Read, &path, Map::new())
            .map_err(|error| refusal(&format!("checking migration status of {way}"), &error))?;
        match text(&answer, &["migration_info", "status"]).as_deref() {
            Some("success") => return Ok(()),
            Some("in-progress") if started.elapsed() < context.settings.wait => {
                thread::sleep(PAUSE);
            }
            status => {
                let status = status.unwrap_or("unknown");
                return Err(Failure::Refused(format!(
                    "Error moving {way}: migration {id} has status {status}"
                )));
            }
        }
    }
}

/// A text in an answer, by the names of the members on the way to it.
fn text(answer: &Answer, names: &[&str]) -> Option<String> {
    let Answer::Secret(secret) = answer else {
        return None;
    };
    let (first, rest) = names.split_first()?;
    let start = secret.data.as_ref()?.get(*first)?;
    let found = rest.iter().try_fold(start, |value, name| value.get(name))?;
    found.as_str().map(str::to_owned)
}
