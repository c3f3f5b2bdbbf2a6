//! OCSP: requests in, responses out.
//!
//! Source: RFC 6960 section 4, RFC 9654.

use super::extension::{Extension, read_extensions, write_extensions};
use super::lint::{Linted, SignError};
use super::name::DistinguishedName;
use super::oid::{self, ObjectIdentifier};
use super::signed;
use super::validity::write_generalized_time;
use crate::crypto::asn1::{Malformed, Reader, Writer, encode, parse, tag};
use crate::crypto::digest;
use crate::crypto::key::{PrivateKey, PublicKey};
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::x509::crl::CrlReason;

/// A digest that a request may name an issuer by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertIdHash {
    /// SHA-1, which most clients use; it protects nothing here.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The digests and their object identifiers.
const HASHES: [(CertIdHash, ObjectIdentifier); 4] = [
    (CertIdHash::Sha1, oid::SHA1),
    (CertIdHash::Sha256, crate::crypto::oid::SHA256),
    (CertIdHash::Sha384, crate::crypto::oid::SHA384),
    (CertIdHash::Sha512, crate::crypto::oid::SHA512),
];

impl CertIdHash {
    fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        HASHES.iter().find(|row| row.1 == *oid).map(|row| row.0)
    }

    fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => digest::sha1(data).to_vec(),
            Self::Sha256 => digest::sha256(data).to_vec(),
            Self::Sha384 => digest::sha384(data).to_vec(),
            Self::Sha512 => digest::sha512(data).to_vec(),
        }
    }
}

/// Which certificate is asked about: digests of the issuer's name and key, and a serial number.
///
/// Source: RFC 6960 section 4.1.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertId {
    der: Vec<u8>,
    hash: CertIdHash,
    name_hash: Vec<u8>,
    key_hash: Vec<u8>,
    serial: SerialNumber,
}

impl CertId {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let element = r.element()?;
        if element.tag != tag::SEQUENCE {
            return Err(Malformed("a CertID"));
        }
        let mut id = Reader::new(element.content);
        let mut algorithm = id.sequence()?;
        let hash = CertIdHash::from_oid(&algorithm.oid()?)
            .ok_or(Malformed("SHA-1, SHA-256, SHA-384 or SHA-512"))?;
        if !matches!(algorithm.rest(), [] | [tag::NULL, 0]) {
            return Err(Malformed("a digest without parameters"));
        }
        let name_hash = id.octet_string()?.to_vec();
        let key_hash = id.octet_string()?.to_vec();
        let serial = SerialNumber::from_octets(id.unsigned()?);
        id.finish()?;
        Ok(Self { der: element.der.to_vec(), hash, name_hash, key_hash, serial })
    }

    /// Whether it names the issuer with this name and key.
    pub fn names(&self, issuer: &DistinguishedName, key: &PublicKey) -> bool {
        self.name_hash == self.hash.digest(issuer.as_der())
            && self.key_hash == self.hash.digest(key.key_octets())
    }

    /// The serial number of the certificate.
    pub fn serial(&self) -> &SerialNumber {
        &self.serial
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspRequest {
    /// The certificates that are asked about, one at least.
    pub certificates: Vec<CertId>,
    /// The nonce as the value of its extension, to be sent back as it is.
    pub nonce: Option<Vec<u8>>,
}

/// The longest request that is read, in octets.
const LONGEST: usize = 2_048;

impl OcspRequest {
    /// Reads a request. One that is signed is refused: nobody here could say whose key that is.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is none, or names issuers by a digest that is not known here.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        if LONGEST <= der.len() {
            return Err(Malformed("a request of less than 2048 octets"));
        }
        let mut request = parse(der, Reader::sequence)?;
        let mut tbs = request.sequence()?;
        if !request.is_empty() {
            return Err(Malformed("a request that is not signed"));
        }
        if let Some(version) = tbs.optional(tag::constructed(0))?
            && parse(version, Reader::unsigned_u64)? != 0
        {
            return Err(Malformed("version 1"));
        }
        // Who asks makes no difference.
        tbs.optional(tag::constructed(1))?;
        let certificates = read_list(tbs.sequence()?)?;
        let extensions = match tbs.optional(tag::constructed(2))? {
            Some(extensions) => parse(extensions, read_extensions)?,
            None => Vec::new(),
        };
        tbs.finish()?;
        check_critical(&extensions)?;
        let nonce = extensions.into_iter().find(|extension| extension.oid == oid::OCSP_NONCE);
        let nonce = nonce.map(|extension| check_nonce(extension.value)).transpose()?;
        Ok(Self { certificates, nonce })
    }
}

