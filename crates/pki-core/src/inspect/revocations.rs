//! Revocations: whether each that still matters is on the CRL that lists it, or will be at the
//! next build.

use std::collections::BTreeSet;

use super::certificates::Ends;
use super::crls::Crls;
use super::finding::{Repair, crl_name};
use super::issuers::Known;
use super::walk::Place;
use crate::ca::certs::{ExpiryKey, RevocationRecord, RevokedExpiryKey};
use crate::ca::crls::homes::Homes;
use crate::ca::crls::{CrlRecord, listing, revoked_issuers};
use crate::ca::tables::{CERTS, CRLS, EXPIRY, HOMES, REVOKED, REVOKED_EXPIRY};
use crate::domain::id::CrlId;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::Only;
use crate::x509::certificate::Certificate;

pub(super) fn check(
    place: &mut Place<'_, '_>,
    known: &Known,
    crls: &Crls,
    ends: &mut Ends,
) -> Result<(), Error> {
    let revoked = revoked_here(known);
    let homes = homes(place)?;
    place.each(&REVOKED, &[], None, |place, page| {
        let count = page.len();
        for (serial, record) in page {
            certificate(place, crls, &serial, &record, ends)?;
            if !homes.may_be(record.home) {
                let problem = "it has no home among those that all are said to have";
                place.error(REVOKED.table, &serial, problem, Some(Repair::Homes));
            }
            // Issuers are listed as such, below.
            if !revoked.contains(&(serial.clone(), record.not_after)) {
                is_listed(place, known, crls, &serial, &record)?;
            }
        }
        place.went_on(count);
        Ok(())
    })?;
    if !known.issuers_are_sound {
        return Ok(());
    }
    for class in &crls.classes {
        for (record, (entry, _)) in revoked_issuers(place.view, class, known.issuers.values())? {
            is_listed(place, known, crls, &entry.serial, &record)?;
        }
    }
    Ok(())
}

/// What is known of the homes of revocations.
fn homes(place: &mut Place<'_, '_>) -> Result<Homes, Error> {
    match place.look().get(&HOMES, &Only)? {
        Some(Ok(homes)) => return Ok(homes),
        Some(Err(problem)) => place.error(HOMES.table, "", problem, Some(Repair::Homes)),
        None => (),
    }
    Ok(Homes::default())
}

/// The revoked issuers of the mount, as revocations name them.
fn revoked_here(known: &Known) -> BTreeSet<(SerialNumber, Timestamp)> {
    let revoked = known.issuers.values().filter(|issuer| issuer.record.revoked_at.is_some());
    revoked.map(|i| (i.certificate.serial().clone(), i.certificate.not_after())).collect()
}

/// Holds a revocation against its certificate, if that is here, and finds its end in the index.
fn certificate(
    place: &mut Place<'_, '_>,
    crls: &Crls,
    serial: &SerialNumber,
    record: &RevocationRecord,
    ends: &mut Ends,
) -> Result<(), Error> {
    match place.look().get(&CERTS, serial)? {
        Some(Ok(stored)) => {
            // One that cannot be read was named before.
            let Ok(stored) = Certificate::from_der(&stored.der) else { return Ok(()) };
            if stored.not_after() != record.not_after {
                let problem = "it does not know the end of its certificate";
                place.error(REVOKED.table, serial, problem, None);
            }
            let class = crls.classes.iter().find(|class| Some(class.id) == record.home);
            if class.is_some_and(|class| class.shards.named_by(&stored) != record.shard) {
                let problem = "it does not know the shard of its certificate";
                place.error(REVOKED.table, serial, problem, None);
            }
        }
        Some(Err(_)) => (),
        // The end stays in the index as long as there is a revocation to find by it.
        None => {
            let end = ExpiryKey { not_after: record.not_after, serial: serial.clone() };
            ends.found += u64::from(place.look().has(&EXPIRY, &end)?);
        }
    }
    Ok(())
}

/// A revoked certificate that has not ended is on the CRLs that list it.
fn is_listed(
    place: &mut Place<'_, '_>,
    known: &Known,
    crls: &Crls,
    serial: &SerialNumber,
    record: &RevocationRecord,
) -> Result<(), Error> {
    if record.not_after < place.walk.now {
        return Ok(());
    }
    for crl in listing(&crls.classes, record, known.default) {
        is_on(place, crls, crl, serial, record.not_after)?;
    }
    Ok(())
}

/// Whether the log of a CRL will be made anew before anyone sees it: also when the clock was set
/// back since, and what had ended by then may not have ended.
pub(super) fn is_log_due(record: &CrlRecord, now: Timestamp) -> bool {
    record.stale_log || record.built.as_ref().is_some_and(|built| now < built.this_update)
}

/// Whether a certificate is in the log of a CRL, unless that log will be made anew. The log and
/// its index were compared before.
fn is_on(
    place: &mut Place<'_, '_>,
    crls: &Crls,
    crl: CrlId,
    serial: &SerialNumber,
    not_after: Timestamp,
) -> Result<(), Error> {
    match crls.records.get(&crl) {
        Some(record) if is_log_due(record, place.walk.now) => return Ok(()),
        Some(_) => (),
        // One that cannot be read was named before.
        None if place.look().has(&CRLS, &crl)? => return Ok(()),
        None => (),
    }
    let ends = ExpiryKey { not_after, serial: serial.clone() };
    if !place.look().has(&REVOKED_EXPIRY, &RevokedExpiryKey { crl, ends })? {
        let problem = format!("it is not on CRL {}", crl_name(crl));
        place.error(REVOKED.table, serial, problem, Some(Repair::Crl(crl)));
    }
    Ok(())
}
