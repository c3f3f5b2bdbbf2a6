//! When the mount was tidied.

use pki_core::domain::time::Timestamp;

use super::{Check, Default, Finding, Mount, Settings, Status, Trouble, text, worst};

pub(super) const CHECK: Check = Check {
    name: "tidy_last_run",
    by_default: true,
    defaults: &[
        ("last_run_critical", Default::Text("7d")),
        ("last_run_warning", Default::Text("2d")),
    ],
    run,
};

fn run(mount: &Mount<'_>, settings: &Settings) -> Result<Vec<Finding>, Trouble> {
    let limits = [
        (Status::Critical, settings.seconds("last_run_critical")?),
        (Status::Warning, settings.seconds("last_run_warning")?),
    ];
    let status = mount.read("tidy-status")?;
    let finished = Timestamp::parse(text(&status, "time_finished")).ok();
    let (status, message) = judge(finished, mount.now, &limits);
    Ok(vec![Finding::new(status, mount.endpoint("tidy-status"), message)])
}

fn judge(
    finished: Option<Timestamp>,
    now: Timestamp,
    limits: &[(Status, i64)],
) -> (Status, String) {
    let Some(finished) = finished else {
        let message = "Tidy hasn't run since this mount was created. What has ended stays, and \
                       makes the mount slow in the long run. It is suggested to enable auto-tidy \
                       on this mount.";
        return (Status::Critical, message.to_owned());
    };
    match worst(&now.seconds_since(finished), limits) {
        None => (Status::Ok, "Tidy has run recently on this mount.".to_owned()),
        Some(status) => (
            status,
            format!(
                "Tidy has last run on this mount on {}. What has ended since then stays. It is \
                 suggested to enable auto-tidy on this mount.",
                finished.rfc3339()
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_since_the_last_run_counts() {
        let limits = [(Status::Critical, 100), (Status::Warning, 10)];
        let status = |finished: Option<i64>| {
            let finished = finished.map(Timestamp::from_unix);
            judge(finished, Timestamp::from_unix(1000), &limits).0
        };
        assert_eq!(status(None), Status::Critical);
        assert_eq!(status(Some(995)), Status::Ok);
        assert_eq!(status(Some(990)), Status::Warning);
        assert_eq!(status(Some(900)), Status::Critical);
    }
}
