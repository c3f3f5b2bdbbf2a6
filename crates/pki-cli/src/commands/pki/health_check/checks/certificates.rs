//! How many certificates are stored.

use super::{Check, Default, Finding, Mount, Settings, Status, Trouble, worst};

pub(super) const CHECK: Check = Check {
    name: "too_many_certs",
    by_default: true,
    defaults: &[
        ("count_critical", Default::Number(250_000)),
        ("count_warning", Default::Number(50_000)),
    ],
    run,
};

fn run(mount: &Mount<'_>, settings: &Settings) -> Result<Vec<Finding>, Trouble> {
    let limits = [
        (Status::Critical, settings.count("count_critical")?),
        (Status::Warning, settings.count("count_warning")?),
    ];
    let (status, message) = judge(mount.certificate_count()?, &limits);
    Ok(vec![Finding::new(status, mount.endpoint("certs"), message)])
}

fn judge(count: usize, limits: &[(Status, usize)]) -> (Status, String) {
    match worst(&count, limits) {
        None => (Status::Ok, "This mount has an OK number of stored certificates.".to_owned()),
        Some(status) => (
            status,
            format!(
                "This PKI mount has {count} outstanding stored certificates; consider using \
                 no_store=false on roles only where it is needed, tidying the mount regularly, and \
                 shorter lifetimes."
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaching_a_limit_is_enough() {
        let limits = [(Status::Critical, 10), (Status::Warning, 5)];
        assert_eq!(judge(4, &limits).0, Status::Ok);
        assert_eq!(judge(5, &limits).0, Status::Warning);
        let (status, message) = judge(10, &limits);
        assert_eq!(status, Status::Critical);
        assert!(message.starts_with("This PKI mount has 10 outstanding"), "{message}");
    }
}
