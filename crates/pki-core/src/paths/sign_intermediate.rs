//! `root/sign-intermediate`: a certificate for a CA below an issuer.

use super::parameters::{
    CaNameParameters, JksParameters, NameConstraintParameters, Pkcs12Parameters, SubjectParameters,
    ValidityParameters, check_csr_signature_after, csr, csr_names,
};
use super::root::{NO_SUBJECT, path_length};
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::issue::{self, Draft, IssuedCertificate};
use crate::ca::issuers::{self, SigningIssuer};
use crate::ca::packaging::{Contents, Packaging};
use crate::ca::profile::{self, BasicConstraints, Profile};
use crate::ca::{aia, certs, verbatim};
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::hex;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::field::Seconds;
use crate::fields;
use crate::policy::decide::{names_and_validity, names_for_ca, with_other_names};
use crate::policy::{Warning, key, usage, validity};
use crate::x509::certificate::Certificate;
use crate::x509::csr::CertificationRequest;
use crate::x509::name::DistinguishedName;

/// `root/sign-intermediate`.
pub const PATH: Path = Path {
    patterns: &["root/sign-intermediate", "issuer/:issuer_ref/sign-intermediate"],
    access: Access::Token,
    synopsis: "Sign the request (CSR) of an intermediate CA.",
    description: "The subject is taken from the parameters, or, with `use_csr_values`, subject and extensions\nfrom the request. What makes it a CA is always ours. The certificate does not outlive its\nissuer: it is cut to the issuer's end with a warning, or refused if that is wanted.",
    ops: &[Op::write::<SignIntermediate>().tolerating(&["issuer_name"])],
};

fields! {
    /// Asks for a certificate for a CA.
    #[derive(Clone, Debug)]
    pub struct SignIntermediate {
        ..names: CaNameParameters,
        ..subject: SubjectParameters,
        ..validity: ValidityParameters,
        ..name_constraints: NameConstraintParameters,
        ..pkcs12: Pkcs12Parameters,
        ..jks: JksParameters,
        /// The request, in PEM.
        csr: String = "",
        /// Whether subject and extensions are taken from the request.
        use_csr_values: bool = "false",
        /// Issuer that signs.
        issuer_ref: String = "default",
        /// `pem`, `der` (in base64), or with the chain: `pem_bundle`, `pkcs12_bundle` or
        /// `jks_bundle` (both in base64).
        format: String = "pem",
        /// Accepted for what other endpoints take; no key is handed over here.
        private_key_format: String = "der",
        /// How far the beginning lies before now.
        not_before_duration: Seconds = "30",
        /// How many intermediates may stand below this CA; what the issuer allows when absent.
        max_path_length: Option<i64>,
        /// The subject key identifier in hexadecimal, if it is not to be computed.
        skid: String = "",
        /// DigitalSignature can be added to what every CA has.
        key_usage: Vec<String> = "CertSign,CRLSign",
        /// Extended key usages.
        ext_key_usage: Vec<String> = "",
        /// Extended key usages as OIDs.
        ext_key_usage_oids: Vec<String> = "",
        /// The size of the hash that is signed.
        signature_bits: i64 = "0",
        /// Whether an RSA issuer signs with PSS.
        use_pss: bool = "false",
        /// Whether a lifetime beyond the issuer's is treated as the issuer wants for leaves,
        /// instead of being cut.
        enforce_leaf_not_after_behavior: bool = "false",
    }
}

