//! `issuer/:issuer_ref`, to be changed, revoked or deleted.

use std::collections::BTreeSet;

use super::issuer::{IssuerView, pss_warning, view};
use crate::api::endpoint::{Access, Command, Op, Patch, Path, ReadCx, Reply, WriteCx};
use crate::ca::aia;
use crate::ca::config::{self, UrlsConfig};
use crate::ca::crls::{self, Which};
use crate::ca::issuers::{self, Issuer, IssuerRecord, Usage, Usages};
use crate::ca::revoke;
use crate::ca::tables::{ISSUER_NAMES, ISSUERS, ISSUERS_CONFIG, ROLES};
use crate::crypto::key::KeySpec;
use crate::crypto::signature::{Hash, SignatureAlgorithm};
use crate::domain::id::IssuerId;
use crate::error::Error;
use crate::field::{Fields as _, Input};
use crate::fields;
use crate::policy::Behavior;
use crate::policy::role::Role;
use crate::store::{Only, View};

/// Every answer holds the whole chain, and a request may name one issuer again and again.
const LONGEST_CHAIN: usize = 100;

/// `issuer/:issuer_ref/revoke`.
pub const REVOKE: Path = Path {
    patterns: &["issuer/:issuer_ref/revoke"],
    access: Access::Token,
    synopsis: "Revoke an issuer.",
    description: "It issues no more certificates, and is listed on the CRL of whoever signed it, if that is\nan issuer of this mount. There is no way back.",
    ops: &[Op::write::<RevokeIssuer>()],
};

fields! {
    /// Replaces what can be set of an issuer: what is not sent goes back to its default.
    #[derive(Clone, Debug)]
    pub struct WriteIssuer {
        /// Name or identifier of the issuer, or `default`.
        issuer_ref: String,
        /// A name for the issuer.
        issuer_name: Option<String>,
        /// What happens to a certificate that would outlive it: `err`, `truncate`, `permit` or
        /// `always_enforce_err`.
        leaf_not_after_behavior: String = "err",
        /// A chain set by hand: issuers by name or identifier, itself first.
        manual_chain: Vec<String> = "",
        /// What it may be used for.
        usage: Vec<String> = "read-only,issuing-certificates,crl-signing,ocsp-signing",
        /// The algorithm that signs its CRLs; the key's default when empty.
        revocation_signature_algorithm: String = "",
        /// Where its certificates say its own certificate is.
        issuing_certificates: Vec<String> = "",
        /// Where its certificates say the CRL is.
        crl_distribution_points: Vec<String> = "",
        /// Where its certificates say the delta CRL is.
        delta_crl_distribution_points: Vec<String> = "",
        /// Where its certificates say to ask with OCSP.
        ocsp_servers: Vec<String> = "",
        /// Whether these URLs are templates.
        enable_aia_url_templating: bool = "false",
    }
}

impl Command for WriteIssuer {
    type Reply = IssuerView;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuerView>, Error> {
        if self.issuer_name.as_deref() == Some("") {
            return Err(Error::refused("expected non-empty issuer name"));
        }
        self.replace(cx)
    }
}

