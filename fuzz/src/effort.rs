//! How long this thread has been on a processor. A clock would also count what others did there.

use std::fs;
use std::time::Duration;

/// The time so far; none where the system does not say.
pub(crate) fn so_far() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}
