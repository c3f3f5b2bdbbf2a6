//! Signature algorithms: how one is chosen, named and encoded.

use der::asn1::ObjectIdentifier;
use openssl::hash::MessageDigest;

use super::asn1::{Malformed, Writer, encode, parse, tag};
use super::digest;
use super::key::{Curve, KeySpec, MlDsa};
use super::oid;
use super::pss;

/// A digest that signatures are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The digest of this many bits.
    pub fn from_bits(bits: i64) -> Option<Self> {
        match bits {
            256 => Some(Self::Sha256),
            384 => Some(Self::Sha384),
            512 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// Octets of a digest.
    pub fn output_len(self) -> u8 {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of some data.
    pub fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => digest::sha256(data).to_vec(),
            Self::Sha384 => digest::sha384(data).to_vec(),
            Self::Sha512 => digest::sha512(data).to_vec(),
        }
    }

    pub(super) fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
        }
    }

    pub(super) fn message_digest(self) -> MessageDigest {
        match self {
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(Hash),
    /// RSASSA-PSS; MGF1 with the same digest, and a salt as long as the digest.
    RsaPss(Hash),
    /// ECDSA.
    Ecdsa(Hash),
    /// Ed25519.
    Ed25519,
    /// ML-DSA.
    MlDsa(MlDsa),
}

/// All algorithms, with Vault's names for them.
const NAMES: [(SignatureAlgorithm, &str); 13] = [
    (SignatureAlgorithm::RsaPkcs1(Hash::Sha256), "SHA256WithRSA"),
    (SignatureAlgorithm::RsaPkcs1(Hash::Sha384), "SHA384WithRSA"),
    (SignatureAlgorithm::RsaPkcs1(Hash::Sha512), "SHA512WithRSA"),
    (SignatureAlgorithm::RsaPss(Hash::Sha256), "SHA256WithRSAPSS"),
    (SignatureAlgorithm::RsaPss(Hash::Sha384), "SHA384WithRSAPSS"),
    (SignatureAlgorithm::RsaPss(Hash::Sha512), "SHA512WithRSAPSS"),
    (SignatureAlgorithm::Ecdsa(Hash::Sha256), "ECDSAWithSHA256"),
    (SignatureAlgorithm::Ecdsa(Hash::Sha384), "ECDSAWithSHA384"),
    (SignatureAlgorithm::Ecdsa(Hash::Sha512), "ECDSAWithSHA512"),
    (SignatureAlgorithm::Ed25519, "Ed25519"),
    (SignatureAlgorithm::MlDsa(MlDsa::MlDsa44), "MLDSA44"),
    (SignatureAlgorithm::MlDsa(MlDsa::MlDsa65), "MLDSA65"),
    (SignatureAlgorithm::MlDsa(MlDsa::MlDsa87), "MLDSA87"),
];

/// The object identifiers of all algorithms but PSS, which has one for all digests.
const IDENTIFIERS: [(SignatureAlgorithm, ObjectIdentifier); 10] = [
    (SignatureAlgorithm::RsaPkcs1(Hash::Sha256), oid::SHA256_WITH_RSA),
    (SignatureAlgorithm::RsaPkcs1(Hash::Sha384), oid::SHA384_WITH_RSA),
    (SignatureAlgorithm::RsaPkcs1(Hash::Sha512), oid::SHA512_WITH_RSA),
    (SignatureAlgorithm::Ecdsa(Hash::Sha256), oid::ECDSA_WITH_SHA256),
    (SignatureAlgorithm::Ecdsa(Hash::Sha384), oid::ECDSA_WITH_SHA384),
    (SignatureAlgorithm::Ecdsa(Hash::Sha512), oid::ECDSA_WITH_SHA512),
    (SignatureAlgorithm::Ed25519, oid::ED25519),
    (SignatureAlgorithm::MlDsa(MlDsa::MlDsa44), oid::ML_DSA_44),
    (SignatureAlgorithm::MlDsa(MlDsa::MlDsa65), oid::ML_DSA_65),
    (SignatureAlgorithm::MlDsa(MlDsa::MlDsa87), oid::ML_DSA_87),
];

impl SignatureAlgorithm {
    /// What a key signs with. `signature_bits` other than 256, 384 and 512 mean the default;
    /// EC keys go by their curve unless `honour_bits_for_ec`.
    pub fn for_issuing(
        key: KeySpec,
        signature_bits: i64,
        use_pss: bool,
        honour_bits_for_ec: bool,
    ) -> Self {
        let wanted = Hash::from_bits(signature_bits);
        match key {
            KeySpec::Rsa { .. } if use_pss => Self::RsaPss(wanted.unwrap_or(Hash::Sha256)),
            KeySpec::Rsa { .. } => Self::RsaPkcs1(wanted.unwrap_or(Hash::Sha256)),
            KeySpec::Ec(curve) => {
                let by_curve = match curve {
                    Curve::P224 | Curve::P256 => Hash::Sha256,
                    Curve::P384 => Hash::Sha384,
                    Curve::P521 => Hash::Sha512,
                };
                Self::Ecdsa(wanted.filter(|_| honour_bits_for_ec).unwrap_or(by_curve))
            }
            KeySpec::Ed25519 => Self::Ed25519,
            KeySpec::MlDsa(set) => Self::MlDsa(set),
        }
    }

    /// `AlgorithmIdentifier`, with explicit parameters for PSS and NULL for RSA.
    ///
    /// Source: RFC 4055 sections 3.1 and 5, RFC 5758 section 3.2, RFC 8410 section 3, RFC 9881
    /// section 2.
    pub fn algorithm_identifier(self) -> Vec<u8> {
        encode(|w| self.write(w))
    }

    /// Writes the `AlgorithmIdentifier`.
    pub(crate) fn write(self, w: &mut Writer) {
        let identifier = IDENTIFIERS.iter().find(|row| row.0 == self).map(|row| &row.1);
        match (self, identifier) {
            (Self::RsaPss(hash), _) => pss::write(w, hash),
            (Self::RsaPkcs1(_), Some(oid)) => w.sequence(|w| {
                w.oid(oid);
                w.null();
            }),
            (_, identifier) => w.sequence(|w| identifier.into_iter().for_each(|oid| w.oid(oid))),
        }
    }

    /// Reads an `AlgorithmIdentifier`. Nothing for an algorithm that is not used here, such as
    /// one with SHA-1, and for PSS with other parameters than [`SignatureAlgorithm::RsaPss`].
    pub fn from_algorithm_identifier(der: &[u8]) -> Option<Self> {
        let (oid, parameters) = parse(der, |r| {
            let mut identifier = r.sequence()?;
            Ok::<_, Malformed>((identifier.oid()?, identifier.rest()))
        })
        .ok()?;
        if oid == oid::RSA_PSS {
            return parse(parameters, pss::read).ok().map(Self::RsaPss);
        }
        let found = IDENTIFIERS.iter().find(|row| row.1 == oid)?.0;
        let fits = match found {
            Self::RsaPkcs1(_) => is_null_or_absent(parameters),
            _ => parameters.is_empty(),
        };
        fits.then_some(found)
    }

    /// Vault's name: `SHA256WithRSA`, `SHA256WithRSAPSS`, `ECDSAWithSHA256`, `Ed25519`, `MLDSA44`.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// The algorithm of a name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("PureEd25519") {
            return Some(Self::Ed25519);
        }
        NAMES.iter().find(|row| row.1.eq_ignore_ascii_case(text)).map(|row| row.0)
    }

    /// Whether keys of this kind make such signatures.
    pub fn fits(self, key: KeySpec) -> bool {
        match (self, key) {
            (Self::RsaPkcs1(_) | Self::RsaPss(_), KeySpec::Rsa { .. })
            | (Self::Ecdsa(_), KeySpec::Ec(_))
            | (Self::Ed25519, KeySpec::Ed25519) => true,
            (Self::MlDsa(set), KeySpec::MlDsa(of_key)) => set == of_key,
            _ => false,
        }
    }

    /// The digest that OpenSSL is told of; none for algorithms that take the message itself.
    pub(super) fn message_digest(self) -> Option<MessageDigest> {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss(hash) | Self::Ecdsa(hash) => {
                Some(hash.message_digest())
            }
            Self::Ed25519 | Self::MlDsa(_) => None,
        }
    }
}

