//! The clock of this machine, and random bytes for what is no request.

use std::fs::File;
use std::io::{self, Read as _};

use pki_core::Env;
use pki_core::domain::time::Timestamp;

/// Where the system hands out unpredictable bytes. A name is not worth waking OpenSSL for.
const RANDOM: &str = "/dev/urandom";

/// This moment.
pub(crate) fn now() -> Timestamp {
    Env::system().clock.now()
}

/// So many unpredictable bytes.
///
/// # Errors
///
/// When the random source cannot be read.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open(RANDOM)?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A name for one request: a random UUID. Nothing depends on it, so it may also be empty.
pub(crate) fn request_id() -> String {
    random::<16>().map_or_else(|_| String::new(), |bytes| uuid(u128::from_be_bytes(bytes)))
}

fn uuid(bits: u128) -> String {
    // Version 4, variant 1 (RFC 9562 section 5.4).
    let bits = bits & !(0xF << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let group = |shift: u32, digits: u32| bits >> shift & ((1 << (digits * 4)) - 1);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        group(96, 8),
        group(80, 4),
        group(64, 4),
        group(48, 4),
        group(0, 12)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_random_uuids() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_ne!(request_id(), request_id());
    }
}
