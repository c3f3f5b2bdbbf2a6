//! The machine's own clock and random source: the only place where the engine touches either.

use super::{Clock, Env};
use crate::crypto::SystemRandom;
use crate::domain::time::Timestamp;

impl Env {
    /// The clock of this machine, and OpenSSL's random source.
    pub fn system() -> Self {
        Self { clock: Box::new(SystemClock), random: Box::new(SystemRandom) }
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that all others ask")]
    fn now(&self) -> Timestamp {
        Timestamp::from(time::OffsetDateTime::now_utc())
    }
}
