//! Tidying: taking out what ended long enough ago. Walks the index of ends, so a tidy with
//! nothing due reads next to nothing.

use serde::{Deserialize, Serialize};

use super::certs::{ExpiryKey, RevocationRecord};
use super::config;
use super::crls::{self, CrlRecord, Which};
use super::issuers;
use super::tables::{CERTS, CRL_CONFIG, CRLS, EXPIRY, ISSUERS_CONFIG, REVOKED, TIDY};
use crate::api::endpoint::WriteCx;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::{Only, json_record};

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

/// How the last tidy went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TidyStatus {
    pub(crate) plan: TidyPlan,
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
    pub(crate) cert_store_deleted: i64,
    pub(crate) revoked_cert_deleted: i64,
    pub(crate) missing_issuer_certs: i64,
}
json_record!(TidyStatus);

/// Carries out a plan, and notes how it went.
pub(crate) fn tidy(cx: &mut WriteCx<'_>, plan: TidyPlan) -> Result<TidyStatus, Error> {
    let mut status = TidyStatus {
        plan,
        started: cx.now,
        finished: cx.now,
        cert_store_deleted: 0,
        revoked_cert_deleted: 0,
        missing_issuer_certs: 0,
    };
    if status.plan.cert_store || status.plan.revoked_certs {
        certificates(cx, &mut status)?;
    }
    if status.plan.expired_issuers {
        expired_issuers(cx, status.plan.issuer_safety_buffer)?;
    }
    cx.tx.put(&TIDY, &Only, &status);
    Ok(status)
}

/// What becomes of one certificate that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    certificate_goes: bool,
    revocation_goes: bool,
}

/// Decides about a certificate that ended `since` seconds ago.
fn fate(plan: &TidyPlan, is_revoked: bool, since: i64) -> Fate {
    if !is_revoked {
        let certificate_goes = plan.cert_store && plan.safety_buffer < since;
        return Fate { certificate_goes, revocation_goes: false };
    }
    let is_old = plan.revoked_safety_buffer < since;
    Fate { certificate_goes: is_old, revocation_goes: is_old && plan.revoked_certs }
}

fn certificates(cx: &mut WriteCx<'_>, status: &mut TidyStatus) -> Result<(), Error> {
    let plan = status.plan.clone();
    let mut going: Vec<(ExpiryKey, Option<RevocationRecord>, Fate)> = Vec::new();
    for key in ended(cx, plan.safety_buffer.min(plan.revoked_safety_buffer))? {
        let revocation = cx.tx.get(&REVOKED, &key.serial)?;
        let since = cx.now.seconds_since(key.not_after);
        let fate = fate(&plan, revocation.is_some(), since);
        if fate.certificate_goes || fate.revocation_goes {
            going.push((key, revocation, fate));
        }
    }
    let last_revoked_end =
        going.iter().filter(|(_, _, fate)| fate.revocation_goes).map(|(key, ..)| key.not_after).max();
    if let Some(end) = last_revoked_end {
        show_past_end(cx, end)?;
    }
    for (key, revocation, fate) in going {
        status.cert_store_deleted += i64::from(remove(cx, &key, revocation.is_some(), fate)?);
        status.revoked_cert_deleted += i64::from(fate.revocation_goes);
    }
    if last_revoked_end.is_some() && !config::load(&cx.tx, &CRL_CONFIG)?.auto_rebuild {
        request_all(cx)?;
    }
    Ok(())
}

/// The certificates that ended more than `buffer` seconds ago, in order of their end.
fn ended(cx: &WriteCx<'_>, buffer: i64) -> Result<Vec<ExpiryKey>, Error> {
    const PAGE: usize = 1_000;
    let limit = cx.now.before(buffer);
    let mut found: Vec<ExpiryKey> = Vec::new();
    loop {
        let after = found.last().map(crate::store::RecordKey::encode);
        let page: Vec<ExpiryKey> = cx.tx.keys(&EXPIRY, &[], after.as_deref(), PAGE)?;
        let is_last = page.len() < PAGE || page.last().is_some_and(|key| limit <= key.not_after);
        found.extend(page.into_iter().filter(|key| key.not_after < limit));
        if is_last {
            return Ok(found);
        }
    }
}

