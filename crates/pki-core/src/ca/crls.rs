//! CRLs: a log of encoded entries for each, a plan for the next, and the signature.
//!
//! Revoking appends some forty octets to the log of the CRL concerned; it signs nothing. Whoever
//! reads a CRL next has it built if it is due, from the log alone: no certificate and no
//! revocation record is read again. A CRL is stored as what stands before its entries and what
//! stands after them, and the length of the log between; the entries exist once.
//!
//! The log is made anew from the revocation records only when an issuer has gone or was revoked, or
//! one has come and there may be revocations without a home. Entries of ended certificates leave it
//! when they have been on one CRL past that end (RFC 5280 section 3.3).
//!
//! Where there are shards, a revocation goes to the log of its shard too. The CRL of a shard is
//! made as the complete one is, and has no delta CRLs.
//!
//! A delta CRL is what the log has beyond the complete CRL. With every complete CRL an empty one
//! is made, so there always is one.

mod build;
mod ended;
pub(crate) mod homes;
mod log;
mod parts;
mod plan;
mod record;
mod relog;
pub(crate) mod shard;

pub(crate) use build::{
    NewCrl, build, build_listing, build_one, is_due, key_identifier, signature_algorithm,
    signing_key,
};
pub(crate) use log::{Appender, append};
pub(crate) use parts::CrlParts;
pub(crate) use plan::{Overlap, Which};
pub(crate) use record::{BuiltCrl, CrlRecord, DeltaCrl, LogKey, LogSegment};
pub(crate) use relog::revoked_issuers;
pub(crate) use shard::Shards;

use super::certs::RevocationRecord;
use super::config;
use super::issuers::{self, Issuer, Usage};
use super::tables::{CRL_LOG, CRLS, ISSUERS_CONFIG, REVOKED, SHARDS};
use crate::domain::id::{CrlId, IssuerId};
use crate::error::Error;
use crate::store::{Tx, View};

/// The issuers that share one CRL.
pub(crate) struct CrlClass {
    pub(crate) id: CrlId,
    /// The default issuer first, if it is one of them, else in order of identifier.
    pub(crate) members: Vec<Issuer>,
    pub(crate) shards: Shards,
}

/// One CRL of a class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrlList {
    pub(crate) id: CrlId,
    /// The shard that it is of; none for the one that lists everything.
    pub(crate) shard: Option<u32>,
}

impl CrlClass {
    /// The CRL of everything, then those of its shards.
    pub(crate) fn lists(&self) -> impl Iterator<Item = CrlList> {
        let of = |shard| CrlList { id: shard::id(self.id, shard), shard: Some(shard) };
        let whole = CrlList { id: self.id, shard: None };
        [whole].into_iter().chain((1..=self.shards.count).map(of))
    }

    /// The issuer that signs: the first that has a key and may.
    pub(crate) fn signer(&self) -> Option<&Issuer> {
        let may_sign = |issuer: &&Issuer| {
            issuer.record.key_id.is_some() && issuer.record.usage.0.contains(&Usage::CrlSigning)
        };
        self.members.iter().find(may_sign)
    }

    /// Whether any of them has a key here, so that there is a CRL at all.
    pub(crate) fn has_key(&self) -> bool {
        self.members.iter().any(|issuer| issuer.record.key_id.is_some())
    }
}

/// The CRLs of the mount, as its issuers stand.
pub(crate) fn classes(view: &View<'_>) -> Result<Vec<CrlClass>, Error> {
    let default = config::load(view, &ISSUERS_CONFIG)?.default;
    let mut classes = group(issuers::all(view)?, default);
    for class in &mut classes {
        class.shards = view.get(&SHARDS, &class.id)?.unwrap_or_default();
    }
    Ok(classes)
}

/// The CRLs of these issuers, without their shards.
pub(crate) fn group(
    issuers: impl IntoIterator<Item = Issuer>,
    default: Option<IssuerId>,
) -> Vec<CrlClass> {
    let mut classes: Vec<CrlClass> = Vec::new();
    for issuer in issuers {
        let id = issuer.record.crl.0;
        match classes.iter_mut().find(|class| class.id == id) {
            Some(class) if Some(issuer.record.id) == default => class.members.insert(0, issuer),
            Some(class) => class.members.push(issuer),
            None => classes.push(CrlClass { id, members: vec![issuer], shards: Shards::default() }),
        }
    }
    classes.retain(CrlClass::has_key);
    classes
}

/// Asks for every CRL of the mount to be built again, with its log made anew if there is
/// anything on it: the issuers have changed, and with them who lists what.
pub(crate) fn issuers_changed(tx: &mut Tx<'_>) -> Result<(), Error> {
    homes::are_unknown(tx);
    let has_revocations = !tx.keys(&REVOKED, &[], None, 1)?.is_empty();
    let classes = classes(tx)?;
    let stale_log = has_revocations || has_revoked_issuer(tx)?;
    ask_for_all(tx, &classes, true, stale_log)
}

