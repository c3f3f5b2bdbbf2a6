//! The world outside: the clock and the random source. The engine has no other.

mod system;

use crate::domain::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> Timestamp;
}

/// Makes unpredictable bytes.
pub trait SecureRandom: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// What the engine asks of the world. [`Env::system`] is the machine's; tests bring their own.
pub struct Env {
    /// Asked once a request.
    pub clock: Box<dyn Clock>,
    /// For serial numbers and identifiers. Keys are made by OpenSSL with its own source.
    pub random: Box<dyn SecureRandom>,
}
