//! Requests for certificates (CSRs) with anything in them.

use anyhow::Result;
use pki_core::crypto::asn1::{Writer, encode, tag};
use pki_core::crypto::key::{Curve, KeySpec, PrivateKey};
use pki_core::crypto::signature::SignatureAlgorithm;
use pki_core::x509::extension::Extension;
use pki_core::x509::name::DistinguishedName;
use pki_core::x509::oid::{self, ObjectIdentifier};
use pki_core::x509::{KeyUsage, OtherName, SubjectAltNames, TbsCertificationRequest};
use pki_core::x509::{extension, pem, sign_csr};

use super::Luck;
use super::pools::{ADDRESSES, KEY_USAGES, NAMES, OIDS, TEXTS, URIS, USERS};

/// Keys that requests are signed with, made once.
pub(in super::super) struct Keys(Vec<PrivateKey>);

impl Keys {
    pub(in super::super) fn generate() -> Result<Self> {
        let specs = [
            KeySpec::Ec(Curve::P256),
            KeySpec::Ec(Curve::P256),
            KeySpec::Ec(Curve::P224),
            KeySpec::Ec(Curve::P384),
            KeySpec::Ec(Curve::P521),
            KeySpec::Ed25519,
            KeySpec::Rsa { bits: 2048 },
        ];
        let keys = specs.into_iter().map(PrivateKey::generate).collect::<Result<_, _>>()?;
        Ok(Self(keys))
    }
}

/// What is no request.
const JUNK: &[&str] = &[
    "",
    "junk",
    "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----",
    "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----",
];

/// A request in PEM; once in a while one that is broken.
pub(super) fn text(luck: &mut Luck, keys: &Keys) -> Result<String> {
    if luck.below(60) == 0 {
        return Ok(luck.of(JUNK).to_owned());
    }
    let place = usize::try_from(luck.below(keys.0.len() as u64))?;
    let key = keys.0.get(place).ok_or_else(|| anyhow::anyhow!("no keys"))?;
    let signature = SignatureAlgorithm::for_issuing(key.spec(), 0, false, false);
    let request = TbsCertificationRequest {
        subject: DistinguishedName::from_der(&subject(luck))?,
        public_key: key.public_key().clone(),
        extensions: extensions(luck)?,
        signature,
    };
    let mut der = sign_csr(&request, key)?;
    if luck.below(60) == 0 {
        // The signature is at the end.
        if let Some(last) = der.last_mut() {
            *last ^= 1;
        }
    }
    Ok(pem::encode("CERTIFICATE REQUEST", &der))
}

/// A name: attributes in any order, several in one set now and then, in several kinds of string.
fn subject(luck: &mut Luck) -> Vec<u8> {
    let mut sets: Vec<Vec<(ObjectIdentifier, &str)>> = Vec::new();
    let others = [oid::ORGANIZATION, oid::ORGANIZATIONAL_UNIT, oid::COUNTRY, oid::LOCALITY];
    for other in others {
        if luck.below(6) == 0 {
            let count = 1 + luck.below(2);
            sets.push((0..count).map(|_| (other, luck.pick(&TEXTS))).collect());
        }
    }
    if luck.below(8) != 0 {
        sets.push(vec![(oid::COMMON_NAME, luck.pick(&NAMES))]);
    }
    if luck.below(12) == 0 {
        sets.push(vec![(oid::SUBJECT_SERIAL_NUMBER, luck.of(&["SN1", "SN2", "other"]))]);
    }
    if luck.below(12) == 0 {
        sets.push(vec![(oid::USER_ID, luck.pick(&USERS))]);
    }
    if luck.below(4) == 0 {
        sets.reverse();
    }
    let tags: Vec<bool> = sets.iter().map(|_| luck.below(2) == 0).collect();
    encode(|w| {
        w.sequence(|w| {
            for (set, is_utf8) in sets.iter().zip(tags) {
                w.nested(tag::SET, |w| set_of(w, set, is_utf8));
            }
        });
    })
}

/// The attributes of a set in the order that DER wants.
fn set_of(w: &mut Writer, set: &[(ObjectIdentifier, &str)], is_utf8: bool) {
    let attribute = |(oid, text): &(ObjectIdentifier, &str)| {
        let is_printable = text.chars().all(|c| c.is_ascii_alphanumeric() || " .-".contains(c));
        let kind = if is_utf8 || !is_printable { tag::UTF8_STRING } else { tag::PRINTABLE_STRING };
        encode(|w| {
            w.sequence(|w| {
                w.oid(oid);
                w.primitive(kind, text.as_bytes());
            });
        })
    };
    let mut attributes: Vec<Vec<u8>> = set.iter().map(attribute).collect();
    attributes.sort();
    attributes.dedup();
    attributes.iter().for_each(|attribute| w.raw(attribute));
}

fn extensions(luck: &mut Luck) -> Result<Vec<Extension>> {
    let mut found = Vec::new();
    if luck.below(3) == 0 {
        let names = alt_names(luck);
        let is_critical = luck.below(6) == 0;
        // Names that no certificate can hold are left to the parameters.
        found.extend(extension::subject_alt_name(&names, is_critical));
    }
    if luck.below(6) == 0 {
        let count = luck.below(3);
        let names: Vec<&str> = (0..=count).map(|_| luck.pick(&KEY_USAGES)).collect();
        let usage = KeyUsage::from_names(names);
        if !usage.is_empty() {
            found.push(extension::key_usage(usage));
        }
    }
    if luck.below(6) == 0 {
        let count = luck.below(2);
        let oids = (0..=count).filter_map(|_| ObjectIdentifier::new(luck.pick(&OIDS)).ok());
        found.push(extension::ext_key_usage(&oids.collect::<Vec<_>>()));
    }
    if luck.below(8) == 0 {
        found.push(match luck.below(3) {
            0 => extension::basic_constraints_leaf(),
            1 => extension::basic_constraints_ca(None),
            _ => extension::basic_constraints_ca(Some(3)),
        });
    }
    if luck.below(10) == 0 {
        found.push(Extension {
            oid: ObjectIdentifier::new("1.2.3.4.5")?,
            critical: false,
            value: vec![5, 0],
        });
    }
    if luck.below(16) == 0 {
        found.push(extension::subject_key_identifier(&[1, 2]));
    }
    if luck.below(16) == 0 {
        let urls = ["http://csr.example.com/crl".to_owned()];
        found.push(extension::crl_distribution_points(&urls)?);
    }
    if luck.below(4) == 0 {
        found.reverse();
    }
    Ok(found)
}

fn alt_names(luck: &mut Luck) -> SubjectAltNames {
    let mut names = SubjectAltNames::default();
    for _ in 0..=luck.below(3) {
        match luck.below(10) {
            0..=5 => match luck.pick(&NAMES) {
                name if name.contains('@') => names.email.push(name.to_owned()),
                name => names.dns.push(name.to_owned()),
            },
            6..=7 => names.ip.extend(luck.pick(&ADDRESSES).parse::<std::net::IpAddr>()),
            8 => names.uri.push(luck.pick(&URIS).to_owned()),
            _ => {
                names.other.push(OtherName { oid: "1.2.3".to_owned(), value: "z".to_owned() });
            }
        }
    }
    names
}