/// As [`issuers_changed`], where issuers have come and none has gone. Revocations that have a home
/// stay there.
pub(crate) fn issuers_came(tx: &mut Tx<'_>) -> Result<(), Error> {
    let classes = classes(tx)?;
    let lists_stay = homes::are_there(tx, &classes)?;
    if lists_stay {
        for class in homes::came(tx, &classes) {
            make_anew(tx, class)?;
        }
        homes::are(tx, &classes);
    } else {
        homes::are_unknown(tx);
    }
    let stale_log = !lists_stay || has_revoked_issuer(tx)?;
    ask_for_all(tx, &classes, true, stale_log)
}

/// The default issuer has changed, and with it who lists what has no home: no new CRL if there is
/// no such thing.
pub(crate) fn default_changed(tx: &mut Tx<'_>) -> Result<(), Error> {
    let classes = classes(tx)?;
    let stale_log = !homes::are_there(tx, &classes)?;
    ask_for_all(tx, &classes, false, stale_log)
}

/// Revocations were given other homes: no new CRL if there are none.
pub(crate) fn homes_changed(tx: &mut Tx<'_>) -> Result<(), Error> {
    homes::are_unknown(tx);
    let has_revocations = !tx.keys(&REVOKED, &[], None, 1)?.is_empty();
    let classes = classes(tx)?;
    ask_for_all(tx, &classes, false, has_revocations)
}

/// The log of a class that was here before is not what it would be: as the default it may have
/// listed what has a home now.
fn make_anew(tx: &mut Tx<'_>, class: &CrlClass) -> Result<(), Error> {
    for list in class.lists() {
        if let Some(record) = tx.get(&CRLS, &list.id)? {
            tx.put(&CRLS, &list.id, &CrlRecord { stale_log: true, ..record });
        }
    }
    Ok(())
}

/// The records are written in any case, so that a revocation at the same time is not overlooked.
fn ask_for_all(
    tx: &mut Tx<'_>,
    classes: &[CrlClass],
    requested: bool,
    stale_log: bool,
) -> Result<(), Error> {
    for id in classes.iter().flat_map(CrlClass::lists).map(|list| list.id) {
        let record: CrlRecord = tx.get(&CRLS, &id)?.unwrap_or_default();
        let requested = record.requested || requested;
        let stale_log = record.stale_log || stale_log;
        tx.put(&CRLS, &id, &CrlRecord { requested, stale_log, ..record });
    }
    Ok(())
}

fn has_revoked_issuer(tx: &Tx<'_>) -> Result<bool, Error> {
    Ok(issuers::all(tx)?.iter().any(|issuer| issuer.record.revoked_at.is_some()))
}

/// Forgets all CRLs but their numbers: those go on rising should the issuers come back.
pub(crate) fn all_issuers_deleted(tx: &mut Tx<'_>) -> Result<(), Error> {
    let all: Vec<CrlId> = tx.keys(&CRLS, &[], None, usize::MAX)?;
    for id in all {
        let record: CrlRecord = tx.get(&CRLS, &id)?.unwrap_or_default();
        forget(tx, id, record.generation);
        let CrlRecord { number, generation, .. } = record;
        let rest = CrlRecord { stale_log: true, ..CrlRecord::default() };
        tx.put(&CRLS, &id, &CrlRecord { number, generation: generation + 1, ..rest });
    }
    Ok(())
}

/// What to say of CRLs that no issuer may sign.
pub(crate) fn without_signer(view: &View<'_>) -> Result<Vec<String>, Error> {
    let classes = classes(view)?;
    let unsigned = classes.iter().filter(|class| class.signer().is_none());
    Ok(unsigned.enumerate().map(|(index, class)| no_signer(class, index + 1)).collect())
}

fn no_signer(class: &CrlClass, number: usize) -> String {
    let members: Vec<String> = class.members.iter().map(|i| i.record.id.to_string()).collect();
    format!(
        "Warning {number} during CRL rebuild: warning from local CRL rebuild: Issuer equivalency set with associated keys lacked an issuer with CRL Signing KeyUsage; refusing to rebuild CRL for this group of issuers: {}",
        members.join(",")
    )
}

/// The CRLs that list a revocation: that of the subject and key which signed the certificate, if
/// they are here, and of its shard, else that of the default issuer.
pub(crate) fn listing(
    classes: &[CrlClass],
    revocation: &RevocationRecord,
    default: Option<IssuerId>,
) -> Vec<CrlId> {
    let RevocationRecord { home, shard, .. } = revocation;
    if let Some(class) = classes.iter().find(|class| Some(class.id) == *home) {
        let shard = shard.filter(|shard| *shard <= class.shards.count);
        return [class.id].into_iter().chain(shard.map(|n| shard::id(class.id, n))).collect();
    }
    let is_default = |class: &&CrlClass| class.members.iter().any(|i| Some(i.record.id) == default);
    classes.iter().find(is_default).map(|class| class.id).into_iter().collect()
}

/// Forgets the log of a generation that no CRL uses any more.
fn forget(tx: &mut Tx<'_>, id: CrlId, generation: u32) {
    tx.delete_all(&CRL_LOG, &LogKey::prefix(id, generation));
}
