//! Tidying: taking out what ended long enough ago. Walks the index of ends, so a tidy with
//! nothing due reads next to nothing.

use std::collections::BTreeMap;

use pki_store::{Expect, StoreError};
use serde::{Deserialize, Serialize};

use super::certs::{CertificateRecord, ExpiryKey, RevocationRecord};
use super::config::{self, AutoTidyConfig};
use super::crls::{self, CrlClass, CrlRecord, Which, shard};
use super::ends::Ends;
use super::issuers;
use super::revoke;
use super::tables::{AUTO_TIDY, CERTS, CRL_CONFIG, CRLS, EXPIRY, ISSUERS_CONFIG, REVOKED, TIDY};
use crate::api::endpoint::{ReadCx, WriteCx};
use crate::domain::id::{CrlId, IssuerId};
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::{Only, RecordKey as _, Steps, json_record};
use crate::x509::certificate::Certificate;

/// Records that are read at once.
const PAGE: usize = 1_000;

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
    if status.plan.invalid_certs {
        status.cert_store_deleted += invalid_certificates(cx)?;
    }
    if status.plan.revoked_cert_issuer_associations {
        status.missing_issuer_certs = associate(cx)?;
    }
    // After the others: what this removes, they would still see.
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

/// Certificates that ended, as far as they or their revocations go.
#[derive(Default)]
struct Going {
    ends: Ends,
    /// For each what becomes of it, and what was found of its revocation.
    fates: Vec<(Fate, Expect)>,
    are_revocations_going: bool,
    /// Whether a CRL has yet to show one of the revocations.
    is_unshown: bool,
}

impl Going {
    fn each(&self) -> impl Iterator<Item = (ExpiryKey, Fate, Expect)> {
        self.ends.iter().zip(&self.fates).map(|(key, (fate, revocation))| (key, *fate, *revocation))
    }
}

fn certificates(cx: &mut WriteCx<'_>, status: &mut TidyStatus) -> Result<(), Error> {
    let mut going = look(cx, &status.plan, &Shown::look(cx, false)?, Unshown::Goes)?;
    if going.is_unshown {
        // A revocation may go only when a CRL has shown it past the end of its certificate (RFC
        // 5280 section 3.3): if none has, one is built first; if none can be, it stays.
        crls::build(cx, Which::All)?;
        going = look(cx, &status.plan, &Shown::look(cx, true)?, Unshown::Stays)?;
    }
    for (key, fate, _) in going.each() {
        let is_stored = fate.certificate_goes && is_stored(cx, &key.serial)?;
        status.cert_store_deleted += i64::from(is_stored);
        status.revoked_cert_deleted += i64::from(fate.revocation_goes);
    }
    if going.are_revocations_going && !config::load(&cx.tx, &CRL_CONFIG)?.auto_rebuild {
        request_all(cx)?;
    }
    cx.tx.many(&[CERTS.table, REVOKED.table, EXPIRY.table], move |steps| {
        going.each().try_for_each(|(key, fate, revocation)| remove(steps, &key, fate, revocation))
    });
    Ok(())
}

/// What becomes of a revocation that a CRL has yet to show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unshown {
    Goes,
    Stays,
}

/// Looks for certificates that ended long enough ago, in order of their end.
fn look(
    cx: &WriteCx<'_>,
    plan: &TidyPlan,
    shown: &Shown,
    unshown: Unshown,
) -> Result<Going, Error> {
    let limit = cx.now.before(plan.safety_buffer.min(plan.revoked_safety_buffer));
    let mut going = Going::default();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page: Vec<ExpiryKey> = cx.tx.keys(&EXPIRY, &[], after.as_deref(), PAGE)?;
        let is_last = page.len() < PAGE || page.last().is_some_and(|key| limit <= key.not_after);
        after = page.last().map(ExpiryKey::encode);
        for key in page.into_iter().filter(|key| key.not_after < limit) {
            let (found, revocation) = cx.tx.peek(&REVOKED, &key.serial)?;
            let since = cx.now.seconds_since(key.not_after);
            let fate = fate(plan, revocation.is_some(), since);
            let leaving = revocation.filter(|_| fate.revocation_goes);
            let lacks = leaving.is_some_and(|revocation| shown.lacks(&key, &revocation));
            let stays = lacks && unshown == Unshown::Stays;
            if stays || !(fate.certificate_goes || fate.revocation_goes) {
                continue;
            }
            going.is_unshown |= lacks;
            going.are_revocations_going |= fate.revocation_goes;
            going.ends.push(&key.serial, key.not_after);
            going.fates.push((fate, found));
        }
        if is_last {
            return Ok(going);
        }
    }
}

