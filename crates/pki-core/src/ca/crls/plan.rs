//! When a CRL must be built. Pure.

use super::record::CrlRecord;
use crate::ca::config::CrlConfig;
use crate::domain::time::Timestamp;

/// Why a CRL must be built, or that it need not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// There is none.
    Missing,
    /// Something it depends on changed, or someone asked.
    Requested,
    /// There are revocations that it does not show.
    Revocations,
    /// It ends, or is about to.
    Ending,
    /// It says what there is to say.
    Not,
}

/// Whether a CRL must be built at `now`.
pub(crate) fn due(record: &CrlRecord, config: &CrlConfig, now: Timestamp) -> Due {
    let Some(built) = &record.built else { return Due::Missing };
    if config.disable && built.disabled {
        return Due::Not;
    }
    if record.requested || config.disable != built.disabled {
        return Due::Requested;
    }
    let grace = if config.auto_rebuild { config.grace_seconds() } else { 0 };
    if built.next_update.before(grace) <= now {
        return Due::Ending;
    }
    let is_behind = record.stale_log || built.covered != record.log_length;
    if is_behind && !config.auto_rebuild { Due::Revocations } else { Due::Not }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::crls::record::BuiltCrl;

    const NOW: i64 = 1_800_000_000;

    fn built(disabled: bool) -> CrlRecord {
        let built = BuiltCrl {
            number: 3,
            this_update: Timestamp::from_unix(NOW),
            next_update: Timestamp::from_unix(NOW + 72 * 3600),
            covered: 80,
            disabled,
            prefix: Vec::new(),
            suffix: Vec::new(),
        };
        CrlRecord { number: 3, log_length: 80, built: Some(built), ..CrlRecord::default() }
    }

    #[track_caller]
    fn check(record: &CrlRecord, config: &CrlConfig, after_hours: i64, want: Due) {
        assert_eq!(due(record, config, Timestamp::from_unix(NOW + after_hours * 3600)), want);
    }

    #[test]
    fn a_crl_is_due_when_something_is_missing_from_it() {
        let plain = CrlConfig::default();
        check(&CrlRecord::default(), &plain, 0, Due::Missing);
        check(&built(false), &plain, 0, Due::Not);
        check(&CrlRecord { log_length: 119, ..built(false) }, &plain, 0, Due::Revocations);
        check(&CrlRecord { requested: true, ..built(false) }, &plain, 0, Due::Requested);
        check(&built(false), &plain, 72, Due::Ending);
    }

    #[test]
    fn auto_rebuild_waits_for_the_end() {
        let auto = CrlConfig { auto_rebuild: true, ..CrlConfig::default() };
        let behind = CrlRecord { log_length: 119, ..built(false) };
        check(&behind, &auto, 59, Due::Not);
        check(&behind, &auto, 60, Due::Ending);
    }

    #[test]
    fn a_disabled_crl_is_emptied_once() {
        let disabled = CrlConfig { disable: true, ..CrlConfig::default() };
        check(&built(false), &disabled, 0, Due::Requested);
        check(&CrlRecord { log_length: 119, ..built(true) }, &disabled, 100, Due::Not);
        check(&built(true), &CrlConfig::default(), 0, Due::Requested);
    }
}
