//! Which keys are made, and which keys of CSRs are taken.

use super::{Role, Violation, Warning};
use crate::crypto::key::{Curve, KeySpec, MlDsa};

/// What a role says about keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPolicy {
    /// Every type and size that is safe.
    Any,
    /// This type; made in this size, taken from CSRs in this size or above.
    Exactly(KeySpec),
    /// No key: the role names a type or size that does not exist. Roles that were validated
    /// never do.
    Nothing(Violation),
}

/// Vault's word for a key type, and the number of bits when none is given.
const RSA: (&str, i64) = ("rsa", 2048);
const EC: (&str, i64) = ("ec", 256);
const ED25519: &str = "ed25519";
const ML_DSA: (&str, i64) = ("mldsa", 44);

/// The longer words for ML-DSA, each with the parameter set that it names.
const ML_DSA_WORDS: &[(&str, Option<i64>)] =
    &[("ml-dsa", None), ("ml-dsa-44", Some(44)), ("ml-dsa-65", Some(65)), ("ml-dsa-87", Some(87))];

/// The sizes in which RSA keys are made.
const RSA_SIZES: &[u32] = &[2048, 3072, 4096, 8192];

/// The key that `key_type` and `key_bits` ask for; 0 bits is the default of the type.
///
/// # Errors
///
/// A type or size that does not exist or is not safe; `any`, which is no key.
pub fn key_spec(key_type: &str, key_bits: i64) -> Result<KeySpec, Violation> {
    let or = |default| if key_bits == 0 { default } else { key_bits };
    if let Some((_, set)) = ML_DSA_WORDS.iter().find(|(word, _)| *word == key_type) {
        return match set {
            Some(set) if or(*set) != *set => Err(Violation::MlDsaBits(key_bits)),
            Some(set) => ml_dsa(*set),
            None => ml_dsa(or(ML_DSA.1)),
        };
    }
    match key_type {
        "any" => Err(Violation::AnyKeyType),
        ED25519 => Ok(KeySpec::Ed25519),
        _ if key_type == RSA.0 => rsa(or(RSA.1)),
        _ if key_type == EC.0 => ec(or(EC.1)),
        _ if key_type == ML_DSA.0 => ml_dsa(or(ML_DSA.1)),
        _ if is_slh_dsa(key_type) => Err(Violation::SlhDsa(key_type.to_owned())),
        _ => Err(Violation::UnknownKeyType(key_type.to_owned())),
    }
}

/// Whether a word is one for SLH-DSA (FIPS 205), with or without a parameter set. The binding to
/// OpenSSL cannot make such keys; who asks for one should not look for a spelling that works.
fn is_slh_dsa(key_type: &str) -> bool {
    let word = key_type.to_ascii_lowercase().replace('_', "-");
    word.starts_with("slh-dsa") || word.starts_with("slhdsa")
}

fn rsa(bits: i64) -> Result<KeySpec, Violation> {
    if bits < 2048 {
        return Err(Violation::SmallRsa(bits));
    }
    let known = u32::try_from(bits).ok().filter(|bits| RSA_SIZES.contains(bits));
    known.map(|bits| KeySpec::Rsa { bits }).ok_or(Violation::RsaBits(bits))
}

fn ec(bits: i64) -> Result<KeySpec, Violation> {
    let curve = u32::try_from(bits).ok().and_then(Curve::from_bits);
    curve.map(KeySpec::Ec).ok_or(Violation::EcBits(bits))
}

fn ml_dsa(number: i64) -> Result<KeySpec, Violation> {
    let set = u32::try_from(number).ok().and_then(MlDsa::from_number);
    set.map(KeySpec::MlDsa).ok_or(Violation::MlDsaBits(number))
}

/// Refuses a number of bits for which there is no hash; 0 leaves the choice to the key. Vault
/// asks this of CA requests that make an RSA key, and of nothing else.
///
/// # Errors
///
/// [`Violation::SignatureBits`].
pub fn signature_bits_allowed(bits: i64) -> Result<(), Violation> {
    match bits {
        0 | 256 | 384 | 512 => Ok(()),
        _ => Err(Violation::SignatureBits(bits)),
    }
}

impl Role {
    /// What the role says about keys.
    pub fn key_policy(&self) -> KeyPolicy {
        match key_spec(&self.key_type, self.key_bits) {
            Ok(spec) => KeyPolicy::Exactly(spec),
            Err(Violation::AnyKeyType) => KeyPolicy::Any,
            Err(violation) => KeyPolicy::Nothing(violation),
        }
    }
}

