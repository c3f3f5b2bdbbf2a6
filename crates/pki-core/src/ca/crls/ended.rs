//! Taking entries off a log that have been on a CRL past the end of their certificates.

use super::log::{Appender, Stretch};
use super::record::{CrlRecord, LogEnd};
use crate::api::endpoint::WriteCx;
use crate::ca::certs::{ExpiryKey, RevokedExpiryKey};
use crate::ca::tables::{CRL_LOG, CRLS, REVOKED_EXPIRY};
use crate::crypto::asn1::Reader;
use crate::domain::id::CrlId;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::{RecordKey as _, Tx, View};

/// Records that are read at once.
const PAGE: usize = 500;

/// Takes entries off the log whose certificates had ended when the last CRL was built, so that
/// they were on one CRL past their end. A long log waits until a sixty-fourth of it can go. The
/// CRL must be built before it is next read.
pub(super) fn drop_ended(cx: &mut WriteCx<'_>, id: CrlId) -> Result<(), Error> {
    const TYPICAL_ENTRY: u64 = 39;
    let record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
    let Some(built) = &record.built else { return Ok(()) };
    let (seen, covered) = (built.this_update, built.covered);
    let few = usize::try_from(record.log_length / TYPICAL_ENTRY / 64).unwrap_or(usize::MAX).max(1);
    if Ended::before(&cx.tx, id, seen, few)?.list.len() < few {
        return Ok(());
    }
    let mut ended = Ended::before(&cx.tx, id, seen, usize::MAX)?;
    ended.keep_those_of_others(&cx.tx, id)?;
    let log = Stretch { crl: id, generation: record.generation, from: LogEnd::default() };
    // What was not shown yet is not made anew for nothing. What has been there for long comes
    // first, so this usually looks at the beginning only.
    let mut runs = Runs::new(log, covered);
    let mut has_leaving = false;
    while !has_leaving && let Some((_, run)) = runs.next(&cx.tx)? {
        each_entry(&run, &mut |_, _, serial| has_leaving |= ended.may_go(&serial));
    }
    if !has_leaving {
        return Ok(());
    }
    let mut runs = Runs::new(log, record.log_length);
    let mut anew = Appender::anew(&mut cx.tx, id, record);
    while let Some((at, run)) = runs.next(&cx.tx)? {
        each_entry(&run, &mut |offset, der, serial| {
            if !ended.goes(&serial, at + offset < covered) {
                anew.add_encoded(&mut cx.tx, der);
            }
        });
    }
    anew.close(&mut cx.tx);
    ended.leave_index(&mut cx.tx, id);
    Ok(())
}

/// Entries whose certificates have ended.
#[derive(Debug)]
struct Ended {
    /// In order of serial number.
    list: Vec<Leaving>,
    /// The first octets of each serial number, which lie together and tell nearly all of them
    /// apart.
    heads: Vec<u64>,
    /// The one that ended last.
    last: Option<ExpiryKey>,
    /// Whether there are no others: none whose certificate has not ended.
    are_all: bool,
}

#[derive(Debug)]
struct Leaving {
    ends: ExpiryKey,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// No such entry was looked at yet.
    Open,
    /// All such entries were shown, and go.
    Goes,
    /// Some stay: one was not shown yet, as when a certificate was revoked again; or a certificate
    /// of another authority has the same serial number, and has not ended.
    Stays,
}

impl Ended {
    /// Those of a CRL that ended before it was last built; the first so many.
    fn before(view: &View<'_>, crl: CrlId, seen: Timestamp, most: usize) -> Result<Self, Error> {
        let (mut list, mut are_all): (Vec<Leaving>, _) = (Vec::new(), false);
        while list.len() < most {
            let last = list.last().map(|leaving| leaving.ends.clone());
            let after = last.map(|ends| RevokedExpiryKey { crl, ends }.encode());
            let page = PAGE.min(most - list.len());
            let keys: Vec<RevokedExpiryKey> =
                view.keys(&REVOKED_EXPIRY, &crl.0, after.as_deref(), page)?;
            let found = keys.len();
            let ends = keys.into_iter().map(|key| key.ends).filter(|ends| ends.not_after < seen);
            let known = list.len();
            list.extend(ends.map(|ends| Leaving { ends, fate: Fate::Open }));
            let have_ended = list.len() - known == found;
            are_all = have_ended && found < page;
            if !have_ended || found < page {
                break;
            }
        }
        Ok(Self::of(list, are_all))
    }

