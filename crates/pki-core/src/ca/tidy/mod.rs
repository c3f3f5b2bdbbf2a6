//! Tidying: taking out what ended long enough ago. Walks the index of ends, so a tidy with
//! nothing due reads next to nothing. What is due goes page by page, each in a transaction of its
//! own, so that others get their turn (docs/adr/0019-tidy-in-pages.md).

mod certificates;
mod repairs;

use serde::{Deserialize, Serialize};

use super::config::{self, AutoTidyConfig};
use super::tables::{AUTO_TIDY, TIDY};
use crate::api::endpoint::{ReadCx, WriteCx};
use crate::domain::tidy::TidyPlan;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::{Only, View, json_record};

/// Records that are read at once.
const PAGE: usize = 1_000;

/// How the last tidy went, or goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TidyStatus {
    pub(crate) plan: TidyPlan,
    pub(crate) started: Timestamp,
    /// When its last page was done so far.
    pub(crate) finished: Timestamp,
    pub(crate) cert_store_deleted: i64,
    pub(crate) revoked_cert_deleted: i64,
    pub(crate) missing_issuer_certs: i64,
    #[serde(default)]
    pub(crate) phase: Phase,
    /// Why it failed, if it did.
    #[serde(default)]
    pub(crate) error: Option<String>,
}
json_record!(TidyStatus);

/// How far a tidy is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// There are more pages.
    Running,
    #[default]
    Finished,
    /// It will end before its next page.
    Cancelling,
    Cancelled,
    /// A page could not be done; those before it are.
    Failed,
}

impl TidyStatus {
    /// How long a page may take, in seconds, until whoever is at it is taken for dead.
    pub(crate) const PATIENCE: i64 = 60;

    /// Whether there is more to do, and somebody to do it.
    pub(crate) fn is_underway(&self, now: Timestamp) -> bool {
        // The clock may have been set back since.
        let alive = self.finished.before(Self::PATIENCE)..self.finished.after(Self::PATIENCE);
        self.is_unfinished() && alive.contains(&now)
    }

    /// Whether there is more to do, but whoever was at it has died.
    pub(crate) fn was_interrupted(&self, now: Timestamp) -> bool {
        self.is_unfinished() && !self.is_underway(now)
    }

    fn is_unfinished(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Cancelling)
    }
}

/// The last tidy, if it is still going on.
fn underway(view: &View<'_>, now: Timestamp) -> Result<Option<TidyStatus>, Error> {
    Ok(noted(view.get(&TIDY, &Only))?.filter(|status| status.is_underway(now)))
}

/// The tidy that has to end before another can begin. One that was cancelled does so before its
/// next page, if there still is somebody at it.
pub(crate) fn in_the_way(view: &View<'_>, now: Timestamp) -> Result<Option<TidyStatus>, Error> {
    Ok(underway(view, now)?.filter(|status| status.phase == Phase::Running))
}

/// What is noted of the last tidy. Where that cannot be read, there was none: the next notes its
/// own, and must not be kept from it.
fn noted(read: Result<Option<TidyStatus>, Error>) -> Result<Option<TidyStatus>, Error> {
    match read {
        Err(Error::DamagedRecord(_)) => Ok(None),
        read => read,
    }
}

/// A tidy between two of its pages.
#[derive(Clone, Debug)]
pub(crate) struct Tidying {
    pub(crate) status: TidyStatus,
    /// The end that was looked at last, as the index has it.
    after: Option<Vec<u8>>,
    /// Whether CRLs were built for it. Once is enough: all that goes had ended by then.
    has_built: bool,
    /// Whether CRLs have entries that may go.
    are_crls_longer: bool,
}

impl Tidying {
    /// Whether there is another page.
    pub(crate) fn goes_on(&self) -> bool {
        self.status.phase == Phase::Running
    }
}

/// Begins to carry out a plan; nothing if a tidy is going on already.
pub(crate) fn begin(cx: &mut WriteCx<'_>, plan: TidyPlan) -> Result<Option<Tidying>, Error> {
    if in_the_way(&cx.tx, cx.now)?.is_some() {
        return Ok(None);
    }
    let mut status = TidyStatus {
        plan,
        started: cx.now,
        finished: cx.now,
        cert_store_deleted: 0,
        revoked_cert_deleted: 0,
        missing_issuer_certs: 0,
        phase: Phase::Running,
        error: None,
    };
    if status.plan.invalid_certs {
        status.cert_store_deleted += repairs::invalid_certificates(cx)?;
    }
    if status.plan.revoked_cert_issuer_associations {
        status.missing_issuer_certs = repairs::associate(cx)?;
    }
    // After the others: what this removes, they would still see.
    let mut tidying = Tidying { status, after: None, has_built: false, are_crls_longer: false };
    page(cx, &mut tidying)?;
    Ok(Some(tidying))
}

