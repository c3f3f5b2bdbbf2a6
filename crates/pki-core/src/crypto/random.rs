//! Random bytes from OpenSSL.

use std::thread;
use std::time::Duration;

use super::error::{CryptoError, failed};
use crate::env::SecureRandom;

/// OpenSSL's random source, which seeds itself from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl SystemRandom {
    /// Fills the buffer, or says why not.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Library`] if OpenSSL cannot be seeded.
    pub fn try_fill(&self, buffer: &mut [u8]) -> Result<(), CryptoError> {
        openssl::rand::rand_bytes(buffer).map_err(failed("make random bytes"))
    }
}

impl SecureRandom for SystemRandom {
    /// Waits until there is randomness. This cannot report a failure, and must not return
    /// octets that could be guessed: no serial number is better than one that is known before.
    /// So it asks again, as the operating system's own call waits while it is not seeded.
    fn fill(&self, buffer: &mut [u8]) {
        while self.try_fill(buffer).is_err() {
            thread::sleep(Duration::from_millis(100));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_filled() {
        let mut one = [0; 32];
        let mut other = [0; 32];
        SystemRandom.fill(&mut one);
        SystemRandom.fill(&mut other);
        assert_ne!(one, [0; 32]);
        assert_ne!(one, other);
    }
}