    fn of(mut list: Vec<Leaving>, are_all: bool) -> Self {
        let last = list.last().map(|leaving| leaving.ends.clone());
        list.sort_unstable_by(|a, b| a.ends.serial.cmp(&b.ends.serial));
        let heads = list.iter().map(|leaving| head(&leaving.ends.serial)).collect();
        Self { list, heads, last, are_all }
    }

    /// Where those with a serial number begin, if there are any.
    fn find(&self, serial: &SerialNumber) -> Option<usize> {
        let head = head(serial);
        let first = self.heads.partition_point(|other| *other < head);
        let alike = self.heads.get(first..).unwrap_or_default();
        if alike.first() != Some(&head) {
            return None;
        }
        let count = alike.partition_point(|other| *other == head);
        let alike = self.list.get(first..first + count).unwrap_or_default();
        let start = alike.partition_point(|leaving| leaving.ends.serial < *serial);
        alike.get(start).filter(|leaving| leaving.ends.serial == *serial).map(|_| first + start)
    }

    /// All with a serial number, those of other authorities included.
    fn alike(&mut self, serial: &SerialNumber) -> impl Iterator<Item = &mut Leaving> {
        let start = self.find(serial).unwrap_or(self.list.len());
        let rest = self.list.get_mut(start..).unwrap_or_default();
        rest.iter_mut().take_while(|leaving| leaving.ends.serial == *serial)
    }

    /// Sees to it that no entry goes in the place of one that has the same serial number and has
    /// not ended: an entry does not say whose it is.
    fn keep_those_of_others(&mut self, view: &View<'_>, crl: CrlId) -> Result<(), Error> {
        let Some(mut last) = self.last.clone().filter(|_| !self.are_all) else { return Ok(()) };
        loop {
            let after = RevokedExpiryKey { crl, ends: last }.encode();
            let others: Vec<RevokedExpiryKey> =
                view.keys(&REVOKED_EXPIRY, &crl.0, Some(&after), PAGE)?;
            for other in &others {
                self.alike(&other.ends.serial).for_each(|leaving| leaving.fate = Fate::Stays);
            }
            match others.into_iter().last() {
                Some(key) => last = key.ends,
                None => return Ok(()),
            }
        }
    }

    /// Whether entries with a serial number may go.
    fn may_go(&self, serial: &SerialNumber) -> bool {
        let found = self.find(serial).and_then(|start| self.list.get(start));
        found.is_some_and(|leaving| leaving.fate != Fate::Stays)
    }

    /// Whether an entry goes, by its serial number and whether it was shown. Those of one
    /// certificate are asked for in the order in which they came.
    fn goes(&mut self, serial: &SerialNumber, was_shown: bool) -> bool {
        let is_free = self.may_go(serial);
        let fate = if is_free && was_shown { Fate::Goes } else { Fate::Stays };
        self.alike(serial).for_each(|leaving| leaving.fate = fate);
        fate == Fate::Goes
    }

    /// Takes those that go out of the index of ends.
    fn leave_index(self, tx: &mut Tx<'_>, crl: CrlId) {
        let goes = |leaving: &Leaving| leaving.fate == Fate::Goes;
        if self.are_all && self.list.iter().all(goes) {
            // Whoever adds one at the same time writes the record of the CRL, as this does.
            tx.delete_all(&REVOKED_EXPIRY, &crl.0);
            return;
        }
        tx.many(&[REVOKED_EXPIRY.table], move |steps| {
            let gone = self.list.iter().filter(|leaving| goes(leaving));
            let mut keys = gone.map(|leaving| RevokedExpiryKey { crl, ends: leaving.ends.clone() });
            keys.try_for_each(|key| steps.delete(&REVOKED_EXPIRY, &key))
        });
    }
}

