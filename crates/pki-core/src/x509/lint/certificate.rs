//! The rules for certificates.

use super::{Check, Finding, Lint, Rule, broken};
use crate::crypto::asn1::{Malformed, Reader, parse, tag};
use crate::crypto::key::KeySpec;
use crate::x509::extension::{
    self, BasicConstraints, authority_key_identifier_from_der, subject_key_identifier_from_der,
};
use crate::x509::general_name::SubjectAltNames;
use crate::x509::name_constraints::NameConstraints;
use crate::x509::oid::{self, ObjectIdentifier};
use crate::x509::tbs::TbsCertificate;
use crate::x509::usage::{KeyUsage, ext_key_usages_from_der};

impl Lint for TbsCertificate {
    fn findings(&self) -> Vec<Finding> {
        broken(CERTIFICATE_RULES, self)
    }
}

const COPIED: &str = "sign-verbatim and use_csr_values copy this extension from the request";
const ASKED: &str = "a role or a request may ask for it, and clients rely on getting it";
const NO_SUBJECT: &str = "a CA may be made without a subject; the reply warns of it";

const fn enforced(
    id: &'static str,
    source: &'static str,
    demands: &'static str,
    keeps: fn(&TbsCertificate) -> bool,
) -> Rule<TbsCertificate> {
    Rule { id, source, demands, check: Check::Enforced(keeps) }
}

const fn waived(
    id: &'static str,
    source: &'static str,
    demands: &'static str,
    because: &'static str,
) -> Rule<TbsCertificate> {
    Rule { id, source, demands, check: Check::Waived(because) }
}

/// All rules. Version, encodings of dates and the agreement of the two signature algorithms are
/// missing: [`TbsCertificate`] cannot express anything else. That the algorithm fits the key is
/// seen when it signs.
pub const CERTIFICATE_RULES: &[Rule<TbsCertificate>] = &[
    enforced("serial_positive", "RFC 5280 section 4.1.2.2", "the serial number is above 0", |t| {
        !t.serial.octets().is_empty()
    }),
    enforced(
        "serial_short",
        "RFC 5280 section 4.1.2.2",
        "the serial number has at most 20 octets",
        |t| match t.serial.octets() {
            [0x80..=0xff, rest @ ..] => rest.len() < 19,
            octets => octets.len() <= 20,
        },
    ),
    enforced(
        "validity",
        "RFC 5280 section 4.1.2.5",
        "the validity does not end before it begins",
        |t| t.not_before.unix() <= t.not_after.unix(),
    ),
    enforced("rsa_size", "RFC 8017 section 3.1", "an RSA key has at least 2048 bits", |t| {
        !matches!(t.public_key.spec(), Some(KeySpec::Rsa { bits: ..2048 }))
    }),
    enforced("extensions_once", "RFC 5280 section 4.2", "every extension is there once", |t| {
        extension::are_there_once(&t.extensions)
    }),
    enforced(
        "basic_constraints",
        "RFC 5280 section 4.2.1.9",
        "basicConstraints is well formed",
        |t| reads(t, oid::BASIC_CONSTRAINTS, BasicConstraints::from_der),
    ),
    enforced(
        "basic_constraints_critical",
        "RFC 5280 section 4.2.1.9",
        "basicConstraints of a CA is critical",
        |t| !is_ca(t) || t.extension(&oid::BASIC_CONSTRAINTS).is_some_and(|e| e.critical),
    ),
    enforced("path_len", "RFC 5280 section 4.2.1.9", "only a CA has a path length", |t| {
        basic_constraints(t).is_none_or(|b| b.is_ca || b.path_len.is_none())
    }),
    enforced("key_usage", "RFC 5280 section 4.2.1.3", "keyUsage is well formed", |t| {
        reads(t, oid::KEY_USAGE, KeyUsage::from_der)
    }),
    enforced("ext_key_usage", "RFC 5280 section 4.2.1.12", "extKeyUsage has a purpose", |t| {
        reads(t, oid::EXT_KEY_USAGE, |der| {
            ext_key_usages_from_der(der)?.first().map(|_| ()).ok_or(Malformed("a purpose"))
        })
    }),
    enforced(
        "subject_key_identifier",
        "RFC 5280 section 4.2.1.2",
        "subjectKeyIdentifier is well formed, and there in a CA",
        |t| {
            reads(t, oid::SUBJECT_KEY_IDENTIFIER, subject_key_identifier_from_der)
                && (!is_ca(t) || t.extension(&oid::SUBJECT_KEY_IDENTIFIER).is_some())
        },
    ),
    enforced(
        "authority_key_identifier",
        "RFC 5280 section 4.2.1.1",
        "authorityKeyIdentifier has a key identifier and is not critical",
        |t| {
            not_critical(t, oid::AUTHORITY_KEY_IDENTIFIER)
                && reads(t, oid::AUTHORITY_KEY_IDENTIFIER, |der| {
                    authority_key_identifier_from_der(der)?.ok_or(Malformed("a key identifier"))
                })
        },
    ),
    enforced("subject_alt_name", "RFC 5280 section 4.2.1.6", "subjectAltName has a name", |t| {
        reads(t, oid::SUBJECT_ALT_NAME, |der| match SubjectAltNames::from_der(der)?.is_empty() {
            true => Err(Malformed("a name")),
            false => Ok(()),
        })
    }),
    enforced("policies", "RFC 5280 section 4.2.1.4", "certificatePolicies has a policy", |t| {
        reads(t, oid::CERTIFICATE_POLICIES, |der| list_of(der, |r| r.oid().map(|_| ())))
    }),
    enforced("name_constraints", "RFC 5280 section 4.2.1.10", "nameConstraints has a name", |t| {
        reads(t, oid::NAME_CONSTRAINTS, |der| match NameConstraints::from_der(der)?.is_empty() {
            true => Err(Malformed("a subtree")),
            false => Ok(()),
        })
    }),
    enforced(
        "crl_distribution_points",
        "RFC 5280 section 4.2.1.13",
        "cRLDistributionPoints has a point",
        |t| reads(t, oid::CRL_DISTRIBUTION_POINTS, |der| list_of(der, distribution_point)),
    ),
    enforced(
        "freshest_crl",
        "RFC 5280 section 4.2.1.15",
        "freshestCRL has a point and is not critical",
        |t| {
            not_critical(t, oid::FRESHEST_CRL)
                && reads(t, oid::FRESHEST_CRL, |der| list_of(der, distribution_point))
        },
    ),
    enforced(
        "authority_info_access",
        "RFC 5280 section 4.2.2.1",
        "authorityInfoAccess has a description and is not critical",
        |t| {
            not_critical(t, oid::AUTHORITY_INFO_ACCESS)
                && reads(t, oid::AUTHORITY_INFO_ACCESS, |der| {
                    list_of(der, |r| r.oid().and(r.element()).map(|_| ()))
                })
        },
    ),
    waived("issuer_named", "RFC 5280 section 4.1.2.4", "the issuer has a name", NO_SUBJECT),
    waived("ca_named", "RFC 5280 section 4.1.2.6", "a CA has a subject", NO_SUBJECT),
    waived(
        "subject_or_alt_name",
        "RFC 5280 section 4.1.2.6",
        "who has no subject has an alternative name",
        "roles with require_cn=false, and CAs without a subject, may have neither",
    ),
    waived(
        "alt_name_critical",
        "RFC 5280 section 4.2.1.6",
        "subjectAltName is critical without a subject",
        "sign-verbatim copies it as it is; elsewhere the policy makes it critical",
    ),
    waived(
        "alt_name_not_blank",
        "RFC 5280 section 4.2.1.6",
        "a DNS name is not a single blank",
        COPIED,
    ),
    waived(
        "authority_key_identifier_there",
        "RFC 5280 section 4.2.1.1",
        "authorityKeyIdentifier is there unless self-signed",
        "the certificate of an imported issuer may have no key identifier",
    ),
    waived("key_usage_not_empty", "RFC 5280 section 4.2.1.3", "keyUsage has a bit", COPIED),
    waived(
        "ca_key_usage",
        "RFC 5280 section 4.2.1.3",
        "a CA has keyUsage with keyCertSign",
        COPIED,
    ),
    waived("leaf_key_usage", "RFC 5280 section 4.2.1.3", "only a CA has keyCertSign", ASKED),
    waived(
        "path_len_key_usage",
        "RFC 5280 section 4.2.1.9",
        "who has a path length has keyCertSign",
        COPIED,
    ),
    waived(
        "ec_key_usage",
        "RFC 8813 section 3",
        "an EC key has neither keyEncipherment nor dataEncipherment",
        ASKED,
    ),
    waived(
        "name_constraints_ca",
        "RFC 5280 section 4.2.1.10",
        "only a CA has nameConstraints, and they are critical",
        COPIED,
    ),
    waived(
        "policies_once",
        "RFC 5280 section 4.2.1.4",
        "every policy is there once",
        "the list of a role is taken as it is",
    ),
    waived(
        "subject_key_identifier_not_critical",
        "RFC 5280 section 4.2.1.2",
        "subjectKeyIdentifier is not critical",
        COPIED,
    ),
    waived(
        "common_name_short",
        "RFC 5280 appendix A.1",
        "a common name has at most 64 characters, and other attributes have their limits",
        ASKED,
    ),
    waived("country_code", "RFC 5280 appendix A.1", "a country has two letters", ASKED),
];

