//! What can be typed after `lease`.

use clap::{Args, Subcommand};

use super::{FieldFlag, FormatFlag, Words, examples};

#[derive(Debug, Subcommand)]
pub(crate) enum LeaseCommand {
    /// Show a lease
    #[command(override_usage = "pkictl lease lookup [options] ID")]
    Lookup(LookupArgs),

    /// Renew a lease; those on certificates cannot be
    ///
    /// A certificate says itself when it ends. To go on, ask for a new one.
    #[command(override_usage = "pkictl lease renew [options] ID")]
    Renew(RenewArgs),

    /// Revoke what a lease is on, or all leases below a path
    ///
    /// The certificates are revoked as by writing to the path revoke.
    #[command(
        override_usage = "pkictl lease revoke [options] ID",
        after_help = examples::LEASE_REVOKE
    )]
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LookupArgs {
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct RenewArgs {
    /// For how long, such as 72h, 30d, or seconds.
    #[arg(long, value_name = "duration")]
    pub(crate) increment: Option<String>,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) field: FieldFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// Revoke all leases below ID, which is a path.
    #[arg(long)]
    pub(crate) prefix: bool,
    /// Forget leases even if they cannot be revoked. Needs -prefix.
    #[arg(long, short)]
    pub(crate) force: bool,
    /// Wait until it is done. It always is.
    #[arg(long)]
    pub(crate) sync: bool,
    #[command(flatten)]
    pub(crate) words: Words,
}
