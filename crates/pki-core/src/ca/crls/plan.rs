//! When a CRL must be built. Pure.

use super::record::{CrlRecord, DeltaCrl};
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
    /// It ends, or is about to, or has not begun because a clock was set back.
    Ending,
    /// It says what there is to say.
    Not,
}

/// Whether a complete CRL must be built at `now`.
pub(crate) fn due(record: &CrlRecord, config: &CrlConfig, now: Timestamp) -> Due {
    let Some(built) = &record.built else { return Due::Missing };
    if record.delta.is_none() && !built.is_of_shard {
        return Due::Missing;
    }
    if config.disable && built.disabled {
        return Due::Not;
    }
    let is_switched = config.disable != built.disabled || config.enable_delta != built.with_deltas;
    if record.requested || is_switched {
        return Due::Requested;
    }
    let grace = if config.auto_rebuild { config.grace_seconds() } else { 0 };
    if built.next_update.before(grace) <= now || now < built.this_update {
        return Due::Ending;
    }
    if record.is_behind() && !config.auto_rebuild {
        return Due::Revocations;
    }
    // A delta CRL cannot be cut from a log that has to be made anew.
    let is_old = record.delta.as_ref().is_some_and(|delta| is_old(delta, config, now));
    if record.stale_log && config.enable_delta && is_old {
        return Due::Revocations;
    }
    Due::Not
}

/// Whether a delta CRL must be built at `now`, where no complete one has to be.
pub(crate) fn is_delta_due(record: &CrlRecord, config: &CrlConfig, now: Timestamp) -> bool {
    let (Some(built), Some(delta)) = (&record.built, &record.delta) else { return false };
    if !config.enable_delta || built.disabled {
        return false;
    }
    let has_news = delta.shown < record.log_length && is_old(delta, config, now);
    has_news || delta.next_update <= now || now < delta.this_update
}

fn is_old(delta: &DeltaCrl, config: &CrlConfig, now: Timestamp) -> bool {
    delta.this_update.after(config.delta_interval_seconds()) <= now
}

/// How long before the end of a CRL its successor should be there: who fetched one just before
/// that must not be left without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlap {
    /// The grace period of the mount, but no more than half of the CRL's own time: the next one
    /// would be as close to its end.
    Grace,
    /// So many seconds.
    Seconds(i64),
}

/// Whether the successor of what is valid for this time should be there at `now`.
fn is_ending(
    (this_update, next_update): (Timestamp, Timestamp),
    overlap: Overlap,
    config: &CrlConfig,
    now: Timestamp,
) -> bool {
    let ahead = match overlap {
        Overlap::Grace => config.grace_seconds().min(next_update.seconds_since(this_update) / 2),
        Overlap::Seconds(seconds) => seconds,
    };
    next_update.before(ahead) <= now
}

/// What to do about a CRL that is not due.
fn ending(record: &CrlRecord, overlap: Overlap, config: &CrlConfig, now: Timestamp) -> Work {
    let (Some(built), Some(delta)) = (&record.built, &record.delta) else { return Work::Nothing };
    if is_ending((built.this_update, built.next_update), overlap, config, now) {
        return Work::Complete;
    }
    let is_delta_ending = is_ending((delta.this_update, delta.next_update), overlap, config, now);
    if config.enable_delta && is_delta_ending { Work::Delta } else { Work::Nothing }
}

/// Which CRLs to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that are due.
    Due,
    /// Those that are due, and those whose successor should be there already.
    Ending(Overlap),
    /// All of them.
    All,
    /// All delta CRLs, and the complete ones without which they cannot be.
    Deltas,
}

/// What to do about one CRL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A complete CRL, and an empty delta CRL with it.
    Complete,
    /// A delta CRL.
    Delta,
    /// Nothing.
    Nothing,
}