impl Command for SignIntermediate {
    type Reply = IssuedCertificate;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<IssuedCertificate>, Error> {
        let packaging =
            Packaging::parse(&self.format, &self.pkcs12, &self.jks)?.ok_or_else(|| {
                Error::refused("The \"format\" path parameter must be \"pem\" or \"der\"")
            })?;
        let signer = issuers::for_issuing(&cx.reading(), &self.issuer_ref)?;
        let csr = csr(&self.csr)?;
        key::csr_key_allowed(&key::KeyPolicy::Any, csr.public_key().spec())?;
        let requested = csr_names(&csr);
        let names = names_for_ca(&self.names.request(), &self.subject.subject(), Some(&requested));
        let validity = validity::for_intermediate(
            &cx.mount.ttls(),
            &signer.issuer.limits(),
            &self.validity.request(),
            self.not_before_duration,
            self.enforce_leaf_not_after_behavior,
            cx.now,
        );
        let decided = names_and_validity(names, validity);
        let identifier = match &decided {
            Err(violation) if !violation.is_found_last() => None,
            _ => self.subject_key_identifier()?,
        };
        check_csr_signature_after(&csr, &decided)?;
        let (names, validity, ttl_warnings) = decided.map_err(|violation| match violation {
            late if late.is_found_last() => Error::refused(format!("error signing cert: {late}")),
            other => other.into(),
        })?;
        let subject = match self.use_csr_values {
            true => csr.subject().clone(),
            false => names.subject.to_name(),
        };
        // Whether there is room at all is said before what was asked for is looked at.
        issue::path_len(&signer, None)?;
        let asked = self.max_path_length.map(path_length).transpose()?.flatten();
        let path_len = issue::path_len(&signer, asked)?;
        let mut profile = issue::profile_under(&cx.reading(), &signer, csr.public_key())?;
        profile.basic_constraints = Some(BasicConstraints::Ca(path_len));
        profile.name_constraints = self.name_constraints.parse()?;
        if let Some(identifier) = identifier {
            profile.subject_key_identifier = identifier;
        }
        // A request's own usages replace these.
        profile.key_usage = usage::ca_key_usage(&self.key_usage);
        profile.ext_key_usage =
            usage::ext_key_usages(&self.ext_key_usage, &self.ext_key_usage_oids)?;
        if !self.use_csr_values {
            profile.names_are_critical = subject.is_empty();
            profile.subject_alt_names = names.sans;
        }
        let (extensions, override_warnings) = self.extensions(&profile, &csr)?;
        let draft = Draft {
            subject: subject.clone(),
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
        certs::record(&mut cx.tx, &certificate, Some(signer.issuer.record.id), "");
        let issued = deliver(&signer, &certificate, &packaging, cx.now)?;
        let (end_warnings, clamp_warnings): (Vec<_>, Vec<_>) =
            ttl_warnings.into_iter().partition(|warning| *warning == Warning::BeyondIssuer);
        Ok(Reply::from(issued)
            .warn(end_warnings)
            .warn(no_subject(&subject))
            .warn(aia::is_silent(&profile.urls).then_some(aia::SILENT))
            .warn((path_len == Some(0)).then_some("Max path length of the signed certificate is zero. This certificate cannot be used to issue intermediate CA certificates."))
            .warn(clamp_warnings)
            .warn(override_warnings))
    }
}

fn no_subject(subject: &DistinguishedName) -> Option<&'static str> {
    subject.is_empty().then_some(NO_SUBJECT)
}

impl SignIntermediate {
    fn subject_key_identifier(&self) -> Result<Option<Vec<u8>>, Error> {
        let digits: String = self.skid.chars().filter(|c| !matches!(c, ':' | '-' | ' ')).collect();
        if digits.is_empty() {
            return Ok(None);
        }
        hex::decode(&digits).map(Some).ok_or_else(|| {
            Error::refused(format!("cannot parse requested SKID value as hex: {:?}", self.skid))
        })
    }

    fn extensions(
        &self,
        profile: &Profile,
        csr: &CertificationRequest,
    ) -> Result<(Vec<crate::x509::extension::Extension>, Vec<String>), Error> {
        let own = profile::extensions(profile)?;
        if self.use_csr_values {
            let names = with_other_names(&self.names.request(), &csr_names(csr))?;
            return verbatim::merge(own, csr.extensions(), names.as_ref());
        }
        Ok((own, Vec::new()))
    }
}

/// The chain begins with the new certificate: it is what the intermediate will serve.
fn deliver(
    signer: &SigningIssuer,
    certificate: &Certificate,
    packaging: &Packaging,
    now: Timestamp,
) -> Result<IssuedCertificate, Error> {
    let (format, above) = (packaging.text(), &signer.chain);
    let chain: Vec<&Certificate> = [certificate].into_iter().chain(above).collect();
    let contents = Contents { key: None, certificate, chain: above, remove_roots: false, now };
    Ok(IssuedCertificate {
        ca_chain: Some(chain.iter().map(|member| format.certificate(member)).collect()),
        certificate: packaging.pack(&contents)?,
        expiration: certificate.not_after().unix(),
        issuing_ca: format.certificate(&signer.issuer.certificate),
        not_before: None,
        private_key: None,
        private_key_type: None,
        serial_number: certificate.serial().to_string(),
    })
}
