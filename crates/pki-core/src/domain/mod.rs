//! Values: checked when made, never again. No cryptography, no I/O.

pub mod brief;
pub mod hex;
pub mod id;
pub mod secret;
pub mod serial;
pub(crate) mod tidy;
pub mod time;
