//! `crl` and `issuer/:issuer_ref/crl`: the CRL, in DER, in PEM, or as a field.

use super::ca::Perhaps;
use crate::api::endpoint::{Access, Document, Op, Path, Query, ReadCx, Reply};
use crate::ca::crls;
use crate::ca::issuers;
use crate::domain::id::CrlId;
use crate::error::Error;
use crate::fields;
use crate::x509::pem;

/// In DER.
pub const DER: Path = Path {
    patterns: &[
        "crl",
        "unified-crl",
        "issuer/:issuer_ref/crl/der",
        "issuer/:issuer_ref/unified-crl/der",
    ],
    access: Access::Public,
    synopsis: "Fetch the CRL in DER.",
    description: "A CRL that is due is built first, so it is never stale. Read it with `-format=raw`.",
    ops: &[Op::read::<FetchCrl>().taking_from_path(&["issuer_ref"])],
};

/// In PEM.
pub const PEM: Path = Path {
    patterns: &[
        "crl/pem",
        "unified-crl/pem",
        "issuer/:issuer_ref/crl/pem",
        "issuer/:issuer_ref/unified-crl/pem",
    ],
    access: Access::Public,
    synopsis: "Fetch the CRL in PEM.",
    description: "A CRL that is due is built first, so it is never stale. Read it with `-format=raw`.",
    ops: &[Op::read::<FetchCrlPem>().taking_from_path(&["issuer_ref"])],
};

/// As a field.
pub const JSON: Path = Path {
    patterns: &["issuer/:issuer_ref/crl", "issuer/:issuer_ref/unified-crl"],
    access: Access::Public,
    synopsis: "Read the CRL of an issuer.",
    description: "A CRL that is due is built first, so it is never stale.",
    ops: &[Op::read::<ReadCrl>()],
};

fields! {
    /// Asks for a CRL in DER.
    pub struct FetchCrl {
        /// Issuer whose CRL it is; the default when the path names none.
        issuer_ref: Option<String>,
    }
}

impl Query for FetchCrl {
    type Reply = Perhaps;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        id(cx, self.issuer_ref.as_deref())
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        let der = find(cx, self.issuer_ref.as_deref())?;
        Ok(Perhaps(der.map(in_der)).into())
    }
}

fields! {
    /// Asks for a CRL in PEM.
    pub struct FetchCrlPem {
        /// Issuer whose CRL it is; the default when the path names none.
        issuer_ref: Option<String>,
    }
}

impl Query for FetchCrlPem {
    type Reply = Perhaps;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        id(cx, self.issuer_ref.as_deref())
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        let issuer_ref = self.issuer_ref.as_deref();
        let der = find(cx, issuer_ref)?;
        Ok(Perhaps(der.map(|der| in_pem(&der, issuer_ref))).into())
    }
}

fields! {
    /// Asks for a CRL.
    pub struct ReadCrl {
        /// Issuer whose CRL it is.
        issuer_ref: String,
    }
}

fields! {
    /// A CRL.
    #[derive(Debug)]
    pub struct CrlView {
        /// The CRL, in PEM.
        crl: String,
    }
}

impl CrlView {
    pub(super) fn of(der: &[u8]) -> Self {
        Self { crl: format!("{}\n", pem::encode("X509 CRL", der)) }
    }
}

impl Query for ReadCrl {
    type Reply = CrlView;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        id(cx, Some(&self.issuer_ref))
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CrlView>, Error> {
        let der = find(cx, Some(&self.issuer_ref))?.ok_or(Error::Absent)?;
        Ok(CrlView::of(&der).into())
    }
}

/// The CRL of an issuer in DER. Without a default issuer there is none to fetch; an issuer that
/// was named must be there.
fn find(cx: &ReadCx<'_>, issuer_ref: Option<&str>) -> Result<Option<Vec<u8>>, Error> {
    match id(cx, issuer_ref)? {
        Some(id) => crls::der(cx.view, id),
        None => Ok(None),
    }
}

/// The CRL of the issuer that a path names, or of the default issuer if there is one.
pub(super) fn id(cx: &ReadCx<'_>, issuer_ref: Option<&str>) -> Result<Option<CrlId>, Error> {
    let issuer = match issuer_ref {
        Some(reference) => Some(issuers::resolve_for_reading(cx.view, reference)?),
        None => issuers::resolve(cx.view, "default")?.ok(),
    };
    Ok(issuer.map(|issuer| issuer.record.crl.0))
}

/// A CRL in DER, to be fetched.
pub(super) fn in_der(bytes: Vec<u8>) -> Document {
    Document { content_type: "application/pkix-crl", bytes }
}

/// A CRL in PEM, to be fetched. The paths of an issuer end their last line; the older ones do
/// not.
pub(super) fn in_pem(der: &[u8], issuer_ref: Option<&str>) -> Document {
    let end = if issuer_ref.is_some() { "\n" } else { "" };
    let bytes = format!("{}{end}", pem::encode("X509 CRL", der)).into_bytes();
    Document { content_type: "application/x-pem-file", bytes }
}
