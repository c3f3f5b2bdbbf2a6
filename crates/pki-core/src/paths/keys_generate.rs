//! `keys/generate/…` and `keys/import`: keys without certificates.

use super::parameters::{MANAGED_KEYS, SecretText};
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::import;
use crate::ca::issue::Format;
use crate::ca::keys::{self, KeyRecord};
use crate::crypto::key::{PrivateKey, PrivateKeyForm};
use crate::error::Error;
use crate::fields;
use crate::policy::key::key_spec;
use crate::x509::pem;

/// `keys/generate/internal`.
pub const INTERNAL: Path = Path {
    patterns: &["keys/generate/internal"],
    access: Access::Token,
    synopsis: "Make a key and keep it to the mount.",
    description: "",
    ops: &[Op::write::<GenerateKey>().refusing(MANAGED_KEYS)],
};

/// `keys/generate/exported`.
pub const EXPORTED: Path = Path {
    patterns: &["keys/generate/exported"],
    access: Access::Token,
    synopsis: "Make a key and return it once.",
    description: "",
    ops: &[Op::write::<GenerateExportedKey>().refusing(MANAGED_KEYS)],
};

/// `keys/generate/kms`.
pub const KMS: Path = Path {
    patterns: &["keys/generate/kms"],
    access: Access::Token,
    synopsis: "Keys in a key management system are not supported.",
    description: "",
    ops: &[Op::write::<GenerateExternalKey>().refusing(MANAGED_KEYS)],
};

/// `keys/import`.
pub const IMPORT: Path = Path {
    patterns: &["keys/import"],
    access: Access::Token,
    synopsis: "Import a private key.",
    description: "Issuers that were there without it are completed by it.",
    ops: &[Op::write::<ImportKey>()],
};

fields! {
    /// What key to make.
    #[derive(Clone, Debug)]
    pub struct NewKeyParameters {
        /// `rsa`, `ec`, `ed25519` or `mldsa`.
        key_type: String = "rsa",
        /// The size of the key; 0 picks the usual one.
        key_bits: i64 = "0",
        /// A name for the key.
        key_name: Option<String>,
        /// A key in a key management system; not supported.
        external_key_ref: Option<String>,
    }
}

fields! {
    /// A key that was made or imported.
    #[derive(Debug)]
    pub struct NewKey {
        /// Its identifier.
        key_id: String,
        /// Its name, or the empty text.
        key_name: String,
        /// `rsa`, `ec`, `ed25519` or `mldsa`.
        key_type: String,
        /// The key, when it was asked for.
        private_key: Option<SecretText>,
    }
}

impl From<KeyRecord> for NewKey {
    fn from(record: KeyRecord) -> Self {
        let KeyRecord { id, name, key_type, .. } = record;
        Self { key_id: id.to_string(), key_name: name, key_type, private_key: None }
    }
}

impl NewKeyParameters {
    fn make(&self, cx: &mut WriteCx<'_>) -> Result<(PrivateKey, KeyRecord), Error> {
        if self.external_key_ref.is_some() {
            return Err(Error::refused(
                "cannot specify \"external_key_ref\" on non-kms typed key generation request",
            ));
        }
        if let Some(name) = &self.key_name {
            keys::check_name(&cx.tx, name)?;
        }
        let spec = key_spec(&self.key_type, self.key_bits).map_err(|problem| {
            Error::refused(format!("Validation for key_type, key_bits failed: {problem}"))
        })?;
        let key = PrivateKey::generate(spec)?;
        let record = keys::add(cx, &key, self.key_name.as_deref())?;
        Ok((key, record))
    }
}

fields! {
    /// Makes a key.
    #[derive(Clone, Debug)]
    pub struct GenerateKey {
        ..key: NewKeyParameters,
    }
}

impl Command for GenerateKey {
    type Reply = NewKey;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<NewKey>, Error> {
        let (_, record) = self.key.make(cx)?;
        Ok(NewKey::from(record).into())
    }
}

fields! {
    /// Makes a key and returns it.
    #[derive(Clone, Debug)]
    pub struct GenerateExportedKey {
        ..key: NewKeyParameters,
    }
}

impl Command for GenerateExportedKey {
    type Reply = NewKey;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<NewKey>, Error> {
        let (key, record) = self.key.make(cx)?;
        let encoded = key.encode(PrivateKeyForm::Traditional)?;
        let private_key = Some(Format::Pem.key(&encoded));
        Ok(NewKey { private_key, ..NewKey::from(record) }.into())
    }
}

fields! {
    /// Asks for a key elsewhere.
    #[derive(Clone, Debug)]
    pub struct GenerateExternalKey {
        ..key: NewKeyParameters,
    }
}

impl Command for GenerateExternalKey {
    type Reply = NewKey;

    fn execute(&self, _: &mut WriteCx<'_>) -> Result<Reply<NewKey>, Error> {
        Err(Error::refused(match self.key.external_key_ref {
            None => "\"external_key_ref\" is required for kms typed key generation",
            Some(_) => "keys in a key management system (\"kms\") are not supported",
        }))
    }
}

fields! {
    /// Imports a key.
    #[derive(Clone, Debug)]
    pub struct ImportKey {
        /// One private key, in PEM.
        pem_bundle: Option<SecretText>,
        /// A name for the key.
        key_name: Option<String>,
    }
}

impl Command for ImportKey {
    type Reply = NewKey;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<NewKey>, Error> {
        let text = self.pem_bundle.as_ref().map_or("", |bundle| bundle.expose());
        let name = self.key_name.as_deref().filter(|name| !name.is_empty());
        if let Some(name) = name {
            keys::check_name(&cx.tx, name)?;
        }
        let key = parse(text)?;
        if let Some(known) = keys::with_public_key(&cx.tx, key.public_key())? {
            return Ok(Reply::from(NewKey::from(known))
                .warn(["Key already imported, use key/ endpoint to update name."]));
        }
        let record = keys::add(cx, &key, name)?;
        let warnings = import::key_arrived(cx)?;
        Ok(Reply::from(NewKey::from(record)).warn(warnings))
    }
}

fn parse(text: &str) -> Result<PrivateKey, Error> {
    if text.len() < 64 {
        return Err(Error::refused(
            "provided data for import was too short; perhaps a path was passed to the API rather than the contents of a PEM file",
        ));
    }
    if pem::LONGEST_TEXT < text.len() {
        return Err(Error::refused("provided data for import is too long for a key"));
    }
    let (blocks, _) = pem::decode_all(text);
    if blocks.is_empty() {
        return Err(Error::refused("error when parsing block 1: invalid PEM data"));
    }
    let [block] = blocks.as_slice() else {
        return Err(Error::refused(
            "only a single key can be present within the pem_bundle for importing",
        ));
    };
    PrivateKey::from_der(&block.der)
        .map_err(|problem| Error::refused(format!("failed to parse PEM block: {problem}")))
}
