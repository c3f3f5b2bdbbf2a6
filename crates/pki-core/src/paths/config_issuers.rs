//! `config/issuers` and `root/replace`: which issuer is the default.

use crate::api::endpoint::{Access, Command, Op, Path, Query, ReadCx, Reply, WriteCx};
use crate::ca::config::{self, IssuersConfig};
use crate::ca::crls;
use crate::ca::issuers;
use crate::ca::keys::is_default;
use crate::ca::tables::ISSUERS_CONFIG;
use crate::error::Error;
use crate::fields;
use crate::store::Only;

/// `config/issuers`.
pub const PATH: Path = Path {
    patterns: &["config/issuers"],
    access: Access::Token,
    synopsis: "Read or set the default issuer.",
    description: "It signs where no issuer is named, and `ca` and `crl` are its.",
    ops: &[Op::read::<ReadDefaultIssuer>(), Op::write::<WriteDefaultIssuer>()],
};

/// `root/replace`.
pub const REPLACE: Path = Path {
    patterns: &["root/replace"],
    access: Access::Token,
    synopsis: "Make a rotated root the default issuer.",
    description: "Without a parameter, the issuer named `next`.",
    ops: &[Op::write::<ReplaceRoot>()],
};

fields! {
    /// Asks for the default issuer.
    pub struct ReadDefaultIssuer {}
}

fields! {
    /// The default issuer.
    #[derive(Debug)]
    pub struct DefaultIssuer {
        /// Its identifier, or the empty text.
        default: String,
        /// Whether a new issuer becomes the default.
        default_follows_latest_issuer: bool,
    }
}

impl From<IssuersConfig> for DefaultIssuer {
    fn from(config: IssuersConfig) -> Self {
        Self {
            default: config.default.map_or_else(String::new, |id| id.to_string()),
            default_follows_latest_issuer: config.default_follows_latest_issuer,
        }
    }
}

impl Query for ReadDefaultIssuer {
    type Reply = DefaultIssuer;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<DefaultIssuer>, Error> {
        Ok(DefaultIssuer::from(config::load(cx.view, &ISSUERS_CONFIG)?).into())
    }
}

fields! {
    /// Sets the default issuer.
    #[derive(Clone, Debug)]
    pub struct WriteDefaultIssuer {
        /// Name or identifier of the issuer.
        default: String = "",
        /// Whether a new issuer becomes the default; as it was when absent.
        default_follows_latest_issuer: Option<bool>,
    }
}

impl Command for WriteDefaultIssuer {
    type Reply = DefaultIssuer;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<DefaultIssuer>, Error> {
        set(cx, &self.default, self.default_follows_latest_issuer)
    }
}

fields! {
    /// Makes a rotated root the default issuer.
    #[derive(Clone, Debug)]
    pub struct ReplaceRoot {
        /// Name or identifier of the issuer.
        default: String = "next",
    }
}

impl Command for ReplaceRoot {
    type Reply = DefaultIssuer;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<DefaultIssuer>, Error> {
        set(cx, &self.default, None)
    }
}

fn set(
    cx: &mut WriteCx<'_>,
    reference: &str,
    follows: Option<bool>,
) -> Result<Reply<DefaultIssuer>, Error> {
    if reference.is_empty() || is_default(reference) {
        return Err(Error::refused(
            "Invalid issuer specification; must be non-empty and can't be 'default'.",
        ));
    }
    let issuer = issuers::resolve(&cx.tx, reference)?.map_err(|problem| {
        Error::refused(format!("Error resolving issuer reference: {problem}"))
    })?;
    let old = config::load(&cx.tx, &ISSUERS_CONFIG)?;
    let config = IssuersConfig {
        default: Some(issuer.record.id),
        default_follows_latest_issuer: follows.unwrap_or(old.default_follows_latest_issuer),
    };
    cx.tx.put(&ISSUERS_CONFIG, &Only, &config);
    if old.default != config.default {
        crls::default_changed(&mut cx.tx)?;
    }
    let keyless = issuer.record.key_id.is_none().then_some("This selected default issuer has no key associated with it. Some operations like issuing certificates and signing CRLs will be unavailable with the requested default issuer until a key is imported or the default issuer is changed.");
    Ok(Reply::from(DefaultIssuer::from(config)).warn(keyless))
}