/// The key to make for a request under a role. The request decides only where the role does not;
/// where it names a type only, the role may name the size.
///
/// # Errors
///
/// A role for any key, with a request that names none or one that cannot be.
pub fn issue_key(
    role: &Role,
    key_type: Option<&str>,
    key_bits: Option<i64>,
) -> Result<(KeySpec, Option<Warning>), Violation> {
    match role.key_policy() {
        KeyPolicy::Exactly(spec) => {
            let ignored = key_type.is_some() || key_bits.is_some();
            Ok((spec, ignored.then_some(Warning::KeyFieldsIgnored)))
        }
        KeyPolicy::Nothing(violation) => Err(violation),
        KeyPolicy::Any => {
            let key_type = key_type.ok_or(Violation::KeyTypeMissing)?;
            match key_spec(key_type, key_bits.unwrap_or(role.key_bits)) {
                Ok(spec) => Ok((spec, None)),
                Err(Violation::AnyKeyType) => Err(Violation::AnyKeyType),
                Err(violation) => Err(Violation::KeyOfRequest(Box::new(violation))),
            }
        }
    }
}

/// Refuses the key of a CSR that a role does not take. `None` is a key of a type that is not
/// known here.
///
/// # Errors
///
/// Another type than the role's, a smaller key, or an RSA key that is too small for anyone.
pub fn csr_key_allowed(policy: &KeyPolicy, key: Option<KeySpec>) -> Result<(), Violation> {
    let required = match policy {
        KeyPolicy::Any => None,
        KeyPolicy::Exactly(spec) => Some(*spec),
        KeyPolicy::Nothing(violation) => return Err(violation.clone()),
    };
    match (required, key) {
        (None, None) => Err(Violation::CsrUnknownKey),
        (None, Some(KeySpec::Rsa { bits: ..2048 })) => Err(Violation::CsrSmallRsa),
        (None, Some(_)) => Ok(()),
        (Some(required), Some(key)) if key.type_name() == required.type_name() => {
            let (minimum, bits) = (required.bits(), key.bits());
            if bits < minimum { Err(Violation::CsrKeyBits { minimum, bits }) } else { Ok(()) }
        }
        (Some(required), _) => Err(Violation::CsrKeyType(required.type_name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::role::tests::role;

    const RSA_2048: KeySpec = KeySpec::Rsa { bits: 2048 };

    const NO_SLH_DSA: &str = "SLH-DSA keys are not supported: key_type is \"slhdsa\", and can be \
                              \"rsa\", \"ec\", \"ed25519\" or \"mldsa\"";

    #[test]
    fn key_types_have_default_sizes() {
        for (key_type, key_bits, want) in [
            ("rsa", 0, Ok(RSA_2048)),
            ("rsa", 8192, Ok(KeySpec::Rsa { bits: 8192 })),
            ("rsa", 1024, Err("RSA keys < 2048 bits are unsafe and not supported: got 1024")),
            ("rsa", -1, Err("RSA keys < 2048 bits are unsafe and not supported: got -1")),
            ("rsa", 2049, Err("unsupported bit length for RSA key: 2049")),
            ("rsa", i64::MAX, Err("unsupported bit length for RSA key: 9223372036854775807")),
            ("ec", 0, Ok(KeySpec::Ec(Curve::P256))),
            ("ec", 224, Ok(KeySpec::Ec(Curve::P224))),
            ("ec", 123, Err("unsupported bit length for EC key: 123")),
            ("ed25519", 0, Ok(KeySpec::Ed25519)),
            ("ed25519", 25519, Ok(KeySpec::Ed25519)),
            ("mldsa", 0, Ok(KeySpec::MlDsa(MlDsa::MlDsa44))),
            ("mldsa", 50, Err("unsupported bit length for ML-DSA key: 50")),
            ("ml-dsa", 87, Ok(KeySpec::MlDsa(MlDsa::MlDsa87))),
            ("ml-dsa-65", 0, Ok(KeySpec::MlDsa(MlDsa::MlDsa65))),
            ("ml-dsa-65", 65, Ok(KeySpec::MlDsa(MlDsa::MlDsa65))),
            ("ml-dsa-65", 44, Err("unsupported bit length for ML-DSA key: 44")),
            ("slhdsa", 0, Err(NO_SLH_DSA)),
            ("any", 0, Err("unknown key type: any")),
            ("RSA", 2048, Err("unknown key type RSA")),
            ("", 0, Err("unknown key type ")),
        ] {
            let got = key_spec(key_type, key_bits).map_err(|violation| violation.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{key_type} {key_bits}");
        }
    }

    #[test]
    fn slh_dsa_is_refused_by_name_however_it_is_written() {
        for word in ["slh-dsa", "SLH-DSA-SHA2-128s", "slh_dsa_shake_256f", "slhdsa-128s"] {
            assert_eq!(key_spec(word, 128), Err(Violation::SlhDsa(word.into())));
        }
        assert_eq!(key_spec("slh", 0), Err(Violation::UnknownKeyType("slh".into())));
    }

    #[test]
    fn a_role_for_one_key_decides_alone() {
        let fixed = role(&[("key_type", "ec")]);
        let spec = KeySpec::Ec(Curve::P256);
        assert_eq!(issue_key(&fixed, None, None), Ok((spec, None)));
        for (key_type, key_bits) in
            [(Some("rsa"), None), (None, Some(384)), (Some("bogus"), Some(1)), (None, Some(0))]
        {
            let want = Ok((spec, Some(Warning::KeyFieldsIgnored)));
            assert_eq!(issue_key(&fixed, key_type, key_bits), want);
        }
    }

    #[test]
    fn a_role_for_any_key_wants_to_know_which() {
        let any = role(&[("key_type", "any")]);
        let missing = "role key type \"any\" not allowed for issuing certificates without \
                       providing key_type and/or key_bits request parameters";
        for (key_type, key_bits, want) in [
            (Some("rsa"), None, Ok((RSA_2048, None))),
            (Some("rsa"), Some(0), Ok((RSA_2048, None))),
            (None, Some(256), Err(missing)),
            (Some(""), None, Err("failed to validate role: unknown key type ")),
            (Some("any"), None, Err("unknown key type: any")),
            (Some("bogus"), None, Err("failed to validate role: unknown key type bogus")),
            (
                Some("ec"),
                Some(7),
                Err("failed to validate role: unsupported bit length for EC key: 7"),
            ),
        ] {
            let got = issue_key(&any, key_type, key_bits).map_err(|v| v.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{key_type:?} {key_bits:?}");
        }
    }

    #[test]
    fn a_role_for_any_key_may_name_the_size() {
        let any = role(&[("key_type", "any"), ("key_bits", "384")]);
        let made =
            |key_type, key_bits| issue_key(&any, Some(key_type), key_bits).map(|made| made.0);
        assert_eq!(made("ec", None), Ok(KeySpec::Ec(Curve::P384)));
        assert_eq!(made("ec", Some(0)), Ok(KeySpec::Ec(Curve::P256)));
        assert_eq!(made("ec", Some(521)), Ok(KeySpec::Ec(Curve::P521)));
        assert_eq!(made("ed25519", None), Ok(KeySpec::Ed25519));
        assert!(made("rsa", None).is_err());
    }

    #[test]
    fn keys_of_csrs_are_at_least_as_large() {
        let rsa = |bits| Some(KeySpec::Rsa { bits });
        let ec = |curve| Some(KeySpec::Ec(curve));
        let exactly = KeyPolicy::Exactly;
        let unknown = Violation::UnknownKeyType("dsa".into());
        for (policy, key, want) in [
            (KeyPolicy::Any, rsa(2048), Ok(())),
            (KeyPolicy::Any, rsa(1024), Err("RSA keys < 2048 bits are unsafe and not supported")),
            (KeyPolicy::Any, ec(Curve::P224), Ok(())),
            (KeyPolicy::Any, Some(KeySpec::Ed25519), Ok(())),
            (
                KeyPolicy::Any,
                None,
                Err("certificate request could not be parsed: expected a public key of type rsa, \
                     ec, ed25519 or mldsa"),
            ),
            (exactly(RSA_2048), rsa(4096), Ok(())),
            (exactly(RSA_2048), rsa(3073), Ok(())),
            (
                exactly(KeySpec::Rsa { bits: 3072 }),
                rsa(2048),
                Err("role requires a minimum of a 3072-bit key, but CSR's key is 2048 bits"),
            ),
            (exactly(RSA_2048), ec(Curve::P256), Err("role requires keys of type rsa")),
            (exactly(RSA_2048), None, Err("role requires keys of type rsa")),
            (exactly(KeySpec::Ec(Curve::P256)), ec(Curve::P521), Ok(())),
            (
                exactly(KeySpec::Ec(Curve::P256)),
                ec(Curve::P224),
                Err("role requires a minimum of a 256-bit key, but CSR's key is 224 bits"),
            ),
            (exactly(KeySpec::Ed25519), Some(KeySpec::Ed25519), Ok(())),
            (exactly(KeySpec::Ed25519), rsa(2048), Err("role requires keys of type ed25519")),
            (
                exactly(KeySpec::MlDsa(MlDsa::MlDsa65)),
                Some(KeySpec::MlDsa(MlDsa::MlDsa44)),
                Err("role requires a minimum of a 65-bit key, but CSR's key is 44 bits"),
            ),
            (KeyPolicy::Nothing(unknown), rsa(4096), Err("unknown key type dsa")),
        ] {
            let got = csr_key_allowed(&policy, key).map_err(|violation| violation.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{policy:?} {key:?}");
        }
    }

    #[test]
    fn hashes_have_three_sizes() {
        for bits in [0, 256, 384, 512] {
            assert_eq!(signature_bits_allowed(bits), Ok(()));
        }
        let got = signature_bits_allowed(100).unwrap_err().to_string();
        assert_eq!(got, "unsupported hash signature algorithm: 100");
    }
}
