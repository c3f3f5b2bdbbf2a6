//! Commands whose calls fail, and what it means that they are done.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Bench;
use super::answers::{State, now};
use super::place::Place;

/// What a command finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// No store.
    Nothing,
    /// A small store.
    Small,
    /// One with a revocation that is on no CRL yet.
    Due,
    /// One whose log is long enough to be emptied by the next who writes.
    Long,
}

/// A command.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) start: Start,
    /// Its words. `SERIAL` stands for the certificate that is valid, `CSR` for a file.
    words: &'static [&'static str],
    /// Whether a store is as it is after the command, given how it was before.
    pub(super) done: fn(&State, &State) -> bool,
}

const fn case(
    name: &'static str,
    start: Start,
    words: &'static [&'static str],
    done: fn(&State, &State) -> bool,
) -> Case {
    Case { name, start, words, done }
}

pub(super) const CASES: &[Case] = &[
    case("first mount", Start::Nothing, &["secrets", "enable", "pki"], mounted),
    case("another mount", Start::Small, &["secrets", "enable", "-path=other", "pki"], mounted),
    case(
        "root",
        Start::Small,
        &["write", "pki/root/generate/internal", "common_name=Other", "key_type=ec"],
        issuer_added,
    ),
    case(
        "rotated root",
        Start::Small,
        &["write", "pki/root/rotate/internal", "common_name=Next", "key_type=ec"],
        issuer_added,
    ),
    case("issue", Start::Small, &["write", "pki/issue/web", "common_name=b.test"], issued),
    case("issue, long log", Start::Long, &["write", "pki/issue/web", "common_name=b.test"], issued),
    case("sign", Start::Small, &["write", "pki/sign/web", "common_name=b.test", "CSR"], issued),
    case("revoke", Start::Small, &["write", "pki/revoke", "SERIAL"], revoked),
    case("role", Start::Small, &["write", "pki/roles/new", "max_ttl=5h"], role_written),
    case("no role", Start::Small, &["delete", "pki/roles/web"], role_deleted),
    case(
        "urls",
        Start::Small,
        &["write", "pki/config/urls", "issuing_certificates=http://a.test"],
        urls_set,
    ),
    case("rotated CRL", Start::Small, &["read", "pki/crl/rotate"], nothing_else),
    case(
        "CRL that is due",
        Start::Due,
        &["read", "-field=certificate", "pki/cert/crl"],
        nothing_else,
    ),
    case(
        "tidy",
        Start::Small,
        &["write", "pki/tidy", "tidy_cert_store=true", "safety_buffer=1s"],
        tidied,
    ),
    case("list", Start::Small, &["list", "pki/certs"], nothing_else),
    case("read", Start::Small, &["read", "pki/cert/SERIAL"], nothing_else),
    case("no mount", Start::Small, &["secrets", "disable", "pki"], unmounted),
];

impl Case {
    /// Whether it answers the same whenever it is asked.
    pub(super) fn reads(&self) -> bool {
        matches!(self.name, "list" | "read")
    }

    /// The words, with what they stand for.
    pub(super) fn words(&self, start: &Place, before: &State) -> Result<Vec<String>> {
        let now = now();
        let mut valid = before.certs.iter().filter(|(serial, end)| {
            now < **end && **end < now + 200_000 && !before.revoked.contains(*serial)
        });
        let serial = valid.next().map_or("", |(serial, _)| serial);
        let csr = start.folder().join("request.pem");
        let word = |word: &&str| match *word {
            "SERIAL" => format!("serial_number={serial}"),
            "CSR" => format!("csr=@{}", csr.display()),
            other => other.replace("SERIAL", serial),
        };
        Ok(self.words.iter().map(word).collect())
    }
}

impl Start {
    const ALL: [Self; 4] = [Self::Nothing, Self::Small, Self::Due, Self::Long];

