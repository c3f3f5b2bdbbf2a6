//! Taking in certificates and keys that were made elsewhere: all of them, or none.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::aia;
use super::config;
use super::crls::{self, Which};
use super::issuers::{self, IssuerRecord};
use super::keys;
use super::tables::{ISSUERS, ISSUERS_CONFIG};
use crate::api::endpoint::{Reply, WriteCx};
use crate::crypto::key::PrivateKey;
use crate::domain::id::{IssuerId, KeyId};
use crate::error::Error;
use crate::field::Nullable;
use crate::store::Only;
use crate::x509::certificate::Certificate;
use crate::x509::pem::{self, PemBlock};

/// A text shorter than this cannot hold a certificate.
const SHORTEST: usize = 75;

/// A text longer than this is refused before it is looked at.
const LONGEST: usize = 4 << 20;

crate::fields! {
    /// What an import brought, and what was there already.
    #[derive(Debug)]
    pub struct Imported {
        /// Identifiers of issuers that were there already.
        existing_issuers: Nullable<Vec<String>>,
        /// Identifiers of keys that were there already.
        existing_keys: Nullable<Vec<String>>,
        /// Identifiers of new issuers.
        imported_issuers: Nullable<Vec<String>>,
        /// Identifiers of new keys.
        imported_keys: Nullable<Vec<String>>,
        /// The key of each issuer, or the empty text.
        mapping: serde_json::Map<String, serde_json::Value>,
    }
}

/// More blocks than this are refused: a chain is kept for every issuer, so work grows with the
/// square of how many there are in a row.
const MOST_BLOCKS: usize = 1_000;

/// Whether a path takes private keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// It does.
    Allowed,
    /// It refuses them.
    Refused,
}

/// What a bundle holds, in its order.
#[derive(Default)]
struct Bundle {
    certificates: Vec<Certificate>,
    keys: Vec<PrivateKey>,
}

fn parse(text: &str, allowed: Keys) -> Result<Bundle, Error> {
    if text.is_empty() {
        return Err(Error::refused("'pem_bundle' and 'certificate' parameters were empty"));
    }
    if text.len() < SHORTEST {
        return Err(Error::refused(
            "provided data for import was too short; perhaps a path was passed to the API rather than the contents of a PEM file",
        ));
    }
    if LONGEST < text.len() {
        return Err(Error::refused(format!("data for import is longer than {LONGEST} octets")));
    }
    let (blocks, rest) = pem::decode_all(text);
    if !rest.trim().is_empty() {
        let number = blocks.len() + 1;
        return Err(Error::refused(format!("error when parsing block {number}: invalid PEM data")));
    }
    if MOST_BLOCKS < blocks.len() {
        let found = blocks.len();
        return Err(Error::refused(format!(
            "data for import has {found} PEM blocks; more than {MOST_BLOCKS} are not taken at once"
        )));
    }
    let mut bundle = Bundle::default();
    for block in blocks {
        sort(&mut bundle, &block, allowed)?;
    }
    Ok(bundle)
}

fn sort(bundle: &mut Bundle, block: &PemBlock, allowed: Keys) -> Result<(), Error> {
    match block.label.as_str() {
        "CERTIFICATE" | "X509 CERTIFICATE" => {
            let number = bundle.certificates.len();
            bundle.certificates.push(ca_certificate(block, number)?);
        }
        "CRL" | "X509 CRL" | "EC PARAMS" | "EC PARAMETERS" => (),
        _ if allowed == Keys::Refused => {
            return Err(Error::refused(
                "private keys found in the PEM bundle but not allowed by the path; use /issuers/import/bundle",
            ));
        }
        _ => {
            let number = bundle.keys.len();
            let key = PrivateKey::from_der(&block.der).map_err(|problem| {
                Error::refused(format!(
                    "Error parsing key {number}: failed to parse PEM block: {problem}"
                ))
            })?;
            bundle.keys.push(key);
        }
    }
    Ok(())
}

