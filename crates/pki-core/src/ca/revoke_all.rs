//! Revoking many certificates in one transaction.
//!
//! What one revocation reads of the mount, its issuers, CRLs and settings, is read once; and the
//! log of each CRL is extended once, by all entries together.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::certs::RevocationRecord;
use super::inventory::{self, Fitting};
use super::tables::{CRL_CONFIG, ISSUERS, ISSUERS_CONFIG, REVOKED, SHARDS};
use super::{config, crls, issuers, revoke};
use crate::api::endpoint::{ReadCx, WriteCx};
use crate::domain::id::{CrlId, IssuerId};
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::policy::selector::{Selector, State};
use crate::x509::crl::{CrlReason, RevokedEntry};

/// A certificate that is to be revoked, as much of it as that takes.
pub(crate) struct Target {
    serial: SerialNumber,
    not_after: Timestamp,
    issuer: Option<IssuerId>,
    /// The CRL of those who signed it.
    home: Option<CrlId>,
    shard: Option<u32>,
}

/// Those of the certificates a selector fits that can be revoked: they are not already, they have
/// not ended, and they are not issuers of this mount, which no CRL of their own can list.
pub(crate) fn revocable(
    cx: &ReadCx<'_>,
    selector: &Selector,
    see: &mut dyn FnMut(&Fitting),
) -> Result<Vec<Target>, Error> {
    let all = issuers::all(cx.view)?;
    let mut shards = BTreeMap::new();
    for crl in all.iter().map(|issuer| issuer.record.crl.0) {
        shards.insert(crl, cx.view.get(&SHARDS, &crl)?.unwrap_or_default());
    }
    let selector = selector.clone().in_state(State::Valid);
    let mut targets = Vec::new();
    inventory::search(cx, &selector, &mut |fitting| {
        let Fitting { serial, certificate, record, .. } = &fitting;
        let is_issuer = all.iter().any(|issuer| issuer.certificate == *certificate);
        // Two seconds: as for one revocation.
        if !is_issuer && cx.now.after(2) <= certificate.not_after() {
            let known = all.iter().find(|issuer| Some(issuer.record.id) == record.issuer);
            let issuer = known.or_else(|| revoke::issuer_of(&all, certificate));
            let home = issuer.map(|issuer| issuer.record.crl.0);
            let shards = home.and_then(|home| shards.get(&home));
            see(&fitting);
            targets.push(Target {
                serial: serial.clone(),
                not_after: certificate.not_after(),
                issuer: issuer.map(|issuer| issuer.record.id),
                home,
                shard: shards.and_then(|shards| shards.named_by(certificate)),
            });
        }
        ControlFlow::Continue(())
    })?;
    Ok(targets)
}

/// Revokes certificates. Gives what is to be said of CRLs that nobody can sign.
pub(crate) fn revoke_all(
    cx: &mut WriteCx<'_>,
    targets: Vec<Target>,
    reason: Option<CrlReason>,
) -> Result<Vec<String>, Error> {
    let default = config::load(&cx.tx, &ISSUERS_CONFIG)?.default;
    let classes = crls::classes(&cx.tx)?;
    let mut lists: BTreeMap<CrlId, Vec<(RevokedEntry, Timestamp)>> = BTreeMap::new();
    for Target { serial, not_after, issuer, home, shard } in targets {
        let record =
            RevocationRecord { issuer, home, shard, revoked_at: cx.now, not_after, reason };
        // Whoever revokes one of them meanwhile makes this a conflict.
        cx.tx.insert(&REVOKED, &serial, &record);
        let entry = RevokedEntry { serial, revocation_date: cx.now, reason };
        let crls = crls::listing(&classes, &record, default);
        if crls.is_empty() {
            // No CRL lists it yet, but one that a new issuer brings may.
            cx.tx.touch(&ISSUERS);
        }
        for crl in crls {
            lists.entry(crl).or_default().push((entry.clone(), not_after));
        }
    }
    for (crl, entries) in lists {
        let entries = entries.iter().map(|(entry, not_after)| (entry, *not_after));
        crls::append_all(&mut cx.tx, crl, entries)?;
    }
    let auto_rebuild = config::load(&cx.tx, &CRL_CONFIG)?.auto_rebuild;
    if auto_rebuild { Ok(Vec::new()) } else { crls::without_signer(&cx.tx) }
}
