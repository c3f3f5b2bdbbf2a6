//! What can be typed. The comments here are the help.

mod batch;
mod examples;
mod lease;
mod maintain;
mod pki;
mod store;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::durations::FlagDuration;

pub(crate) use batch::BatchArgs;
pub(crate) use lease::{LeaseCommand, LookupArgs, RenewArgs, RevokeArgs};
pub(crate) use maintain::MaintainArgs;
pub(crate) use pki::{
    FindArgs, HealthCheckArgs, IssueArgs, ListIntermediatesArgs, PkiCommand, RevokeMatchingArgs,
    VerifySignArgs,
};
pub(crate) use store::{
    BackupArgs, CheckArgs, RekeyArgs, RestoreArgs, SealKind, StatsArgs, StoreCommand,
};

/// A certificate authority in a directory on your disk, in Vault's words.
///
/// Commands, paths, parameters and output are those of Vault's PKI secrets engine: what is
/// written for `vault` works with `pkictl`. No server is needed.
#[derive(Debug, Parser)]
#[command(
    name = "pkictl",
    version,
    disable_version_flag = true,
    disable_help_subcommand = true,
    override_usage = "pkictl <command> [args]"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalFlags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Store options")]
pub(crate) struct GlobalFlags {
    /// Directory of the store. Also PKICTL_DATA_DIR; the default is pkictl in the user's data
    /// directory.
    #[arg(long, value_name = "path", global = true)]
    pub(crate) data_dir: Option<PathBuf>,

