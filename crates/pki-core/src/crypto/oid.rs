//! Object identifiers of keys, digests, signatures and keystores.

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

/// data (RFC 5652 section 4).
pub const PKCS7_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.1");
/// encryptedData (RFC 5652 section 8).
pub const PKCS7_ENCRYPTED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.6");
/// pkcs-12-PKCS8ShroudedKeyBag (RFC 7292 section 4.2).
pub const SHROUDED_KEY_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.2");
/// pkcs-12-certBag.
pub const CERTIFICATE_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.3");
/// x509Certificate (RFC 7292 section 4.2.3).
pub const X509_CERTIFICATE_BAG: ObjectIdentifier = oid("1.2.840.113549.1.9.22.1");
/// friendlyName (RFC 2985 section 5.5.1).
pub const FRIENDLY_NAME: ObjectIdentifier = oid("1.2.840.113549.1.9.20");
/// localKeyId (RFC 2985 section 5.5.2).
pub const LOCAL_KEY_ID: ObjectIdentifier = oid("1.2.840.113549.1.9.21");
/// Java's trustedKeyUsage, without which it does not trust a certificate in an archive.
pub const JAVA_TRUSTED_KEY_USAGE: ObjectIdentifier = oid("2.16.840.1.113894.746875.1.1");
/// anyExtendedKeyUsage (RFC 5280 section 4.2.1.12).
pub const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = oid("2.5.29.37.0");

/// id-PBKDF2 (RFC 8018 appendix C).
pub const PBKDF2: ObjectIdentifier = oid("1.2.840.113549.1.5.12");
/// id-PBES2.
pub const PBES2: ObjectIdentifier = oid("1.2.840.113549.1.5.13");
/// id-PBMAC1.
pub const PBMAC1: ObjectIdentifier = oid("1.2.840.113549.1.5.14");
/// id-hmacWithSHA256.
pub const HMAC_WITH_SHA256: ObjectIdentifier = oid("1.2.840.113549.2.9");
/// aes256-CBC-PAD.
pub const AES_256_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.42");
/// The key protection of Java keystores, which has no other name.
pub const JAVA_KEY_PROTECTOR: ObjectIdentifier = oid("1.3.6.1.4.1.42.2.17.1.1");
