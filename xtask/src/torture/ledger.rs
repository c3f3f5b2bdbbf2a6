//! What the program acknowledged, and whether a store still knows it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use pki_core::x509::{Certificate, CertificateList, pem};
use pkictl_tests::chance::Chance;
use serde_json::Value;

use super::answers::{Reader, now};
use super::deed::{Deed, Done};

/// What was acknowledged.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Certificates by serial number, as they were given out, and when they end.
    issued: BTreeMap<String, (Vec<u8>, i64)>,
    revoked: BTreeMap<String, i64>,
    /// The limit of each role.
    roles: BTreeMap<String, u64>,
    issuers: BTreeMap<String, String>,
    /// The number of each CRL that was looked at.
    numbers: BTreeMap<String, u64>,
    /// The number of each CRL that a command has shown, by the name of its issuer.
    shown: BTreeMap<Vec<u8>, u64>,
    is_enabled: bool,
}

impl Ledger {
    /// Takes down what was done.
    pub(super) fn acknowledge(&mut self, done: &Done) -> Result<()> {
        let Done { deed, answer, .. } = done;
        let text = |field: &str| answer.get(field).and_then(Value::as_str).unwrap_or_default();
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
                let since = answer.get("revocation_time").and_then(Value::as_i64).unwrap_or(0);
                self.revoked.insert(serial.clone(), since);
            }
            Deed::Role { name, limit } => {
                self.roles.insert(name.clone(), *limit);
            }
            Deed::Root { .. } | Deed::RotateRoot { .. } => {
                self.issuers.insert(text("issuer_id").to_owned(), text("serial_number").to_owned());
            }
            Deed::ReadCrl => self.show(text("certificate"))?,
            Deed::Enable => self.is_enabled = true,
            Deed::Tidy | Deed::RotateCrl => (),
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

    fn show(&mut self, pem: &str) -> Result<()> {
        let der = pem::first(pem).context("a CRL")?.der;
        let list = CertificateList::from_der(&der)?;
        let number = list.number().context("a number")?;
        let before = self.shown.entry(list.issuer().as_der().to_vec()).or_default();
        *before = number.max(*before);
        Ok(())
    }

    /// The limit of a role as it was last written.
    pub(super) fn limit(&self, role: &str) -> u64 {
        self.roles.get(role).copied().unwrap_or(3_600)
    }

    /// Whether there is a role that certificates can be issued under.
    pub(super) fn may_issue(&self) -> bool {
        self.roles.contains_key("web")
    }

    /// How many certificates and revocations were acknowledged.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.issued.len(), self.revoked.len())
    }

    /// Compares a store with what was acknowledged, and takes down the numbers of its CRLs.
    pub(super) fn holds_in(&mut self, reader: &Reader) -> Result<()> {
        let state = reader.state()?;
        ensure!(!self.is_enabled || state.mounts.contains("pki/"), "the mount is lost");
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
            let shown = self.shown.get(&crl.issuer).copied().unwrap_or(0);
            let before = before.max(shown);
            ensure!(before <= crl.number, "CRL of {id}: {before} was followed by {}", crl.number);
        }
        Ok(())
    }
}
