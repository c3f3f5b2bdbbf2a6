//! Digests.

pub use openssl::sha::{sha1, sha256, sha384, sha512};
