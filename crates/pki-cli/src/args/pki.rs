//! What can be typed after `pki`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand};

use super::{FormatFlag, Words, examples};

#[derive(Debug, Subcommand)]
pub(crate) enum PkiCommand {
    /// Check the settings and the state of a mount
    ///
    /// The status tells the worst result: 0 all is well, 2 informational, 3 warning, 4 critical,
    /// 5 a check does not know this version, 6 something could not be read.
    #[command(
        override_usage = "pkictl pki health-check [options] MOUNT",
        after_help = examples::HEALTH_CHECK
    )]
    HealthCheck(HealthCheckArgs),

    /// Make an intermediate CA: its key in one mount, signed by an issuer of another
    ///
    /// The parameters are those of intermediate/generate and of sign-intermediate. The
    /// certificate and its chain are imported into the mount of the child.
    #[command(
        override_usage = "pkictl pki issue [options] PARENT CHILD_MOUNT K=V...",
        after_help = examples::PKI_ISSUE
    )]
    Issue(IssueArgs),

    /// Make an intermediate CA like one that there is
    ///
    /// What the template's certificate says is asked for again; parameters go before it.
    #[command(
        override_usage = "pkictl pki reissue [options] PARENT TEMPLATE CHILD_MOUNT [K=V...]",
        after_help = examples::PKI_REISSUE
    )]
    Reissue(IssueArgs),

    /// Say whether one issuer signed another
    #[command(
        override_usage = "pkictl pki verify-sign [options] ISSUER ISSUED",
        after_help = examples::VERIFY_SIGN
    )]
    VerifySign(VerifySignArgs),

    /// Say which issuers an issuer signed
    ///
    /// Without children, looks at all mounts.
    #[command(
        override_usage = "pkictl pki list-intermediates [options] PARENT [CHILD...]",
        after_help = examples::LIST_INTERMEDIATES
    )]
    ListIntermediates(ListIntermediatesArgs),

    /// Find certificates in the inventory of a mount
    ///
    /// Conditions compare serial, issuer, role, common_name, san, key_type and state (valid,
    /// expired or revoked) with = or !=, and not_before and not_after with < or >. In role,
    /// common_name and san, * stands for anything. A moment is RFC 3339 text, or a duration from
    /// now such as 30d or -2h. Serial numbers are a list with commas, @FILE, or - for standard
    /// input. All conditions have to hold.
    #[command(
        override_usage = "pkictl pki find [options] MOUNT",
        after_help = examples::PKI_FIND
    )]
    Find(FindArgs),

    /// Revoke all certificates that conditions hold for
    ///
    /// The conditions are those of find. Of the certificates, those count that are valid and are
    /// no issuers of the mount. Without -expect, they are only counted and some of them shown.
    /// All are revoked in one transaction, or none.
    #[command(
        override_usage = "pkictl pki revoke -where=CONDITION... [options] MOUNT",
        after_help = examples::PKI_REVOKE
    )]
    Revoke(RevokeMatchingArgs),
}

#[derive(Debug, Args)]
pub(crate) struct FindArgs {
    /// Condition such as role=web or not_after<30d. May be given more than once.
    #[arg(long = "where", value_name = "condition")]
    pub(crate) conditions: Vec<String>,
    /// Show at most so many.
    #[arg(long, value_name = "number")]
    pub(crate) limit: Option<NonZeroU64>,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeMatchingArgs {
    /// Condition such as role=web or not_before>-2h. May be given more than once.
    #[arg(long = "where", value_name = "condition")]
    pub(crate) conditions: Vec<String>,
    /// Revoke them, if there are exactly so many.
    #[arg(long, value_name = "number", value_parser = count)]
    pub(crate) expect: Option<u64>,
    /// Why, such as keyCompromise or superseded.
    #[arg(long, value_name = "word")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct HealthCheckArgs {
    /// From which result on the status is not 0: informational, warning, critical or permission;
    /// default is the same as informational.
    #[arg(long, value_name = "word", default_value = "default")]
    pub(crate) return_indicator: String,
    /// JSON file with settings for each check.
    #[arg(long, value_name = "file")]
    pub(crate) health_config: Option<PathBuf>,
    /// Run only the checks that the file enables.
    #[arg(long)]
    pub(crate) default_disabled: bool,
    /// Print the checks and their settings, and check nothing.
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct IssueArgs {
    /// Where the key comes from: internal makes one, existing takes the key named by key_ref.
    #[arg(long = "type", value_name = "word", default_value = "internal")]
    pub(crate) key_source: String,
    /// Name for the new issuer.
    #[arg(long = "issuer_name", value_name = "name")]
    pub(crate) issuer_name: Option<String>,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct VerifySignArgs {
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct ListIntermediatesArgs {
    /// Whether the parent's subject has to be the child's issuer.
    #[arg(long = "subject_match", value_name = "bool", default_value = "true",
        num_args = 0..=1, require_equals = true, default_missing_value = "true",
        action = ArgAction::Set)]
    pub(crate) subject_match: bool,
    /// Whether the key identifier that the child names has to be the parent's.
    #[arg(long = "key_id_match", value_name = "bool", default_value = "true",
        num_args = 0..=1, require_equals = true, default_missing_value = "true",
        action = ArgAction::Set)]
    pub(crate) key_id_match: bool,
    /// Whether the parent's key has to have made the child's signature.
    #[arg(long = "direct_sign", value_name = "bool", default_value = "true",
        num_args = 0..=1, require_equals = true, default_missing_value = "true",
        action = ArgAction::Set)]
    pub(crate) direct_sign: bool,
    /// Whether trust in the parent has to be enough to trust the child.
    #[arg(long = "indirect_sign", value_name = "bool", default_value = "true",
        num_args = 0..=1, require_equals = true, default_missing_value = "true",
        action = ArgAction::Set)]
    pub(crate) indirect_sign: bool,
    /// Whether the parent has to be in the child's chain.
    #[arg(long = "path_match")]
    pub(crate) path_match: bool,
    /// Show issuers by name where they have one.
    #[arg(long = "use_names")]
    pub(crate) use_names: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlag,
    #[command(flatten)]
    pub(crate) words: Words,
}

fn count(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "not a number from 0 on")
}
