//! CRLs: whether their logs are whole, and whether what was built is signed.

use std::collections::{BTreeMap, BTreeSet};

use super::PAGE;
use super::finding::{Repair, crl_name};
use super::issuers::Known;
use super::revocations::is_log_due;
use super::walk::Place;
use crate::ca::certs::{ExpiryKey, RevokedExpiryKey};
use crate::ca::crls::{BuiltCrl, CrlClass, CrlRecord, DeltaCrl, LogKey};
use crate::ca::tables::{CRL_LOG, CRLS, REVOKED, REVOKED_EXPIRY, SHARDS};
use crate::crypto::asn1::Reader;
use crate::crypto::digest::sha256;
use crate::domain::hex;
use crate::domain::id::CrlId;
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::store::{Found, RecordKey as _, Unreadable};
use crate::x509::crl::CertificateList;

/// What is known of the CRLs of a mount after they were looked at.
pub(super) struct Crls {
    pub(super) classes: Vec<CrlClass>,
    pub(super) records: BTreeMap<CrlId, CrlRecord>,
}

pub(super) fn check(place: &mut Place<'_, '_>, known: &Known) -> Result<Crls, Error> {
    let mut crls = Crls { classes: known.classes(), records: BTreeMap::new() };
    place.each(&SHARDS, &[], None, |_, found| {
        for (id, shards) in found {
            let class = crls.classes.iter_mut().find(|class| class.id == id);
            class.into_iter().for_each(|class| class.shards = shards.clone());
        }
        Ok(())
    })?;
    let mut unreadable = BTreeSet::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = place.look().page(&CRLS, &[], after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        for Found { key, record } in page {
            match record {
                Ok((id, record)) => drop(crls.records.insert(id, record)),
                Err(problem) => {
                    let id = CrlId::decode(&key);
                    unreadable.extend(id);
                    // A newer program's record is not for this one to replace.
                    let repair = id.filter(|_| problem == Unreadable::Value).map(Repair::Crl);
                    place.error(CRLS.table, hex::encode(&key), problem, repair);
                }
            }
        }
    }
    for class in &crls.classes {
        // There is one as soon as there is an issuer. Without it, numbers would begin anew.
        if !crls.records.contains_key(&class.id) && !unreadable.contains(&class.id) {
            let (name, problem) = (crl_name(class.id), "it is not there");
            place.error(CRLS.table, name, problem, Some(Repair::Crl(class.id)));
        }
    }
    for (id, record) in &crls.records {
        let is_its = |class: &&CrlClass| class.lists().any(|list| list.id == *id);
        let class = crls.classes.iter().find(is_its);
        check_one(place, (*id, record), class, known)?;
    }
    Ok(crls)
}

fn check_one(
    place: &mut Place<'_, '_>,
    (id, record): (CrlId, &CrlRecord),
    class: Option<&CrlClass>,
    known: &Known,
) -> Result<(), Error> {
    let repair = Some(Repair::Crl(id));
    let name = crl_name(id);
    let built = record.built.as_ref().map_or(0, |built| built.number);
    let delta = record.delta.as_ref().map_or(0, |delta| delta.number);
    if record.number < built.max(delta) {
        let problem =
            format!("its number is {}, and number {} was built", record.number, built.max(delta));
        place.error(CRLS.table, &name, problem, repair);
    }
    remains(place, id, record)?;
    if record.requested && record.stale_log {
        // Nobody is shown what there is: all of it is made anew first.
        return Ok(());
    }
    let log = match read_log(place, id, record)? {
        Ok(log) => log,
        Err(problem) => {
            place.error(CRL_LOG.table, name, problem, repair);
            return Ok(());
        }
    };
    // A log that will be made anew will have another index.
    if !record.stale_log && log.serials.distinct() != indexed(place, id)?.distinct() {
        let problem = "its log and the index over it do not agree";
        place.error(REVOKED_EXPIRY.table, &name, problem, repair);
    }
    if !is_log_due(record, place.walk.now) {
        surplus(place, id, known)?;
    }
    let Some(issuer) = class.and_then(|class| class.members.first()) else { return Ok(()) };
    let shown = frames(record, &log.octets);
    for (what, number, der) in shown.into_iter().flatten() {
        let problem = match CertificateList::from_der(&der) {
            Err(_) => "cannot be read",
            Ok(list) if !list.is_signed_by(issuer.certificate.public_key()) => {
                "is not signed with the key of its issuer"
            }
            Ok(list) if list.number() != Some(number) => "has another number",
            Ok(_) => continue,
        };
        place.error(CRLS.table, &name, format!("the {what} {problem}"), repair);
    }
    Ok(())
}

/// A log as it was read.
struct Log {
    /// What the CRLs show of it.
    octets: Vec<u8>,
    serials: Serials,
}

/// Serial numbers, eight octets for each: what the two sides of an index are compared by.
#[derive(Debug, Default)]
struct Serials(Vec<u64>);

impl Serials {
    fn add(&mut self, serial: &SerialNumber) {
        let hash = sha256(serial.octets());
        self.0.push(u64::from_be_bytes(hash.first_chunk().copied().unwrap_or_default()));
    }

    /// Each once. A certificate that is revoked again is on the log twice for a while, and once in
    /// the index; those of two authorities may have one number.
    fn distinct(mut self) -> Vec<u64> {
        self.0.sort_unstable();
        self.0.dedup();
        self.0
    }
}

