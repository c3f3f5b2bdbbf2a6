//! The engine of pkictl: a certificate authority as a library.
//!
//! An [`Engine`] works on a store that it is given (`pki_store`), with a clock and a random
//! source that it is given ([`Env`]), and opens private keys with what their owner gives
//! ([`Seal`]). It does no I/O of its own. A request is a value; the answer is one too:
//!
//! ```
//! use std::sync::Arc;
//!
//! use pki_core::field::Seconds;
//! use pki_core::paths::{issue::Issue, roles::WriteRole, root::GenerateRoot};
//! use pki_core::{Engine, Env, Given};
//! use pki_store::memory::MemoryStore;
//!
//! # fn main() -> Result<(), pki_core::Error> {
//! let store = Arc::new(MemoryStore::new());
//! let engine = Engine::new(store, Arc::new(Given::key([7; 32])), Env::system());
//! engine.enable("pki")?;
//! let mut root = GenerateRoot::internal("Example Root");
//! root.key.key_type = Some("ec".into());
//! engine.execute("pki", &root)?;
//! let mut role = WriteRole::named("web");
//! role.role.allowed_domains = vec!["example.com".into()];
//! role.role.allow_subdomains = true;
//! role.role.key_type = "ec".into();
//! role.role.ttl = Seconds::hours(72);
//! engine.execute("pki", &role)?;
//! let issued = engine.execute("pki", &Issue::under("web", "blah.example.com"))?.data;
//! assert!(issued.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
//! # Ok(())
//! # }
//! ```
//!
//! [`Engine::handle`] takes the same requests as text, with Vault's paths and parameters: that is
//! what a command line or a server needs. Both ways run the same code: every path is declared
//! once, in [`paths`] or [`system::paths`], and everything else is derived from that.
//!
//! The layers, each of which uses only those before it: `domain` (values), `field`, `crypto`
//! (all of OpenSSL), `x509` (DER), `policy` (decisions), `store` (typed records), `ca` (what
//! paths share), `paths`, `engine`.

pub mod api;
mod ca;
pub mod crypto;
pub mod domain;
pub mod engine;
pub mod env;
pub mod error;
pub mod field;
pub mod inspect;
mod keyring;
pub mod paths;
pub mod policy;
pub mod seal;
mod store;
pub mod system;
pub mod x509;

pub use api::{Body, Candidate, Lease, Operation, Request, Response};
pub use engine::{
    CrlValidity, Engine, Found, GroupError, Help, Maintain, Maintained, Page, Pages, Revocations,
    Step, Validity, Wanted,
};
pub use env::Env;
pub use error::{Error, ErrorClass};
pub use seal::{Given, Seal, SealError, Unlock};
