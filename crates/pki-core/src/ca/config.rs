//! What is set for a whole mount.

use serde::{Deserialize, Serialize};

use crate::domain::id::{IssuerId, KeyId};
use crate::domain::tidy::TidyPlan;
use crate::domain::time::{Timestamp, parse_signed_duration_seconds};
use crate::error::Error;
use crate::store::{Only, Record, Records, View, json_record};

/// Which issuer signs where none is named.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct IssuersConfig {
    pub(crate) default: Option<IssuerId>,
    pub(crate) default_follows_latest_issuer: bool,
}
json_record!(IssuersConfig);

/// Which key is used where none is named.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeysConfig {
    pub(crate) default: Option<KeyId>,
}
json_record!(KeysConfig);

/// Where certificates say that more is to be found (RFC 5280 sections 4.2.1.13, 4.2.1.15 and
/// 4.2.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct UrlsConfig {
    pub(crate) issuing_certificates: Vec<String>,
    pub(crate) crl_distribution_points: Vec<String>,
    pub(crate) delta_crl_distribution_points: Vec<String>,
    pub(crate) ocsp_servers: Vec<String>,
    pub(crate) enable_templating: bool,
}
json_record!(UrlsConfig);

/// Under which URLs clients reach the mount; they fill templates.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ClusterConfig {
    pub(crate) path: String,
    pub(crate) aia_path: String,
}
json_record!(ClusterConfig);

/// How CRLs and OCSP responses are made. Lifetimes are kept as they were written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CrlConfig {
    pub(crate) expiry: String,
    pub(crate) disable: bool,
    pub(crate) ocsp_disable: bool,
    pub(crate) ocsp_expiry: String,
    pub(crate) auto_rebuild: bool,
    pub(crate) auto_rebuild_grace_period: String,
    pub(crate) enable_delta: bool,
    pub(crate) delta_rebuild_interval: String,
    pub(crate) allow_expired_cert_revocation: bool,
    /// Over how many shards new certificates are spread; 0 for none.
    pub(crate) shards: u32,
}
json_record!(CrlConfig);

impl Default for CrlConfig {
    fn default() -> Self {
        Self {
            expiry: "72h".into(),
            disable: false,
            ocsp_disable: false,
            ocsp_expiry: "12h".into(),
            auto_rebuild: false,
            auto_rebuild_grace_period: "12h".into(),
            enable_delta: false,
            delta_rebuild_interval: "15m".into(),
            allow_expired_cert_revocation: false,
            shards: 0,
        }
    }
}

impl CrlConfig {
    /// Seconds from a CRL's `thisUpdate` to its `nextUpdate`.
    pub(crate) fn expiry_seconds(&self) -> i64 {
        seconds(&self.expiry)
    }

    /// Seconds before the end of a CRL at which the next one is due.
    pub(crate) fn grace_seconds(&self) -> i64 {
        seconds(&self.auto_rebuild_grace_period)
    }

    /// Seconds from one delta CRL to the next, if there is something new.
    pub(crate) fn delta_interval_seconds(&self) -> i64 {
        seconds(&self.delta_rebuild_interval)
    }

    /// Seconds that an OCSP response is good for; none if that is left open.
    pub(crate) fn ocsp_expiry_seconds(&self) -> Option<i64> {
        Some(seconds(&self.ocsp_expiry)).filter(|seconds| 0 < *seconds)
    }
}

/// Tidying by itself: what is taken out, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AutoTidyConfig {
    pub(crate) enabled: bool,
    /// Seconds from one tidy to the next; 0 for never.
    pub(crate) interval: i64,
    /// Since when it is enabled: the first tidy comes one interval later.
    pub(crate) enabled_since: Option<Timestamp>,
    pub(crate) plan: TidyPlan,
    /// Whether revoked certificates have a buffer of their own.
    pub(crate) own_revoked_safety_buffer: bool,
    /// Whether `tidy-status` counts what is stored.
    pub(crate) maintain_counts: bool,
    pub(crate) publish_count_metrics: bool,
}
json_record!(AutoTidyConfig);

impl Default for AutoTidyConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            interval: 12 * 3_600,
            enabled_since: None,
            plan: TidyPlan::default(),
            own_revoked_safety_buffer: false,
            maintain_counts: false,
            publish_count_metrics: false,
        }
    }
}

/// A lifetime that was checked when it was written.
fn seconds(text: &str) -> i64 {
    parse_signed_duration_seconds(text).unwrap_or_default()
}

/// The configuration record, or its defaults where nothing was written.
pub(crate) fn load<V: Record + Default>(
    view: &View<'_>,
    records: &Records<Only, V>,
) -> Result<V, Error> {
    Ok(view.get(records, &Only)?.unwrap_or_default())
}
