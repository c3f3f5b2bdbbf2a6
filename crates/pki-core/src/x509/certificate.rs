//! Certificates.
//!
//! Source: RFC 5280 section 4.1.

use super::error::ReadError;
use super::extension::{
    BasicConstraints, Extension, authority_key_identifier_from_der, read_extensions,
    subject_key_identifier_from_der,
};
use super::general_name::SubjectAltNames;
use super::name::DistinguishedName;
use super::oid::{self, ObjectIdentifier};
use super::pem;
use super::signed::Signed;
use super::usage::KeyUsage;
use super::validity::read_time;
use crate::crypto::asn1::{Malformed, Reader, parse, tag};
use crate::crypto::key::PublicKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;

pub use super::tbs::TbsCertificate;

/// The longest certificate that is read, in octets.
const SIZE_LIMIT: usize = 1024 * 1024;

/// A certificate: its octets, and what they say. Two are equal if their octets are.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: Box<[u8]>,
    signed: Signed,
    signature_algorithm: Option<SignatureAlgorithm>,
    fields: Fields,
    known: Known,
}

/// The fields of the part that is signed.
#[derive(Clone, Debug)]
struct Fields {
    serial: SerialNumber,
    issuer: DistinguishedName,
    not_before: Timestamp,
    not_after: Timestamp,
    subject: DistinguishedName,
    public_key: PublicKey,
    extensions: Vec<Extension>,
}

/// The extensions that are asked for, decoded, so that a certificate whose extensions are
/// wrong is refused when it is read.
#[derive(Clone, Debug, Default)]
struct Known {
    basic_constraints: Option<BasicConstraints>,
    key_usage: Option<KeyUsage>,
    subject_key_identifier: Option<Vec<u8>>,
    authority_key_identifier: Option<Vec<u8>>,
    subject_alt_names: SubjectAltNames,
}

impl Certificate {
    /// Reads a certificate of any version.
    ///
    /// # Errors
    ///
    /// [`ReadError::Parse`] if it is none, if it is longer than a mebibyte, if it has an
    /// extension twice or wrong, or a key that cannot be used.
    pub fn from_der(der: &[u8]) -> Result<Self, ReadError> {
        if SIZE_LIMIT < der.len() {
            return Err(ReadError::Parse("certificate is too long".to_owned()));
        }
        let signed = Signed::parse(der)?;
        let (algorithm, fields) = parse(signed.tbs(der), Fields::read)?;
        if algorithm != signed.algorithm(der) {
            return Err(Malformed("the same signature algorithm twice").into());
        }
        Ok(Self {
            signature_algorithm: SignatureAlgorithm::from_algorithm_identifier(algorithm),
            known: Known::read(&fields.extensions)?,
            der: der.into(),
            signed,
            fields,
        })
    }

    /// Reads the first PEM block of a text, whatever its label.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if there is none, or it is no certificate.
    pub fn from_pem(text: &str) -> Result<Self, ReadError> {
        if pem::LONGEST_TEXT < text.len() {
            return Err(ReadError::Parse("certificate is too long".to_owned()));
        }
        Self::from_der(&pem::first(text).ok_or(ReadError::NoData)?.der)
    }

    /// The octets.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// A PEM block, without a line end after the last line.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }

    /// The part that was signed.
    pub fn tbs_der(&self) -> &[u8] {
        self.signed.tbs(&self.der)
    }

    /// Its number.
    pub fn serial(&self) -> &SerialNumber {
        &self.fields.serial
    }

