//! Whether CRLs end soon.

use pki_core::Validity;
use pki_core::domain::time::Timestamp;

use super::{Check, Default, Finding, Mount, Settings, Status, Trouble, day, flag};

pub(super) const CHECK: Check = Check {
    name: "crl_validity_period",
    by_default: true,
    defaults: &[
        ("crl_expiry_pct_critical", Default::Text("95")),
        ("delta_crl_expiry_pct_critical", Default::Text("95")),
    ],
    run,
};

fn run(mount: &Mount<'_>, settings: &Settings) -> Result<Vec<Finding>, Trouble> {
    let complete = settings.percent("crl_expiry_pct_critical")?;
    let delta = settings.percent("delta_crl_expiry_pct_critical")?;
    let is_disabled = flag(&mount.read("config/crl")?, "disable");
    let mut findings = Vec::new();
    for issuer in mount.issuers()? {
        let validity = mount.crl_validity(issuer)?;
        let kinds = [
            ("CRL", "crl", validity.complete, complete),
            ("Delta CRL", "crl/delta", validity.delta, delta),
        ];
        for (name, path, validity, percent) in kinds {
            // Where there is no delta CRL, there is nothing to say about it.
            let Some(validity) = validity else { continue };
            let (status, message) = judge(name, validity, mount.now, percent, is_disabled);
            let endpoint = mount.endpoint(&format!("issuer/{}/{path}", issuer.id));
            findings.push(Finding::new(status, endpoint, message));
        }
    }
    Ok(findings)
}

fn judge(
    name: &str,
    crl: Validity,
    now: Timestamp,
    percent: u8,
    is_disabled: bool,
) -> (Status, String) {
    let Validity { this_update, next_update } = crl;
    let (start, end) = (day(this_update), day(next_update));
    let whole = i128::from(next_update.seconds_since(this_update)) * i128::from(percent);
    let elapsed = i128::from(now.seconds_since(this_update)) * 100;
    if elapsed < whole {
        return (Status::Ok, format!("{name}'s validity ({start} to {end}) is OK."));
    }
    let message = format!(
        "{name}'s validity is outside of the suggested rotation window: of its time from {start} \
         to {end}, at least {percent}% has passed. Rotate it by reading crl/rotate, or let that be \
         done with auto_rebuild."
    );
    match is_disabled {
        true => (
            Status::Informational,
            format!("{message} Because the CRL is disabled, this is less of a concern."),
        ),
        false => (Status::Critical, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_the_time_that_has_passed_counts() {
        let at = Timestamp::from_unix;
        let crl = Validity { this_update: at(0), next_update: at(1000) };
        let status = |now, is_disabled| judge("CRL", crl, at(now), 95, is_disabled).0;
        assert_eq!(status(949, false), Status::Ok);
        assert_eq!(status(950, false), Status::Critical);
        assert_eq!(status(5000, true), Status::Informational);
        let (_, message) = judge("Delta CRL", crl, at(0), 95, false);
        assert_eq!(message, "Delta CRL's validity (1970-01-01 to 1970-01-01) is OK.");
        let (_, message) = judge("CRL", crl, at(1000), 95, true);
        assert!(message.ends_with("Because the CRL is disabled, this is less of a concern."));
    }
}
