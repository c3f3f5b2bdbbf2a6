//! Every table of the store. A number, once given, keeps its meaning for ever.

use pki_store::Table;

use super::batches::BatchRecord;
use super::certs::{CertificateRecord, ExpiryKey, RevocationRecord, RevokedExpiryKey};
use super::config::{
    AutoTidyConfig, ClusterConfig, CrlConfig, IssuersConfig, KeysConfig, UrlsConfig,
};
use super::crls::homes::Homes;
use super::crls::{CrlRecord, LogKey, LogSegment, Shards};
use super::issuers::IssuerRecord;
use super::keys::KeyRecord;
use super::leases::LeaseRecord;
use super::tidy::TidyStatus;
use crate::domain::id::{CrlId, IssuerId, KeyId, MountId};
use crate::domain::serial::SerialNumber;
use crate::field::{Fields as _, Input};
use crate::policy::cel::Program;
use crate::policy::role::Role;
use crate::store::{Damaged, Format, Only, Record, Records, SETS};
use crate::system::mount::{Migration, Mount};

// Table 1 is the keyring's own, and table 6 what changes with the set of records of a table.
/// Mounts by path. System.
pub(crate) const MOUNTS: Records<String, Mount> = Records::kept(2, "mounts");
/// The number of the last mount made. System.
pub(crate) const LAST_MOUNT: Records<Only, LastMount> = Records::new(3, "last_mount");
/// Moves of mounts, by identifier. System.
pub(crate) const MIGRATIONS: Records<String, Migration> = Records::new(4, "migrations");
/// Leases by identifier. System.
pub(crate) const LEASES: Records<String, LeaseRecord> = Records::new(5, "leases");
/// Mounts that were removed, and of which records are left. System.
pub(crate) const LEFTOVERS: Records<MountId, ()> = Records::new(7, "leftovers");

/// Roles by name.
pub(crate) const ROLES: Records<String, Role> = Records::kept(10, "roles");
/// Issuers by identifier.
pub(crate) const ISSUERS: Records<IssuerId, IssuerRecord> = Records::kept(11, "issuers");
/// Identifiers of issuers by name.
pub(crate) const ISSUER_NAMES: Records<String, IssuerId> = Records::kept(12, "issuer_names");
/// Private keys, sealed, by identifier.
pub(crate) const KEYS: Records<KeyId, KeyRecord> = Records::kept(13, "keys");
/// Identifiers of keys by name.
pub(crate) const KEY_NAMES: Records<String, KeyId> = Records::kept(14, "key_names");
/// Which issuer is the default.
pub(crate) const ISSUERS_CONFIG: Records<Only, IssuersConfig> = Records::kept(15, "config/issuers");
/// Which key is the default.
pub(crate) const KEYS_CONFIG: Records<Only, KeysConfig> = Records::kept(16, "config/keys");
/// Where certificates say more is to be found.
pub(crate) const URLS_CONFIG: Records<Only, UrlsConfig> = Records::kept(17, "config/urls");
/// How CRLs are made.
pub(crate) const CRL_CONFIG: Records<Only, CrlConfig> = Records::kept(18, "config/crl");
/// Under which URLs clients reach the mount.
pub(crate) const CLUSTER_CONFIG: Records<Only, ClusterConfig> = Records::kept(19, "config/cluster");

/// Certificates by serial number.
pub(crate) const CERTS: Records<SerialNumber, CertificateRecord> = Records::large(20, "certs");
/// Serial numbers by the end of their certificates.
pub(crate) const EXPIRY: Records<ExpiryKey, ()> = Records::new(21, "expiry");
/// Revocations by serial number.
pub(crate) const REVOKED: Records<SerialNumber, RevocationRecord> = Records::new(22, "revoked");
/// Entries of CRLs by the end of their certificates.
pub(crate) const REVOKED_EXPIRY: Records<RevokedExpiryKey, ()> = Records::new(23, "revoked_expiry");
/// CRLs, and what the next one will hold.
pub(crate) const CRLS: Records<CrlId, CrlRecord> = Records::new(24, "crls");
/// Encoded CRL entries, in the order in which they came.
pub(crate) const CRL_LOG: Records<LogKey, LogSegment> = Records::large(25, "crl_log");
/// The shards of CRLs, by the CRL of which they are parts.
pub(crate) const SHARDS: Records<CrlId, Shards> = Records::kept(27, "shards");
/// What is known of the CRLs on which revocations are at home.
pub(crate) const HOMES: Records<Only, Homes> = Records::new(28, "homes");
/// How the last tidy went.
pub(crate) const TIDY: Records<Only, TidyStatus> = Records::kept(26, "tidy");

/// How tidying is done by itself.
pub(crate) const AUTO_TIDY: Records<Only, AutoTidyConfig> = Records::kept(30, "config/auto-tidy");

/// Roles that are programs, by name.
pub(crate) const CEL_ROLES: Records<String, Program> = Records::kept(31, "cel_roles");
/// How far batches have come, by identifier.
pub(crate) const BATCHES: Records<String, BatchRecord> = Records::new(40, "batches");

/// The tables whose records belong to a mount and go with it.
pub(crate) const OF_A_MOUNT: &[Table] = &[
    SETS,
    ROLES.table,
    ISSUERS.table,
    ISSUER_NAMES.table,
    KEYS.table,
    KEY_NAMES.table,
    ISSUERS_CONFIG.table,
    KEYS_CONFIG.table,
    URLS_CONFIG.table,
    CRL_CONFIG.table,
    CLUSTER_CONFIG.table,
    CERTS.table,
    EXPIRY.table,
    REVOKED.table,
    REVOKED_EXPIRY.table,
    CRLS.table,
    CRL_LOG.table,
    SHARDS.table,
    HOMES.table,
    TIDY.table,
    AUTO_TIDY.table,
    CEL_ROLES.table,
    BATCHES.table,
];

/// Those of them that grow with every certificate; the ends are the first, by which certificates
/// are found in the order in which they came.
pub(crate) const GROWING: &[Table] =
    &[EXPIRY.table, CERTS.table, REVOKED.table, REVOKED_EXPIRY.table, CRL_LOG.table];

/// The number of the last mount made.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct LastMount(pub(crate) u32);
crate::store::json_record!(LastMount);
crate::store::json_record!(IssuerId);
crate::store::json_record!(KeyId);
crate::store::json_record!(Program);

/// A role is stored as it is read back.
impl Record for Role {
    const FORMAT: Format = 1;

    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(&self.render()).unwrap_or_default()
    }

    fn decode(format: Format, bytes: &[u8]) -> Result<Self, Damaged> {
        let input: Input = match format {
            1 => serde_json::from_slice(bytes).map_err(|_| Damaged)?,
            _ => return Err(Damaged),
        };
        Self::parse(&input).map_err(|_| Damaged)
    }
}