/// A certificate that is not taken in is shown, as the reference does. What is none is not: under
/// this label it could be a private key.
fn ca_certificate(block: &PemBlock, number: usize) -> Result<Certificate, Error> {
    let certificate = Certificate::from_der(&block.der)
        .map_err(|problem| Error::refused(format!("Error parsing issuer {number}: {problem}")))?;
    if certificate.is_ca() {
        return Ok(certificate);
    }
    let block = pem::encode("CERTIFICATE", certificate.as_der());
    Err(Error::refused(format!(
        "Error parsing issuer {number}: Refusing to import non-CA certificate\n{block}"
    )))
}

/// Takes in a bundle.
pub(crate) fn import(
    cx: &mut WriteCx<'_>,
    text: &str,
    allowed: Keys,
) -> Result<Reply<Imported>, Error> {
    let bundle = parse(text, allowed)?;
    let (new_keys, old_keys) = import_keys(cx, &bundle.keys)?;
    let issuers = import_issuers(cx, &bundle.certificates)?;
    let completed = complete_issuers(cx)?;
    let mut warnings = choose_default(cx, &issuers, completed)?;
    if !issuers.new.is_empty() || !new_keys.is_empty() {
        issuers::rebuild_chains(&mut cx.tx)?;
        crls::issuers_came(&mut cx.tx)?;
        warnings.extend(crls::build(cx, Which::Due)?);
    }
    let old = issuers.old.iter().filter(|id| !issuers.new.contains(id));
    let all: Vec<IssuerId> = issuers.new.iter().chain(old).copied().collect();
    let mapping = mapping(cx, &all)?;
    warnings.extend(keyless(cx, &issuers.new)?);
    if (!bundle.certificates.is_empty() || !bundle.keys.is_empty())
        && aia::is_silent(&aia::of_mount(&cx.tx)?)
    {
        warnings.push(aia::SILENT.to_owned());
    }
    let imported = Imported {
        existing_issuers: ids(&issuers.old),
        existing_keys: ids(&old_keys),
        imported_issuers: ids(&issuers.new),
        imported_keys: ids(&new_keys),
        mapping,
    };
    Ok(Reply::from(imported).warn(warnings))
}

fn ids<T: ToString>(ids: &[T]) -> Nullable<Vec<String>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Nullable((!ids.is_empty()).then_some(ids))
}

fn import_keys(
    cx: &mut WriteCx<'_>,
    keys: &[PrivateKey],
) -> Result<(Vec<KeyId>, Vec<KeyId>), Error> {
    let (mut new, mut old): (Vec<KeyId>, Vec<KeyId>) = Default::default();
    let mut known = keys::by_public_key(&cx.tx)?;
    for key in keys {
        match known.entry(key.public_key().spki().to_vec()) {
            Entry::Occupied(entry) => old.push(*entry.get()),
            Entry::Vacant(entry) => new.push(*entry.insert(keys::add(cx, key, None)?.id)),
        }
    }
    Ok((new, old))
}

#[derive(Default)]
struct Issuers {
    new: Vec<IssuerId>,
    old: Vec<IssuerId>,
}

fn import_issuers(cx: &mut WriteCx<'_>, certificates: &[Certificate]) -> Result<Issuers, Error> {
    let all = issuers::all(&cx.tx)?.into_iter();
    let mut known: HashMap<Vec<u8>, IssuerId> =
        all.map(|issuer| (issuer.record.certificate, issuer.record.id)).collect();
    let keys = keys::by_public_key(&cx.tx)?;
    let mut found = Issuers::default();
    for certificate in certificates {
        match known.entry(certificate.as_der().to_vec()) {
            Entry::Occupied(entry) => found.old.push(*entry.get()),
            Entry::Vacant(entry) => {
                let key = keys.get(certificate.public_key().spki()).copied();
                let record = issuers::add(cx, certificate, key, None, None)?;
                found.new.push(*entry.insert(record.id));
            }
        }
    }
    Ok(found)
}

/// What follows when a key came by itself: issuers that waited for it have it now, and one of
/// them may become the default.
pub(crate) fn key_arrived(cx: &mut WriteCx<'_>) -> Result<Vec<String>, Error> {
    let completed = complete_issuers(cx)?;
    if completed.is_empty() {
        return Ok(Vec::new());
    }
    let warnings = choose_default(cx, &Issuers::default(), completed)?;
    issuers::rebuild_chains(&mut cx.tx)?;
    crls::issuers_came(&mut cx.tx)?;
    // What keeps a CRL from being built is said where CRLs are asked for.
    crls::build(cx, Which::Due)?;
    Ok(warnings)
}

