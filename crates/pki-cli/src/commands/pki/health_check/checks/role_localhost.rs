//! Whether roles for other names allow `localhost` by the way.

use serde_json::{Map, Value};

use super::{Check, Finding, Mount, Settings, Status, Trouble, flag, texts};

pub(super) const CHECK: Check =
    Check { name: "role_allows_localhost", by_default: true, defaults: &[], run };

fn run(mount: &Mount<'_>, _: &Settings) -> Result<Vec<Finding>, Trouble> {
    let roles = mount.roles()?.iter();
    let findings: Vec<Finding> = roles
        .filter_map(|role| {
            let endpoint = mount.endpoint(&format!("roles/{}", role.name));
            Some(Finding::new(Status::Warning, endpoint, judge(&role.fields)?))
        })
        .collect();
    if findings.is_empty() {
        let message = "Roles follow best practices regarding allowing issuance for localhost.";
        return Ok(vec![Finding::new(Status::Ok, mount.endpoint("roles"), message)]);
    }
    Ok(findings)
}

fn judge(role: &Map<String, Value>) -> Option<String> {
    let domains = texts(role.get("allowed_domains"));
    (flag(role, "allow_localhost") && !domains.is_empty()).then(|| {
        format!(
            "Role currently allows localhost issuance with a non-empty allowed_domains ([{}]): it \
             is meant for other names, and allow_localhost=true is easily overlooked. Set \
             allow_localhost=false; if localhost is wanted, add it to allowed_domains.",
            domains.join(" ")
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn localhost_beside_other_domains_is_reported() {
        let judge = |role: Value| role.as_object().and_then(judge);
        assert_eq!(judge(json!({"allow_localhost": true, "allowed_domains": []})), None);
        assert_eq!(judge(json!({"allow_localhost": false, "allowed_domains": ["a"]})), None);
        let found = judge(json!({"allow_localhost": true, "allowed_domains": ["a", "b"]}));
        assert!(found.is_some_and(|message| message.contains("([a b])")));
    }
}
