//! What a key may be used for: Vault's names and their encodings.

use std::ops::BitOr;

use super::oid::ObjectIdentifier;
use crate::crypto::asn1::{Malformed, Reader, Writer, parse, tag};

/// The bits of keyUsage: the lowest is digitalSignature, which is bit 0 of the BIT STRING.
///
/// Source: RFC 5280 section 4.2.1.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

/// Vault's names of the bits.
const KEY_USAGES: [(KeyUsage, &str); 9] = [
    (KeyUsage::DIGITAL_SIGNATURE, "DigitalSignature"),
    (KeyUsage::CONTENT_COMMITMENT, "ContentCommitment"),
    (KeyUsage::KEY_ENCIPHERMENT, "KeyEncipherment"),
    (KeyUsage::DATA_ENCIPHERMENT, "DataEncipherment"),
    (KeyUsage::KEY_AGREEMENT, "KeyAgreement"),
    (KeyUsage::KEY_CERT_SIGN, "CertSign"),
    (KeyUsage::CRL_SIGN, "CRLSign"),
    (KeyUsage::ENCIPHER_ONLY, "EncipherOnly"),
    (KeyUsage::DECIPHER_ONLY, "DecipherOnly"),
];

impl KeyUsage {
    /// No bit at all.
    pub const NONE: Self = Self(0);
    /// digitalSignature.
    pub const DIGITAL_SIGNATURE: Self = Self(1);
    /// nonRepudiation, renamed to contentCommitment.
    pub const CONTENT_COMMITMENT: Self = Self(1 << 1);
    /// keyEncipherment.
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    /// dataEncipherment.
    pub const DATA_ENCIPHERMENT: Self = Self(1 << 3);
    /// keyAgreement.
    pub const KEY_AGREEMENT: Self = Self(1 << 4);
    /// keyCertSign.
    pub const KEY_CERT_SIGN: Self = Self(1 << 5);
    /// cRLSign.
    pub const CRL_SIGN: Self = Self(1 << 6);
    /// encipherOnly.
    pub const ENCIPHER_ONLY: Self = Self(1 << 7);
    /// decipherOnly.
    pub const DECIPHER_ONLY: Self = Self(1 << 8);

    /// The bit with this name, in any case and with blanks around it.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        KEY_USAGES.iter().find(|row| row.1.eq_ignore_ascii_case(name)).map(|row| row.0)
    }

    /// The bits of all names that are known.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().filter_map(Self::parse).fold(Self::NONE, BitOr::bitor)
    }

    /// The usages of a number with one bit for each, the lowest for digitalSignature; nothing if
    /// it has other bits.
    pub fn from_bits(bits: i64) -> Option<Self> {
        let known = KEY_USAGES.iter().fold(Self::NONE, |all, row| all | row.0);
        let bits = u16::try_from(bits).ok().map(Self)?;
        known.contains(bits).then_some(bits)
    }

    /// The names of the bits that are set.
    pub fn names(self) -> Vec<&'static str> {
        KEY_USAGES.iter().filter(|row| self.contains(row.0)).map(|row| row.1).collect()
    }

    /// Whether no bit is set.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Whether all bits of the other are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits that the other does not have.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Writes the extension's value.
    pub(super) fn write(self, w: &mut Writer) {
        w.named_bits(self.0);
    }

    /// Reads the extension's value. Bits without a meaning do not count.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is no BIT STRING.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        let content = parse(der, |r| r.read(tag::BIT_STRING, "a BIT STRING"))?;
        let (first, second) = match content {
            [0..8] => (0, 0),
            [0..8, first] => (*first, 0),
            [0..8, first, second, ..] => (*first, *second),
            _ => return Err(Malformed("a BIT STRING")),
        };
        let bits = u16::from_be_bytes([first, second]).reverse_bits();
        let known = KEY_USAGES.iter().fold(Self::NONE, |all, row| all | row.0);
        Ok(Self(bits & known.0))
    }
}