fn read_list(mut list: Reader<'_>) -> Result<Vec<CertId>, Malformed> {
    let mut certificates = Vec::new();
    while !list.is_empty() {
        let mut single = list.sequence()?;
        certificates.push(CertId::read(&mut single)?);
        if let Some(extensions) = single.optional(tag::constructed(0))? {
            check_critical(&parse(extensions, read_extensions)?)?;
        }
        single.finish()?;
    }
    if certificates.is_empty() { Err(Malformed("a certificate")) } else { Ok(certificates) }
}

/// What must not be ignored, and is not known, cannot be answered.
fn check_critical(extensions: &[Extension]) -> Result<(), Malformed> {
    let is_known = |extension: &Extension| extension.oid == oid::OCSP_NONCE;
    if extensions.iter().any(|extension| extension.critical && !is_known(extension)) {
        return Err(Malformed("no critical extension but a nonce"));
    }
    Ok(())
}

/// A nonce of 1 to 128 octets (RFC 9654 section 2.1). Old clients send it without its OCTET
/// STRING.
fn check_nonce(value: Vec<u8>) -> Result<Vec<u8>, Malformed> {
    let length = parse(&value, Reader::octet_string).map_or(value.len(), <[u8]>::len);
    if (1..=128).contains(&length) {
        Ok(value)
    } else {
        Err(Malformed("a nonce of 1 to 128 octets"))
    }
}

/// What is known of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertStatus {
    /// It was issued, and not revoked.
    Good,
    /// It was revoked.
    Revoked {
        /// Since when.
        since: Timestamp,
        /// Why, if that was said.
        reason: Option<CrlReason>,
    },
    /// Nothing.
    Unknown,
}

/// The answer about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleResponse {
    /// Which, in the words of the request.
    pub certificate: CertId,
    /// What is known of it.
    pub status: CertStatus,
}

/// Answers without their signature.
///
/// Source: RFC 6960 section 4.2.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseData {
    /// How it will be signed.
    pub signature: SignatureAlgorithm,
    /// Name of who answers, as encoded in the certificate.
    pub responder: DistinguishedName,
    /// As of when, which is now.
    pub this_update: Timestamp,
    /// Before when there will be more to know, if that is said.
    pub next_update: Option<Timestamp>,
    /// The answers, in the order of the questions.
    pub responses: Vec<SingleResponse>,
    /// The nonce of the request.
    pub nonce: Option<Vec<u8>>,
}

impl ResponseData {
    /// The octets that are signed.
    pub fn to_der(&self) -> Vec<u8> {
        encode(|w| {
            w.sequence(|w| {
                w.nested(tag::constructed(1), |w| w.raw(self.responder.as_der()));
                write_generalized_time(w, self.this_update);
                w.sequence(|w| self.responses.iter().for_each(|single| self.write(w, single)));
                if let Some(nonce) = &self.nonce {
                    let nonce =
                        Extension { oid: oid::OCSP_NONCE, critical: false, value: nonce.clone() };
                    w.nested(tag::constructed(1), |w| write_extensions(w, &[nonce]));
                }
            });
        })
    }

    fn write(&self, w: &mut Writer, single: &SingleResponse) {
        w.sequence(|w| {
            w.raw(&single.certificate.der);
            match single.status {
                CertStatus::Good => w.primitive(tag::context(0), &[]),
                CertStatus::Revoked { since, reason } => {
                    w.nested(tag::constructed(1), |w| write_revoked(w, since, reason));
                }
                CertStatus::Unknown => w.primitive(tag::context(2), &[]),
            }
            write_generalized_time(w, self.this_update);
            if let Some(next_update) = self.next_update {
                w.nested(tag::constructed(0), |w| write_generalized_time(w, next_update));
            }
        });
    }
}

