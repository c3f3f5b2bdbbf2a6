//! `cel/issue/:role`: a new key and a certificate for it, under a CEL role.

use super::cel_parameters::{AllOf, CelParameters};
use super::cel_roles;
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::issue::{self, Delivery, Format, IssuedCertificate};
use crate::ca::issuers;
use crate::ca::packaging::Packaging;
use crate::ca::templates::{self, Kept};
use crate::crypto::key::{PrivateKey, PrivateKeyForm};
use crate::error::Error;
use crate::fields;
use crate::policy::cel::{Decision, Inputs};
use crate::policy::key;

/// `cel/issue/:role`.
pub const PATH: Path = Path {
    patterns: &["cel/issue/:role"],
    access: Access::Token,
    synopsis: "Issue a certificate and its private key under a CEL role.",
    description: "Every parameter, also one that is not listed, reaches the role's program as a member of\n`request`. The program gives the certificate, or refuses. The private key is returned once\nand kept nowhere.",
    ops: &[Op::write::<CelIssue>().taking_anything()],
};

fields! {
    /// What is declared of a request for a key and a certificate for it.
    #[derive(Clone, Debug)]
    pub struct CelIssueParameters {
        ..common: CelParameters,
        /// For the program to look at: `rsa`, `ec`, `ed25519` or `mldsa`.
        key_type: String = "",
        /// For the program to look at: the size of the key.
        key_bits: i64 = "0",
    }
}

/// Asks for a key and a certificate for it.
pub type CelIssue = AllOf<CelIssueParameters>;

impl Command for CelIssue {
    type Reply = IssuedCertificate;
    const READS_SETTINGS_ONLY: bool = true;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuedCertificate>, Error> {
        let CelParameters { role, remove_roots_from_chain, .. } = &self.declared.common;
        let program = cel_roles::load(&cx.tx, role)?.check()?;
        let inputs = Inputs { request: &self.request, now: cx.now, csr: None };
        let decision = program.decide(&inputs)?;
        self.declared.common.check()?;
        let spec = key_spec(&decision)?;
        let signer = issuers::for_issuing(&cx.reading(), decision.issuer())?;
        // Whatever a key would not change is looked at before one is made.
        let plan = templates::plan(cx, &signer, &decision)?;
        let key = PrivateKey::generate(spec)?;
        let certificate = templates::certify(cx, &signer, &plan, key.public_key())?;
        let delivery = Delivery {
            packaging: Packaging::Text(Format::Pem),
            key: Some((&key, PrivateKeyForm::Traditional)),
            remove_roots_from_chain: *remove_roots_from_chain,
            now: cx.now,
        };
        let reply = Reply::from(issue::deliver(&signer, &certificate, &delivery)?);
        let kept = Kept { role, path: &format!("cel/issue/{role}"), decision: &decision };
        Ok(templates::finish(cx, &signer, &certificate, &kept, reply.warn(plan.warnings)))
    }
}

fn key_spec(decision: &Decision) -> Result<crate::crypto::key::KeySpec, Error> {
    let key_type = Some(decision.key_type.as_str()).filter(|text| !text.is_empty());
    key::key_spec(key_type.unwrap_or("rsa"), decision.key_bits).map_err(|violation| {
        Error::refused(format!(
            "invalid cel response for key type, key bits, or signature bits: {violation}"
        ))
    })
}