/// Sets an OpenSSL signer or verifier, which share no trait, to PSS.
macro_rules! use_pss {
    ($context:ident, $hash:ident) => {
        $context.set_rsa_padding(openssl::rsa::Padding::PKCS1_PSS)?;
        $context.set_rsa_mgf1_md($hash.message_digest())?;
        $context.set_rsa_pss_saltlen(openssl::sign::RsaPssSaltlen::custom(i32::from(
            $hash.output_len(),
        )))?;
    };
}
pub(super) use use_pss;

/// Both are to be taken (RFC 4055 section 2.1 and RFC 8017 appendix A.2.4).
pub(super) fn is_null_or_absent(parameters: &[u8]) -> bool {
    parameters.is_empty() || parameters == [tag::NULL, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_identifiers_read_both_ways() {
        for (algorithm, name) in NAMES {
            assert_eq!(algorithm.name(), name);
            assert_eq!(SignatureAlgorithm::parse(&name.to_lowercase()), Some(algorithm));
            let der = algorithm.algorithm_identifier();
            assert_eq!(SignatureAlgorithm::from_algorithm_identifier(&der), Some(algorithm));
        }
        assert_eq!(SignatureAlgorithm::parse("pureed25519"), Some(SignatureAlgorithm::Ed25519));
        for text in ["", "0", "sha1withrsa", "SHA256-RSA"] {
            assert_eq!(SignatureAlgorithm::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_issuing_key_chooses_the_algorithm() {
        use SignatureAlgorithm::{Ecdsa, Ed25519, MlDsa as Ml, RsaPkcs1, RsaPss};
        let rsa = KeySpec::Rsa { bits: 2048 };
        let ml = KeySpec::MlDsa(MlDsa::MlDsa65);
        for (key, bits, pss, honour, want) in [
            (rsa, 0, false, false, RsaPkcs1(Hash::Sha256)),
            (rsa, 384, false, false, RsaPkcs1(Hash::Sha384)),
            (rsa, 100, false, true, RsaPkcs1(Hash::Sha256)),
            (rsa, 512, true, false, RsaPss(Hash::Sha512)),
            (KeySpec::Ec(Curve::P224), 0, false, false, Ecdsa(Hash::Sha256)),
            (KeySpec::Ec(Curve::P256), 512, true, false, Ecdsa(Hash::Sha256)),
            (KeySpec::Ec(Curve::P256), 512, true, true, Ecdsa(Hash::Sha512)),
            (KeySpec::Ec(Curve::P384), -1, false, true, Ecdsa(Hash::Sha384)),
            (KeySpec::Ec(Curve::P521), 256, false, false, Ecdsa(Hash::Sha512)),
            (KeySpec::Ed25519, 512, true, true, Ed25519),
            (ml, 512, true, true, Ml(MlDsa::MlDsa65)),
        ] {
            let got = SignatureAlgorithm::for_issuing(key, bits, pss, honour);
            assert_eq!(got, want, "{key:?} {bits}");
            assert!(got.fits(key));
        }
    }

    #[test]
    fn unusual_identifiers_are_not_taken() {
        let sha1_with_rsa = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
        let identifier = |oid: &ObjectIdentifier, null: bool| {
            encode(|w| {
                w.sequence(|w| {
                    w.oid(oid);
                    if null {
                        w.null();
                    }
                });
            })
        };
        for (der, want) in [
            (identifier(&sha1_with_rsa, true), None),
            (identifier(&oid::RSA_PSS, false), None),
            (identifier(&oid::ED25519, true), None),
            (identifier(&oid::ECDSA_WITH_SHA256, true), None),
            (
                identifier(&oid::SHA256_WITH_RSA, false),
                Some(SignatureAlgorithm::RsaPkcs1(Hash::Sha256)),
            ),
            (Vec::new(), None),
        ] {
            assert_eq!(SignatureAlgorithm::from_algorithm_identifier(&der), want, "{der:02x?}");
        }
    }
}
