//! `config/crl`: how CRLs and OCSP responses are made.

use crate::api::endpoint::{Access, Command, Op, Path, Query, ReadCx, Refused, Reply, WriteCx};
use crate::ca::aia;
use crate::ca::config::{self, CrlConfig};
use crate::ca::crls::{self, Which, shard};
use crate::ca::tables::CRL_CONFIG;
use crate::domain::time::parse_signed_duration_seconds;
use crate::error::Error;
use crate::fields;
use crate::store::{Only, View};

/// `config/crl`.
pub const PATH: Path = Path {
    patterns: &["config/crl"],
    access: Access::Token,
    synopsis: "Read or set how CRLs are made.",
    description: "What is sent changes. A new expiry holds from the next CRL on.",
    ops: &[Op::read::<ReadCrlConfig>(), Op::write::<WriteCrlConfig>().refusing(CLUSTERS)],
};

/// What Vault Enterprise does between clusters.
const CLUSTERS: &[Refused] = &[
    Refused { name: "cross_cluster_revocation", why: ONE_NODE },
    Refused { name: "unified_crl", why: ONE_NODE },
    Refused { name: "unified_crl_on_existing_paths", why: ONE_NODE },
];
const ONE_NODE: &str = "there is one node, and its CRLs are complete";

fields! {
    /// Asks for the settings.
    pub struct ReadCrlConfig {}
}

fields! {
    /// Changes settings.
    #[derive(Clone, Debug)]
    pub struct WriteCrlConfig {
        /// Whether certificates that have ended can be revoked.
        allow_expired_cert_revocation: Option<bool>,
        /// Whether CRLs are built when they are about to end, and not for every revocation.
        auto_rebuild: Option<bool>,
        /// How long before its end a CRL is built anew.
        auto_rebuild_grace_period: Option<String>,
        /// How often a delta CRL is built, if there is something new.
        delta_rebuild_interval: Option<String>,
        /// Whether CRLs are kept empty.
        disable: Option<bool>,
        /// Whether delta CRLs are built.
        enable_delta: Option<bool>,
        /// How long a CRL is valid.
        expiry: Option<String>,
        /// Whether OCSP requests are refused.
        ocsp_disable: Option<bool>,
        /// How long an OCSP response is valid; 0 leaves it open.
        ocsp_expiry: Option<String>,
        /// Over how many shards of the CRL new certificates are spread, 0 for none. The shard
        /// replaces {{crl_shard}} in crl_distribution_points.
        shards: Option<i64>,
    }
}

fields! {
    /// The settings.
    #[derive(Debug)]
    pub struct CrlConfigView {
        /// Whether certificates that have ended can be revoked.
        allow_expired_cert_revocation: bool,
        /// Whether CRLs are built only when they are about to end.
        auto_rebuild: bool,
        /// How long before its end a CRL is built anew.
        auto_rebuild_grace_period: String,
        /// How often a delta CRL is built.
        delta_rebuild_interval: String,
        /// Whether CRLs are kept empty.
        disable: bool,
        /// Whether delta CRLs are built.
        enable_delta: bool,
        /// How long a CRL is valid.
        expiry: String,
        /// Whether OCSP requests are refused.
        ocsp_disable: bool,
        /// How long an OCSP response is valid.
        ocsp_expiry: String,
        /// Over how many shards of the CRL new certificates are spread, if over any.
        shards: Option<i64>,
    }
}

impl From<CrlConfig> for CrlConfigView {
    fn from(config: CrlConfig) -> Self {
        let CrlConfig {
            expiry,
            disable,
            ocsp_disable,
            ocsp_expiry,
            auto_rebuild,
            auto_rebuild_grace_period,
            enable_delta,
            delta_rebuild_interval,
            allow_expired_cert_revocation,
            shards,
        } = config;
        Self {
            allow_expired_cert_revocation,
            auto_rebuild,
            auto_rebuild_grace_period,
            delta_rebuild_interval,
            disable,
            enable_delta,
            expiry,
            ocsp_disable,
            ocsp_expiry,
            shards: (shards != 0).then_some(shards.into()),
        }
    }
}

impl Query for ReadCrlConfig {
    type Reply = CrlConfigView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CrlConfigView>, Error> {
        Ok(CrlConfigView::from(config::load(cx.view, &CRL_CONFIG)?).into())
    }
}

impl Command for WriteCrlConfig {
    type Reply = CrlConfigView;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<CrlConfigView>, Error> {
        let old = config::load(&cx.tx, &CRL_CONFIG)?;
        let shards = self.shards.map_or(Ok(old.shards), shards)?;
        let config = CrlConfig { shards, ..self.over(old.clone()) };
        check(&config)?;
        cx.tx.put(&CRL_CONFIG, &Only, &config);
        // What was revoked until now belongs to the CRLs that were promised until now.
        let is_switched = config.disable != old.disable || config.enable_delta != old.enable_delta;
        let warnings = if is_switched { crls::build(cx, Which::Due)? } else { Vec::new() };
        let unused = shard_warning(&cx.tx, &config)?;
        Ok(Reply::from(CrlConfigView::from(config)).warn(warnings).warn(unused))
    }
}

