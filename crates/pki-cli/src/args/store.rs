//! What can be typed after `store`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{FormatFlag, Words, examples};

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Look whether the store is sound
    ///
    /// Reads everything: the file, every record, every certificate and its signature, the
    /// indexes, the private keys, the CRLs and their logs. The exit status is 0 if all is well,
    /// and 2 if there are findings. Notes are no findings.
    #[command(
        override_usage = "pkictl store check [options]",
        after_help = examples::STORE_CHECK
    )]
    Check(CheckArgs),

    /// Show what the store holds
    #[command(override_usage = "pkictl store stats [options]")]
    Stats(StatsArgs),

    /// Write the whole store to one file
    ///
    /// Others may go on writing: the file holds the store as it was at one moment. The key file
    /// or passphrase is not in it.
    #[command(
        override_usage = "pkictl store backup [options] FILE",
        after_help = examples::STORE_BACKUP
    )]
    Backup(BackupArgs),

    /// Put a backup in the place of the store
    ///
    /// The backup is checked first. The store that was there is kept under another name. Nobody
    /// may use the store meanwhile.
    #[command(
        override_usage = "pkictl store restore [options] FILE",
        after_help = examples::STORE_RESTORE
    )]
    Restore(RestoreArgs),

    /// Change what the private keys are sealed with
    ///
    /// What opens the store now is taken from where it always is. The old key file is kept:
    /// backups that were made before need it.
    #[command(
        override_usage = "pkictl store rekey -to=keyfile|passphrase [options]",
        after_help = examples::STORE_REKEY
    )]
    Rekey(RekeyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Make anew what follows from other records: indexes, names, chains, CRLs. No certificate,
    /// revocation or key is changed.
    #[arg(long)]
    pub(crate) repair: bool,
    /// Leave the private keys alone.
    #[arg(long)]
    pub(crate) skip_keys: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// Replace a file that is there.
    #[arg(long, short)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Restore a backup of another store, or one that is behind, or that has findings. The
    /// numbers of CRLs still do not fall.
    #[arg(long, short)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

/// What private keys can be sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SealKind {
    /// A file with a key.
    Keyfile,
    /// Something that the owner knows.
    Passphrase,
}

#[derive(Debug, Args)]
pub(crate) struct RekeyArgs {
    /// Seal with a new key file, or with a passphrase.
    #[arg(long, value_name = "kind", value_enum)]
    pub(crate) to: Option<SealKind>,
    /// The new key file; made if it is not there. The default is a new key in the place of the
    /// one in use, or in the directory of the store.
    #[arg(long, value_name = "file")]
    pub(crate) key_file: Option<PathBuf>,
    /// The file whose first line is the new passphrase; - is standard input. Else it is in
    /// PKICTL_NEW_PASSPHRASE.
    #[arg(long, value_name = "file")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) words: Words,
}
