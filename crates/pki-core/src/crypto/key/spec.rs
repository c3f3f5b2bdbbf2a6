//! What kind of key: one choice, no invalid combination of type and size.

use der::asn1::ObjectIdentifier;

use crate::crypto::oid;

/// A named curve over a prime field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Curve {
    /// secp224r1.
    P224,
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
}

/// The curves: size in bits and object identifier (RFC 5480 section 2.1.1.1).
const CURVES: [(Curve, u32, ObjectIdentifier); 4] = [
    (Curve::P224, 224, oid::P224),
    (Curve::P256, 256, oid::P256),
    (Curve::P384, 384, oid::P384),
    (Curve::P521, 521, oid::P521),
];

impl Curve {
    /// Size of its field in bits.
    pub fn bits(self) -> u32 {
        match self {
            Self::P224 => 224,
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// The curve of this size.
    pub fn from_bits(bits: u32) -> Option<Self> {
        CURVES.iter().find(|row| row.1 == bits).map(|row| row.0)
    }

    /// The curve with this object identifier.
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        CURVES.iter().find(|row| row.2 == *oid).map(|row| row.0)
    }

    /// Its object identifier.
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::P224 => oid::P224,
            Self::P256 => oid::P256,
            Self::P384 => oid::P384,
            Self::P521 => oid::P521,
        }
    }

    /// Octets of a coordinate, and of a private key.
    pub(crate) fn field_len(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A parameter set of ML-DSA (FIPS 204 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MlDsa {
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

/// The parameter sets: number and object identifier.
const ML_DSA: [(MlDsa, u32, ObjectIdentifier); 3] = [
    (MlDsa::MlDsa44, 44, oid::ML_DSA_44),
    (MlDsa::MlDsa65, 65, oid::ML_DSA_65),
    (MlDsa::MlDsa87, 87, oid::ML_DSA_87),
];

impl MlDsa {
    /// The number in its name, which Vault's words call its bits.
    pub fn number(self) -> u32 {
        match self {
            Self::MlDsa44 => 44,
            Self::MlDsa65 => 65,
            Self::MlDsa87 => 87,
        }
    }

    /// The parameter set with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        ML_DSA.iter().find(|row| row.1 == number).map(|row| row.0)
    }

    /// The parameter set with this object identifier.
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        ML_DSA.iter().find(|row| row.2 == *oid).map(|row| row.0)
    }

    /// Its object identifier: of the keys and of the signatures.
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::MlDsa44 => oid::ML_DSA_44,
            Self::MlDsa65 => oid::ML_DSA_65,
            Self::MlDsa87 => oid::ML_DSA_87,
        }
    }

    /// Octets of a public key (FIPS 204 table 2).
    pub(crate) fn public_key_len(self) -> usize {
        match self {
            Self::MlDsa44 => 1312,
            Self::MlDsa65 => 1952,
            Self::MlDsa87 => 2592,
        }
    }
}

/// Type and size of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeySpec {
    /// RSA with a modulus of so many bits.
    Rsa {
        /// Length of the modulus.
        bits: u32,
    },
    /// Elliptic curve.
    Ec(Curve),
    /// Ed25519.
    Ed25519,
    /// ML-DSA.
    MlDsa(MlDsa),
}

impl KeySpec {
    /// `rsa`, `ec`, `ed25519` or `mldsa`, as in `private_key_type`.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Rsa { .. } => "rsa",
            Self::Ec(_) => "ec",
            Self::Ed25519 => "ed25519",
            Self::MlDsa(_) => "mldsa",
        }
    }

    /// What `key_bits` says of such a key; 0 for Ed25519, which has one size.
    pub fn bits(self) -> u32 {
        match self {
            Self::Rsa { bits } => bits,
            Self::Ec(curve) => curve.bits(),
            Self::Ed25519 => 0,
            Self::MlDsa(set) => set.number(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree_with_the_types() {
        for (curve, bits, oid) in CURVES {
            assert_eq!((curve.bits(), curve.oid()), (bits, oid));
            assert_eq!(Curve::from_bits(bits), Some(curve));
            assert_eq!(Curve::from_oid(&oid), Some(curve));
            assert_eq!(curve.field_len(), usize::try_from(bits.div_ceil(8)).unwrap());
        }
        for (set, number, oid) in ML_DSA {
            assert_eq!((set.number(), set.oid()), (number, oid));
            assert_eq!(MlDsa::from_number(number), Some(set));
            assert_eq!(MlDsa::from_oid(&oid), Some(set));
        }
        assert_eq!(Curve::from_bits(192), None);
        assert_eq!(MlDsa::from_number(0), None);
    }
}