fn write_revoked(w: &mut Writer, since: Timestamp, reason: Option<CrlReason>) {
    write_generalized_time(w, since);
    if let Some(reason) = reason.filter(|reason| *reason != CrlReason::Unspecified) {
        w.nested(tag::constructed(0), |w| w.primitive(tag::ENUMERATED, &[reason.number()]));
    }
}

impl Linted<ResponseData> {
    /// Signs the answers, and makes a whole response of them.
    ///
    /// # Errors
    ///
    /// [`SignError`] if the key does not sign so.
    pub fn sign(self, key: &PrivateKey) -> Result<Vec<u8>, SignError> {
        let data = self.into_inner();
        let tbs = data.to_der();
        let signature = key.sign(data.signature, &tbs)?;
        let basic = signed::join(&tbs, data.signature, &signature);
        Ok(encode(|w| {
            w.sequence(|w| {
                w.primitive(tag::ENUMERATED, &[OcspStatus::Successful.number()]);
                w.nested(tag::constructed(0), |w| {
                    w.sequence(|w| {
                        w.oid(&oid::OCSP_BASIC);
                        w.octet_string(&basic);
                    });
                });
            });
        }))
    }
}

/// How a response begins; without answers, it is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspStatus {
    /// There are answers.
    Successful,
    /// The request is none.
    MalformedRequest,
    /// Something here failed.
    InternalError,
    /// Such requests are not answered here.
    Unauthorized,
}

/// The states, their numbers and their names in the RFC.
const STATES: [(OcspStatus, u8, &str); 4] = [
    (OcspStatus::Successful, 0, "successful"),
    (OcspStatus::MalformedRequest, 1, "malformedRequest"),
    (OcspStatus::InternalError, 2, "internalError"),
    (OcspStatus::Unauthorized, 6, "unauthorized"),
];

impl OcspStatus {
    fn number(self) -> u8 {
        STATES.iter().find(|row| row.0 == self).map_or(0, |row| row.1)
    }

