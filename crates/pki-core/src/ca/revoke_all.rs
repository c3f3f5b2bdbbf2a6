//! Revoking many certificates in one transaction.
//!
//! What one revocation reads of the mount, its issuers, CRLs and settings, is read once; and the
//! log of each CRL is extended once, by all entries together.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::certs::RevocationRecord;
use super::inventory::{self, Fitting};
use super::tables::{CRL_CONFIG, ISSUERS, ISSUERS_CONFIG, REVOKED};
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
}

/// Those of the certificates a selector fits that can be revoked: they are not already, they have
/// not ended, and they are not issuers of this mount, which no CRL of their own can list.
pub(crate) fn revocable(
    cx: &ReadCx<'_>,
    selector: &Selector,
    see: &mut dyn FnMut(&Fitting),
) -> Result<Vec<Target>, Error> {
    let all = issuers::all(cx.view)?;
    let selector = selector.clone().in_state(State::Valid);
    let mut targets = Vec::new();
    inventory::search(cx, &selector, &mut |fitting| {
        let Fitting { serial, certificate, record, .. } = &fitting;
        let is_issuer = all.iter().any(|issuer| issuer.certificate == *certificate);
        // Two seconds: as for one revocation.
        if !is_issuer && cx.now.after(2) <= certificate.not_after() {
            let known = record.issuer.filter(|id| all.iter().any(|i| i.record.id == *id));
            let found = || revoke::issuer_of(&all, certificate).map(|issuer| issuer.record.id);
            let issuer = known.or_else(found);
            see(&fitting);
            targets.push(Target {
                serial: serial.clone(),
                not_after: certificate.not_after(),
                issuer,
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
    let homes: BTreeMap<IssuerId, CrlId> =
        issuers::all(&cx.tx)?.iter().map(|i| (i.record.id, i.record.crl.0)).collect();
    let default = config::load(&cx.tx, &ISSUERS_CONFIG)?.default;
    let classes = crls::classes(&cx.tx)?;
    let mut entries: BTreeMap<Option<CrlId>, Vec<(RevokedEntry, Timestamp)>> = BTreeMap::new();
    for Target { serial, not_after, issuer } in targets {
        let home = issuer.and_then(|issuer| homes.get(&issuer).copied());
        let record = RevocationRecord { issuer, home, revoked_at: cx.now, not_after, reason };
        // Whoever revokes one of them meanwhile makes this a conflict.
        cx.tx.insert(&REVOKED, &serial, &record);
        let entry = RevokedEntry { serial, revocation_date: cx.now, reason };
        let crl = crls::listing(&classes, home, default);
        entries.entry(crl).or_default().push((entry, not_after));
    }
    for (crl, entries) in entries {
        match crl {
            Some(crl) => {
                let entries = entries.iter().map(|(entry, not_after)| (entry, *not_after));
                crls::append_all(&mut cx.tx, crl, entries)?;
            }
            // No CRL lists them yet, but one that a new issuer brings may.
            None => cx.tx.touch(&ISSUERS),
        }
    }
    let auto_rebuild = config::load(&cx.tx, &CRL_CONFIG)?.auto_rebuild;
    if auto_rebuild { Ok(Vec::new()) } else { crls::without_signer(&cx.tx) }
}
