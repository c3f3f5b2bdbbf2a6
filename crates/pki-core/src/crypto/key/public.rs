//! Public keys.

use std::hash;

use der::asn1::ObjectIdentifier;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;

use super::curve;
use super::encoding;
use super::spec::{Curve, KeySpec, MlDsa};
use crate::crypto::asn1::{Malformed, Reader, parse, tag};
use crate::crypto::digest;
use crate::crypto::error::KeyError;
use crate::crypto::oid;
use crate::crypto::signature::{SignatureAlgorithm, use_pss};

/// The longest RSA modulus and exponent, in octets: checking a signature with a longer one
/// would cost whoever asked nothing, and us a lot.
const RSA_MODULUS_LIMIT: usize = 2048;
const RSA_EXPONENT_LIMIT: usize = 8;

/// A public key: its `SubjectPublicKeyInfo`, byte for byte, and what kind it is. Two keys are
/// equal if these bytes are.
#[derive(Clone, Debug)]
pub struct PublicKey {
    spki: Box<[u8]>,
    /// Where in them the contents of the BIT STRING begin, after the count of unused bits.
    key_at: usize,
    spec: Option<KeySpec>,
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo`. A kind of key that is not known here is kept, so that
    /// its certificate can be shown.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the structure is wrong, or the curve is none of ours.
    ///
    /// Source: RFC 5280 section 4.1.2.7.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let (algorithm, parameters, key) = parse(der, |r| {
            let mut info = r.sequence()?;
            let mut identifier = info.sequence()?;
            let algorithm = identifier.oid()?;
            let parameters = identifier.rest();
            let key = info.bit_string()?;
            info.finish()?;
            Ok::<_, Malformed>((algorithm, parameters, key))
        })?;
        let spec = match algorithm {
            oid::RSA => Some(rsa_spec(parameters, key)?),
            oid::EC => Some(ec_spec(parameters, key)?),
            oid::ED25519 => Some(exactly(32, key, KeySpec::Ed25519)?),
            other => match MlDsa::from_oid(&other) {
                Some(set) => Some(exactly(set.public_key_len(), key, KeySpec::MlDsa(set))?),
                None => None,
            },
        };
        Ok(Self::new(der.to_vec(), key.len(), spec))
    }

    /// The BIT STRING is the last thing in the structure, so its length tells where it begins.
    fn new(spki: Vec<u8>, key_len: usize, spec: Option<KeySpec>) -> Self {
        let key_at = spki.len().saturating_sub(key_len);
        Self { spki: spki.into_boxed_slice(), key_at, spec }
    }

    pub(super) fn from_ec_point(curve: Curve, point: &[u8]) -> Self {
        Self::new(encoding::ec_spki(curve, point), point.len(), Some(KeySpec::Ec(curve)))
    }

    pub(super) fn from_ed25519(key: &[u8]) -> Self {
        Self::new(encoding::ed25519_spki(key), key.len(), Some(KeySpec::Ed25519))
    }

    pub(super) fn from_rsa(public_key: &[u8], bits: u32) -> Self {
        let spki = encoding::rsa_spki(public_key);
        Self::new(spki, public_key.len(), Some(KeySpec::Rsa { bits }))
    }

    /// The `SubjectPublicKeyInfo`, exactly as it was encoded.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Type and size; nothing for a kind that is not known here.
    pub fn spec(&self) -> Option<KeySpec> {
        self.spec
    }

    /// The contents of the BIT STRING: the point, the `RSAPublicKey`, the octets of Ed25519.
    pub fn key_octets(&self) -> &[u8] {
        self.spki.get(self.key_at..).unwrap_or_default()
    }

    /// SHA-1 of the contents of the BIT STRING.
    ///
    /// Source: RFC 5280 section 4.2.1.2, method (1).
    pub fn key_identifier(&self) -> [u8; 20] {
        digest::sha1(self.key_octets())
    }

    /// Whether this key made the signature. A key that does not fit the algorithm did not.
    pub fn verify(&self, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        let Some(spec) = self.spec else {
            return false;
        };
        if !algorithm.fits(spec) {
            return false;
        }
        self.try_verify(spec, algorithm, message, signature).unwrap_or(false)
    }

    /// Whether this key made the signature with SHA-1, as others once did; nothing is signed
    /// so here. Good enough to see that whoever asks holds a key, or which old CA signed what.
    pub fn verify_sha1(
        &self,
        algorithm: &ObjectIdentifier,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let hash = digest::sha1(message);
        let verified = match self.spec {
            Some(KeySpec::Ec(on)) if *algorithm == oid::ECDSA_WITH_SHA1 => {
                curve::public_key(on, self.key_octets())
                    .and_then(|key| verify_ecdsa(&key, &hash, signature))
            }
            Some(spec @ KeySpec::Rsa { .. }) if *algorithm == oid::SHA1_WITH_RSA => {
                self.decode(spec).and_then(|key| {
                    Verifier::new(MessageDigest::sha1(), &key)?.verify_oneshot(signature, message)
                })
            }
            _ => return false,
        };
        verified.unwrap_or(false)
    }

    fn try_verify(
        &self,
        spec: KeySpec,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, ErrorStack> {
        if let (KeySpec::Ec(on), SignatureAlgorithm::Ecdsa(hash)) = (spec, algorithm) {
            let key = curve::public_key(on, self.key_octets())?;
            return verify_ecdsa(&key, &hash.digest(message), signature);
        }
        let key = self.decode(spec)?;
        let mut verifier = match algorithm.message_digest() {
            Some(digest) => Verifier::new(digest, &key)?,
            None => Verifier::new_without_digest(&key)?,
        };
        if let SignatureAlgorithm::RsaPss(hash) = algorithm {
            use_pss!(verifier, hash);
        }
        verifier.verify_oneshot(signature, message)
    }

    fn decode(&self, spec: KeySpec) -> Result<PKey<Public>, ErrorStack> {
        match spec {
            KeySpec::Rsa { .. } => {
                PKey::from_rsa(Rsa::public_key_from_der_pkcs1(self.key_octets())?)
            }
            KeySpec::Ec(on) => PKey::from_ec_key(curve::public_key(on, self.key_octets())?),
            KeySpec::Ed25519 => PKey::public_key_from_raw_bytes(self.key_octets(), Id::ED25519),
            KeySpec::MlDsa(_) => PKey::public_key_from_der(self.spki()),
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl hash::Hash for PublicKey {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.spki.hash(state);
    }
}

/// Checks an ECDSA signature on the key itself: through the general interface, moving a key
/// that is used once into a provider costs a third of the check.
fn verify_ecdsa(
    key: &openssl::ec::EcKeyRef<Public>,
    digest: &[u8],
    signature: &[u8],
) -> Result<bool, ErrorStack> {
    let decoded = EcdsaSig::from_der(signature)?;
    // OpenSSL's reader takes BER and does not mind what follows; a signature has one form.
    Ok(decoded.to_der()? == signature && decoded.verify(digest, key)?)
}

fn exactly(want: usize, key: &[u8], spec: KeySpec) -> Result<KeySpec, KeyError> {
    if key.len() == want { Ok(spec) } else { Err(KeyError::Malformed("a key of the right length")) }
}

/// The curve must be named and the point uncompressed (RFC 5480 sections 2.1.1 and 2.2).
fn ec_spec(parameters: &[u8], point: &[u8]) -> Result<KeySpec, KeyError> {
    let name = match parameters.first() {
        Some(&tag::OBJECT_IDENTIFIER) => parse(parameters, Reader::oid)?,
        _ => return Err(KeyError::UnsupportedCurve),
    };
    let curve = Curve::from_oid(&name).ok_or(KeyError::UnsupportedCurve)?;
    if point.first() != Some(&4) {
        return Err(KeyError::Malformed("an uncompressed point"));
    }
    exactly(1 + 2 * curve.field_len(), point, KeySpec::Ec(curve))
}

/// The parameters must be NULL (RFC 3279 section 2.3.1).
fn rsa_spec(parameters: &[u8], key: &[u8]) -> Result<KeySpec, KeyError> {
    if parameters != [tag::NULL, 0] {
        return Err(KeyError::Malformed("NULL as parameters of an RSA key"));
    }
    let (modulus, exponent) = parse(key, |r| {
        let mut key = r.sequence()?;
        let numbers = (key.unsigned()?, key.unsigned()?);
        key.finish()?;
        Ok::<_, Malformed>(numbers)
    })?;
    let in_range = |octets: &[u8], limit| !octets.is_empty() && octets.len() <= limit;
    if !in_range(modulus, RSA_MODULUS_LIMIT) || !in_range(exponent, RSA_EXPONENT_LIMIT) {
        return Err(KeyError::Malformed("an RSA key of a usual size"));
    }
    Ok(KeySpec::Rsa { bits: bit_length(modulus) })
}

/// Bits of a number without leading zero octets.
fn bit_length(octets: &[u8]) -> u32 {
    let zeros = octets.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(octets.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(zeros)
}
