//! What the program acknowledged, and whether a store still knows it.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use pki_core::x509::Certificate;
use pkictl_tests::chance::Chance;
use serde_json::Value;

use super::answers::{Reader, now};
use super::place::Outcome;

/// What was acknowledged.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Certificates by serial number, as they were given out, and when they end.
    issued: BTreeMap<String, (Vec<u8>, i64)>,
    revoked: BTreeMap<String, i64>,
    /// The limit of each role.
    roles: BTreeMap<String, u64>,
    issuers: BTreeMap<String, String>,
    /// The number of each CRL that was shown or is known.
    numbers: BTreeMap<String, u64>,
}

/// What a command asks for, and with it what its success means.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Issue { ttl: &'static str },
    Revoke { serial: String },
    Role { name: String, limit: u64 },
    Tidy,
    RotateCrl,
    ReadCrl,
    RotateRoot { name: String },
}

impl Deed {
    pub(super) fn words(&self) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Issue { ttl } => &[
                "write",
                "-format=json",
                "pki/issue/web",
                "common_name=a.test",
                &format!("ttl={ttl}"),
            ],
            Self::Revoke { serial } => {
                &["write", "-format=json", "pki/revoke", &format!("serial_number={serial}")]
            }
            Self::Role { name, limit } => &[
                "write",
                "-format=json",
                &format!("pki/roles/{name}"),
                &format!("max_ttl={limit}"),
                "key_type=ec",
            ],
            Self::Tidy => &[
                "write",
                "-format=json",
                "pki/tidy",
                "tidy_cert_store=true",
                "tidy_revoked_certs=true",
                "safety_buffer=1s",
            ],
            Self::RotateCrl => &["read", "-format=json", "pki/crl/rotate"],
            Self::ReadCrl => &["read", "-format=json", "pki/cert/crl"],
            Self::RotateRoot { name } => &[
                "write",
                "-format=json",
                "pki/root/rotate/internal",
                "key_type=ec",
                "ttl=87600h",
                &format!("common_name={name}"),
                &format!("issuer_name={name}"),
            ],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}

impl Ledger {
    /// Takes down what a command that succeeded has said.
    pub(super) fn acknowledge(&mut self, deed: &Deed, outcome: &Outcome) -> Result<()> {
        let data = outcome.data()?;
        let text = |field: &str| data.get(field).and_then(Value::as_str).unwrap_or_default();
        match deed {
            Deed::Issue { .. } => {
                let found = Certificate::from_pem(text("certificate"))?;
                let serial = found.serial().to_string();
                let earlier = self
                    .issued
                    .insert(serial.clone(), (found.as_der().to_vec(), found.not_after().unix()));
                ensure!(earlier.is_none(), "{serial} was given out twice");
            }
            Deed::Revoke { serial } => {
                let since = data.get("revocation_time").and_then(Value::as_i64).unwrap_or(0);
                self.revoked.insert(serial.clone(), since);
            }
            Deed::Role { name, limit } => {
                self.roles.insert(name.clone(), *limit);
            }
            Deed::RotateRoot { .. } => {
                self.issuers.insert(text("issuer_id").to_owned(), text("serial_number").to_owned());
            }
            Deed::Tidy | Deed::RotateCrl | Deed::ReadCrl => (),
        }
        Ok(())
    }

    /// A certificate that was issued for long and is not known to be revoked.
    pub(super) fn some_valid(&self, chance: &mut Chance) -> Option<String> {
        let soon = now() + 3_600;
        let is_valid = |(serial, (_, end)): &(&String, &(Vec<u8>, i64))| {
            soon < *end && !self.revoked.contains_key(*serial)
        };
        let valid: Vec<&String> =
            self.issued.iter().filter(is_valid).map(|(serial, _)| serial).collect();
        let index = chance.below(u64::try_from(valid.len()).ok()?);
        valid.get(usize::try_from(index).ok()?).map(|serial| (*serial).clone())
    }

    /// The limit of a role as it was last written.
    pub(super) fn limit(&self, role: &str) -> u64 {
        self.roles.get(role).copied().unwrap_or(3_600)
    }

    /// How many certificates and revocations were acknowledged.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.issued.len(), self.revoked.len())
    }

    /// Compares a store with what was acknowledged, and takes down the numbers of its CRLs.
    pub(super) fn holds_in(&mut self, reader: &Reader) -> Result<()> {
        let state = reader.state()?;
        let now = now();
        // Tidy takes what has ended.
        for (serial, (der, _)) in self.issued.iter().filter(|(_, (_, end))| now <= *end) {
            ensure!(state.certs.contains_key(serial), "certificate {serial} is lost");
            ensure!(reader.cert(serial)?.as_der() == der, "certificate {serial} is another");
            let is_revoked = self.revoked.contains_key(serial);
            ensure!(!is_revoked || state.revoked.contains(serial), "{serial} is not revoked");
        }
        for (name, limit) in &self.roles {
            let role = state.roles.get(name).and_then(|role| role.get("max_ttl"));
            let found = role.and_then(Value::as_u64);
            // The next one may have been written without being acknowledged.
            let is_there = found == Some(*limit) || found == Some(limit + 1);
            ensure!(is_there, "role {name} has max_ttl {found:?}, not {limit}");
        }
        for id in self.issuers.keys() {
            ensure!(state.issuers.contains_key(id), "issuer {id} is lost");
        }
        for (id, crl) in reader.crls(&state)? {
            let before = self.numbers.insert(id.clone(), crl.number).unwrap_or(0);
            ensure!(before <= crl.number, "CRL of {id}: {before} was followed by {}", crl.number);
        }
        Ok(())
    }
}
