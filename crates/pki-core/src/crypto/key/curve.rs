//! OpenSSL's curves and points.

use std::sync::OnceLock;

use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcGroupRef, EcKey, EcKeyRef, EcPoint, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Public};

use super::spec::Curve;

/// The curve, looked up once: building it costs as much as making a key on it.
pub(super) fn group(curve: Curve) -> Result<&'static EcGroupRef, ErrorStack> {
    static P224: OnceLock<EcGroup> = OnceLock::new();
    static P256: OnceLock<EcGroup> = OnceLock::new();
    static P384: OnceLock<EcGroup> = OnceLock::new();
    static P521: OnceLock<EcGroup> = OnceLock::new();
    let (slot, nid) = match curve {
        Curve::P224 => (&P224, Nid::SECP224R1),
        Curve::P256 => (&P256, Nid::X9_62_PRIME256V1),
        Curve::P384 => (&P384, Nid::SECP384R1),
        Curve::P521 => (&P521, Nid::SECP521R1),
    };
    match slot.get() {
        Some(group) => Ok(group),
        None => {
            let made = EcGroup::from_curve_name(nid)?;
            Ok(slot.get_or_init(|| made))
        }
    }
}

/// The uncompressed point of a key: 04, x, y.
pub(super) fn point<T: HasPublic>(key: &EcKeyRef<T>) -> Result<Vec<u8>, ErrorStack> {
    let mut context = BigNumContext::new()?;
    key.public_key().to_bytes(key.group(), PointConversionForm::UNCOMPRESSED, &mut context)
}

/// The public key of a point. OpenSSL checks that it lies on the curve.
pub(super) fn public_key(curve: Curve, point: &[u8]) -> Result<EcKey<Public>, ErrorStack> {
    let group = group(curve)?;
    let mut context = BigNumContext::new()?;
    let point = EcPoint::from_bytes(group, point, &mut context)?;
    EcKey::from_public_key(group, &point)
}
