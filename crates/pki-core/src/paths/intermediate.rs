//! `intermediate/generate/:exported`: the key of a CA, and a request to have it signed elsewhere.

use std::fmt;

use super::parameters::{
    CaNameParameters, DeliveryParameters, KeyParameters, MANAGED_KEYS, SecretText,
    SubjectParameters, ValidityParameters,
};
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::aia;
use crate::ca::ca_key::{self, CaKey, KeySource};
use crate::ca::issue::{self, Format};
use crate::crypto::key::{PrivateKey, PrivateKeyForm};
use crate::crypto::signature::SignatureAlgorithm;
use crate::error::Error;
use crate::field::Seconds;
use crate::fields;
use crate::policy::decide::{ApprovedNames, names_for_ca};
use crate::policy::{Warning, validity};
use crate::x509::csr::{TbsCertificationRequest, sign_csr};
use crate::x509::extension;
use crate::x509::pem;
use crate::x509::usage::KeyUsage;

/// `intermediate/generate/:exported`.
pub const PATH: Path = Path {
    patterns: &["intermediate/generate/:exported", "issuers/generate/intermediate/:exported"],
    access: Access::Token,
    synopsis: "Make the key of an intermediate CA and a request (CSR) for it.",
    description: "Have the request signed by another CA (`root/sign-intermediate`) and bring the certificate\nback with `intermediate/set-signed`. The private key is returned only for `exported`, and\nonly now.",
    ops: &[Op::write::<GenerateIntermediate>().tolerating(&["not_before"]).refusing(MANAGED_KEYS)],
};

/// `intermediate/cross-sign`.
pub const CROSS_SIGN: Path = Path {
    patterns: &["intermediate/cross-sign"],
    access: Access::Token,
    synopsis: "Make a request (CSR) for a key that is already here.",
    description: "As `intermediate/generate/existing`.",
    ops: &[Op::write::<CrossSign>().tolerating(&["exported", "not_before"]).refusing(MANAGED_KEYS)],
};

fields! {
    /// Asks for a key and a request for it.
    #[derive(Clone, Debug)]
    pub struct GenerateIntermediate {
        ..request: RequestParameters,
        /// `internal`, `exported`, `existing` or `kms`: where the key comes from, and whether it
        /// is returned.
        exported: String,
    }
}

fields! {
    /// Asks for a request for a key that is there.
    #[derive(Clone, Debug)]
    pub struct CrossSign {
        ..request: RequestParameters,
    }
}

fields! {
    /// What goes into the request.
    #[derive(Clone, Debug)]
    pub struct RequestParameters {
        ..names: CaNameParameters,
        ..subject: SubjectParameters,
        ..delivery: DeliveryParameters,
        ..key: KeyParameters,
        /// A lifetime; a request has none, but it is checked as if it had.
        ttl: Option<Seconds>,
        /// An end, as RFC 3339 text; checked only.
        not_after: Option<String>,
        /// How far a beginning would lie before now; checked only.
        not_before_duration: Option<Seconds>,
        /// Key usages that the request asks for, by name; none when it is not given.
        key_usage: Vec<String> = "",
        /// Whether the request asks for a CA. Most CAs decide that themselves.
        add_basic_constraints: bool = "false",
    }
}

fields! {
    /// A request to be signed.
    pub struct NewRequest {
        /// The request.
        csr: String,
        /// Identifier of the key.
        key_id: String,
        /// The private key, when it was asked for.
        private_key: Option<SecretText>,
        /// `rsa`, `ec` or `ed25519`.
        private_key_type: Option<String>,
    }
}

/// A bundle holds the private key, so only what cannot be one is shown.
impl fmt::Debug for NewRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewRequest").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Command for GenerateIntermediate {
    type Reply = NewRequest;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<NewRequest>, Error> {
        self.request.generate(cx, ca_key::source(&self.exported, &self.request.key)?)
    }
}

impl Command for CrossSign {
    type Reply = NewRequest;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<NewRequest>, Error> {
        self.request.generate(cx, ca_key::source("existing", &self.request.key)?)
    }
}

impl RequestParameters {
    fn generate(
        &self,
        cx: &mut WriteCx<'_>,
        source: KeySource,
    ) -> Result<Reply<NewRequest>, Error> {
        let format = Format::for_issuing(&self.delivery.format)?;
        let form = issue::key_form(&self.delivery.private_key_format)?;
        let plan = ca_key::plan(cx, source, &self.key, || Ok(()))?;
        let names = names_for_ca(&self.names.request(), &self.subject.subject(), None)?;
        let ttl_warnings = self.lifetime_warnings(cx)?;
        let key = ca_key::obtain(cx, plan, self.key.key_name.as_deref())?;
        let der = self.sign(&key, &names)?;
        let shown_key = (source == KeySource::Exported).then_some(&*key.private);
        let private_key = shown_key.map(|key| key.encode(form)).transpose()?;
        let reply = NewRequest {
            csr: write_request(format, shown_key, &der)?,
            key_id: key.record.id.to_string(),
            private_key: private_key.map(|encoded| format.key(&encoded)),
            private_key_type: shown_key.map(|key| key.spec().type_name().to_owned()),
        };
        let silent = aia::is_silent(&aia::of_mount(&cx.tx)?).then(|| {
            format!("{} Since this certificate is an intermediate, it might be useful to regenerate this certificate after fixing this problem for the root mount.", aia::SILENT)
        });
        Ok(Reply::from(reply).warn(silent).warn(ttl_warnings))
    }

    fn lifetime_warnings(&self, cx: &WriteCx<'_>) -> Result<Vec<Warning>, Error> {
        let asked = ValidityParameters {
            ttl: self.ttl,
            not_after: self.not_after.clone(),
            not_before: None,
        };
        Ok(validity::for_csr(&cx.mount.ttls(), &asked.request(), cx.now)?)
    }

    /// The request, signed with the key it is for.
    fn sign(&self, key: &CaKey, names: &ApprovedNames) -> Result<Vec<u8>, Error> {
        let mut extensions = Vec::new();
        if !names.sans.is_empty() {
            extensions.push(extension::subject_alt_name(&names.sans, false)?);
        }
        let usage = KeyUsage::from_names(self.key_usage.iter().map(String::as_str));
        if !usage.is_empty() {
            extensions.push(extension::key_usage(usage));
        }
        if self.add_basic_constraints {
            extensions.push(extension::basic_constraints_ca(None));
        }
        let signature = SignatureAlgorithm::for_issuing(
            key.private.spec(),
            self.key.signature_bits,
            self.key.use_pss,
            false,
        );
        let subject = names.subject.to_name();
        let public_key = key.private.public_key().clone();
        let tbs = TbsCertificationRequest { subject, public_key, extensions, signature };
        Ok(sign_csr(&tbs, &key.private)?)
    }
}

/// The request as it is answered; in a bundle, after its key if that is shown.
fn write_request(format: Format, key: Option<&PrivateKey>, der: &[u8]) -> Result<String, Error> {
    let request = format.write("CERTIFICATE REQUEST", der);
    match (format, key) {
        (Format::PemBundle, Some(key)) => {
            let key = key.encode(PrivateKeyForm::Traditional)?;
            Ok(format!("{}\n{request}", pem::encode(key.label, key.der.expose())))
        }
        _ => Ok(request),
    }
}
