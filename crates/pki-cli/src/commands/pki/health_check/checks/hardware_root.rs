//! Whether the keys of roots are in hardware. Here they never are.

use super::{Check, Finding, Mount, Settings, Status, Trouble};

pub(super) const CHECK: Check =
    Check { name: "hardware_backed_root", by_default: false, defaults: &[], run };

fn run(mount: &Mount<'_>, _: &Settings) -> Result<Vec<Finding>, Trouble> {
    let issuers = mount.issuers()?.iter();
    let roots = issuers.filter(|issuer| issuer.certificate.is_self_issued());
    let endpoints = roots.map(|root| mount.endpoint(&format!("issuer/{}", root.id)));
    Ok(endpoints.map(judge).collect())
}

fn judge(endpoint: String) -> Finding {
    Finding::new(
        Status::Informational,
        endpoint,
        "The key of this root is kept in software. For a root that is to last, consider a key in \
         hardware that is used elsewhere and only seldom.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_root_is_reported() {
        let finding = judge("/pki/issuer/x".to_owned());
        assert_eq!(finding.status, Status::Informational);
        assert_eq!(finding.endpoint, "/pki/issuer/x");
    }
}
