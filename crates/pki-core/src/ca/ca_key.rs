//! The key of a new CA: made, or there already.

use std::sync::Arc;

use super::keys::{self, KeyRecord};
use crate::api::endpoint::WriteCx;
use crate::crypto::key::{KeySpec, PrivateKey, PublicKey};
use crate::error::Error;
use crate::fields;
use crate::policy::Violation;
use crate::policy::key::{key_spec, signature_bits_allowed};

fields! {
    /// The key that a CA is given.
    #[derive(Clone, Debug)]
    pub struct KeyParameters {
        /// `rsa`, `ec`, `ed25519` or `mldsa`.
        key_type: Option<String>,
        /// The size of the key; 0 picks the usual one.
        key_bits: Option<i64>,
        /// A name for the key.
        key_name: Option<String>,
        /// For `existing`: the key to use.
        key_ref: String = "default",
        /// For `kms`: a key in a key management system; not supported.
        external_key_ref: Option<String>,
        /// The size of the hash that is signed with an RSA key.
        signature_bits: i64 = "0",
        /// Whether an RSA key signs with PSS.
        use_pss: bool = "false",
    }
}

/// Where a CA's key comes from, and whether it is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// Made here, and kept to itself.
    Internal,
    /// Made here, and returned once.
    Exported,
    /// There already.
    Existing,
    /// In a key management system; not supported.
    External,
}

impl KeySource {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "internal" => Ok(Self::Internal),
            "exported" => Ok(Self::Exported),
            "existing" => Ok(Self::Existing),
            "kms" => Ok(Self::External),
            _ => Err(Error::refused(
                "the \"exported\" path parameter must be \"internal\", \"existing\", exported\" or \"kms\"",
            )),
        }
    }
}

impl KeySource {
    fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Exported => "exported",
            Self::Existing => "existing",
            Self::External => "kms",
        }
    }
}

/// What will be done to have a key; nothing is made yet.
pub(crate) enum Plan {
    /// Or the reason that is found when it is to be made, after all else.
    Make(Result<KeySpec, Violation>),
    Take(KeyRecord),
}

/// A CA's key, ready to sign.
pub(crate) struct CaKey {
    pub(crate) record: KeyRecord,
    pub(crate) private: Arc<PrivateKey>,
}

/// Where the key comes from, if it can come from there.
pub(crate) fn source(exported: &str, key: &KeyParameters) -> Result<KeySource, Error> {
    let source = KeySource::parse(exported)?;
    check_external(source, key)?;
    Ok(source)
}

/// Refuses keys in a key management system, and references to one.
fn check_external(source: KeySource, key: &KeyParameters) -> Result<(), Error> {
    if source == KeySource::External {
        return Err(Error::refused(match key.external_key_ref {
            None => "must specify \"external_key_ref\" on \"kms\"-typed generation requests",
            Some(_) => {
                "keys in a key management system (\"kms\") are not supported: use \"internal\", \"exported\" or \"existing\""
            }
        }));
    }
    if key.external_key_ref.is_some() {
        return Err(Error::refused(format!(
            "cannot specify \"external_key_ref\" on \"{}\"-typed generation requests",
            source.name()
        )));
    }
    Ok(())
}

/// Checks what was asked about the key, and the name of its issuer where Vault looks at that.
pub(crate) fn plan(
    cx: &WriteCx<'_>,
    source: KeySource,
    key: &KeyParameters,
    check_issuer_name: impl FnOnce() -> Result<(), Error>,
) -> Result<Plan, Error> {
    if source == KeySource::Existing {
        if key.key_type.is_some() || key.key_bits.is_some() {
            return Err(Error::refused(
                "invalid parameter for the kms/existing path parameter, key_type nor key_bits arguments can be set in this mode",
            ));
        }
        check_issuer_name()?;
        return existing(cx, &key.key_ref).map(Plan::Take);
    }
    let spec = key_spec(key.key_type.as_deref().unwrap_or("rsa"), key.key_bits.unwrap_or(0));
    let spec = match spec {
        Err(violation) if violation.is_found_last() => Err(violation),
        other => Ok(other?),
    };
    if let Ok(KeySpec::Rsa { .. }) = spec {
        signature_bits_allowed(key.signature_bits)?;
    }
    check_issuer_name()?;
    if let Some(name) = &key.key_name {
        keys::check_name(&cx.tx, name)?;
    }
    Ok(Plan::Make(spec))
}

fn existing(cx: &WriteCx<'_>, reference: &str) -> Result<KeyRecord, Error> {
    const CONTEXT: &str = "failed to lookup public key from existing key";
    if reference.is_empty() {
        return Err(Error::refused(format!(
            "{CONTEXT}: missing argument key_ref for existing type"
        )));
    }
    let record = keys::resolve(&cx.tx, reference)?
        .map_err(|problem| Error::refused(format!("{CONTEXT}: {problem}")))?;
    // An imported key may be shorter than what is made here; it signs nothing.
    let spec = PublicKey::from_spki(&record.spki).ok().and_then(|public| public.spec());
    if let Some(KeySpec::Rsa { bits }) = spec.filter(|spec| spec.bits() < 2048) {
        key_spec("rsa", bits.into())?;
    }
    Ok(record)
}

/// Makes the key, or opens it.
pub(crate) fn obtain(cx: &mut WriteCx<'_>, plan: Plan, name: Option<&str>) -> Result<CaKey, Error> {
    match plan {
        Plan::Make(spec) => {
            let private = PrivateKey::generate(spec?)?;
            let record = keys::add(cx, &private, name)?;
            Ok(CaKey { record, private: Arc::new(private) })
        }
        Plan::Take(record) => {
            let private = keys::open(&cx.reading(), &record)?;
            Ok(CaKey { record, private })
        }
    }
}
