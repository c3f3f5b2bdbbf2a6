//! `tidy` and `tidy-status`: taking out what ended long ago.

use crate::api::endpoint::{
    Accepted, Access, Command, Op, Path, Query, ReadCx, Reply, Task, WriteCx,
};
use crate::ca::config;
use crate::ca::tables::{AUTO_TIDY, CERTS, REVOKED, TIDY};
use crate::ca::tidy::{self, Phase, TidyStatus};
use crate::domain::serial::SerialNumber;
use crate::domain::tidy::TidyPlan;
use crate::domain::time::{Timestamp, parse_signed_duration_seconds};
use crate::error::Error;
use crate::field::{Nullable, Seconds};
use crate::fields;
use crate::store::{Only, Records};

/// `tidy`.
pub const PATH: Path = Path {
    patterns: &["tidy"],
    access: Access::Token,
    synopsis: "Take out certificates and revocations that ended long ago.",
    description: "Done when the command returns. What is due goes page by page: others can write between two\npages, and pages that are done stay done if it is interrupted. A revocation goes only when a\nCRL has shown it past the end of its certificate.",
    ops: &[Op::write::<Tidy>()],
};

/// `tidy-status`.
pub const STATUS: Path = Path {
    patterns: &["tidy-status"],
    access: Access::Token,
    synopsis: "Read how the last tidy went.",
    description: "",
    ops: &[Op::read::<ReadTidyStatus>()],
};

fields! {
    /// Takes out what ended long ago.
    #[derive(Clone, Debug)]
    pub struct Tidy {
        /// Whether certificates are taken out.
        tidy_cert_store: bool = "false",
        /// Whether revocations are taken out.
        tidy_revoked_certs: bool = "false",
        /// An older name of `tidy_revoked_certs`.
        tidy_revocation_list: bool = "false",
        /// Whether revocations without an issuer are given theirs.
        tidy_revoked_cert_issuer_associations: bool = "false",
        /// Whether issuers are taken out; their keys stay.
        tidy_expired_issuers: bool = "false",
        /// Has no effect: there is no legacy bundle here.
        tidy_move_legacy_ca_bundle: bool = "false",
        /// Has no effect: there is no ACME here.
        tidy_acme: bool = "false",
        /// Whether stored certificates that cannot be parsed are taken out.
        tidy_invalid_certs: bool = "false",
        /// How long after its end a certificate stays.
        safety_buffer: Seconds = "72h",
        /// How long after its end a revoked certificate stays; as `safety_buffer` when absent.
        revoked_safety_buffer: Option<Seconds>,
        /// How long after its end an issuer stays.
        issuer_safety_buffer: Seconds = "8760h",
        /// Has no effect: there is no ACME here.
        acme_account_safety_buffer: Seconds = "720h",
        /// Has no effect: others get their turn after each page.
        pause_duration: String = "0s",
        /// Certificates that go in one transaction; at most 10,000.
        page_size: i64 = "1000",
    }
}

const STARTED: &str = "Tidy operation successfully started. Any information from the operation will be printed to pkictl's server logs.";
const UNDERWAY: &str = "Tidy operation already in progress.";
const NOTHING: &str = "Manual tidy requested but no tidy operations were set. Enable at least one tidy operation to be run (tidy_cert_store / tidy_revoked_certs / tidy_invalid_certs / tidy_revoked_cert_issuer_associations / tidy_expired_issuers / tidy_move_legacy_ca_bundle / tidy_acme).";

impl Command for Tidy {
    type Reply = Option<Accepted>;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Self::Reply>, Error> {
        let plan = self.plan()?;
        if cx.task.is_some() {
            // One of the same group is to follow.
            return Ok(Reply::from(None).warn([UNDERWAY]));
        }
        if let Some(other) = tidy::in_the_way(&cx.tx, cx.now)? {
            let hint = format!(
                "Its last page was done at {}. If no other is done for {} seconds, it is taken for dead, and another tidy can begin; after tidy-cancel one can at once.",
                other.finished.rfc3339(),
                TidyStatus::PATIENCE,
            );
            return Ok(Reply::from(None).warn([UNDERWAY, &hint]));
        }
        let warning = if plan.does_something() { STARTED } else { NOTHING };
        cx.task = Some(Task::Tidy(plan));
        Ok(Reply::from(Some(Accepted)).warn([warning]))
    }
}

