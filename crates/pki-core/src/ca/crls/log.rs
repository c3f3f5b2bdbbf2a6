//! The log of encoded entries.

use super::record::{CrlRecord, LogEnd, LogKey, LogSegment};
use crate::ca::certs::{ExpiryKey, RevokedExpiryKey};
use crate::ca::tables::{CRL_LOG, CRLS, REVOKED_EXPIRY};
use crate::domain::id::CrlId;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::{RecordKey as _, Tx, View};
use crate::x509::crl::RevokedEntry;

/// Octets a segment may have: it fits one page of the store, so that appending one entry writes
/// one page, and a hundred entries share it.
const SEGMENT: usize = 3_900;

/// Appends one entry to the log of a CRL. The CRL shows it when it is next built.
pub(crate) fn append(
    tx: &mut Tx<'_>,
    crl: CrlId,
    entry: &RevokedEntry,
    not_after: Timestamp,
) -> Result<(), Error> {
    append_all(tx, crl, [(entry, not_after)])
}

/// As [`append`], many entries with the ends of their certificates: every record is written once.
pub(crate) fn append_all<'e>(
    tx: &mut Tx<'_>,
    crl: CrlId,
    entries: impl IntoIterator<Item = (&'e RevokedEntry, Timestamp)>,
) -> Result<(), Error> {
    let mut record: CrlRecord = tx.get(&CRLS, &crl)?.unwrap_or_default();
    if record.stale_log {
        // The log will be made anew, with these on it. Whoever is making it right now has not
        // seen them: writing the record makes the later of the two start over.
        tx.put(&CRLS, &crl, &record);
        return Ok(());
    }
    let mut open = Open::last(tx, crl, &record)?;
    for (entry, not_after) in entries {
        let der = entry.to_der();
        if SEGMENT < open.octets.len() + der.len() {
            open = open.next(tx, crl, &record);
        }
        record.log_length += der.len() as u64;
        open.octets.extend(der);
        index(tx, crl, &entry.serial, not_after);
    }
    if !open.octets.is_empty() {
        record.segments = open.number + 1;
        open.write(tx, crl, &record);
    }
    tx.put(&CRLS, &crl, &record);
    Ok(())
}

/// Notes when an entry may leave the CRL.
pub(super) fn index(tx: &mut Tx<'_>, crl: CrlId, serial: &SerialNumber, not_after: Timestamp) {
    let ends = ExpiryKey { not_after, serial: serial.clone() };
    tx.put(&REVOKED_EXPIRY, &RevokedExpiryKey { crl, ends }, &());
}

/// The segment that entries are appended to.
struct Open {
    number: u32,
    octets: Vec<u8>,
}

impl Open {
    fn last(tx: &Tx<'_>, crl: CrlId, record: &CrlRecord) -> Result<Self, Error> {
        let Some(number) = record.segments.checked_sub(1) else {
            return Ok(Self { number: 0, octets: Vec::new() });
        };
        let key = LogKey { crl, generation: record.generation, segment: number };
        Ok(match tx.get(&CRL_LOG, &key)? {
            Some(LogSegment(octets)) => Self { number, octets },
            None => Self { number: record.segments, octets: Vec::new() },
        })
    }

    /// Writes this one, unless nothing is on it, and begins another.
    fn next(self, tx: &mut Tx<'_>, crl: CrlId, record: &CrlRecord) -> Self {
        if self.octets.is_empty() {
            return self;
        }
        let number = self.number + 1;
        self.write(tx, crl, record);
        Self { number, octets: Vec::new() }
    }

    fn write(self, tx: &mut Tx<'_>, crl: CrlId, record: &CrlRecord) {
        let Self { number, octets } = self;
        let key = LogKey { crl, generation: record.generation, segment: number };
        tx.put(&CRL_LOG, &key, &LogSegment(octets));
    }
}

/// Replaces the log of a CRL by the given entries. The CRL must be built before it is next read:
/// what was built before no longer has its entries.
pub(super) fn replace(
    tx: &mut Tx<'_>,
    crl: CrlId,
    record: &mut CrlRecord,
    entries: impl Iterator<Item = Vec<u8>>,
) {
    super::forget(tx, crl, record.generation);
    record.generation += 1;
    record.segments = 0;
    record.log_length = 0;
    record.stale_log = false;
    let mut octets: Vec<u8> = Vec::with_capacity(SEGMENT);
    let mut flush = |octets: &mut Vec<u8>, record: &mut CrlRecord| {
        let key = LogKey { crl, generation: record.generation, segment: record.segments };
        tx.put(&CRL_LOG, &key, &LogSegment(std::mem::take(octets)));
        record.segments += 1;
    };
    for der in entries {
        if SEGMENT < octets.len() + der.len() {
            flush(&mut octets, record);
        }
        record.log_length += der.len() as u64;
        octets.extend(der);
    }
    if !octets.is_empty() {
        flush(&mut octets, record);
    }
}

/// A log from a place on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) crl: CrlId,
    pub(super) generation: u32,
    pub(super) from: LogEnd,
}

impl Stretch {
    /// Hands over so many octets of it, segment by segment. A log may be far longer than what
    /// should be in memory. Returns the place after them.
    pub(super) fn read(
        self,
        view: &View<'_>,
        length: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<LogEnd, Error> {
        const PAGE: usize = 256;
        let Self { crl, generation, from } = self;
        let prefix = LogKey::prefix(crl, generation);
        let (mut left, mut end) = (length, from);
        let mut skipped = usize::try_from(from.offset).unwrap_or(usize::MAX);
        let mut before = from.segment.checked_sub(1);
        while 0 < left {
            let after = before.map(|segment| LogKey { crl, generation, segment }.encode());
            let page: Vec<(LogKey, LogSegment)> =
                view.scan(&CRL_LOG, &prefix, after.as_deref(), PAGE)?;
            for (key, LogSegment(octets)) in &page {
                let wanted = usize::try_from(left).unwrap_or(usize::MAX);
                let start = std::mem::take(&mut skipped).min(octets.len());
                let stop = start.saturating_add(wanted).min(octets.len());
                let part = octets.get(start..stop).unwrap_or_default();
                left -= part.len() as u64;
                if !part.is_empty() {
                    take(part)?;
                    end = LogEnd::at(key.segment, stop);
                }
                before = Some(key.segment);
            }
            if page.len() < PAGE && 0 < left {
                return Err(Error::DamagedRecord(CRL_LOG.table.name));
            }
        }
        Ok(end)
    }
}
