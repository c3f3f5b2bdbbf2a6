//! The extensions that are made here, each by its section of RFC 5280.

use super::{Extension, PolicyInformation};
use crate::crypto::asn1::{Writer, encode, tag};
use crate::x509::general_name::{EncodeError, SubjectAltNames, URI, ia5};
use crate::x509::name_constraints::NameConstraints;
use crate::x509::oid::{self, ObjectIdentifier};
use crate::x509::usage::KeyUsage;

/// keyUsage, critical (RFC 5280 section 4.2.1.3).
pub fn key_usage(usage: KeyUsage) -> Extension {
    Extension::new(oid::KEY_USAGE, true, encode(|w| usage.write(w)))
}

/// extKeyUsage, in the order given (RFC 5280 section 4.2.1.12).
pub fn ext_key_usage(usages: &[ObjectIdentifier]) -> Extension {
    let value = encode(|w| w.sequence(|w| usages.iter().for_each(|usage| w.oid(usage))));
    Extension::new(oid::EXT_KEY_USAGE, false, value)
}

/// basicConstraints of who is no CA: empty, since FALSE is the default (RFC 5280 section
/// 4.2.1.9).
pub fn basic_constraints_leaf() -> Extension {
    Extension::new(oid::BASIC_CONSTRAINTS, true, encode(|w| w.sequence(|_| ())))
}

/// basicConstraints of a CA (RFC 5280 section 4.2.1.9).
pub fn basic_constraints_ca(path_len: Option<u32>) -> Extension {
    let value = encode(|w| {
        w.sequence(|w| {
            w.boolean_true();
            path_len.into_iter().for_each(|path_len| w.unsigned_u64(path_len.into()));
        });
    });
    Extension::new(oid::BASIC_CONSTRAINTS, true, value)
}

/// subjectKeyIdentifier (RFC 5280 section 4.2.1.2).
pub fn subject_key_identifier(key_identifier: &[u8]) -> Extension {
    let value = encode(|w| w.octet_string(key_identifier));
    Extension::new(oid::SUBJECT_KEY_IDENTIFIER, false, value)
}

/// authorityKeyIdentifier with the key identifier only (RFC 5280 section 4.2.1.1).
pub fn authority_key_identifier(key_identifier: &[u8]) -> Extension {
    let value = encode(|w| w.sequence(|w| w.primitive(tag::context(0), key_identifier)));
    Extension::new(oid::AUTHORITY_KEY_IDENTIFIER, false, value)
}

/// authorityInfoAccess: the OCSP servers, then where the issuer's certificate is (RFC 5280
/// section 4.2.2.1).
///
/// # Errors
///
/// [`EncodeError`] for a URL with characters outside ASCII.
pub fn authority_info_access(
    ocsp_servers: &[String],
    issuing_certificates: &[String],
) -> Result<Extension, EncodeError> {
    ia5("URL", ocsp_servers)?;
    ia5("URL", issuing_certificates)?;
    let ocsp = ocsp_servers.iter().map(|url| (&oid::OCSP, url));
    let issuers = issuing_certificates.iter().map(|url| (&oid::CA_ISSUERS, url));
    let value = encode(|w| {
        w.sequence(|w| {
            for (method, url) in ocsp.chain(issuers) {
                w.sequence(|w| {
                    w.oid(method);
                    w.primitive(URI, url.as_bytes());
                });
            }
        });
    });
    Ok(Extension::new(oid::AUTHORITY_INFO_ACCESS, false, value))
}

/// subjectAltName; critical if the subject is empty (RFC 5280 section 4.2.1.6).
///
/// # Errors
///
/// [`EncodeError`], with the name that cannot be encoded.
pub fn subject_alt_name(names: &SubjectAltNames, critical: bool) -> Result<Extension, EncodeError> {
    Ok(Extension::new(oid::SUBJECT_ALT_NAME, critical, names.to_der()?))
}

/// certificatePolicies (RFC 5280 section 4.2.1.4).
///
/// # Errors
///
/// [`EncodeError`] for a URL with characters outside ASCII.
pub fn certificate_policies(policies: &[PolicyInformation]) -> Result<Extension, EncodeError> {
    for policy in policies {
        ia5("URL", policy.cps.as_slice())?;
    }
    let value = encode(|w| w.sequence(|w| policies.iter().for_each(|policy| policy.write(w))));
    Ok(Extension::new(oid::CERTIFICATE_POLICIES, false, value))
}

/// nameConstraints, critical (RFC 5280 section 4.2.1.10).
///
/// # Errors
///
/// [`EncodeError`], with the name that cannot be encoded.
pub fn name_constraints(constraints: &NameConstraints) -> Result<Extension, EncodeError> {
    Ok(Extension::new(oid::NAME_CONSTRAINTS, true, constraints.to_der()?))
}