impl Tidy {
    fn plan(&self) -> Result<TidyPlan, Error> {
        let revoked_safety_buffer = self.revoked_safety_buffer.unwrap_or(self.safety_buffer);
        for (name, buffer) in [
            ("safety_buffer", self.safety_buffer),
            ("revokedSafetyBuffer", revoked_safety_buffer),
            ("issuer_safety_buffer", self.issuer_safety_buffer),
            ("acme_account_safety_buffer", self.acme_account_safety_buffer),
        ] {
            buffer
                .given()
                .ok_or_else(|| Error::refused(format!("{name} must be greater than zero")))?;
        }
        let pause = parse_signed_duration_seconds(&self.pause_duration).map_err(|problem| {
            Error::refused(format!("Error parsing pause_duration: {problem}"))
        })?;
        if pause < 0 {
            return Err(Error::refused("received invalid, negative pause_duration"));
        }
        if self.page_size < 5 {
            return Err(Error::refused("page_size must be greater than five"));
        }
        Ok(TidyPlan {
            cert_store: self.tidy_cert_store,
            revoked_certs: self.tidy_revoked_certs || self.tidy_revocation_list,
            revoked_cert_issuer_associations: self.tidy_revoked_cert_issuer_associations,
            expired_issuers: self.tidy_expired_issuers,
            move_legacy_ca_bundle: self.tidy_move_legacy_ca_bundle,
            acme: self.tidy_acme,
            invalid_certs: self.tidy_invalid_certs,
            safety_buffer: self.safety_buffer.0,
            revoked_safety_buffer: revoked_safety_buffer.0,
            issuer_safety_buffer: self.issuer_safety_buffer.0,
            acme_account_safety_buffer: self.acme_account_safety_buffer.0,
            pause_duration: self.pause_duration.clone(),
            page_size: self.page_size,
        })
    }
}

fields! {
    /// Asks how the last tidy went.
    pub struct ReadTidyStatus {}
}

fields! {
    /// How the last tidy went. Everything but the state is null before the first.
    #[derive(Debug)]
    pub struct TidyStatusView {
        /// Has no meaning here.
        acme_account_deleted_count: Nullable<i64>,
        /// Has no meaning here.
        acme_account_revoked_count: Nullable<i64>,
        /// Has no meaning here.
        acme_account_safety_buffer: Nullable<i64>,
        /// Has no meaning here.
        acme_orders_deleted_count: Nullable<i64>,
        /// Certificates that were taken out.
        cert_store_deleted_count: Nullable<i64>,
        /// Certificates that are stored, if `config/auto-tidy` has them counted.
        current_cert_store_count: Nullable<i64>,
        /// Revocations that are stored, if `config/auto-tidy` has them counted.
        current_revoked_cert_count: Nullable<i64>,
        /// What went wrong.
        error: Nullable<String>,
        /// Identifier of the mount.
        internal_backend_uuid: String,
        /// How long after its end an issuer stays, in seconds.
        issuer_safety_buffer: Nullable<i64>,
        /// When a tidy last ended.
        last_auto_tidy_finished: Option<String>,
        /// How far it is.
        message: Nullable<String>,
        /// Revocations that were given their issuer.
        missing_issuer_cert_count: Nullable<i64>,
        /// Certificates that go in one transaction.
        page_size: Nullable<i64>,
        /// Has no meaning here.
        pause_duration: Nullable<String>,
        /// Revocations that were taken out.
        revoked_cert_deleted_count: Nullable<i64>,
        /// How long after its end a revoked certificate stays, in seconds.
        revoked_safety_buffer: Nullable<i64>,
        /// How long after its end a certificate stays, in seconds.
        safety_buffer: Nullable<i64>,
        /// `Inactive`, `Running`, `Finished`, `Error`, `Cancelling` or `Cancelled`.
        state: String,
        /// Has no meaning here.
        tidy_acme: Nullable<bool>,
        /// Whether certificates were to be taken out.
        tidy_cert_store: Nullable<bool>,
        /// Whether issuers were to be taken out.
        tidy_expired_issuers: Nullable<bool>,
        /// Whether stored certificates that cannot be parsed were to be taken out.
        tidy_invalid_certs: Nullable<bool>,
        /// Has no meaning here.
        tidy_move_legacy_ca_bundle: Nullable<bool>,
        /// Whether revocations were to be given their issuer.
        tidy_revoked_cert_issuer_associations: Nullable<bool>,
        /// Whether revocations were to be taken out.
        tidy_revoked_certs: Nullable<bool>,
        /// When it ended; null while it is running.
        time_finished: Nullable<String>,
        /// When it began.
        time_started: Nullable<String>,
        /// Has no meaning here.
        total_acme_account_count: Nullable<i64>,
    }
}