impl WriteCrlConfig {
    fn over(&self, old: CrlConfig) -> CrlConfig {
        let defaults = CrlConfig::default();
        // The empty text brings back the default.
        let text = |sent: &Option<String>, old: String, default: String| match sent {
            Some(sent) if sent.is_empty() => default,
            Some(sent) => sent.clone(),
            None => old,
        };
        CrlConfig {
            expiry: text(&self.expiry, old.expiry, defaults.expiry),
            disable: self.disable.unwrap_or(old.disable),
            ocsp_disable: self.ocsp_disable.unwrap_or(old.ocsp_disable),
            ocsp_expiry: text(&self.ocsp_expiry, old.ocsp_expiry, defaults.ocsp_expiry),
            auto_rebuild: self.auto_rebuild.unwrap_or(old.auto_rebuild),
            auto_rebuild_grace_period: text(
                &self.auto_rebuild_grace_period,
                old.auto_rebuild_grace_period,
                defaults.auto_rebuild_grace_period,
            ),
            enable_delta: self.enable_delta.unwrap_or(old.enable_delta),
            delta_rebuild_interval: text(
                &self.delta_rebuild_interval,
                old.delta_rebuild_interval,
                defaults.delta_rebuild_interval,
            ),
            allow_expired_cert_revocation: self
                .allow_expired_cert_revocation
                .unwrap_or(old.allow_expired_cert_revocation),
            shards: old.shards,
        }
    }
}

fn shards(sent: i64) -> Result<u32, Error> {
    u32::try_from(sent).ok().filter(|shards| *shards <= shard::MOST).ok_or_else(|| {
        Error::refused(format!("shards must be from 0 to {}, got: {sent}", shard::MOST))
    })
}

/// Shards need a place in certificates.
fn shard_warning(view: &View<'_>, config: &CrlConfig) -> Result<Option<String>, Error> {
    let urls = aia::of_mount(view)?.crl_distribution_points;
    let is_missing = config.shards != 0 && !urls.iter().any(|url| url.contains(shard::MARKER));
    Ok(is_missing.then(|| {
        format!(
            "No URL of crl_distribution_points in config/urls has {} in it: unless those of an issuer do, certificates name no shard, and only the complete CRL lists them.",
            shard::MARKER
        )
    }))
}

fn check(config: &CrlConfig) -> Result<(), Error> {
    let seconds = |name: &str, text: &str| {
        parse_signed_duration_seconds(text).map_err(|problem| {
            Error::refused(format!("given {name} could not be decoded: {problem}"))
        })
    };
    let expiry = seconds("expiry", &config.expiry)?;
    let ocsp_expiry = seconds("ocsp_expiry", &config.ocsp_expiry)?;
    let grace = seconds("auto_rebuild_grace_period", &config.auto_rebuild_grace_period)?;
    let interval = seconds("delta_rebuild_interval", &config.delta_rebuild_interval)?;
    // The reference takes these and then cannot build a CRL.
    if expiry <= 0 {
        return Err(Error::refused(format!(
            "expiry must be greater than 0 got: {}",
            config.expiry
        )));
    }
    if ocsp_expiry < 0 {
        return Err(Error::refused(format!(
            "ocsp_expiry must be greater than or equal to 0 got: {}",
            config.ocsp_expiry
        )));
    }
    if config.auto_rebuild && expiry <= grace {
        return Err(Error::refused(format!(
            "CRL auto-rebuilding grace period ({}) must be strictly shorter than CRL expiry ({}) value when auto-rebuilding of CRLs is enabled",
            config.auto_rebuild_grace_period, config.expiry
        )));
    }
    if config.enable_delta && expiry <= interval {
        return Err(Error::refused(format!(
            "CRL delta rebuild window ({}) must be strictly shorter than CRL expiry ({}) value when delta CRLs are enabled",
            config.delta_rebuild_interval, config.expiry
        )));
    }
    if config.enable_delta && config.shards != 0 {
        return Err(Error::refused(format!(
            "enable_delta and shards ({}) exclude each other: a delta CRL adds to the complete one, and whoever needs no more than a shard does not have that",
            config.shards
        )));
    }
    if config.enable_delta && !config.auto_rebuild {
        return Err(Error::refused(
            "Delta CRLs cannot be enabled when auto rebuilding is disabled as the complete CRL is always regenerated!",
        ));
    }
    Ok(())
}
