//! `config/ca`, `issuers/import/…` and `intermediate/set-signed`: CAs that were made elsewhere.

use super::parameters::SecretText;
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
pub use crate::ca::import::Imported;
use crate::ca::import::{self, Keys};
use crate::error::Error;
use crate::fields;

/// Certificates with their keys.
pub const BUNDLE: Path = Path {
    patterns: &["config/ca", "issuers/import/bundle"],
    access: Access::Token,
    synopsis: "Import CA certificates and their private keys.",
    description: "All blocks of the bundle are taken in, or none. Keys are matched to certificates by their\npublic half, in whatever order they come; what is there already is named as such.",
    ops: &[Op::write::<ImportBundle>()],
};

/// Certificates alone.
pub const CERTIFICATES: Path = Path {
    patterns: &["issuers/import/cert"],
    access: Access::Token,
    synopsis: "Import CA certificates.",
    description: "As `issuers/import/bundle`, but private keys are refused.",
    ops: &[Op::write::<ImportCertificates>()],
};

/// The certificate for a request that was made here.
pub const SET_SIGNED: Path = Path {
    patterns: &["intermediate/set-signed"],
    access: Access::Token,
    synopsis: "Bring back the signed certificate of an intermediate CA.",
    description: "The certificate, and any others of its chain. One that fits no key of the mount is taken\nin with a warning: it cannot sign anything.",
    ops: &[Op::write::<SetSigned>()],
};

fields! {
    /// Imports certificates and keys.
    #[derive(Clone, Debug)]
    pub struct ImportBundle {
        /// Certificates and private keys, in PEM.
        pem_bundle: Option<SecretText>,
    }
}

impl Command for ImportBundle {
    type Reply = Imported;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Imported>, Error> {
        let text = self.pem_bundle.as_ref().map_or("", |bundle| bundle.expose());
        import::import(cx, text, Keys::Allowed)
    }
}

fields! {
    /// Imports certificates.
    #[derive(Clone, Debug)]
    pub struct ImportCertificates {
        /// Certificates, in PEM.
        pem_bundle: Option<SecretText>,
    }
}

impl Command for ImportCertificates {
    type Reply = Imported;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Imported>, Error> {
        let text = self.pem_bundle.as_ref().map_or("", |bundle| bundle.expose());
        import::import(cx, text, Keys::Refused)
    }
}

fields! {
    /// Imports what another CA signed.
    #[derive(Clone, Debug)]
    pub struct SetSigned {
        /// One certificate or several, in PEM.
        certificate: Option<SecretText>,
    }
}

impl Command for SetSigned {
    type Reply = Imported;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Imported>, Error> {
        let text = self.certificate.as_ref().map_or("", |bundle| bundle.expose());
        import::import(cx, text, Keys::Refused)
    }
}
