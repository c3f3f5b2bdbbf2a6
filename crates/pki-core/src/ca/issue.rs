//! From a decision to a certificate: serial number, lint, signature, record.

use std::fmt;

use super::crls::shard;
use super::issuers::SigningIssuer;
use super::packaging::{self, Contents, Packaging};
use super::{aia, certs, profile};
use crate::api::endpoint::{ReadCx, WriteCx};
use crate::ca::profile::Profile;
use crate::crypto::key::{EncodedKey, PrivateKey, PrivateKeyForm, PublicKey};
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::secret::Secret;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::policy::Violation;
use crate::policy::constraints::{self, NamesOf, Room};
use crate::policy::validity::Validity;
use crate::x509::certificate::{Certificate, TbsCertificate};
use crate::x509::extension::Extension;
use crate::x509::lint::Linted;
use crate::x509::name::DistinguishedName;
use crate::x509::{base64, pem};

/// How certificates and keys are written in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// PEM, each on its own.
    Pem,
    /// DER in base64.
    Der,
    /// PEM; the certificate comes with its key and its chain.
    PemBundle,
}

impl Format {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "pem" => Some(Self::Pem),
            "der" => Some(Self::Der),
            "pem_bundle" => Some(Self::PemBundle),
            _ => None,
        }
    }

    /// As [`Format::parse`], with the words of the endpoints that issue.
    pub(crate) fn for_issuing(text: &str) -> Result<Self, Error> {
        Self::parse(text).ok_or_else(packaging::no_format)
    }

    /// Something in DER, as this format writes it.
    pub(crate) fn write(self, label: &str, der: &[u8]) -> String {
        match self {
            Self::Pem | Self::PemBundle => pem::encode(label, der),
            Self::Der => base64::encode(der),
        }
    }

    pub(crate) fn certificate(self, certificate: &Certificate) -> String {
        self.write("CERTIFICATE", certificate.as_der())
    }

    pub(crate) fn key(self, key: &EncodedKey) -> Secret<String> {
        Secret::new(self.write(key.label, key.der.expose()))
    }
}

/// The form in which a private key is handed over (D13).
pub(crate) fn key_form(text: &str) -> Result<PrivateKeyForm, Error> {
    match text {
        "" | "der" | "pem" => Ok(PrivateKeyForm::Traditional),
        "pkcs8" => Ok(PrivateKeyForm::Pkcs8),
        other => Err(Error::refused(format!(
            "unknown private_key_format {other:?}: must be \"der\" or \"pkcs8\""
        ))),
    }
}

/// A bundle of PEM blocks, one after another. A key in it has its traditional form, whatever
/// form the key is returned in beside it.
pub(crate) fn bundle<'a>(
    key: Option<&PrivateKey>,
    certificates: impl Iterator<Item = &'a Certificate>,
) -> Result<String, Error> {
    let key = key.map(|key| key.encode(PrivateKeyForm::Traditional)).transpose()?;
    let key = key.map(|key| pem::encode(key.label, key.der.expose()));
    let certificates = certificates.map(|certificate| Format::Pem.certificate(certificate));
    Ok(key.into_iter().chain(certificates).collect::<Vec<_>>().join("\n"))
}

/// All of a certificate that its issuer does not add.
pub(crate) struct Draft {
    pub(crate) subject: DistinguishedName,
    pub(crate) public_key: PublicKey,
    pub(crate) validity: Validity,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) signature: SignatureAlgorithm,
}

/// What a profile starts from: the identifiers of both keys, and the issuer's URLs.
pub(crate) fn profile_under(
    cx: &ReadCx<'_>,
    signer: &SigningIssuer,
    subject_key: &PublicKey,
) -> Result<Profile, Error> {
    Ok(Profile {
        subject_key_identifier: subject_key.key_identifier().to_vec(),
        authority_key_identifier: signer.issuer.certificate.subject_key_identifier(),
        urls: aia::of_issuer(cx.view, &signer.issuer.record)?,
        ..Profile::default()
    })
}

/// Makes and signs a certificate under an issuer, if all CAs above allow its names. Nothing is
/// recorded yet.
pub(crate) fn sign(
    cx: &mut WriteCx<'_>,
    signer: &SigningIssuer,
    mut draft: Draft,
) -> Result<Certificate, Error> {
    shard::assign(cx, signer.issuer.record.crl.0, &mut draft.extensions)?;
    check_names(signer, &draft)?;
    let issuer = signer.issuer.certificate.subject().clone();
    sign_as(cx, issuer, &signer.key, draft)
}

/// The path length of a new CA: what was asked for, or what the CAs above leave, if one of them is
/// limited; never more (D9).
pub(crate) fn path_len(signer: &SigningIssuer, asked: Option<u32>) -> Result<Option<u32>, Error> {
    if signer.issuer.certificate.path_len() == Some(0) {
        return Err(Error::refused(
            "signing certificate has a max path length of zero, and cannot issue further CA certificates",
        ));
    }
    // A new CA with the name of its issuer counts too, as in the reference.
    let Some(Room { most, authority }) = constraints::room_below(&signer.chain, 1)? else {
        return Ok(asked);
    };
    match asked {
        Some(asked) if most < asked => Err(Violation::PathLength { asked, most, authority }.into()),
        asked => Ok(Some(asked.unwrap_or(most))),
    }
}