/// Gives their key to issuers that were there before it. Returns those that got one.
fn complete_issuers(cx: &mut WriteCx<'_>) -> Result<Vec<IssuerId>, Error> {
    let keys = keys::by_public_key(&cx.tx)?;
    let mut completed = Vec::new();
    for issuer in issuers::all(&cx.tx)? {
        if issuer.record.key_id.is_some() {
            continue;
        }
        if let Some(&id) = keys.get(issuer.certificate.public_key().spki()) {
            let record = IssuerRecord { key_id: Some(id), ..issuer.record };
            cx.tx.put(&ISSUERS, &record.id, &record);
            completed.push(record.id);
        }
    }
    Ok(completed)
}

/// Sets the default issuer where there is none, or where it follows the latest.
fn choose_default(
    cx: &mut WriteCx<'_>,
    issuers: &Issuers,
    completed: Vec<IssuerId>,
) -> Result<Vec<String>, Error> {
    let mut with_key = Vec::new();
    for id in issuers.new.iter().chain(&completed) {
        let record = cx.tx.get(&ISSUERS, id)?;
        if record.is_some_and(|record| record.key_id.is_some()) && !with_key.contains(id) {
            with_key.push(*id);
        }
    }
    let mut config = config::load(&cx.tx, &ISSUERS_CONFIG)?;
    let mut warnings = Vec::new();
    match (with_key.as_slice(), config.default) {
        ([first, rest @ ..], None) => {
            config.default = Some(*first);
            cx.tx.put(&ISSUERS_CONFIG, &Only, &config);
            if !rest.is_empty() {
                warnings.push("The imported bundle contained multiple certs matching keys, the default issuer that was selected should be verified and manually changed if incorrect.".to_owned());
            }
        }
        ([only], Some(_)) if config.default_follows_latest_issuer => {
            config.default = Some(*only);
            cx.tx.put(&ISSUERS_CONFIG, &Only, &config);
        }
        ([_, _, ..], Some(_)) if config.default_follows_latest_issuer => {
            warnings.push("Default issuer left unchanged: could not select new issuer automatically as multiple imported issuers had key material in Vault.".to_owned());
        }
        _ => (),
    }
    Ok(warnings)
}

fn mapping(
    cx: &WriteCx<'_>,
    ids: &[IssuerId],
) -> Result<serde_json::Map<String, serde_json::Value>, Error> {
    let mut mapping = serde_json::Map::new();
    for id in ids {
        let record = cx.tx.get(&ISSUERS, id)?;
        let key = record.and_then(|record| record.key_id);
        mapping.insert(id.to_string(), key.map_or_else(String::new, |key| key.to_string()).into());
    }
    Ok(mapping)
}

/// An issuer without a key was perhaps meant to have one (D18), unless it is there for the chain
/// of one that has.
fn keyless(cx: &WriteCx<'_>, new: &[IssuerId]) -> Result<Option<String>, Error> {
    let all = issuers::all(&cx.tx)?;
    let new: HashSet<&IssuerId> = new.iter().collect();
    let chained: HashSet<&IssuerId> = all
        .iter()
        .filter(|issuer| issuer.record.key_id.is_some())
        .flat_map(|issuer| &issuer.record.chain)
        .collect();
    let names: Vec<String> = all
        .iter()
        .filter(|issuer| new.contains(&issuer.record.id) && !chained.contains(&issuer.record.id))
        .map(|issuer| issuer.certificate.subject().to_string())
        .collect();
    Ok(match names.as_slice() {
        [] => None,
        [name] => Some(format!(
            "No key of this mount matches the imported certificate of {name}; that issuer cannot sign anything until its key is imported."
        )),
        names => Some(format!(
            "No key of this mount matches the imported certificates of {}; those issuers cannot sign anything until their keys are imported.",
            names.join(" and of ")
        )),
    })
}