impl Query for ReadTidyStatus {
    type Reply = TidyStatusView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<TidyStatusView>, Error> {
        let status = cx.view.get(&TIDY, &Only)?;
        let mut view = show(status.as_ref(), cx.mount.uuid.to_string(), cx.now);
        if config::load(cx.view, &AUTO_TIDY)?.maintain_counts {
            view.current_cert_store_count = Nullable(Some(count(cx, &CERTS)?));
            view.current_revoked_cert_count = Nullable(Some(count(cx, &REVOKED)?));
        }
        Ok(view.into())
    }
}

fn count<V>(cx: &ReadCx<'_>, records: &Records<SerialNumber, V>) -> Result<i64, Error> {
    Ok(i64::try_from(cx.view.count(records)?).unwrap_or(i64::MAX))
}

/// What became of a tidy that another command found unfinished, and nobody at it.
const INTERRUPTED: &str = "interrupted; the next tidy does the rest";

fn state(status: Option<&TidyStatus>, now: Timestamp) -> &'static str {
    match status {
        None => "Inactive",
        Some(status) if status.was_interrupted(now) => "Error",
        Some(status) => match status.phase {
            Phase::Running => "Running",
            Phase::Finished => "Finished",
            Phase::Cancelling => "Cancelling",
            Phase::Cancelled => "Cancelled",
            Phase::Failed => "Error",
        },
    }
}

fn error(status: Option<&TidyStatus>, now: Timestamp) -> Option<String> {
    let status = status?;
    let interrupted = status.was_interrupted(now).then(|| INTERRUPTED.to_owned());
    interrupted.or_else(|| status.error.clone())
}

pub(super) fn show(
    status: Option<&TidyStatus>,
    internal_backend_uuid: String,
    now: Timestamp,
) -> TidyStatusView {
    let (state, error) = (state(status, now), error(status, now));
    let ended = status.filter(|status| !status.is_underway(now));
    let int = |pick: fn(&TidyStatus) -> i64| Nullable(status.map(pick));
    let flag = |pick: fn(&TidyPlan) -> bool| Nullable(status.map(|status| pick(&status.plan)));
    let text = |pick: fn(&TidyStatus) -> String| Nullable(status.map(pick));
    TidyStatusView {
        acme_account_deleted_count: int(|_| 0),
        acme_account_revoked_count: int(|_| 0),
        acme_account_safety_buffer: int(|status| status.plan.acme_account_safety_buffer),
        acme_orders_deleted_count: int(|_| 0),
        cert_store_deleted_count: int(|status| status.cert_store_deleted),
        current_cert_store_count: Nullable(None),
        current_revoked_cert_count: Nullable(None),
        error: Nullable(error),
        internal_backend_uuid,
        issuer_safety_buffer: int(|status| status.plan.issuer_safety_buffer),
        last_auto_tidy_finished: status.map(|status| status.finished.rfc3339_nanos()),
        message: Nullable(None),
        missing_issuer_cert_count: int(|status| status.missing_issuer_certs),
        page_size: int(|status| status.plan.page_size),
        pause_duration: text(|status| status.plan.pause_duration.clone()),
        revoked_cert_deleted_count: int(|status| status.revoked_cert_deleted),
        revoked_safety_buffer: int(|status| status.plan.revoked_safety_buffer),
        safety_buffer: int(|status| status.plan.safety_buffer),
        state: state.to_owned(),
        tidy_acme: flag(|plan| plan.acme),
        tidy_cert_store: flag(|plan| plan.cert_store),
        tidy_expired_issuers: flag(|plan| plan.expired_issuers),
        tidy_invalid_certs: flag(|plan| plan.invalid_certs),
        tidy_move_legacy_ca_bundle: flag(|plan| plan.move_legacy_ca_bundle),
        tidy_revoked_cert_issuer_associations: flag(|plan| plan.revoked_cert_issuer_associations),
        tidy_revoked_certs: flag(|plan| plan.revoked_certs),
        time_finished: Nullable(ended.map(|status| status.finished.rfc3339_nanos())),
        time_started: text(|status| status.started.rfc3339_nanos()),
        total_acme_account_count: int(|_| 0),
    }
}
