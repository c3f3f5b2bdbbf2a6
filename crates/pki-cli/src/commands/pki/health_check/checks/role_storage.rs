//! Whether roles keep what they issue.

use serde_json::{Map, Value};

use super::{Check, Default, Finding, Mount, Settings, Status, Trouble, flag};

pub(super) const CHECK: Check = Check {
    name: "role_no_store_false",
    by_default: true,
    defaults: &[("allowed_roles", Default::NoWords)],
    run,
};

fn run(mount: &Mount<'_>, settings: &Settings) -> Result<Vec<Finding>, Trouble> {
    let allowed = settings.words("allowed_roles");
    let auto_rebuild = flag(&mount.read("config/crl")?, "auto_rebuild");
    let roles = mount.roles()?.iter().filter(|role| !allowed.contains(&role.name));
    let findings: Vec<Finding> = roles
        .filter_map(|role| {
            let (status, message) = judge(&role.fields, auto_rebuild)?;
            let endpoint = mount.endpoint(&format!("roles/{}", role.name));
            Some(Finding::new(status, endpoint, message))
        })
        .collect();
    if findings.is_empty() {
        let message = "Roles follow best practices regarding not storing every certificate.";
        return Ok(vec![Finding::new(Status::Ok, mount.endpoint("roles"), message)]);
    }
    Ok(findings)
}

fn judge(role: &Map<String, Value>, auto_rebuild: bool) -> Option<(Status, String)> {
    const STORES: &str = "Role currently stores every issued certificate (no_store=false).";
    if flag(role, "no_store") {
        return None;
    }
    Some(match auto_rebuild {
        true => (
            Status::Informational,
            format!(
                "{STORES} CRLs are rebuilt by themselves, so revocations cost little; many stored \
                 certificates still take space. Keep their lifetimes short and tidy the mount."
            ),
        ),
        false => (
            Status::Warning,
            format!(
                "{STORES} Many stored and revoked certificates take space and make CRLs slow to \
                 build. Keep their lifetimes short, set auto_rebuild in config/crl, and tidy the \
                 mount."
            ),
        ),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rebuilding_crls_makes_storing_less_of_a_concern() {
        let status = |no_store: bool, auto_rebuild| {
            let role = json!({"no_store": no_store});
            let found = role.as_object().and_then(|role| judge(role, auto_rebuild));
            found.map(|(status, _)| status)
        };
        assert_eq!(status(true, false), None);
        assert_eq!(status(false, false), Some(Status::Warning));
        assert_eq!(status(false, true), Some(Status::Informational));
    }
}
