//! Certificates, and the index of their ends.

use std::collections::BTreeMap;
use std::thread::{self, Builder};

use super::PAGE;
use super::finding::Repair;
use super::issuers::Known;
use super::walk::Place;
use crate::ca::certs::{CertificateRecord, ExpiryKey};
use crate::ca::issuers::Issuer;
use crate::ca::tables::{CERTS, EXPIRY, REVOKED};
use crate::domain::id::IssuerId;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::{Look, RecordKey as _};
use crate::x509::certificate::Certificate;

/// How many entries of the index of ends were asked for and found.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) found: u64,
}

/// What one certificate is.
enum Verdict {
    /// Sound, with this end.
    Sound(Timestamp),
    /// Sound, as far as can be told: the issuer is not one of this mount any more.
    Unverified(Timestamp, Option<IssuerId>),
    /// Not what it should be; its end, if it has one.
    Wrong(String, Option<Timestamp>),
}

pub(super) fn check(place: &mut Place<'_, '_>, known: &Known) -> Result<Ends, Error> {
    let mut ends = Ends::default();
    let mut unverified: BTreeMap<Option<IssuerId>, u64> = BTreeMap::new();
    place.each(&CERTS, &[], None, |place, page| {
        let verdicts = examine(&page, known);
        for ((serial, _), verdict) in page.iter().zip(verdicts) {
            let not_after = match verdict {
                Verdict::Sound(not_after) => Some(not_after),
                Verdict::Unverified(not_after, issuer) => {
                    *unverified.entry(issuer).or_default() += 1;
                    Some(not_after)
                }
                Verdict::Wrong(problem, not_after) => {
                    place.error(CERTS.table, serial, problem, None);
                    not_after
                }
            };
            if let Some(not_after) = not_after {
                index_entry(place, serial, not_after, &mut ends)?;
            }
        }
        place.went_on(page.len());
        Ok(())
    })?;
    for (issuer, count) in unverified {
        let record = issuer.map_or_else(String::new, |id| format!("issuer {id}"));
        let problem = format!("{count} certificates are signed by no issuer that is here now");
        place.note(CERTS.table, record, problem);
    }
    Ok(ends)
}

fn index_entry(
    place: &mut Place<'_, '_>,
    serial: &SerialNumber,
    not_after: Timestamp,
    ends: &mut Ends,
) -> Result<(), Error> {
    if place.look().has(&EXPIRY, &ExpiryKey { not_after, serial: serial.clone() })? {
        ends.found += 1;
    } else {
        let problem = "its end is not in the index";
        place.error(EXPIRY.table, serial, problem, Some(Repair::Ends));
    }
    Ok(())
}

/// Looks at the certificates of a page, on all processors: a signature takes longer to verify
/// than everything else.
fn examine(page: &[(SerialNumber, CertificateRecord)], known: &Known) -> Vec<Verdict> {
    /// Fewer are not worth a thread.
    const FEWEST: usize = 32;
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let share = page.len().div_ceil(processors).max(FEWEST);
    thread::scope(|scope| {
        let look = |part: &[(SerialNumber, CertificateRecord)]| -> Vec<Verdict> {
            part.iter().map(|(serial, record)| verdict(serial, record, known)).collect()
        };
        let (first, rest) = page.split_at_checked(share).unwrap_or((page, &[]));
        let start = |part| (part, Builder::new().spawn_scoped(scope, move || look(part)).ok());
        let others: Vec<_> = rest.chunks(share).map(start).collect();
        let mut verdicts = look(first);
        for (part, other) in others {
            // A thread that failed, or was not to be had, is no reason to leave anything out.
            let seen = other.and_then(|other| other.join().ok());
            verdicts.extend(seen.unwrap_or_else(|| look(part)));
        }
        verdicts
    })
}

fn verdict(serial: &SerialNumber, record: &CertificateRecord, known: &Known) -> Verdict {
    let Ok(certificate) = Certificate::from_der(&record.der) else {
        return Verdict::Wrong("the certificate cannot be read".to_owned(), None);
    };
    let not_after = certificate.not_after();
    if certificate.serial() != serial {
        let problem = format!("the certificate has serial number {}", certificate.serial());
        return Verdict::Wrong(problem, Some(not_after));
    }
    let signed = |issuer: &&Issuer| certificate.is_issued_by(&issuer.certificate);
    let named = record.issuer.map(|id| known.issuers.get(&id));
    match named {
        Some(Some(issuer)) if signed(&issuer) => Verdict::Sound(not_after),
        Some(Some(issuer)) => {
            let problem = format!("its signature is not that of issuer {}", issuer.record.id);
            Verdict::Wrong(problem, Some(not_after))
        }
        // Issuers can be deleted, and certificates stored that others signed.
        Some(None) | None => {
            if certificate.is_self_signed() || known.issuers.values().any(|issuer| signed(&issuer))
            {
                Verdict::Sound(not_after)
            } else {
                Verdict::Unverified(not_after, record.issuer)
            }
        }
    }
}

/// Looks for entries of the index that stand for nothing, if there are more of them than were
/// asked for.
pub(super) fn check_ends(place: &mut Place<'_, '_>, ends: &Ends) -> Result<(), Error> {
    if place.look().count(EXPIRY.table, &[], None)? == ends.found {
        return Ok(());
    }
    let look = place.look();
    each_dangling(look, |key, _| {
        let record = crate::domain::hex::encode(key);
        let problem = "it stands for no certificate and no revocation";
        place.error(EXPIRY.table, record, problem, Some(Repair::Ends));
        Ok(())
    })
}

/// Every entry of the index of ends that stands for nothing: its key as it is stored, and the
/// serial number, if that can be read.
pub(super) fn each_dangling(
    look: Look<'_>,
    mut act: impl FnMut(&[u8], Option<SerialNumber>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = look.keys(EXPIRY.table, &[], after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        for key in &page {
            let entry = ExpiryKey::decode(key).filter(|entry| entry.encode() == *key);
            let is_needed = match &entry {
                Some(entry) => stands_for_something(look, entry)?,
                None => false,
            };
            if !is_needed {
                act(key, entry.map(|entry| entry.serial))?;
            }
        }
    }
}

/// What cannot be read may be what the entry stands for.
fn stands_for_something(look: Look<'_>, entry: &ExpiryKey) -> Result<bool, Error> {
    let is_end = |not_after: Timestamp| not_after == entry.not_after;
    let certificate = match look.get(&CERTS, &entry.serial)? {
        Some(Ok(record)) => {
            Certificate::from_der(&record.der).map_or(true, |found| is_end(found.not_after()))
        }
        Some(Err(_)) => true,
        None => false,
    };
    Ok(certificate
        || match look.get(&REVOKED, &entry.serial)? {
            Some(Ok(revocation)) => is_end(revocation.not_after),
            Some(Err(_)) => true,
            None => false,
        })
}
