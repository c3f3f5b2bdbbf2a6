//! CRLs: a log of encoded entries for each, a plan for the next, and the signature.
//!
//! Revoking appends some forty octets to the log of the CRL concerned; it signs nothing. Whoever
//! reads a CRL next has it built if it is due, from the log alone: no certificate and no
//! revocation record is read again. A CRL is stored as what stands before its entries and what
//! stands after them, and the length of the log between; the entries exist once.
//!
//! The log is made anew from the revocation records only when the issuers of the mount have
//! changed, and entries of ended certificates leave it when they have been on one CRL past that
//! end (RFC 5280 section 3.3).

mod log;
mod plan;
mod record;
mod relog;

use std::sync::Arc;

pub(crate) use log::append;
pub(crate) use plan::{Due, due};
pub(crate) use record::{BuiltCrl, CrlRecord, LogKey, LogSegment};
pub(crate) use relog::relog;

use super::config::{self, CrlConfig};
use super::issuers::{self, Issuer, Usage};
use super::tables::{CRL_CONFIG, CRL_LOG, CRLS, ISSUERS_CONFIG, REVOKED};
use crate::api::endpoint::{ReadCx, WriteCx};
use crate::crypto::key::PrivateKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::id::{CrlId, IssuerId};
use crate::error::Error;
use crate::store::{Tx, View};
use crate::x509::crl::TbsCertList;
use crate::x509::lint::Linted;

/// The issuers that share one CRL.
pub(crate) struct CrlClass {
    pub(crate) id: CrlId,
    /// The default issuer first, if it is one of them, else in order of identifier.
    pub(crate) members: Vec<Issuer>,
}

impl CrlClass {
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
    let mut classes: Vec<CrlClass> = Vec::new();
    for issuer in issuers::all(view)? {
        let id = issuer.record.crl.0;
        match classes.iter_mut().find(|class| class.id == id) {
            Some(class) if Some(issuer.record.id) == default => class.members.insert(0, issuer),
            Some(class) => class.members.push(issuer),
            None => classes.push(CrlClass { id, members: vec![issuer] }),
        }
    }
    classes.retain(CrlClass::has_key);
    Ok(classes)
}

/// Asks for every CRL of the mount to be built again, with its log made anew if there is
/// anything on it: the issuers have changed, and with them who lists what.
pub(crate) fn issuers_changed(tx: &mut Tx<'_>) -> Result<(), Error> {
    let has_revocations = !tx.keys(&REVOKED, &[], None, 1)?.is_empty();
    let has_revoked_issuer = issuers::all(tx)?.iter().any(|i| i.record.revoked_at.is_some());
    let stale_log = has_revocations || has_revoked_issuer;
    for class in classes(tx)? {
        let record = tx.get(&CRLS, &class.id)?.unwrap_or_default();
        let wanted = CrlRecord { requested: true, stale_log: record.stale_log || stale_log, ..record };
        tx.put(&CRLS, &class.id, &wanted);
    }
    Ok(())
}

/// As [`issuers_changed`], but only what is listed by whom has changed: nothing if there is
/// nothing to list.
pub(crate) fn default_changed(tx: &mut Tx<'_>) -> Result<(), Error> {
    if tx.keys(&REVOKED, &[], None, 1)?.is_empty() {
        return Ok(());
    }
    for class in classes(tx)? {
        let record = tx.get(&CRLS, &class.id)?.unwrap_or_default();
        tx.put(&CRLS, &class.id, &CrlRecord { stale_log: true, ..record });
    }
    Ok(())
}

/// Forgets all CRLs but their numbers: those go on rising should the issuers come back.
pub(crate) fn all_issuers_deleted(tx: &mut Tx<'_>) -> Result<(), Error> {
    let all: Vec<(CrlId, CrlRecord)> = tx.scan(&CRLS, &[], None, usize::MAX)?;
    for (id, record) in all {
        forget(tx, id, record.generation);
        let CrlRecord { number, generation, .. } = record;
        let rest = CrlRecord { stale_log: true, ..CrlRecord::default() };
        tx.put(&CRLS, &id, &CrlRecord { number, generation: generation + 1, ..rest });
    }
    Ok(())
}

/// Which CRLs to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that are due.
    Due,
    /// All of them.
    All,
}