impl BitOr for KeyUsage {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Vault's names of extended key usages, in the order in which an extension holds them
/// (RFC 5280 section 4.2.1.12, RFC 4945 section 5.1.3.12).
pub const EXT_KEY_USAGES: [(&str, ObjectIdentifier); 12] = [
    ("Any", ANY_EXT_KEY_USAGE),
    ("ServerAuth", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1")),
    ("ClientAuth", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2")),
    ("CodeSigning", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3")),
    ("EmailProtection", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4")),
    ("IPSECEndSystem", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.5")),
    ("IPSECTunnel", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.6")),
    ("IPSECUser", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.7")),
    ("TimeStamping", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8")),
    ("OCSPSigning", OCSP_SIGNING),
    ("MicrosoftServerGatedCrypto", ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.3.3")),
    ("NetscapeServerGatedCrypto", ObjectIdentifier::new_unwrap("2.16.840.1.113730.4.1")),
];

/// anyExtendedKeyUsage.
pub const ANY_EXT_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
/// id-kp-OCSPSigning.
pub const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");

/// The extended key usage with this name, in any case and with blanks around it.
pub fn ext_key_usage_oid(name: &str) -> Option<ObjectIdentifier> {
    let name = name.trim();
    EXT_KEY_USAGES.iter().find(|row| row.0.eq_ignore_ascii_case(name)).map(|row| row.1)
}

/// The extended key usage with this number, as Go counts them: those of [`EXT_KEY_USAGES`], and
/// two more that Vault has no names for.
pub fn ext_key_usage_by_number(number: i128) -> Option<ObjectIdentifier> {
    const UNNAMED: [ObjectIdentifier; 2] = [
        ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.22"),
        ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.61.1.1"),
    ];
    let named = EXT_KEY_USAGES.iter().map(|row| row.1);
    named.chain(UNNAMED).nth(usize::try_from(number).ok()?)
}

/// The name of an extended key usage.
pub fn ext_key_usage_name(oid: &ObjectIdentifier) -> Option<&'static str> {
    EXT_KEY_USAGES.iter().find(|row| row.1 == *oid).map(|row| row.0)
}

/// The extended key usages of all names that are known, each once, in the fixed order.
pub fn ext_key_usages_from_names<'a>(
    names: impl IntoIterator<Item = &'a str>,
) -> Vec<ObjectIdentifier> {
    let wanted: Vec<ObjectIdentifier> = names.into_iter().filter_map(ext_key_usage_oid).collect();
    EXT_KEY_USAGES.iter().map(|row| row.1).filter(|oid| wanted.contains(oid)).collect()
}

/// Reads the value of extKeyUsage.
///
/// # Errors
///
/// [`Malformed`] if it is no SEQUENCE OF object identifiers.
pub fn ext_key_usages_from_der(der: &[u8]) -> Result<Vec<ObjectIdentifier>, Malformed> {
    let mut usages = Vec::new();
    let mut list = parse(der, Reader::sequence)?;
    while !list.is_empty() {
        usages.push(list.oid()?);
    }
    Ok(usages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::asn1::encode;

    #[test]
    fn key_usages_read_and_write() {
        for (names, want) in [
            (&["DigitalSignature", "KeyEncipherment", "KeyAgreement"][..], &[3, 2, 3, 0xa8][..]),
            (&["CertSign", "CRLSign"], &[3, 2, 1, 6]),
            (&["DecipherOnly"], &[3, 3, 7, 0, 0x80]),
            (&[], &[3, 1, 0]),
        ] {
            let usage = KeyUsage::from_names(names.iter().copied());
            assert_eq!(usage.names(), names);
            assert_eq!(encode(|w| usage.write(w)), want);
            assert_eq!(KeyUsage::from_der(want), Ok(usage));
        }
        for wrong in [&[][..], &[3, 0], &[3, 2, 8, 0], &[4, 2, 1, 6], &[3, 2, 1, 6, 0]] {
            assert!(KeyUsage::from_der(wrong).is_err(), "{wrong:02x?}");
        }
    }

    #[test]
    fn names_are_trimmed_and_case_does_not_matter() {
        assert_eq!(KeyUsage::parse(" crlsign "), Some(KeyUsage::CRL_SIGN));
        assert_eq!(KeyUsage::from_names(["nonsense", "certsign"]), KeyUsage::KEY_CERT_SIGN);
        assert_eq!(ext_key_usage_oid(" serverauth"), Some(EXT_KEY_USAGES[1].1));
        assert_eq!(ext_key_usage_oid("MicrosoftCommercialCodeSigning"), None);
        assert_eq!(ext_key_usage_name(&OCSP_SIGNING), Some("OCSPSigning"));
    }

    #[test]
    fn extended_key_usages_have_one_order() {
        let got = ext_key_usages_from_names(["OCSPSigning", "any", "ServerAuth", "any", "x"]);
        assert_eq!(got, [ANY_EXT_KEY_USAGE, EXT_KEY_USAGES[1].1, OCSP_SIGNING]);
    }
}
