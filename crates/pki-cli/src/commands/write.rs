//! `write` and `patch`.

use pki_core::Operation;

use super::{Context, trimmed};
use crate::args::WriteArgs;
use crate::failure::Failure;

pub(super) fn run(
    args: WriteArgs,
    operation: Operation,
    mut context: Context<'_, '_>,
) -> Result<(), Failure> {
    let Some((path, words)) = args.words.words.split_first() else {
        return Err(Failure::Usage("Not enough arguments (expected 1, got 0)".to_owned()));
    };
    if words.is_empty() && !args.force {
        return Err(Failure::Usage("Must supply data or use -force".to_owned()));
    }
    let data = context.data(words, "K=V")?;
    let path = trimmed(path);
    let doing = format!("writing data to {path}");
    let answer = context.change(operation, path, data, &doing)?;
    let done = format!("Data written to: {path}");
    context.show_change(answer, args.field.field.as_deref(), (&doing, &done))
}