/// Whether there is a certificate, readable or not.
fn is_stored(cx: &WriteCx<'_>, serial: &SerialNumber) -> Result<bool, Error> {
    let first: Vec<SerialNumber> = cx.tx.keys(&CERTS, serial.octets(), None, 1)?;
    // Others that begin with it are longer, and come later.
    Ok(first.first() == Some(serial))
}

/// Removes what is to go, unless somebody revokes it meanwhile.
fn remove(
    steps: &mut Steps<'_>,
    key: &ExpiryKey,
    fate: Fate,
    revocation: Expect,
) -> Result<(), StoreError> {
    steps.expect(&REVOKED, &key.serial, revocation)?;
    if fate.certificate_goes {
        steps.delete(&CERTS, &key.serial)?;
    }
    if fate.revocation_goes {
        steps.delete(&REVOKED, &key.serial)?;
    }
    // The end stays in the index as long as there is a revocation to find by it.
    if fate.revocation_goes || revocation == Expect::Absent {
        steps.delete(&EXPIRY, key)?;
    }
    Ok(())
}

/// What the CRLs of a mount have shown.
struct Shown {
    classes: Vec<CrlClass>,
    default: Option<IssuerId>,
    /// Before when a revocation must have been made, and its certificate have ended, to have
    /// been on a CRL past its end. CRLs that are switched off show nothing and lack nothing.
    until: BTreeMap<CrlId, Timestamp>,
}

impl Shown {
    fn look(cx: &WriteCx<'_>, were_just_built: bool) -> Result<Self, Error> {
        let classes = crls::classes(&cx.tx)?;
        let is_disabled = config::load(&cx.tx, &CRL_CONFIG)?.disable;
        let mut until = BTreeMap::new();
        for id in classes.iter().flat_map(CrlClass::lists).map(|list| list.id) {
            let built = cx.tx.get(&CRLS, &id)?.and_then(|record| record.built);
            let moment = match built {
                _ if is_disabled => Timestamp::LAST,
                // It shows all there is, up to this very moment.
                Some(built) if were_just_built && built.this_update == cx.now.to_whole_second() => {
                    cx.now.after(1)
                }
                Some(built) => built.this_update,
                None => Timestamp::EPOCH,
            };
            until.insert(id, moment);
        }
        let default = config::load(&cx.tx, &ISSUERS_CONFIG)?.default;
        Ok(Self { classes, default, until })
    }

    /// Whether a revocation that is to go has not been shown as it must be.
    fn lacks(&self, key: &ExpiryKey, revocation: &RevocationRecord) -> bool {
        let crls = crls::listing(&self.classes, revocation, self.default);
        let last = key.not_after.max(revocation.revoked_at);
        crls.iter().filter_map(|crl| self.until.get(crl)).any(|until| *until <= last)
    }
}

fn request_all(cx: &mut WriteCx<'_>) -> Result<(), Error> {
    for id in crls::classes(&cx.tx)?.iter().flat_map(CrlClass::lists).map(|list| list.id) {
        let record = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
        cx.tx.put(&CRLS, &id, &CrlRecord { requested: true, ..record });
    }
    Ok(())
}

/// Gives revocations without an issuer of this mount theirs. Says how many got one.
fn associate(cx: &mut WriteCx<'_>) -> Result<i64, Error> {
    let all = issuers::all(&cx.tx)?;
    let is_here = |id: IssuerId| all.iter().any(|issuer| issuer.record.id == id);
    let mut lost: Vec<(SerialNumber, RevocationRecord)> = Vec::new();
    let mut after: Option<SerialNumber> = None;
    loop {
        let from = after.as_ref().map(SerialNumber::octets);
        let page: Vec<(SerialNumber, RevocationRecord)> = cx.tx.scan(&REVOKED, &[], from, PAGE)?;
        after = page.last().map(|(serial, _)| serial.clone());
        let is_last = page.len() < PAGE;
        lost.extend(page.into_iter().filter(|(_, found)| !found.issuer.is_some_and(is_here)));
        if is_last {
            break;
        }
    }
    let (mut found, mut has_moved) = (0, false);
    for (serial, revocation) in lost {
        let Some((_, certificate)) = revoke::stored(&cx.tx, &serial)? else { continue };
        // Issuers are listed by themselves, never as one of their own certificates.
        let is_issuer = all.iter().any(|i| i.certificate.as_der() == certificate.as_der());
        let Some(issuer) = revoke::issuer_of(&all, &certificate).filter(|_| !is_issuer) else {
            continue;
        };
        let (id, home) = (Some(issuer.record.id), Some(issuer.record.crl.0));
        let shard = shard::named_by(&cx.tx, home, &certificate)?;
        has_moved |= (revocation.home, revocation.shard) != (home, shard);
        let revocation = RevocationRecord { issuer: id, home, shard, ..revocation };
        cx.tx.put(&REVOKED, &serial, &revocation);
        found += 1;
    }
    if has_moved {
        crls::homes_changed(&mut cx.tx)?;
    }
    Ok(found)
}

