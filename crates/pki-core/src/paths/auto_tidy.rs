//! `config/auto-tidy`: tidying without being asked.

use crate::api::endpoint::{Access, Command, Op, Path, Query, ReadCx, Reply, WriteCx};
use crate::ca::config::{self, AutoTidyConfig};
use crate::ca::tables::AUTO_TIDY;
use crate::domain::tidy::TidyPlan;
use crate::domain::time::{Timestamp, parse_signed_duration_seconds};
use crate::error::Error;
use crate::field::Seconds;
use crate::fields;
use crate::store::Only;

/// `config/auto-tidy`.
pub const PATH: Path = Path {
    patterns: &["config/auto-tidy"],
    access: Access::Token,
    synopsis: "Read or set how tidying is done without being asked.",
    description: "What is sent changes. When it is time to, the command that next changes something in the mount\ntidies after it is done; see `tidy` for what that takes out.",
    ops: &[Op::read::<ReadAutoTidy>(), Op::write::<WriteAutoTidy>().tolerating(NO_EFFECT)],
};

/// Accepted, since clients of Vault send them; `tidy_revocation_list` has no effect there either.
const NO_EFFECT: &[&str] = &[
    "tidy_revocation_list",
    "min_startup_backoff_duration",
    "max_startup_backoff_duration",
    "tidy_revocation_queue",
    "revocation_queue_safety_buffer",
    "tidy_cross_cluster_revoked_certs",
    "tidy_cert_metadata",
    "tidy_cmpv2_nonce_store",
];

fields! {
    /// Asks for the settings.
    pub struct ReadAutoTidy {}
}

fields! {
    /// Changes settings.
    #[derive(Clone, Debug)]
    pub struct WriteAutoTidy {
        /// Has no effect: there is no ACME here.
        acme_account_safety_buffer: Option<Seconds>,
        /// Whether to tidy without being asked.
        enabled: Option<bool>,
        /// From one tidy to the next; 0 for never.
        interval_duration: Option<Seconds>,
        /// How long after its end an issuer stays.
        issuer_safety_buffer: Option<Seconds>,
        /// Whether `tidy-status` counts what is stored.
        maintain_stored_certificate_counts: Option<bool>,
        /// Certificates that go in one transaction; at most 10,000.
        page_size: Option<i64>,
        /// Has no effect: others get their turn after each page.
        pause_duration: Option<String>,
        /// Has no effect: there are no metrics here.
        publish_stored_certificate_count_metrics: Option<bool>,
        /// How long after its end a revoked certificate stays; as `safety_buffer` until it is set.
        revoked_safety_buffer: Option<Seconds>,
        /// How long after its end a certificate stays.
        safety_buffer: Option<Seconds>,
        /// Has no effect: there is no ACME here.
        tidy_acme: Option<bool>,
        /// Whether certificates are taken out.
        tidy_cert_store: Option<bool>,
        /// Whether issuers are taken out; their keys stay.
        tidy_expired_issuers: Option<bool>,
        /// Whether stored certificates that cannot be parsed are taken out.
        tidy_invalid_certs: Option<bool>,
        /// Has no effect: there is no legacy bundle here.
        tidy_move_legacy_ca_bundle: Option<bool>,
        /// Whether revocations without an issuer are given theirs.
        tidy_revoked_cert_issuer_associations: Option<bool>,
        /// Whether revocations are taken out.
        tidy_revoked_certs: Option<bool>,
    }
}

fields! {
    /// The settings.
    #[derive(Debug)]
    pub struct AutoTidyView {
        /// Has no meaning here.
        acme_account_safety_buffer: i64,
        /// Whether to tidy without being asked.
        enabled: bool,
        /// From one tidy to the next, in seconds; 0 for never.
        interval_duration: i64,
        /// How long after its end an issuer stays, in seconds.
        issuer_safety_buffer: i64,
        /// Whether `tidy-status` counts what is stored.
        maintain_stored_certificate_counts: bool,
        /// Certificates that go in one transaction.
        page_size: i64,
        /// Has no meaning here.
        pause_duration: String,
        /// Has no meaning here.
        publish_stored_certificate_count_metrics: bool,
        /// How long after its end a revoked certificate stays, in seconds.
        revoked_safety_buffer: i64,
        /// How long after its end a certificate stays, in seconds.
        safety_buffer: i64,
        /// Has no meaning here.
        tidy_acme: bool,
        /// Whether certificates are taken out.
        tidy_cert_store: bool,
        /// Whether issuers are taken out.
        tidy_expired_issuers: bool,
        /// Whether stored certificates that cannot be parsed are taken out.
        tidy_invalid_certs: bool,
        /// Has no meaning here.
        tidy_move_legacy_ca_bundle: bool,
        /// Whether revocations without an issuer are given theirs.
        tidy_revoked_cert_issuer_associations: bool,
        /// Whether revocations are taken out.
        tidy_revoked_certs: bool,
    }
}

