//! An authority to measure: in memory, or in a directory.

use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::{Context as _, Result};
use pki_core::domain::secret::Secret;
use pki_core::domain::time::Timestamp;
use pki_core::field::{Fields as _, Input};
use pki_core::paths::issue::Issue;
use pki_core::paths::revoke::RevokeCertificate;
use pki_core::policy::selector::Selector;
use pki_core::{Engine, Env, Operation, Request, Seal, SealError, Unlock};
use pki_store::Store;
use pki_store::directory::{DirectoryStore, Options};
use pki_store::memory::MemoryStore;
use serde_json::{Value, json};

/// Certificates that are issued together while a store is filled.
const GROUP: usize = 1_500;

/// An engine with a mount `pki` that has a root, and a role `web`.
pub(crate) struct Authority {
    pub(crate) engine: Engine,
}

/// A certificate that was issued.
pub(crate) struct Issued {
    pub(crate) serial: String,
    pub(crate) pem: String,
}

impl Authority {
    /// One that is gone when dropped, without a mount.
    pub(crate) fn empty() -> Self {
        Self::over(Arc::new(MemoryStore::new()), [7; 32])
    }

    /// The same, set up.
    pub(crate) fn in_memory() -> Result<Self> {
        let authority = Self::empty();
        let config = json!({ "max_lease_ttl": "87600h" });
        authority.write("sys/mounts/pki", json!({ "type": "pki", "config": config }))?;
        for (path, data) in setup("pki") {
            authority.write(&path, data)?;
        }
        Ok(authority)
    }

    /// One that `pkictl` has set up in a directory.
    pub(crate) fn in_directory(path: &Path) -> Result<Self> {
        let store = DirectoryStore::open(path, Options::default())?;
        Ok(Self::over(Arc::new(store), key(path)?))
    }

    fn over(store: Arc<dyn Store>, key: [u8; 32]) -> Self {
        let engine = Engine::new(store, Arc::new(Key(key)), Env::system());
        Self { engine }
    }

    pub(crate) fn write(&self, path: &str, data: Value) -> Result<()> {
        let Value::Object(data) = data else { anyhow::bail!("parameters are an object") };
        let request = Request { operation: Operation::Write, path: path.to_owned(), data };
        self.engine.handle(request).map(drop).with_context(|| path.to_owned())
    }

    /// Issues under the role.
    pub(crate) fn issue(&self, request: &Issue) -> Result<Issued> {
        let issued = self.engine.execute("pki", request)?.data;
        Ok(Issued { serial: issued.serial_number, pem: issued.certificate })
    }

    /// Issues one under the role for those that stay.
    pub(crate) fn new_serial(&self) -> Result<String> {
        Ok(self.issue(&issue_request(WEB, "24h")?)?.serial)
    }

    /// How many under a role could be revoked.
    pub(crate) fn revocable(&self, role: &str) -> Result<u64> {
        Ok(self.engine.would_revoke("pki", &selector(role)?)?.count)
    }

    /// How many under a role are stored, ended or not.
    pub(crate) fn stored(&self, role: &str) -> Result<u64> {
        let mut count = 0;
        self.engine.find("pki", &selector(role)?, &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        })?;
        Ok(count)
    }

    pub(crate) fn revoke(&self, serial: &str) -> Result<()> {
        let request = parse(RevokeCertificate::parse, json!({ "serial_number": serial }))?;
        self.engine.execute("pki", &request)?;
        Ok(())
    }
}

/// The role of those that stay, on P-256.
pub(super) const WEB: &str = "web";

/// The role of those that are revoked, on P-256.
pub(super) const GONE: &str = "gone";

/// A role on RSA with 2048 bits.
pub(super) const RSA: &str = "rsa";

/// What is written to a new mount: a root on P-256, and the roles.
pub(crate) fn setup(mount: &str) -> [(String, Value); 4] {
    let root =
        json!({ "common_name": "root", "key_type": "ec", "key_bits": "256", "ttl": "87600h" });
    let role = |key_type: &str, key_bits: &str| {
        json!({
            "allow_any_name": "true", "key_type": key_type, "key_bits": key_bits, "max_ttl": "720h",
        })
    };
    [
        (format!("{mount}/root/generate/internal"), root),
        (format!("{mount}/roles/{WEB}"), role("ec", "256")),
        (format!("{mount}/roles/{GONE}"), role("ec", "256")),
        (format!("{mount}/roles/{RSA}"), role("rsa", "2048")),
    ]
}

/// All certificates under a role.
fn selector(role: &str) -> Result<Selector> {
    Ok(Selector::parse(&[format!("role={role}")], Timestamp::from_unix(0))?)
}

/// A request for a certificate under a role.
pub(crate) fn issue_request(role: &str, ttl: &str) -> Result<Issue> {
    parse(Issue::parse, json!({ "role": role, "common_name": "a.example.com", "ttl": ttl }))
}

/// Reads a request from its parameters.
pub(crate) fn parse<T>(
    read: impl FnOnce(&Input) -> Result<T, Vec<pki_core::field::FieldError>>,
    data: Value,
) -> Result<T> {
    let Value::Object(data) = data else { anyhow::bail!("parameters are an object") };
    read(&data).map_err(|problems| anyhow::anyhow!("{problems:?}"))
}

/// Issues many certificates into the store of a directory, without waiting for the disk after
/// each.
pub(crate) fn fill(path: &Path, request: &Issue, count: usize) -> Result<()> {
    let authority = Authority::in_directory(path)?;
    let jobs = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    for from in (0..count).step_by(GROUP) {
        let group = vec![request.clone(); GROUP.min(count - from)];
        authority.engine.execute_all("pki", &group, jobs)?;
    }
    Ok(())
}

/// The key in the key file that `pkictl` made.
fn key(path: &Path) -> Result<[u8; 32]> {
    let text = fs::read_to_string(path.join("seal.key")).context("reading the key file")?;
    let mut key = [0; 32];
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits)?, 16)?;
    }
    Ok(key)
}

struct Key([u8; 32]);

impl Seal for Key {
    fn unlock(&self) -> Result<Unlock, SealError> {
        Ok(Unlock::KeyFile(Secret::new(self.0)))
    }
}
