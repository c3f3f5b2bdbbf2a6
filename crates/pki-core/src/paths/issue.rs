//! `issue/:role`: a new key and a certificate for it, under a role.

use super::parameters::{
    DeliveryParameters, JksParameters, NameParameters, Pkcs12Parameters, ValidityParameters,
};
use super::roles;
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
pub use crate::ca::issue::IssuedCertificate;
use crate::ca::issue::{self, Delivery};
use crate::ca::issuers::{self, SigningIssuer};
use crate::ca::leases;
use crate::ca::packaging::Packaging;
use crate::ca::profile::{BasicConstraints, Profile};
use crate::crypto::key::PrivateKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::error::Error;
use crate::fields;
use crate::policy::decide::{ApprovedNames, names_and_validity, names_for_issue};
use crate::policy::role::Role;
use crate::policy::{key, usage, validity};
use crate::x509::certificate::Certificate;

/// `issue/:role`.
pub const PATH: Path = Path {
    patterns: &["issue/:role", "issuer/:issuer_ref/issue/:role"],
    access: Access::Token,
    synopsis: "Issue a certificate and its private key under a role.",
    description: "The private key is returned once and kept nowhere. Names and lifetime must fit the role;\na lifetime beyond the role's is cut with a warning.",
    ops: &[Op::write::<Issue>().taking_from_path(&["issuer_ref"])],
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
        key_type: String = "",
        /// Under a role that leaves it open: the size of the key; 0 picks the usual one.
        key_bits: i64 = "0",
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

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuedCertificate>, Error> {
        let role = roles::load(&cx.tx, &self.role)?;
        let (spec, key_warning) = key::issue_key(&role, &self.key_type, self.key_bits)?;
        let reference = self.issuer_ref.as_ref().unwrap_or(&role.issuer_ref);
        let signer = issuers::for_issuing(&cx.reading(), reference)?;
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
        let (names, validity, ttl_warnings) = names_and_validity(names, validity)?;
        let key = PrivateKey::generate(spec)?;
        let profile = leaf_profile(cx, &signer, &role, &names, key.public_key())?;
        let signature = SignatureAlgorithm::for_issuing(
            signer.key.spec(),
            role.signature_bits,
            role.use_pss,
            false,
        );
        let subject = names.subject.to_name();
        let public_key = key.public_key().clone();
        let draft = issue::draft(subject, public_key, validity, signature, &profile)?;
        let certificate = issue::sign(cx, &signer, draft)?;
        let delivery = Delivery {
            packaging,
            key: Some((&key, form)),
            remove_roots_from_chain: self.remove_roots_from_chain,
            now: cx.now,
        };
        let issued = issue::deliver(&signer, &certificate, &delivery)?;
        let path = request_path(self.issuer_ref.as_deref(), "issue", Some(&self.role));
        let reply = Reply::from(issued).warn(ttl_warnings).warn(key_warning);
        Ok(finish(cx, &signer, Some(&role), &self.role, &certificate, &path, reply))
    }
}

/// What a leaf under a role says besides its names.
pub(crate) fn leaf_profile(
    cx: &WriteCx<'_>,
    signer: &SigningIssuer,
    role: &Role,
    names: &ApprovedNames,
    subject_key: &crate::crypto::key::PublicKey,
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
        ..issue::profile_under(&cx.reading(), signer, subject_key)?
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
