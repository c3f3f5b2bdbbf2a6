//! `issue/:role`: a new key and a certificate for it, under a role.

use super::parameters::{
    DeliveryParameters, JksParameters, METADATA, NameParameters, Pkcs12Parameters,
    ValidityParameters,
};
use super::roles;
use crate::api::endpoint::{Access, Check, Command, Op, Path, ReadCx, Reply, WriteCx};
pub use crate::ca::issue::IssuedCertificate;
use crate::ca::issue::{self, Delivery, Draft};
use crate::ca::issuers::{self, SigningIssuer};
use crate::ca::leases;
use crate::ca::packaging::Packaging;
use crate::ca::profile::{BasicConstraints, Profile};
use crate::crypto::key::{KeySpec, PrivateKey, PrivateKeyForm, PublicKey};
use crate::crypto::signature::SignatureAlgorithm;
use crate::error::Error;
use crate::fields;
use crate::policy::decide::{ApprovedNames, names_and_validity, names_for_issue};
use crate::policy::role::Role;
use crate::policy::validity::Validity;
use crate::policy::{Warning, key, usage, validity};
use crate::x509::certificate::Certificate;

/// `issue/:role`.
pub const PATH: Path = Path {
    patterns: &["issue/:role", "issuer/:issuer_ref/issue/:role"],
    access: Access::Token,
    synopsis: "Issue a certificate and its private key under a role.",
    description: "The private key is returned once and kept nowhere. Names and lifetime must fit the role;\na lifetime beyond the role's is cut with a warning.",
    ops: &[Op::write::<Issue>().taking_from_path(&["issuer_ref"]).refusing(METADATA)],
};

fields! {
    /// Asks for a key and a certificate for it.
    #[derive(Clone, Debug)]
    pub struct Issue {
        ..names: NameParameters,
        ..validity: ValidityParameters,
        ..delivery: DeliveryParameters,
        ..pkcs12: Pkcs12Parameters,
        ..jks: JksParameters,
        /// Name of the role whose policy applies.
        role: String,
        /// Issuer that signs; the role's own when the path names none.
        issuer_ref: Option<String>,
        /// Under a role that leaves it open: `rsa`, `ec`, `ed25519` or `mldsa`.
        key_type: Option<String>,
        /// Under a role that leaves it open: the size of the key; 0 picks the usual one.
        key_bits: Option<i64>,
        /// Whether self-signed certificates are left out of the chain.
        remove_roots_from_chain: bool = "false",
    }
}

impl Issue {
    /// A certificate for a name under a role, with all else left to the role.
    pub fn under(role: impl Into<String>, common_name: impl Into<String>) -> Self {
        let names = NameParameters { common_name: common_name.into(), ..Default::default() };
        Self { role: role.into(), names, ..Self::default() }
    }
}

impl Command for Issue {
    type Reply = IssuedCertificate;
    const READS_SETTINGS_ONLY: bool = true;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuedCertificate>, Error> {
        let decided = self.decide(&cx.reading())?;
        let key = PrivateKey::generate(decided.spec)?;
        let draft = decided.draft(&cx.reading(), key.public_key())?;
        let Decided { role, signer, packaging, form, warnings, key_warning, .. } = decided;
        let certificate = issue::sign(cx, &signer, draft)?;
        let delivery = Delivery {
            packaging,
            key: Some((&key, form)),
            remove_roots_from_chain: self.remove_roots_from_chain,
            now: cx.now,
        };
        let issued = issue::deliver(&signer, &certificate, &delivery)?;
        let path = request_path(self.issuer_ref.as_deref(), "issue", Some(&self.role));
        let reply = Reply::from(issued).warn(warnings).warn(key_warning);
        Ok(finish(cx, &signer, Some(&role), &self.role, &certificate, &path, reply))
    }
}

impl Check for Issue {
    fn check(&self, cx: &ReadCx<'_>) -> Result<(), Error> {
        let decided = self.decide(cx)?;
        // No rule looks at a key that would be made here, so the issuer's can stand in for it.
        let draft = decided.draft(cx, decided.signer.key.public_key())?;
        issue::check(&decided.signer, draft)
    }
}

