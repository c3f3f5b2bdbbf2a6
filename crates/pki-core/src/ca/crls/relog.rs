//! Making logs anew: from the revocations when issuers changed, without what ended otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::log::{Appender, Stretch};
use super::record::{CrlRecord, LogEnd};
use super::{CrlClass, homes, listing, shard};
use crate::api::endpoint::WriteCx;
use crate::ca::certs::{ExpiryKey, RevocationRecord, RevokedExpiryKey};
use crate::ca::config;
use crate::ca::ends::Ends;
use crate::ca::issuers::Issuer;
use crate::ca::tables::{CRL_LOG, CRLS, ISSUERS_CONFIG, REVOKED, REVOKED_EXPIRY};
use crate::crypto::asn1::Reader;
use crate::domain::id::CrlId;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::{RecordKey as _, View};
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
    for class in classes {
        for (revocation, listed) in revoked_issuers(&cx.tx, class, classes)? {
            logs.add(cx, &listing(classes, &revocation, default), &listed);
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
    let mut are_at_home = true;
    let mut after: Option<SerialNumber> = None;
    loop {
        let from = after.as_ref().map(SerialNumber::octets);
        let page: Vec<(SerialNumber, RevocationRecord)> = cx.tx.scan(&REVOKED, &[], from, PAGE)?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|(serial, _)| serial.clone());
        let is_at_home = |home| classes.iter().any(|class| Some(class.id) == home);
        are_at_home &= page.iter().all(|(_, record)| is_at_home(record.home));
        let others = page
            .into_iter()
            .filter(|(serial, record)| !issuers.contains(&(serial, record.not_after)));
        for (serial, record) in others {
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
        let seen = shown.map(|built| built.this_update);
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
    let record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
    let Some(built) = &record.built else { return Ok(()) };
    let (seen, covered) = (built.this_update, built.covered);
    let few = usize::try_from(record.log_length / TYPICAL_ENTRY / 64).unwrap_or(usize::MAX).max(1);
    let mut ended = Ended::before(&cx.tx, id, seen, Some(few))?;
    if ended.0.len() < few {
        return Ok(());
    }
    ended = Ended::before(&cx.tx, id, seen, None)?;
    let log = Stretch { crl: id, generation: record.generation, from: LogEnd::default() };
    let mut runs = Runs::new(log, record.log_length);
    while let Some((at, run)) = runs.next(&cx.tx)? {
        each_entry(&run, &mut |offset, _, serial| {
            if at + offset < covered {
                ended.mark(&serial);
            }
        });
    }
    if !ended.0.iter().any(|leaving| leaving.goes) {
        return Ok(());
    }
    let mut runs = Runs::new(log, record.log_length);
    let mut anew = Appender::anew(&mut cx.tx, id, record);
    while let Some((at, run)) = runs.next(&cx.tx)? {
        each_entry(&run, &mut |offset, der, serial| {
            if covered <= at + offset || !ended.goes(&serial) {
                anew.add_encoded(&mut cx.tx, der);
            }
        });
    }
    anew.close(&mut cx.tx);
    cx.tx.many(&[REVOKED_EXPIRY.table], move |steps| {
        let gone = ended.0.iter().filter(|leaving| leaving.goes);
        let mut keys = gone.map(|leaving| RevokedExpiryKey { crl: id, ends: leaving.ends.clone() });
        keys.try_for_each(|key| steps.delete(&REVOKED_EXPIRY, &key))
    });
    Ok(())
}

/// Entries whose certificates have ended, in order of serial number.
#[derive(Debug)]
struct Ended(Vec<Leaving>);

#[derive(Debug)]
struct Leaving {
    ends: ExpiryKey,
    /// Whether it was shown, so that it can go.
    goes: bool,
}

impl Ended {
    /// Those of a CRL that ended before it was last built; the first so many, or all.
    fn before(
        view: &View<'_>,
        crl: CrlId,
        seen: Timestamp,
        most: Option<usize>,
    ) -> Result<Self, Error> {
        let most = most.unwrap_or(usize::MAX);
        let mut ended: Vec<Leaving> = Vec::new();
        while ended.len() < most {
            let last = ended.last().map(|leaving| leaving.ends.clone());
            let after = last.map(|ends| RevokedExpiryKey { crl, ends }.encode());
            let page = PAGE.min(most - ended.len());
            let keys: Vec<RevokedExpiryKey> =
                view.keys(&REVOKED_EXPIRY, &crl.0, after.as_deref(), page)?;
            let found = keys.len();
            let ends = keys.into_iter().map(|key| key.ends).filter(|ends| ends.not_after < seen);
            let known = ended.len();
            ended.extend(ends.map(|ends| Leaving { ends, goes: false }));
            if found < page || ended.len() - known < found {
                break;
            }
        }
        ended.sort_unstable_by(|a, b| a.ends.serial.cmp(&b.ends.serial));
        Ok(Self(ended))
    }

    /// All with a serial number, those of other authorities included.
    fn with(&mut self, serial: &SerialNumber) -> &mut [Leaving] {
        let start = self.0.partition_point(|leaving| leaving.ends.serial < *serial);
        let rest = self.0.get_mut(start..).unwrap_or_default();
        let count = rest.iter().take_while(|leaving| leaving.ends.serial == *serial).count();
        rest.get_mut(..count).unwrap_or_default()
    }

    fn mark(&mut self, serial: &SerialNumber) {
        self.with(serial).iter_mut().for_each(|leaving| leaving.goes = true);
    }

    fn goes(&mut self, serial: &SerialNumber) -> bool {
        self.with(serial).iter().any(|leaving| leaving.goes)
    }
}

/// A log in runs of whole entries, so that few of them are in memory.
struct Runs {
    log: Stretch,
    left: u64,
    /// Octets that were handed over.
    at: u64,
    /// The beginning of an entry.
    rest: Vec<u8>,
}

impl Runs {
    /// Octets that are read at once.
    const LENGTH: u64 = 1 << 20;

    fn new(log: Stretch, length: u64) -> Self {
        Self { log, left: length, at: 0, rest: Vec::new() }
    }

    /// The next run, and where in the log it begins.
    fn next(&mut self, view: &View<'_>) -> Result<Option<(u64, Vec<u8>)>, Error> {
        if self.left == 0 && self.rest.is_empty() {
            return Ok(None);
        }
        let length = self.left.min(Self::LENGTH);
        let mut run = std::mem::take(&mut self.rest);
        self.log.from = self.log.read(view, length, &mut |entries| {
            run.extend_from_slice(entries);
            Ok(())
        })?;
        self.left -= length;
        self.rest = run.split_off(each_entry(&run, &mut |_, _, _| ()));
        if run.is_empty() {
            // What is left is no entry, or the beginning of one that has no end.
            return Err(Error::DamagedRecord(CRL_LOG.table.name));
        }
        let at = self.at;
        self.at += run.len() as u64;
        Ok(Some((at, run)))
    }
}

/// Shows each whole entry of a run: where it begins, itself, its serial number. Gives where the
/// last one ends.
fn each_entry(run: &[u8], see: &mut dyn FnMut(u64, &[u8], SerialNumber)) -> usize {
    let mut reader = Reader::new(run);
    let mut end = 0;
    while let Ok(entry) = reader.element() {
        let Ok(serial) = Reader::new(entry.content).element() else { break };
        see(end as u64, entry.der, SerialNumber::from_octets(serial.content));
        end = run.len() - reader.rest().len();
    }
    end
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
    fn a_run_is_read_up_to_its_last_whole_entry() {
        let [a, b] = [1, 2].map(|serial| entry(serial, SEEN).to_der());
        let run = [a.as_slice(), &b, &a[..5]].concat();
        let mut seen = Vec::new();
        let end = each_entry(&run, &mut |at, der, serial| seen.push((at, der.to_vec(), serial)));
        assert_eq!(end, a.len() + b.len());
        let serial = |octet| SerialNumber::from_octets(&[octet]);
        assert_eq!(seen, [(0, a.clone(), serial(1)), (a.len() as u64, b, serial(2))]);
        assert_eq!(each_entry(&a[1..], &mut |_, _, _| ()), 0);
    }

    #[test]
    fn entries_with_the_same_serial_number_go_together() {
        let leaving = |serial, not_after| {
            let (serial, not_after) =
                (SerialNumber::from_octets(&[serial]), Timestamp::from_unix(not_after));
            Leaving { ends: ExpiryKey { not_after, serial }, goes: false }
        };
        let mut ended = Ended(vec![leaving(1, 5), leaving(2, 5), leaving(2, 6), leaving(4, 1)]);
        for (serial, marked) in [(2, 2), (3, 2), (4, 3)] {
            ended.mark(&SerialNumber::from_octets(&[serial]));
            assert_eq!(ended.0.iter().filter(|leaving| leaving.goes).count(), marked);
        }
        assert!(!ended.goes(&SerialNumber::from_octets(&[1])));
        assert!(ended.goes(&SerialNumber::from_octets(&[2])));
    }
}