/// Reads the log of a CRL, segment by segment, or says what is wrong with it.
fn read_log(
    place: &Place<'_, '_>,
    id: CrlId,
    record: &CrlRecord,
) -> Result<Result<Log, String>, Error> {
    let shown = [
        record.built.as_ref().map(|built| built.covered),
        record.delta.as_ref().map(|delta| delta.shown),
    ];
    let shown = usize::try_from(shown.into_iter().flatten().max().unwrap_or(0));
    let shown = shown.unwrap_or(usize::MAX);
    let mut log = Log { octets: Vec::new(), serials: Serials::default() };
    let prefix = LogKey::prefix(id, record.generation);
    let (mut after, mut length, mut segments): (Option<Vec<u8>>, u64, u32) = (None, 0, 0);
    loop {
        let page = place.look().page(&CRL_LOG, &prefix, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        for found in page {
            let (key, segment) = match found.record {
                Ok((key, segment)) => (key, segment.0),
                Err(problem) => return Ok(Err(format!("a part of its log: {problem}"))),
            };
            if key.segment != segments {
                return Ok(Err(format!("part {segments} of its log is missing")));
            }
            if !entries(&segment, &mut log.serials) {
                return Ok(Err(format!("part {segments} of its log is not a run of entries")));
            }
            segments += 1;
            length += segment.len() as u64;
            let wanted = shown.saturating_sub(log.octets.len()).min(segment.len());
            log.octets.extend_from_slice(segment.get(..wanted).unwrap_or_default());
        }
    }
    if (length, segments) != (record.log_length, record.segments) {
        return Ok(Err(format!(
            "its log has {length} octets in {segments} parts, and should have {} in {}",
            record.log_length, record.segments
        )));
    }
    if log.octets.len() != shown {
        return Ok(Err("it shows more than its log has".to_owned()));
    }
    Ok(Ok(log))
}

/// Whether octets are a run of entries.
fn entries(octets: &[u8], serials: &mut Serials) -> bool {
    let mut reader = Reader::new(octets);
    while !reader.is_empty() {
        let serial = reader.element().and_then(|entry| {
            let serial = Reader::new(entry.content).element()?;
            Ok(SerialNumber::from_octets(serial.content))
        });
        match serial {
            Ok(serial) => serials.add(&serial),
            Err(_) => return false,
        }
    }
    true
}

fn indexed(place: &Place<'_, '_>, id: CrlId) -> Result<Serials, Error> {
    let mut serials = Serials::default();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = place.look().keys(REVOKED_EXPIRY.table, &id.0, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(serials) };
        after = Some(last.clone());
        for key in page {
            match RevokedExpiryKey::decode(&key) {
                Some(key) => serials.add(&key.ends.serial),
                // No entry's.
                None => serials.0.push(0),
            }
        }
    }
}

/// Entries of certificates that have not ended and have no revocation. There is no repair: they
/// would leave the CRL, and it may be the revocation that was lost.
fn surplus(place: &mut Place<'_, '_>, id: CrlId, known: &Known) -> Result<(), Error> {
    let revoked = known.issuers.values().filter(|issuer| issuer.record.revoked_at.is_some());
    let revoked: BTreeSet<_> = revoked.map(|issuer| issuer.certificate.serial().clone()).collect();
    let living = ExpiryKey { not_after: place.walk.now, serial: SerialNumber::from_octets(&[]) };
    let mut after = Some(RevokedExpiryKey { crl: id, ends: living }.encode());
    loop {
        let page = place.look().keys(REVOKED_EXPIRY.table, &id.0, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        // What cannot be read was told of before.
        for entry in page.iter().filter_map(|key| RevokedExpiryKey::decode(key)) {
            let serial = entry.ends.serial;
            if !revoked.contains(&serial) && !place.look().has(&REVOKED, &serial)? {
                let problem = format!(
                    "CRL {} lists it, and there is no revocation; if that was lost, revoke it again",
                    crl_name(id)
                );
                place.error(REVOKED.table, serial, problem, None);
            }
        }
    }
}

/// Parts of logs that are not in use any more.
fn remains(place: &mut Place<'_, '_>, id: CrlId, record: &CrlRecord) -> Result<(), Error> {
    let look = place.look();
    let all = look.count(CRL_LOG.table, &id.0, None)?;
    let used = look.count(CRL_LOG.table, &LogKey::prefix(id, record.generation), None)?;
    if all != used {
        let problem = format!("{} parts of its log are not in use", all.saturating_sub(used));
        place.warning(CRL_LOG.table, crl_name(id), problem, Some(Repair::LogRemains(id)));
    }
    Ok(())
}

/// What is signed: what it is, its number, and its octets.
type Shown = (&'static str, u64, Vec<u8>);

fn frames(record: &CrlRecord, log: &[u8]) -> [Option<Shown>; 2] {
    let Some(base) = &record.built else { return [None, None] };
    let BuiltCrl { number, covered, prefix, suffix, .. } = base;
    let between = |from: u64, to: u64| {
        let place = |octets| usize::try_from(octets).unwrap_or(usize::MAX);
        log.get(place(from)..place(to)).unwrap_or_default()
    };
    let complete = [prefix.as_slice(), between(0, *covered), suffix].concat();
    let delta = record.delta.as_ref().map(|delta| {
        let DeltaCrl { number, shown, prefix, suffix, .. } = delta;
        let der = [prefix.as_slice(), between(*covered, *shown), suffix].concat();
        ("delta CRL", *number, der)
    });
    [Some(("CRL", *number, complete)), delta]
}
