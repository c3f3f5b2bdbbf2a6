//! `sign/:role`: a certificate for a key that stays with its owner, under a role.

use super::issue::{finish, leaf_profile, request_path};
use super::parameters::{
    DeliveryParameters, JksParameters, METADATA, NameParameters, Pkcs12Parameters,
    ValidityParameters, check_csr_signature_after, csr, csr_names,
};
use super::roles;
use crate::api::endpoint::{Access, Check, Command, Op, Path, ReadCx, Reply, WriteCx};
use crate::ca::issue::{self, Delivery, Draft, IssuedCertificate};
use crate::ca::issuers::{self, SigningIssuer};
use crate::ca::packaging::Packaging;
use crate::crypto::signature::SignatureAlgorithm;
use crate::error::Error;
use crate::fields;
use crate::policy::decide::{names_and_validity, names_for_sign};
use crate::policy::role::Role;
use crate::policy::{key, validity};

/// `sign/:role`.
pub const PATH: Path = Path {
    patterns: &["sign/:role", "issuer/:issuer_ref/sign/:role"],
    access: Access::Token,
    synopsis: "Sign a certificate for a request (CSR) under a role.",
    description: "The role decides which names are taken from the request and which from the parameters.\nEverything else in the request but its key is left out.",
    ops: &[Op::write::<Sign>().taking_from_path(&["issuer_ref"]).refusing(METADATA)],
};

fields! {
    /// Asks for a certificate for a key.
    #[derive(Clone, Debug)]
    pub struct Sign {
        ..names: NameParameters,
        ..validity: ValidityParameters,
        ..delivery: DeliveryParameters,
        ..pkcs12: Pkcs12Parameters,
        ..jks: JksParameters,
        /// Name of the role whose policy applies.
        role: String,
        /// Issuer that signs; the role's own when the path names none.
        issuer_ref: Option<String>,
        /// The request, in PEM.
        csr: String = "",
        /// Whether self-signed certificates are left out of the chain.
        remove_roots_from_chain: bool = "false",
    }
}

impl Sign {
    /// A certificate for a request in PEM under a role.
    pub fn under(role: impl Into<String>, csr: impl Into<String>) -> Self {
        Self { role: role.into(), csr: csr.into(), ..Self::default() }
    }
}

impl Command for Sign {
    type Reply = IssuedCertificate;
    const READS_SETTINGS_ONLY: bool = true;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuedCertificate>, Error> {
        let Decided { role, signer, packaging, draft, warnings } = self.decide(&cx.reading())?;
        let certificate = issue::sign(cx, &signer, draft)?;
        let delivery = Delivery {
            packaging,
            key: None,
            remove_roots_from_chain: self.remove_roots_from_chain,
            now: cx.now,
        };
        let issued = issue::deliver(&signer, &certificate, &delivery)?;
        let path = request_path(self.issuer_ref.as_deref(), "sign", Some(&self.role));
        let reply = Reply::from(issued).warn(warnings);
        Ok(finish(cx, &signer, Some(&role), &self.role, &certificate, &path, reply))
    }
}

impl Check for Sign {
    fn check(&self, cx: &ReadCx<'_>) -> Result<(), Error> {
        let decided = self.decide(cx)?;
        issue::check(&decided.signer, decided.draft)
    }
}

/// All that is decided before anything is signed.
struct Decided {
    role: Role,
    signer: SigningIssuer,
    packaging: Packaging,
    draft: Draft,
    warnings: Vec<String>,
}

impl Sign {
    fn decide(&self, cx: &ReadCx<'_>) -> Result<Decided, Error> {
        let role = roles::load(cx.view, &self.role)?;
        let reference = self.issuer_ref.as_ref().unwrap_or(&role.issuer_ref);
        let signer = issuers::for_issuing(cx, reference)?;
        let packaging = Packaging::for_issuing(&self.delivery.format, &self.pkcs12, &self.jks)?;
        issue::key_form(&self.delivery.private_key_format)?;
        let csr = csr(&self.csr)?;
        key::csr_key_allowed(&role.key_policy(), csr.public_key().spec())?;
        let names = names_for_sign(&role, &self.names.request(), &csr_names(&csr));
        let validity = validity::for_leaf(
            &role,
            &cx.mount.ttls(),
            &signer.issuer.limits(),
            &self.validity.request(),
            validity::NotBefore::Parsed,
            cx.now,
        );
        let decided = names_and_validity(names, validity);
        check_csr_signature_after(&csr, &decided)?;
        let ((names, name_warnings), validity, ttl_warnings) = decided?;
        let profile = leaf_profile(cx, &signer, &role, &names, csr.public_key())?;
        let spec = signer.key.spec();
        let signature =
            SignatureAlgorithm::for_issuing(spec, role.signature_bits, role.use_pss, true);
        let public_key = csr.public_key().clone();
        let subject = names.subject.to_name();
        let draft = issue::draft(subject, public_key, validity, signature, &profile)?;
        let replaced = basic_constraints_warning(&csr, role.basic_constraints_valid_for_non_ca);
        let warnings = name_warnings.iter().chain(&ttl_warnings).map(ToString::to_string);
        let warnings = warnings.chain(replaced.map(str::to_owned)).collect();
        Ok(Decided { role, signer, packaging, draft, warnings })
    }
}

/// A request cannot make itself a CA; it is told so.
pub(crate) fn basic_constraints_warning(
    csr: &crate::x509::csr::CertificationRequest,
    is_replaced: bool,
) -> Option<&'static str> {
    let asked = csr
        .extensions()
        .iter()
        .any(|extension| extension.oid == crate::x509::oid::BASIC_CONSTRAINTS);
    (asked && !is_replaced).then_some(
        "specified CSR contained a Basic Constraints extension that was ignored during issuance",
    )
}
