//! Whether the mount tidies itself, and often enough.

use pki_core::domain::time::{parse_duration_seconds, parse_go_duration};
use serde_json::{Map, Value};

use super::{Check, Default, Finding, Mount, Settings, Status, Trouble, flag, worst};
use crate::output::plain;

pub(super) const CHECK: Check = Check {
    name: "enable_auto_tidy",
    by_default: true,
    defaults: &[
        ("interval_duration_critical", Default::Text("7d")),
        ("interval_duration_warning", Default::Text("2d")),
        ("pause_duration_critical", Default::Text("1s")),
        ("pause_duration_warning", Default::Text("200ms")),
    ],
    run,
};

/// A setting of the mount, and from how many nanoseconds on it is too long.
type Limits = (&'static str, [(Status, i128); 2]);

fn run(mount: &Mount<'_>, settings: &Settings) -> Result<Vec<Finding>, Trouble> {
    let limits = |name: &'static str| -> Result<Limits, Trouble> {
        let critical = settings.duration(&format!("{name}_critical"))?;
        let warning = settings.duration(&format!("{name}_warning"))?;
        Ok((name, [(Status::Critical, critical), (Status::Warning, warning)]))
    };
    let limits = [limits("interval_duration")?, limits("pause_duration")?];
    let config = mount.read("config/auto-tidy")?;
    let endpoint = mount.endpoint("config/auto-tidy");
    let finding = |(status, message)| Finding::new(status, endpoint.clone(), message);
    Ok(judge(&config, &limits).into_iter().map(finding).collect())
}

fn judge(config: &Map<String, Value>, limits: &[Limits]) -> Vec<(Status, String)> {
    if !flag(config, "enabled") {
        let message = "Auto-tidy is currently disabled; consider enabling auto-tidy to execute \
                       tidy operations periodically. This helps the health and performance of a \
                       mount.";
        return vec![(Status::Informational, message.to_owned())];
    }
    let too_long = |(name, limits): &Limits| {
        let text = config.get(*name).map(plain).unwrap_or_default();
        let status = worst(&nanos(&text)?, limits)?;
        let message = format!(
            "Auto-tidy is configured with too long of a value for {name} ({text}); this could \
             impact performance as tidies run too infrequently or take too long to execute."
        );
        Some((status, message))
    };
    let found: Vec<(Status, String)> = limits.iter().filter_map(too_long).collect();
    if found.is_empty() {
        let message = "Auto-tidy is enabled and configured appropriately.";
        return vec![(Status::Ok, message.to_owned())];
    }
    found
}

/// A duration of the engine: seconds as a number, or text.
fn nanos(text: &str) -> Option<i128> {
    let seconds = || parse_duration_seconds(text).ok();
    let seconds = || seconds().map(|seconds| i128::from(seconds) * 1_000_000_000);
    parse_go_duration(text).ok().or_else(seconds)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn intervals_and_pauses_have_limits() {
        let second = 1_000_000_000;
        let limits: [Limits; 2] = [
            (
                "interval_duration",
                [(Status::Critical, 100 * second), (Status::Warning, 10 * second)],
            ),
            ("pause_duration", [(Status::Critical, second), (Status::Warning, second / 5)]),
        ];
        let judge = |config: Value| {
            let config = config.as_object().cloned().unwrap_or_default();
            judge(&config, &limits).into_iter().map(|found| found.0).collect::<Vec<_>>()
        };
        assert_eq!(judge(json!({})), [Status::Informational]);
        let config = |interval: u32, pause: &str| json!({"enabled": true, "interval_duration": interval, "pause_duration": pause});
        assert_eq!(judge(config(9, "0s")), [Status::Ok]);
        assert_eq!(judge(config(10, "100ms")), [Status::Warning]);
        assert_eq!(judge(config(100, "300ms")), [Status::Critical, Status::Warning]);
    }
}
