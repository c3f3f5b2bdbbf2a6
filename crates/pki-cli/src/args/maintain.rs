//! What can be typed after `maintain`.

use clap::Args;
use pki_core::field::Seconds;

use super::{FormatFlag, Words};

#[derive(Debug, Args)]
pub(crate) struct MaintainArgs {
    /// Also renew CRLs that end within this time, such as 24h, 2d, or seconds. The default is
    /// auto_rebuild_grace_period of config/crl, or half of a CRL's own time if that is less.
    #[arg(long, value_name = "duration", value_parser = lifetime)]
    pub(crate) within: Option<Seconds>,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

fn lifetime(text: &str) -> Result<Seconds, String> {
    text.parse::<Seconds>().map_err(|problem| problem.to_string())
}
