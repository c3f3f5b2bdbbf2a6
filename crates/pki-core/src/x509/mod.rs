//! X.509: DER in, DER out. Certificates, requests, CRLs, their extensions and names; what they
//! must be like before they are signed; how certificates form chains.
//!
//! Nothing here decides what may be issued, and nothing here does I/O.

pub mod base64;
pub mod certificate;
pub mod chain;
pub mod crl;
pub mod csr;
pub mod error;
pub mod extension;
pub mod general_name;
pub mod lint;
pub mod name;
pub mod name_constraints;
pub mod ocsp;
pub mod oid;
pub mod pem;
mod signed;
pub mod subject;
mod tbs;
pub mod usage;
pub mod validity;

pub use certificate::{Certificate, TbsCertificate};
pub use chain::{ChainMember, build_chains, ways_up};
pub use crl::{
    CertificateList, CrlFrame, CrlReason, CrlSigner, RevokedEntry, SignedCrl, TbsCertList, assemble,
};
pub use csr::{CertificationRequest, CsrError, TbsCertificationRequest, sign_csr};
pub use error::ReadError;
pub use extension::{BasicConstraints, Extension, PolicyInformation};
pub use general_name::{EncodeError, NameKind, OtherName, SubjectAltNames};
pub use lint::{Finding, Lint, Linted, SignError};
pub use name::DistinguishedName;
pub use name_constraints::{IpRange, NameConstraints, Subtrees};
pub use oid::ObjectIdentifier;
pub use pem::PemBlock;
pub use subject::SubjectAttributes;
pub use usage::KeyUsage;
