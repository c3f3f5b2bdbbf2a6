//! What can be typed after `batch`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::{FormatFlag, Words};

#[derive(Debug, Args)]
pub(crate) struct BatchArgs {
    /// File with one request in each row; its name ends in .csv, .jsonl or .ndjson.
    #[arg(long = "in", value_name = "file")]
    pub(crate) input: Option<PathBuf>,
    /// Directory for what is made. It is made too, or is empty, or is that of a run to resume.
    #[arg(long, value_name = "directory")]
    pub(crate) out: Option<PathBuf>,
    /// How many threads make keys and sign. The default is one for each processor.
    #[arg(long, value_name = "number", value_parser = threads)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Check all rows, and make nothing.
    #[arg(long)]
    pub(crate) check: bool,
    /// Go on with a run that was stopped.
    #[arg(long)]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let number: Option<NonZeroUsize> = text.parse().ok();
    number.filter(|number| number.get() <= 256).ok_or("not a number from 1 to 256".to_owned())
}
