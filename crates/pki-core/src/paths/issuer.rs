//! `issuer/:issuer_ref`: one issuer.

use super::ca::{der, pem};
use super::issuer_write::{DeleteIssuer, PatchIssuer, WriteIssuer};
use crate::api::endpoint::{Access, Document, Op, Path, Query, ReadCx, Refused, Reply};
use crate::ca::config::UrlsConfig;
use crate::ca::issue::Format;
use crate::ca::issuers::{self, Issuer, IssuerRecord};
use crate::error::Error;
use crate::field::Nullable;
use crate::fields;
use crate::store::View;

/// `issuer/:issuer_ref`.
pub const PATH: Path = Path {
    patterns: &["issuer/:issuer_ref"],
    access: Access::Token,
    synopsis: "Read, change or delete an issuer.",
    description: "Writing replaces what can be set: what is not sent goes back to its default. Patching\nchanges what is sent. Deleting leaves the key and the certificates that were issued.",
    ops: &[
        Op::read::<ReadIssuer>(),
        Op::write::<WriteIssuer>().refusing(UNCHECKED),
        Op::patch::<PatchIssuer>().refusing(UNCHECKED),
        Op::delete::<DeleteIssuer>(),
    ],
};

/// `issuer/:issuer_ref/json`.
pub const JSON: Path = Path {
    patterns: &["issuer/:issuer_ref/json"],
    access: Access::Public,
    synopsis: "Read the certificate of an issuer and its chain.",
    description: "",
    ops: &[Op::read::<ReadIssuerCertificate>()],
};

/// `issuer/:issuer_ref/der`.
pub const DER: Path = Path {
    patterns: &["issuer/:issuer_ref/der"],
    access: Access::Public,
    synopsis: "Fetch the certificate of an issuer in DER.",
    description: "Read it with `-format=raw`.",
    ops: &[Op::read::<FetchIssuer>()],
};

/// `issuer/:issuer_ref/pem`.
pub const PEM: Path = Path {
    patterns: &["issuer/:issuer_ref/pem"],
    access: Access::Public,
    synopsis: "Fetch the certificate of an issuer in PEM.",
    description: "Read it with `-format=raw`.",
    ops: &[Op::read::<FetchIssuerPem>()],
};

/// Checks that Vault Enterprise can leave out for an issuer.
const UNCHECKED: &[Refused] = &[
    Refused { name: "disable_critical_extension_checks", why: ALWAYS },
    Refused { name: "disable_path_length_checks", why: ALWAYS },
    Refused { name: "disable_name_checks", why: ALWAYS },
    Refused { name: "disable_name_constraint_checks", why: ALWAYS },
];
const ALWAYS: &str = "what the CAs above forbid is always checked";

fields! {
    /// Asks for an issuer.
    pub struct ReadIssuer {
        /// Name or identifier of the issuer, or `default`.
        issuer_ref: String,
    }
}

fields! {
    /// An issuer.
    #[derive(Debug)]
    pub struct IssuerView {
        /// Its certificate and those above it, in PEM.
        ca_chain: Vec<String>,
        /// Its certificate, in PEM.
        certificate: String,
        /// Where its certificates say the CRL is.
        crl_distribution_points: Nullable<Vec<String>>,
        /// Where its certificates say the delta CRL is.
        delta_crl_distribution_points: Nullable<Vec<String>>,
        /// Whether its URLs are templates; absent when it has none of its own.
        enable_aia_url_templating: Option<bool>,
        /// Its identifier.
        issuer_id: String,
        /// Its name, or the empty text.
        issuer_name: String,
        /// Where its certificates say its own certificate is.
        issuing_certificates: Nullable<Vec<String>>,
        /// The key it signs with, or the empty text.
        key_id: String,
        /// What happens to a certificate that would outlive it.
        leaf_not_after_behavior: String,
        /// A chain that was set by hand.
        manual_chain: Nullable<Vec<String>>,
        /// Where its certificates say to ask with OCSP.
        ocsp_servers: Nullable<Vec<String>>,
        /// The algorithm that signs its CRLs; the key's default when empty.
        revocation_signature_algorithm: String,
        /// When it was revoked, in seconds since 1970.
        revocation_time: Option<i64>,
        /// The same as RFC 3339 text.
        revocation_time_rfc3339: Option<String>,
        /// Whether it was revoked.
        revoked: bool,
        /// What it may be used for.
        usage: String,
    }
}

impl Query for ReadIssuer {
    type Reply = IssuerView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<IssuerView>, Error> {
        let issuer = issuers::resolve_for_reading(cx.view, &self.issuer_ref)?;
        Ok(Reply::from(view(cx.view, &issuer)?).warn(pss_warning(&issuer.record)))
    }
}

