//! Certificate revocation lists.
//!
//! A CRL may have millions of entries, so it is never one value here: entries are encoded when
//! a certificate is revoked, a CRL is a head, these entries and a tail, and reading one goes
//! from entry to entry.
//!
//! Source: RFC 5280 section 5.

mod build;
mod entry;
mod list;

pub use build::{CrlFrame, CrlSigner, SignedCrl, TbsCertList, assemble};
pub use entry::{CrlReason, RevokedEntry};
pub use list::{CertificateList, Entries, Entry};
