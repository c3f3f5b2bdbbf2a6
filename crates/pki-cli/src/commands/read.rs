//! `read`.

use pki_core::{Error, Operation};

use super::{Context, is_absent, no_value, not_an_envelope, trimmed};
use crate::args::ReadArgs;
use crate::failure::{Failure, refusal};
use crate::output::{self, Answer, Format, Written};

pub(super) fn run(args: ReadArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let Some((path, words)) = args.words.words.split_first() else {
        return Err(Failure::Usage("Not enough arguments (expected 1, got 0)".to_owned()));
    };
    let data = context.data(words, "K=V")?;
    let path = trimmed(path);
    let session = context.session()?;
    let answer = match context.format {
        // Programs take bytes as they come: a CRL may be far longer than what should be in memory.
        Format::Raw => {
            let mut written = Written::new(context.console);
            let answer = session.fetch(path, data, &mut |part| written.add(part));
            match answer {
                Ok(None) => return written.finish(),
                Ok(Some(answer)) => Ok(answer),
                Err(error) => Err(error),
            }
        }
        _ => session.ask(Operation::Read, path, data),
    };
    match answer {
        Ok(Answer::File { content_type, bytes }) => {
            if context.format != Format::Raw {
                return Err(not_an_envelope(&format!("reading {path}"), content_type));
            }
            output::file(context.console, &bytes)
        }
        Ok(Answer::Secret(secret)) => context.show(secret, args.field.field.as_deref()),
        Ok(Answer::Done) => Err(no_value(path)),
        Err(error) => Err(failed(&context, path, &error)),
    }
}

/// Whatever is not there is plainly not there, except for scripts that want bytes: they get
/// the status.
fn failed(context: &Context<'_, '_>, path: &str, error: &Error) -> Failure {
    match (context.format, is_absent(error)) {
        (Format::Raw, _) => refusal(&format!("reading: {path}"), error),
        (_, true) => no_value(path),
        (_, false) => refusal(&format!("reading {path}"), error),
    }
}
