//! `ca_chain`: the certificates from the default issuer up to its root.

use super::ca::Perhaps;
use crate::api::endpoint::{Access, Document, Op, Path, Query, ReadCx, Reply};
use crate::ca::issue;
use crate::ca::issuers::{self, Issuer};
use crate::error::Error;
use crate::fields;
use crate::store::View;

/// `ca_chain`.
pub const PATH: Path = Path {
    patterns: &["ca_chain"],
    access: Access::Public,
    synopsis: "Fetch the CA certificate and those above it, in PEM.",
    description: "The chain of the default issuer. Read it with `-format=raw`.",
    ops: &[Op::read::<ReadCaChain>()],
};

fields! {
    /// Asks for the chain.
    pub struct ReadCaChain {}
}

impl Query for ReadCaChain {
    type Reply = Perhaps;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        let Ok(issuer) = issuers::resolve(cx.view, "default")? else {
            return Ok(Perhaps(None).into());
        };
        let bytes = text(cx.view, &issuer)?.into_bytes();
        Ok(Perhaps(Some(Document { content_type: "application/pkix-cert", bytes })).into())
    }
}

/// The chain of an issuer in PEM.
pub(crate) fn text(view: &View<'_>, issuer: &Issuer) -> Result<String, Error> {
    issue::bundle(None, issuers::chain(view, issuer)?.iter())
}
