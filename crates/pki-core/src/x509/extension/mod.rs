//! Extensions: what they are, how they are read, and how each one that is made here is written.

mod make;
mod policy;

use std::collections::BTreeSet;

use super::general_name::URI;
use super::oid::ObjectIdentifier;
use crate::crypto::asn1::{Malformed, Reader, Writer, parse, tag};

pub(super) use make::freshest_crl_unchecked;
pub use make::{
    authority_info_access, authority_key_identifier, basic_constraints_ca, basic_constraints_leaf,
    certificate_policies, crl_distribution_points, crl_number, delta_crl_indicator, ext_key_usage,
    freshest_crl, issuing_distribution_point, key_usage, name_constraints, subject_alt_name,
    subject_key_identifier,
};
pub use policy::PolicyInformation;

/// One extension.
///
/// Source: RFC 5280 section 4.1.2.9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Which one.
    pub oid: ObjectIdentifier,
    /// Whether who does not know it must refuse the certificate.
    pub critical: bool,
    /// The contents of extnValue.
    pub value: Vec<u8>,
}

/// What basicConstraints says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject is a CA.
    pub is_ca: bool,
    /// How many intermediate certificates may follow.
    pub path_len: Option<u32>,
}

impl Extension {
    fn new(oid: ObjectIdentifier, critical: bool, value: Vec<u8>) -> Self {
        Self { oid, critical, value }
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            w.oid(&self.oid);
            if self.critical {
                w.boolean_true();
            }
            w.octet_string(&self.value);
        });
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut extension = r.sequence()?;
        let oid = extension.oid()?;
        // DER leaves FALSE out; many encoders do not.
        let critical = match extension.peek() {
            Some(tag::BOOLEAN) => extension.boolean()?,
            _ => false,
        };
        let value = extension.octet_string()?.to_vec();
        extension.finish()?;
        Ok(Self { oid, critical, value })
    }
}

/// Writes `Extensions`.
pub(super) fn write_extensions(w: &mut Writer, extensions: &[Extension]) {
    w.sequence(|w| extensions.iter().for_each(|extension| extension.write(w)));
}

/// Reads `Extensions`, each of which may be there once (RFC 5280 section 4.2).
pub(super) fn read_extensions(r: &mut Reader<'_>) -> Result<Vec<Extension>, Malformed> {
    let mut list = r.sequence()?;
    let mut extensions: Vec<Extension> = Vec::with_capacity(8);
    let mut seen = BTreeSet::new();
    while !list.is_empty() {
        let extension = Extension::read(&mut list)?;
        if !seen.insert(extension.oid) {
            return Err(Malformed("every extension once"));
        }
        extensions.push(extension);
    }
    Ok(extensions)
}

/// Whether no kind of extension is there twice. A request may hold tens of thousands.
pub(crate) fn are_there_once(extensions: &[Extension]) -> bool {
    let kinds: BTreeSet<ObjectIdentifier> = extensions.iter().map(|e| e.oid).collect();
    kinds.len() == extensions.len()
}

impl BasicConstraints {
    /// Reads the value of basicConstraints.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is wrong.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        parse(der, |r| {
            let mut constraints = r.sequence()?;
            let is_ca = match constraints.peek() {
                Some(tag::BOOLEAN) => constraints.boolean()?,
                _ => false,
            };
            let path_len = match constraints.is_empty() {
                true => None,
                // Longer than any path.
                false => Some(u32::try_from(constraints.unsigned_u64()?).unwrap_or(u32::MAX)),
            };
            constraints.finish()?;
            Ok(Self { is_ca, path_len })
        })
    }
}

/// Reads the value of subjectKeyIdentifier.
///
/// # Errors
///
/// [`Malformed`] if it is no OCTET STRING.
pub fn subject_key_identifier_from_der(der: &[u8]) -> Result<Vec<u8>, Malformed> {
    parse(der, Reader::octet_string).map(<[u8]>::to_vec)
}

/// Reads the key identifier of authorityKeyIdentifier, if it has one.
///
/// # Errors
///
/// [`Malformed`] if it is no SEQUENCE.
pub fn authority_key_identifier_from_der(der: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
    let mut identifier = parse(der, Reader::sequence)?;
    Ok(identifier.optional(tag::context(0))?.map(<[u8]>::to_vec))
}

/// Reads the URLs of cRLDistributionPoints or freshestCRL, those in full names.
///
/// # Errors
///
/// [`Malformed`] if it is no list of distribution points.
pub fn distribution_point_urls(der: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut urls = Vec::new();
    let mut points = parse(der, Reader::sequence)?;
    while !points.is_empty() {
        let mut point = points.sequence()?;
        let Some(name) = point.optional(tag::constructed(0))? else {
            continue;
        };
        let mut names = Reader::new(name);
        let mut full_name = Reader::new(names.optional(tag::constructed(0))?.unwrap_or_default());
        while !full_name.is_empty() {
            let name = full_name.element()?;
            if name.tag == URI {
                urls.push(String::from_utf8_lossy(name.content).into_owned());
            }
        }
    }
    Ok(urls)
}
