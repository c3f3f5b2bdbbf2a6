//! Object identifiers of keys, digests and signatures.

use der::asn1::ObjectIdentifier;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// rsaEncryption (RFC 8017 appendix C).
pub const RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
/// id-mgf1.
pub const MGF1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");
/// id-RSASSA-PSS.
pub const RSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
/// sha1WithRSAEncryption; never made here.
pub const SHA1_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.5");
/// sha256WithRSAEncryption.
pub const SHA256_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.11");
/// sha384WithRSAEncryption.
pub const SHA384_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.12");
/// sha512WithRSAEncryption.
pub const SHA512_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.13");

/// id-sha256 (RFC 5754 section 2).
pub const SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
/// id-sha384.
pub const SHA384: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.2");
/// id-sha512.
pub const SHA512: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.3");

/// id-ecPublicKey (RFC 5480 section 2.1.1).
pub const EC: ObjectIdentifier = oid("1.2.840.10045.2.1");
/// secp224r1.
pub const P224: ObjectIdentifier = oid("1.3.132.0.33");
/// secp256r1.
pub const P256: ObjectIdentifier = oid("1.2.840.10045.3.1.7");
/// secp384r1.
pub const P384: ObjectIdentifier = oid("1.3.132.0.34");
/// secp521r1.
pub const P521: ObjectIdentifier = oid("1.3.132.0.35");
/// ecdsa-with-SHA1; never made here.
pub const ECDSA_WITH_SHA1: ObjectIdentifier = oid("1.2.840.10045.4.1");
/// ecdsa-with-SHA256 (RFC 5758 section 3.2).
pub const ECDSA_WITH_SHA256: ObjectIdentifier = oid("1.2.840.10045.4.3.2");
/// ecdsa-with-SHA384.
pub const ECDSA_WITH_SHA384: ObjectIdentifier = oid("1.2.840.10045.4.3.3");
/// ecdsa-with-SHA512.
pub const ECDSA_WITH_SHA512: ObjectIdentifier = oid("1.2.840.10045.4.3.4");

/// id-Ed25519 (RFC 8410 section 3).
pub const ED25519: ObjectIdentifier = oid("1.3.101.112");

/// id-ml-dsa-44 (RFC 9881 section 2).
pub const ML_DSA_44: ObjectIdentifier = oid("2.16.840.1.101.3.4.3.17");
/// id-ml-dsa-65.
pub const ML_DSA_65: ObjectIdentifier = oid("2.16.840.1.101.3.4.3.18");
/// id-ml-dsa-87.
pub const ML_DSA_87: ObjectIdentifier = oid("2.16.840.1.101.3.4.3.19");
