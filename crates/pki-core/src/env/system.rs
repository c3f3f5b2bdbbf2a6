//! The machine's own clock and random source: the only place where the engine touches either.

use std::time::{SystemTime, UNIX_EPOCH};

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
        moment(SystemTime::now())
    }
}

/// The nearest moment that can be expressed and stored: clocks may be wrong by any number of
/// years.
fn moment(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH);
    let nanos = since.map(|since| i128::try_from(since.as_nanos()).unwrap_or(i128::MAX));
    nanos.map_or(Timestamp::EPOCH, Timestamp::from_unix_nanos)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_may_be_wrong_by_any_number_of_years() {
        let seconds = Duration::from_secs;
        for (time, want) in [
            (UNIX_EPOCH, Timestamp::EPOCH),
            (UNIX_EPOCH + Duration::from_millis(1_500), Timestamp::from_unix_nanos(1_500_000_000)),
            (UNIX_EPOCH - seconds(90_000_000_000), Timestamp::EPOCH),
            (UNIX_EPOCH + seconds(300_000_000_000), Timestamp::LAST),
            (UNIX_EPOCH + seconds(u64::MAX >> 2), Timestamp::LAST),
        ] {
            assert_eq!(moment(time), want, "{time:?}");
        }
    }
}
