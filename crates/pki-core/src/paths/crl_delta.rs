//! `crl/delta` and `issuer/:issuer_ref/crl/delta`: what came since the complete CRL was built.

use super::ca::Perhaps;
use super::crl::{self, CrlView};
use crate::api::endpoint::{Access, Op, Path, Query, ReadCx, Reply};
use crate::api::parts::Parts;
use crate::ca::crls::CrlParts;
use crate::domain::id::CrlId;
use crate::error::Error;
use crate::fields;

const DESCRIPTION: &str = "What was revoked since the complete CRL was built. Delta CRLs are built at an interval that\n`config/crl` sets; where they are switched off there is an empty one. Read it with\n`-format=raw`.";

/// In DER.
pub const DER: Path = Path {
    patterns: &[
        "crl/delta",
        "unified-crl/delta",
        "issuer/:issuer_ref/crl/delta/der",
        "issuer/:issuer_ref/unified-crl/delta/der",
    ],
    access: Access::Public,
    synopsis: "Fetch the delta CRL in DER.",
    description: DESCRIPTION,
    ops: &[Op::read::<FetchDeltaCrl>().taking_from_path(&["issuer_ref"])],
};

/// In PEM.
pub const PEM: Path = Path {
    patterns: &[
        "crl/delta/pem",
        "unified-crl/delta/pem",
        "issuer/:issuer_ref/crl/delta/pem",
        "issuer/:issuer_ref/unified-crl/delta/pem",
    ],
    access: Access::Public,
    synopsis: "Fetch the delta CRL in PEM.",
    description: DESCRIPTION,
    ops: &[Op::read::<FetchDeltaCrlPem>().taking_from_path(&["issuer_ref"])],
};

/// As a field.
pub const JSON: Path = Path {
    patterns: &["issuer/:issuer_ref/crl/delta", "issuer/:issuer_ref/unified-crl/delta"],
    access: Access::Public,
    synopsis: "Read the delta CRL of an issuer.",
    description: "What was revoked since the complete CRL was built.",
    ops: &[Op::read::<ReadDeltaCrl>()],
};

fields! {
    /// Asks for a delta CRL in DER.
    pub struct FetchDeltaCrl {
        /// Issuer whose CRL it is; the default when the path names none.
        issuer_ref: Option<String>,
    }
}

impl Query for FetchDeltaCrl {
    type Reply = Perhaps;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        crl::id(cx, self.issuer_ref.as_deref())
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        crl::whole(cx, self.parts(cx)?)
    }

    fn parts(&self, cx: &ReadCx<'_>) -> Result<Option<Parts>, Error> {
        Ok(find(cx, self.issuer_ref.as_deref())?.map(crl::in_der))
    }
}

fields! {
    /// Asks for a delta CRL in PEM.
    pub struct FetchDeltaCrlPem {
        /// Issuer whose CRL it is; the default when the path names none.
        issuer_ref: Option<String>,
    }
}

impl Query for FetchDeltaCrlPem {
    type Reply = Perhaps;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        crl::id(cx, self.issuer_ref.as_deref())
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        crl::whole(cx, self.parts(cx)?)
    }

    fn parts(&self, cx: &ReadCx<'_>) -> Result<Option<Parts>, Error> {
        let issuer_ref = self.issuer_ref.as_deref();
        Ok(find(cx, issuer_ref)?.map(|found| crl::in_pem(found, issuer_ref)))
    }
}

fields! {
    /// Asks for a delta CRL.
    pub struct ReadDeltaCrl {
        /// Issuer whose CRL it is.
        issuer_ref: String,
    }
}

impl Query for ReadDeltaCrl {
    type Reply = CrlView;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        crl::id(cx, Some(&self.issuer_ref))
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CrlView>, Error> {
        let found = find(cx, Some(&self.issuer_ref))?.ok_or(Error::Absent)?;
        Ok(CrlView::of(cx.view, found)?.into())
    }
}

/// The delta CRL of an issuer, found as the complete one is.
fn find(cx: &ReadCx<'_>, issuer_ref: Option<&str>) -> Result<Option<CrlParts>, Error> {
    match crl::id(cx, issuer_ref)? {
        Some(id) => CrlParts::delta(cx.view, id),
        None => Ok(None),
    }
}