/// All that is decided before a key is made.
struct Decided {
    role: Role,
    signer: SigningIssuer,
    spec: KeySpec,
    packaging: Packaging,
    form: PrivateKeyForm,
    names: ApprovedNames,
    validity: Validity,
    warnings: Vec<Warning>,
    key_warning: Option<Warning>,
}

impl Issue {
    fn decide(&self, cx: &ReadCx<'_>) -> Result<Decided, Error> {
        let role = roles::load(cx.view, &self.role)?;
        let key = key::issue_key(&role, self.key_type.as_deref(), self.key_bits);
        if let Err(violation) = &key
            && !violation.is_found_last()
        {
            return Err(violation.clone().into());
        }
        let reference = self.issuer_ref.as_ref().unwrap_or(&role.issuer_ref);
        let signer = issuers::for_issuing(cx, reference)?;
        let packaging = Packaging::for_issuing(&self.delivery.format, &self.pkcs12, &self.jks)?;
        let form = issue::key_form(&self.delivery.private_key_format)?;
        let names = names_for_issue(&role, &self.names.request());
        let validity = validity::for_leaf(
            &role,
            &cx.mount.ttls(),
            &signer.issuer.limits(),
            &self.validity.request(),
            validity::NotBefore::Honoured,
            cx.now,
        );
        let (names, validity, warnings) = names_and_validity(names, validity)?;
        let (spec, key_warning) = key?;
        Ok(Decided { role, signer, spec, packaging, form, names, validity, warnings, key_warning })
    }
}

impl Decided {
    /// The certificate for a key, but for what its issuer adds.
    fn draft(&self, cx: &ReadCx<'_>, key: &PublicKey) -> Result<Draft, Error> {
        let Self { role, signer, names, validity, .. } = self;
        let profile = leaf_profile(cx, signer, role, names, key)?;
        let spec = signer.key.spec();
        let signature =
            SignatureAlgorithm::for_issuing(spec, role.signature_bits, role.use_pss, false);
        issue::draft(names.subject.to_name(), key.clone(), *validity, signature, &profile)
    }
}

/// What a leaf under a role says besides its names.
pub(crate) fn leaf_profile(
    cx: &ReadCx<'_>,
    signer: &SigningIssuer,
    role: &Role,
    names: &ApprovedNames,
    subject_key: &PublicKey,
) -> Result<Profile, Error> {
    Ok(Profile {
        key_usage: usage::leaf_key_usage(role),
        ext_key_usage: usage::leaf_ext_key_usages(role)?,
        basic_constraints: role
            .basic_constraints_valid_for_non_ca
            .then_some(BasicConstraints::Leaf),
        names_are_critical: names.subject.to_name().is_empty(),
        subject_alt_names: names.sans.clone(),
        policies: role.policy_identifiers.policies()?,
        policies_come_late: role.policy_identifiers.has_objects(),
        ..issue::profile_under(cx, signer, subject_key)?
    })
}

/// The path that was asked, for the name of a lease.
pub(crate) fn request_path(issuer_ref: Option<&str>, verb: &str, role: Option<&str>) -> String {
    let mut path = issuer_ref.map_or_else(String::new, |issuer| format!("issuer/{issuer}/"));
    path += verb;
    match role {
        Some(role) => format!("{path}/{role}"),
        None => path,
    }
}

/// Records a leaf and puts a lease on it, as the role wants.
pub(crate) fn finish(
    cx: &mut WriteCx<'_>,
    signer: &SigningIssuer,
    role: Option<&Role>,
    role_name: &str,
    certificate: &Certificate,
    path: &str,
    mut reply: Reply<IssuedCertificate>,
) -> Reply<IssuedCertificate> {
    let is_kept = !role.is_some_and(|role| role.no_store);
    issue::keep(cx, signer, certificate, role_name, is_kept);
    if is_kept && role.is_some_and(|role| role.generate_lease) {
        let (lease, capped) = leases::grant(cx, path, certificate);
        reply.lease = Some(lease);
        reply = reply.warn(capped);
    }
    reply
}
