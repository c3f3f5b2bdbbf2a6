//! Reading CRLs.

use super::entry::RevokedEntry;
use crate::crypto::asn1::{Malformed, Reader, parse, tag};
use crate::crypto::key::PublicKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::time::Timestamp;
use crate::x509::error::ReadError;
use crate::x509::extension::{Extension, authority_key_identifier_from_der, read_extensions};
use crate::x509::name::DistinguishedName;
use crate::x509::oid::{self, ObjectIdentifier};
use crate::x509::signed::Signed;
use crate::x509::validity::read_time;

/// A CRL: its octets, which it borrows, and what they say but for the entries.
#[derive(Clone, Debug)]
pub struct CertificateList<'a> {
    der: &'a [u8],
    signed: Signed,
    signature_algorithm: Option<SignatureAlgorithm>,
    issuer: DistinguishedName,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    entries: &'a [u8],
    extensions: Vec<Extension>,
    authority_key_identifier: Option<Vec<u8>>,
}

impl<'a> CertificateList<'a> {
    /// Reads a CRL of version 1 or 2. Entries are read later, by [`CertificateList::entries`].
    ///
    /// # Errors
    ///
    /// [`ReadError::Parse`] if it is none.
    pub fn from_der(der: &'a [u8]) -> Result<Self, ReadError> {
        let signed = Signed::parse(der)?;
        let tbs = parse(signed.tbs(der), Reader::sequence)?;
        Ok(Self::read(der, signed, tbs)?)
    }

    fn read(der: &'a [u8], signed: Signed, mut tbs: Reader<'a>) -> Result<Self, Malformed> {
        if tbs.peek() == Some(tag::INTEGER) && tbs.unsigned_u64()? != 1 {
            return Err(Malformed("version 1 or 2"));
        }
        let algorithm = tbs.element()?.der;
        if algorithm != signed.algorithm(der) {
            return Err(Malformed("the same signature algorithm twice"));
        }
        let issuer = DistinguishedName::from_der(tbs.element()?.der)?;
        let this_update = read_time(&mut tbs)?;
        let next_update = match tbs.peek() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(read_time(&mut tbs)?),
            _ => None,
        };
        let entries = tbs.optional(tag::SEQUENCE)?.unwrap_or_default();
        let extensions = match tbs.optional(tag::constructed(0))? {
            Some(extensions) => parse(extensions, read_extensions)?,
            None => Vec::new(),
        };
        tbs.finish()?;
        let key = extensions.iter().find(|e| e.oid == oid::AUTHORITY_KEY_IDENTIFIER);
        let authority_key_identifier = match key {
            Some(extension) => authority_key_identifier_from_der(&extension.value)?,
            None => None,
        };
        Ok(Self {
            signature_algorithm: SignatureAlgorithm::from_algorithm_identifier(algorithm),
            der,
            signed,
            issuer,
            this_update,
            next_update,
            entries,
            extensions,
            authority_key_identifier,
        })
    }

    /// The octets.
    pub fn as_der(&self) -> &'a [u8] {
        self.der
    }

    /// Name of who issued it.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// When it was made.
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// Before when there will be another, if that is said.
    pub fn next_update(&self) -> Option<Timestamp> {
        self.next_update
    }

    /// All extensions, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The extension with this identifier.
    pub fn extension(&self, oid: &ObjectIdentifier) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid == *oid)
    }

    /// Its number, if it has one of at most 64 bits.
    pub fn number(&self) -> Option<u64> {
        parse(&self.extension(&oid::CRL_NUMBER)?.value, Reader::unsigned_u64).ok()
    }

    /// The number of the CRL that it adds to, if it is a delta CRL.
    pub fn delta_base(&self) -> Option<u64> {
        parse(&self.extension(&oid::DELTA_CRL_INDICATOR)?.value, Reader::unsigned_u64).ok()
    }

    /// Identifier of the key that signed it.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.authority_key_identifier.as_deref()
    }

    /// How it was signed; nothing if that is not known here.
    pub fn signature_algorithm(&self) -> Option<SignatureAlgorithm> {
        self.signature_algorithm
    }

    /// Whether this key made its signature.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.signed.is_signed_by(self.der, self.signature_algorithm, key)
    }

    /// Its entries, one after the other. The first one that cannot be read is the last one.
    pub fn entries(&self) -> Entries<'a> {
        Entries { rest: Reader::new(self.entries) }
    }
}

/// An entry with all that it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// As encoded.
    pub der: &'a [u8],
    /// What is known of it.
    pub revoked: RevokedEntry,
    /// All its extensions, the reason included.
    pub extensions: Vec<Extension>,
}

/// Walks over the entries of a CRL.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    rest: Reader<'a>,
}

impl<'a> Entries<'a> {
    fn read(&mut self) -> Result<Entry<'a>, Malformed> {
        let entry = self.rest.element()?;
        if entry.tag != tag::SEQUENCE {
            return Err(Malformed("an entry"));
        }
        let (revoked, extensions) = RevokedEntry::read(entry.content)?;
        Ok(Entry { der: entry.der, revoked, extensions })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.read();
        if entry.is_err() {
            self.rest = Reader::new(&[]);
        }
        Some(entry)
    }
}