/// What to say of an issuer whose CRLs are signed with PSS.
pub(crate) fn pss_warning(record: &IssuerRecord) -> Option<&'static str> {
    record.revocation_signature_algorithm.ends_with("PSS").then_some("Issuer uses a PSS Revocation Signature Algorithm. This algorithm will be downgraded to PKCS#1v1.5 signature scheme on OCSP responses, due to limitations in the OCSP library.")
}

/// An issuer as it is shown.
pub(crate) fn view(view: &View<'_>, issuer: &Issuer) -> Result<IssuerView, Error> {
    let record = &issuer.record;
    // Lists that are not set are empty where nothing is set, and null where something is.
    let list = |pick: fn(&UrlsConfig) -> &Vec<String>| match &record.urls {
        None => Nullable(Some(Vec::new())),
        Some(urls) => Nullable(Some(pick(urls).clone()).filter(|list| !list.is_empty())),
    };
    let manual = record.manual_chain.as_ref();
    let manual = manual.map(|ids| ids.iter().map(ToString::to_string).collect());
    Ok(IssuerView {
        ca_chain: chain(view, issuer)?,
        certificate: with_newline(issuer),
        crl_distribution_points: list(|urls| &urls.crl_distribution_points),
        delta_crl_distribution_points: list(|urls| &urls.delta_crl_distribution_points),
        enable_aia_url_templating: record.urls.as_ref().map(|urls| urls.enable_templating),
        issuer_id: record.id.to_string(),
        issuer_name: record.name.clone(),
        issuing_certificates: list(|urls| &urls.issuing_certificates),
        key_id: record.key_id.map_or_else(String::new, |key| key.to_string()),
        leaf_not_after_behavior: record.leaf_not_after_behavior.name().to_owned(),
        manual_chain: Nullable(manual),
        ocsp_servers: list(|urls| &urls.ocsp_servers),
        revocation_signature_algorithm: record.revocation_signature_algorithm.clone(),
        revocation_time: record.revoked_at.map(|moment| moment.unix()),
        revocation_time_rfc3339: record.revoked_at.map(|moment| moment.rfc3339_nanos()),
        revoked: record.revoked_at.is_some(),
        usage: record.usage.to_string(),
    })
}

fn with_newline(issuer: &Issuer) -> String {
    format!("{}\n", Format::Pem.certificate(&issuer.certificate))
}

fn chain(view: &View<'_>, issuer: &Issuer) -> Result<Vec<String>, Error> {
    let chain = issuers::chain(view, issuer)?;
    Ok(chain.iter().map(|member| format!("{}\n", Format::Pem.certificate(member))).collect())
}

fields! {
    /// Asks for the certificate of an issuer.
    pub struct ReadIssuerCertificate {
        /// Name or identifier of the issuer, or `default`.
        issuer_ref: String,
    }
}

fields! {
    /// The certificate of an issuer.
    #[derive(Debug)]
    pub struct IssuerCertificate {
        /// Its certificate and those above it, in PEM.
        ca_chain: Vec<String>,
        /// Its certificate, in PEM.
        certificate: String,
        /// Its identifier.
        issuer_id: String,
        /// Its name, or the empty text.
        issuer_name: String,
    }
}

impl Query for ReadIssuerCertificate {
    type Reply = IssuerCertificate;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<IssuerCertificate>, Error> {
        let issuer = issuers::resolve_for_reading(cx.view, &self.issuer_ref)?;
        Ok(IssuerCertificate {
            ca_chain: chain(cx.view, &issuer)?,
            certificate: with_newline(&issuer),
            issuer_id: issuer.record.id.to_string(),
            issuer_name: issuer.record.name,
        }
        .into())
    }
}

fields! {
    /// Asks for the certificate of an issuer in DER.
    pub struct FetchIssuer {
        /// Name or identifier of the issuer, or `default`.
        issuer_ref: String,
    }
}

impl Query for FetchIssuer {
    type Reply = Document;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Document>, Error> {
        let issuer = issuers::resolve_for_reading(cx.view, &self.issuer_ref)?;
        Ok(der(&issuer.certificate).into())
    }
}

fields! {
    /// Asks for the certificate of an issuer in PEM.
    pub struct FetchIssuerPem {
        /// Name or identifier of the issuer, or `default`.
        issuer_ref: String,
    }
}

impl Query for FetchIssuerPem {
    type Reply = Document;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Document>, Error> {
        let issuer = issuers::resolve_for_reading(cx.view, &self.issuer_ref)?;
        Ok(pem(&issuer.certificate, "\n").into())
    }
}
