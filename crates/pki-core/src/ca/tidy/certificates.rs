//! Certificates that ended long enough ago, and their revocations.

use std::collections::BTreeMap;

use pki_store::{Expect, StoreError};

use super::{PAGE, Tidying};
use crate::api::endpoint::WriteCx;
use crate::ca::certs::{ExpiryKey, RevocationRecord};
use crate::ca::config;
use crate::ca::crls::{self, CrlClass, CrlRecord, Which};
use crate::ca::ends::Ends;
use crate::ca::tables::{CERTS, CRL_CONFIG, CRLS, EXPIRY, ISSUERS_CONFIG, REVOKED};
use crate::domain::id::{CrlId, IssuerId};
use crate::domain::serial::SerialNumber;
use crate::domain::tidy::TidyPlan;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::{RecordKey as _, Steps};

/// Certificates that go in one transaction, whatever was asked for: while they do, nobody else can
/// write.
const MOST: usize = 10_000;

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
    /// Where the next page begins; nothing if this is the last.
    next: Option<Vec<u8>>,
}

impl Going {
    fn each(&self) -> impl Iterator<Item = (ExpiryKey, Fate, Expect)> {
        self.ends.iter().zip(&self.fates).map(|(key, (fate, revocation))| (key, *fate, *revocation))
    }
}

/// Takes out a page of them. Says whether it was the last.
pub(super) fn page(cx: &mut WriteCx<'_>, tidying: &mut Tidying) -> Result<bool, Error> {
    let unshown = if tidying.has_built { Unshown::Stays } else { Unshown::Goes };
    let mut going = look(cx, tidying, &Shown::look(cx, false)?, unshown)?;
    if going.is_unshown && unshown == Unshown::Goes {
        // A revocation may go only when a CRL has shown it past the end of its certificate (RFC
        // 5280 section 3.3): if none has, one is built first; if none can be, it stays.
        crls::build(cx, Which::All)?;
        tidying.has_built = true;
        going = look(cx, tidying, &Shown::look(cx, true)?, Unshown::Stays)?;
    }
    let status = &mut tidying.status;
    for (key, fate, _) in going.each() {
        let is_stored = fate.certificate_goes && is_stored(cx, &key.serial)?;
        status.cert_store_deleted += i64::from(is_stored);
        status.revoked_cert_deleted += i64::from(fate.revocation_goes);
    }
    tidying.are_crls_longer |= going.are_revocations_going;
    tidying.after = going.next.take();
    let is_last = tidying.after.is_none();
    if is_last {
        ask_for_crls(cx, tidying)?;
    }
    cx.tx.many(&[CERTS.table, REVOKED.table, EXPIRY.table], move |steps| {
        going.each().try_for_each(|(key, fate, revocation)| remove(steps, &key, fate, revocation))
    });
    Ok(is_last)
}

/// What becomes of a revocation that a CRL has yet to show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unshown {
    Goes,
    Stays,
}

/// Looks for certificates that ended long enough before the tidy began, in order of their end.
fn look(
    cx: &WriteCx<'_>,
    tidying: &Tidying,
    shown: &Shown,
    unshown: Unshown,
) -> Result<Going, Error> {
    let plan = &tidying.status.plan;
    // The clock may have been ahead when it began.
    let now = tidying.status.started.min(cx.now);
    let most = usize::try_from(plan.page_size).unwrap_or(MOST).clamp(1, MOST);
    let limit = now.before(plan.safety_buffer.min(plan.revoked_safety_buffer));
    let mut going = Going { next: tidying.after.clone(), ..Going::default() };
    loop {
        // One more than may go, to know whether there is another page.
        let wanted = PAGE.min(most - going.ends.count() + 1);
        let page: Vec<ExpiryKey> = cx.tx.keys(&EXPIRY, &[], going.next.as_deref(), wanted)?;
        let is_last = page.len() < wanted || page.last().is_some_and(|key| limit <= key.not_after);
        for key in page.into_iter().filter(|key| key.not_after < limit) {
            if most <= going.ends.count() {
                return Ok(going);
            }
            going.next = Some(key.encode());
            let (found, revocation) = cx.tx.peek(&REVOKED, &key.serial)?;
            let since = now.seconds_since(key.not_after);
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
            return Ok(Going { next: None, ..going });
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
            // Depends on nothing: a CRL that is built meanwhile shows more, not less.
            let record = cx.tx.peek(&CRLS, &id)?.1.unwrap_or_default();
            // It may list since then what it did not list before, or have listed nothing at all.
            let is_stale = record.stale_log;
            let built = record.built.filter(|built| !is_stale && !built.disabled);
            // Nor has one shown what was revoked since the clock was set back.
            let built = built.filter(|built| built.this_update <= cx.now);
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

/// Asks for all CRLs to be built again when there are no more pages, if they have entries that may
/// go.
pub(super) fn ask_for_crls(cx: &mut WriteCx<'_>, tidying: &Tidying) -> Result<(), Error> {
    if !tidying.are_crls_longer || config::load(&cx.tx, &CRL_CONFIG)?.auto_rebuild {
        return Ok(());
    }
    for id in crls::classes(&cx.tx)?.iter().flat_map(CrlClass::lists).map(|list| list.id) {
        // Others revoke meanwhile, all the time perhaps: what is built again because of that need
        // not be asked for, and so not be waited for either.
        if cx.tx.peek(&CRLS, &id)?.1.is_some_and(|record| record.is_behind()) {
            continue;
        }
        let record = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
        cx.tx.put(&CRLS, &id, &CrlRecord { requested: true, ..record });
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