/// Builds CRLs. What kept some from being built comes back as warnings.
pub(crate) fn build(cx: &mut WriteCx<'_>, which: Which) -> Result<Vec<String>, Error> {
    let config = config::load(&cx.tx, &CRL_CONFIG)?;
    let classes = classes(&cx.tx)?;
    let mut wanted = Vec::new();
    for class in &classes {
        let record = cx.tx.get(&CRLS, &class.id)?.unwrap_or_default();
        let due = due(&record, &config, cx.now);
        // A disabled CRL was emptied once; asking again changes nothing.
        let settled = config.disable && record.built.as_ref().is_some_and(|built| built.disabled);
        if due != Due::Not || (which == Which::All && !settled) {
            wanted.push((class, record));
        }
    }
    if wanted.iter().any(|(_, record)| record.stale_log) {
        relog(cx, &classes)?;
    }
    for (class, _) in wanted {
        if let Some(signer) = class.signer() {
            build_one(cx, class.id, signer, &config)?;
        }
    }
    without_signer(&cx.tx)
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

fn build_one(
    cx: &mut WriteCx<'_>,
    id: CrlId,
    signer: &Issuer,
    config: &CrlConfig,
) -> Result<(), Error> {
    let mut record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
    relog::drop_ended(&mut cx.tx, id, &mut record)?;
    let key = signing_key(&cx.reading(), signer)?;
    let signature = signature_algorithm(signer, &key);
    let number = record.number + 1;
    let covered = if config.disable { 0 } else { record.log_length };
    let tbs = TbsCertList {
        signature,
        issuer: signer.certificate.subject().clone(),
        this_update: cx.now.to_whole_second(),
        next_update: cx.now.to_whole_second().after(config.expiry_seconds()),
        authority_key_identifier: Some(key_identifier(signer)),
        crl_number: number,
        delta_base: None,
        freshest_crl: Vec::new(),
        extra: Vec::new(),
    };
    let (this_update, next_update) = (tbs.this_update, tbs.next_update);
    let segments = log::read(&cx.tx, id, record.generation, covered)?;
    let length = usize::try_from(covered).unwrap_or(usize::MAX);
    let linted = Linted::check(tbs).map_err(Error::Lint)?;
    let signed = linted.sign(&key, segments.iter().map(Vec::as_slice), length)?;
    record.number = number;
    record.requested = false;
    record.built = Some(BuiltCrl {
        number,
        this_update,
        next_update,
        covered,
        disabled: config.disable,
        prefix: signed.prefix,
        suffix: signed.suffix,
    });
    cx.tx.put(&CRLS, &id, &record);
    Ok(())
}

/// The identifier that a CRL names its key by. An imported CA may have none in its certificate;
/// a CRL must (RFC 5280 section 5.2.1).
fn key_identifier(signer: &Issuer) -> Vec<u8> {
    let stated = signer.certificate.subject_key_identifier();
    stated.unwrap_or_else(|| signer.certificate.public_key().key_identifier().to_vec())
}

fn signing_key(cx: &ReadCx<'_>, signer: &Issuer) -> Result<Arc<PrivateKey>, Error> {
    let key_id = signer.record.key_id.ok_or(Error::DamagedRecord(CRLS.table.name))?;
    issuers::open_key(cx, key_id)
}

/// The algorithm that was set for the issuer, or the default of its key.
fn signature_algorithm(signer: &Issuer, key: &PrivateKey) -> SignatureAlgorithm {
    SignatureAlgorithm::parse(&signer.record.revocation_signature_algorithm)
        .filter(|algorithm| algorithm.fits(key.spec()))
        .unwrap_or_else(|| SignatureAlgorithm::for_issuing(key.spec(), 0, false, false))
}

/// The CRL as it was last built, in DER; `None` if there is none yet.
pub(crate) fn der(view: &View<'_>, id: CrlId) -> Result<Option<Vec<u8>>, Error> {
    let record = view.get(&CRLS, &id)?.unwrap_or_default();
    let Some(built) = record.built else { return Ok(None) };
    let mut der = built.prefix;
    for segment in log::read(view, id, record.generation, built.covered)? {
        der.extend(segment);
    }
    der.extend(built.suffix);
    Ok(Some(der))
}

/// Whether some CRL of the mount has to be built before it is looked at.
pub(crate) fn any_due(cx: &ReadCx<'_>) -> Result<bool, Error> {
    let config = config::load(cx.view, &CRL_CONFIG)?;
    for class in classes(cx.view)? {
        let record = cx.view.get(&CRLS, &class.id)?.unwrap_or_default();
        if class.signer().is_some() && due(&record, &config, cx.now) != Due::Not {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The CRL that lists a certificate: that of the subject and key which signed it, if they are
/// here, else that of the default issuer.
pub(crate) fn listing(
    classes: &[CrlClass],
    home: Option<CrlId>,
    default: Option<IssuerId>,
) -> Option<CrlId> {
    let is_default = |class: &&CrlClass| class.members.iter().any(|i| Some(i.record.id) == default);
    classes
        .iter()
        .find(|class| Some(class.id) == home)
        .or_else(|| classes.iter().find(is_default))
        .map(|class| class.id)
}

/// Forgets the log of a generation that no CRL uses any more.
fn forget(tx: &mut Tx<'_>, id: CrlId, generation: u32) {
    tx.delete_all(&CRL_LOG, &LogKey::prefix(id, generation));
}
