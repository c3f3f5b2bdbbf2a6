//! Authenticated encryption of records: AES-256-GCM.
//!
//! Nonces are random, so one key should seal at most 2^32 records (NIST SP 800-38D section 8.3).

use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};

use super::error::{CryptoError, failed};
use super::random::SystemRandom;
use crate::domain::secret::Secret;

const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;

/// Nonce, ciphertext and tag, one after the other. What is in `associated_data` is not kept,
/// and must be the same when the record is opened.
///
/// # Errors
///
/// [`CryptoError`] if OpenSSL has no randomness or no memory.
pub fn seal(
    key: &[u8; 32],
    associated_data: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom.try_fill(&mut nonce)?;
    let mut tag = [0; TAG_LEN];
    let cipher = Cipher::aes_256_gcm();
    let ciphertext = encrypt_aead(cipher, key, Some(&nonce), associated_data, plaintext, &mut tag)
        .map_err(failed("seal a record"))?;
    Ok([&nonce[..], &ciphertext, &tag].concat())
}

/// What was sealed.
///
/// # Errors
///
/// [`CryptoError::DoesNotOpen`] if the key or the associated data are others, or one bit of the
/// record changed.
pub fn open(
    key: &[u8; 32],
    associated_data: &[u8],
    sealed: &[u8],
) -> Result<Secret<Vec<u8>>, CryptoError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(CryptoError::DoesNotOpen)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(CryptoError::DoesNotOpen)?;
    decrypt_aead(Cipher::aes_256_gcm(), key, Some(nonce), associated_data, ciphertext, tag)
        .map(Secret::new)
        .map_err(|_| CryptoError::DoesNotOpen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hex;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn what_was_sealed_opens() {
        for plaintext in [&b""[..], b"x", &[9; 1000]] {
            let sealed = seal(&KEY, b"keys/1", plaintext).unwrap();
            assert_eq!(sealed.len(), plaintext.len() + NONCE_LEN + TAG_LEN);
            assert_eq!(open(&KEY, b"keys/1", &sealed).unwrap().expose(), plaintext);
        }
    }

    #[test]
    fn the_same_record_is_never_sealed_the_same_way_twice() {
        assert_ne!(seal(&KEY, b"a", b"x").unwrap(), seal(&KEY, b"a", b"x").unwrap());
    }

    #[test]
    fn a_damaged_or_moved_record_does_not_open() {
        let sealed = seal(&KEY, b"keys/1", b"secret").unwrap();
        let check = |key: &[u8; 32], place: &[u8], sealed: &[u8]| {
            assert_eq!(open(key, place, sealed).map(|_| ()), Err(CryptoError::DoesNotOpen));
        };
        check(&[8; 32], b"keys/1", &sealed);
        check(&KEY, b"keys/2", &sealed);
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            check(&KEY, b"keys/1", &damaged);
            check(&KEY, b"keys/1", &sealed[..at]);
        }
    }

    /// Test case 16 of the GCM specification, which has associated data and a 60-octet text.
    #[test]
    fn it_is_gcm_as_specified() {
        let hex = |text| hex::decode(text).unwrap();
        let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let sealed = hex(concat!(
            "cafebabefacedbaddecaf888",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b",
        ));
        let associated_data = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let opened = open(&key.try_into().unwrap(), &associated_data, &sealed).unwrap();
        assert!(opened.expose().starts_with(&hex("d9313225f88406e5a55909c5aff5269a")));
        assert_eq!(opened.expose().len(), 60);
    }
}
