//! Whether audit logs show what they may and hide what they must.

use super::{Check, Default, Finding, Mount, Settings, Status, Trouble, texts};

pub(super) const CHECK: Check = Check {
    name: "audit_visibility",
    by_default: true,
    defaults: &[("ignored_parameters", Default::NoWords)],
    run,
};

const REQUEST: &str = "audit_non_hmac_request_keys";
const RESPONSE: &str = "audit_non_hmac_response_keys";

/// What should be readable in a log.
const OPEN: [(&str, &[&str]); 2] = [
    (
        REQUEST,
        &[
            "csr",
            "certificate",
            "issuer_ref",
            "common_name",
            "alt_names",
            "other_sans",
            "ip_sans",
            "uri_sans",
            "ttl",
            "not_after",
            "serial_number",
            "key_type",
            "private_key_format",
            "managed_key_name",
            "managed_key_id",
            "ou",
            "organization",
            "country",
            "locality",
            "province",
            "street_address",
            "postal_code",
            "permitted_dns_domains",
            "policy_identifiers",
            "ext_key_usage_oids",
        ],
    ),
    (RESPONSE, &["certificate", "issuing_ca", "serial_number", "error", "ca_chain"]),
];

/// What must not be.
const SECRET: [(&str, &[&str]); 2] =
    [(REQUEST, &["private_key", "pem_bundle"]), (RESPONSE, &["private_key"])];

fn run(mount: &Mount<'_>, settings: &Settings) -> Result<Vec<Finding>, Trouble> {
    let tune = mount.tune()?;
    let ignored = settings.words("ignored_parameters");
    let found = judge(&texts(tune.get(REQUEST)), &texts(tune.get(RESPONSE)), &ignored);
    let endpoint = mount.tune_endpoint();
    if found.is_empty() {
        let message = "Mount audit information is configured appropriately.";
        return Ok(vec![Finding::new(Status::Ok, endpoint, message)]);
    }
    let finding = |(status, message)| Finding::new(status, endpoint.clone(), message);
    Ok(found.into_iter().map(finding).collect())
}

/// `request` and `response` are what the logs show in clear.
fn judge(request: &[String], response: &[String], ignored: &[String]) -> Vec<(Status, String)> {
    let is_in = |list: &[String], name: &str| list.iter().any(|other| other == name);
    let shows = |list: &str, name: &str| match list {
        REQUEST => is_in(request, name),
        _ => is_in(response, name),
    };
    let every = |table: [(&'static str, &'static [&'static str]); 2]| {
        let pairs = table.into_iter();
        let pairs = pairs.flat_map(|(list, names)| names.iter().map(move |name| (list, *name)));
        pairs.filter(|(_, name)| !is_in(ignored, name)).collect::<Vec<_>>()
    };
    let hidden = every(OPEN).into_iter().filter(|(list, name)| !shows(list, name));
    let hidden = hidden.map(|(list, name)| {
        let message = format!(
            "Mount currently HMACs {name} because it is not in {list}; as this is not a sensitive \
             security parameter, it is encouraged to disable HMACing to allow better auditing of \
             the PKI engine."
        );
        (Status::Informational, message)
    });
    let shown = every(SECRET).into_iter().filter(|(list, name)| shows(list, name));
    let shown = shown.map(|(list, name)| {
        let message = format!(
            "Mount currently doesn't HMAC {name} because it is in {list}; as this is a sensitive \
             security parameter it is encouraged to HMAC it in the Audit logs."
        );
        (Status::Warning, message)
    });
    hidden.chain(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_plain_mount_hides_thirty_parameters() {
        let found = judge(&[], &[], &[]);
        assert_eq!(found.len(), 30);
        assert!(found.iter().all(|(status, _)| *status == Status::Informational));
        assert!(found[0].1.starts_with("Mount currently HMACs csr because it is not in audit_non"));
    }

    #[test]
    fn what_is_tuned_or_ignored_is_not_reported() {
        let found = judge(&owned(OPEN[0].1), &owned(OPEN[1].1), &[]);
        assert_eq!(found, []);
        assert_eq!(judge(&[], &[], &owned(OPEN[0].1)).len(), 3);
    }

    #[test]
    fn a_secret_in_clear_is_a_warning() {
        let found = judge(&owned(&["pem_bundle"]), &owned(&["private_key"]), &[]);
        let warnings = found.iter().filter(|(status, _)| *status == Status::Warning);
        assert_eq!(warnings.count(), 2);
    }
}
