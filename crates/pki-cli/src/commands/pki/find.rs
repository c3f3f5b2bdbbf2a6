//! `pki find`: certificates of the inventory, one after another as they are found.

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;

use pki_core::Found;
use pki_core::policy::Selector;
use serde_json::{Value, json};

use super::{Context, trimmed};
use crate::args::FindArgs;
use crate::commands::exactly;
use crate::environment::Console;
use crate::failure::{Failure, reason, refusal};
use crate::output::{self, Format};
use crate::system;

pub(super) fn run(args: &FindArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [mount] = exactly(&args.words.words)?;
    let mount = trimmed(mount);
    let selector = selector(&args.conditions, &mut context)?;
    let session = context.session()?;
    let mut shown = Shown { count: 0, format: context.format, outcome: Ok(()) };
    let most = args.limit.map_or(u64::MAX, u64::from);
    let console = &mut *context.console;
    let found = session.engine().find(mount, &selector, &mut |found| {
        shown.outcome = shown.show(&found, console);
        match shown.outcome.is_err() || most <= shown.count {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    shown.outcome?;
    found.map_err(|error| refusal(&format!("searching {mount}"), &error))?;
    end(shown.count, context.format, context.console)
}

/// What was shown so far.
struct Shown {
    count: u64,
    format: Format,
    outcome: Result<(), Failure>,
}

impl Shown {
    fn show(&mut self, found: &Found, console: &mut Console<'_>) -> Result<(), Failure> {
        let is_first = self.count == 0;
        self.count += 1;
        match self.format {
            Format::Json => {
                let before = if is_first { "[" } else { "," };
                Ok(write!(console.out, "{before}\n  {}", value(found))?)
            }
            Format::Table => {
                if is_first {
                    writeln!(console.out, "{HEADER}")?;
                }
                Ok(writeln!(console.out, "{}", line(found))?)
            }
            format => output::document(console, format, &Value::Array(vec![value(found)]), 2),
        }
    }
}

fn end(count: u64, format: Format, console: &mut Console<'_>) -> Result<(), Failure> {
    match format {
        Format::Json if count == 0 => writeln!(console.out, "[]")?,
        Format::Json => writeln!(console.out, "\n]")?,
        Format::Table if count == 0 => writeln!(console.err, "No certificates match")?,
        Format::Table => (),
        format if count == 0 => return output::document(console, format, &json!([]), 0),
        _ => (),
    }
    Ok(())
}

/// The names of the columns of [`line`].
pub(super) const HEADER: &str = "Serial number                                                \
     State    Not after             Key      Common name";

/// A certificate on one line.
pub(super) fn line(found: &Found) -> String {
    // A name may hold what would drive a terminal.
    let name = found.common_name.replace(char::is_control, "\u{fffd}");
    format!(
        "{:<60} {:<8} {:<21} {:<8} {name}",
        found.serial.to_string(),
        found.state.to_string(),
        found.not_after.rfc3339(),
        found.key_type,
    )
}

/// A certificate, for programs.
pub(super) fn value(found: &Found) -> Value {
    json!({
        "serial_number": found.serial.to_string(),
        "state": found.state.to_string(),
        "common_name": found.common_name,
        "names": found.names,
        "not_before": found.not_before.rfc3339(),
        "not_after": found.not_after.rfc3339(),
        "key_type": found.key_type,
        "issuer_id": found.issuer,
        "role": found.role,
    })
}

/// Octets of a list of serial numbers: two million of them.
const LONGEST_LIST: u64 = 128 << 20;

/// Reads conditions; serial numbers may come from a file or standard input.
pub(super) fn selector(
    conditions: &[String],
    context: &mut Context<'_, '_>,
) -> Result<Selector, Failure> {
    let mut texts = Vec::with_capacity(conditions.len());
    for condition in conditions {
        let list =
            condition.split_once('=').filter(|(name, _)| matches!(*name, "serial" | "serial!"));
        texts.push(match list {
            Some((name, "-")) => {
                format!("{name}={}", text(context.console.stdin, "standard input")?)
            }
            Some((name, value)) => match value.strip_prefix('@') {
                Some(path) => {
                    let mut file =
                        File::open(path).map_err(|problem| unreadable(path, &problem))?;
                    format!("{name}={}", text(&mut file, path)?)
                }
                None => condition.clone(),
            },
            None => condition.clone(),
        });
    }
    Selector::parse(&texts, system::now()).map_err(|problem| Failure::Usage(problem.to_string()))
}

fn text(source: &mut dyn Read, place: &str) -> Result<String, Failure> {
    crate::text::read(source, LONGEST_LIST).map_err(|problem| unreadable(place, &problem))
}

fn unreadable(place: &str, problem: &std::io::Error) -> Failure {
    Failure::Usage(format!("cannot read {place}: {}", reason(problem)))
}
