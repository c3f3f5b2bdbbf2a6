//! Kinds of keys, public keys and private keys.

mod curve;
mod encoding;
mod private;
mod public;
mod rsa;
mod spec;

pub use private::{EncodedKey, PrivateKey, PrivateKeyForm};
pub use public::PublicKey;
pub use spec::{Curve, KeySpec, MlDsa};

#[cfg(test)]
mod tests {
    use openssl::pkey::PKey;

    use super::*;
    use crate::crypto::error::CryptoError;
    use crate::crypto::signature::{Hash, SignatureAlgorithm};

    const SPECS: [KeySpec; 6] = [
        KeySpec::Rsa { bits: 2048 },
        KeySpec::Ec(Curve::P224),
        KeySpec::Ec(Curve::P256),
        KeySpec::Ec(Curve::P384),
        KeySpec::Ec(Curve::P521),
        KeySpec::Ed25519,
    ];

    #[test]
    fn keys_sign_and_only_their_public_half_verifies() {
        for spec in SPECS {
            let key = PrivateKey::generate(spec).unwrap();
            assert_eq!((key.spec(), key.public_key().spec()), (spec, Some(spec)));
            let algorithm = SignatureAlgorithm::for_issuing(spec, 0, true, false);
            let signature = key.sign(algorithm, b"message").unwrap();
            let public_key = key.public_key();
            assert!(public_key.verify(algorithm, b"message", &signature), "{spec:?}");
            assert!(!public_key.verify(algorithm, b"massage", &signature), "{spec:?}");
            assert!(!public_key.verify(algorithm, b"message", &signature[1..]), "{spec:?}");
            assert!(!public_key.verify(algorithm, b"message", b""), "{spec:?}");
            let other = PrivateKey::generate(spec).unwrap();
            assert!(!other.public_key().verify(algorithm, b"message", &signature), "{spec:?}");
        }
    }

    #[test]
    fn a_message_in_parts_is_signed_like_one() {
        for spec in SPECS {
            let key = PrivateKey::generate(spec).unwrap();
            let algorithm = SignatureAlgorithm::for_issuing(spec, 512, false, true);
            let mut signer = key.signer(algorithm).unwrap();
            signer.update(b"mess").unwrap();
            signer.update(b"").unwrap();
            signer.update(b"age").unwrap();
            let signature = signer.finish().unwrap();
            assert!(key.public_key().verify(algorithm, b"message", &signature), "{spec:?}");
        }
    }

    #[test]
    fn keys_read_back_in_every_form() {
        for spec in SPECS {
            let key = PrivateKey::generate(spec).unwrap();
            let kept = key.to_pkcs8().unwrap();
            assert_eq!(
                PrivateKey::from_pkcs8(kept.expose()).unwrap().public_key(),
                key.public_key()
            );
            for form in [PrivateKeyForm::Traditional, PrivateKeyForm::Pkcs8] {
                let encoded = key.encode(form).unwrap();
                let der = encoded.der.expose();
                let read = PrivateKey::from_der(der).unwrap();
                assert_eq!(read.public_key(), key.public_key(), "{spec:?} {form:?}");
                assert_eq!(read.encode(form).unwrap().der.expose(), der);
                let theirs = PKey::private_key_from_der(der).unwrap();
                assert_eq!(theirs.public_key_to_der().unwrap(), key.public_key().spki());
                assert_eq!(theirs.private_key_to_pkcs8().unwrap(), *kept.expose());
                let (traditional, label) = match spec {
                    KeySpec::Rsa { .. } => (theirs.private_key_to_der(), "RSA PRIVATE KEY"),
                    KeySpec::Ec(_) => (theirs.private_key_to_der(), "EC PRIVATE KEY"),
                    _ => (theirs.private_key_to_pkcs8(), "PRIVATE KEY"),
                };
                match form {
                    PrivateKeyForm::Traditional => {
                        assert_eq!(encoded.label, label);
                        assert_eq!(traditional.unwrap(), *der, "{spec:?}");
                    }
                    PrivateKeyForm::Pkcs8 => assert_eq!(encoded.label, "PRIVATE KEY"),
                }
            }
        }
    }

    #[test]
    fn halves_that_do_not_belong_together_are_refused() {
        let one = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
        let other = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
        let mut der = one.encode(PrivateKeyForm::Traditional).unwrap().der.expose().clone();
        let point_at = der.len() - 65;
        der[point_at..].copy_from_slice(other.public_key().key_octets());
        assert!(matches!(PrivateKey::from_der(&der), Err(CryptoError::Unsupported(_))));
    }

    #[test]
    fn what_is_no_private_key_is_told_for_each_form() {
        for der in [&b""[..], b"0", &[0x30, 0], &[0x30, 0x80, 0, 0], &[0xff; 100]] {
            let error = PrivateKey::from_der(der).unwrap_err().to_string();
            assert!(error.starts_with("got errors attempting to parse DER private key:\n1. "));
        }
    }