/// Whether [`sign`] would sign: everything it looks at, and no signature.
pub(crate) fn check(signer: &SigningIssuer, draft: Draft) -> Result<(), Error> {
    check_names(signer, &draft)?;
    let issuer = signer.issuer.certificate.subject().clone();
    let tbs = tbs(SerialNumber::from_random([0; 20]), issuer, draft);
    Linted::check(tbs).map(drop).map_err(Error::Lint)
}

fn check_names(signer: &SigningIssuer, draft: &Draft) -> Result<(), Error> {
    let names = NamesOf { subject: &draft.subject, extensions: &draft.extensions };
    Ok(constraints::check(&signer.chain, names)?)
}

/// Makes a certificate that is its own issuer. Nothing is recorded yet.
pub(crate) fn self_sign(
    cx: &WriteCx<'_>,
    key: &PrivateKey,
    mut draft: Draft,
) -> Result<Certificate, Error> {
    // It is on no CRL of its own.
    shard::leave_out(&mut draft.extensions)?;
    sign_as(cx, draft.subject.clone(), key, draft)
}

fn sign_as(
    cx: &WriteCx<'_>,
    issuer: DistinguishedName,
    key: &PrivateKey,
    draft: Draft,
) -> Result<Certificate, Error> {
    let mut octets = [0; 20];
    cx.env.random.fill(&mut octets);
    let tbs = tbs(SerialNumber::from_random(octets), issuer, draft);
    Ok(Linted::check(tbs).map_err(Error::Lint)?.sign(key)?)
}

fn tbs(serial: SerialNumber, issuer: DistinguishedName, draft: Draft) -> TbsCertificate {
    let Draft { subject, public_key, validity, extensions, signature } = draft;
    TbsCertificate {
        serial,
        signature,
        issuer,
        not_before: validity.not_before,
        not_after: validity.not_after,
        subject,
        public_key,
        extensions,
    }
}

/// Puts the extensions of a profile into a draft.
pub(crate) fn draft(
    subject: DistinguishedName,
    public_key: PublicKey,
    validity: Validity,
    signature: SignatureAlgorithm,
    profile: &Profile,
) -> Result<Draft, Error> {
    let extensions = profile::extensions(profile)?;
    Ok(Draft { subject, public_key, validity, extensions, signature })
}

crate::fields! {
    /// A certificate, and what is needed to use it.
    pub struct IssuedCertificate {
        /// The certificates of the issuer and of those above it, in this order.
        ca_chain: Option<Vec<String>>,
        /// The certificate; in a bundle or keystore, with its key and chain.
        certificate: String,
        /// When it ends, in seconds since 1970.
        expiration: i64,
        /// The certificate of its issuer.
        issuing_ca: String,
        /// When it begins, in seconds since 1970.
        not_before: Option<i64>,
        /// Its private key, which is kept nowhere else.
        private_key: Option<Secret<String>>,
        /// `rsa`, `ec` or `ed25519`.
        private_key_type: Option<String>,
        /// Its serial number, in hexadecimal.
        serial_number: String,
    }
}

/// A bundle holds the private key, so only what cannot be one is shown.
impl fmt::Debug for IssuedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("IssuedCertificate");
        shown.field("serial_number", &self.serial_number).finish_non_exhaustive()
    }
}

/// How an issued certificate is to be answered.
pub(crate) struct Delivery<'a> {
    pub(crate) packaging: Packaging,
    /// The private key, if it was made here, and the form it is handed over in.
    pub(crate) key: Option<(&'a PrivateKey, PrivateKeyForm)>,
    pub(crate) remove_roots_from_chain: bool,
    pub(crate) now: Timestamp,
}

/// The answer for a certificate under an issuer.
pub(crate) fn deliver(
    signer: &SigningIssuer,
    certificate: &Certificate,
    delivery: &Delivery<'_>,
) -> Result<IssuedCertificate, Error> {
    let Delivery { packaging, key, remove_roots_from_chain, now } = delivery;
    let (format, chain) = (packaging.text(), &signer.chain);
    let shown = chain.iter().filter(|c| !(*remove_roots_from_chain && c.is_self_signed()));
    let ca_chain: Vec<String> = shown.map(|certificate| format.certificate(certificate)).collect();
    let packed = packaging.pack(&Contents {
        key: key.map(|(key, _)| key),
        certificate,
        chain,
        remove_roots: *remove_roots_from_chain,
        now: *now,
    })?;
    let private_key = key.map(|(key, form)| key.encode(form)).transpose()?;
    Ok(IssuedCertificate {
        ca_chain: (!ca_chain.is_empty()).then_some(ca_chain),
        certificate: packed,
        expiration: certificate.not_after().unix(),
        issuing_ca: format.certificate(&signer.issuer.certificate),
        not_before: Some(certificate.not_before().unix()),
        private_key: private_key.map(|encoded| format.key(&encoded)),
        private_key_type: key.map(|(key, _)| key.spec().type_name().to_owned()),
        serial_number: certificate.serial().to_string(),
    })
}

/// Records a leaf certificate, unless its role says not to.
pub(crate) fn keep(
    cx: &mut WriteCx<'_>,
    signer: &SigningIssuer,
    certificate: &Certificate,
    role: &str,
    is_kept: bool,
) {
    if is_kept {
        certs::record(&mut cx.tx, certificate, Some(signer.issuer.record.id), role);
    }
}