impl From<AutoTidyConfig> for AutoTidyView {
    fn from(config: AutoTidyConfig) -> Self {
        let AutoTidyConfig {
            enabled,
            interval,
            enabled_since: _,
            plan,
            own_revoked_safety_buffer: _,
            maintain_counts,
            publish_count_metrics,
        } = config;
        Self {
            acme_account_safety_buffer: plan.acme_account_safety_buffer,
            enabled,
            interval_duration: interval,
            issuer_safety_buffer: plan.issuer_safety_buffer,
            maintain_stored_certificate_counts: maintain_counts,
            page_size: plan.page_size,
            pause_duration: plan.pause_duration,
            publish_stored_certificate_count_metrics: publish_count_metrics,
            revoked_safety_buffer: plan.revoked_safety_buffer,
            safety_buffer: plan.safety_buffer,
            tidy_acme: plan.acme,
            tidy_cert_store: plan.cert_store,
            tidy_expired_issuers: plan.expired_issuers,
            tidy_invalid_certs: plan.invalid_certs,
            tidy_move_legacy_ca_bundle: plan.move_legacy_ca_bundle,
            tidy_revoked_cert_issuer_associations: plan.revoked_cert_issuer_associations,
            tidy_revoked_certs: plan.revoked_certs,
        }
    }
}

impl Query for ReadAutoTidy {
    type Reply = AutoTidyView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<AutoTidyView>, Error> {
        Ok(AutoTidyView::from(config::load(cx.view, &AUTO_TIDY)?).into())
    }
}

impl Command for WriteAutoTidy {
    type Reply = AutoTidyView;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<AutoTidyView>, Error> {
        let old = config::load(&cx.tx, &AUTO_TIDY)?;
        let config = self.over(old, cx.now);
        check(&config)?;
        cx.tx.put(&AUTO_TIDY, &Only, &config);
        Ok(AutoTidyView::from(config).into())
    }
}

impl WriteAutoTidy {
    fn over(&self, old: AutoTidyConfig, now: Timestamp) -> AutoTidyConfig {
        let enabled = self.enabled.unwrap_or(old.enabled);
        AutoTidyConfig {
            enabled,
            interval: seconds(self.interval_duration, old.interval),
            enabled_since: if old.enabled { old.enabled_since } else { enabled.then_some(now) },
            own_revoked_safety_buffer: old.own_revoked_safety_buffer
                || self.revoked_safety_buffer.is_some(),
            maintain_counts: self.maintain_stored_certificate_counts.unwrap_or(old.maintain_counts),
            publish_count_metrics: self
                .publish_stored_certificate_count_metrics
                .unwrap_or(old.publish_count_metrics),
            plan: self.plan_over(old.plan, old.own_revoked_safety_buffer),
        }
    }

    fn plan_over(&self, old: TidyPlan, has_own_revoked_buffer: bool) -> TidyPlan {
        let flag = |sent: Option<bool>, old: bool| sent.unwrap_or(old);
        let safety_buffer = seconds(self.safety_buffer, old.safety_buffer);
        let revoked_before =
            if has_own_revoked_buffer { old.revoked_safety_buffer } else { safety_buffer };
        TidyPlan {
            cert_store: flag(self.tidy_cert_store, old.cert_store),
            revoked_certs: flag(self.tidy_revoked_certs, old.revoked_certs),
            revoked_cert_issuer_associations: flag(
                self.tidy_revoked_cert_issuer_associations,
                old.revoked_cert_issuer_associations,
            ),
            expired_issuers: flag(self.tidy_expired_issuers, old.expired_issuers),
            move_legacy_ca_bundle: flag(self.tidy_move_legacy_ca_bundle, old.move_legacy_ca_bundle),
            acme: flag(self.tidy_acme, old.acme),
            invalid_certs: flag(self.tidy_invalid_certs, old.invalid_certs),
            safety_buffer,
            revoked_safety_buffer: seconds(self.revoked_safety_buffer, revoked_before),
            issuer_safety_buffer: seconds(self.issuer_safety_buffer, old.issuer_safety_buffer),
            acme_account_safety_buffer: seconds(
                self.acme_account_safety_buffer,
                old.acme_account_safety_buffer,
            ),
            pause_duration: self.pause_duration.clone().unwrap_or(old.pause_duration),
            page_size: self.page_size.unwrap_or(old.page_size),
        }
    }
}