    #[test]
    fn a_key_signs_only_with_what_fits_it() {
        let key = PrivateKey::generate(KeySpec::Ed25519).unwrap();
        for algorithm in [
            SignatureAlgorithm::Ecdsa(Hash::Sha256),
            SignatureAlgorithm::RsaPss(Hash::Sha256),
            SignatureAlgorithm::MlDsa(MlDsa::MlDsa44),
        ] {
            let mismatch = CryptoError::Mismatch { key: "ed25519", algorithm: algorithm.name() };
            assert_eq!(key.sign(algorithm, b""), Err(mismatch.clone()));
            assert_eq!(key.signer(algorithm).map(|_| ()), Err(mismatch));
        }
    }

    #[test]
    fn sizes_are_limited() {
        for bits in [0, 512, 1023, 16385] {
            assert!(PrivateKey::generate(KeySpec::Rsa { bits }).is_err(), "{bits}");
        }
    }

    /// With an OpenSSL that has ML-DSA this makes keys, with another it says what is missing.
    #[test]
    fn ml_dsa_works_where_openssl_has_it() {
        for set in [MlDsa::MlDsa44, MlDsa::MlDsa65, MlDsa::MlDsa87] {
            let spec = KeySpec::MlDsa(set);
            let key = match PrivateKey::generate(spec) {
                Ok(key) => key,
                Err(error) => {
                    assert_eq!(error.to_string(), "ML-DSA needs OpenSSL 3.5 or newer");
                    continue;
                }
            };
            let algorithm = SignatureAlgorithm::MlDsa(set);
            let signature = key.sign(algorithm, b"message").unwrap();
            assert!(key.public_key().verify(algorithm, b"message", &signature));
            let encoded = key.encode(PrivateKeyForm::Traditional).unwrap();
            assert_eq!((encoded.label, encoded.der.expose().len()), ("PRIVATE KEY", 54));
            let read = PrivateKey::from_der(encoded.der.expose()).unwrap();
            assert_eq!(read.public_key(), key.public_key());
            assert_eq!(read.spec(), spec);
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let key = PrivateKey::generate(KeySpec::Ed25519).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey(..)");
        let encoded = key.encode(PrivateKeyForm::Pkcs8).unwrap();
        assert_eq!(format!("{:?}", encoded.der), "Secret(..)");
    }

    #[test]
    fn public_keys_are_checked_as_far_as_they_are_known() {
        let spki = |spec| PrivateKey::generate(spec).unwrap().public_key().spki().to_vec();
        for spec in SPECS {
            let der = spki(spec);
            let key = PublicKey::from_spki(&der).unwrap();
            assert_eq!((key.spki(), key.spec()), (&der[..], Some(spec)));
            assert!(PublicKey::from_spki(&der[..der.len() - 1]).is_err());
            assert!(PublicKey::from_spki(&[&der[..], &[0]].concat()).is_err());
        }
        // The same structure with secp256k1.
        let mut unknown_curve = spki(KeySpec::Ec(Curve::P256));
        let at = unknown_curve.windows(8).position(|w| w == Curve::P256.oid().as_bytes()).unwrap();
        unknown_curve.splice(at - 1..at + 8, [5, 0x2b, 0x81, 0x04, 0x00, 0x0a]);
        unknown_curve[1] -= 3;
        unknown_curve[3] -= 3;
        let error = PublicKey::from_spki(&unknown_curve).unwrap_err();
        assert_eq!(error.to_string(), "unsupported elliptic curve");
        // Ed448 is kept, but not used.
        let ed448 = PKey::generate_ed448().unwrap().public_key_to_der().unwrap();
        let key = PublicKey::from_spki(&ed448).unwrap();
        assert_eq!(key.spec(), None);
        assert_eq!(key.key_octets().len(), 57);
        assert!(!key.verify(SignatureAlgorithm::Ed25519, b"", &[0; 64]));
    }

    #[test]
    fn a_point_that_is_not_on_the_curve_verifies_nothing() {
        let key = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
        let algorithm = SignatureAlgorithm::Ecdsa(Hash::Sha256);
        let signature = key.sign(algorithm, b"").unwrap();
        let mut der = key.public_key().spki().to_vec();
        *der.last_mut().unwrap() ^= 1;
        assert!(!PublicKey::from_spki(&der).unwrap().verify(algorithm, b"", &signature));
    }

    #[test]
    fn a_signature_has_one_encoding() {
        let key = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
        let algorithm = SignatureAlgorithm::Ecdsa(Hash::Sha256);
        let signature = key.sign(algorithm, b"").unwrap();
        let longer = [&signature[..], &[0]].concat();
        assert!(!key.public_key().verify(algorithm, b"", &longer));
        let mut long_form = vec![0x30, 0x81];
        long_form.extend_from_slice(&signature[1..]);
        assert!(!key.public_key().verify(algorithm, b"", &long_form));
    }
}
