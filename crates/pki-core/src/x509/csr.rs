//! Certification requests (PKCS #10).
//!
//! Source: RFC 2986.

use super::extension::{Extension, read_extensions, write_extensions};
use super::general_name::SubjectAltNames;
use super::name::DistinguishedName;
use super::oid::{self, ObjectIdentifier};
use super::pem;
use super::signed::{self, Signed};
use crate::crypto::asn1::{Malformed, Reader, encode, parse, tag};
use crate::crypto::error::CryptoError;
use crate::crypto::key::{PrivateKey, PublicKey};
use crate::crypto::signature::SignatureAlgorithm;

pub use super::error::ReadError as CsrError;

/// The longest request that is read, in octets.
const SIZE_LIMIT: usize = 1024 * 1024;

/// A request: its octets, and what they say.
#[derive(Clone, Debug)]
pub struct CertificationRequest {
    der: Box<[u8]>,
    signed: Signed,
    subject: DistinguishedName,
    public_key: PublicKey,
    extensions: Vec<Extension>,
    subject_alt_names: SubjectAltNames,
}

impl CertificationRequest {
    /// Reads a request. Its signature is not checked here, since a caller tells that apart from
    /// what cannot be read.
    ///
    /// # Errors
    ///
    /// [`CsrError::Parse`] if it is none, if it is longer than a mebibyte, or if it has a key
    /// that cannot be used.
    pub fn from_der(der: &[u8]) -> Result<Self, CsrError> {
        if SIZE_LIMIT < der.len() {
            return Err(CsrError::Parse("certificate request is too long".to_owned()));
        }
        let signed = Signed::parse(der)?;
        let (subject, public_key, extensions) = parse(signed.tbs(der), read_fields)?;
        let alt_name = extensions.iter().find(|e| e.oid == oid::SUBJECT_ALT_NAME);
        let subject_alt_names = match alt_name {
            Some(extension) => SubjectAltNames::from_der(&extension.value)?,
            None => SubjectAltNames::default(),
        };
        // The same address in two forms: one may be permitted where the other is excluded.
        if let Some(ip) = subject_alt_names.ip.iter().find(|ip| ip.to_canonical() != **ip) {
            let problem = format!("the IPv4 address {ip} is written as one of IPv6");
            return Err(CsrError::Parse(problem));
        }
        Ok(Self { der: der.into(), signed, subject, public_key, extensions, subject_alt_names })
    }

    /// Reads the first PEM block of a text, whatever its label.
    ///
    /// # Errors
    ///
    /// [`CsrError`] if there is none, or it is no request.
    pub fn from_pem(text: &str) -> Result<Self, CsrError> {
        if pem::LONGEST_TEXT < text.len() {
            return Err(CsrError::Parse("certificate request is too long".to_owned()));
        }
        Self::from_der(&pem::first(text).ok_or(CsrError::NoData)?.der)
    }

    /// The octets.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Who asks.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// The key to certify.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The extensions that are asked for, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The extension with this identifier.
    pub fn extension(&self, oid: &ObjectIdentifier) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid == *oid)
    }

    /// The alternative names that are asked for.
    pub fn subject_alt_names(&self) -> &SubjectAltNames {
        &self.subject_alt_names
    }

    /// Whether who asks has the private key.
    pub fn signature_is_valid(&self) -> bool {
        let algorithm = self.signed.algorithm(&self.der);
        let algorithm = SignatureAlgorithm::from_algorithm_identifier(algorithm);
        self.signed.is_signed_by(&self.der, algorithm, &self.public_key)
    }
}

type RequestFields = (DistinguishedName, PublicKey, Vec<Extension>);

fn read_fields(r: &mut Reader<'_>) -> Result<RequestFields, CsrError> {
    let mut info = r.sequence()?;
    // There is one version; clients that number it wrong are many.
    info.unsigned_u64()?;
    let subject = DistinguishedName::from_der(info.element()?.der)?;
    let public_key = PublicKey::from_spki(info.element()?.der)?;
    // Some leave the attributes out, though they are not optional.
    let attributes = info.optional(tag::constructed(0))?.unwrap_or_default();
    info.finish()?;
    Ok((subject, public_key, requested_extensions(attributes)?))
}

/// The extensions of the extensionRequest attribute (RFC 2985 section 5.4.2).
fn requested_extensions(attributes: &[u8]) -> Result<Vec<Extension>, Malformed> {
    let mut found = None;
    let mut attributes = Reader::new(attributes);
    while !attributes.is_empty() {
        let mut attribute = attributes.sequence()?;
        let oid = attribute.oid()?;
        let values = attribute.read(tag::SET, "a SET of values")?;
        if oid != oid::EXTENSION_REQUEST {
            continue;
        }
        if found.replace(parse(values, read_extensions)?).is_some() {
            return Err(Malformed("extensions to be requested once"));
        }
    }
    Ok(found.unwrap_or_default())
}

/// A request without its signature.
#[derive(Clone, Debug)]
pub struct TbsCertificationRequest {
    /// Who asks.
    pub subject: DistinguishedName,
    /// The key to certify.
    pub public_key: PublicKey,
    /// The extensions to ask for, in order.
    pub extensions: Vec<Extension>,
    /// How it will be signed.
    pub signature: SignatureAlgorithm,
}

impl TbsCertificationRequest {
    /// The octets that are signed. The attributes are there even if there are none.
    ///
    /// Source: RFC 2986 section 4.1.
    pub fn to_der(&self) -> Vec<u8> {
        let Self { subject, public_key, extensions, signature: _ } = self;
        encode(|w| {
            w.sequence(|w| {
                w.unsigned_u64(0);
                w.raw(subject.as_der());
                w.raw(public_key.spki());
                w.nested(tag::constructed(0), |w| {
                    if extensions.is_empty() {
                        return;
                    }
                    w.sequence(|w| {
                        w.oid(&oid::EXTENSION_REQUEST);
                        w.nested(tag::SET, |w| write_extensions(w, extensions));
                    });
                });
            });
        })
    }
}

/// Signs a request with the key that it is about.
///
/// # Errors
///
/// [`CryptoError`] if the key does not sign so.
pub fn sign_csr(tbs: &TbsCertificationRequest, key: &PrivateKey) -> Result<Vec<u8>, CryptoError> {
    let info = tbs.to_der();
    let signature = key.sign(tbs.signature, &info)?;
    Ok(signed::join(&info, tbs.signature, &signature))
}
