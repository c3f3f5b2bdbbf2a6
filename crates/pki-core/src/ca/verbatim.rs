//! Extensions taken from a request (CSR) as they stand.

use crate::error::Error;
use crate::x509::extension::{self, Extension};
use crate::x509::general_name::SubjectAltNames;
use crate::x509::oid::{self, ObjectIdentifier};

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
            None => taken.push(extension.clone()),
        }
    }
    if let Some(names) = names {
        replace_names(&mut taken, names)?;
    }
    let is_taken = |extension: &Extension| taken.iter().any(|other| other.oid == extension.oid);
    let mut all: Vec<Extension> =
        own.into_iter().filter(|extension| !is_taken(extension)).collect();
    all.extend(taken);
    Ok((all, warnings))
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
}
