//! What a store answers, and what must hold of it.
//!
//! It is read with the library, which is quicker than the program, and certificates and CRLs are
//! judged by their bytes: who signed them, which numbers they carry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use pki_core::x509::{Certificate, CertificateList};
use pki_core::{Body, Operation, Request};
use serde_json::{Map, Value};

use crate::bench::authority::Authority;

/// An open store.
pub(super) struct Reader(Authority);

/// What a store holds, as far as it is told to those who ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) mounts: BTreeSet<String>,
    /// Serial numbers, and when the certificates end.
    pub(super) certs: BTreeMap<String, i64>,
    pub(super) revoked: BTreeSet<String>,
    pub(super) roles: BTreeMap<String, Value>,
    pub(super) issuers: BTreeMap<String, Value>,
    pub(super) keys: BTreeSet<String>,
    pub(super) urls: Value,
}

/// A CRL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crl {
    /// The name of its issuer, as encoded.
    pub(super) issuer: Vec<u8>,
    pub(super) number: u64,
    pub(super) entries: BTreeSet<String>,
}

impl Reader {
    /// Opens a store.
    pub(super) fn open(store: &Path) -> Result<Self> {
        Ok(Self(Authority::in_directory(store)?))
    }

    fn ask(&self, operation: Operation, path: &str) -> Result<Body> {
        let request = Request { operation, path: path.to_owned(), data: Map::new() };
        let response = self.0.engine.handle(request);
        let mut response = response.map_err(|problem| anyhow::anyhow!("{path}: {problem}"))?;
        Ok(std::mem::replace(&mut response.body, Body::Empty))
    }

    /// The fields of an answer.
    pub(super) fn read(&self, path: &str) -> Result<Value> {
        match self.ask(Operation::Read, path)? {
            Body::Data(fields) => Ok(Value::Object(fields)),
            _ => Ok(Value::Null),
        }
    }

    fn text(&self, path: &str, field: &str) -> Result<String> {
        let answer = self.read(path)?;
        let text = answer.get(field).and_then(Value::as_str);
        Ok(text.with_context(|| format!("{path} has no {field}"))?.to_owned())
    }

    /// The keys of a list; none if there is nothing to list.
    pub(super) fn list(&self, path: &str) -> Result<BTreeSet<String>> {
        let request =
            Request { operation: Operation::List, path: path.to_owned(), data: Map::new() };
        let response = match self.0.engine.handle(request) {
            Ok(response) => response,
            Err(problem) if problem.class() == pki_core::ErrorClass::NotFound => {
                return Ok(BTreeSet::new());
            }
            Err(problem) => anyhow::bail!("{path}: {problem}"),
        };
        let keys = match &response.body {
            Body::Data(fields) => fields.get("keys").and_then(Value::as_array).cloned(),
            _ => None,
        };
        Ok(keys.iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// A certificate.
    pub(super) fn cert(&self, serial: &str) -> Result<Certificate> {
        let text = self.text(&format!("pki/cert/{serial}"), "certificate")?;
        let found = Certificate::from_pem(&text)?;
        ensure!(found.serial().to_string() == serial, "{serial}: it is {}", found.serial());
        Ok(found)
    }

    /// All that a store holds.
    pub(super) fn state(&self) -> Result<State> {
        let mounts = self.read("sys/mounts")?;
        let mounts: BTreeSet<String> =
            mounts.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        if !mounts.contains("pki/") {
            return Ok(State { mounts, ..State::default() });
        }
        let mut state = State {
            mounts,
            revoked: self.list("pki/certs/revoked")?,
            keys: self.list("pki/keys")?,
            urls: self.read("pki/config/urls")?,
            ..State::default()
        };
        for serial in self.list("pki/certs")? {
            let end = self.cert(&serial)?.not_after().unix();
            state.certs.insert(serial, end);
        }
        for name in self.list("pki/roles")? {
            let role = self.read(&format!("pki/roles/{name}"))?;
            state.roles.insert(name, role);
        }
        for id in self.list("pki/issuers")? {
            let issuer = self.read(&format!("pki/issuer/{id}"))?;
            state.issuers.insert(id, issuer);
        }
        Ok(state)
    }

    /// The CRL of every issuer, by the issuer's identifier. Each is signed by its issuer, and
    /// lists what is revoked and has not ended.
    pub(super) fn crls(&self, state: &State) -> Result<BTreeMap<String, Crl>> {
        let mut found = BTreeMap::new();
        let mut listed = BTreeSet::new();
        for (id, issuer) in &state.issuers {
            let text =
                issuer.get("certificate").and_then(Value::as_str).context("a certificate")?;
            let crl = self.crl(id, &Certificate::from_pem(text)?)?;
            listed.extend(crl.entries.iter().cloned());
            found.insert(id.clone(), crl);
        }
        let now = now();
        for serial in &state.revoked {
            let has_ended = state.certs.get(serial).is_some_and(|end| *end < now);
            ensure!(has_ended || listed.contains(serial), "{serial} is revoked and on no CRL");
        }
        Ok(found)
    }

    fn crl(&self, id: &str, issuer: &Certificate) -> Result<Crl> {
        let path = format!("pki/issuer/{id}/crl/der");
        let Body::Raw { bytes, .. } = self.ask(Operation::Read, &path)? else {
            anyhow::bail!("{path} is no document");
        };
        let list = CertificateList::from_der(&bytes)?;
        ensure!(list.is_signed_by(issuer.public_key()), "{path}: it has another's signature");
        let number = list.number().with_context(|| format!("{path} has no number"))?;
        let mut entries = BTreeSet::new();
        for entry in list.entries() {
            let serial = entry.map_err(|problem| anyhow::anyhow!("{path}: {problem:?}"))?.revoked;
            entries.insert(serial.serial.to_string());
        }
        Ok(Crl { issuer: list.issuer().as_der().to_vec(), number, entries })
    }
}

/// No CRL that both know may have a smaller number afterwards.
pub(super) fn none_fell(
    before: &BTreeMap<String, u64>,
    after: &BTreeMap<String, Crl>,
) -> Result<()> {
    for (id, crl) in after {
        if let Some(before) = before.get(id) {
            let number = crl.number;
            ensure!(
                *before <= number,
                "the number of the CRL of {id} fell from {before} to {number}"
            );
        }
    }
    Ok(())
}

/// The numbers of CRLs.
pub(super) fn numbers(crls: &BTreeMap<String, Crl>) -> BTreeMap<String, u64> {
    crls.iter().map(|(id, crl)| (id.clone(), crl.number)).collect()
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
