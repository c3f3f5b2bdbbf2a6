//! Private keys.

use std::fmt;

use der::asn1::ObjectIdentifier;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcKey, EcPoint};
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use zeroize::Zeroizing;

use super::curve;
use super::encoding::{self, EcPrivateKey, PrivateKeyInfo};
use super::public::PublicKey;
use super::rsa;
use super::spec::{Curve, KeySpec, MlDsa};
use crate::crypto::asn1::{Reader, parse};
use crate::crypto::error::{CryptoError, failed};
use crate::crypto::oid;
use crate::crypto::random::SystemRandom;
use crate::crypto::signature::{SignatureAlgorithm, use_pss};
use crate::crypto::signer::StreamSigner;
use crate::domain::secret::Secret;

/// The RSA sizes that are made and read.
const RSA_BITS: std::ops::RangeInclusive<u32> = 1024..=16384;

const NO_ML_DSA: CryptoError = CryptoError::Unsupported("ML-DSA needs OpenSSL 3.5 or newer");

/// A private key, decoded and ready to sign. A clone shares it.
#[derive(Clone)]
pub struct PrivateKey {
    material: Material,
    handle: PKey<Private>,
    public_key: PublicKey,
    spec: KeySpec,
}

/// What the encoders need, beyond what signing does.
#[derive(Clone)]
enum Material {
    Rsa(Rsa<Private>),
    Ec(Curve, EcKey<Private>),
    Ed25519,
    /// `PrivateKeyInfo`: it may hold the seed, which OpenSSL need not give back.
    MlDsa(Secret<Vec<u8>>),
}

/// How to write a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateKeyForm {
    /// PKCS #1 for RSA, SEC 1 for EC, PKCS #8 for those that have no other form.
    Traditional,
    /// PKCS #8 for all.
    Pkcs8,
}

/// A private key in DER.
#[derive(Clone, Debug)]
pub struct EncodedKey {
    /// Label of its PEM block.
    pub label: &'static str,
    /// The key.
    pub der: Secret<Vec<u8>>,
}

impl PrivateKey {
    /// Makes a key.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Unsupported`] for an RSA size outside 1024 to 16384 bits and for ML-DSA
    /// with an OpenSSL that has none, [`CryptoError::Library`] if OpenSSL fails.
    pub fn generate(spec: KeySpec) -> Result<Self, CryptoError> {
        let made = match spec {
            KeySpec::Rsa { bits } if !RSA_BITS.contains(&bits) => {
                return Err(CryptoError::Unsupported("RSA keys have 1024 to 16384 bits"));
            }
            KeySpec::Rsa { bits } => Rsa::generate(bits).and_then(Self::from_rsa),
            KeySpec::Ec(on) => {
                curve::group(on).and_then(EcKey::generate).and_then(|key| Self::from_ec(on, key))
            }
            KeySpec::Ed25519 => PKey::generate_ed25519().and_then(Self::from_ed25519),
            KeySpec::MlDsa(set) => {
                let mut seed = Zeroizing::new([0; 32]);
                SystemRandom.try_fill(&mut *seed)?;
                return Self::from_ml_dsa(set, encoding::ml_dsa_pkcs8(set, &seed));
            }
        };
        made.map_err(failed("make a key"))
    }

