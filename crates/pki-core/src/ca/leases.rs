//! Leases: Vault's promise to revoke what was issued when asked for it by another name.

use serde::{Deserialize, Serialize};

use super::tables::LEASES;
use crate::api::endpoint::WriteCx;
use crate::api::request::Lease;
use crate::domain::hex;
use crate::domain::id::MountId;
use crate::domain::time::{Timestamp, format_go_duration};
use crate::store::json_record;
use crate::x509::certificate::Certificate;

/// What a lease is on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LeaseRecord {
    pub(crate) mount: MountId,
    #[serde(with = "hex")]
    pub(crate) serial: Vec<u8>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}
json_record!(LeaseRecord);

/// Puts a lease on a certificate that was issued at `path` (below the mount).
pub(crate) fn grant(
    cx: &mut WriteCx<'_>,
    path: &str,
    certificate: &Certificate,
) -> (Lease, Option<String>) {
    let (wanted, max) = (certificate.not_after().seconds_since(cx.now), cx.mount.ttls().max);
    let capped = (max < wanted).then(|| {
        format!(
            "TTL of \"{}\" exceeded the effective max_ttl of \"{}\"; TTL value is capped accordingly",
            format_go_duration(wanted),
            format_go_duration(max)
        )
    });
    let duration = wanted.min(max).max(0);
    let id = format!("{}/{path}/{}", cx.mount.path, token(cx));
    let record = LeaseRecord {
        mount: cx.mount.id,
        serial: certificate.serial().octets().to_vec(),
        issued_at: cx.now,
        expires_at: cx.now.after(duration),
    };
    let mount = cx.tx.enter(MountId::SYSTEM);
    cx.tx.insert(&LEASES, &id, &record);
    cx.tx.enter(mount);
    (Lease { id, duration: duration.unsigned_abs(), renewable: false }, capped)
}

/// Twenty-four random letters and digits.
fn token(cx: &WriteCx<'_>) -> String {
    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut token = String::new();
    while token.len() < 24 {
        let mut octets = [0; 32];
        cx.env.random.fill(&mut octets);
        // 248 is four times 62: above it, the first letters would be likelier than the last.
        let fair = octets.iter().filter(|octet| **octet < 248).map(|octet| usize::from(octet % 62));
        token.extend(fair.filter_map(|index| ALPHABET.chars().nth(index)).take(24 - token.len()));
    }
    token
}