impl WriteIssuer {
    fn replace(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuerView>, Error> {
        let issuer = issuers::resolve_for_reading(&cx.tx, &self.issuer_ref)?;
        let record = self.apply(&cx.tx, &issuer)?;
        let mut warnings = self.warnings(cx, &issuer, &record)?;
        store(cx, &issuer.record, &record)?;
        let changed = issuers::resolve_for_reading(&cx.tx, &record.id.to_string())?;
        warnings.extend(aia_warning(&cx.tx, &record)?);
        Ok(Reply::from(view(&cx.tx, &changed)?).warn(warnings))
    }
}

/// Writes the record and its name, and chains anew where they may have changed.
fn store(cx: &mut WriteCx<'_>, old: &IssuerRecord, new: &IssuerRecord) -> Result<(), Error> {
    cx.tx.put(&ISSUERS, &new.id, new);
    if old.name != new.name {
        if !old.name.is_empty() {
            cx.tx.delete(&ISSUER_NAMES, &old.name);
        }
        if !new.name.is_empty() {
            cx.tx.put(&ISSUER_NAMES, &new.name, &new.id);
        }
    }
    if old.manual_chain != new.manual_chain {
        issuers::rebuild_chains(&mut cx.tx)?;
    }
    Ok(())
}

impl WriteIssuer {
    fn apply(&self, view: &View<'_>, issuer: &Issuer) -> Result<IssuerRecord, Error> {
        let name = self.issuer_name.clone().unwrap_or_default();
        if name != issuer.record.name && !name.is_empty() {
            issuers::check_name(view, &name)?;
        }
        let behavior = Behavior::parse(&self.leaf_not_after_behavior)?;
        let usage = self.usages(issuer)?;
        let urls = self.urls();
        aia::check(&urls)?;
        Ok(IssuerRecord {
            name,
            leaf_not_after_behavior: behavior,
            usage,
            revocation_signature_algorithm: self.algorithm(issuer)?,
            manual_chain: self.chain(view, issuer)?,
            urls: (!is_unset(&urls)).then_some(urls),
            ..issuer.record.clone()
        })
    }

    fn usages(&self, issuer: &Issuer) -> Result<Usages, Error> {
        let mut usages = BTreeSet::from([Usage::ReadOnly]);
        for name in self.usage.iter().filter(|name| !name.is_empty()) {
            usages.insert(Usage::parse(name).ok_or_else(|| {
                Error::refused(format!(
                    "Unable to parse specified usages: [{}] - valid values are crl-signing,issuing-certificates,ocsp-signing,read-only",
                    self.usage.join(" ")
                ))
            })?);
        }
        if usages.contains(&Usage::CrlSigning) && !issuers::may_sign_crls(&issuer.certificate) {
            return Err(Error::refused(
                "This issuer's underlying certificate lacks the CRLSign KeyUsage value; unable to set CRLSigningUsage on this issuer as a result.",
            ));
        }
        if usages.contains(&Usage::IssuingCertificates) && issuer.record.revoked_at.is_some() {
            return Err(Error::refused(
                "This issuer was revoked; unable to modify its usage to include certificate signing again. Reissue this certificate (preferably with a new key) and modify that entry instead.",
            ));
        }
        Ok(Usages(usages))
    }

    fn algorithm(&self, issuer: &Issuer) -> Result<String, Error> {
        let text = self.revocation_signature_algorithm.as_str();
        if text.is_empty() {
            return Ok(String::new());
        }
        let algorithm = SignatureAlgorithm::parse(text).ok_or_else(|| {
            Error::refused(format!(
                "Unknown signature algorithm value: {text} - valid values are sha256withrsa, sha384withrsa, sha512withrsa, sha256withrsapss, sha384withrsapss, sha512withrsapss, ecdsawithsha256, ecdsawithsha384, ecdsawithsha512, ed25519, mldsa44, mldsa65, mldsa87"
            ))
        })?;
        match issuer.certificate.public_key().spec() {
            Some(key) if !algorithm.fits(key) => Err(Error::refused(format!(
                "unable to use issuer of type {} to sign with {} key type",
                key_word(key),
                go_name(algorithm)
            ))),
            _ => Ok(algorithm.name().to_owned()),
        }
    }

    fn chain(&self, view: &View<'_>, issuer: &Issuer) -> Result<Option<Vec<IssuerId>>, Error> {
        let given = self.manual_chain.iter().filter(|reference| !reference.is_empty());
        let mut ids = Vec::new();
        for reference in given {
            let id = match reference.as_str() {
                "self" => issuer.record.id,
                _ => {
                    issuers::resolve(view, reference)?
                        .map_err(|problem| Error::refused(problem.to_string()))?
                        .record
                        .id
                }
            };
            if ids.is_empty() && id != issuer.record.id {
                return Err(Error::refused(format!(
                    "expected first cert in chain to be a self-reference, but was: {reference}/{id}"
                )));
            }
            ids.push(id);
            if LONGEST_CHAIN < ids.len() {
                return Err(Error::refused(format!(
                    "manual_chain has more than {LONGEST_CHAIN} certificates"
                )));
            }
        }
        Ok((!ids.is_empty()).then_some(ids))
    }

