//! Whether roots have issued to others than CAs.

use pki_core::x509::Certificate;

use super::{Check, Default, Finding, Issuer, Mount, Settings, Status, Trouble, text};

pub(super) const CHECK: Check = Check {
    name: "root_issued_leaves",
    by_default: true,
    defaults: &[("certs_to_fetch", Default::Number(100))],
    run,
};

fn run(mount: &Mount<'_>, settings: &Settings) -> Result<Vec<Finding>, Trouble> {
    let most = settings.count("certs_to_fetch")?;
    let mut certificates = Vec::new();
    for serial in mount.first("certs", most)? {
        let fields = mount.read(&format!("cert/{serial}"))?;
        // One that cannot be read was not issued here.
        certificates.extend(Certificate::from_pem(text(&fields, "certificate")));
    }
    let findings: Vec<Finding> = mount
        .issuers()?
        .iter()
        .filter_map(|issuer| {
            let message = judge(&leaves_of(issuer, &certificates))?;
            let endpoint = mount.endpoint(&format!("issuer/{}", issuer.id));
            Some(Finding::new(Status::Warning, endpoint, message))
        })
        .collect();
    if findings.is_empty() {
        return Ok(vec![Finding::new(
            Status::Ok,
            mount.endpoint("certs"),
            "Root certificate(s) in this mount have not directly issued non-CA leaf certificates.",
        )]);
    }
    Ok(findings)
}

/// The serial numbers of what a root issued to others than CAs.
fn leaves_of(issuer: &Issuer, certificates: &[Certificate]) -> Vec<String> {
    let root = &issuer.certificate;
    if !root.is_self_issued() {
        return Vec::new();
    }
    let leaves = certificates.iter().filter(|certificate| {
        !certificate.is_ca()
            && certificate.issuer() == root.subject()
            && certificate.is_signed_by(root.public_key())
    });
    leaves.map(|leaf| leaf.serial().to_string()).collect()
}

fn judge(serials: &[String]) -> Option<String> {
    /// So many are named.
    const SHOWN: usize = 10;
    let first = serials.get(..SHOWN.min(serials.len())).unwrap_or_default();
    let more = serials.len().saturating_sub(first.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!serials.is_empty()).then(|| {
        format!(
            "Root issuer has directly issued non-CA leaf certificates ({}{more}) instead of via an \
             intermediate CA. Such a root is hard to replace. Set up an intermediate CA, and tidy \
             this mount when those certificates have ended.",
            first.join(" ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_named_up_to_a_number() {
        let serials = |count: usize| (0..count).map(|at| format!("{at:02x}")).collect::<Vec<_>>();
        assert_eq!(judge(&[]), None);
        let one = judge(&serials(1)).expect("a message");
        assert!(one.contains("(00)"), "{one}");
        let many = judge(&serials(12)).expect("a message");
        assert!(many.contains(" 09 and 2 more)"), "{many}");
    }
}
