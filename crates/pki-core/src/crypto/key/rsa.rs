//! Whether the numbers of an RSA key belong together.

use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::error::ErrorStack;
use openssl::pkey::Private;
use openssl::rsa::Rsa;

/// As in public keys; no one has more.
const LONGEST_EXPONENT: i32 = 64;

/// Whether the numbers of a key satisfy the equations between them. To use those of a key that is
/// none takes many seconds where they are long, and this takes none. That its primes are some it
/// does not say.
///
/// Source: RFC 8017 section 3.2.
pub(super) fn is_consistent(key: &Rsa<Private>) -> Result<bool, ErrorStack> {
    let (Some(p), Some(q)) = (key.p(), key.q()) else { return Ok(false) };
    let (Some(dp), Some(dq), Some(inverse)) = (key.dmp1(), key.dmq1(), key.iqmp()) else {
        return Ok(false);
    };
    // A remainder of zero would be divided by.
    let all = [p, q, key.e(), key.d(), dp, dq, inverse];
    if all.iter().any(|number| number.num_bits() == 0 || number.is_negative())
        || LONGEST_EXPONENT < key.e().num_bits()
        || key.n().num_bits() < key.d().num_bits()
    {
        return Ok(false);
    }
    let mut context = BigNumContext::new_secure()?;
    let mut product = BigNum::new_secure()?;
    product.checked_mul(p, q, &mut context)?;
    Ok(&*product == key.n()
        && is_exponent(key, p, dp, &mut context)?
        && is_exponent(key, q, dq, &mut context)?
        && is_inverse(inverse, q, p, &mut context)?)
}

/// Whether the exponents of a key are inverse to each other for one of its primes, and this one
/// is the remainder of the private one.
fn is_exponent(
    key: &Rsa<Private>,
    prime: &BigNumRef,
    remainder: &BigNumRef,
    context: &mut BigNumContext,
) -> Result<bool, ErrorStack> {
    let mut order = BigNum::new_secure()?;
    order.checked_sub(prime, &*BigNum::from_u32(1)?)?;
    let mut found = BigNum::new_secure()?;
    if order.num_bits() < 2 {
        return Ok(false);
    }
    found.nnmod(key.d(), &order, context)?;
    Ok(&*found == remainder && is_inverse(remainder, key.e(), &order, context)?)
}

/// Whether the product of two numbers leaves one.
fn is_inverse(
    one: &BigNumRef,
    other: &BigNumRef,
    modulus: &BigNumRef,
    context: &mut BigNumContext,
) -> Result<bool, ErrorStack> {
    let mut found = BigNum::new_secure()?;
    found.mod_mul(one, other, modulus, context)?;
    Ok(found == BigNum::from_u32(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of these numbers, one of which is another.
    fn key(change: usize) -> Rsa<Private> {
        let valid = Rsa::generate(1024).unwrap();
        let numbers = [
            valid.n(),
            valid.e(),
            valid.d(),
            valid.p().unwrap(),
            valid.q().unwrap(),
            valid.dmp1().unwrap(),
            valid.dmq1().unwrap(),
            valid.iqmp().unwrap(),
        ];
        let mut numbers: Vec<BigNum> =
            numbers.iter().map(|number| (*number).to_owned().unwrap()).collect();
        if let Some(number) = numbers.get_mut(change) {
            number.add_word(2).unwrap();
        }
        let [n, e, d, p, q, dp, dq, inverse] = numbers.try_into().ok().unwrap();
        Rsa::from_private_components(n, e, d, p, q, dp, dq, inverse).unwrap()
    }

    #[test]
    fn every_number_counts() {
        assert!(is_consistent(&key(8)).unwrap());
        for change in 0..8 {
            assert!(!is_consistent(&key(change)).unwrap(), "number {change}");
        }
    }
}
