//! `crl` and `issuer/:issuer_ref/crl`: the CRL, in DER, in PEM, or as a field.

use super::ca::Perhaps;
use crate::api::endpoint::{Access, Document, Op, Path, Query, ReadCx, Reply};
use crate::api::parts::Parts;
use crate::ca::crls::CrlParts;
use crate::ca::issuers;
use crate::domain::id::CrlId;
use crate::error::Error;
use crate::fields;
use crate::store::View;
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
        whole(cx, self.parts(cx)?)
    }

    fn parts(&self, cx: &ReadCx<'_>) -> Result<Option<Parts>, Error> {
        Ok(find(cx, self.issuer_ref.as_deref())?.map(in_der))
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
        whole(cx, self.parts(cx)?)
    }

    fn parts(&self, cx: &ReadCx<'_>) -> Result<Option<Parts>, Error> {
        let issuer_ref = self.issuer_ref.as_deref();
        Ok(find(cx, issuer_ref)?.map(|crl| in_pem(crl, issuer_ref)))
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
    pub(super) fn of(view: &View<'_>, crl: CrlParts) -> Result<Self, Error> {
        Ok(Self { crl: text(view, crl, "\n")? })
    }
}

impl Query for ReadCrl {
    type Reply = CrlView;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        id(cx, Some(&self.issuer_ref))
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CrlView>, Error> {
        let crl = find(cx, Some(&self.issuer_ref))?.ok_or(Error::Absent)?;
        Ok(CrlView::of(cx.view, crl)?.into())
    }
}

/// The CRL of an issuer. Without a default issuer there is none to fetch; an issuer that was named
/// must be there.
fn find(cx: &ReadCx<'_>, issuer_ref: Option<&str>) -> Result<Option<CrlParts>, Error> {
    match id(cx, issuer_ref)? {
        Some(id) => CrlParts::complete(cx.view, id),
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
pub(super) fn in_der(mut crl: CrlParts) -> Parts {
    Parts::new("application/pkix-crl", crl.length(), move |view| crl.next(view))
}

/// A CRL in PEM, to be fetched. The paths of an issuer end their last line; the older ones do
/// not.
pub(super) fn in_pem(crl: CrlParts, issuer_ref: Option<&str>) -> Parts {
    as_text(crl, if issuer_ref.is_some() { "\n" } else { "" })
}

/// A CRL in PEM, and what comes after its last line.
fn as_text(mut crl: CrlParts, end: &'static str) -> Parts {
    let encoder = pem::Encoder::new("X509 CRL");
    let length = encoder.length(crl.length()) + end.len();
    let mut encoder = Some(encoder);
    Parts::new("application/x-pem-file", length, move |view| {
        let Some(mut lines) = encoder.take() else { return Ok(None) };
        Ok(Some(match crl.next(view)? {
            Some(part) => {
                let text = lines.add(&part);
                encoder = Some(lines);
                text
            }
            None => [lines.finish().as_slice(), end.as_bytes()].concat(),
        }))
    })
}

/// A CRL in PEM as a field, and what comes after its last line.
pub(super) fn text(view: &View<'_>, crl: CrlParts, end: &'static str) -> Result<String, Error> {
    let bytes = as_text(crl, end).whole(view)?;
    // What was written here is ASCII, so nothing is lost.
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

/// A document that is wanted whole, if there is one.
pub(super) fn whole(cx: &ReadCx<'_>, parts: Option<Parts>) -> Result<Reply<Perhaps>, Error> {
    let Some(parts) = parts else { return Ok(Perhaps(None).into()) };
    let content_type = parts.content_type;
    Ok(Perhaps(Some(Document { content_type, bytes: parts.whole(cx.view)? })).into())
}
