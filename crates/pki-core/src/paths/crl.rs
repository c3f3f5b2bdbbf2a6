//! `crl` and `issuer/:issuer_ref/crl`: the CRL, in DER, in PEM, or as a field.

use super::ca::Perhaps;
use crate::api::endpoint::{Access, Document, Op, Path, Query, ReadCx, Reply};
use crate::ca::crls;
use crate::ca::issuers;
use crate::error::Error;
use crate::fields;
use crate::x509::pem;

/// In DER.
pub const DER: Path = Path {
    patterns: &["crl", "issuer/:issuer_ref/crl/der"],
    access: Access::Public,
    synopsis: "Fetch the CRL in DER.",
    description: "A CRL that is due is built first, so it is never stale. Read it with `-format=raw`.",
    ops: &[Op::read::<FetchCrl>().taking_from_path(&["issuer_ref"])],
};

/// In PEM.
pub const PEM: Path = Path {
    patterns: &["crl/pem", "issuer/:issuer_ref/crl/pem"],
    access: Access::Public,
    synopsis: "Fetch the CRL in PEM.",
    description: "A CRL that is due is built first, so it is never stale. Read it with `-format=raw`.",
    ops: &[Op::read::<FetchCrlPem>().taking_from_path(&["issuer_ref"])],
};

/// As a field.
pub const JSON: Path = Path {
    patterns: &["issuer/:issuer_ref/crl"],
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

    const NEEDS_CURRENT_CRL: bool = true;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        let der = find(cx, self.issuer_ref.as_deref())?;
        let document = der.map(|bytes| Document { content_type: "application/pkix-crl", bytes });
        Ok(Perhaps(document).into())
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

    const NEEDS_CURRENT_CRL: bool = true;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        // The paths of an issuer end their last line; the older ones do not.
        let end = if self.issuer_ref.is_some() { "\n" } else { "" };
        let document = find(cx, self.issuer_ref.as_deref())?.map(|der| {
            let bytes = format!("{}{end}", pem::encode("X509 CRL", &der)).into_bytes();
            Document { content_type: "application/x-pem-file", bytes }
        });
        Ok(Perhaps(document).into())
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

impl Query for ReadCrl {
    type Reply = CrlView;

    const NEEDS_CURRENT_CRL: bool = true;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CrlView>, Error> {
        let der = find(cx, Some(&self.issuer_ref))?.ok_or(Error::Absent)?;
        Ok(CrlView { crl: format!("{}\n", pem::encode("X509 CRL", &der)) }.into())
    }
}

/// The CRL of an issuer in DER. Without a default issuer there is none to fetch; an issuer that
/// was named must be there.
fn find(cx: &ReadCx<'_>, issuer_ref: Option<&str>) -> Result<Option<Vec<u8>>, Error> {
    let issuer = match issuer_ref {
        Some(reference) => issuers::resolve_for_reading(cx.view, reference)?,
        None => match issuers::resolve(cx.view, "default")? {
            Ok(issuer) => issuer,
            Err(_) => return Ok(None),
        },
    };
    crls::der(cx.view, issuer.record.crl.0)
}