/// cRLDistributionPoints: one point with a full name for each URL (RFC 5280 section 4.2.1.13).
///
/// # Errors
///
/// [`EncodeError`] for a URL with characters outside ASCII.
pub fn crl_distribution_points(urls: &[String]) -> Result<Extension, EncodeError> {
    ia5("URL", urls)?;
    Ok(Extension::new(oid::CRL_DISTRIBUTION_POINTS, false, distribution_points(urls)))
}

/// freshestCRL, in the same form (RFC 5280 section 4.2.1.15).
///
/// # Errors
///
/// [`EncodeError`] for a URL with characters outside ASCII.
pub fn freshest_crl(urls: &[String]) -> Result<Extension, EncodeError> {
    ia5("URL", urls)?;
    Ok(freshest_crl_unchecked(urls))
}

/// freshestCRL of URLs that are checked elsewhere.
pub(in crate::x509) fn freshest_crl_unchecked(urls: &[String]) -> Extension {
    Extension::new(oid::FRESHEST_CRL, false, distribution_points(urls))
}

fn distribution_points(urls: &[String]) -> Vec<u8> {
    // A DistributionPoint, its distributionPoint, of that the fullName.
    let wrappers = [tag::SEQUENCE, tag::constructed(0), tag::constructed(0)];
    encode(|w| {
        w.sequence(|w| {
            for url in urls {
                wrap(w, &wrappers, &|w| w.primitive(URI, url.as_bytes()));
            }
        });
    })
}

fn wrap(w: &mut Writer, wrappers: &[u8], write: &dyn Fn(&mut Writer)) {
    match wrappers {
        [outer, inner @ ..] => w.nested(*outer, |w| wrap(w, inner, write)),
        [] => write(w),
    }
}

/// issuingDistributionPoint, critical: the full names under which certificates know the CRL, which
/// lists those certificates alone (RFC 5280 section 5.2.5). The URLs are those of certificates,
/// so they were checked.
pub fn issuing_distribution_point(urls: &[String]) -> Extension {
    let wrappers = [tag::SEQUENCE, tag::constructed(0), tag::constructed(0)];
    let value = encode(|w| {
        wrap(w, &wrappers, &|w| urls.iter().for_each(|url| w.primitive(URI, url.as_bytes())));
    });
    Extension::new(oid::ISSUING_DISTRIBUTION_POINT, true, value)
}

/// cRLNumber (RFC 5280 section 5.2.3).
pub fn crl_number(number: u64) -> Extension {
    Extension::new(oid::CRL_NUMBER, false, encode(|w| w.unsigned_u64(number)))
}

