//! PKCS #12 archives, in the two modern profiles. Written here because OpenSSL makes the newer
//! one from version 3.4 on only, and this way every OpenSSL makes both.
//!
//! Certificates and key are encrypted with AES-256-CBC under keys from PBKDF2 (PBES2, RFC 8018
//! section 6.2). The profiles differ in what the integrity check is.
//!
//! Source: RFC 7292; RFC 9579 for PBMAC1.

use der::asn1::ObjectIdentifier;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use openssl::symm::{self, Cipher};
use zeroize::Zeroizing;

use super::asn1::{Writer, encode as der, tag};
use super::digest::{sha1, sha256};
use super::error::{CryptoError, failed};
use super::key::PrivateKey;
use super::oid;
use super::random::SystemRandom;

/// How often a password is hashed. Enough to slow down guessing; readers take many more.
const ITERATIONS: u32 = 100_000;

const SALT_LEN: usize = 16;

/// The integrity check of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkcs12Encoder {
    /// PBMAC1: HMAC-SHA-256 under a key from PBKDF2.
    Modern2026,
    /// HMAC-SHA-256 under a key from the derivation of PKCS #12 itself. More programs read it.
    Modern2023,
}

/// What goes into a keystore.
#[derive(Clone, Copy, Debug)]
pub struct KeystoreContents<'a> {
    /// A private key, which belongs to the first certificate. Without it the certificates are
    /// there to be trusted.
    pub key: Option<&'a PrivateKey>,
    /// Certificates in DER, in the order in which each is signed by the next.
    pub certificates: &'a [&'a [u8]],
}

/// An archive in DER.
///
/// # Errors
///
/// [`CryptoError::Library`] if OpenSSL fails.
pub fn encode(
    contents: &KeystoreContents<'_>,
    password: &str,
    encoder: Pkcs12Encoder,
) -> Result<Vec<u8>, CryptoError> {
    let mut safes = vec![encrypted_data(&certificate_bags(contents), password)?];
    if let Some(key) = contents.key {
        safes.push(data(&key_bag(key, contents.certificates, password)?));
    }
    let authenticated = der(|w| w.sequence(|w| safes.iter().for_each(|safe| w.raw(safe))));
    let mac = mac_data(&authenticated, password, encoder)?;
    Ok(der(|w| {
        w.sequence(|w| {
            w.unsigned_u64(3);
            w.raw(&data(&authenticated));
            w.raw(&mac);
        });
    }))
}

/// `ContentInfo` of data that is not encrypted.
fn data(content: &[u8]) -> Vec<u8> {
    der(|w| {
        w.sequence(|w| {
            w.oid(&oid::PKCS7_DATA);
            w.nested(tag::constructed(0), |w| w.octet_string(content));
        });
    })
}

/// `ContentInfo` of data that is encrypted (RFC 2315 section 13).
fn encrypted_data(content: &[u8], password: &str) -> Result<Vec<u8>, CryptoError> {
    let Encrypted { algorithm, ciphertext } = encrypt(content, password)?;
    Ok(der(|w| {
        w.sequence(|w| {
            w.oid(&oid::PKCS7_ENCRYPTED_DATA);
            w.nested(tag::constructed(0), |w| {
                w.sequence(|w| {
                    w.unsigned_u64(0);
                    w.sequence(|w| {
                        w.oid(&oid::PKCS7_DATA);
                        w.raw(&algorithm);
                        w.primitive(tag::context(0), &ciphertext);
                    });
                });
            });
        });
    }))
}

/// `SafeContents` of the certificates.
fn certificate_bags(contents: &KeystoreContents<'_>) -> Vec<u8> {
    let attributes = |index: usize, certificate: &[u8]| match contents.key {
        Some(_) if index == 0 => local_key_id(certificate),
        Some(_) => Vec::new(),
        None => trusted(index + 1),
    };
    der(|w| {
        w.sequence(|w| {
            for (index, certificate) in contents.certificates.iter().enumerate() {
                let value = |w: &mut Writer| {
                    w.sequence(|w| {
                        w.oid(&oid::X509_CERTIFICATE_BAG);
                        w.nested(tag::constructed(0), |w| w.octet_string(certificate));
                    });
                };
                bag(w, &oid::CERTIFICATE_BAG, value, attributes(index, certificate));
            }
        });
    })
}

/// `SafeContents` of the key. It is encrypted by itself.
fn key_bag(
    key: &PrivateKey,
    certificates: &[&[u8]],
    password: &str,
) -> Result<Vec<u8>, CryptoError> {
    let Encrypted { algorithm, ciphertext } = encrypt(key.to_pkcs8()?.expose(), password)?;
    let attributes = certificates.first().map(|first| local_key_id(first)).unwrap_or_default();
    let value = |w: &mut Writer| {
        w.sequence(|w| {
            w.raw(&algorithm);
            w.octet_string(&ciphertext);
        });
    };
    Ok(der(|w| w.sequence(|w| bag(w, &oid::SHROUDED_KEY_BAG, value, attributes))))
}

/// `SafeBag`.
fn bag(
    w: &mut Writer,
    kind: &ObjectIdentifier,
    value: impl FnOnce(&mut Writer),
    mut attributes: Vec<Vec<u8>>,
) {
    w.sequence(|w| {
        w.oid(kind);
        w.nested(tag::constructed(0), value);
        if !attributes.is_empty() {
            // The order of a SET OF in DER (X.690 section 11.6).
            attributes.sort();
            w.nested(tag::SET, |w| attributes.iter().for_each(|attribute| w.raw(attribute)));
        }
    });
}

fn attribute(kind: &ObjectIdentifier, value: impl FnOnce(&mut Writer)) -> Vec<u8> {
    der(|w| {
        w.sequence(|w| {
            w.oid(kind);
            w.nested(tag::SET, value);
        });
    })
}

