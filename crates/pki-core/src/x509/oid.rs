//! Object identifiers of names, extensions and their parts.

pub use der::asn1::ObjectIdentifier;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

// Attributes of names (X.520; RFC 5280 appendix A.1; UID: RFC 4519 section 2.39).

/// commonName.
pub const COMMON_NAME: ObjectIdentifier = oid("2.5.4.3");
/// serialNumber, of the subject.
pub const SUBJECT_SERIAL_NUMBER: ObjectIdentifier = oid("2.5.4.5");
/// countryName.
pub const COUNTRY: ObjectIdentifier = oid("2.5.4.6");
/// localityName.
pub const LOCALITY: ObjectIdentifier = oid("2.5.4.7");
/// stateOrProvinceName.
pub const PROVINCE: ObjectIdentifier = oid("2.5.4.8");
/// streetAddress.
pub const STREET_ADDRESS: ObjectIdentifier = oid("2.5.4.9");
/// organizationName.
pub const ORGANIZATION: ObjectIdentifier = oid("2.5.4.10");
/// organizationalUnitName.
pub const ORGANIZATIONAL_UNIT: ObjectIdentifier = oid("2.5.4.11");
/// postalCode.
pub const POSTAL_CODE: ObjectIdentifier = oid("2.5.4.17");
/// userId.
pub const USER_ID: ObjectIdentifier = oid("0.9.2342.19200300.100.1.1");
/// emailAddress, of older certificates (RFC 2985 section 5.2.1).
pub const EMAIL_ADDRESS: ObjectIdentifier = oid("1.2.840.113549.1.9.1");

// Certificate extensions (RFC 5280 section 4.2).

/// subjectKeyIdentifier.
pub const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = oid("2.5.29.14");
/// keyUsage.
pub const KEY_USAGE: ObjectIdentifier = oid("2.5.29.15");
/// subjectAltName.
pub const SUBJECT_ALT_NAME: ObjectIdentifier = oid("2.5.29.17");
/// basicConstraints.
pub const BASIC_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.19");
/// nameConstraints.
pub const NAME_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.30");
/// cRLDistributionPoints.
pub const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = oid("2.5.29.31");
/// certificatePolicies.
pub const CERTIFICATE_POLICIES: ObjectIdentifier = oid("2.5.29.32");
/// authorityKeyIdentifier.
pub const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = oid("2.5.29.35");
/// extKeyUsage.
pub const EXT_KEY_USAGE: ObjectIdentifier = oid("2.5.29.37");
/// freshestCRL.
pub const FRESHEST_CRL: ObjectIdentifier = oid("2.5.29.46");
/// authorityInfoAccess.
pub const AUTHORITY_INFO_ACCESS: ObjectIdentifier = oid("1.3.6.1.5.5.7.1.1");

// Extensions of CRLs and of their entries (RFC 5280 sections 5.2 and 5.3).

/// cRLNumber.
pub const CRL_NUMBER: ObjectIdentifier = oid("2.5.29.20");
/// reasonCode.
pub const REASON_CODE: ObjectIdentifier = oid("2.5.29.21");
/// deltaCRLIndicator.
pub const DELTA_CRL_INDICATOR: ObjectIdentifier = oid("2.5.29.27");
/// issuingDistributionPoint.
pub const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = oid("2.5.29.28");

// What extensions are made of.

/// id-qt-cps, a policy qualifier.
pub const CPS: ObjectIdentifier = oid("1.3.6.1.5.5.7.2.1");
/// id-qt-unotice, a policy qualifier.
pub const USER_NOTICE: ObjectIdentifier = oid("1.3.6.1.5.5.7.2.2");
/// id-ad-ocsp, an access method.
pub const OCSP: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1");
/// id-ad-caIssuers, an access method.
pub const CA_ISSUERS: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.2");

// OCSP (RFC 6960 sections 4.2.1 and 4.4.1).

/// id-pkix-ocsp-basic.
pub const OCSP_BASIC: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.1");
/// id-pkix-ocsp-nonce.
pub const OCSP_NONCE: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.2");
/// id-sha1, by which requests name issuers.
pub const SHA1: ObjectIdentifier = oid("1.3.14.3.2.26");

// Certification requests.

/// extensionRequest, an attribute (RFC 2985 section 5.4.2).
pub const EXTENSION_REQUEST: ObjectIdentifier = oid("1.2.840.113549.1.9.14");
