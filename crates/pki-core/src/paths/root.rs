//! `root/generate/:exported` and `root/rotate/:exported`: a CA that is its own issuer.

use std::fmt;

use super::parameters::{
    CaNameParameters, DeliveryParameters, KeyParameters, MANAGED_KEYS, NameConstraintParameters,
    Pkcs12Parameters, SecretText, SubjectParameters, ValidityParameters,
};
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::ca_key::{self, CaKey, KeySource};
use crate::ca::config;
use crate::ca::crls::{self, Which};
use crate::ca::issue;
use crate::ca::issuers::{self, IssuerRecord};
use crate::ca::packaging::{self, Contents, Packaging};
use crate::ca::profile::{BasicConstraints, Profile};
use crate::ca::tables::{ISSUER_NAMES, ISSUERS_CONFIG};
use crate::ca::{aia, certs};
use crate::crypto::key::{PrivateKey, PrivateKeyForm};
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::id::IssuerId;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::field::Seconds;
use crate::fields;
use crate::policy::decide::{ApprovedNames, names_for_ca};
use crate::policy::{usage, validity};
use crate::store::Only;
use crate::x509::certificate::Certificate;

/// `root/generate/:exported`.
pub const PATH: Path = Path {
    patterns: &["root/generate/:exported", "issuers/generate/root/:exported"],
    access: Access::Token,
    synopsis: "Make a new root: a key and a certificate that it signs itself.",
    description: "The root is added to the issuers of the mount; nothing is overwritten. It becomes the\ndefault issuer if there is none. The private key is returned only for `exported`, and only\nnow.",
    ops: &[Op::write::<GenerateRoot>().tolerating(&["not_before"]).refusing(MANAGED_KEYS)],
};

/// `root/rotate/:exported`.
pub const ROTATE: Path = Path {
    patterns: &["root/rotate/:exported"],
    access: Access::Token,
    synopsis: "Make a new root beside the present one, to become the default later.",
    description: "As `root/generate`, but the new issuer is named `next` if that name is free, and does not\nbecome the default: `root/replace` makes it so.",
    ops: &[Op::write::<RotateRoot>().tolerating(&["not_before"]).refusing(MANAGED_KEYS)],
};

fields! {
    /// Asks for a new root.
    #[derive(Clone, Debug)]
    pub struct GenerateRoot {
        ..names: CaNameParameters,
        ..subject: SubjectParameters,
        ..validity: ValidityParameters,
        ..delivery: DeliveryParameters,
        ..pkcs12: Pkcs12Parameters,
        ..key: KeyParameters,
        ..name_constraints: NameConstraintParameters,
        /// `internal`, `exported`, `existing` or `kms`: where the key comes from, and whether it
        /// is returned.
        exported: String,
        /// A name for the issuer.
        issuer_name: Option<String>,
        /// How far the beginning lies before now.
        not_before_duration: Seconds = "30",
        /// How many intermediates may stand between this CA and a leaf; -1 for any number.
        max_path_length: i64 = "-1",
        /// DigitalSignature can be added to what every CA has.
        key_usage: Vec<String> = "CertSign,CRLSign",
        /// Extended key usages.
        ext_key_usage: Vec<String> = "",
        /// Extended key usages as OIDs.
        ext_key_usage_oids: Vec<String> = "",
    }
}

fields! {
    /// Asks for a root that is to replace the present one.
    #[derive(Clone, Debug)]
    pub struct RotateRoot {
        ..root: GenerateRoot,
    }
}

fields! {
    /// A new root.
    pub struct NewRoot {
        /// The certificate.
        certificate: String,
        /// When it ends, in seconds since 1970.
        expiration: i64,
        /// Identifier of the issuer.
        issuer_id: String,
        /// Name of the issuer, or the empty text.
        issuer_name: String,
        /// The certificate again: a root is its own issuer.
        issuing_ca: String,
        /// Identifier of the key.
        key_id: String,
        /// Name of the key, or the empty text.
        key_name: String,
        /// The private key, when it was asked for.
        private_key: Option<SecretText>,
        /// `rsa`, `ec` or `ed25519`.
        private_key_type: Option<String>,
        /// The serial number, in hexadecimal.
        serial_number: String,
    }
}