fn seconds(sent: Option<Seconds>, old: i64) -> i64 {
    sent.map_or(old, |sent| sent.0)
}

const NOTHING: &str = "Auto-tidy enabled but no tidy operations were requested. Enable at least one tidy operation to be run (tidy_cert_store / tidy_revoked_certs / tidy_invalid_certs / tidy_revoked_cert_issuer_associations / tidy_expired_issuers / tidy_move_legacy_ca_bundle / tidy_acme).";
const NOT_COUNTED: &str = "Can not publish a running storage metrics count to metrics without first maintaining that count.  Enable `maintain_stored_certificate_counts` to enable `publish_stored_certificate_count_metrics`.";

fn check(config: &AutoTidyConfig) -> Result<(), Error> {
    let plan = &config.plan;
    for (name, buffer) in [
        ("given safety_buffer", plan.safety_buffer),
        ("revoked_safety_buffer", plan.revoked_safety_buffer),
        ("given issuer_safety_buffer", plan.issuer_safety_buffer),
        ("given acme_account_safety_buffer", plan.acme_account_safety_buffer),
    ] {
        if buffer < 1 {
            let problem = format!("{name} must be at least one second; got: {buffer}");
            return Err(Error::refused(problem));
        }
    }
    let pause = parse_signed_duration_seconds(&plan.pause_duration).map_err(|problem| {
        Error::refused(format!("unable to parse given pause_duration: {problem}"))
    })?;
    if pause < 0 {
        return Err(Error::refused("received invalid, negative pause_duration"));
    }
    if plan.page_size < 5 {
        return Err(Error::refused("page_size must be at least 5"));
    }
    if config.enabled && !plan.does_something() {
        return Err(Error::refused(NOTHING));
    }
    if config.publish_count_metrics && !config.maintain_counts {
        return Err(Error::refused(NOT_COUNTED));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::EPOCH;

    #[test]
    fn revoked_certificates_share_the_buffer_until_they_have_their_own() {
        let write = |safety_buffer, revoked_safety_buffer| WriteAutoTidy {
            safety_buffer,
            revoked_safety_buffer,
            ..WriteAutoTidy::default()
        };
        let mut config = AutoTidyConfig::default();
        let mut check = |write: WriteAutoTidy, safety, revoked| {
            config = write.over(config.clone(), NOW);
            let plan = &config.plan;
            assert_eq!((plan.safety_buffer, plan.revoked_safety_buffer), (safety, revoked));
        };
        check(write(None, None), 259_200, 259_200);
        check(write(Some(Seconds(100)), None), 100, 100);
        check(write(None, Some(Seconds(5))), 100, 5);
        check(write(Some(Seconds(7)), None), 7, 5);
    }

    #[test]
    fn the_first_interval_begins_when_it_is_enabled() {
        let on = WriteAutoTidy {
            enabled: Some(true),
            tidy_cert_store: Some(true),
            ..WriteAutoTidy::default()
        };
        let config = on.over(AutoTidyConfig::default(), NOW.after(5));
        assert_eq!(config.enabled_since, Some(NOW.after(5)));
        assert_eq!(on.over(config, NOW.after(9)).enabled_since, Some(NOW.after(5)));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |write: WriteAutoTidy| {
            let config = write.over(AutoTidyConfig::default(), NOW);
            check(&config).err().map(|problem| problem.to_string())
        };
        let none = WriteAutoTidy::default;
        assert_eq!(refused(none()), None);
        let on = WriteAutoTidy { enabled: Some(true), ..none() };
        assert_eq!(refused(on).as_deref(), Some(NOTHING));
        let zero = WriteAutoTidy { safety_buffer: Some(Seconds(0)), ..none() };
        let want = "given safety_buffer must be at least one second; got: 0";
        assert_eq!(refused(zero).as_deref(), Some(want));
        let page = WriteAutoTidy { page_size: Some(4), ..none() };
        assert_eq!(refused(page).as_deref(), Some("page_size must be at least 5"));
        let publish =
            WriteAutoTidy { publish_stored_certificate_count_metrics: Some(true), ..none() };
        assert_eq!(refused(publish).as_deref(), Some(NOT_COUNTED));
    }
}
