//! Making anew what follows from other records. Each repair is one transaction, and looks for
//! itself: what a check found may be no more.

use std::collections::{BTreeMap, BTreeSet};

use super::PAGE;
use super::certificates::each_dangling;
use super::finding::Repair;
use crate::api::endpoint::WriteCx;
use crate::ca::certs::ExpiryKey;
use crate::ca::crls::{CrlRecord, LogKey, homes};
use crate::ca::issuers;
use crate::ca::keys::KeyRecord;
use crate::ca::tables::{
    CERTS, CRL_LOG, CRLS, EXPIRY, ISSUER_NAMES, ISSUERS, KEY_NAMES, KEYS, REVOKED,
};
use crate::domain::id::CrlId;
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::store::{Record, RecordKey, Records};
use crate::x509::certificate::Certificate;

/// Carries out a repair. Says how many records it changed.
pub(crate) fn carry_out(cx: &mut WriteCx<'_>, repair: Repair) -> Result<u64, Error> {
    match repair {
        Repair::Ends => ends(cx),
        Repair::IssuerNames => {
            let issuers = cx.tx.look().page(&ISSUERS, &[], None, usize::MAX)?;
            let names = issuers.into_iter().filter_map(|found| found.record.ok());
            let names = names.map(|(id, record)| (id, record.name)).collect();
            names_anew(cx, &ISSUERS, &ISSUER_NAMES, &names)
        }
        Repair::KeyNames => {
            let keys = cx.tx.look().page(&KEYS, &[], None, usize::MAX)?;
            let names = keys.into_iter().filter_map(|found| found.record.ok());
            let names = names.map(|(id, record): (_, KeyRecord)| (id, record.name)).collect();
            names_anew(cx, &KEYS, &KEY_NAMES, &names)
        }
        Repair::Chains => chains(cx),
        Repair::Crl(id) => crl(cx, id),
        Repair::LogRemains(id) => log_remains(cx, id),
        Repair::Homes => {
            homes::are_unknown(&mut cx.tx);
            Ok(1)
        }
    }
}

/// Adds the ends of certificates that are missing in the index, and takes out what stands for
/// nothing.
fn ends(cx: &mut WriteCx<'_>) -> Result<u64, Error> {
    let (mut missing, mut dangling) = (Vec::new(), Vec::new());
    let look = cx.tx.look();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = look.page(&CERTS, &[], after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        for (serial, record) in page.into_iter().filter_map(|found| found.record.ok()) {
            let Ok(certificate) = Certificate::from_der(&record.der) else { continue };
            let end = ExpiryKey { not_after: certificate.not_after(), serial };
            if !look.has(&EXPIRY, &end)? {
                missing.push(end);
            }
        }
    }
    each_dangling(look, |key, serial| {
        dangling.push((key.to_vec(), serial));
        Ok(())
    })?;
    let changed = missing.len().saturating_add(dangling.len());
    for end in missing {
        // Should it go meanwhile, this is to be worked out again.
        depend_on(cx, &end.serial)?;
        cx.tx.put(&EXPIRY, &end, &());
    }
    for (key, serial) in dangling {
        if let Some(serial) = serial {
            depend_on(cx, &serial)?;
        }
        cx.tx.delete_stored(EXPIRY.table, &key);
    }
    Ok(count(changed))
}

/// Makes the transaction depend on a certificate and its revocation, readable or not.
fn depend_on(cx: &WriteCx<'_>, serial: &SerialNumber) -> Result<(), Error> {
    for read in [cx.tx.get(&CERTS, serial).map(drop), cx.tx.get(&REVOKED, serial).map(drop)] {
        match read {
            Err(Error::DamagedRecord(_) | Error::RecordTooNew(..)) | Ok(()) => (),
            Err(problem) => return Err(problem),
        }
    }
    Ok(())
}

/// Makes an index of names agree with the names that records have. A name that leads to a
/// record which cannot be read is left: it may be right.
fn names_anew<I, V>(
    cx: &mut WriteCx<'_>,
    records: &Records<I, V>,
    index: &Records<String, I>,
    names: &BTreeMap<I, String>,
) -> Result<u64, Error>
where
    I: Record + RecordKey + Ord + Copy,
    V: Record,
{
    let mut changed = 0;
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let found = cx.tx.look().page(index, &[], None, usize::MAX)?;
    for entry in found {
        let stays = match &entry.record {
            Ok((name, id)) => match names.get(id) {
                Some(own) => own == name,
                None => cx.tx.look().has(records, id)?,
            },
            Err(_) => false,
        };
        match entry.record {
            Ok((name, _)) if stays => drop(taken.insert(name)),
            _ => {
                cx.tx.delete_stored(index.table, &entry.key);
                changed += 1;
            }
        }
    }
    for (id, name) in names.iter().filter(|(_, name)| !name.is_empty()) {
        if taken.insert(name.clone()) {
            cx.tx.put(index, name, id);
            changed += 1;
        }
    }
    if 0 < changed {
        // Whoever names a record meanwhile makes this start over.
        cx.tx.keys(records, &[], None, usize::MAX)?;
        cx.tx.touch(index);
    }
    Ok(changed)
}

fn chains(cx: &mut WriteCx<'_>) -> Result<u64, Error> {
    let all = issuers::all(&cx.tx)?;
    let changed = issuers::other_chains(all.iter()).len();
    issuers::rebuild_chains(&mut cx.tx)?;
    Ok(count(changed))
}

/// Asks for the log of a CRL to be made anew, and for the CRL to be built, before it is next
/// read. Its number does not fall.
fn crl(cx: &mut WriteCx<'_>, id: CrlId) -> Result<u64, Error> {
    let record = match cx.tx.get(&CRLS, &id) {
        Ok(Some(record)) => record,
        Ok(None) | Err(Error::DamagedRecord(_)) => lost(cx, id),
        Err(problem) => return Err(problem),
    };
    let built = record.built.as_ref().map_or(0, |built| built.number);
    let delta = record.delta.as_ref().map_or(0, |delta| delta.number);
    let number = record.number.max(built).max(delta);
    cx.tx.put(&CRLS, &id, &CrlRecord { number, requested: true, stale_log: true, ..record });
    Ok(1)
}

/// What takes the place of a record that says nothing any more. Numbers rise by one for each CRL,
/// and none is signed and on the disk within a millisecond: those since 1970 are more than the
/// number that is lost, also where that was found in this way before.
fn lost(cx: &mut WriteCx<'_>, id: CrlId) -> CrlRecord {
    // Which generation of the log was in use is not known either.
    cx.tx.delete_all(&CRL_LOG, &id.0);
    let milliseconds = cx.now.unix_nanos() / 1_000_000;
    let number = u64::try_from(milliseconds).unwrap_or_default();
    CrlRecord { number, ..CrlRecord::default() }
}

fn log_remains(cx: &mut WriteCx<'_>, id: CrlId) -> Result<u64, Error> {
    let record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
    let used = LogKey::prefix(id, record.generation);
    let keys = cx.tx.look().keys(CRL_LOG.table, &id.0, None, usize::MAX)?;
    let remains: Vec<_> = keys.iter().filter(|key| !key.starts_with(&used)).collect();
    for key in &remains {
        cx.tx.delete_stored(CRL_LOG.table, key);
    }
    Ok(count(remains.len()))
}

fn count(records: usize) -> u64 {
    u64::try_from(records).unwrap_or(u64::MAX)
}
