//! `ca` and `ca/pem`: the certificate of the default issuer.

use crate::api::endpoint::Answer;
use crate::api::endpoint::{Access, Document, Done, Op, Path, Query, ReadCx, Reply};
use crate::api::request::Body;
use crate::ca::issue::Format;
use crate::ca::issuers;
use crate::error::Error;
use crate::field::Field;
use crate::fields;
use crate::store::View;
use crate::x509::certificate::Certificate;

/// `ca`.
pub const PATH: Path = Path {
    patterns: &["ca", "cert/ca/raw"],
    access: Access::Public,
    synopsis: "Fetch the CA certificate in DER.",
    description: "The certificate of the default issuer. Read it with `-format=raw`.",
    ops: &[Op::read::<ReadCa>()],
};

/// `ca/pem`.
pub const PEM: Path = Path {
    patterns: &["ca/pem", "cert/ca/raw/pem"],
    access: Access::Public,
    synopsis: "Fetch the CA certificate in PEM.",
    description: "The certificate of the default issuer. Read it with `-format=raw`.",
    ops: &[Op::read::<ReadCaPem>()],
};

fields! {
    /// Asks for the certificate in DER.
    pub struct ReadCa {}
}

fields! {
    /// Asks for the certificate in PEM.
    pub struct ReadCaPem {}
}

/// A document, or nothing (HTTP 204) where there is none yet.
pub struct Perhaps(pub Option<Document>);

impl Answer for Perhaps {
    const FIELDS: &'static [Field] = &[];

    fn into_body(self) -> Body {
        self.0.map_or_else(|| Done.into_body(), Answer::into_body)
    }
}

impl Query for ReadCa {
    type Reply = Perhaps;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        Ok(Perhaps(default_certificate(cx.view)?.map(|c| der(&c))).into())
    }
}

impl Query for ReadCaPem {
    type Reply = Perhaps;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        Ok(Perhaps(default_certificate(cx.view)?.map(|c| pem(&c, ""))).into())
    }
}

/// The certificate of the default issuer, if there is one.
pub(crate) fn default_certificate(view: &View<'_>) -> Result<Option<Certificate>, Error> {
    Ok(issuers::resolve(view, "default")?.ok().map(|issuer| issuer.certificate))
}

/// A certificate in DER.
pub(crate) fn der(certificate: &Certificate) -> Document {
    let bytes = certificate.as_der().to_vec();
    Document { content_type: "application/pkix-cert", bytes }
}

/// A certificate in PEM, and what comes after its last line.
pub(crate) fn pem(certificate: &Certificate, end: &str) -> Document {
    let bytes = format!("{}{end}", Format::Pem.certificate(certificate)).into_bytes();
    Document { content_type: "application/pem-certificate-chain", bytes }
}
