//! Keys from passphrases.

use openssl::pkcs5;
use zeroize::Zeroizing;

use super::error::{CryptoError, failed};
use crate::domain::secret::Secret;

/// Block size and parallelism. Memory is 128 * R * 2^log_n octets: 128 MiB for a `log_n` of 17.
const R: u64 = 8;
const P: u64 = 1;

/// The costs that are taken. A higher one, in a record that someone changed, would take all
/// memory; a lower one is no protection.
const LOG_N: std::ops::RangeInclusive<u8> = 10..=20;

/// A key from a passphrase, by scrypt with r = 8 and p = 1.
///
/// # Errors
///
/// [`CryptoError::Unsupported`] for a cost outside 10 to 20, [`CryptoError::Library`] without
/// memory.
///
/// Source: RFC 7914.
pub fn scrypt(passphrase: &[u8], salt: &[u8], log_n: u8) -> Result<Secret<[u8; 32]>, CryptoError> {
    if !LOG_N.contains(&log_n) {
        return Err(CryptoError::Unsupported("the cost of scrypt must be from 2^10 to 2^20"));
    }
    let n = 1_u64 << log_n;
    let limit = 128 * R * (n + P) + 1024 * 1024;
    let mut key = Zeroizing::new([0; 32]);
    pkcs5::scrypt(passphrase, salt, n, R, P, limit, &mut *key)
        .map_err(failed("derive a key with scrypt"))?;
    Ok(Secret::new(*key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hex;

    /// RFC 7914 section 12, the last vector that has p = 1; its first 32 octets.
    #[test]
    fn it_is_scrypt_as_specified() {
        let key = scrypt(b"pleaseletmein", b"SodiumChloride", 14).unwrap();
        assert_eq!(
            hex::encode(key.expose()),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        );
    }

    #[test]
    fn costs_are_limited() {
        for log_n in [0, 9, 21, 63, 64, 255] {
            assert!(scrypt(b"x", b"y", log_n).is_err(), "{log_n}");
        }
    }
}