    /// Its name in the RFC.
    pub fn name(self) -> &'static str {
        STATES.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }

    /// A response that says so, and nothing else.
    pub fn to_der(self) -> Vec<u8> {
        encode(|w| w.sequence(|w| w.primitive(tag::ENUMERATED, &[self.number()])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::key::{Curve, KeySpec};
    use crate::x509::lint::Lint as _;
    use crate::x509::subject::SubjectAttributes;

    const SERIAL: &[u8] = &[0x80, 1];

    fn cert_id(hash: &ObjectIdentifier, issuer: &DistinguishedName, key: &PublicKey) -> Vec<u8> {
        let digest = CertIdHash::from_oid(hash).unwrap_or(CertIdHash::Sha1);
        encode(|w| {
            w.sequence(|w| {
                w.sequence(|w| w.oid(hash));
                w.octet_string(&digest.digest(issuer.as_der()));
                w.octet_string(&digest.digest(key.key_octets()));
                w.unsigned(SERIAL);
            });
        })
    }

    fn request(ids: &[Vec<u8>], extensions: &[Extension], after: &[u8]) -> Vec<u8> {
        encode(|w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.sequence(|w| ids.iter().for_each(|id| w.sequence(|w| w.raw(id))));
                    if !extensions.is_empty() {
                        w.nested(tag::constructed(2), |w| write_extensions(w, extensions));
                    }
                });
                w.raw(after);
            });
        })
    }

    fn issuer() -> (DistinguishedName, PrivateKey) {
        let common_name = Some("OCSP".to_owned());
        let name = SubjectAttributes { common_name, ..Default::default() }.to_name();
        (name, PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap())
    }

    fn nonce(length: u8, critical: bool) -> Extension {
        let value = encode(|w| w.octet_string(&vec![7; length.into()]));
        Extension { oid: oid::OCSP_NONCE, critical, value }
    }

    #[test]
    fn requests_name_issuers_by_digest() {
        let (name, key) = issuer();
        let (other_name, other_key) = issuer();
        for (_, hash) in HASHES {
            let id = cert_id(&hash, &name, key.public_key());
            let read = OcspRequest::from_der(&request(&[id.clone(), id], &[], &[])).unwrap();
            assert_eq!((read.certificates.len(), read.nonce), (2, None));
            let [first, _] = &read.certificates[..] else { panic!() };
            assert_eq!(first.serial().octets(), SERIAL);
            assert!(first.names(&name, key.public_key()));
            assert!(first.names(&other_name, key.public_key()), "the same name");
            assert!(!first.names(&name, other_key.public_key()));
        }
    }

    #[test]
    fn what_is_not_understood_is_malformed() {
        let (name, key) = issuer();
        let id = cert_id(&oid::SHA1, &name, key.public_key());
        let md5 =
            cert_id(&ObjectIdentifier::new_unwrap("1.2.840.113549.2.5"), &name, key.public_key());
        let other = Extension { oid: oid::CRL_NUMBER, critical: true, value: vec![5, 0] };
        let check = |der: &[u8], is_read: bool| {
            assert_eq!(OcspRequest::from_der(der).is_ok(), is_read, "{} octets", der.len());
        };
        let one = [id];
        check(&request(&one, &[], &[]), true);
        check(&request(&one, &[nonce(32, true)], &[]), true);
        check(&request(&one, &[Extension { critical: false, ..other.clone() }], &[]), true);
        check(&request(&one, &[other], &[]), false);
        check(&request(&one, &[nonce(0, false)], &[]), false);
        check(&request(&one, &[nonce(129, false)], &[]), false);
        check(&request(&one, &[], &[0xa0, 2, 0x30, 0]), false);
        check(&request(&[], &[], &[]), false);
        check(&request(&[md5], &[], &[]), false);
        check(&request(&vec![one[0].clone(); 40], &[], &[]), false);
        check(b"hello ocsp", false);
        check(&[], false);
    }

    #[test]
    fn answers_say_what_was_asked_and_the_nonce() {
        let (responder, key) = issuer();
        let id = cert_id(&oid::SHA1, &responder, key.public_key());
        let asked = OcspRequest::from_der(&request(&[id], &[nonce(9, false)], &[])).unwrap();
        let [certificate] = &asked.certificates[..] else { panic!() };
        let this_update = Timestamp::parse("2026-11-22T01:02:03Z").unwrap();
        let data = |status| ResponseData {
            signature: SignatureAlgorithm::for_issuing(key.spec(), 0, false, false),
            responder: responder.clone(),
            this_update,
            next_update: None,
            responses: vec![SingleResponse { certificate: certificate.clone(), status }],
            nonce: asked.nonce.clone(),
        };
        let good = data(CertStatus::Good);
        assert!(good.findings().is_empty());
        let der = good.to_der();
        let has = |part: &[u8]| der.windows(part.len()).any(|window| window == part);
        assert!(has(&certificate.der) && has(&nonce(9, false).value));
        assert!(has(&[0x80, 0, 0x18, 15]) && has(b"20261122010203Z"));
        let reason = Some(CrlReason::KeyCompromise);
        let revoked = data(CertStatus::Revoked { since: this_update, reason }).to_der();
        let want = [&[0xa1, 22, 0x18, 15][..], b"20261122010203Z", &[0xa0, 3, 10, 1, 1]].concat();
        assert!(revoked.windows(want.len()).any(|window| window == want));
        let whole = Linted::check(good).unwrap().sign(&key).unwrap();
        assert!(whole.windows(der.len()).any(|window| window == der));
        let ends = ResponseData { next_update: Some(this_update), ..data(CertStatus::Unknown) };
        assert_eq!(ends.findings().len(), 1);
    }

    #[test]
    fn states_are_what_clients_know() {
        assert_eq!(OcspStatus::MalformedRequest.to_der(), [0x30, 3, 10, 1, 1]);
        assert_eq!(OcspStatus::InternalError.to_der(), [0x30, 3, 10, 1, 2]);
        assert_eq!(OcspStatus::Unauthorized.to_der(), [0x30, 3, 10, 1, 6]);
        assert_eq!(OcspStatus::Unauthorized.name(), "unauthorized");
    }
}