    /// Settings file. Also PKICTL_CONFIG; the default is pkictl/pkictl.toml in the user's
    /// configuration directory.
    #[arg(long, value_name = "file", global = true)]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read what is at a path
    ///
    /// Data after the path refines the request, where the path can.
    #[command(
        override_usage = "pkictl read [options] PATH [K=V...]",
        after_help = examples::READ
    )]
    Read(ReadArgs),

    /// Write data, or do what writing to a path does
    ///
    /// Data is given as key=value. A value @file is read from the file, and - from standard
    /// input; a lone @file or - holds a JSON object. \@ at the start of a value stands for @. A
    /// key that comes again makes a list.
    #[command(
        override_usage = "pkictl write [options] PATH [K=V...]",
        after_help = examples::WRITE
    )]
    Write(WriteArgs),

    /// Delete what is at a path, or do what deleting means there
    #[command(override_usage = "pkictl delete [options] PATH [K=V...]")]
    Delete(DeleteArgs),

    /// List the keys under a path
    #[command(
        override_usage = "pkictl list [options] PATH",
        after_help = examples::LIST
    )]
    List(ListArgs),

    /// Change some fields of what is at a path
    ///
    /// Data is given as for write. What is not given stays as it is.
    #[command(
        override_usage = "pkictl patch [options] PATH [K=V...]",
        after_help = examples::PATCH
    )]
    Patch(WriteArgs),

    /// Issue or sign many certificates, one for each row of a file
    ///
    /// A row holds the parameters of one request to PATH, which is that of issue or sign under a
    /// role. Files ending in .csv begin with the names of the parameters; an empty cell is a
    /// parameter that is not given. Files ending in .jsonl hold a JSON object on each line. The csr
    /// may be @FILE, which is read then.
    ///
    /// All rows are checked before anything is done. Each row becomes a file in the directory,
    /// and a line of its results.jsonl. A run that was stopped, however that happened, goes on
    /// with -resume and does no row twice.
    #[command(
        override_usage = "pkictl batch -in=FILE -out=DIRECTORY [options] PATH",
        after_help = examples::BATCH
    )]
    Batch(BatchArgs),

    /// Show what a path is for, and its parameters
    ///
    /// With the path of a mount, shows all paths below it. With -format=json, prints an OpenAPI
    /// document.
    #[command(
        override_usage = "pkictl path-help [options] PATH",
        after_help = examples::PATH_HELP
    )]
    PathHelp(PathHelpArgs),

    /// Manage secrets engines: one for each authority
    #[command(subcommand, override_usage = "pkictl secrets <subcommand> [options] [args]")]
    Secrets(Box<SecretsCommand>),

    /// Look at what was issued with a lease, and revoke it
    #[command(subcommand, override_usage = "pkictl lease <subcommand> [options] [args]")]
    Lease(LeaseCommand),

    /// Work with whole CAs: check them, make them, compare them
    #[command(subcommand, override_usage = "pkictl pki <subcommand> [options] [args]")]
    Pki(Box<PkiCommand>),

    /// Revoke all certificates that conditions hold for
    ///
    /// The same as pki revoke. One certificate is revoked by its serial number with
    /// pkictl write pki/revoke, and a lease with pkictl lease revoke.
    #[command(
        override_usage = "pkictl revoke -where=CONDITION... [options] MOUNT",
        after_help = examples::REVOKE
    )]
    Revoke(RevokeMatchingArgs),

    /// Do what is due: renew CRLs, tidy, end leases
    ///
    /// For cron or a systemd timer, since no server is there to do it. Without MOUNT, all
    /// secrets engines get their turn. What fails in one does not stop the others; the exit
    /// status is then 2. What is left of one that was disabled, because that was interrupted, is
    /// removed last.
    #[command(
        override_usage = "pkictl maintain [options] [MOUNT...]",
        after_help = examples::MAINTAIN
    )]
    Maintain(MaintainArgs),

    /// Look after the store itself: check it, count it, back it up, seal it anew
    #[command(subcommand, override_usage = "pkictl store <subcommand> [options] [args]")]
    Store(Box<StoreCommand>),

    /// Print a script that completes words in a shell
    ///
    /// Commands, flags, paths, names and parameters are completed in bash, zsh and fish.
    #[command(
        override_usage = "pkictl completion bash|zsh|fish",
        after_help = examples::COMPLETION
    )]
    Completion(CompletionArgs),

    /// Print the version
    #[command(override_usage = "pkictl version")]
    Version(Words),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Make a secrets engine, and the store if there is none
    ///
    /// The only type is pki. The engine will be at the path of that name, or at another.
    #[command(
        override_usage = "pkictl secrets enable [options] TYPE",
        after_help = examples::ENABLE
    )]
    Enable(EnableArgs),

    /// Remove a secrets engine and everything in it
    ///
    /// Its keys, certificates and roles are gone for good.
    #[command(override_usage = "pkictl secrets disable PATH")]
    Disable(DisableArgs),

    /// List secrets engines
    #[command(override_usage = "pkictl secrets list [options]")]
    List(MountsArgs),

    /// Change the settings of a secrets engine
    ///
    /// What is not given stays as it is.
    #[command(
        override_usage = "pkictl secrets tune [options] PATH",
        after_help = examples::TUNE
    )]
    Tune(TuneArgs),

    /// Move a secrets engine to another path
    #[command(override_usage = "pkictl secrets move SOURCE DESTINATION")]
    Move(MoveArgs),
}

/// The words that are no flags.
#[derive(Debug, Args)]
pub(crate) struct Words {
    #[arg(hide = true, allow_hyphen_values = true)]
    pub(crate) words: Vec<String>,
}

/// `-format`, where a command has it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output options")]
pub(crate) struct FormatFlag {
    /// Print the output in this format: table, json, yaml, pretty, or (for read) raw. Also
    /// PKICTL_FORMAT, BAO_FORMAT, VAULT_FORMAT.
    #[arg(long, value_name = "format")]
    pub(crate) format: Option<String>,
}

