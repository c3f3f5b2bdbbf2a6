//! `sign-verbatim`: a certificate that says what its request says, short of being a CA.

use super::issue::{finish, request_path};
use super::parameters::{
    JksParameters, METADATA, Pkcs12Parameters, ValidityParameters, check_csr_signature_after, csr,
    csr_names,
};
use super::roles;
use super::sign::basic_constraints_warning;
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::issue::{self, Delivery, Draft, IssuedCertificate};
use crate::ca::issuers;
use crate::ca::packaging::Packaging;
use crate::ca::profile::{self, BasicConstraints, Profile};
use crate::ca::verbatim;
use crate::crypto::signature::SignatureAlgorithm;
use crate::error::Error;
use crate::fields;
use crate::policy::decide::{NameRequest, names_and_validity, names_for_verbatim};
use crate::policy::{key, usage, validity};
use crate::x509::usage::KeyUsage;

/// `sign-verbatim` without a role.
pub const BARE: Path = Path {
    patterns: &["sign-verbatim"],
    access: Access::Token,
    synopsis: "Sign a request (CSR) as it stands.",
    description: DESCRIPTION,
    ops: &[Op::write::<SignVerbatim>().taking_from_path(&["role"]).refusing(METADATA)],
};

/// `sign-verbatim` under a role or an issuer.
pub const PATH: Path = Path {
    patterns: &[
        "sign-verbatim/:role",
        "issuer/:issuer_ref/sign-verbatim",
        "issuer/:issuer_ref/sign-verbatim/:role",
    ],
    access: Access::Token,
    synopsis: "Sign a request (CSR) as it stands, with the lifetimes of a role.",
    description: DESCRIPTION,
    ops: &[Op::write::<SignVerbatim>()
        .taking_from_path(&["role", "issuer_ref"])
        .refusing(METADATA)],
};

const DESCRIPTION: &str = "Subject, names and extensions are taken from the request, whatever they are. Never taken\nare what makes a CA and what the issuer says about itself: basic constraints, authority key\nidentifier, authority information access and CRL distribution points. Give access to this\nonly to those who may have any certificate.";

fields! {
    /// Asks for a certificate that says what its request says.
    #[derive(Clone, Debug)]
    pub struct SignVerbatim {
        ..validity: ValidityParameters,
        ..pkcs12: Pkcs12Parameters,
        ..jks: JksParameters,
        /// The request, in PEM.
        csr: String = "",
        /// Name of a role: its lifetimes, its issuer, and whether it keeps what it issues.
        role: Option<String>,
        /// Issuer that signs.
        issuer_ref: Option<String>,
        /// `pem`, `der` (in base64), or with the chain: `pem_bundle`, `pkcs12_bundle` or
        /// `jks_bundle` (both in base64).
        format: String = "pem",
        /// Accepted for what other endpoints take; no key is handed over here.
        private_key_format: String = "der",
        /// Names of other kinds, each as `OID;UTF8:value`; added to those of the request.
        other_sans: Vec<String> = "",
        /// Key usages, if the request names none.
        key_usage: Vec<String> = "DigitalSignature,KeyAgreement,KeyEncipherment",
        /// Extended key usages, if the request names none.
        ext_key_usage: Vec<String> = "",
        /// Extended key usages as OIDs, if the request names none.
        ext_key_usage_oids: Vec<String> = "",
        /// The size of the hash that is signed.
        signature_bits: i64 = "0",
        /// Whether an RSA issuer signs with PSS.
        use_pss: bool = "false",
        /// Whether the certificate says that it is no CA; as the role says when it is not given.
        basic_constraints_valid_for_non_ca: Option<bool>,
        /// Whether self-signed certificates are left out of the chain.
        remove_roots_from_chain: bool = "false",
        /// Has no effect: the request says it.
        common_name: String = "",
        /// Has no effect: the request says it.
        alt_names: String = "",
        /// Has no effect: the request says it.
        ip_sans: Vec<String> = "",
        /// Has no effect: the request says it.
        uri_sans: Vec<String> = "",
        /// Has no effect: the request says it.
        serial_number: String = "",
        /// Has no effect: the request says it.
        user_ids: Vec<String> = "",
        /// Whether the common name need not be fit for an alternative name. It becomes none either
        /// way.
        exclude_cn_from_sans: bool = "false",
    }
}