/// What says that a key and a certificate belong together.
fn local_key_id(certificate: &[u8]) -> Vec<Vec<u8>> {
    vec![attribute(&oid::LOCAL_KEY_ID, |w| w.octet_string(&sha1(certificate)))]
}

/// What Java wants of a certificate that is to be trusted: a name, and for what it is.
fn trusted(number: usize) -> Vec<Vec<u8>> {
    let name = utf16(&number.to_string());
    vec![
        attribute(&oid::FRIENDLY_NAME, |w| w.primitive(tag::BMP_STRING, &name)),
        attribute(&oid::JAVA_TRUSTED_KEY_USAGE, |w| w.oid(&oid::ANY_EXTENDED_KEY_USAGE)),
    ]
}

struct Encrypted {
    /// `AlgorithmIdentifier`.
    algorithm: Vec<u8>,
    ciphertext: Vec<u8>,
}

/// Encrypts with PBES2.
fn encrypt(plaintext: &[u8], password: &str) -> Result<Encrypted, CryptoError> {
    let mut salt = [0; SALT_LEN];
    let mut iv = [0; 16];
    SystemRandom.try_fill(&mut salt)?;
    SystemRandom.try_fill(&mut iv)?;
    let ciphertext = pbkdf2(password, &salt)
        .and_then(|key| symm::encrypt(Cipher::aes_256_cbc(), &*key, Some(&iv), plaintext))
        .map_err(failed("encrypt a keystore"))?;
    let algorithm = der(|w| {
        w.sequence(|w| {
            w.oid(&oid::PBES2);
            w.sequence(|w| {
                pbkdf2_algorithm(w, &salt);
                w.sequence(|w| {
                    w.oid(&oid::AES_256_CBC);
                    w.octet_string(&iv);
                });
            });
        });
    });
    Ok(Encrypted { algorithm, ciphertext })
}

/// A key of 32 octets from the password as UTF-8.
fn pbkdf2(password: &str, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, ErrorStack> {
    let mut key = Zeroizing::new([0; 32]);
    let iterations = usize::try_from(ITERATIONS).unwrap_or(usize::MAX);
    pbkdf2_hmac(password.as_bytes(), salt, iterations, MessageDigest::sha256(), &mut *key)?;
    Ok(key)
}

/// `AlgorithmIdentifier` of [`pbkdf2`]. PBMAC1 requires the length of the key.
fn pbkdf2_algorithm(w: &mut Writer, salt: &[u8]) {
    w.sequence(|w| {
        w.oid(&oid::PBKDF2);
        w.sequence(|w| {
            w.octet_string(salt);
            w.unsigned_u64(ITERATIONS.into());
            w.unsigned_u64(32);
            hmac_algorithm(w);
        });
    });
}

fn hmac_algorithm(w: &mut Writer) {
    w.sequence(|w| {
        w.oid(&oid::HMAC_WITH_SHA256);
        w.null();
    });
}

/// `MacData` over the contents of the archive.
fn mac_data(
    content: &[u8],
    password: &str,
    encoder: Pkcs12Encoder,
) -> Result<Vec<u8>, CryptoError> {
    let mut salt = [0; SALT_LEN];
    SystemRandom.try_fill(&mut salt)?;
    let key = match encoder {
        Pkcs12Encoder::Modern2026 => pbkdf2(password, &salt),
        Pkcs12Encoder::Modern2023 => Ok(mac_key(password, &salt)),
    };
    let mac = key.and_then(|key| hmac(&key, content)).map_err(failed("seal a keystore"))?;
    Ok(der(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                match encoder {
                    Pkcs12Encoder::Modern2026 => pbmac1_algorithm(w, &salt),
                    Pkcs12Encoder::Modern2023 => w.sequence(|w| {
                        w.oid(&oid::SHA256);
                        w.null();
                    }),
                }
                w.octet_string(&mac);
            });
            // PBMAC1 has its own salt and count; these have no meaning there, but are there.
            w.octet_string(&salt);
            w.unsigned_u64(ITERATIONS.into());
        });
    }))
}

fn pbmac1_algorithm(w: &mut Writer, salt: &[u8]) {
    w.sequence(|w| {
        w.oid(&oid::PBMAC1);
        w.sequence(|w| {
            pbkdf2_algorithm(w, salt);
            hmac_algorithm(w);
        });
    });
}

fn hmac(key: &[u8; 32], content: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = PKey::hmac(key)?;
    Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(content)
}

/// The key of the older integrity check. One round makes all 32 octets.
///
/// Source: RFC 7292 appendix B.2, with SHA-256: u = 32, v = 64.
fn mac_key(password: &str, salt: &[u8; SALT_LEN]) -> Zeroizing<[u8; 32]> {
    const BLOCK: usize = 64;
    const INTEGRITY: u8 = 3;
    // A BMPString with its end.
    let mut text = utf16(password);
    text.extend([0, 0]);
    let mut input = Zeroizing::new(Vec::with_capacity(3 * BLOCK + text.len()));
    input.extend([INTEGRITY; BLOCK]);
    for part in [&salt[..], &text] {
        let length = part.len().div_ceil(BLOCK) * BLOCK;
        input.extend(part.iter().cycle().take(length));
    }
    let mut key = Zeroizing::new(sha256(&input));
    for _ in 1..ITERATIONS {
        *key = sha256(&*key);
    }
    key
}

/// A text in UTF-16, big-endian. BMPString has no place for what takes two units; readers take
/// such a pair all the same.
pub(super) fn utf16(text: &str) -> Zeroizing<Vec<u8>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len() * 2 + 2));
    octets.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    octets
}