/// What to do about a CRL at `now`.
pub(crate) fn work(which: Which, record: &CrlRecord, config: &CrlConfig, now: Timestamp) -> Work {
    // A disabled CRL was emptied once; asking again changes nothing.
    if config.disable && record.built.as_ref().is_some_and(|built| built.disabled) {
        return Work::Nothing;
    }
    let is_due = due(record, config, now) != Due::Not;
    let has_deltas = record.delta.is_some();
    match which {
        Which::All => Work::Complete,
        _ if is_due => Work::Complete,
        Which::Deltas if record.stale_log => Work::Complete,
        Which::Deltas if has_deltas => Work::Delta,
        Which::Deltas => Work::Nothing,
        Which::Due if is_delta_due(record, config, now) => Work::Delta,
        Which::Due => Work::Nothing,
        Which::Ending(overlap) => match ending(record, overlap, config, now) {
            Work::Nothing if is_delta_due(record, config, now) => Work::Delta,
            work => work,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::crls::record::{BuiltCrl, LogEnd};

    const NOW: i64 = 1_800_000_000;
    const HOUR: i64 = 3_600;

    fn built(disabled: bool) -> CrlRecord {
        let (this_update, next_update) =
            (Timestamp::from_unix(NOW), Timestamp::from_unix(NOW + 72 * HOUR));
        let built = BuiltCrl {
            number: 3,
            this_update,
            next_update,
            covered: 80,
            end: LogEnd { segment: 0, offset: 80 },
            disabled,
            with_deltas: false,
            is_of_shard: false,
            prefix: Vec::new(),
            suffix: Vec::new(),
        };
        let delta = DeltaCrl {
            number: 3,
            this_update,
            next_update,
            shown: 80,
            prefix: Vec::new(),
            suffix: Vec::new(),
        };
        let (built, delta) = (Some(built), Some(delta));
        CrlRecord { number: 3, log_length: 80, built, delta, ..CrlRecord::default() }
    }

    fn with_deltas(record: CrlRecord) -> CrlRecord {
        let built = record.built.map(|built| BuiltCrl { with_deltas: true, ..built });
        CrlRecord { built, ..record }
    }

    fn deltas() -> CrlConfig {
        CrlConfig { auto_rebuild: true, enable_delta: true, ..CrlConfig::default() }
    }

    #[track_caller]
    fn check(record: &CrlRecord, config: &CrlConfig, after_seconds: i64, want: Due) {
        assert_eq!(due(record, config, Timestamp::from_unix(NOW + after_seconds)), want);
    }

    #[track_caller]
    fn check_work(which: Which, record: &CrlRecord, config: &CrlConfig, after: i64, want: Work) {
        assert_eq!(work(which, record, config, Timestamp::from_unix(NOW + after)), want);
    }

    #[test]
    fn a_crl_is_due_when_something_is_missing_from_it() {
        let plain = CrlConfig::default();
        check(&CrlRecord::default(), &plain, 0, Due::Missing);
        check(&CrlRecord { delta: None, ..built(false) }, &plain, 0, Due::Missing);
        check(&built(false), &plain, 0, Due::Not);
        check(&CrlRecord { log_length: 119, ..built(false) }, &plain, 0, Due::Revocations);
        check(&CrlRecord { requested: true, ..built(false) }, &plain, 0, Due::Requested);
        check(&built(false), &plain, 72 * HOUR, Due::Ending);
        check(&built(false), &plain, -1, Due::Ending);
    }

    #[test]
    fn auto_rebuild_waits_for_the_end() {
        let auto = CrlConfig { auto_rebuild: true, ..CrlConfig::default() };
        let behind = CrlRecord { log_length: 119, ..built(false) };
        check(&behind, &auto, 59 * HOUR, Due::Not);
        check(&behind, &auto, 60 * HOUR, Due::Ending);
    }

    #[test]
    fn a_disabled_crl_is_emptied_once() {
        let disabled = CrlConfig { disable: true, ..CrlConfig::default() };
        check(&built(false), &disabled, 0, Due::Requested);
        check(&CrlRecord { log_length: 119, ..built(true) }, &disabled, 100 * HOUR, Due::Not);
        check(&built(true), &CrlConfig::default(), 0, Due::Requested);
        check_work(Which::All, &built(true), &disabled, 0, Work::Nothing);
        check_work(Which::Deltas, &built(true), &disabled, 0, Work::Nothing);
        check_work(Which::All, &built(false), &disabled, 0, Work::Complete);
    }

    #[test]
    fn switching_deltas_asks_for_a_complete_crl() {
        check(&built(false), &deltas(), 0, Due::Requested);
        let auto = CrlConfig { enable_delta: false, ..deltas() };
        check(&with_deltas(built(false)), &auto, 0, Due::Requested);
        check(&with_deltas(built(false)), &deltas(), 0, Due::Not);
    }

    #[test]
    fn the_crl_of_a_shard_has_no_deltas() {
        let plain = built(false);
        let of_shard = plain.built.map(|built| BuiltCrl { is_of_shard: true, ..built });
        let shard = CrlRecord { built: of_shard, delta: None, ..plain };
        check(&shard, &CrlConfig::default(), 0, Due::Not);
        check(&with_deltas(shard.clone()), &deltas(), 0, Due::Not);
        check_work(Which::Deltas, &with_deltas(shard), &deltas(), 0, Work::Nothing);
    }

    #[test]
    fn a_successor_is_there_before_the_end() {
        let plain = CrlConfig::default();
        let check = |record: &CrlRecord, config: &CrlConfig, overlap, after, want| {
            check_work(Which::Ending(overlap), record, config, after, want);
        };
        check(&built(false), &plain, Overlap::Grace, 60 * HOUR - 1, Work::Nothing);
        check(&built(false), &plain, Overlap::Grace, 60 * HOUR, Work::Complete);
        let long = CrlConfig { auto_rebuild_grace_period: "70h".into(), ..plain.clone() };
        check(&built(false), &long, Overlap::Grace, 36 * HOUR - 1, Work::Nothing);
        check(&built(false), &long, Overlap::Grace, 36 * HOUR, Work::Complete);
        let hour = Overlap::Seconds(HOUR);
        check(&built(false), &plain, hour, 71 * HOUR - 1, Work::Nothing);
        check(&built(false), &plain, hour, 71 * HOUR, Work::Complete);
        check(&built(false), &plain, Overlap::Seconds(0), 72 * HOUR, Work::Complete);
        let behind = CrlRecord { log_length: 119, ..built(false) };
        check(&behind, &plain, hour, 0, Work::Complete);
        let behind = with_deltas(behind);
        check(&behind, &deltas(), hour, 899, Work::Nothing);
        check(&behind, &deltas(), hour, 900, Work::Delta);
        let disabled = CrlConfig { disable: true, ..plain };
        check(&built(true), &disabled, hour, 100 * HOUR, Work::Nothing);
    }

    #[test]
    fn a_delta_is_due_when_its_interval_has_passed_and_there_is_news() {
        let settled = with_deltas(built(false));
        let behind = CrlRecord { log_length: 119, ..settled.clone() };
        check_work(Which::Due, &settled, &deltas(), HOUR, Work::Nothing);
        check_work(Which::Due, &behind, &deltas(), 899, Work::Nothing);
        check_work(Which::Due, &behind, &deltas(), 900, Work::Delta);
        check_work(Which::Due, &behind, &deltas(), 60 * HOUR, Work::Complete);
        check_work(Which::Deltas, &settled, &deltas(), 0, Work::Delta);
        let stale = CrlRecord { stale_log: true, ..settled };
        check_work(Which::Due, &stale, &deltas(), 899, Work::Nothing);
        check_work(Which::Due, &stale, &deltas(), 900, Work::Complete);
        check_work(Which::Deltas, &stale, &deltas(), 0, Work::Complete);
    }
}
