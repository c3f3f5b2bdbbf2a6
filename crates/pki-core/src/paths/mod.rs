//! Every Vault path below a mount, one file each.

pub mod ca;
pub mod ca_chain;
pub mod cert;
pub mod certs;
pub mod config_cluster;
pub mod config_crl;
pub mod config_issuers;
pub mod config_keys;
pub mod config_urls;
pub mod crl;
pub mod crl_rotate;
pub mod import;
pub mod intermediate;
pub mod issue;
pub mod issuer;
pub mod issuer_write;
pub mod issuers;
pub mod key;
pub mod key_write;
pub mod keys;
pub mod keys_generate;
pub mod parameters;
pub mod revoke;
pub mod roles;
pub mod root;
pub mod root_delete;
pub mod sign;
pub mod sign_intermediate;
pub mod sign_self_issued;
pub mod sign_verbatim;
pub mod tidy;

use crate::api::endpoint::Path;
pub(crate) use parameters::KeyParameters;

/// The table everything is derived from. Order means nothing.
pub const PATHS: &[&Path] = &[
    &ca::PATH,
    &ca::PEM,
    &ca_chain::PATH,
    &cert::CA,
    &cert::CA_CHAIN,
    &cert::CRL,
    &cert::PATH,
    &cert::RAW,
    &cert::RAW_PEM,
    &certs::PATH,
    &certs::REVOKED_PATH,
    &config_cluster::PATH,
    &config_crl::PATH,
    &config_issuers::PATH,
    &config_issuers::REPLACE,
    &config_keys::PATH,
    &config_urls::PATH,
    &crl::DER,
    &crl::JSON,
    &crl::PEM,
    &crl_rotate::PATH,
    &import::BUNDLE,
    &import::CERTIFICATES,
    &import::SET_SIGNED,
    &intermediate::CROSS_SIGN,
    &intermediate::PATH,
    &issue::PATH,
    &issuer::DER,
    &issuer::JSON,
    &issuer::PATH,
    &issuer::PEM,
    &issuer_write::REVOKE,
    &issuers::PATH,
    &key::PATH,
    &keys::PATH,
    &keys_generate::EXPORTED,
    &keys_generate::IMPORT,
    &keys_generate::INTERNAL,
    &keys_generate::KMS,
    &revoke::PATH,
    &roles::LIST,
    &roles::PATH,
    &root::PATH,
    &root::ROTATE,
    &root_delete::PATH,
    &sign::PATH,
    &sign_intermediate::PATH,
    &sign_self_issued::PATH,
    &sign_verbatim::BARE,
    &sign_verbatim::PATH,
    &tidy::PATH,
    &tidy::STATUS,
];
