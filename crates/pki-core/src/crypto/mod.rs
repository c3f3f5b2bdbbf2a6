//! Keys, signatures, keystores, digests, sealing and random bytes. The only module that uses OpenSSL.
//!
//! What crosses its border are our own types and DER; DER is read and written by [`asn1`].

pub mod aead;
pub mod asn1;
pub mod digest;
pub mod error;
pub mod jks;
pub mod kdf;
pub mod key;
pub mod oid;
pub mod pkcs12;
mod pss;
pub mod random;
pub mod signature;
pub mod signer;

pub use error::{CryptoError, KeyError};
pub use key::{Curve, EncodedKey, KeySpec, MlDsa, PrivateKey, PrivateKeyForm, PublicKey};
pub use random::SystemRandom;
pub use signature::{Hash, SignatureAlgorithm};
pub use signer::StreamSigner;
