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
    if let Some(mut appender) = Appender::open(tx, crl)? {
        appender.add(tx, entry);
        index(tx, crl, &entry.serial, not_after);
        appender.close(tx);
    }
    Ok(())
}

/// Appends entries to the log of a CRL, and writes every record once. When they may leave it is
/// for the caller to note.
pub(crate) struct Appender {
    crl: CrlId,
    record: CrlRecord,
    open: Open,
}

impl Appender {
    /// Begins; nothing where the log will be made anew, with these entries on it.
    pub(crate) fn open(tx: &mut Tx<'_>, crl: CrlId) -> Result<Option<Self>, Error> {
        let record: CrlRecord = tx.get(&CRLS, &crl)?.unwrap_or_default();
        if record.stale_log {
            // Whoever is making it right now has not seen them: writing the record makes the
            // later of the two start over.
            tx.put(&CRLS, &crl, &record);
            return Ok(None);
        }
        let open = Open::last(tx, crl, &record)?;
        Ok(Some(Self { crl, record, open }))
    }

    /// Begins the log anew, empty, in the place of what it was. The CRL must be built before it is
    /// next read: what was built before no longer has its entries.
    pub(super) fn anew(tx: &mut Tx<'_>, crl: CrlId, mut record: CrlRecord) -> Self {
        super::forget(tx, crl, record.generation);
        record.generation += 1;
        record.segments = 0;
        record.log_length = 0;
        record.stale_log = false;
        Self { crl, record, open: Open::default() }
    }

    pub(crate) fn add(&mut self, tx: &mut Tx<'_>, entry: &RevokedEntry) {
        self.add_encoded(tx, &entry.to_der());
    }

    pub(super) fn add_encoded(&mut self, tx: &mut Tx<'_>, der: &[u8]) {
        if SEGMENT < self.open.octets.len() + der.len() {
            self.open.next(tx, self.crl, &self.record);
        }
        self.record.log_length += der.len() as u64;
        self.open.octets.extend_from_slice(der);
    }

    /// Writes what has not been written yet.
    pub(crate) fn close(mut self, tx: &mut Tx<'_>) {
        if !self.open.octets.is_empty() {
            self.record.segments = self.open.number + 1;
            self.open.next(tx, self.crl, &self.record);
        }
        tx.put(&CRLS, &self.crl, &self.record);
    }
}

/// Notes when an entry may leave the CRL.
pub(super) fn index(tx: &mut Tx<'_>, crl: CrlId, serial: &SerialNumber, not_after: Timestamp) {
    let ends = ExpiryKey { not_after, serial: serial.clone() };
    tx.put(&REVOKED_EXPIRY, &RevokedExpiryKey { crl, ends }, &());
}

/// The segment that entries are appended to.
#[derive(Default)]
struct Open {
    number: u32,
    octets: Vec<u8>,
}

impl Open {
    fn last(tx: &Tx<'_>, crl: CrlId, record: &CrlRecord) -> Result<Self, Error> {
        let Some(number) = record.segments.checked_sub(1) else {
            return Ok(Self::default());
        };
        let key = LogKey { crl, generation: record.generation, segment: number };
        Ok(match tx.get(&CRL_LOG, &key)? {
            Some(LogSegment(octets)) => Self { number, octets },
            None => Self { number: record.segments, octets: Vec::new() },
        })
    }

    /// Writes this one, unless nothing is on it, and begins another.
    fn next(&mut self, tx: &mut Tx<'_>, crl: CrlId, record: &CrlRecord) {
        if !self.octets.is_empty() {
            let key = LogKey { crl, generation: record.generation, segment: self.number };
            tx.put(&CRL_LOG, &key, &LogSegment(std::mem::take(&mut self.octets)));
            self.number += 1;
        }
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
            let wanted = usize::try_from(left / SEGMENT as u64).unwrap_or(PAGE);
            let most = wanted.saturating_add(2).min(PAGE);
            let after = before.map(|segment| LogKey { crl, generation, segment }.encode());
            let page: Vec<(LogKey, LogSegment)> =
                view.scan(&CRL_LOG, &prefix, after.as_deref(), most)?;
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
            if page.len() < most && 0 < left {
                return Err(Error::DamagedRecord(CRL_LOG.table.name));
            }
        }
        Ok(end)
    }
}
