//! Serial numbers of certificates.

use std::fmt;

use super::hex;

/// The number an issuer gave a certificate: positive, at most 20 octets when made here (RFC 5280
/// section 4.1.2.2). Kept without leading zeros, so equal numbers are equal values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber(Vec<u8>);

/// A text that is not a serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a serial number")]
pub struct NotASerial;

impl SerialNumber {
    /// Twenty octets of which 158 bits are the given random ones: the first bit is 0, so the
    /// number is positive, and the second is 1, so it always has twenty octets.
    pub fn from_random(mut octets: [u8; 20]) -> Self {
        octets[0] = octets[0] & 0x3f | 0x40;
        Self(octets.to_vec())
    }

    /// The number of big-endian octets, as in a certificate; leading zeros do not count.
    pub fn from_octets(octets: &[u8]) -> Self {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        Self(octets.get(zeros..).unwrap_or_default().to_vec())
    }

    /// Big-endian octets without leading zeros.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// Reads `17:ab:03` or `17-AB-03`: pairs of hexadecimal digits with separators.
    ///
    /// # Errors
    ///
    /// [`NotASerial`] for anything else, the empty text included.
    pub fn parse(text: &str) -> Result<Self, NotASerial> {
        let octets: Result<Vec<u8>, NotASerial> = text.split([':', '-']).map(octet).collect();
        Ok(Self::from_octets(&octets?))
    }

    /// As [`SerialNumber::parse`], and `17AB03` as other programs print it. Where Vault's own
    /// parameters are read, it is none.
    ///
    /// # Errors
    ///
    /// [`NotASerial`] for anything else, the empty text included.
    pub fn parse_any(text: &str) -> Result<Self, NotASerial> {
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) || text.len() <= 2 {
            return Self::parse(text);
        }
        let pairs = text.as_bytes().chunks(2).map(std::str::from_utf8);
        let octets: Result<Vec<u8>, NotASerial> =
            pairs.map(|pair| octet(pair.map_err(|_| NotASerial)?)).collect();
        Ok(Self::from_octets(&octets?))
    }

    /// `17:ab:03`, as it is shown.
    pub fn colons(&self) -> String {
        hex::joined(&self.0, b':')
    }

    /// `17-ab-03`, the form in which serials are ordered and kept.
    pub fn hyphenated(&self) -> String {
        hex::joined(&self.0, b'-')
    }
}

/// Two hexadecimal digits; nothing else (`from_str_radix` would take a sign).
fn octet(text: &str) -> Result<u8, NotASerial> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u8::from_str_radix(text, 16).map_err(|_| NotASerial)
    } else {
        Err(NotASerial)
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.colons())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<&str, NotASerial>) {
        let got = SerialNumber::parse(text).map(|serial| serial.to_string());
        assert_eq!(got.as_deref(), want.as_ref().map(|text| *text), "{text}");
    }

    #[test]
    fn serials_are_hexadecimal_octets() {
        check("17:ab:03", Ok("17:ab:03"));
        check("17-AB-03", Ok("17:ab:03"));
        check("00:17", Ok("17"));
        for text in ["", "17ab", "1:2", "zz", "+1:02", "17:", "17 ab"] {
            check(text, Err(NotASerial));
        }
    }

    #[test]
    fn made_serials_have_twenty_octets_and_are_positive() {
        for fill in [0x00, 0xff] {
            let serial = SerialNumber::from_random([fill; 20]);
            assert_eq!(serial.octets().len(), 20);
            assert_eq!(serial.octets()[0] & 0xc0, 0x40);
        }
    }
}