    /// Name of who issued it.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.fields.issuer
    }

    /// Whose it is.
    pub fn subject(&self) -> &DistinguishedName {
        &self.fields.subject
    }

    /// First second of its validity.
    pub fn not_before(&self) -> Timestamp {
        self.fields.not_before
    }

    /// Last second of its validity.
    pub fn not_after(&self) -> Timestamp {
        self.fields.not_after
    }

    /// The key that it certifies.
    pub fn public_key(&self) -> &PublicKey {
        &self.fields.public_key
    }

    /// All extensions, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.fields.extensions
    }

    /// The extension with this identifier.
    pub fn extension(&self, oid: &ObjectIdentifier) -> Option<&Extension> {
        self.fields.extensions.iter().find(|extension| extension.oid == *oid)
    }

    /// Whether basicConstraints says that it is one of a CA.
    pub fn is_ca(&self) -> bool {
        self.known.basic_constraints.is_some_and(|constraints| constraints.is_ca)
    }

    /// How many intermediate certificates may follow, if that is limited.
    pub fn path_len(&self) -> Option<u32> {
        self.known.basic_constraints.and_then(|constraints| constraints.path_len)
    }

    /// What its key may be used for, if that is limited.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.known.key_usage
    }

    /// The identifier of its key.
    pub fn subject_key_identifier(&self) -> Option<Vec<u8>> {
        self.known.subject_key_identifier.clone()
    }

    /// The identifier of the key that signed it.
    pub fn authority_key_identifier(&self) -> Option<Vec<u8>> {
        self.known.authority_key_identifier.clone()
    }

    /// Its alternative names; none if it has no such extension.
    pub fn subject_alt_names(&self) -> &SubjectAltNames {
        &self.known.subject_alt_names
    }

    /// How it was signed; nothing if that is not known here.
    pub fn signature_algorithm(&self) -> Option<SignatureAlgorithm> {
        self.signature_algorithm
    }

    /// Whether issuer and subject are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.issuer() == self.subject()
    }

    /// Whether this key made its signature.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.signed.is_signed_by(&self.der, self.signature_algorithm, key)
    }

    /// Whether it names this issuer, whose key made its signature.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        self.issuer() == issuer.subject() && self.is_signed_by(issuer.public_key())
    }

    /// Whether it is self-issued and its own key made its signature.
    pub fn is_self_signed(&self) -> bool {
        self.is_issued_by(self)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl Fields {
    /// The signature algorithm, and the other fields.
    fn read<'a>(r: &mut Reader<'a>) -> Result<(&'a [u8], Self), ReadError> {
        let mut tbs = r.sequence()?;
        let version = tbs.optional(tag::constructed(0))?;
        if version.map(|v| parse(v, Reader::unsigned_u64)).transpose()?.is_some_and(|v| 2 < v) {
            return Err(Malformed("version 1, 2 or 3").into());
        }
        let serial = SerialNumber::from_octets(tbs.unsigned()?);
        let algorithm = tbs.element()?.der;
        let issuer = DistinguishedName::from_der(tbs.element()?.der)?;
        let mut validity = tbs.sequence()?;
        let (not_before, not_after) = (read_time(&mut validity)?, read_time(&mut validity)?);
        validity.finish()?;
        let subject = DistinguishedName::from_der(tbs.element()?.der)?;
        let public_key = PublicKey::from_spki(tbs.element()?.der)?;
        // Unique identifiers are obsolete, and read over.
        tbs.optional(tag::context(1))?;
        tbs.optional(tag::context(2))?;
        let extensions = match tbs.optional(tag::constructed(3))? {
            Some(extensions) => parse(extensions, read_extensions)?,
            None => Vec::new(),
        };
        tbs.finish()?;
        let fields =
            Self { serial, issuer, not_before, not_after, subject, public_key, extensions };
        Ok((algorithm, fields))
    }
}

impl Known {
    fn read(extensions: &[Extension]) -> Result<Self, Malformed> {
        let mut known = Self::default();
        for Extension { oid, value, .. } in extensions {
            match *oid {
                oid::BASIC_CONSTRAINTS => {
                    known.basic_constraints = Some(BasicConstraints::from_der(value)?);
                }
                oid::KEY_USAGE => known.key_usage = Some(KeyUsage::from_der(value)?),
                oid::SUBJECT_KEY_IDENTIFIER => {
                    known.subject_key_identifier = Some(subject_key_identifier_from_der(value)?);
                }
                oid::AUTHORITY_KEY_IDENTIFIER => {
                    known.authority_key_identifier = authority_key_identifier_from_der(value)?;
                }
                oid::SUBJECT_ALT_NAME => {
                    known.subject_alt_names = SubjectAltNames::from_der(value)?;
                }
                _ => {}
            }
        }
        Ok(known)
    }
}
