//! What a tidy mends, and issuers that ended long ago.

use super::PAGE;
use crate::api::endpoint::WriteCx;
use crate::ca::certs::{CertificateRecord, RevocationRecord};
use crate::ca::config;
use crate::ca::crls::{self, shard};
use crate::ca::issuers;
use crate::ca::revoke;
use crate::ca::tables::{CERTS, ISSUERS_CONFIG, REVOKED};
use crate::domain::id::IssuerId;
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::x509::certificate::Certificate;

/// Gives revocations without an issuer of this mount theirs. Says how many got one.
pub(super) fn associate(cx: &mut WriteCx<'_>) -> Result<i64, Error> {
    let all = issuers::all(&cx.tx)?;
    let is_here = |id: IssuerId| all.iter().any(|issuer| issuer.record.id == id);
    let mut lost: Vec<(SerialNumber, RevocationRecord)> = Vec::new();
    let mut after: Option<SerialNumber> = None;
    loop {
        let from = after.as_ref().map(SerialNumber::octets);
        let page: Vec<(SerialNumber, RevocationRecord)> = cx.tx.scan(&REVOKED, &[], from, PAGE)?;
        after = page.last().map(|(serial, _)| serial.clone());
        let is_last = page.len() < PAGE;
        lost.extend(page.into_iter().filter(|(_, found)| !found.issuer.is_some_and(is_here)));
        if is_last {
            break;
        }
    }
    let (mut found, mut has_moved) = (0, false);
    for (serial, revocation) in lost {
        let Some((_, certificate)) = revoke::stored(&cx.tx, &serial)? else { continue };
        // Issuers are listed by themselves, never as one of their own certificates.
        let is_issuer = all.iter().any(|i| i.certificate.as_der() == certificate.as_der());
        let Some(issuer) = revoke::issuer_of(&all, &certificate).filter(|_| !is_issuer) else {
            continue;
        };
        let (id, home) = (Some(issuer.record.id), Some(issuer.record.crl.0));
        let shard = shard::named_by(&cx.tx, home, &certificate)?;
        has_moved |= (revocation.home, revocation.shard) != (home, shard);
        let revocation = RevocationRecord { issuer: id, home, shard, ..revocation };
        cx.tx.put(&REVOKED, &serial, &revocation);
        found += 1;
    }
    if has_moved {
        crls::homes_changed(&mut cx.tx)?;
    }
    Ok(found)
}

/// Takes out stored certificates that cannot be read. Says how many. Their revocations stay.
pub(super) fn invalid_certificates(cx: &mut WriteCx<'_>) -> Result<i64, Error> {
    let mut invalid: Vec<SerialNumber> = Vec::new();
    let mut after: Option<SerialNumber> = None;
    loop {
        let start = after.as_ref().map(SerialNumber::octets);
        let page: Vec<SerialNumber> = cx.tx.keys(&CERTS, &[], start, PAGE)?;
        let is_sound = match cx.tx.scan(&CERTS, &[], start, PAGE) {
            Ok(records) => records.iter().all(|(_, record)| is_readable(record)),
            Err(Error::DamagedRecord(_)) => false,
            Err(problem) => return Err(problem),
        };
        after = page.last().cloned();
        let is_last = page.len() < PAGE;
        if !is_sound {
            invalid.extend(page.into_iter().filter(|serial| match cx.tx.get(&CERTS, serial) {
                Ok(record) => !record.is_none_or(|record| is_readable(&record)),
                Err(problem) => matches!(problem, Error::DamagedRecord(_)),
            }));
        }
        if is_last {
            break;
        }
    }
    for serial in &invalid {
        cx.tx.delete(&CERTS, serial);
    }
    Ok(i64::try_from(invalid.len()).unwrap_or(i64::MAX))
}

fn is_readable(record: &CertificateRecord) -> bool {
    Certificate::from_der(&record.der).is_ok()
}

/// Deletes issuers that ended long ago, but never the default. Their keys stay.
pub(super) fn expired_issuers(cx: &mut WriteCx<'_>, buffer: i64) -> Result<(), Error> {
    let default = config::load(&cx.tx, &ISSUERS_CONFIG)?.default;
    let old = issuers::all(&cx.tx)?.into_iter().filter(|issuer| {
        Some(issuer.record.id) != default
            && buffer < cx.now.seconds_since(issuer.certificate.not_after())
    });
    let old: Vec<_> = old.collect();
    for issuer in &old {
        issuers::remove(&mut cx.tx, &issuer.record);
    }
    if !old.is_empty() {
        issuers::rebuild_chains(&mut cx.tx)?;
        crls::issuers_changed(&mut cx.tx)?;
    }
    Ok(())
}
