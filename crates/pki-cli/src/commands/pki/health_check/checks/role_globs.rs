//! Whether roles allow wildcards in domains that are globs.

use serde_json::{Map, Value};

use super::{Check, Finding, Mount, Settings, Status, Trouble, flag, texts};

pub(super) const CHECK: Check =
    Check { name: "role_allows_glob_wildcards", by_default: true, defaults: &[], run };

fn run(mount: &Mount<'_>, _: &Settings) -> Result<Vec<Finding>, Trouble> {
    let roles = mount.roles()?.iter();
    let findings: Vec<Finding> = roles
        .filter_map(|role| {
            let endpoint = mount.endpoint(&format!("roles/{}", role.name));
            Some(Finding::new(Status::Warning, endpoint, judge(&role.fields)?))
        })
        .collect();
    if findings.is_empty() {
        let message = "Roles follow best practices regarding restricting wildcard certificate \
                       issuance in roles.";
        return Ok(vec![Finding::new(Status::Ok, mount.endpoint("roles"), message)]);
    }
    Ok(findings)
}

fn judge(role: &Map<String, Value>) -> Option<String> {
    let domains = texts(role.get("allowed_domains"));
    let has_glob = domains.iter().any(|domain| domain.contains('*'));
    let allows = flag(role, "allow_glob_domains") && flag(role, "allow_wildcard_certificates");
    (allows && has_glob).then(|| {
        format!(
            "Role currently allows wildcard issuance while allowing globs in allowed_domains \
             ([{}]). A glob may stand for a wildcard, also below other domains, so both together \
             allow more than they seem to. Use one role for wildcards and one for globs.",
            domains.join(" ")
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_all_three_together_are_reported() {
        let role = |glob: bool, wildcard: bool, domain: &str| {
            let role = json!({
                "allow_glob_domains": glob, "allow_wildcard_certificates": wildcard,
                "allowed_domains": [domain],
            });
            role.as_object().and_then(judge).is_some()
        };
        assert!(role(true, true, "*.a"));
        assert!(!role(false, true, "*.a"));
        assert!(!role(true, false, "*.a"));
        assert!(!role(true, true, "a"));
    }
}