fn basic_constraints(tbs: &TbsCertificate) -> Option<BasicConstraints> {
    BasicConstraints::from_der(&tbs.extension(&oid::BASIC_CONSTRAINTS)?.value).ok()
}

fn is_ca(tbs: &TbsCertificate) -> bool {
    basic_constraints(tbs).is_some_and(|constraints| constraints.is_ca)
}

fn not_critical(tbs: &TbsCertificate, oid: ObjectIdentifier) -> bool {
    tbs.extension(&oid).is_none_or(|extension| !extension.critical)
}

/// Whether an extension is not there, or reads as it should.
fn reads<T>(
    tbs: &TbsCertificate,
    oid: ObjectIdentifier,
    read: impl Fn(&[u8]) -> Result<T, Malformed>,
) -> bool {
    tbs.extension(&oid).is_none_or(|extension| read(&extension.value).is_ok())
}

/// Reads a SEQUENCE of at least one SEQUENCE, of each as much as `read` does.
fn list_of(
    der: &[u8],
    read: impl Fn(&mut Reader<'_>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut list = parse(der, Reader::sequence)?;
    if list.is_empty() {
        return Err(Malformed("an element"));
    }
    while !list.is_empty() {
        read(&mut list.sequence()?)?;
    }
    Ok(())
}

/// A point says where the CRL is, or who issues it.
fn distribution_point(r: &mut Reader<'_>) -> Result<(), Malformed> {
    match r.peek() {
        Some(first) if first == tag::constructed(0) || first == tag::constructed(2) => Ok(()),
        _ => Err(Malformed("a distribution point or a CRL issuer")),
    }
}
