//! Whether the answers that ACME needs get through.

use super::acme_issuance::is_enabled;
use super::{Check, Finding, Mount, Settings, Status, Trouble, texts};

pub(super) const CHECK: Check =
    Check { name: "allow_acme_headers", by_default: true, defaults: &[], run };

fn run(mount: &Mount<'_>, _: &Settings) -> Result<Vec<Finding>, Trouble> {
    if is_enabled(mount)? != Some(true) {
        return Ok(vec![Finding::new(
            Status::NotApplicable,
            mount.endpoint("config/acme"),
            "ACME is not enabled, no additional response headers required.",
        )]);
    }
    let (status, message) = judge(&texts(mount.tune()?.get("allowed_response_headers")));
    Ok(vec![Finding::new(status, mount.tune_endpoint(), message)])
}

fn judge(allowed: &[String]) -> (Status, String) {
    let is_missing = |name: &&str| !allowed.iter().any(|own| own.eq_ignore_ascii_case(name));
    let missing: Vec<String> = ["Replay-Nonce", "Link", "Location"]
        .into_iter()
        .filter(is_missing)
        .map(|name| format!("'{name}'"))
        .collect();
    if missing.is_empty() {
        return (Status::Ok, "Mount has all response headers enabled that ACME needs.".to_owned());
    }
    let message = format!(
        "Mount hasn't enabled {} response headers, these are required for ACME to function.",
        missing.join(", ")
    );
    (Status::Warning, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_headers_are_needed() {
        let owned =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(judge(&owned(&["replay-nonce", "LINK", "Location"])).0, Status::Ok);
        let (status, message) = judge(&owned(&["Link"]));
        assert_eq!(status, Status::Warning);
        assert!(message.starts_with("Mount hasn't enabled 'Replay-Nonce', 'Location' response"));
    }
}
