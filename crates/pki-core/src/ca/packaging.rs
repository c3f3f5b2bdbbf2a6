//! How a certificate is handed over: by itself, or in a bundle or keystore with its key and chain.

use super::issue::{Format, bundle};
use crate::crypto::jks;
use crate::crypto::key::PrivateKey;
use crate::crypto::pkcs12::{self, KeystoreContents, Pkcs12Encoder};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::x509::base64;
use crate::x509::certificate::Certificate;

crate::fields! {
    /// What protects a PKCS #12 archive.
    #[derive(Clone, Debug)]
    pub struct Pkcs12Parameters {
        /// With `format=pkcs12_bundle`: `modern2026` (integrity by PBMAC1) or `modern2023`, which
        /// more programs read.
        pkcs12_encoder: String = "modern2026",
        /// With `format=pkcs12_bundle`: the password of the archive. The default is known to
        /// all: protect the archive, or choose a password that cannot be guessed.
        pkcs12_password: Secret<String> = "changeit",
    }
}

crate::fields! {
    /// What protects a Java keystore.
    #[derive(Clone, Debug)]
    pub struct JksParameters {
        /// With `format=jks_bundle`: the password of the keystore and its key. The protection of
        /// this format is weak: prefer `pkcs12_bundle`, which Java reads too.
        jks_password: Secret<String> = "changeit",
        /// With `format=jks_bundle`: the name of the entry, if it has a private key.
        jks_private_key_alias: String = "1",
    }
}

/// How a certificate is handed over.
#[derive(Clone, Debug)]
pub(crate) enum Packaging {
    /// As text of its own, or in a bundle of PEM blocks.
    Text(Format),
    /// In an archive, in base64.
    Pkcs12 { encoder: Pkcs12Encoder, password: Secret<String> },
    /// In a Java keystore, in base64.
    Jks { alias: String, password: Secret<String> },
}

/// A certificate, and what goes with it.
pub(crate) struct Contents<'a> {
    pub(crate) key: Option<&'a PrivateKey>,
    pub(crate) certificate: &'a Certificate,
    pub(crate) chain: &'a [Certificate],
    /// Whether self-signed certificates are left out of the chain.
    pub(crate) remove_roots: bool,
    pub(crate) now: Timestamp,
}

impl Packaging {
    /// Reads `format`, where all of them can be had; `None` if it is none of them.
    ///
    /// # Errors
    ///
    /// When a parameter of that format has no meaning.
    pub(crate) fn parse(
        format: &str,
        pkcs12: &Pkcs12Parameters,
        jks: &JksParameters,
    ) -> Result<Option<Self>, Error> {
        if format == "jks_bundle" {
            let JksParameters { jks_password, jks_private_key_alias } = jks.clone();
            return Ok(Some(Self::Jks { alias: jks_private_key_alias, password: jks_password }));
        }
        Self::without_jks(format, pkcs12)
    }

    /// As [`Packaging::parse`], where there are no Java keystores.
    ///
    /// # Errors
    ///
    /// When a parameter of that format has no meaning.
    pub(crate) fn without_jks(
        format: &str,
        pkcs12: &Pkcs12Parameters,
    ) -> Result<Option<Self>, Error> {
        if format != "pkcs12_bundle" {
            return Ok(Format::parse(format).map(Self::Text));
        }
        let encoder = encoder(&pkcs12.pkcs12_encoder)?;
        Ok(Some(Self::Pkcs12 { encoder, password: pkcs12.pkcs12_password.clone() }))
    }

    /// As [`Packaging::parse`], for the endpoints that refuse anything else in the same words.
    ///
    /// # Errors
    ///
    /// When the format is none, or a parameter of it has no meaning.
    pub(crate) fn for_issuing(
        format: &str,
        pkcs12: &Pkcs12Parameters,
        jks: &JksParameters,
    ) -> Result<Self, Error> {
        Self::parse(format, pkcs12, jks)?.ok_or_else(no_format)
    }

    /// How certificates and keys are written beside the package.
    pub(crate) fn text(&self) -> Format {
        match self {
            Self::Text(format) => *format,
            Self::Pkcs12 { .. } | Self::Jks { .. } => Format::Der,
        }
    }

    /// The certificate in its package.
    ///
    /// # Errors
    ///
    /// When OpenSSL fails.
    pub(crate) fn pack(&self, contents: &Contents<'_>) -> Result<String, Error> {
        let Contents { key, certificate, chain, remove_roots, now } = contents;
        let is_kept = |member: &&Certificate| !(*remove_roots && member.is_self_signed());
        let members = || [*certificate].into_iter().chain(chain.iter().filter(is_kept));
        let certificates: Vec<&[u8]> = members().map(Certificate::as_der).collect();
        let stored = KeystoreContents { key: *key, certificates: &certificates };
        let octets = match self {
            // The reference leaves nothing out of its bundles.
            Self::Text(Format::PemBundle) => {
                return bundle(*key, [*certificate].into_iter().chain(chain.iter()));
            }
            Self::Text(format) => return Ok(format.certificate(certificate)),
            Self::Pkcs12 { encoder, password } => {
                pkcs12::encode(&stored, password.expose(), *encoder)?
            }
            Self::Jks { alias, password } => jks::encode(&stored, password.expose(), alias, *now)?,
        };
        Ok(base64::encode(&octets))
    }
}

fn encoder(text: &str) -> Result<Pkcs12Encoder, Error> {
    match text {
        "modern2026" => Ok(Pkcs12Encoder::Modern2026),
        "modern2023" => Ok(Pkcs12Encoder::Modern2023),
        other => Err(Error::refused(format!(
            "invalid \"pkcs12_encoder\" parameter: encoder must be \"modern2026\" or \"modern2023\"; received: {other:?}"
        ))),
    }
}

/// The words of the endpoints that issue.
pub(crate) fn no_format() -> Error {
    Error::refused("the \"format\" path parameter must be \"pem\", \"der\", or \"pem_bundle\"")
}
