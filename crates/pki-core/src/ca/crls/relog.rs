//! Making logs anew from the revocations, when issuers changed.

use std::collections::{BTreeMap, BTreeSet};

use super::log::Appender;
use super::record::CrlRecord;
use super::{CrlClass, homes, listing, shard};
use crate::api::endpoint::WriteCx;
use crate::ca::certs::{RevocationRecord, RevokedExpiryKey};
use crate::ca::config;
use crate::ca::ends::Ends;
use crate::ca::issuers::{self, Issuer};
use crate::ca::tables::{CRLS, ISSUERS_CONFIG, REVOKED, REVOKED_EXPIRY};
use crate::domain::id::CrlId;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::View;
use crate::x509::crl::RevokedEntry;

/// An entry, and the end of its certificate.
pub(crate) type Listed = (RevokedEntry, Timestamp);

/// Revocations that are read at once.
const PAGE: usize = 500;

/// Makes the logs of some CRLs anew: each revoked certificate goes to the CRL that lists it now,
/// each revoked issuer to the CRLs of the others whose key signed it. Those CRLs must be built
/// before they are next read.
pub(super) fn relog(
    cx: &mut WriteCx<'_>,
    classes: &[CrlClass],
    stale: &[CrlId],
) -> Result<(), Error> {
    let default = config::load(&cx.tx, &ISSUERS_CONFIG)?.default;
    let mut logs = NewLogs::default();
    for id in stale {
        logs.begin(cx, *id)?;
    }
    // Revoked issuers are on the lists as such. The end tells them from certificates of other
    // authorities with the same serial number.
    let of =
        |issuer: &Issuer| (issuer.certificate.serial().clone(), issuer.certificate.not_after());
    let members = classes.iter().flat_map(|class| &class.members);
    let revoked = members.filter(|issuer| issuer.record.revoked_at.is_some());
    let mut issuers: BTreeSet<(SerialNumber, Timestamp)> = revoked.map(of).collect();
    let all = issuers::all(&cx.tx)?;
    for class in classes {
        for (revocation, listed) in revoked_issuers(&cx.tx, class, all.iter())? {
            logs.add(cx, &listing(classes, &revocation, default), &listed);
            issuers.insert((listed.0.serial, listed.1));
        }
    }
    let mut are_at_home = true;
    let mut after: Option<SerialNumber> = None;
    loop {
        let from = after.as_ref().map(SerialNumber::octets);
        let page: Vec<(SerialNumber, RevocationRecord)> = cx.tx.scan(&REVOKED, &[], from, PAGE)?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|(serial, _)| serial.clone());
        let is_at_home = |home| classes.iter().any(|class| Some(class.id) == home);
        are_at_home &= page.iter().all(|(_, record)| is_at_home(record.home));
        for (serial, record) in page {
            if issuers.contains(&(serial.clone(), record.not_after)) {
                continue;
            }
            let RevocationRecord { revoked_at, not_after, reason, .. } = record;
            let entry = RevokedEntry { serial, revocation_date: revoked_at, reason };
            logs.add(cx, &listing(classes, &record, default), &(entry, not_after));
        }
        if is_last {
            break;
        }
    }
    logs.finish(cx);
    if are_at_home {
        homes::are(&mut cx.tx, classes);
    } else {
        homes::are_unknown(&mut cx.tx);
    }
    Ok(())
}

/// Logs that are being made anew. Of the entries, only the logs are in memory.
#[derive(Default)]
struct NewLogs {
    logs: BTreeMap<CrlId, NewLog>,
}

struct NewLog {
    appender: Appender,
    /// When what there was before was shown.
    seen: Option<Timestamp>,
    /// What the index of ends will say.
    index: Ends,
}

impl NewLogs {
    fn begin(&mut self, cx: &mut WriteCx<'_>, id: CrlId) -> Result<(), Error> {
        let record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
        // A CRL that was switched off has shown nothing.
        let shown = record.built.as_ref().filter(|built| !built.disabled);
        // One from the future need not have shown what was revoked since the clock was set back.
        let seen = shown.map(|built| built.this_update).filter(|seen| *seen <= cx.now);
        cx.tx.delete_all(&REVOKED_EXPIRY, &id.0);
        let appender = Appender::anew(&mut cx.tx, id, record);
        self.logs.insert(id, NewLog { appender, seen, index: Ends::default() });
        Ok(())
    }

    /// Puts an entry on those of the CRLs whose logs are being made, unless it may leave them.
    fn add(&mut self, cx: &mut WriteCx<'_>, crls: &[CrlId], listed: &Listed) {
        for crl in crls {
            let Some(log) = self.logs.get_mut(crl) else { continue };
            if !may_leave(listed, log.seen, cx.now) {
                let (entry, not_after) = listed;
                log.appender.add(&mut cx.tx, entry);
                log.index.push(&entry.serial, *not_after);
            }
        }
    }

    fn finish(self, cx: &mut WriteCx<'_>) {
        for (crl, NewLog { appender, index, .. }) in self.logs {
            appender.close(&mut cx.tx);
            cx.tx.many(&[REVOKED_EXPIRY.table], move |steps| {
                let mut keys = index.iter().map(|ends| RevokedExpiryKey { crl, ends });
                keys.try_for_each(|key| steps.put(&REVOKED_EXPIRY, &key, &()))
            });
        }
    }
}

/// Whether an entry was on a CRL past the end of its certificate, and need not come back. One
/// that was revoked after that end has yet to be on one.
fn may_leave((entry, not_after): &Listed, seen: Option<Timestamp>, now: Timestamp) -> bool {
    seen.is_some_and(|seen| *not_after < seen && entry.revocation_date < seen && *not_after < now)
}

/// Those of all issuers of the mount, with a key here or without, that are revoked and that the key
/// of a class signed, its own issuers excepted.
pub(crate) fn revoked_issuers<'i>(
    view: &View<'_>,
    class: &CrlClass,
    all: impl Iterator<Item = &'i Issuer>,
) -> Result<Vec<(RevocationRecord, Listed)>, Error> {
    let Some(representative) = class.members.first() else { return Ok(Vec::new()) };
    let is_member = |issuer: &Issuer| class.members.iter().any(|m| m.record.id == issuer.record.id);
    let others = all.filter(|issuer| {
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
}
