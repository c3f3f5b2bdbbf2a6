//! Leases: Vault's promise to revoke what was issued when asked for it by another name.

use serde::{Deserialize, Serialize};

use super::tables::{LEASES, REVOKED};
use super::{mounts, revoke};
use crate::api::endpoint::WriteCx;
use crate::api::request::Lease;
use crate::domain::hex;
use crate::domain::id::MountId;
use crate::domain::serial::SerialNumber;
use crate::domain::time::{Timestamp, format_go_duration};
use crate::error::Error;
use crate::store::{View, json_record};
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
            short(max)
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

/// Leases of a mount that ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) count: u64,
    /// Certificates that were revoked because their lease was the shorter one.
    pub(crate) revoked: u64,
    /// What kept certificates from being revoked.
    pub(crate) warnings: Vec<String>,
}

/// Forgets the leases of this mount that have ended. A certificate that would outlive its lease
/// is revoked; one that ended with it has nothing left to revoke.
pub(crate) fn end(cx: &mut WriteCx<'_>) -> Result<Ended, Error> {
    let mount = cx.tx.enter(MountId::SYSTEM);
    let due = fitting(&cx.tx, "", |lease| lease.mount == mount && lease.expires_at <= cx.now);
    cx.tx.enter(mount);
    let mut ended = Ended::default();
    for (id, lease) in due? {
        let system = cx.tx.enter(MountId::SYSTEM);
        cx.tx.delete(&LEASES, &id);
        cx.tx.enter(system);
        ended.count += 1;
        match outlived(cx, &lease) {
            Ok(is_revoked) => ended.revoked += u64::from(is_revoked),
            Err(Error::Refused(problem)) => ended.warnings.push(format!("lease {id}: {problem}")),
            Err(problem) => return Err(problem),
        }
    }
    Ok(ended)
}

/// The leases of some kind whose names start with `prefix`, page by page: the others are never all
/// in memory. Seen from the system's mount.
pub(crate) fn fitting(
    view: &View<'_>,
    prefix: &str,
    fits: impl Fn(&LeaseRecord) -> bool,
) -> Result<Vec<(String, LeaseRecord)>, Error> {
    const PAGE: usize = 1_000;
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let from = after.as_deref().map(str::as_bytes);
        let page: Vec<(String, LeaseRecord)> = view.scan(&LEASES, prefix.as_bytes(), from, PAGE)?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|(id, _)| id.clone());
        found.extend(page.into_iter().filter(|(_, lease)| fits(lease)));
        if is_last {
            return Ok(found);
        }
    }
}

/// Forgets leases of mounts that were removed: one may have been given while its mount was. No
/// mount gets such a number again.
pub(crate) fn forget_lost(cx: &mut WriteCx<'_>) -> Result<(), Error> {
    let mounts = mounts::readable(cx.tx.look())?;
    if mounts::has_others(cx.tx.look(), &mounts)? {
        // They may be theirs.
        return Ok(());
    }
    let is_lost = |lease: &LeaseRecord| !mounts.iter().any(|mount| mount.id == lease.mount);
    for (id, _) in fitting(&cx.tx, "", is_lost)? {
        cx.tx.delete(&LEASES, &id);
    }
    Ok(())
}

/// Revokes the certificate of a lease that has ended, if it has not ended as well. Says whether
/// it was revoked by this.
fn outlived(cx: &mut WriteCx<'_>, lease: &LeaseRecord) -> Result<bool, Error> {
    let serial = SerialNumber::from_octets(&lease.serial);
    let Some((entry, certificate)) = revoke::stored(&cx.tx, &serial)? else { return Ok(false) };
    let is_over = certificate.not_after() <= cx.now;
    if is_over || cx.tx.get(&REVOKED, &serial)?.is_some() {
        return Ok(false);
    }
    Ok(revoke::revoke(cx, &certificate, entry.issuer, None)?.data.is_some())
}

/// A span without the units at its end that are zero, as the reference writes it here.
fn short(seconds: i64) -> String {
    let text = format_go_duration(seconds);
    let text = text.strip_suffix("m0s").map_or(text.clone(), |start| format!("{start}m"));
    text.strip_suffix("h0m").map_or(text.clone(), |start| format!("{start}h"))
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
