//! Every Vault path below a mount, one file each.

pub mod auto_tidy;
pub mod ca;
pub mod ca_chain;
pub mod cel_issue;
pub mod cel_parameters;
pub mod cel_roles;
pub mod cel_sign;
pub mod cert;
pub mod certs;
pub mod certs_detailed;
pub mod config_cluster;
pub mod config_crl;
pub mod config_issuers;
pub mod config_keys;
pub mod config_urls;
pub mod crl;
pub mod crl_delta;
pub mod crl_rotate;
pub mod crl_rotate_delta;
pub mod crl_shard;
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
pub mod ocsp;
pub mod parameters;
pub mod resign_crls;
pub mod revoke;
pub mod revoke_with_key;
pub mod roles;
pub mod root;
pub mod root_delete;
pub mod sign;
pub mod sign_intermediate;
pub mod sign_revocation_list;
pub mod sign_self_issued;
pub mod sign_verbatim;
pub mod tidy;
pub mod tidy_cancel;

use crate::api::endpoint::Path;

/// The table everything is derived from. Order means nothing.
pub const PATHS: &[&Path] = &[
    &auto_tidy::PATH,
    &ca::PATH,
    &ca::PEM,
    &ca_chain::PATH,
    &cel_issue::PATH,
    &cel_roles::LIST,
    &cel_roles::PATH,
    &cel_sign::PATH,
    &cert::CA,
    &cert::CA_CHAIN,
    &cert::CRL,
    &cert::DELTA_CRL,
    &cert::PATH,
    &cert::RAW,
    &cert::RAW_PEM,
    &certs::PATH,
    &certs::REVOKED_PATH,
    &certs_detailed::PATH,
    &config_cluster::PATH,
    &config_crl::PATH,
    &config_issuers::PATH,
    &config_issuers::REPLACE,
    &config_keys::PATH,
    &config_urls::PATH,
    &crl::DER,
    &crl::JSON,
    &crl::PEM,
    &crl_delta::DER,
    &crl_delta::JSON,
    &crl_delta::PEM,
    &crl_shard::DER,
    &crl_shard::JSON,
    &crl_shard::PEM,
    &crl_rotate::PATH,
    &crl_rotate_delta::PATH,
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
    &ocsp::GET,
    &ocsp::POST,
    &resign_crls::PATH,
    &revoke::PATH,
    &revoke_with_key::PATH,
    &roles::LIST,
    &roles::PATH,
    &root::PATH,
    &root::ROTATE,
    &root_delete::PATH,
    &sign::PATH,
    &sign_intermediate::PATH,
    &sign_revocation_list::PATH,
    &sign_self_issued::PATH,
    &sign_verbatim::BARE,
    &sign_verbatim::PATH,
    &tidy::PATH,
    &tidy::STATUS,
    &tidy_cancel::PATH,
];