/// Takes out another page. Ends where it is told to, or another tidy has begun: that does what is
/// left.
pub(crate) fn go_on(cx: &mut WriteCx<'_>, tidying: &Tidying) -> Result<Tidying, Error> {
    let mut tidying = tidying.clone();
    let noted = noted(cx.tx.get(&TIDY, &Only))?;
    match noted.filter(|noted| noted.started == tidying.status.started) {
        Some(noted) if noted.phase == Phase::Running => page(cx, &mut tidying)?,
        Some(noted) => {
            certificates::ask_for_crls(cx, &tidying)?;
            tidying.status = TidyStatus { phase: Phase::Cancelled, finished: cx.now, ..noted };
            cx.tx.put(&TIDY, &Only, &tidying.status);
        }
        None => tidying.status.phase = Phase::Cancelled,
    }
    Ok(tidying)
}

/// Notes that there is nobody at a tidy any more, and why: nobody need wait for it.
pub(crate) fn fail(cx: &mut WriteCx<'_>, tidying: &Tidying, problem: &Error) -> Result<(), Error> {
    let noted = noted(cx.tx.get(&TIDY, &Only))?;
    let own = noted.filter(|noted| noted.started == tidying.status.started);
    if let Some(noted) = own.filter(TidyStatus::is_unfinished) {
        let (phase, error) = (Phase::Failed, Some(problem.to_string()));
        cx.tx.put(&TIDY, &Only, &TidyStatus { phase, error, finished: cx.now, ..noted });
    }
    Ok(())
}

/// Takes out a page of what is due, and notes it; after the last, what there are few of.
fn page(cx: &mut WriteCx<'_>, tidying: &mut Tidying) -> Result<(), Error> {
    let plan = &tidying.status.plan;
    let is_last = !(plan.cert_store || plan.revoked_certs) || certificates::page(cx, tidying)?;
    if is_last {
        let TidyPlan { expired_issuers, issuer_safety_buffer, .. } = tidying.status.plan;
        if expired_issuers {
            repairs::expired_issuers(cx, issuer_safety_buffer)?;
        }
        tidying.status.phase = Phase::Finished;
    }
    tidying.status.finished = cx.now;
    cx.tx.put(&TIDY, &Only, &tidying.status);
    Ok(())
}

/// Has a tidy that is going on end before its next page; nothing if there is none.
pub(crate) fn cancel(cx: &mut WriteCx<'_>) -> Result<Option<TidyStatus>, Error> {
    let Some(status) = underway(&cx.tx, cx.now)? else { return Ok(None) };
    let status = TidyStatus { phase: Phase::Cancelling, ..status };
    cx.tx.put(&TIDY, &Only, &status);
    Ok(Some(status))
}

/// Whether it is time to tidy by itself. Whoever runs commands asks this after each one, and
/// then begins in a transaction of its own: what the user asked for is done by then, and does not
/// depend on how the tidy goes.
pub(crate) fn auto_due(cx: &ReadCx<'_>) -> Result<bool, Error> {
    let config = config::load(cx.view, &AUTO_TIDY)?;
    if !config.enabled {
        return Ok(false);
    }
    // Only a glance: every page of a tidy changes it, and this is asked by all who change anything.
    let last = noted(cx.view.glance(&TIDY, &Only))?;
    Ok(match last {
        Some(status) if status.is_underway(cx.now) => false,
        Some(status) if status.was_interrupted(cx.now) => 0 < config.interval,
        last => is_due(&config, last.map(|status| status.finished), cx.now),
    })
}

/// Whether an interval has passed since the last tidy, or since tidying was switched on.
fn is_due(config: &AutoTidyConfig, last: Option<Timestamp>, now: Timestamp) -> bool {
    let since = last.max(config.enabled_since).unwrap_or(Timestamp::EPOCH);
    // The clock may have been far ahead then.
    let too_soon = since.before(config.interval)..since.after(config.interval);
    config.enabled && 0 < config.interval && !too_soon.contains(&now)
}

/// Begins to tidy by itself, if it is still time to.
pub(crate) fn begin_auto(cx: &mut WriteCx<'_>) -> Result<Option<Tidying>, Error> {
    if !auto_due(&cx.reading())? {
        return Ok(None);
    }
    let plan = config::load(&cx.tx, &AUTO_TIDY)?.plan;
    begin(cx, plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidying_by_itself_waits_for_an_interval() {
        let at = Timestamp::from_unix;
        let check = |interval, since, last: Option<i64>, now, want| {
            let enabled_since = Some(at(since));
            let config =
                AutoTidyConfig { enabled: true, interval, enabled_since, ..Default::default() };
            assert_eq!(is_due(&config, last.map(at), at(now)), want);
        };
        check(100, 1_000, None, 1_099, false);
        check(100, 1_000, None, 1_100, true);
        check(100, 1_000, Some(1_050), 1_149, false);
        check(100, 1_000, Some(1_050), 1_150, true);
        check(100, 1_000, Some(5), 1_099, false);
        check(0, 1_000, None, 9_999, false);
        check(100, 1_000, Some(1_299), 1_200, false);
        check(100, 1_000, Some(9_999), 1_200, true);
        assert!(!is_due(&AutoTidyConfig::default(), None, at(9_999_999)));
    }
}