/// Takes out stored certificates that cannot be read. Says how many. Their revocations stay.
fn invalid_certificates(cx: &mut WriteCx<'_>) -> Result<i64, Error> {
    let mut invalid: Vec<SerialNumber> = Vec::new();
    let mut after: Option<SerialNumber> = None;
    loop {
        let start = after.as_ref().map(SerialNumber::octets);
        let page: Vec<SerialNumber> = cx.tx.keys(&CERTS, &[], start, PAGE)?;
        let is_sound = match cx.tx.scan(&CERTS, &[], start, PAGE) {
            Ok(records) => records.iter().all(|(_, record)| is_readable(record)),
            Err(Error::DamagedRecord(_)) => false,
            Err(problem) => return Err(problem),
        };
        after = page.last().cloned();
        let is_last = page.len() < PAGE;
        if !is_sound {
            invalid.extend(page.into_iter().filter(|serial| match cx.tx.get(&CERTS, serial) {
                Ok(record) => !record.is_none_or(|record| is_readable(&record)),
                Err(problem) => matches!(problem, Error::DamagedRecord(_)),
            }));
        }
        if is_last {
            break;
        }
    }
    for serial in &invalid {
        cx.tx.delete(&CERTS, serial);
    }
    Ok(i64::try_from(invalid.len()).unwrap_or(i64::MAX))
}

fn is_readable(record: &CertificateRecord) -> bool {
    Certificate::from_der(&record.der).is_ok()
}

/// Whether it is time to tidy by itself. Whoever runs commands asks this after each one, and
/// then runs [`auto`] in a transaction of its own: what the user asked for is done by then, and
/// does not depend on how the tidy goes.
pub(crate) fn auto_due(cx: &ReadCx<'_>) -> Result<bool, Error> {
    let config = config::load(cx.view, &AUTO_TIDY)?;
    if !config.enabled {
        return Ok(false);
    }
    let last = cx.view.get(&TIDY, &Only)?.map(|status| status.finished);
    Ok(is_due(&config, last, cx.now))
}

/// Whether an interval has passed since the last tidy, or since tidying was switched on.
fn is_due(config: &AutoTidyConfig, last: Option<Timestamp>, now: Timestamp) -> bool {
    let since = last.max(config.enabled_since).unwrap_or(Timestamp::EPOCH);
    config.enabled && 0 < config.interval && since.after(config.interval) <= now
}

/// Tidies by itself, if it is still time to. Says how it went.
pub(crate) fn auto(cx: &mut WriteCx<'_>) -> Result<Option<TidyStatus>, Error> {
    if !auto_due(&cx.reading())? {
        return Ok(None);
    }
    let plan = config::load(&cx.tx, &AUTO_TIDY)?.plan;
    tidy(cx, plan).map(Some)
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
        let (safety_buffer, revoked_safety_buffer) = (100, 200);
        let plan = TidyPlan { safety_buffer, revoked_safety_buffer, ..TidyPlan::default() };
        TidyPlan { cert_store, revoked_certs, ..plan }
    }

    #[test]
    fn tidying_by_itself_waits_for_an_interval() {
        let at = Timestamp::from_unix;
        let check = |interval, since, last: Option<i64>, now, want| {
            let enabled_since = Some(at(since));
            let config =
                AutoTidyConfig { enabled: true, interval, enabled_since, ..Default::default() };
            assert_eq!(is_due(&config, last.map(at), at(now)), want);
        };
        check(100, 1_000, None, 1_099, false);
        check(100, 1_000, None, 1_100, true);
        check(100, 1_000, Some(1_050), 1_149, false);
        check(100, 1_000, Some(1_050), 1_150, true);
        check(100, 1_000, Some(5), 1_099, false);
        check(0, 1_000, None, 9_999, false);
        assert!(!is_due(&AutoTidyConfig::default(), None, at(9_999_999)));
    }

    #[test]
    fn revocations_outlive_their_buffer_only_when_asked_to_go() {
        let check =
            |cert_store, revoked_certs, is_revoked, since, certificate_goes, revocation_goes| {
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
