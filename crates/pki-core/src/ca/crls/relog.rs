//! Making logs anew: from the revocations when issuers changed, without what ended otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::log::{self, Stretch};
use super::record::{CrlRecord, LogEnd};
use super::{CrlClass, listing, shard};
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
use crate::store::View;
use crate::x509::crl::RevokedEntry;

/// An entry, and the end of its certificate.
pub(crate) type Listed = (RevokedEntry, Timestamp);

/// Makes the logs of some CRLs anew: each revoked certificate goes to the CRL that lists it now,
/// each revoked issuer to the CRLs of the others whose key signed it. Those CRLs must be built
/// before they are next read.
pub(super) fn relog(
    cx: &mut WriteCx<'_>,
    classes: &[CrlClass],
    stale: &[CrlId],
) -> Result<(), Error> {
    let default = config::load(&cx.tx, &ISSUERS_CONFIG)?.default;
    let revoked: Vec<(SerialNumber, RevocationRecord)> =
        cx.tx.scan(&REVOKED, &[], None, usize::MAX)?;
    let mut lists: BTreeMap<CrlId, Vec<Listed>> = stale.iter().map(|id| (*id, vec![])).collect();
    let mut add = |revocation: &RevocationRecord, listed: &Listed| {
        for id in listing(classes, revocation, default) {
            lists.entry(id).and_modify(|list| list.push(listed.clone()));
        }
    };
    for class in classes {
        for (revocation, listed) in revoked_issuers(&cx.tx, class, classes)? {
            add(&revocation, &listed);
        }
    }
    // Revoked issuers are on the lists already. The end tells them from certificates of other
    // authorities with the same serial number.
    let issuers: BTreeSet<(&SerialNumber, Timestamp)> = classes
        .iter()
        .flat_map(|class| &class.members)
        .filter(|issuer| issuer.record.revoked_at.is_some())
        .map(|issuer| (issuer.certificate.serial(), issuer.certificate.not_after()))
        .collect();
    let others = revoked
        .into_iter()
        .filter(|(serial, record)| !issuers.contains(&(serial, record.not_after)));
    for (serial, record) in others {
        let RevocationRecord { revoked_at, not_after, reason, .. } = record;
        let entry = RevokedEntry { serial, revocation_date: revoked_at, reason };
        add(&record, &(entry, not_after));
    }
    for (id, list) in lists {
        let mut record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
        // A CRL that was switched off has shown nothing.
        let shown = record.built.as_ref().filter(|built| !built.disabled);
        let seen = shown.map(|built| built.this_update);
        cx.tx.delete_all(&REVOKED_EXPIRY, &id.0);
        let kept: Vec<Listed> =
            list.into_iter().filter(|listed| !may_leave(listed, seen, cx.now)).collect();
        for (entry, not_after) in &kept {
            log::index(&mut cx.tx, id, &entry.serial, *not_after);
        }
        log::replace(&mut cx.tx, id, &mut record, kept.iter().map(|(entry, _)| entry.to_der()));
        cx.tx.put(&CRLS, &id, &record);
    }
    Ok(())
}

/// Whether an entry was on a CRL past the end of its certificate, and need not come back. One
/// that was revoked after that end has yet to be on one.
fn may_leave((entry, not_after): &Listed, seen: Option<Timestamp>, now: Timestamp) -> bool {
    seen.is_some_and(|seen| *not_after < seen && entry.revocation_date < seen && *not_after < now)
}

/// The revoked issuers that the key of a class signed, its own issuers excepted.
pub(crate) fn revoked_issuers(
    view: &View<'_>,
    class: &CrlClass,
    classes: &[CrlClass],
) -> Result<Vec<(RevocationRecord, Listed)>, Error> {
    let Some(representative) = class.members.first() else { return Ok(Vec::new()) };
    let is_member = |issuer: &Issuer| class.members.iter().any(|m| m.record.id == issuer.record.id);
    let others = classes.iter().flat_map(|other| &other.members).filter(|issuer| {
        !is_member(issuer) && issuer.certificate.is_issued_by(&representative.certificate)
    });
    let mut found = BTreeMap::new();
    for issuer in others {
        let Some(revoked_at) = issuer.record.revoked_at else { continue };
        let (serial, not_after) = (issuer.certificate.serial(), issuer.certificate.not_after());
        // Why is known of one that was revoked before it came as an issuer.
        let earlier = view.get(&REVOKED, serial)?.filter(|record| record.not_after == not_after);
        let reason = earlier.and_then(|record| record.reason);
        let home = Some(class.id);
        let shard = shard::named_by(view, home, &issuer.certificate)?;
        let record = RevocationRecord { issuer: None, home, shard, revoked_at, not_after, reason };
        let entry = RevokedEntry { serial: serial.clone(), revocation_date: revoked_at, reason };
        found.entry(serial).or_insert((record, (entry, not_after)));
    }
    Ok(found.into_values().collect())
}

