//! `completion`: prints what makes a shell ask us.

use super::{Context, exactly};
use crate::args::CompletionArgs;
use crate::completion::SHELLS;
use crate::failure::Failure;

pub(super) fn run(args: &CompletionArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    let [shell] = exactly(&args.words.words)?;
    match SHELLS.iter().find(|(name, _)| name == shell) {
        Some((_, script)) => Ok(context.console.out.write_all(script.as_bytes())?),
        None => Err(Failure::Usage(format!(
            "there is no completion for {shell:?}: it is bash, zsh or fish"
        ))),
    }
}