/// Removes what is to go. Says whether a certificate of the inventory went.
fn remove(
    cx: &mut WriteCx<'_>,
    key: &ExpiryKey,
    is_revoked: bool,
    fate: Fate,
) -> Result<bool, Error> {
    let was_stored = fate.certificate_goes && cx.tx.get(&CERTS, &key.serial)?.is_some();
    if was_stored {
        cx.tx.delete(&CERTS, &key.serial);
    }
    if fate.revocation_goes {
        cx.tx.delete(&REVOKED, &key.serial);
    }
    // The end stays in the index as long as there is a revocation to find by it.
    if fate.revocation_goes || !is_revoked {
        cx.tx.delete(&EXPIRY, key);
    }
    Ok(was_stored)
}

/// A revocation may go only when a CRL has shown it past the end of its certificate (RFC 5280
/// section 3.3): if none has, one is built first.
fn show_past_end(cx: &mut WriteCx<'_>, end: Timestamp) -> Result<(), Error> {
    let mut is_shown = true;
    for class in crls::classes(&cx.tx)? {
        let built = cx.tx.get(&CRLS, &class.id)?.and_then(|record| record.built);
        is_shown &= built.is_some_and(|built| end < built.this_update);
    }
    if !is_shown {
        crls::build(cx, Which::All)?;
    }
    Ok(())
}

fn request_all(cx: &mut WriteCx<'_>) -> Result<(), Error> {
    for class in crls::classes(&cx.tx)? {
        let record = cx.tx.get(&CRLS, &class.id)?.unwrap_or_default();
        cx.tx.put(&CRLS, &class.id, &CrlRecord { requested: true, ..record });
    }
    Ok(())
}

/// Deletes issuers that ended long ago, but never the default. Their keys stay.
fn expired_issuers(cx: &mut WriteCx<'_>, buffer: i64) -> Result<(), Error> {
    let default = config::load(&cx.tx, &ISSUERS_CONFIG)?.default;
    let old = issuers::all(&cx.tx)?.into_iter().filter(|issuer| {
        Some(issuer.record.id) != default
            && buffer < cx.now.seconds_since(issuer.certificate.not_after())
    });
    let old: Vec<_> = old.collect();
    for issuer in &old {
        issuers::remove(&mut cx.tx, &issuer.record);
    }
    if !old.is_empty() {
        issuers::rebuild_chains(&mut cx.tx)?;
        crls::issuers_changed(&mut cx.tx)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(cert_store: bool, revoked_certs: bool) -> TidyPlan {
        TidyPlan {
            cert_store,
            revoked_certs,
            revoked_cert_issuer_associations: false,
            expired_issuers: false,
            move_legacy_ca_bundle: false,
            acme: false,
            invalid_certs: false,
            safety_buffer: 100,
            revoked_safety_buffer: 200,
            issuer_safety_buffer: 0,
            acme_account_safety_buffer: 0,
            pause_duration: "0s".into(),
            page_size: 1000,
        }
    }

    #[test]
    fn revocations_outlive_their_buffer_only_when_asked_to_go() {
        let check = |cert_store, revoked_certs, is_revoked, since, certificate_goes, revocation_goes| {
            let want = Fate { certificate_goes, revocation_goes };
            assert_eq!(fate(&plan(cert_store, revoked_certs), is_revoked, since), want);
        };
        check(true, false, false, 100, false, false);
        check(true, false, false, 101, true, false);
        check(false, true, false, 500, false, false);
        check(true, false, true, 150, false, false);
        check(true, false, true, 201, true, false);
        check(false, true, true, 201, true, true);
        check(false, true, true, 200, false, false);
    }
}
