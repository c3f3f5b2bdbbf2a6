//! Revoking many certificates in one transaction.
//!
//! What one revocation reads of the mount, its issuers, CRLs and settings, is read once; the log
//! of each CRL is extended once, by all entries together; and of each certificate no more is in
//! memory than its entry and a few dozen octets.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::certs::{ExpiryKey, RevocationRecord, RevokedExpiryKey};
use super::crls::{self, Appender, homes};
use super::ends::Ends;
use super::inventory::{self, Fitting};
use super::tables::{CRL_CONFIG, ISSUERS, ISSUERS_CONFIG, REVOKED, REVOKED_EXPIRY, SHARDS};
use super::{config, issuers, revoke};
use crate::api::endpoint::{ReadCx, WriteCx};
use crate::domain::id::{CrlId, IssuerId};
use crate::error::Error;
use crate::policy::selector::{Selector, State};
use crate::x509::crl::{CrlReason, RevokedEntry};

/// Who signed a certificate, and where it is listed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Signer {
    issuer: Option<IssuerId>,
    /// The CRL of those who signed it.
    home: Option<CrlId>,
    shard: Option<u32>,
}

/// Certificates that are to be revoked, as much of them as that takes.
#[derive(Default)]
pub(crate) struct Targets {
    ends: Ends,
    /// For each its place in the list of signers.
    places: Vec<usize>,
    signers: Vec<Signer>,
    known: BTreeMap<Signer, usize>,
}

impl Targets {
    pub(crate) fn push(&mut self, Fitting { serial, certificate, .. }: &Fitting, signer: Signer) {
        let next = self.signers.len();
        let place = *self.known.entry(signer).or_insert(next);
        if place == next {
            self.signers.push(signer);
        }
        self.ends.push(serial, certificate.not_after());
        self.places.push(place);
    }

    pub(crate) fn count(&self) -> u64 {
        self.ends.count() as u64
    }

    /// Each with the place of its signer.
    fn each(&self) -> impl Iterator<Item = (ExpiryKey, usize)> {
        self.ends.iter().zip(self.places.iter().copied())
    }
}

/// Shows those of the certificates a selector fits that can be revoked: they are not already,
/// they have not ended, and they are not issuers of this mount, which no CRL of their own can
/// list.
pub(crate) fn each_revocable(
    cx: &ReadCx<'_>,
    selector: &Selector,
    see: &mut dyn FnMut(&Fitting, Signer),
) -> Result<(), Error> {
    let all = issuers::all(cx.view)?;
    let mut shards = BTreeMap::new();
    for crl in all.iter().map(|issuer| issuer.record.crl.0) {
        shards.insert(crl, cx.view.get(&SHARDS, &crl)?.unwrap_or_default());
    }
    let selector = selector.clone().in_state(State::Valid);
    inventory::search(cx, &selector, &mut |fitting| {
        let Fitting { certificate, record, .. } = &fitting;
        let is_issuer = all.iter().any(|issuer| issuer.certificate == *certificate);
        // Two seconds: as for one revocation.
        if !is_issuer && cx.now.after(2) <= certificate.not_after() {
            let known = all.iter().find(|issuer| Some(issuer.record.id) == record.issuer);
            let issuer = known.or_else(|| revoke::issuer_of(&all, certificate));
            let home = issuer.map(|issuer| issuer.record.crl.0);
            let shards = home.and_then(|home| shards.get(&home));
            let shard = shards.and_then(|shards| shards.named_by(certificate));
            let issuer = issuer.map(|issuer| issuer.record.id);
            see(&fitting, Signer { issuer, home, shard });
        }
        ControlFlow::Continue(())
    })
}

/// Revokes certificates. Gives what is to be said of CRLs that nobody can sign.
pub(crate) fn revoke_all(
    cx: &mut WriteCx<'_>,
    targets: Targets,
    reason: Option<CrlReason>,
) -> Result<Vec<String>, Error> {
    let default = config::load(&cx.tx, &ISSUERS_CONFIG)?.default;
    let classes = crls::classes(&cx.tx)?;
    let revoked_at = cx.now;
    let record = move |&Signer { issuer, home, shard }: &Signer, not_after| RevocationRecord {
        issuer,
        home,
        shard,
        revoked_at,
        not_after,
        reason,
    };
    let listing = |signer| crls::listing(&classes, &record(signer, revoked_at), default);
    let is_at_home = |signer: &Signer| classes.iter().any(|class| Some(class.id) == signer.home);
    if !targets.signers.iter().all(is_at_home) {
        homes::are_unknown(&mut cx.tx);
    }
    let mut lists: Vec<Vec<CrlId>> = targets.signers.iter().map(listing).collect();
    if lists.iter().any(Vec::is_empty) {
        // No CRL lists them yet, but one that a new issuer brings may.
        cx.tx.touch(&ISSUERS);
    }
    let mut appenders: BTreeMap<CrlId, Appender> = BTreeMap::new();
    for crl in lists.iter().flatten().copied().collect::<BTreeSet<_>>() {
        appenders.extend(Appender::open(&mut cx.tx, crl)?.map(|appender| (crl, appender)));
    }
    lists.iter_mut().for_each(|crls| crls.retain(|crl| appenders.contains_key(crl)));
    for (ExpiryKey { serial, .. }, signer) in targets.each() {
        let entry = RevokedEntry { serial, revocation_date: revoked_at, reason };
        for crl in lists.get(signer).into_iter().flatten() {
            appenders.entry(*crl).and_modify(|appender| appender.add(&mut cx.tx, &entry));
        }
    }
    appenders.into_values().for_each(|appender| appender.close(&mut cx.tx));
    cx.tx.many(&[REVOKED.table, REVOKED_EXPIRY.table], move |steps| {
        for (ends, signer) in targets.each() {
            let Some(known) = targets.signers.get(signer) else { continue };
            // Whoever revokes one of them meanwhile makes this a conflict.
            steps.insert(&REVOKED, &ends.serial, &record(known, ends.not_after))?;
            for &crl in lists.get(signer).into_iter().flatten() {
                let key = RevokedExpiryKey { crl, ends: ends.clone() };
                steps.put(&REVOKED_EXPIRY, &key, &())?;
            }
        }
        Ok(())
    });
    let auto_rebuild = config::load(&cx.tx, &CRL_CONFIG)?.auto_rebuild;
    if auto_rebuild { Ok(Vec::new()) } else { crls::without_signer(&cx.tx) }
}
