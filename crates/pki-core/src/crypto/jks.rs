//! Java keystores (JKS), for programs that read nothing newer. Their protection is SHA-1 over
//! the password, hashed once: whoever has such a file can try passwords quickly.
//!
//! Sun has never published the format; it is what Java's own classes read and write.

use zeroize::Zeroizing;

use super::asn1::encode as der;
use super::digest::sha1;
use super::error::CryptoError;
use super::oid;
use super::pkcs12::{KeystoreContents, utf16};
use super::random::SystemRandom;
use crate::domain::time::Timestamp;

const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
const PRIVATE_KEY: u32 = 1;
const TRUSTED_CERTIFICATE: u32 = 2;

/// What is hashed between the password and the store.
const WHITENER: &[u8] = b"Mighty Aphrodite";

const DIGEST_LEN: usize = 20;

/// A keystore. A key has this alias, in lower case: Java looks for nothing else, and would not
/// find another. Certificates without a key are numbered from 1.
///
/// # Errors
///
/// [`CryptoError::Unsupported`] for an alias of more than 65,535 octets, and
/// [`CryptoError::Library`] if OpenSSL fails.
pub fn encode(
    contents: &KeystoreContents<'_>,
    password: &str,
    alias: &str,
    created: Timestamp,
) -> Result<Vec<u8>, CryptoError> {
    let password = utf16(password);
    let entries = if contents.key.is_some() { 1 } else { contents.certificates.len() };
    let mut out = Output::default();
    out.number(MAGIC);
    out.number(VERSION);
    out.length(entries);
    match contents.key {
        Some(key) => {
            out.entry(PRIVATE_KEY, &alias.to_lowercase(), created)?;
            out.block(&protected(key.to_pkcs8()?.expose(), &password)?);
            out.length(contents.certificates.len());
            contents.certificates.iter().try_for_each(|it| out.certificate(it))?;
        }
        None => {
            for (certificate, number) in contents.certificates.iter().zip(1_u32..) {
                out.entry(TRUSTED_CERTIFICATE, &number.to_string(), created)?;
                out.certificate(certificate)?;
            }
        }
    }
    let digest = sha1(&Zeroizing::new([password.as_slice(), WHITENER, &out.octets].concat()));
    out.octets.extend(digest);
    Ok(out.octets)
}

/// Numbers are big-endian, texts and blocks have their length before them.
#[derive(Default)]
struct Output {
    octets: Vec<u8>,
}

impl Output {
    fn number(&mut self, number: u32) {
        self.octets.extend(number.to_be_bytes());
    }

    fn length(&mut self, length: usize) {
        self.number(u32::try_from(length).unwrap_or(u32::MAX));
    }

    fn block(&mut self, content: &[u8]) {
        self.length(content.len());
        self.octets.extend_from_slice(content);
    }

    fn text(&mut self, text: &str) -> Result<(), CryptoError> {
        let octets = modified_utf8(text);
        let length = u16::try_from(octets.len())
            .map_err(|_| CryptoError::Unsupported("an alias has at most 65535 octets"))?;
        self.octets.extend(length.to_be_bytes());
        self.octets.extend(octets);
        Ok(())
    }

    fn entry(&mut self, kind: u32, alias: &str, created: Timestamp) -> Result<(), CryptoError> {
        self.number(kind);
        self.text(alias)?;
        let milliseconds = created.unix().saturating_mul(1_000);
        self.octets.extend(milliseconds.to_be_bytes());
        Ok(())
    }

    fn certificate(&mut self, certificate: &[u8]) -> Result<(), CryptoError> {
        self.text("X.509")?;
        self.block(certificate);
        Ok(())
    }
}

/// Text as Java writes it: each unit of UTF-16 by itself, and no octet that is zero.
fn modified_utf8(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    for unit in text.encode_utf16() {
        let [high, middle, low] =
            [unit >> 12, unit >> 6 & 0x3f, unit & 0x3f].map(|bits| u8::try_from(bits).unwrap_or(0));
        match unit {
            0x01..=0x7f => octets.push(u8::try_from(unit).unwrap_or(0)),
            0 | 0x80..=0x7ff => octets.extend([0xc0 | middle, 0x80 | low]),
            _ => octets.extend([0xe0 | high, 0x80 | middle, 0x80 | low]),
        }
    }
    octets
}

/// `EncryptedPrivateKeyInfo` (RFC 5958 section 3) with Java's own protection: a random salt, the
/// key under a stream of digests, and a digest of password and key to check them.
fn protected(key: &[u8], password: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let mut salt = [0; DIGEST_LEN];
    SystemRandom.try_fill(&mut salt)?;
    let mut content = salt.to_vec();
    let mut stream = Zeroizing::new(salt);
    for part in key.chunks(DIGEST_LEN) {
        *stream = sha1(&Zeroizing::new([password, stream.as_slice()].concat()));
        content.extend(part.iter().zip(stream.iter()).map(|(octet, mask)| octet ^ mask));
    }
    content.extend(sha1(&Zeroizing::new([password, key].concat())));
    Ok(der(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.oid(&oid::JAVA_KEY_PROTECTOR);
                w.null();
            });
            w.octet_string(&content);
        });
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_javas() {
        for (text, want) in [
            ("1", &b"1"[..]),
            ("\0", &[0xc0, 0x80]),
            ("é", "é".as_bytes()),
            ("€", "€".as_bytes()),
            ("𝄞", &[0xed, 0xa0, 0xb4, 0xed, 0xb4, 0x9e]),
        ] {
            assert_eq!(modified_utf8(text), want, "{text}");
        }
    }
}
