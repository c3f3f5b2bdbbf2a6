//! `delete`.

use pki_core::Operation;

use super::{Context, trimmed};
use crate::args::DeleteArgs;
use crate::failure::Failure;

pub(super) fn run(args: DeleteArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let Some((path, words)) = args.words.words.split_first() else {
        return Err(Failure::Usage("Not enough arguments (expected at least 1, got 0)".to_owned()));
    };
    let data = context.data(words, "string list")?;
    let path = trimmed(path);
    let doing = format!("deleting {path}");
    let answer = context.change(Operation::Delete, path, data, &doing)?;
    let done = format!("Data deleted (if it existed) at: {path}");
    context.show_change(answer, args.field.field.as_deref(), (&doing, &done))
}
