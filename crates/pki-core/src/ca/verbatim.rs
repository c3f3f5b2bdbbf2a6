//! Extensions taken from a request (CSR) as they stand.

use crate::error::Error;
use crate::x509::extension::{self, BasicConstraints, Extension};
use crate::x509::general_name::SubjectAltNames;
use crate::x509::oid::{self, ObjectIdentifier};
use crate::x509::usage::KeyUsage;

/// What an issuer says about itself; no request may say it in its place (D10).
const ISSUERS_OWN: &[(ObjectIdentifier, &str)] = &[
    (oid::AUTHORITY_KEY_IDENTIFIER, "authority key identifier"),
    (oid::AUTHORITY_INFO_ACCESS, "authority information access"),
    (oid::CRL_DISTRIBUTION_POINTS, "CRL distribution points"),
    (oid::FRESHEST_CRL, "freshest CRL"),
];

/// Puts the extensions of a request after our own. One of the request replaces ours of the same
/// kind, except where it is the issuer's to say, and name constraints where we set some; basic
/// constraints are never taken. `names`, if given, are those of the request and what was added
/// to them.
pub(crate) fn merge(
    own: Vec<Extension>,
    requested: &[Extension],
    names: Option<&SubjectAltNames>,
) -> Result<(Vec<Extension>, Vec<String>), Error> {
    let mut warnings = Vec::new();
    let mut taken: Vec<Extension> = Vec::new();
    let is_ca = own.iter().any(is_of_ca);
    for extension in requested.iter().filter(|extension| extension.oid != oid::BASIC_CONSTRAINTS) {
        // What the operator permits and excludes is not for the request to replace.
        let is_bounded = extension.oid == oid::NAME_CONSTRAINTS
            && own.iter().any(|own| own.oid == oid::NAME_CONSTRAINTS);
        if is_bounded {
            warnings.push(
                "specified CSR contained name constraints, and so did the parameters; those of the CSR were ignored during issuance"
                    .to_owned(),
            );
            continue;
        }
        match ISSUERS_OWN.iter().find(|(oid, _)| *oid == extension.oid) {
            Some((_, name)) => warnings.push(format!(
                "specified CSR contained an extension ({name}) that only the issuer can set; it was ignored during issuance"
            )),
            None if extension.oid == oid::KEY_USAGE && !is_ca => {
                let (usage, warning) = leaf_key_usage(extension);
                taken.extend(usage);
                warnings.extend(warning);
            }
            None => taken.push(extension.clone()),
        }
    }
    if let Some(names) = names {
        replace_names(&mut taken, names)?;
    }
    let is_taken = |extension: &Extension| taken.iter().any(|other| other.oid == extension.oid);
    let kept = own.into_iter().filter(|extension| !is_taken(extension));
    // Where the freshest CRL is stays the last thing that is said, as everywhere.
    let (last, mut all): (Vec<_>, Vec<_>) =
        kept.partition(|extension| extension.oid == oid::FRESHEST_CRL);
    all.extend(taken);
    all.extend(last);
    Ok((all, warnings))
}

fn is_of_ca(extension: &Extension) -> bool {
    extension.oid == oid::BASIC_CONSTRAINTS
        && BasicConstraints::from_der(&extension.value).is_ok_and(|constraints| constraints.is_ca)
}

/// The key usage of a request for who is no CA. Without basic constraints, some verifiers take a
/// certificate with keyCertSign for a CA's (RFC 5280 section 4.2.1.9 forbids the bit there), so no
/// request gets it, nor cRLSign. If nothing remains, ours stands.
fn leaf_key_usage(requested: &Extension) -> (Option<Extension>, Option<String>) {
    const OF_CA: [(KeyUsage, &str); 2] =
        [(KeyUsage::KEY_CERT_SIGN, "CertSign"), (KeyUsage::CRL_SIGN, "CRLSign")];
    // One that is malformed is for the lint to refuse.
    let Ok(usage) = KeyUsage::from_der(&requested.value) else {
        return (Some(requested.clone()), None);
    };
    let dropped: Vec<&str> =
        OF_CA.iter().filter(|(bit, _)| usage.contains(*bit)).map(|(_, name)| *name).collect();
    if dropped.is_empty() {
        return (Some(requested.clone()), None);
    }
    let rest = OF_CA.iter().fold(usage, |rest, (bit, _)| rest.without(*bit));
    let rest = (!rest.is_empty())
        .then(|| Extension { critical: requested.critical, ..extension::key_usage(rest) });
    let warning = format!(
        "specified CSR contained the key usages {} of a CA; they were ignored during issuance",
        dropped.join(" and ")
    );
    (rest, Some(warning))
}

/// Puts names in the place of those that the request has.
fn replace_names(taken: &mut Vec<Extension>, names: &SubjectAltNames) -> Result<(), Error> {
    let place = taken.iter().position(|extension| extension.oid == oid::SUBJECT_ALT_NAME);
    let old = place.map(|index| taken.remove(index));
    let is_critical = old.is_some_and(|extension| extension.critical);
    let index = place.unwrap_or(taken.len());
    taken.insert(index, extension::subject_alt_name(names, is_critical)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_freshest_crl_comes_last() {
        let extension = |oid| Extension { oid, critical: false, value: vec![5, 0] };
        let own = vec![extension(oid::FRESHEST_CRL), extension(oid::SUBJECT_KEY_IDENTIFIER)];
        let Ok((all, _)) = merge(own, &[extension(oid::KEY_USAGE)], None) else {
            unreachable!("nothing is encoded");
        };
        let order: Vec<ObjectIdentifier> = all.iter().map(|extension| extension.oid).collect();
        assert_eq!(order, [oid::SUBJECT_KEY_IDENTIFIER, oid::KEY_USAGE, oid::FRESHEST_CRL]);
    }

    #[test]
    fn a_request_replaces_no_name_constraints() {
        let constraints = |value: u8| Extension {
            oid: oid::NAME_CONSTRAINTS,
            critical: true,
            value: vec![value],
        };
        let Ok((all, warnings)) = merge(vec![constraints(1)], &[constraints(2)], None) else {
            unreachable!("nothing is encoded");
        };
        assert_eq!((all, warnings.len()), (vec![constraints(1)], 1));
        let Ok((all, warnings)) = merge(Vec::new(), &[constraints(2)], None) else {
            unreachable!("nothing is encoded");
        };
        assert_eq!((all, warnings.len()), (vec![constraints(2)], 0));
    }

    #[test]
    fn only_a_ca_gets_the_key_usages_of_one() {
        let asked = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_CERT_SIGN;
        let merged = |own: Vec<Extension>, asked| {
            let Ok(merged) = merge(own, &[extension::key_usage(asked)], None) else {
                unreachable!("nothing is encoded");
            };
            merged
        };
        let (all, warnings) = merged(Vec::new(), asked);
        assert_eq!(all, [extension::key_usage(KeyUsage::DIGITAL_SIGNATURE)]);
        assert!(warnings.iter().any(|warning| warning.contains("CertSign")), "{warnings:?}");
        let ca = extension::basic_constraints_ca(None);
        let (all, warnings) = merged(vec![ca.clone()], asked);
        assert_eq!((all, warnings.len()), (vec![ca, extension::key_usage(asked)], 0));
        let own = extension::key_usage(KeyUsage::KEY_AGREEMENT);
        let (all, _) = merged(vec![own.clone()], KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN);
        assert_eq!(all, [own]);
    }
}