    /// Reads PKCS #8 that was written here. It is fast, and takes the two halves of the key to
    /// belong together; [`PrivateKey::from_der`] makes sure.
    ///
    /// # Errors
    ///
    /// [`CryptoError`] if it is no such key.
    ///
    /// Source: RFC 5958 section 2.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, CryptoError> {
        const ACTION: &str = "read a private key";
        let info = PrivateKeyInfo::from_der(der)?;
        match info.algorithm {
            oid::RSA => Self::from_pkcs1(info.private_key),
            oid::EC => Self::from_sec1(info.private_key, info.curve),
            oid::ED25519 => {
                let seed = parse(info.private_key, Reader::octet_string)?;
                PKey::private_key_from_raw_bytes(seed, Id::ED25519)
                    .and_then(Self::from_ed25519)
                    .map_err(failed(ACTION))
            }
            other => Self::from_other_pkcs8(&other, der),
        }
    }

    fn from_other_pkcs8(algorithm: &ObjectIdentifier, der: &[u8]) -> Result<Self, CryptoError> {
        let set = MlDsa::from_oid(algorithm)
            .ok_or(CryptoError::NotAPrivateKey("an RSA, EC, Ed25519 or ML-DSA key"))?;
        Self::from_ml_dsa(set, Secret::new(der.to_vec()))
    }

    /// Reads PKCS #8, PKCS #1 or SEC 1 from anyone, and checks that the key's halves belong
    /// together.
    ///
    /// # Errors
    ///
    /// [`CryptoError::NoKnownForm`] if it is none of them, [`CryptoError::Unsupported`] if it
    /// is a key that cannot be used here.
    pub fn from_der(der: &[u8]) -> Result<Self, CryptoError> {
        let reason = |error: CryptoError| match error {
            CryptoError::NotAPrivateKey(reason) | CryptoError::Library { reason, .. } => reason,
            _ => "not supported",
        };
        let key = Self::from_sec1(der, None).or_else(|sec1| {
            Self::from_pkcs1(der).or_else(|pkcs1| {
                Self::from_pkcs8(der).map_err(|pkcs8| match pkcs8 {
                    unsupported @ CryptoError::Unsupported(_) => unsupported,
                    pkcs8 => CryptoError::NoKnownForm {
                        sec1: reason(sec1),
                        pkcs1: reason(pkcs1),
                        pkcs8: reason(pkcs8),
                    },
                })
            })
        })?;
        key.check_halves()?;
        Ok(key)
    }

    /// Signs something and checks the signature: this fails if the public half is not the one
    /// of the private half, whatever the kind of key.
    fn check_halves(&self) -> Result<(), CryptoError> {
        const MESSAGE: &[u8] = b"the halves of a key belong together";
        if let Material::Rsa(key) = &self.material
            && !rsa::is_consistent(key).map_err(failed("read an RSA key"))?
        {
            return Err(CryptoError::Unsupported(
                "the numbers of the RSA key contradict each other",
            ));
        }
        let algorithm = SignatureAlgorithm::for_issuing(self.spec, 0, false, false);
        let signature = self.sign(algorithm, MESSAGE)?;
        if self.public_key.verify(algorithm, MESSAGE, &signature) {
            Ok(())
        } else {
            Err(CryptoError::Unsupported("the public key does not belong to the private key"))
        }
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, CryptoError> {
        // OpenSSL does not mind what follows the structure.
        parse(der, |r| r.sequence().map(|_| ()))?;
        let rsa = Rsa::private_key_from_der(der).map_err(failed("read an RSA key"))?;
        let bits = u32::try_from(rsa.n().num_bits()).unwrap_or_default();
        if !RSA_BITS.contains(&bits) {
            return Err(CryptoError::Unsupported("RSA keys have 1024 to 16384 bits"));
        }
        Self::from_rsa(rsa).map_err(failed("read an RSA key"))
    }

    fn from_sec1(der: &[u8], outer: Option<Curve>) -> Result<Self, CryptoError> {
        let key = EcPrivateKey::from_der(der)?;
        let on = match (outer, key.curve) {
            (Some(outer), Some(inner)) if outer != inner => None,
            (outer, inner) => outer.or(inner),
        };
        let on = on.ok_or(CryptoError::NotAPrivateKey("a supported elliptic curve"))?;
        ec_key(on, &key).and_then(|key| Self::from_ec(on, key)).map_err(failed("read an EC key"))
    }

    fn from_rsa(rsa: Rsa<Private>) -> Result<Self, ErrorStack> {
        let bits = u32::try_from(rsa.n().num_bits()).unwrap_or_default();
        Ok(Self {
            handle: PKey::from_rsa(rsa.clone())?,
            public_key: PublicKey::from_rsa(&rsa.public_key_to_der_pkcs1()?, bits),
            spec: KeySpec::Rsa { bits },
            material: Material::Rsa(rsa),
        })
    }

    fn from_ec(on: Curve, key: EcKey<Private>) -> Result<Self, ErrorStack> {
        Ok(Self {
            handle: PKey::from_ec_key(key.clone())?,
            public_key: PublicKey::from_ec_point(on, &curve::point(&key)?),
            spec: KeySpec::Ec(on),
            material: Material::Ec(on, key),
        })
    }

    fn from_ed25519(handle: PKey<Private>) -> Result<Self, ErrorStack> {
        Ok(Self {
            public_key: PublicKey::from_ed25519(&handle.raw_public_key()?),
            handle,
            spec: KeySpec::Ed25519,
            material: Material::Ed25519,
        })
    }

    /// An OpenSSL without ML-DSA does not know the algorithm of this key. Whether it has it is
    /// seen when the program runs, since a shared library can be exchanged.
    fn from_ml_dsa(set: MlDsa, pkcs8: Secret<Vec<u8>>) -> Result<Self, CryptoError> {
        if openssl::version::number() < 0x3050_0000 {
            return Err(NO_ML_DSA);
        }
        let read = failed("read an ML-DSA key");
        let handle = PKey::private_key_from_pkcs8(pkcs8.expose()).map_err(&read)?;
        let spki = handle.public_key_to_der().map_err(&read)?;
        let public_key =
            PublicKey::from_spki(&spki).map_err(|_| CryptoError::NotAPrivateKey("ML-DSA"))?;
        Ok(Self { handle, public_key, spec: KeySpec::MlDsa(set), material: Material::MlDsa(pkcs8) })
    }

    /// PKCS #8, as a store keeps it.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Library`] if OpenSSL fails.
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, CryptoError> {
        const ACTION: &str = "write a private key";
        Ok(match &self.material {
            Material::Rsa(key) => {
                let pkcs1 = key.private_key_to_der().map(Secret::new).map_err(failed(ACTION))?;
                encoding::rsa_pkcs8(pkcs1.expose())
            }
            Material::Ec(on, key) => {
                let scalar = scalar(*on, key).map_err(failed(ACTION))?;
                encoding::ec_pkcs8(*on, scalar.expose(), self.public_key.key_octets())
            }
            Material::Ed25519 => {
                let seed =
                    self.handle.raw_private_key().map(Secret::new).map_err(failed(ACTION))?;
                encoding::ed25519_pkcs8(seed.expose())
            }
            Material::MlDsa(pkcs8) => pkcs8.clone(),
        })
    }

    /// The key as a caller wants it.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Library`] if OpenSSL fails.
    pub fn encode(&self, form: PrivateKeyForm) -> Result<EncodedKey, CryptoError> {
        const ACTION: &str = "write a private key";
        match (form, &self.material) {
            (PrivateKeyForm::Traditional, Material::Rsa(key)) => {
                let der = key.private_key_to_der().map(Secret::new).map_err(failed(ACTION))?;
                Ok(EncodedKey { label: "RSA PRIVATE KEY", der })
            }
            (PrivateKeyForm::Traditional, Material::Ec(on, key)) => {
                let scalar = scalar(*on, key).map_err(failed(ACTION))?;
                let der = encoding::sec1(*on, scalar.expose(), self.public_key.key_octets());
                Ok(EncodedKey { label: "EC PRIVATE KEY", der })
            }
            (PrivateKeyForm::Traditional | PrivateKeyForm::Pkcs8, _) => {
                Ok(EncodedKey { label: "PRIVATE KEY", der: self.to_pkcs8()? })
            }
        }
    }

    /// Type and size.
    pub fn spec(&self) -> KeySpec {
        self.spec
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Signs a message that is in memory.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Mismatch`] if the algorithm is not for this kind of key,
    /// [`CryptoError::Library`] if OpenSSL fails.
    pub fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.openssl_signer(algorithm)?.sign_oneshot_to_vec(message).map_err(failed("sign"))
    }

    /// Signs a message that comes in parts.
    ///
    /// # Errors
    ///
    /// As [`PrivateKey::sign`].
    pub fn signer(&self, algorithm: SignatureAlgorithm) -> Result<StreamSigner<'_>, CryptoError> {
        Ok(match algorithm.message_digest() {
            Some(_) => StreamSigner::hashing(self.openssl_signer(algorithm)?),
            None if algorithm.fits(self.spec) => StreamSigner::buffering(self, algorithm),
            None => return Err(self.mismatch(algorithm)),
        })
    }

    fn openssl_signer(&self, algorithm: SignatureAlgorithm) -> Result<Signer<'_>, CryptoError> {
        if !algorithm.fits(self.spec) {
            return Err(self.mismatch(algorithm));
        }
        self.try_openssl_signer(algorithm).map_err(failed("sign"))
    }

    fn try_openssl_signer(&self, algorithm: SignatureAlgorithm) -> Result<Signer<'_>, ErrorStack> {
        let mut signer = match algorithm.message_digest() {
            Some(digest) => Signer::new(digest, &self.handle)?,
            None => Signer::new_without_digest(&self.handle)?,
        };
        if let SignatureAlgorithm::RsaPss(hash) = algorithm {
            use_pss!(signer, hash);
        }
        Ok(signer)
    }

    fn mismatch(&self, algorithm: SignatureAlgorithm) -> CryptoError {
        CryptoError::Mismatch { key: self.spec.type_name(), algorithm: algorithm.name() }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

fn ec_key(on: Curve, key: &EcPrivateKey<'_>) -> Result<EcKey<Private>, ErrorStack> {
    let group = curve::group(on)?;
    // A secure number is wiped when it is dropped.
    let mut scalar = BigNum::new_secure()?;
    scalar.copy_from_slice(key.scalar)?;
    let mut context = BigNumContext::new()?;
    let point = match key.point {
        Some(octets) => EcPoint::from_bytes(group, octets, &mut context)?,
        None => {
            let mut point = EcPoint::new(group)?;
            point.mul_generator2(group, &scalar, &mut context)?;
            point
        }
    };
    EcKey::from_private_components(group, &scalar, &point)
}

/// The private number of an EC key, in as many octets as the field has.
fn scalar(on: Curve, key: &EcKey<Private>) -> Result<Secret<Vec<u8>>, ErrorStack> {
    let width = i32::try_from(on.field_len()).unwrap_or_default();
    key.private_key().to_vec_padded(width).map(Secret::new)
}
