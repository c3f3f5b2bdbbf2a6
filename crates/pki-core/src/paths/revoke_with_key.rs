//! `revoke-with-key`: as `revoke`, for whoever holds the key of the certificate.

use super::parameters::SecretText;
use super::revoke::{self, Revoked};
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca;
use crate::crypto::key::{PrivateKey, PublicKey};
use crate::error::Error;
use crate::fields;
use crate::x509::pem;

/// `revoke-with-key`.
pub const PATH: Path = Path {
    patterns: &["revoke-with-key"],
    access: Access::Token,
    synopsis: "Revoke a certificate, showing its private key.",
    description: "As `revoke`. The key proves that the certificate is one's own, so this may be allowed to\nmany. It is not kept.",
    ops: &[Op::write::<RevokeWithKey>()],
};

fields! {
    /// Revokes a certificate whose key is at hand.
    #[derive(Clone, Debug)]
    pub struct RevokeWithKey {
        /// Its serial number in hexadecimal, with colons or hyphens between the octets.
        serial_number: Option<String>,
        /// The certificate, in PEM. It need not have been issued here, but its issuer must be.
        certificate: Option<String>,
        /// The private key of the certificate, in PEM.
        private_key: Option<SecretText>,
        /// Why: a reason of RFC 5280 section 5.3.1, such as `keyCompromise` or `superseded`.
        reason: Option<String>,
    }
}

impl Command for RevokeWithKey {
    type Reply = Option<Revoked>;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Option<Revoked>>, Error> {
        let reason = revoke::reason(self.reason.as_deref())?;
        let named = revoke::named(self.serial_number.as_deref(), self.certificate.as_deref())?;
        let text = self.private_key.as_ref().ok_or_else(|| {
            Error::refused("Must have private key to revoke via the /revoke-with-key path.")
        })?;
        let key = parse_key(text.expose())?;
        // A certificate from elsewhere is taken in here; if the key is another's, nothing is.
        let (certificate, issuer) = revoke::find(cx, named)?;
        prove(&key, certificate.public_key())?;
        ca::revoke::revoke(cx, &certificate, issuer, reason)
    }
}

fn parse_key(text: &str) -> Result<PrivateKey, Error> {
    const SHORTEST: usize = 64;
    if text.len() < SHORTEST {
        return Err(Error::refused(
            "Provided data for private_key was too short; perhaps a path was passed to the API rather than the contents of a PEM file?",
        ));
    }
    if pem::LONGEST_TEXT < text.len() {
        return Err(Error::refused("provided data for private_key is too long for a key"));
    }
    // Parameters of the curve may stand before an EC key.
    let (blocks, _) = pem::decode_all(text);
    let block = blocks.iter().find(|block| !block.label.starts_with("EC PARAM"));
    let block = block.ok_or_else(|| {
        Error::refused("provided key PEM block contained no data or failed to parse")
    })?;
    PrivateKey::from_der(&block.der).map_err(|problem| {
        Error::refused(format!("failed to parse provided private key: {problem}"))
    })
}

/// Checks that a private key is that of a certificate.
fn prove(key: &PrivateKey, certified: &PublicKey) -> Result<(), Error> {
    if key.public_key().spki() == certified.spki() {
        return Ok(());
    }
    let is_same_type =
        certified.spec().is_some_and(|spec| spec.type_name() == key.spec().type_name());
    Err(Error::refused(if is_same_type {
        "provided private key does not match certificate's public key"
    } else {
        "provided private key type does not match certificate's public key type"
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::key::{Curve, KeySpec};

    #[test]
    fn only_the_own_key_proves() {
        let ec = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
        let other = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
        let ed = PrivateKey::generate(KeySpec::Ed25519).unwrap();
        let check = |key: &PrivateKey, want: Option<&str>| {
            let got = prove(key, ec.public_key()).map_err(|problem| problem.to_string());
            assert_eq!(got.err().as_deref(), want);
        };
        check(&ec, None);
        check(&other, Some("provided private key does not match certificate's public key"));
        check(&ed, Some("provided private key type does not match certificate's public key type"));
    }

    #[test]
    fn a_key_must_be_one() {
        let check = |text: &str, want: &str| {
            let problem = parse_key(text).err().map(|problem| problem.to_string());
            assert!(problem.as_ref().is_some_and(|got| got.starts_with(want)), "{problem:?}");
        };
        check("key.pem", "Provided data for private_key was too short");
        check(&"x".repeat(64), "provided key PEM block contained no data");
        check(&pem::encode("PRIVATE KEY", &[7; 48]), "failed to parse provided private key: ");
    }
}
