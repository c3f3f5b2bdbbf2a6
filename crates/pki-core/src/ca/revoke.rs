//! Revoking: what is recorded, and what is answered.

use super::certs::{CertificateRecord, RevocationRecord};
use super::config;
use super::crls::{self, homes, shard};
use super::issuers::{self, Issuer};
use super::tables::{CERTS, CRL_CONFIG, ISSUERS, ISSUERS_CONFIG, REVOKED};
use crate::api::endpoint::{Reply, WriteCx};
use crate::domain::id::IssuerId;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::View;
use crate::x509::certificate::Certificate;
use crate::x509::crl::{CrlReason, RevokedEntry};

crate::fields! {
    /// A certificate that is revoked, and since when.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Revoked {
        /// Seconds since 1970.
        revocation_time: i64,
        /// The same as RFC 3339 text.
        revocation_time_rfc3339: String,
        /// `revoked`.
        state: String,
    }
}

impl Revoked {
    fn since(moment: Timestamp) -> Self {
        Self {
            revocation_time: moment.unix(),
            revocation_time_rfc3339: moment.rfc3339_nanos(),
            state: "revoked".into(),
        }
    }
}

/// The stored certificate with a serial number.
pub(crate) fn stored(
    view: &View<'_>,
    serial: &SerialNumber,
) -> Result<Option<(CertificateRecord, Certificate)>, Error> {
    let Some(record) = view.get(&CERTS, serial)? else { return Ok(None) };
    let certificate =
        Certificate::from_der(&record.der).map_err(|_| Error::DamagedRecord(CERTS.table.name))?;
    Ok(Some((record, certificate)))
}

/// Revokes a certificate of this mount. Revoking it again answers with the first time.
pub(crate) fn revoke(
    cx: &mut WriteCx<'_>,
    certificate: &Certificate,
    issuer: Option<IssuerId>,
    reason: Option<CrlReason>,
) -> Result<Reply<Option<Revoked>>, Error> {
    let all = issuers::all(&cx.tx)?;
    if let Some(issuer) = all.iter().find(|i| i.certificate.as_der() == certificate.as_der()) {
        return Err(Error::refused(format!(
            "adding issuer (id: {}) to its own CRL is not allowed",
            issuer.record.id
        )));
    }
    let serial = certificate.serial();
    if let Some(earlier) = cx.tx.get(&REVOKED, serial)? {
        let kept = reason.is_some() && reason != earlier.reason;
        let warning = kept.then(|| {
            format!(
                "certificate with serial {serial} was already revoked; its reason was not changed."
            )
        });
        return Ok(Reply::from(Some(Revoked::since(earlier.revoked_at))).warn(warning));
    }
    let allow_expired = config::load(&cx.tx, &CRL_CONFIG)?.allow_expired_cert_revocation;
    // Two seconds: the clocks of those who check are no better than that.
    if certificate.not_after() < cx.now.after(2) && !allow_expired {
        return Ok(Reply::from(None).warn([expired(serial)]));
    }
    let issuer = match issuer.filter(|id| all.iter().any(|i| i.record.id == *id)) {
        None => issuer_of(&all, certificate).map(|issuer| issuer.record.id),
        known => known,
    };
    record(cx, certificate, issuer, reason)?;
    let auto_rebuild = config::load(&cx.tx, &CRL_CONFIG)?.auto_rebuild;
    let unsigned = if auto_rebuild { Vec::new() } else { crls::without_signer(&cx.tx)? };
    Ok(Reply::from(Some(Revoked::since(cx.now))).warn(unsigned))
}

fn expired(serial: &SerialNumber) -> String {
    format!(
        "certificate with serial {serial} already expired; refusing to add to CRL. Enable 'AllowExpiredCertRevocation' to allow revoking expired certificates."
    )
}

/// Stores the revocation and puts it on the CRL that lists it.
fn record(
    cx: &mut WriteCx<'_>,
    certificate: &Certificate,
    issuer: Option<IssuerId>,
    reason: Option<CrlReason>,
) -> Result<(), Error> {
    let home = match issuer {
        Some(id) => cx.tx.get(&ISSUERS, &id)?.map(|record| record.crl.0),
        None => None,
    };
    let shard = shard::named_by(&cx.tx, home, certificate)?;
    let (serial, not_after) = (certificate.serial().clone(), certificate.not_after());
    let revocation =
        RevocationRecord { issuer, home, shard, revoked_at: cx.now, not_after, reason };
    cx.tx.insert(&REVOKED, &serial, &revocation);
    let default = config::load(&cx.tx, &ISSUERS_CONFIG)?.default;
    let classes = crls::classes(&cx.tx)?;
    if !classes.iter().any(|class| Some(class.id) == home) {
        homes::are_unknown(&mut cx.tx);
    }
    let lists = crls::listing(&classes, &revocation, default);
    let entry = RevokedEntry { serial, revocation_date: cx.now, reason };
    for crl in &lists {
        crls::append(&mut cx.tx, *crl, &entry, not_after)?;
    }
    if lists.is_empty() {
        // No CRL lists it yet, but one that a new issuer brings may.
        cx.tx.touch(&ISSUERS);
    }
    Ok(())
}

/// Stores that an issuer was revoked, where its certificate is looked up. The CRLs list it by
/// themselves, from the issuers.
pub(crate) fn record_issuer(cx: &mut WriteCx<'_>, revoked: &Issuer) -> Result<(), Error> {
    let certificate = &revoked.certificate;
    if cx.tx.get(&REVOKED, certificate.serial())?.is_some() {
        return Ok(());
    }
    let all = issuers::all(&cx.tx)?;
    let mut others = all.iter().filter(|issuer| issuer.record.id != revoked.record.id);
    let parent = others.find(|issuer| certificate.is_issued_by(&issuer.certificate));
    let home = parent.map(|parent| parent.record.crl.0);
    let revocation = RevocationRecord {
        issuer: None,
        home,
        shard: shard::named_by(&cx.tx, home, certificate)?,
        revoked_at: cx.now,
        not_after: certificate.not_after(),
        reason: None,
    };
    cx.tx.insert(&REVOKED, certificate.serial(), &revocation);
    homes::are_unknown(&mut cx.tx);
    Ok(())
}

/// Gives the revocation of an issuer that is about to go the home it had as an issuer, if the one
/// that signed it came only after it was revoked.
pub(crate) fn settle_issuer(cx: &mut WriteCx<'_>, leaving: &Issuer) -> Result<(), Error> {
    let certificate = &leaving.certificate;
    let record = cx
        .tx
        .get(&REVOKED, certificate.serial())?
        .filter(|record| record.home.is_none() && record.not_after == certificate.not_after());
    let Some(record) = record.filter(|_| leaving.record.revoked_at.is_some()) else {
        return Ok(());
    };
    if let Some(parent) = issuer_of(&issuers::all(&cx.tx)?, certificate) {
        let home = Some(parent.record.crl.0);
        let shard = shard::named_by(&cx.tx, home, certificate)?;
        cx.tx.put(&REVOKED, certificate.serial(), &RevocationRecord { home, shard, ..record });
    }
    Ok(())
}

/// The issuer that signed a certificate: its name is there, and its key verifies the signature.
pub(crate) fn issuer_of<'a>(all: &'a [Issuer], certificate: &Certificate) -> Option<&'a Issuer> {
    all.iter().find(|issuer| certificate.is_issued_by(&issuer.certificate))
}
