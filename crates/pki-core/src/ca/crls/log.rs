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
    let mut record: CrlRecord = tx.get(&CRLS, &crl)?.unwrap_or_default();
    if record.stale_log {
        // The log will be made anew, with this one on it. Whoever is making it right now has not
        // seen this one: writing the record makes the later of the two start over.
        tx.put(&CRLS, &crl, &record);
        return Ok(());
    }
    extend(tx, crl, &mut record, &entry.to_der())?;
    index(tx, crl, &entry.serial, not_after);
    tx.put(&CRLS, &crl, &record);
    Ok(())
}

/// Notes when an entry may leave the CRL.
pub(super) fn index(tx: &mut Tx<'_>, crl: CrlId, serial: &SerialNumber, not_after: Timestamp) {
    let ends = ExpiryKey { not_after, serial: serial.clone() };
    tx.put(&REVOKED_EXPIRY, &RevokedExpiryKey { crl, ends }, &());
}

fn extend(tx: &mut Tx<'_>, crl: CrlId, record: &mut CrlRecord, der: &[u8]) -> Result<(), Error> {
    let last = record.segments.checked_sub(1);
    let key = |segment| LogKey { crl, generation: record.generation, segment };
    let open = match last {
        Some(last) => tx.get(&CRL_LOG, &key(last))?.map(|segment: LogSegment| (last, segment.0)),
        None => None,
    };
    let (number, mut octets) = match open {
        Some((last, octets)) if octets.len() + der.len() <= SEGMENT => (last, octets),
        _ => (record.segments, Vec::new()),
    };
    octets.extend_from_slice(der);
    tx.put(&CRL_LOG, &key(number), &LogSegment(octets));
    record.segments = number + 1;
    record.log_length += der.len() as u64;
    Ok(())
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

/// So many octets of a log from a place on, segment by segment.
pub(super) fn read(
    view: &View<'_>,
    crl: CrlId,
    generation: u32,
    from: LogEnd,
    length: u64,
) -> Result<Vec<Vec<u8>>, Error> {
    let mut left = usize::try_from(length).unwrap_or(usize::MAX);
    if left == 0 {
        return Ok(Vec::new());
    }
    let before = from.segment.checked_sub(1);
    let before = before.map(|segment| LogKey { crl, generation, segment }.encode());
    let prefix = LogKey::prefix(crl, generation);
    let stored: Vec<(LogKey, LogSegment)> =
        view.scan(&CRL_LOG, &prefix, before.as_deref(), usize::MAX)?;
    let mut skipped = usize::try_from(from.offset).unwrap_or(usize::MAX);
    let mut segments = Vec::with_capacity(stored.len());
    for (_, LogSegment(mut octets)) in stored {
        octets.drain(..std::mem::take(&mut skipped).min(octets.len()));
        octets.truncate(left);
        left -= octets.len();
        segments.push(octets);
    }
    if left == 0 { Ok(segments) } else { Err(Error::DamagedRecord(CRL_LOG.table.name)) }
}
