//! `cel/sign/:role`: a certificate for a key that stays with its owner, under a CEL role.

use super::cel_parameters::{AllOf, CelParameters};
use super::cel_roles;
use super::parameters::{SecretText, check_csr_signature};
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::issue::{self, Delivery, Format, IssuedCertificate};
use crate::ca::issuers;
use crate::ca::packaging::Packaging;
use crate::ca::templates::{self, Kept};
use crate::error::Error;
use crate::fields;
use crate::policy::cel::Inputs;
use crate::policy::key;
use crate::x509::csr::CertificationRequest;

/// `cel/sign/:role`.
pub const PATH: Path = Path {
    patterns: &["cel/sign/:role"],
    access: Access::Token,
    synopsis: "Sign a certificate for a request (CSR) under a CEL role.",
    description: "Every parameter, also one that is not listed, reaches the role's program as a member of\n`request`, and the CSR as `parsed_csr`. The program gives the certificate, or refuses; only\nthe key is taken from the CSR.",
    ops: &[Op::write::<CelSign>().taking_anything()],
};

fields! {
    /// What is declared of a request for a certificate for a key.
    #[derive(Clone, Debug)]
    pub struct CelSignParameters {
        ..common: CelParameters,
        /// The request, in PEM.
        csr: String = "",
    }
}

/// Asks for a certificate for a key.
pub type CelSign = AllOf<CelSignParameters>;

impl Command for CelSign {
    type Reply = IssuedCertificate;
    const READS_SETTINGS_ONLY: bool = true;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuedCertificate>, Error> {
        let CelParameters { role, remove_roots_from_chain, .. } = &self.declared.common;
        let program = cel_roles::load(&cx.tx, role)?.check()?;
        let csr = self.csr()?;
        let inputs = Inputs { request: &self.request, now: cx.now, csr: Some(csr.as_ref()) };
        let decision = program.decide(&inputs)?;
        self.declared.common.check()?;
        // A program may refuse without a CSR; it cannot give a certificate without one.
        let csr = csr.ok_or_else(|| Error::refused("csr contains no data"))?;
        let signer = issuers::for_issuing(&cx.reading(), decision.issuer())?;
        let plan = templates::plan(cx, &signer, &decision)?;
        let certificate = templates::certify(cx, &signer, &plan, csr.public_key())?;
        let delivery = Delivery {
            packaging: Packaging::Text(Format::Pem),
            key: None,
            remove_roots_from_chain: *remove_roots_from_chain,
            now: cx.now,
        };
        let mut issued = issue::deliver(&signer, &certificate, &delivery)?;
        // Clients of the reference find these here, and empty.
        issued.private_key = Some(SecretText::new(String::new()));
        issued.private_key_type = Some(String::new());
        let reply = Reply::from(issued).warn(plan.warnings);
        let kept = Kept { role, path: &format!("cel/sign/{role}"), decision: &decision };
        Ok(templates::finish(cx, &signer, &certificate, &kept, reply))
    }
}

impl CelSign {
    /// The CSR, if there is one: well-formed, of a key that is safe, and signed with it.
    fn csr(&self) -> Result<Option<CertificationRequest>, Error> {
        let text = &self.declared.csr;
        if text.is_empty() {
            return Ok(None);
        }
        let unreadable = || Error::refused("failed to parse CSR: invalid CSR format");
        let csr = CertificationRequest::from_pem(text).map_err(|_| unreadable())?;
        key::csr_key_allowed(&key::KeyPolicy::Any, csr.public_key().spec())?;
        check_csr_signature(&csr)?;
        Ok(Some(csr))
    }
}
