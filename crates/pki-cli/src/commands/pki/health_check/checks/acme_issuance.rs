//! Whether clients can get certificates by themselves, with ACME.

use super::{Check, Finding, Mount, Settings, Status, Trouble, flag, text};

pub(super) const CHECK: Check =
    Check { name: "enable_acme_issuance", by_default: true, defaults: &[], run };

fn run(mount: &Mount<'_>, _: &Settings) -> Result<Vec<Finding>, Trouble> {
    let only_roots = mount.issuers()?.iter().all(|issuer| issuer.certificate.is_self_issued());
    let is_enabled = is_enabled(mount)?;
    let path = match is_enabled {
        Some(true) => text(&mount.read("config/cluster")?, "path").to_owned(),
        Some(false) | None => String::new(),
    };
    let (status, about, message) = judge(only_roots, is_enabled, &path);
    Ok(vec![Finding::new(status, mount.endpoint(about), message)])
}

/// Nothing where there is no ACME at all.
pub(super) fn is_enabled(mount: &Mount<'_>) -> Result<Option<bool>, Trouble> {
    match mount.read("config/acme") {
        Ok(config) => Ok(Some(flag(&config, "enabled"))),
        Err(Trouble::Unsupported(_)) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

/// What there is to say, and about which path. Whether the directory can be reached from
/// elsewhere is not tried.
fn judge(
    only_roots: bool,
    is_enabled: Option<bool>,
    path: &str,
) -> (Status, &'static str, &'static str) {
    match is_enabled {
        _ if only_roots => (
            Status::NotApplicable,
            "config/acme",
            "Mount contains only root issuers, ACME is not required.",
        ),
        None => (
            Status::NotApplicable,
            "config/acme",
            "This program answers no ACME requests, so there is nothing to enable.",
        ),
        Some(false) => (
            Status::Informational,
            "config/acme",
            "Consider enabling ACME support to support a self-rotating PKI infrastructure.",
        ),
        Some(true) if path.is_empty() => (
            Status::Warning,
            "config/cluster",
            "ACME enabled in config but not functional: the 'path' field is not set",
        ),
        Some(true) if !path.starts_with("https://") => (
            Status::Warning,
            "config/cluster",
            "ACME enabled in config but not functional: the 'path' field does not use the https \
             scheme",
        ),
        Some(true) => (Status::Ok, "config/acme", "ACME support is enabled on this mount."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acme_is_for_intermediates_and_needs_https() {
        for (only_roots, is_enabled, path, want) in [
            (true, Some(true), "", Status::NotApplicable),
            (false, None, "", Status::NotApplicable),
            (false, Some(false), "", Status::Informational),
            (false, Some(true), "", Status::Warning),
            (false, Some(true), "http://a/v1/pki", Status::Warning),
            (false, Some(true), "https://a/v1/pki", Status::Ok),
        ] {
            assert_eq!(judge(only_roots, is_enabled, path).0, want, "{is_enabled:?} {path}");
        }
    }
}
