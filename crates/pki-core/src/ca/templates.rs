//! From a template that a program gave to a certificate.

use super::issue::{self, IssuedCertificate};
use super::issuers::SigningIssuer;
use super::leases;
use super::profile::{BasicConstraints, Profile};
use crate::api::endpoint::{Reply, WriteCx};
use crate::crypto::key::PublicKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::error::Error;
use crate::policy::cel::{Authority, Decision, Template};
use crate::policy::validity::{self, Validity};
use crate::policy::{Warning, key};
use crate::x509::certificate::Certificate;

/// All of a certificate but its key.
pub(crate) struct Plan<'a> {
    template: &'a Template,
    validity: Validity,
    basic_constraints: Option<BasicConstraints>,
    signature: SignatureAlgorithm,
    /// What the caller is told.
    pub(crate) warnings: Vec<String>,
}

/// Holds a template against its issuer.
pub(crate) fn plan<'a>(
    cx: &WriteCx<'_>,
    signer: &SigningIssuer,
    decision: &'a Decision,
) -> Result<Plan<'a>, Error> {
    let template = &decision.template;
    let (validity, cut) = validity::for_template(template, &signer.issuer.limits(), cx.now)?;
    let basic_constraints = match template.authority {
        Authority::Unsaid => None,
        Authority::Leaf => Some(BasicConstraints::Leaf),
        Authority::Ca(asked) => Some(BasicConstraints::Ca(issue::path_len(signer, asked)?)),
    };
    let Decision { signature_bits, use_pss, .. } = *decision;
    key::signature_bits_allowed(signature_bits)?;
    let signature =
        SignatureAlgorithm::for_issuing(signer.key.spec(), signature_bits, use_pss, false);
    let mut warnings = decision.warnings.clone();
    warnings.extend(cut.as_ref().map(Warning::to_string));
    Ok(Plan { template, validity, basic_constraints, signature, warnings })
}

/// Makes and signs the certificate for a key. Nothing is recorded yet.
pub(crate) fn certify(
    cx: &mut WriteCx<'_>,
    signer: &SigningIssuer,
    plan: &Plan<'_>,
    public_key: &PublicKey,
) -> Result<Certificate, Error> {
    let template = plan.template;
    let mut profile = Profile {
        key_usage: template.key_usage,
        ext_key_usage: template.ext_key_usage.clone(),
        basic_constraints: plan.basic_constraints,
        names_are_critical: template.subject.to_name().is_empty(),
        subject_alt_names: template.sans.clone(),
        policies: template.policies.clone(),
        name_constraints: template.name_constraints.clone(),
        ..issue::profile_under(&cx.reading(), signer, public_key)?
    };
    if let Some(identifier) = &template.subject_key_id {
        profile.subject_key_identifier.clone_from(identifier);
    }
    let subject = template.subject.to_name();
    let key = public_key.clone();
    let mut draft = issue::draft(subject, key, plan.validity, plan.signature, &profile)?;
    draft.extensions.extend(template.extensions.iter().cloned());
    issue::sign(cx, signer, draft)
}

/// How a certificate is kept.
pub(crate) struct Kept<'a> {
    pub(crate) role: &'a str,
    /// The path that was asked, for the name of a lease.
    pub(crate) path: &'a str,
    pub(crate) decision: &'a Decision,
}

/// Records a certificate and puts a lease on it, as the program wants.
pub(crate) fn finish(
    cx: &mut WriteCx<'_>,
    signer: &SigningIssuer,
    certificate: &Certificate,
    kept: &Kept<'_>,
    mut reply: Reply<IssuedCertificate>,
) -> Reply<IssuedCertificate> {
    let Decision { no_store, generate_lease, .. } = *kept.decision;
    issue::keep(cx, signer, certificate, kept.role, !no_store);
    if !generate_lease {
        return reply;
    }
    if no_store {
        // A lease that ends revokes what is on record.
        return reply.warn(Some("generate_lease has no effect on what is not stored"));
    }
    let (lease, capped) = leases::grant(cx, kept.path, certificate);
    reply.lease = Some(lease);
    reply.warn(capped)
}