    /// Makes all of them in a folder.
    pub(super) fn make_all(bench: &Bench, folder: &Path) -> Result<Vec<(Self, Place)>> {
        let made = Self::ALL.into_iter().map(|start| Ok((start, start.make(bench, folder)?)));
        let made: Result<Vec<_>> = made.collect();
        // Until the certificate that was issued to end has ended for so long that tidy takes it.
        thread::sleep(Duration::from_secs(3));
        made
    }

    fn make(self, bench: &Bench, folder: &Path) -> Result<Place> {
        let place = Place::new(&bench.program, folder.join(format!("{self:?}")))?;
        match self {
            Self::Nothing => (),
            Self::Small => {
                place.set_up()?;
                let path = "pki/intermediate/generate/internal";
                let csr = place.ok(&[
                    "write",
                    "-field=csr",
                    path,
                    "common_name=c.test",
                    "key_type=ec",
                ])?;
                std::fs::write(place.folder().join("request.pem"), csr).context("a request")?;
            }
            Self::Due => {
                place.set_up()?;
                let serial = place.issue("24h")?;
                place.ok(&["write", "pki/revoke", &format!("serial_number={serial}")])?;
            }
            Self::Long => {
                place.set_up()?;
                while std::fs::metadata(place.store().join("pki.db-wal"))?.len()
                    < 512 * 1024 - 6_000
                {
                    place.issue("24h")?;
                }
            }
        }
        Ok(place)
    }
}

fn mounted(before: &State, after: &State) -> bool {
    let same = State { mounts: after.mounts.clone(), ..before.clone() };
    let more = after.mounts.difference(&before.mounts).count();
    // A new mount holds nothing, except what no mount would answer: no urls.
    more == 1 && State { urls: after.urls.clone(), ..same } == *after
}

fn unmounted(before: &State, after: &State) -> bool {
    let mut mounts = before.mounts.clone();
    mounts.remove("pki/") && *after == State { mounts, ..State::default() }
}

fn issued(before: &State, after: &State) -> bool {
    let same = State { certs: after.certs.clone(), ..before.clone() };
    let kept = before.certs.iter().all(|(serial, end)| after.certs.get(serial) == Some(end));
    same == *after && kept && after.certs.len() == before.certs.len() + 1
}

fn issuer_added(before: &State, after: &State) -> bool {
    let kept = before.issuers.keys().all(|id| after.issuers.contains_key(id));
    kept && after.issuers.len() == before.issuers.len() + 1
        && after.keys.len() == before.keys.len() + 1
        && after.certs.len() == before.certs.len() + 1
        && after.roles == before.roles
        && after.revoked == before.revoked
}

fn revoked(before: &State, after: &State) -> bool {
    let same = State { revoked: after.revoked.clone(), ..before.clone() };
    same == *after
        && after.revoked.is_superset(&before.revoked)
        && after.revoked.len() == before.revoked.len() + 1
}

fn role_written(before: &State, after: &State) -> bool {
    let max = after.roles.get("new").and_then(|role| role.get("max_ttl"));
    let mut roles = after.roles.clone();
    roles.remove("new");
    max.and_then(serde_json::Value::as_u64) == Some(18_000)
        && State { roles, ..after.clone() } == *before
}

fn role_deleted(before: &State, after: &State) -> bool {
    let mut roles = before.roles.clone();
    roles.remove("web").is_some() && State { roles, ..before.clone() } == *after
}

fn urls_set(before: &State, after: &State) -> bool {
    let is_set = after.urls.to_string().contains("http://a.test");
    is_set && State { urls: before.urls.clone(), ..after.clone() } == *before
}

fn tidied(before: &State, after: &State) -> bool {
    let now = now();
    let kept = before.certs.iter().filter(|(_, end)| now <= **end + 2);
    let certs = kept.map(|(serial, end)| (serial.clone(), *end)).collect();
    State { certs, ..before.clone() } == *after && after.certs.len() < before.certs.len()
}

fn nothing_else(before: &State, after: &State) -> bool {
    before == after
}