impl GenerateRoot {
    /// A root whose key stays inside, with all else as usual.
    pub fn internal(common_name: impl Into<String>) -> Self {
        let names = CaNameParameters { common_name: common_name.into(), ..Default::default() };
        Self { exported: "internal".into(), names, ..Self::default() }
    }
}

/// Whether the new root takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takeover {
    /// If there is no default issuer, or it follows the latest.
    Now,
    /// Later, by `root/replace`.
    Later,
}

impl Command for GenerateRoot {
    type Reply = NewRoot;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<NewRoot>, Error> {
        self.generate(cx, Takeover::Now)
    }
}

impl Command for RotateRoot {
    type Reply = NewRoot;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<NewRoot>, Error> {
        let mut root = self.root.clone();
        let is_free = cx.tx.get(&ISSUER_NAMES, &"next".to_owned())?.is_none();
        if root.issuer_name.is_none() && is_free {
            root.issuer_name = Some("next".to_owned());
        }
        root.generate(cx, Takeover::Later)
    }
}

/// A bundle holds the private key, so only what cannot be one is shown.
impl fmt::Debug for NewRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewRoot").field("issuer_id", &self.issuer_id).finish_non_exhaustive()
    }
}

/// All that is decided about a root before anything is made.
struct Decided {
    plan: ca_key::Plan,
    names: ApprovedNames,
    validity: validity::Validity,
    profile: Profile,
    warnings: Vec<String>,
}

/// What was made.
struct Made {
    key: CaKey,
    record: IssuerRecord,
    certificate: Certificate,
}

impl GenerateRoot {
    fn generate(&self, cx: &mut WriteCx<'_>, takeover: Takeover) -> Result<Reply<NewRoot>, Error> {
        let source = ca_key::source(&self.exported, &self.key)?;
        let packaging = Packaging::without_jks(&self.delivery.format, &self.pkcs12)?
            .ok_or_else(packaging::no_format)?;
        let form = issue::key_form(&self.delivery.private_key_format)?;
        let Decided { plan, names, validity, profile, mut warnings } = self.decide(cx, source)?;
        let made = self.make(cx, plan, names, validity, profile)?;
        certs::record(&mut cx.tx, &made.certificate, Some(made.record.id), "");
        take_over(cx, made.record.id, takeover)?;
        issuers::rebuild_chains(&mut cx.tx)?;
        crls::issuers_came(&mut cx.tx)?;
        warnings.extend(crls::build(cx, Which::Due)?);
        let shown_key = (source == KeySource::Exported).then_some((&*made.key.private, form));
        Ok(Reply::from(reply(&made, &packaging, shown_key, cx.now)?).warn(warnings))
    }

    fn decide(&self, cx: &WriteCx<'_>, source: KeySource) -> Result<Decided, Error> {
        let plan = ca_key::plan(cx, source, &self.key, || match &self.issuer_name {
            Some(name) => issuers::check_name(&cx.tx, name),
            None => Ok(()),
        })?;
        let names = names_for_ca(&self.names.request(), &self.subject.subject(), None)?;
        let (validity, ttl_warnings) = validity::for_root(
            &cx.mount.ttls(),
            &self.validity.request(),
            self.not_before_duration,
            cx.now,
        )?;
        let path_len = path_length(self.max_path_length)?;
        let (urls, url_warning) = aia::for_new_root(&cx.tx)?;
        let has_no_subject = names.subject.to_name().is_empty();
        let mut warnings: Vec<String> = ttl_warnings.iter().map(ToString::to_string).collect();
        let more = [
            url_warning,
            has_no_subject.then_some(NO_SUBJECT),
            aia::is_silent(&urls).then_some(aia::SILENT),
            (path_len == Some(0)).then_some(PATH_LENGTH_ZERO),
        ];
        warnings.extend(more.into_iter().flatten().map(str::to_owned));
        let profile = Profile {
            key_usage: usage::ca_key_usage(&self.key_usage),
            ext_key_usage: usage::ext_key_usages(&self.ext_key_usage, &self.ext_key_usage_oids)?,
            basic_constraints: Some(BasicConstraints::Ca(path_len)),
            names_are_critical: has_no_subject,
            subject_alt_names: names.sans.clone(),
            urls,
            name_constraints: self.name_constraints.parse()?,
            ..Profile::default()
        };
        Ok(Decided { plan, names, validity, profile, warnings })
    }

