//! What several paths share: issuers, keys, issuing, revoking, CRLs. Everything here works on a
//! view or a transaction that it is given; what is decided without either is in `policy`, and
//! bytes are made in `x509`.

pub(crate) mod aia;
pub(crate) mod batches;
pub(crate) mod ca_key;
pub(crate) mod certs;
pub(crate) mod config;
pub(crate) mod crls;
pub(crate) mod ends;
pub(crate) mod import;
pub(crate) mod inventory;
pub(crate) mod issue;
pub(crate) mod issuers;
pub(crate) mod keys;
pub(crate) mod leases;
pub(crate) mod leftovers;
pub(crate) mod mounts;
pub(crate) mod ocsp;
pub(crate) mod packaging;
pub(crate) mod profile;
pub(crate) mod revoke;
pub(crate) mod revoke_all;
pub(crate) mod tables;
pub(crate) mod templates;
pub(crate) mod tidy;
pub(crate) mod verbatim;