/// The first octets of a serial number, as a number that is in the same order.
fn head(serial: &SerialNumber) -> u64 {
    let mut octets = [0; 8];
    octets.iter_mut().zip(serial.octets()).for_each(|(octet, own)| *octet = *own);
    u64::from_be_bytes(octets)
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
    use crate::x509::crl::RevokedEntry;

    fn entry(serial: u8) -> Vec<u8> {
        let serial = SerialNumber::from_octets(&[serial]);
        let revocation_date = Timestamp::from_unix(1_800_000_000);
        RevokedEntry { serial, revocation_date, reason: None }.to_der()
    }

    #[test]
    fn a_run_is_read_up_to_its_last_whole_entry() {
        let [a, b] = [1, 2].map(entry);
        let run = [a.as_slice(), &b, &a[..5]].concat();
        let mut seen = Vec::new();
        let end = each_entry(&run, &mut |at, der, serial| seen.push((at, der.to_vec(), serial)));
        assert_eq!(end, a.len() + b.len());
        let serial = |octet| SerialNumber::from_octets(&[octet]);
        assert_eq!(seen, [(0, a.clone(), serial(1)), (a.len() as u64, b, serial(2))]);
        assert_eq!(each_entry(&a[1..], &mut |_, _, _| ()), 0);
    }

    fn serial(octets: &[u8]) -> SerialNumber {
        SerialNumber::from_octets(octets)
    }

    fn leaving(octets: &[u8], not_after: i64) -> Leaving {
        let not_after = Timestamp::from_unix(not_after);
        Leaving { ends: ExpiryKey { not_after, serial: serial(octets) }, fate: Fate::Open }
    }

    #[test]
    fn entries_with_the_same_serial_number_go_together() {
        let list = [(1, 5), (2, 5), (2, 6), (4, 1)].map(|(octet, end)| leaving(&[octet], end));
        let mut ended = Ended::of(list.into(), true);
        for (octet, goes, gone) in [(2, true, 2), (3, false, 2), (4, true, 3)] {
            assert_eq!(ended.goes(&serial(&[octet]), true), goes);
            let all = ended.list.iter();
            assert_eq!(all.filter(|leaving| leaving.fate == Fate::Goes).count(), gone);
        }
    }

    /// A certificate that was revoked again: the old entry goes, and the new one is still to be
    /// shown, so its place in the index stays.
    #[test]
    fn what_is_shown_goes_and_what_is_not_stays() {
        let mut ended = Ended::of(vec![leaving(&[1], 5)], true);
        assert!(ended.goes(&serial(&[1]), true));
        assert!(!ended.goes(&serial(&[1]), false));
        assert!(ended.list.iter().all(|leaving| leaving.fate == Fate::Stays));
    }

    #[test]
    fn serial_numbers_that_begin_alike_are_told_apart() {
        let long = |last: u8| [&[7; 19], [last].as_slice()].concat();
        let there = [vec![7; 7], vec![7; 8], long(1), long(3), long(5), vec![9; 20]];
        let ended = Ended::of(there.iter().rev().map(|octets| leaving(octets, 1)).collect(), true);
        let places: Vec<_> = there.iter().map(|octets| ended.find(&serial(octets))).collect();
        assert_eq!(places, (0..there.len()).map(Some).collect::<Vec<_>>());
        for absent in [vec![], vec![7; 6], vec![7; 9], long(0), long(2), long(6), vec![9; 21]] {
            assert_eq!(ended.find(&serial(&absent)), None, "{absent:?}");
        }
        // Where the octets that are looked at first end with zeros, the shorter number is less.
        let zeros = [[1, 0].as_slice(), &[1, 0, 0]].map(|octets| leaving(octets, 1));
        let ended = Ended::of(zeros.into(), true);
        assert_eq!((ended.find(&serial(&[1, 0])), ended.find(&serial(&[1]))), (Some(0), None));
    }
}
