//! `root/sign-self-issued`: a certificate that was its own issuer, signed by an issuer here.

use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::config::UrlsConfig;
use crate::ca::issue::{self, Format};
use crate::ca::issuers::{self, SigningIssuer};
use crate::ca::profile::{self, Profile};
use crate::crypto::key::KeySpec;
use crate::crypto::signature::SignatureAlgorithm;
use crate::error::Error;
use crate::fields;
use crate::policy::constraints::{self, NamesOf};
use crate::x509::certificate::{Certificate, TbsCertificate};
use crate::x509::error::ReadError;
use crate::x509::extension::Extension;
use crate::x509::lint::Linted;
use crate::x509::oid::{self, ObjectIdentifier};

/// `root/sign-self-issued`.
pub const PATH: Path = Path {
    patterns: &["root/sign-self-issued", "issuer/:issuer_ref/sign-self-issued"],
    access: Access::Sudo,
    synopsis: "Sign a self-issued CA certificate of another CA.",
    description: "Subject, key, serial number, lifetime and the extensions of RFC 5280 stay as they are; the\nissuer and what it says about itself change. Nothing is checked but that it is a CA, and that\nthe constraints of the CAs above allow it: give access to this only to those who may have any CA.",
    ops: &[Op::write::<SignSelfIssued>()],
};

fields! {
    /// Asks for a CA certificate to be signed anew.
    #[derive(Clone, Debug)]
    pub struct SignSelfIssued {
        /// The certificate, in PEM.
        certificate: String = "",
        /// Whether the keys of both must be of one kind.
        require_matching_certificate_algorithms: bool = "false",
        /// Issuer that signs.
        issuer_ref: String = "default",
    }
}

fields! {
    /// A certificate that was signed anew.
    #[derive(Debug)]
    pub struct SignedSelfIssued {
        /// The certificate, in PEM.
        certificate: String,
        /// The certificate of its issuer, in PEM.
        issuing_ca: String,
    }
}

impl Command for SignSelfIssued {
    type Reply = SignedSelfIssued;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<SignedSelfIssued>, Error> {
        let given = self.parse()?;
        let signer = issuers::for_issuing(&cx.reading(), &self.issuer_ref)?;
        if self.require_matching_certificate_algorithms {
            check_same_kind(&signer, &given)?;
        }
        let extensions = extensions(cx, &signer, &given)?;
        check_constraints(&signer, &given, &extensions)?;
        let tbs = TbsCertificate {
            serial: given.serial().clone(),
            signature: SignatureAlgorithm::for_issuing(signer.key.spec(), 0, false, true),
            issuer: signer.issuer.certificate.subject().clone(),
            not_before: given.not_before(),
            not_after: given.not_after(),
            subject: given.subject().clone(),
            public_key: given.public_key().clone(),
            extensions,
        };
        let certificate = Linted::check(tbs).map_err(Error::Lint)?.sign(&signer.key)?;
        Ok(SignedSelfIssued {
            certificate: Format::Pem.certificate(&certificate),
            issuing_ca: Format::Pem.certificate(&signer.issuer.certificate),
        }
        .into())
    }
}

impl SignSelfIssued {
    fn parse(&self) -> Result<Certificate, Error> {
        let certificate =
            Certificate::from_pem(&self.certificate).map_err(|problem| match problem {
                ReadError::NoData => Error::refused("certificate could not be PEM-decoded"),
                ReadError::Parse(_) => {
                    Error::refused(format!("certificate could not be parsed: {problem}"))
                }
            })?;
        if !certificate.is_ca() {
            return Err(Error::refused("given certificate is not a CA certificate"));
        }
        if !certificate.is_self_issued() {
            return Err(Error::refused("given certificate is not self-issued"));
        }
        Ok(certificate)
    }
}

/// The CAs above have to allow the names, and one more CA below them. Its own path length may be
/// any: verifiers take the lesser of the two.
fn check_constraints(
    signer: &SigningIssuer,
    given: &Certificate,
    extensions: &[Extension],
) -> Result<(), Error> {
    constraints::check(&signer.chain, NamesOf { subject: given.subject(), extensions })?;
    let keeps_the_name = given.subject() == signer.issuer.certificate.subject();
    constraints::room_below(&signer.chain, u32::from(!keeps_the_name))?;
    Ok(())
}

fn check_same_kind(signer: &SigningIssuer, given: &Certificate) -> Result<(), Error> {
    let (ours, theirs) = (kind(Some(signer.key.spec())), kind(given.public_key().spec()));
    if ours == theirs {
        return Ok(());
    }
    Err(Error::refused(format!(
        "signing certificate's public key algorithm ({ours}) does not match submitted certificate's ({theirs}), and require_matching_certificate_algorithms is true"
    )))
}

fn kind(key: Option<KeySpec>) -> &'static str {
    match key {
        Some(KeySpec::Rsa { .. }) => "RSA",
        Some(KeySpec::Ec(_)) => "ECDSA",
        Some(KeySpec::Ed25519) => "Ed25519",
        Some(KeySpec::MlDsa(_)) => "ML-DSA",
        None => "unknown",
    }
}

/// What a certificate says of itself and stays true under another issuer.
const KEPT: &[ObjectIdentifier] = &[
    oid::KEY_USAGE,
    oid::EXT_KEY_USAGE,
    oid::BASIC_CONSTRAINTS,
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::SUBJECT_ALT_NAME,
    oid::CERTIFICATE_POLICIES,
    oid::NAME_CONSTRAINTS,
];

/// The extensions that are kept, and those that the issuer adds, in the usual order.
fn extensions(
    cx: &WriteCx<'_>,
    signer: &SigningIssuer,
    given: &Certificate,
) -> Result<Vec<Extension>, Error> {
    let Profile { authority_key_identifier, urls, subject_key_identifier, .. } =
        issue::profile_under(&cx.reading(), signer, given.public_key())?;
    let urls = UrlsConfig { delta_crl_distribution_points: Vec::new(), ..urls };
    let added =
        Profile { authority_key_identifier, urls, subject_key_identifier, ..Profile::default() };
    let mut all = profile::extensions(&added)?;
    let kept = given.extensions().iter().filter(|extension| KEPT.contains(&extension.oid));
    all.retain(|extension| {
        given.extension(&extension.oid).is_none() || !KEPT.contains(&extension.oid)
    });
    all.extend(kept.cloned().map(|mut extension| {
        extension.critical |= extension.oid == oid::KEY_USAGE;
        extension
    }));
    Ok(all)
}