    fn urls(&self) -> UrlsConfig {
        UrlsConfig {
            issuing_certificates: self.issuing_certificates.clone(),
            crl_distribution_points: self.crl_distribution_points.clone(),
            delta_crl_distribution_points: self.delta_crl_distribution_points.clone(),
            ocsp_servers: self.ocsp_servers.clone(),
            enable_templating: self.enable_aia_url_templating,
        }
    }

    fn warnings(
        &self,
        cx: &WriteCx<'_>,
        old: &Issuer,
        new: &IssuerRecord,
    ) -> Result<Vec<String>, Error> {
        let mut warnings = Vec::new();
        warnings.extend(pss_warning(new).map(str::to_owned));
        if !old.record.name.is_empty() && old.record.name != new.name {
            warnings.extend(roles_that_name(&cx.tx, &old.record.name)?);
        }
        Ok(warnings)
    }
}

fn is_unset(urls: &UrlsConfig) -> bool {
    aia::is_silent(urls) && urls.delta_crl_distribution_points.is_empty()
}

fn aia_warning(view: &View<'_>, record: &IssuerRecord) -> Result<Option<String>, Error> {
    record.urls.as_ref().map_or(Ok(None), |urls| aia::template_warning(view, urls))
}

/// The name that the reference uses in this message.
fn go_name(algorithm: SignatureAlgorithm) -> String {
    let bits = |hash: Hash| u32::from(hash.output_len()) * 8;
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(hash) => format!("SHA{}-RSA", bits(hash)),
        SignatureAlgorithm::RsaPss(hash) => format!("SHA{}-RSAPSS", bits(hash)),
        SignatureAlgorithm::Ecdsa(hash) => format!("ECDSA-SHA{}", bits(hash)),
        SignatureAlgorithm::Ed25519 | SignatureAlgorithm::MlDsa(_) => algorithm.name().to_owned(),
    }
}

fn key_word(key: KeySpec) -> &'static str {
    match key {
        KeySpec::Rsa { .. } => "RSA",
        KeySpec::Ec(_) => "ECDSA",
        KeySpec::Ed25519 => "Ed25519",
        KeySpec::MlDsa(_) => "ML-DSA",
    }
}

/// How many roles name an issuer that way, if any do.
fn roles_that_name(view: &View<'_>, reference: &str) -> Result<Option<String>, Error> {
    let roles: Vec<(String, Role)> = view.scan(&ROLES, &[], None, usize::MAX)?;
    let count = roles.iter().filter(|(_, role)| role.issuer_ref == reference).count();
    Ok((0 < count).then(|| format!("{count} roles reference {reference}")))
}

fields! {
    /// Changes what is sent of an issuer. An empty name or list clears it.
    #[derive(Clone, Debug)]
    pub struct PatchIssuer {
        ..issuer: WriteIssuer,
    }
}

impl Command for PatchIssuer {
    type Reply = IssuerView;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuerView>, Error> {
        self.issuer.replace(cx)
    }
}

impl Patch for PatchIssuer {
    fn current(cx: &ReadCx<'_>, input: &Input) -> Result<Self, Error> {
        let DeleteIssuer { issuer_ref } = DeleteIssuer::parse(input).map_err(Error::Fields)?;
        let issuer = issuers::resolve_for_reading(cx.view, &issuer_ref)?;
        let record = issuer.record;
        let urls = record.urls.clone().unwrap_or_default();
        let chain = record.manual_chain.iter().flatten();
        let issuer = WriteIssuer {
            issuer_ref,
            issuer_name: Some(record.name.clone()),
            leaf_not_after_behavior: record.leaf_not_after_behavior.name().to_owned(),
            manual_chain: chain.map(ToString::to_string).collect(),
            usage: record.usage.to_string().split(',').map(str::to_owned).collect(),
            revocation_signature_algorithm: record.revocation_signature_algorithm,
            issuing_certificates: urls.issuing_certificates,
            crl_distribution_points: urls.crl_distribution_points,
            delta_crl_distribution_points: urls.delta_crl_distribution_points,
            ocsp_servers: urls.ocsp_servers,
            enable_aia_url_templating: urls.enable_templating,
        };
        Ok(Self { issuer })
    }
}