/// deltaCRLIndicator, critical: the number of the CRL that this one adds to (RFC 5280 section
/// 5.2.4).
pub fn delta_crl_indicator(base: u64) -> Extension {
    Extension::new(oid::DELTA_CRL_INDICATOR, true, encode(|w| w.unsigned_u64(base)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::asn1::parse;
    use crate::domain::hex;
    use crate::x509::extension::{
        BasicConstraints, authority_key_identifier_from_der, distribution_point_urls,
        subject_key_identifier_from_der,
    };
    use crate::x509::name_constraints::Subtrees;
    use crate::x509::usage::ext_key_usages_from_names;

    #[track_caller]
    fn check(extension: &Extension, oid: &str, critical: bool, value: &str) {
        assert_eq!(extension.oid.to_string(), oid);
        assert_eq!(extension.critical, critical, "{oid}");
        assert_eq!(hex::encode(&extension.value), value, "{oid}");
        let der = encode(|w| extension.write(w));
        assert_eq!(parse(&der, Extension::read).as_ref(), Ok(extension));
    }

    fn urls(urls: &[&str]) -> Vec<String> {
        urls.iter().map(|url| (*url).to_owned()).collect()
    }

    #[test]
    fn usages_and_constraints_are_encoded_as_clients_know_them() {
        let leaf =
            KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::KEY_AGREEMENT;
        let ca = KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
        check(&key_usage(leaf), "2.5.29.15", true, "030203a8");
        check(&key_usage(ca), "2.5.29.15", true, "03020106");
        let usages = ext_key_usages_from_names(["ServerAuth", "ClientAuth"]);
        let want = "301406082b0601050507030106082b06010505070302";
        check(&ext_key_usage(&usages), "2.5.29.37", false, want);
        check(&basic_constraints_leaf(), "2.5.29.19", true, "3000");
        check(&basic_constraints_ca(None), "2.5.29.19", true, "30030101ff");
        check(&basic_constraints_ca(Some(0)), "2.5.29.19", true, "30060101ff020100");
        check(&basic_constraints_ca(Some(200)), "2.5.29.19", true, "30070101ff020200c8");
    }

    #[test]
    fn key_identifiers_are_encoded_as_clients_know_them() {
        let key = [0x11; 20];
        let twenty = "11".repeat(20);
        check(&subject_key_identifier(&key), "2.5.29.14", false, &format!("0414{twenty}"));
        let want = format!("30168014{twenty}");
        check(&authority_key_identifier(&key), "2.5.29.35", false, &want);
    }

    #[test]
    fn addresses_are_encoded_as_clients_know_them() {
        let ocsp = urls(&["http://h/ocsp"]);
        let issuers = urls(&["http://h/ca"]);
        let got = authority_info_access(&ocsp, &issuers).unwrap();
        let ocsp_server = "301906082b06010505073001860d687474703a2f2f682f6f637370";
        let issuer = "301706082b06010505073002860b687474703a2f2f682f6361";
        check(&got, "1.3.6.1.5.5.7.1.1", false, &format!("3034{ocsp_server}{issuer}"));

        let points = urls(&["http://h/crl", "http://h2/crl"]);
        let one = "3012a010a00e860c687474703a2f2f682f63726c";
        let two = "3013a011a00f860d687474703a2f2f68322f63726c";
        let want = format!("3029{one}{two}");
        check(&crl_distribution_points(&points).unwrap(), "2.5.29.31", false, &want);
        check(&freshest_crl(&points).unwrap(), "2.5.29.46", false, &want);
        let value = crl_distribution_points(&points).unwrap().value;
        assert_eq!(distribution_point_urls(&value), Ok(points));
    }

    #[test]
    fn policies_are_encoded_as_clients_know_them() {
        let policy = |oid: &str, cps: Option<&str>, notice: Option<&str>| PolicyInformation {
            oid: ObjectIdentifier::new(oid).unwrap(),
            cps: cps.map(str::to_owned),
            notice: notice.map(str::to_owned),
        };
        let plain = [policy("1.2.3.4", None, None), policy("1.2.5", None, None)];
        let want = "300d300506032a0304300406022a05";
        check(&certificate_policies(&plain).unwrap(), "2.5.29.32", false, want);
        let qualified = [policy("1.2.3.4", Some("u:"), Some("né"))];
        let cps = "300e06082b060105050702011602753a";
        let notice = "301106082b0601050507020230050c036ec3a9";
        let want = format!("302c302a06032a03043023{cps}{notice}");
        check(&certificate_policies(&qualified).unwrap(), "2.5.29.32", false, &want);
    }

    #[test]
    fn the_rest_is_encoded_as_clients_know_it() {
        let dns = urls(&["a.com"]);
        let names = SubjectAltNames { dns: dns.clone(), ..Default::default() };
        let san = subject_alt_name(&names, true).unwrap();
        check(&san, "2.5.29.17", true, "30078205612e636f6d");
        let permitted = Subtrees { dns, ..Default::default() };
        let constraints = NameConstraints { permitted, ..Default::default() };
        let constraints = name_constraints(&constraints).unwrap();
        check(&constraints, "2.5.29.30", true, "300ba00930078205612e636f6d");
        check(&crl_number(0), "2.5.29.20", false, "020100");
        check(&crl_number(128), "2.5.29.20", false, "02020080");
        check(&delta_crl_indicator(7), "2.5.29.27", true, "020107");
    }

    #[test]
    fn urls_are_ascii() {
        let odd = urls(&["http://bü"]);
        let named = Err(EncodeError::NotIa5 { what: "URL", value: "http://bü".to_owned() });
        assert_eq!(authority_info_access(&odd, &[]), named);
        assert_eq!(authority_info_access(&[], &odd), named);
        assert_eq!(crl_distribution_points(&odd), named);
        assert_eq!(freshest_crl(&odd), named);
    }

    #[test]
    fn values_read_back() {
        for constraints in [
            BasicConstraints::default(),
            BasicConstraints { is_ca: true, path_len: None },
            BasicConstraints { is_ca: true, path_len: Some(u32::MAX) },
        ] {
            let extension = match constraints.is_ca {
                true => basic_constraints_ca(constraints.path_len),
                false => basic_constraints_leaf(),
            };
            assert_eq!(BasicConstraints::from_der(&extension.value), Ok(constraints));
        }
        let key = subject_key_identifier(&[1, 2]).value;
        assert_eq!(subject_key_identifier_from_der(&key), Ok(vec![1, 2]));
        let key = authority_key_identifier(&[1, 2]).value;
        assert_eq!(authority_key_identifier_from_der(&key), Ok(Some(vec![1, 2])));
        assert_eq!(authority_key_identifier_from_der(&[0x30, 0]), Ok(None));
    }
}