impl Command for SignVerbatim {
    type Reply = IssuedCertificate;
    const READS_SETTINGS_ONLY: bool = true;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuedCertificate>, Error> {
        let role = self.role.as_ref().map(|name| roles::load(&cx.tx, name)).transpose()?;
        let reference = self.issuer_ref.as_deref().or(role.as_ref().map(|r| r.issuer_ref.as_str()));
        let signer = issuers::for_issuing(&cx.reading(), reference.unwrap_or("default"))?;
        let packaging = Packaging::for_issuing(&self.format, &self.pkcs12, &self.jks)?;
        issue::key_form(&self.private_key_format)?;
        let csr = csr(&self.csr)?;
        key::csr_key_allowed(&key::KeyPolicy::Any, csr.public_key().spec())?;
        let names = names_for_verbatim(&self.names(), &csr_names(&csr));
        let validity = validity::for_verbatim(
            role.as_ref(),
            &cx.mount.ttls(),
            &signer.issuer.limits(),
            &self.validity.request(),
            cx.now,
        );
        let decided = names_and_validity(names, validity);
        check_csr_signature_after(&csr, &decided)?;
        let ((names, name_warnings), validity, ttl_warnings) = decided?;
        let as_role = role.as_ref().is_some_and(|role| role.basic_constraints_valid_for_non_ca);
        let says_it_is_no_ca = self.basic_constraints_valid_for_non_ca.unwrap_or(as_role);
        let profile = Profile {
            key_usage: KeyUsage::from_names(self.key_usage.iter().map(String::as_str)),
            ext_key_usage: usage::ext_key_usages(&self.ext_key_usage, &self.ext_key_usage_oids)?,
            basic_constraints: says_it_is_no_ca.then_some(BasicConstraints::Leaf),
            ..issue::profile_under(&cx.reading(), &signer, csr.public_key())?
        };
        let own = profile::extensions(&profile)?;
        let (extensions, override_warnings) =
            verbatim::merge(own, csr.extensions(), names.as_ref())?;
        let draft = Draft {
            subject: csr.subject().clone(),
            public_key: csr.public_key().clone(),
            validity,
            extensions,
            signature: SignatureAlgorithm::for_issuing(
                signer.key.spec(),
                self.signature_bits,
                self.use_pss,
                true,
            ),
        };
        let certificate = issue::sign(cx, &signer, draft)?;
        let delivery = Delivery {
            packaging,
            key: None,
            remove_roots_from_chain: self.remove_roots_from_chain,
            now: cx.now,
        };
        let issued = issue::deliver(&signer, &certificate, &delivery)?;
        let reply = Reply::from(issued)
            .warn(name_warnings)
            .warn(ttl_warnings)
            .warn(basic_constraints_warning(&csr, says_it_is_no_ca))
            .warn(override_warnings);
        let path = request_path(self.issuer_ref.as_deref(), "sign-verbatim", self.role.as_deref());
        let name = self.role.clone().unwrap_or_default();
        Ok(finish(cx, &signer, role.as_ref(), &name, &certificate, &path, reply))
    }
}

impl SignVerbatim {
    /// Of the names that can be sent, only those of other kinds have an effect.
    fn names(&self) -> NameRequest {
        NameRequest {
            common_name: self.common_name.clone(),
            alt_names: self.alt_names.clone(),
            ip_sans: Vec::new(),
            uri_sans: Vec::new(),
            other_sans: self.other_sans.clone(),
            serial_number: String::new(),
            user_ids: Vec::new(),
            exclude_cn_from_sans: self.exclude_cn_from_sans,
        }
    }
}
