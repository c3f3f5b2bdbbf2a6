//! `path-help`.

use super::{Context, exactly, trimmed};
use crate::args::PathHelpArgs;
use crate::failure::{Failure, refusal};
use crate::output::{self, Format};

pub(super) fn run(args: &PathHelpArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    let [path] = exactly(&args.words.words)?;
    let path = trimmed(path);
    let doing = "retrieving help";
    let session = context.session()?;
    let help = session.engine().help(path).map_err(|error| refusal(doing, &error))?;
    if context.format == Format::Json {
        return output::document(context.console, Format::Json, &help.openapi, 0);
    }
    let text = help.text.trim_end_matches('\n');
    Ok(writeln!(context.console.out, "{text}")?)
}