/// `-field`, where a command has it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output options")]
pub(crate) struct FieldFlag {
    /// Print only this field, without a newline unless to a terminal.
    #[arg(long, value_name = "name")]
    pub(crate) field: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) field: FieldFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct WriteArgs {
    /// Go on without data.
    #[arg(long, short)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) field: FieldFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) field: FieldFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Show what is known about each key. Also VAULT_DETAILED.
    #[arg(long)]
    pub(crate) detailed: bool,
    /// Start after this key, where the path can.
    #[arg(long, value_name = "key")]
    pub(crate) after: Option<String>,
    /// Show at most so many keys, where the path can.
    #[arg(long, value_name = "number", value_parser = whole_number)]
    pub(crate) limit: Option<i64>,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct PathHelpArgs {
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

/// Settings that enable and tune share.
#[derive(Debug, Args)]
pub(crate) struct MountFlags {
    /// Lifetime of certificates for which nothing else says one, such as 72h, 30d, or seconds.
    #[arg(long, value_name = "duration", value_parser = FlagDuration::parse)]
    pub(crate) default_lease_ttl: Option<FlagDuration>,
    /// Longest lifetime of certificates for which nothing else says one.
    #[arg(long, value_name = "duration", value_parser = FlagDuration::parse)]
    pub(crate) max_lease_ttl: Option<FlagDuration>,
    /// Note for people.
    #[arg(long, value_name = "text")]
    pub(crate) description: Option<String>,
    /// Setting of the engine, as key=value. May be given more than once.
    #[arg(long, value_name = "key=value", value_parser = key_value)]
    pub(crate) options: Vec<(String, String)>,
    /// Whether the mount is shown to those without a token: hidden or unauth.
    #[arg(long, value_name = "word")]
    pub(crate) listing_visibility: Option<String>,
    /// Request header that the engine sees. May be given more than once.
    #[arg(long, value_name = "name")]
    pub(crate) passthrough_request_headers: Vec<String>,
    /// Response header that the engine may set. May be given more than once.
    #[arg(long, value_name = "name")]
    pub(crate) allowed_response_headers: Vec<String>,
    /// Request parameter that audit logs show in clear. May be given more than once.
    #[arg(long, value_name = "name")]
    pub(crate) audit_non_hmac_request_keys: Vec<String>,
    /// Response field that audit logs show in clear. May be given more than once.
    #[arg(long, value_name = "name")]
    pub(crate) audit_non_hmac_response_keys: Vec<String>,
    /// Version of the plugin.
    #[arg(long, value_name = "version", hide = true)]
    pub(crate) plugin_version: Option<String>,
    /// Version of the engine.
    #[arg(long, value_name = "number", value_parser = whole_number, hide = true)]
    pub(crate) version: Option<i64>,
}

#[derive(Debug, Args)]
pub(crate) struct EnableArgs {
    /// Where the engine will be. The default is its type.
    #[arg(long, value_name = "path")]
    pub(crate) path: Option<String>,
    #[command(flatten)]
    pub(crate) mount: MountFlags,
    /// Type of the engine, when TYPE is the word plugin.
    #[arg(long, value_name = "name", hide = true)]
    pub(crate) plugin_name: Option<String>,
    /// Do not cache.
    #[arg(long)]
    pub(crate) force_no_cache: bool,
    /// Mark the engine as local. It always is.
    #[arg(long)]
    pub(crate) local: bool,
    /// Ask for seal wrapping.
    #[arg(long)]
    pub(crate) seal_wrap: bool,
    /// Ask for external entropy.
    #[arg(long)]
    pub(crate) external_entropy_access: bool,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct DisableArgs {
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct MountsArgs {
    /// Show all settings.
    #[arg(long)]
    pub(crate) detailed: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct TuneArgs {
    #[command(flatten)]
    pub(crate) mount: MountFlags,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionArgs {
    #[command(flatten)]
    pub(crate) words: Words,
}

fn whole_number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "not a whole number".to_owned())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(format!("missing = in KV pair: {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_declarations_agree_with_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_are_pairs() {
        assert_eq!(key_value("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(key_value("a"), Err("missing = in KV pair: \"a\"".to_owned()));
    }
}
