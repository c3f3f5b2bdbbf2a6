//! The engine of pkictl.
pub mod api;
mod ca;
pub mod crypto;
pub mod domain;
pub mod engine;
pub mod env;
pub mod error;
pub mod field;
pub mod paths;
pub mod policy;
pub mod seal;
mod store;
mod system;
pub mod x509;

pub use api::{Body, Candidate, Lease, Operation, Request, Response};
pub use engine::{Engine, Help};
pub use env::Env;
pub use error::{Error, ErrorClass};
pub use seal::{Seal, SealError, Unlock};
