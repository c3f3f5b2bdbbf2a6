//! Making logs anew: from the revocations when issuers changed, without what ended otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::record::CrlRecord;
use super::{CrlClass, listing, log};
use crate::api::endpoint::WriteCx;
use crate::ca::certs::{RevocationRecord, RevokedExpiryKey};
use crate::ca::config;
use crate::ca::issuers::Issuer;
use crate::ca::tables::{CRL_LOG, CRLS, ISSUERS_CONFIG, REVOKED, REVOKED_EXPIRY};
use crate::crypto::asn1::Reader;
use crate::domain::id::CrlId;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::Tx;
use crate::x509::crl::RevokedEntry;

/// An entry, and the end of its certificate.
type Listed = (RevokedEntry, Timestamp);

/// Makes the log of every CRL anew: each revoked certificate goes to the CRL that lists it now,
/// each revoked issuer to the CRLs of the others whose key signed it.
pub(crate) fn relog(cx: &mut WriteCx<'_>, classes: &[CrlClass]) -> Result<(), Error> {
    let default = config::load(&cx.tx, &ISSUERS_CONFIG)?.default;
    let mut lists: BTreeMap<CrlId, Vec<Listed>> =
        classes.iter().map(|class| (class.id, revoked_issuers(class, classes))).collect();
    let revoked: Vec<(SerialNumber, RevocationRecord)> =
        cx.tx.scan(&REVOKED, &[], None, usize::MAX)?;
    let issuers: BTreeSet<&SerialNumber> = classes
        .iter()
        .flat_map(|class| &class.members)
        .map(|issuer| issuer.certificate.serial())
        .collect();
    // Issuers are on the lists already.
    for (serial, record) in revoked.into_iter().filter(|(serial, _)| !issuers.contains(serial)) {
        let list = listing(classes, record.home, default).and_then(|id| lists.get_mut(&id));
        if let Some(list) = list {
            let RevocationRecord { revoked_at, not_after, reason, .. } = record;
            list.push((RevokedEntry { serial, revocation_date: revoked_at, reason }, not_after));
        }
    }
    for (id, list) in lists {
        let mut record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
        let seen = record.built.as_ref().map(|built| built.this_update);
        cx.tx.delete_all(&REVOKED_EXPIRY, &id.0);
        // What was on a CRL past its end has been seen to be revoked, and need not come back.
        let kept = list.into_iter().filter(|(_, not_after)| seen.is_none_or(|seen| seen <= *not_after));
        let kept: Vec<Listed> = kept.collect();
        for (entry, not_after) in &kept {
            log::index(&mut cx.tx, id, &entry.serial, *not_after);
        }
        log::replace(&mut cx.tx, id, &mut record, kept.iter().map(|(entry, _)| entry.to_der()));
        record.requested = true;
        cx.tx.put(&CRLS, &id, &record);
    }
    Ok(())
}

/// The revoked issuers that a CRL lists: those that its key signed, its own issuers excepted.
fn revoked_issuers(class: &CrlClass, classes: &[CrlClass]) -> Vec<Listed> {
    let Some(representative) = class.members.first() else { return Vec::new() };
    let signed_here = |issuer: &&Issuer| {
        issuer.certificate.issuer() == representative.certificate.subject()
            && issuer.certificate.is_signed_by(representative.certificate.public_key())
    };
    let others = classes.iter().flat_map(|other| &other.members).filter(|issuer| {
        !class.members.iter().any(|member| member.record.id == issuer.record.id)
    });
    let mut seen = BTreeSet::new();
    others
        .filter(signed_here)
        .filter_map(|issuer| {
            let revocation_date = issuer.record.revoked_at?;
            let serial = issuer.certificate.serial().clone();
            seen.insert(serial.clone()).then_some(())?;
            let entry = RevokedEntry { serial, revocation_date, reason: None };
            Some((entry, issuer.certificate.not_after()))
        })
        .collect()
}

/// Takes entries off the log whose certificates had ended when the last CRL was built, so that
/// they were on one CRL past their end. A long log waits until a sixty-fourth of it can go.
pub(super) fn drop_ended(
    tx: &mut Tx<'_>,
    id: CrlId,
    record: &mut CrlRecord,
) -> Result<(), Error> {
    const TYPICAL_ENTRY: u64 = 39;
    let Some(built) = &record.built else { return Ok(()) };
    let seen = built.this_update;
    let few = usize::try_from(record.log_length / TYPICAL_ENTRY / 64).unwrap_or(usize::MAX).max(1);
    let mut ended: Vec<RevokedExpiryKey> = tx.keys(&REVOKED_EXPIRY, &id.0, None, few)?;
    ended.retain(|key| key.ends.not_after < seen);
    if ended.len() < few {
        return Ok(());
    }
    let mut ended: Vec<RevokedExpiryKey> = tx.keys(&REVOKED_EXPIRY, &id.0, None, usize::MAX)?;
    ended.retain(|key| key.ends.not_after < seen);
    let gone: BTreeSet<&SerialNumber> = ended.iter().map(|key| &key.ends.serial).collect();
    let octets = log::read(tx, id, record.generation, record.log_length)?.concat();
    let kept = without(&octets, &gone).ok_or(Error::DamagedRecord(CRL_LOG.table.name))?;
    log::replace(tx, id, record, kept.into_iter());
    for key in &ended {
        tx.delete(&REVOKED_EXPIRY, key);
    }
    Ok(())
}

/// The encoded entries of a log but those with the given serial numbers; `None` if the log is
/// not a run of entries.
fn without(log: &[u8], gone: &BTreeSet<&SerialNumber>) -> Option<Vec<Vec<u8>>> {
    let mut reader = Reader::new(log);
    let mut kept = Vec::new();
    while !reader.is_empty() {
        let entry = reader.element().ok()?;
        let serial = Reader::new(entry.content).element().ok()?;
        if !gone.contains(&SerialNumber::from_octets(serial.content)) {
            kept.push(entry.der.to_vec());
        }
    }
    Some(kept)
}
