//! What can be known of a mount without going through what it holds.

use super::Engine;
use crate::api::endpoint::ReadCx;
use crate::ca::crls::CrlRecord;
use crate::ca::issuers;
use crate::ca::tables::{CERTS, CRLS};
use crate::domain::time::Timestamp;
use crate::error::Error;

/// From when until when a CRL is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// When it was made.
    pub this_update: Timestamp,
    /// Before when there must be another.
    pub next_update: Timestamp,
}

/// From when until when the CRLs of an issuer are good, as far as there are any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrlValidity {
    /// The complete one.
    pub complete: Option<Validity>,
    /// The delta CRL.
    pub delta: Option<Validity>,
}

impl From<CrlRecord> for CrlValidity {
    fn from(CrlRecord { built, delta, .. }: CrlRecord) -> Self {
        let Some(built) = built else { return Self::default() };
        let of = |this_update, next_update| Validity { this_update, next_update };
        Self {
            complete: Some(of(built.this_update, built.next_update)),
            delta: delta.map(|delta| of(delta.this_update, delta.next_update)),
        }
    }
}

impl Engine {
    /// From when until when the CRLs of an issuer are good. They are built first if they are due,
    /// as for whoever reads them; their entries are not looked at.
    ///
    /// # Errors
    ///
    /// When there is no such issuer, or a CRL that is due cannot be built.
    pub fn crl_validity(&self, mount: &str, issuer_ref: &str) -> Result<CrlValidity, Error> {
        let id =
            |cx: &ReadCx<'_>| Ok(issuers::resolve_for_reading(cx.view, issuer_ref)?.record.crl.0);
        self.read(mount, &|cx| id(cx).map(Some), &mut |cx| {
            let record = cx.view.get(&CRLS, &id(cx)?)?;
            Ok(record.map(CrlValidity::from).unwrap_or_default())
        })
    }

    /// How many certificates a mount holds. They are counted in the store.
    ///
    /// # Errors
    ///
    /// When there is no such mount, or it cannot be read.
    pub fn certificate_count(&self, mount: &str) -> Result<u64, Error> {
        self.read(mount, &|_| Ok(None), &mut |cx| cx.view.count(&CERTS))
    }
}
