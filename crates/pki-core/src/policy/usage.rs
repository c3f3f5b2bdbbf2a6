//! What keys may be used for.

use std::collections::BTreeSet;

use super::{Role, Violation, Warning, oid};
use crate::x509::oid::ObjectIdentifier;
use crate::x509::usage::{EXT_KEY_USAGES, KeyUsage, ext_key_usage_oid, ext_key_usages_from_names};

/// The key usage of leaves under a role. Names that are not known mean nothing.
pub fn leaf_key_usage(role: &Role) -> KeyUsage {
    KeyUsage::from_names(role.key_usage.iter().map(String::as_str))
}

/// The key usage of a CA: it signs certificates and CRLs, and other data only if the request says
/// so. No other name has an effect.
pub fn ca_key_usage(names: &[String]) -> KeyUsage {
    let ca = KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
    let asked = KeyUsage::from_names(names.iter().map(String::as_str));
    if asked.contains(KeyUsage::DIGITAL_SIGNATURE) { ca | KeyUsage::DIGITAL_SIGNATURE } else { ca }
}

/// The extended key usages of leaves under a role: of its flags, its names and its identifiers.
///
/// # Errors
///
/// [`Violation::ExtKeyUsageOid`], for a role that was never validated.
pub fn leaf_ext_key_usages(role: &Role) -> Result<Vec<ObjectIdentifier>, Violation> {
    let flags = [
        (role.server_flag, "ServerAuth"),
        (role.client_flag, "ClientAuth"),
        (role.code_signing_flag, "CodeSigning"),
        (role.email_protection_flag, "EmailProtection"),
    ];
    let flags = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name);
    with_oids(flags.chain(role.ext_key_usage.iter().map(String::as_str)), &role.ext_key_usage_oids)
}

/// The extended key usages of names and identifiers: the named ones in their fixed order, then the
/// others as they were given, each once.
///
/// # Errors
///
/// [`Violation::ExtKeyUsageOid`] for the first text that is no identifier.
pub fn ext_key_usages(
    names: &[String],
    oids: &[String],
) -> Result<Vec<ObjectIdentifier>, Violation> {
    with_oids(names.iter().map(String::as_str), oids)
}

fn with_oids<'a>(
    names: impl IntoIterator<Item = &'a str>,
    oids: &[String],
) -> Result<Vec<ObjectIdentifier>, Violation> {
    let mut usages = ext_key_usages_from_names(names);
    let mut seen: BTreeSet<ObjectIdentifier> = usages.iter().copied().collect();
    for text in oids {
        let oid = oid::parse(text).ok_or_else(|| Violation::ExtKeyUsageOid(text.clone()))?;
        if seen.insert(oid) {
            usages.push(oid);
        }
    }
    Ok(usages)
}

/// What to say about names that mean nothing: they are kept, and have no effect.
pub fn unknown_names(key_usage: &[String], ext_key_usage: &[String]) -> Vec<Warning> {
    let unknown = |names: &[String], is_known: fn(&str) -> bool| -> Option<Vec<String>> {
        let unknown = names.iter().filter(|name| !name.is_empty() && !is_known(name));
        Some(unknown.cloned().collect()).filter(|names: &Vec<String>| !names.is_empty())
    };
    let key_usage = unknown(key_usage, |name| KeyUsage::parse(name).is_some());
    let ext_key_usage = unknown(ext_key_usage, |name| ext_key_usage_oid(name).is_some());
    let warnings =
        [key_usage.map(Warning::UnknownKeyUsage), ext_key_usage.map(Warning::UnknownExtKeyUsage)];
    warnings.into_iter().flatten().collect()
}

/// Every name of an extended key usage, for help and completion.
pub fn ext_key_usage_names() -> impl Iterator<Item = &'static str> {
    EXT_KEY_USAGES.iter().map(|row| row.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::role::tests::role;

    #[track_caller]
    fn check_leaf(settings: &[(&str, &str)], want: &[&str]) {
        let got = leaf_ext_key_usages(&role(settings)).unwrap();
        let got: Vec<String> = got.iter().map(ToString::to_string).collect();
        assert_eq!(got, want, "{settings:?}");
    }

    const SERVER: &str = "1.3.6.1.5.5.7.3.1";
    const CLIENT: &str = "1.3.6.1.5.5.7.3.2";

    #[test]
    fn extended_usages_come_in_one_order_and_once() {
        let off = [("server_flag", "false"), ("client_flag", "false")];
        let with = |setting| [&off[..], &[setting]].concat();
        check_leaf(&[], &[SERVER, CLIENT]);
        check_leaf(&off, &[]);
        check_leaf(&off[..1], &[CLIENT]);
        check_leaf(
            &[("code_signing_flag", "true"), ("email_protection_flag", "true")],
            &[SERVER, CLIENT, "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.4"],
        );
        check_leaf(
            &with(("ext_key_usage", "OCSPSigning,timestamping, Any,Flying,")),
            &["2.5.29.37.0", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"],
        );
        check_leaf(
            &[("ext_key_usage", "ServerAuth"), ("ext_key_usage_oids", "1.2.3.4,1.2.3.4,1.2.3")],
            &[SERVER, CLIENT, "1.2.3.4", "1.2.3"],
        );
        check_leaf(&with(("ext_key_usage_oids", SERVER)), &[SERVER]);
        check_leaf(&[("ext_key_usage_oids", CLIENT)], &[SERVER, CLIENT]);
    }

    #[test]
    fn identifiers_are_no_names() {
        let names = vec!["ServerAuth".to_owned()];
        let got = ext_key_usages(&[], &names).unwrap_err().to_string();
        let want = "\"ServerAuth\" could not be parsed as a valid oid for an extended key usage";
        assert_eq!(got, want);
        assert_eq!(ext_key_usages(&names, &[]).unwrap().len(), 1);
    }

    #[test]
    fn a_ca_signs_certificates_and_crls() {
        let ca = KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
        for (names, want) in [
            ("", ca),
            ("CertSign", ca),
            ("KeyAgreement,EncipherOnly,Flying", ca),
            ("digitalsignature", ca | KeyUsage::DIGITAL_SIGNATURE),
        ] {
            let names: Vec<String> = names.split(',').map(str::to_owned).collect();
            assert_eq!(ca_key_usage(&names), want, "{names:?}");
        }
    }

    #[test]
    fn a_leaf_may_be_used_as_its_role_says() {
        for (names, want) in [
            ("", KeyUsage::NONE),
            ("Teleport", KeyUsage::NONE),
            (" keyagreement,Teleport", KeyUsage::KEY_AGREEMENT),
            ("CertSign,CRLSign", KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN),
        ] {
            assert_eq!(leaf_key_usage(&role(&[("key_usage", names)])), want, "{names}");
        }
    }
}
