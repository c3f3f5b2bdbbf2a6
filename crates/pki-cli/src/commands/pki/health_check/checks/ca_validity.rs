//! Whether issuers end soon.

use pki_core::domain::time::Timestamp;

use super::{Check, Default, Finding, Mount, Settings, Status, Trouble, day};

pub(super) const CHECK: Check = Check {
    name: "ca_validity_period",
    by_default: true,
    defaults: &[
        ("root_expiry_critical", Default::Text("180d")),
        ("root_expiry_warning", Default::Text("365d")),
        ("root_expiry_informational", Default::Text("730d")),
        ("intermediate_expiry_critical", Default::Text("30d")),
        ("intermediate_expiry_warning", Default::Text("60d")),
        ("intermediate_expiry_informational", Default::Text("180d")),
    ],
    run,
};

fn run(mount: &Mount<'_>, settings: &Settings) -> Result<Vec<Finding>, Trouble> {
    let windows = |kind: &str| -> Result<[(Status, i64); 3], Trouble> {
        let seconds = |word: &str| settings.seconds(&format!("{kind}_expiry_{word}"));
        Ok([
            (Status::Critical, seconds("critical")?),
            (Status::Warning, seconds("warning")?),
            (Status::Informational, seconds("informational")?),
        ])
    };
    let (root, intermediate) = (windows("root")?, windows("intermediate")?);
    let one = |issuer: &super::Issuer| {
        let is_root = issuer.certificate.is_self_issued();
        let windows = if is_root { &root } else { &intermediate };
        let (status, message) = judge(issuer.certificate.not_after(), mount.now, windows);
        Finding::new(status, mount.endpoint(&format!("issuer/{}", issuer.id)), message)
    };
    Ok(mount.issuers()?.iter().map(one).collect())
}

/// The windows are the seconds before the end in which something is to be said, the worst first.
fn judge(not_after: Timestamp, now: Timestamp, windows: &[(Status, i64)]) -> (Status, String) {
    let end = day(not_after);
    if not_after < now {
        return (
            Status::Critical,
            format!("Issuer has ended, on {end}. Nothing it signed is valid any more."),
        );
    }
    let left = not_after.seconds_since(now);
    match windows.iter().find(|(_, window)| left < *window) {
        None => (Status::Ok, format!("Issuer's validity ({end}) is OK.")),
        Some((status, window)) => {
            let days = window / 86_400;
            let message = format!(
                "Issuer's validity is outside of the suggested rotation window: it ends on {end}, \
                 which is less than {days} days from now. It is time to set up an issuer with a \
                 new key, so that it can take over before that."
            );
            (*status, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_window_counts() {
        let windows = [(Status::Critical, 10), (Status::Warning, 20), (Status::Informational, 30)];
        let now = Timestamp::from_unix(1000);
        for (left, want) in [
            (-1, Status::Critical),
            (0, Status::Critical),
            (9, Status::Critical),
            (10, Status::Warning),
            (29, Status::Informational),
            (30, Status::Ok),
        ] {
            assert_eq!(judge(Timestamp::from_unix(1000 + left), now, &windows).0, want, "{left}");
        }
        let (_, message) = judge(Timestamp::from_unix(86_400 * 366), now, &windows);
        assert_eq!(message, "Issuer's validity (1971-01-02) is OK.");
    }
}