fields! {
    /// Deletes an issuer; its key stays.
    #[derive(Clone, Debug)]
    pub struct DeleteIssuer {
        /// Name or identifier of the issuer, or `default`.
        issuer_ref: String,
    }
}

impl Command for DeleteIssuer {
    /// Never anything but warnings, yet an answer: clients know this as a 200.
    type Reply = Option<IssuerView>;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Self::Reply>, Error> {
        let Ok(issuer) = issuers::resolve(&cx.tx, &self.issuer_ref)? else {
            return Ok(None.into());
        };
        revoke::settle_issuer(cx, &issuer)?;
        let record = issuer.record;
        let id = record.id.to_string();
        let mut warnings = Vec::new();
        if !record.name.is_empty() {
            warnings.extend(roles_that_name(&cx.tx, &record.name)?);
        }
        warnings.extend(roles_that_name(&cx.tx, &id)?);
        issuers::remove(&mut cx.tx, &record);
        let mut config = config::load(&cx.tx, &ISSUERS_CONFIG)?;
        if config.default == Some(record.id) {
            config.default = None;
            cx.tx.put(&ISSUERS_CONFIG, &Only, &config);
            warnings.push(format!(
                "Deleted issuer {id} (via issuer_ref {}); this was configured as the default issuer. Operations without an explicit issuer will not work until a new default is configured.",
                self.issuer_ref
            ));
            warnings.extend(roles_that_name(&cx.tx, "default")?);
        }
        issuers::rebuild_chains(&mut cx.tx)?;
        crls::issuers_changed(&mut cx.tx)?;
        warnings.extend(crls::build(cx, Which::Due)?);
        Ok(Reply::from(None).warn(warnings))
    }
}

fields! {
    /// Revokes an issuer.
    #[derive(Clone, Debug)]
    pub struct RevokeIssuer {
        /// Name or identifier of the issuer, or `default`.
        issuer_ref: String,
    }
}

impl Command for RevokeIssuer {
    type Reply = IssuerView;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuerView>, Error> {
        let issuer = issuers::resolve_for_reading(&cx.tx, &self.issuer_ref)?;
        if issuer.record.revoked_at.is_some() {
            return Ok(view(&cx.tx, &issuer)?.into());
        }
        let mut record = issuer.record.clone();
        record.revoked_at = Some(cx.now);
        record.usage.0.remove(&Usage::IssuingCertificates);
        cx.tx.put(&ISSUERS, &record.id, &record);
        revoke::record_issuer(cx, &issuer)?;
        crls::issuers_changed(&mut cx.tx)?;
        let mut warnings: Vec<String> =
            revocation_warnings(cx, &issuer)?.into_iter().map(str::to_owned).collect();
        warnings.extend(crls::build(cx, Which::Due)?);
        let revoked = issuers::resolve_for_reading(&cx.tx, &record.id.to_string())?;
        Ok(Reply::from(view(&cx.tx, &revoked)?).warn(warnings))
    }
}

fn revocation_warnings(cx: &WriteCx<'_>, issuer: &Issuer) -> Result<Vec<&'static str>, Error> {
    let mut warnings = Vec::new();
    if issuer.certificate.is_self_signed() {
        warnings.push("This issuer is a self-signed (potentially root) certificate. This means it may not be considered revoked if there is not an external, cross-signed variant of this certificate. This issuer's serial number will not appear on its own CRL.");
    }
    let has_parent = issuers::all(&cx.tx)?.iter().any(|other| {
        other.record.id != issuer.record.id && issuer.certificate.is_issued_by(&other.certificate)
    });
    if !has_parent {
        warnings.push("This issuer lacks another parent issuer within the mount. This means it will not appear on any other CRLs and may not be considered revoked by clients. Consider adding this issuer to its issuer's CRL as well if it is not self-signed.");
    }
    if config::load(&cx.tx, &ISSUERS_CONFIG)?.default == Some(issuer.record.id) {
        warnings.push("This issuer is currently configured as the default issuer for this mount; operations such as certificate issuance may not work until a new default issuer is selected.");
    }
    Ok(warnings)
}