    fn make(
        &self,
        cx: &mut WriteCx<'_>,
        plan: ca_key::Plan,
        names: ApprovedNames,
        validity: validity::Validity,
        profile: Profile,
    ) -> Result<Made, Error> {
        let key = ca_key::obtain(cx, plan, self.key.key_name.as_deref())?;
        let public_key = key.private.public_key().clone();
        let identifier = public_key.key_identifier().to_vec();
        let profile = Profile {
            authority_key_identifier: Some(identifier.clone()),
            subject_key_identifier: identifier,
            ..profile
        };
        let signature = SignatureAlgorithm::for_issuing(
            key.private.spec(),
            self.key.signature_bits,
            self.key.use_pss,
            false,
        );
        let subject = names.subject.to_name();
        let draft = issue::draft(subject, public_key, validity, signature, &profile)?;
        let certificate = issue::self_sign(cx, &key.private, draft)?;
        let name = self.issuer_name.as_deref();
        let record = issuers::add(cx, &certificate, Some(key.record.id), name, Some(signature))?;
        Ok(Made { key, record, certificate })
    }
}

const PATH_LENGTH_ZERO: &str = "Max path length of the generated certificate is zero. This certificate cannot be used to issue intermediate CA certificates.";

/// What to say of a CA without a name.
pub(crate) const NO_SUBJECT: &str = "This issuer certificate was generated without a Subject; this makes it likely that issuing leaf certs with this certificate will cause TLS validation libraries to reject this certificate.";

/// -1 is no limit; less is a mistake.
pub(crate) fn path_length(sent: i64) -> Result<Option<u32>, Error> {
    match sent {
        -1 => Ok(None),
        _ => u32::try_from(sent).map(Some).map_err(|_| {
            Error::refused(format!("invalid max_path_length {sent}: must be -1 (no limit) or more"))
        }),
    }
}

fn take_over(cx: &mut WriteCx<'_>, id: IssuerId, takeover: Takeover) -> Result<(), Error> {
    let mut config = config::load(&cx.tx, &ISSUERS_CONFIG)?;
    let follows = config.default_follows_latest_issuer && takeover == Takeover::Now;
    if config.default.is_none() || follows {
        config.default = Some(id);
        cx.tx.put(&ISSUERS_CONFIG, &Only, &config);
    }
    Ok(())
}

fn reply(
    made: &Made,
    packaging: &Packaging,
    shown_key: Option<(&PrivateKey, PrivateKeyForm)>,
    now: Timestamp,
) -> Result<NewRoot, Error> {
    let Made { key, record, certificate } = made;
    let format = packaging.text();
    let shown = shown_key.map(|(key, _)| key);
    let contents = Contents { key: shown, certificate, chain: &[], remove_roots: false, now };
    let private_key = shown_key.map(|(key, form)| key.encode(form)).transpose()?;
    Ok(NewRoot {
        certificate: packaging.pack(&contents)?,
        expiration: certificate.not_after().unix(),
        issuer_id: record.id.to_string(),
        issuer_name: record.name.clone(),
        issuing_ca: format.certificate(certificate),
        key_id: key.record.id.to_string(),
        key_name: key.record.name.clone(),
        private_key: private_key.map(|encoded| format.key(&encoded)),
        private_key_type: shown.map(|key| key.spec().type_name().to_owned()),
        serial_number: certificate.serial().to_string(),
    })
}
