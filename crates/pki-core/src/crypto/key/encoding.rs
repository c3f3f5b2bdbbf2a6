//! The forms of keys in DER: `SubjectPublicKeyInfo`, `PrivateKeyInfo`, `ECPrivateKey`. Written
//! and read here because OpenSSL's own coders are slower than making the key.

use der::asn1::ObjectIdentifier;

use super::spec::{Curve, MlDsa};
use crate::crypto::asn1::{Malformed, Reader, Writer, encode, parse, tag};
use crate::crypto::oid;
use crate::domain::secret::Secret;

/// `SubjectPublicKeyInfo` of an EC key (RFC 5480 section 2).
pub(super) fn ec_spki(curve: Curve, point: &[u8]) -> Vec<u8> {
    encode(|w| {
        w.sequence(|w| {
            ec_algorithm(w, curve);
            w.bit_string(point);
        });
    })
}

/// `SubjectPublicKeyInfo` of an RSA key, around its `RSAPublicKey` (RFC 3279 section 2.3.1).
pub(super) fn rsa_spki(public_key: &[u8]) -> Vec<u8> {
    encode(|w| {
        w.sequence(|w| {
            rsa_algorithm(w);
            w.bit_string(public_key);
        });
    })
}

/// `SubjectPublicKeyInfo` of an Ed25519 key (RFC 8410 section 4).
pub(super) fn ed25519_spki(public_key: &[u8]) -> Vec<u8> {
    encode(|w| {
        w.sequence(|w| {
            w.sequence(|w| w.oid(&oid::ED25519));
            w.bit_string(public_key);
        });
    })
}

fn ec_algorithm(w: &mut Writer, curve: Curve) {
    w.sequence(|w| {
        w.oid(&oid::EC);
        w.oid(&curve.oid());
    });
}

fn rsa_algorithm(w: &mut Writer) {
    w.sequence(|w| {
        w.oid(&oid::RSA);
        w.null();
    });
}

/// Room for the headers around a secret, so that the buffer does not move while it is written.
const HEADROOM: usize = 64;

/// `PrivateKeyInfo` of an RSA key, around its `RSAPrivateKey`.
pub(super) fn rsa_pkcs8(private_key: &[u8]) -> Secret<Vec<u8>> {
    pkcs8(private_key.len(), rsa_algorithm, |w| w.raw(private_key))
}

/// `PrivateKeyInfo` of an EC key.
pub(super) fn ec_pkcs8(curve: Curve, scalar: &[u8], point: &[u8]) -> Secret<Vec<u8>> {
    let room = scalar.len() + point.len() + HEADROOM;
    pkcs8(room, |w| ec_algorithm(w, curve), |w| ec_private_key(w, None, scalar, point))
}

/// `ECPrivateKey` (RFC 5915 section 3), with its curve, as it stands alone.
pub(super) fn sec1(curve: Curve, scalar: &[u8], point: &[u8]) -> Secret<Vec<u8>> {
    let mut w = Writer::with_capacity(scalar.len() + point.len() + HEADROOM);
    ec_private_key(&mut w, Some(curve), scalar, point);
    Secret::new(w.finish())
}

/// `PrivateKeyInfo` of an Ed25519 key (RFC 8410 section 7).
pub(super) fn ed25519_pkcs8(seed: &[u8]) -> Secret<Vec<u8>> {
    let algorithm = |w: &mut Writer| w.sequence(|w| w.oid(&oid::ED25519));
    pkcs8(seed.len(), algorithm, |w| w.octet_string(seed))
}

/// `PrivateKeyInfo` of an ML-DSA key in the seed form (RFC 9881 section 6).
pub(super) fn ml_dsa_pkcs8(set: MlDsa, seed: &[u8; 32]) -> Secret<Vec<u8>> {
    let algorithm = |w: &mut Writer| w.sequence(|w| w.oid(&set.oid()));
    pkcs8(seed.len(), algorithm, |w| {
        w.primitive(tag::context(0), seed);
    })
}

fn pkcs8(
    room: usize,
    algorithm: impl FnOnce(&mut Writer),
    private_key: impl FnOnce(&mut Writer),
) -> Secret<Vec<u8>> {
    let mut w = Writer::with_capacity(room + HEADROOM);
    w.sequence(|w| {
        w.unsigned_u64(0);
        algorithm(w);
        w.nested(tag::OCTET_STRING, private_key);
    });
    Secret::new(w.finish())
}

fn ec_private_key(w: &mut Writer, curve: Option<Curve>, scalar: &[u8], point: &[u8]) {
    w.sequence(|w| {
        w.unsigned_u64(1);
        w.octet_string(scalar);
        if let Some(curve) = curve {
            w.nested(tag::constructed(0), |w| w.oid(&curve.oid()));
        }
        w.nested(tag::constructed(1), |w| w.bit_string(point));
    });
}

/// `PrivateKeyInfo` or `OneAsymmetricKey` (RFC 5958 section 2), taken apart.
pub(super) struct PrivateKeyInfo<'a> {
    pub(super) algorithm: ObjectIdentifier,
    /// The curve, if the parameters are the identifier of one we know.
    pub(super) curve: Option<Curve>,
    pub(super) private_key: &'a [u8],
}

impl<'a> PrivateKeyInfo<'a> {
    pub(super) fn from_der(der: &'a [u8]) -> Result<Self, Malformed> {
        parse(der, |r| {
            let mut info = r.sequence()?;
            if 1 < info.unsigned_u64()? {
                return Err(Malformed("version 0 or 1"));
            }
            let mut algorithm_identifier = info.sequence()?;
            let algorithm = algorithm_identifier.oid()?;
            let curve = match algorithm_identifier.peek() {
                Some(tag::OBJECT_IDENTIFIER) => Curve::from_oid(&algorithm_identifier.oid()?),
                _ => None,
            };
            // Attributes and the public key may follow; nothing here depends on them.
            Ok(Self { algorithm, curve, private_key: info.octet_string()? })
        })
    }
}

/// `ECPrivateKey`, taken apart.
pub(super) struct EcPrivateKey<'a> {
    pub(super) scalar: &'a [u8],
    pub(super) curve: Option<Curve>,
    pub(super) point: Option<&'a [u8]>,
}

impl<'a> EcPrivateKey<'a> {
    pub(super) fn from_der(der: &'a [u8]) -> Result<Self, Malformed> {
        parse(der, |r| {
            let mut key = r.sequence()?;
            if key.unsigned_u64()? != 1 {
                return Err(Malformed("version 1"));
            }
            let scalar = key.octet_string()?;
            let curve = match key.optional(tag::constructed(0))? {
                Some(parameters) => {
                    let name = parse(parameters, Reader::oid)?;
                    Some(Curve::from_oid(&name).ok_or(Malformed("a supported elliptic curve"))?)
                }
                None => None,
            };
            let point = match key.optional(tag::constructed(1))? {
                Some(public_key) => Some(parse(public_key, Reader::bit_string)?),
                None => None,
            };
            key.finish()?;
            Ok(Self { scalar, curve, point })
        })
    }
}
