//! Looking through the inventory for certificates that a selector fits.
//!
//! The certificates are looked at page by page, and never held all together. Where the selector
//! says which serial numbers, or between which moments they end, only those are looked at.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::certs::{CertificateRecord, ExpiryKey, RevocationRecord};
use super::config;
use super::issuers;
use super::tables::{CERTS, EXPIRY, ISSUERS_CONFIG, REVOKED};
use crate::api::endpoint::ReadCx;
use crate::domain::id::IssuerId;
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::policy::selector::{Known, Selector, State};
use crate::store::{RecordKey as _, View};
use crate::x509::certificate::Certificate;

/// Certificates that are read at once.
const PAGE: usize = 500;

/// A certificate that fits.
pub(crate) struct Fitting {
    pub(crate) serial: SerialNumber,
    pub(crate) record: CertificateRecord,
    pub(crate) certificate: Certificate,
    pub(crate) state: State,
}

/// Shows every certificate that a selector fits, until told to stop.
pub(crate) fn search(
    cx: &ReadCx<'_>,
    selector: &Selector,
    see: &mut dyn FnMut(Fitting) -> ControlFlow<()>,
) -> Result<(), Error> {
    let references = references(cx.view)?;
    let look = |serial: SerialNumber, record: CertificateRecord| {
        let issuer =
            record.issuer.and_then(|id| references.get(&id)).map_or(&[][..], Vec::as_slice);
        let known = Known { serial: &serial, issuer, role: &record.role };
        fitting(cx, selector, &known, &record).map(|fits| {
            fits.map(|(certificate, state)| Fitting {
                serial: serial.clone(),
                certificate,
                state,
                record,
            })
        })
    };
    let mut take = |serial, record| -> Result<ControlFlow<()>, Error> {
        Ok(look(serial, record)?.map_or(ControlFlow::Continue(()), &mut *see))
    };
    if let Some(serials) = selector.serials() {
        for serial in serials {
            if let Some(record) = cx.view.peek(&CERTS, serial)?.1
                && take(serial.clone(), record)?.is_break()
            {
                break;
            }
        }
        return Ok(());
    }
    match selector.ends() {
        (None, None) => each_certificate(cx.view, &mut take),
        bounds => each_ending(cx.view, bounds, &mut take),
    }
}

type Take<'t> = dyn FnMut(SerialNumber, CertificateRecord) -> Result<ControlFlow<()>, Error> + 't;

fn each_certificate(view: &View<'_>, take: &mut Take<'_>) -> Result<(), Error> {
    let mut after: Option<SerialNumber> = None;
    loop {
        let from = after.as_ref().map(SerialNumber::octets);
        let page: Vec<(SerialNumber, CertificateRecord)> = view.scan(&CERTS, &[], from, PAGE)?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|(serial, _)| serial.clone());
        for (serial, record) in page {
            if take(serial, record)?.is_break() {
                return Ok(());
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Certificates in the order in which they end, between two moments.
fn each_ending(
    view: &View<'_>,
    (after, before): (
        Option<crate::domain::time::Timestamp>,
        Option<crate::domain::time::Timestamp>,
    ),
    take: &mut Take<'_>,
) -> Result<(), Error> {
    // A key without a serial number comes before all that end in its second, and after all that
    // end before.
    let none = SerialNumber::from_octets(&[]);
    let mut from = after.map(|not_after| ExpiryKey { not_after, serial: none }.encode());
    loop {
        let page: Vec<ExpiryKey> = view.keys(&EXPIRY, &[], from.as_deref(), PAGE)?;
        let is_last = page.len() < PAGE;
        from = page.last().map(ExpiryKey::encode);
        for ExpiryKey { not_after, serial } in page {
            if before.is_some_and(|before| before <= not_after) {
                return Ok(());
            }
            if let Some(record) = view.peek(&CERTS, &serial)?.1
                && take(serial, record)?.is_break()
            {
                return Ok(());
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

/// What is left after all conditions, the cheapest first.
fn fitting(
    cx: &ReadCx<'_>,
    selector: &Selector,
    known: &Known<'_>,
    record: &CertificateRecord,
) -> Result<Option<(Certificate, State)>, Error> {
    if !selector.fits_record(known) {
        return Ok(None);
    }
    // One that cannot be read fits nothing, and does not hide the others.
    let Ok(certificate) = Certificate::from_der(&record.der) else { return Ok(None) };
    if !selector.fits_certificate(&certificate) {
        return Ok(None);
    }
    let revocation: Option<RevocationRecord> = cx.view.peek(&REVOKED, known.serial)?.1;
    let state = match revocation {
        Some(_) => State::Revoked,
        None if certificate.not_after() < cx.now => State::Expired,
        None => State::Valid,
    };
    Ok(selector.fits_state(state).then_some((certificate, state)))
}

/// Every way to refer to each issuer.
fn references(view: &View<'_>) -> Result<BTreeMap<IssuerId, Vec<String>>, Error> {
    let default = config::load(view, &ISSUERS_CONFIG)?.default;
    let references = |record: &issuers::IssuerRecord| {
        let name = (!record.name.is_empty()).then(|| record.name.clone());
        let default = (Some(record.id) == default).then(|| "default".to_owned());
        [record.id.to_string()].into_iter().chain(name).chain(default).collect()
    };
    let all = issuers::all(view)?;
    Ok(all.iter().map(|issuer| (issuer.record.id, references(&issuer.record))).collect())
}