/// Takes entries off the log whose certificates had ended when the last CRL was built, so that
/// they were on one CRL past their end. A long log waits until a sixty-fourth of it can go. The
/// CRL must be built before it is next read.
pub(super) fn drop_ended(cx: &mut WriteCx<'_>, id: CrlId) -> Result<(), Error> {
    const TYPICAL_ENTRY: u64 = 39;
    let mut record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
    let Some(built) = &record.built else { return Ok(()) };
    let (seen, covered) = (built.this_update, built.covered);
    let few = usize::try_from(record.log_length / TYPICAL_ENTRY / 64).unwrap_or(usize::MAX).max(1);
    let mut ended: Vec<RevokedExpiryKey> = cx.tx.keys(&REVOKED_EXPIRY, &id.0, None, few)?;
    ended.retain(|key| key.ends.not_after < seen);
    if ended.len() < few {
        return Ok(());
    }
    let mut ended: Vec<RevokedExpiryKey> = cx.tx.keys(&REVOKED_EXPIRY, &id.0, None, usize::MAX)?;
    ended.retain(|key| key.ends.not_after < seen);
    let serials = ended.iter().map(|key| key.ends.serial.clone()).collect();
    let mut octets = Vec::new();
    let log = Stretch { crl: id, generation: record.generation, from: LogEnd::default() };
    log.read(&cx.tx, record.log_length, &mut |entries| {
        octets.extend_from_slice(entries);
        Ok(())
    })?;
    let covered = usize::try_from(covered).unwrap_or(usize::MAX);
    let sifted = sift(&octets, covered, &serials);
    let Sifted { kept, gone } = sifted.ok_or(Error::DamagedRecord(CRL_LOG.table.name))?;
    if gone.is_empty() {
        return Ok(());
    }
    log::replace(&mut cx.tx, id, &mut record, kept.into_iter());
    cx.tx.put(&CRLS, &id, &record);
    for key in ended.iter().filter(|key| gone.contains(&key.ends.serial)) {
        cx.tx.delete(&REVOKED_EXPIRY, key);
    }
    Ok(())
}

/// What stays on a log, and what goes.
#[derive(Debug, PartialEq, Eq)]
struct Sifted {
    kept: Vec<Vec<u8>>,
    gone: BTreeSet<SerialNumber>,
}

/// Parts the entries of a log: those with an ended certificate go, if they stand in the first
/// `covered` octets, which were shown. `None` if the log is not a run of entries.
fn sift(log: &[u8], covered: usize, ended: &BTreeSet<SerialNumber>) -> Option<Sifted> {
    let mut reader = Reader::new(log);
    let mut sifted = Sifted { kept: Vec::new(), gone: BTreeSet::new() };
    while !reader.is_empty() {
        let is_covered = log.len() - reader.rest().len() < covered;
        let entry = reader.element().ok()?;
        let serial = Reader::new(entry.content).element().ok()?;
        let serial = SerialNumber::from_octets(serial.content);
        if is_covered && ended.contains(&serial) {
            sifted.gone.insert(serial);
        } else {
            sifted.kept.push(entry.der.to_vec());
        }
    }
    Some(sifted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: i64 = 1_800_000_000;

    fn entry(serial: u8, revoked: i64) -> RevokedEntry {
        RevokedEntry {
            serial: SerialNumber::from_octets(&[serial]),
            revocation_date: Timestamp::from_unix(revoked),
            reason: None,
        }
    }

    #[test]
    fn an_entry_leaves_when_it_was_shown_past_its_end() {
        let check = |revoked, not_after, seen: Option<i64>, now, want| {
            let listed = (entry(1, revoked), Timestamp::from_unix(not_after));
            let got = may_leave(&listed, seen.map(Timestamp::from_unix), Timestamp::from_unix(now));
            assert_eq!(got, want, "{revoked} {not_after} {seen:?} {now}");
        };
        check(SEEN - 9, SEEN - 5, Some(SEEN), SEEN + 1, true);
        check(SEEN - 9, SEEN, Some(SEEN), SEEN + 1, false);
        check(SEEN - 9, SEEN - 5, None, SEEN + 1, false);
        // Revoked only afterwards.
        check(SEEN, SEEN - 5, Some(SEEN), SEEN + 1, false);
        // The clock was set back, and the certificate has not ended after all.
        check(SEEN - 9, SEEN - 5, Some(SEEN), SEEN - 6, false);
    }

    #[test]
    fn only_what_was_shown_is_sifted_out() {
        let [a, b, c] = [1, 2, 3].map(|serial| entry(serial, SEEN).to_der());
        let log = [a.clone(), b.clone(), c.clone()].concat();
        let ended = [1, 3].map(|serial| SerialNumber::from_octets(&[serial])).into();
        let sifted = sift(&log, a.len() + b.len(), &ended).unwrap();
        assert_eq!(sifted.kept, [b, c]);
        assert_eq!(sifted.gone, [SerialNumber::from_octets(&[1])].into());
        assert_eq!(sift(&log[1..], 0, &ended), None);
    }
}
