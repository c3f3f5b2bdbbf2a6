//! What a tidy is asked to do.

use serde::{Deserialize, Serialize};

/// What to take out, and how long after its end. Lifetimes are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TidyPlan {
    pub(crate) cert_store: bool,
    pub(crate) revoked_certs: bool,
    pub(crate) revoked_cert_issuer_associations: bool,
    pub(crate) expired_issuers: bool,
    pub(crate) move_legacy_ca_bundle: bool,
    pub(crate) acme: bool,
    pub(crate) invalid_certs: bool,
    pub(crate) safety_buffer: i64,
    pub(crate) revoked_safety_buffer: i64,
    pub(crate) issuer_safety_buffer: i64,
    pub(crate) acme_account_safety_buffer: i64,
    pub(crate) pause_duration: String,
    pub(crate) page_size: i64,
}

impl Default for TidyPlan {
    /// Nothing, and the buffers that a request without any has.
    fn default() -> Self {
        Self {
            cert_store: false,
            revoked_certs: false,
            revoked_cert_issuer_associations: false,
            expired_issuers: false,
            move_legacy_ca_bundle: false,
            acme: false,
            invalid_certs: false,
            safety_buffer: 72 * 3_600,
            revoked_safety_buffer: 72 * 3_600,
            issuer_safety_buffer: 8_760 * 3_600,
            acme_account_safety_buffer: 720 * 3_600,
            pause_duration: "0s".into(),
            page_size: 1_000,
        }
    }
}

impl TidyPlan {
    /// Whether it takes out anything at all.
    pub(crate) fn does_something(&self) -> bool {
        self.cert_store
            || self.revoked_certs
            || self.revoked_cert_issuer_associations
            || self.expired_issuers
            || self.move_legacy_ca_bundle
            || self.acme
            || self.invalid_certs
    }
}
