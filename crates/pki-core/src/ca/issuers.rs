//! The issuers of a mount: CA certificates, and what each may be used for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::certs::CertificateRecord;
use super::config::{self, UrlsConfig};
use super::keys::{self, Unresolved, is_default};
use super::tables::{CERTS, ISSUER_NAMES, ISSUERS, ISSUERS_CONFIG, KEYS, REVOKED};
use crate::api::endpoint::{ReadCx, WriteCx};
use crate::crypto::digest::sha256;
use crate::crypto::key::PrivateKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::hex;
use crate::domain::id::{CrlId, IssuerId, KeyId, is_name};
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::policy::Behavior;
use crate::policy::validity::IssuerLimits;
use crate::store::{Tx, View, json_record};
use crate::x509::certificate::Certificate;
use crate::x509::chain::{ChainMember, build_chains};

/// What an issuer may be used for. Ordered as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Usage {
    CrlSigning,
    IssuingCertificates,
    OcspSigning,
    ReadOnly,
}

impl Usage {
    pub(crate) const ALL: [Self; 4] =
        [Self::CrlSigning, Self::IssuingCertificates, Self::OcspSigning, Self::ReadOnly];

    fn name(self) -> &'static str {
        match self {
            Self::CrlSigning => "crl-signing",
            Self::IssuingCertificates => "issuing-certificates",
            Self::OcspSigning => "ocsp-signing",
            Self::ReadOnly => "read-only",
        }
    }

    /// Reads a name; lower case only.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|usage| usage.name() == name)
    }
}

/// Several usages; naming one twice changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Usages(pub(crate) BTreeSet<Usage>);

impl fmt::Display for Usages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|usage| usage.name()).collect();
        f.write_str(&names.join(","))
    }
}

/// An issuer as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct IssuerRecord {
    pub(crate) id: IssuerId,
    /// Empty if it has none.
    pub(crate) name: String,
    /// The key it signs with, if that is here.
    pub(crate) key_id: Option<KeyId>,
    #[serde(with = "hex")]
    pub(crate) certificate: Vec<u8>,
    /// Itself, then up to the root, as far as known.
    pub(crate) chain: Vec<IssuerId>,
    pub(crate) manual_chain: Option<Vec<IssuerId>>,
    #[serde(with = "behavior")]
    pub(crate) leaf_not_after_behavior: Behavior,
    pub(crate) usage: Usages,
    /// The name of the algorithm that signs CRLs; empty for the key's default.
    pub(crate) revocation_signature_algorithm: String,
    pub(crate) revoked_at: Option<Timestamp>,
    /// What its certificates say instead of what `config/urls` says.
    pub(crate) urls: Option<UrlsConfig>,
    pub(crate) crl: CrlIdText,
}
json_record!(IssuerRecord);

/// Stores the word.
mod behavior {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::policy::Behavior;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(
        it: &Behavior,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(it.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(de: D) -> Result<Behavior, D::Error> {
        Behavior::parse(&String::deserialize(de)?).map_err(serde::de::Error::custom)
    }
}

/// A CRL's identifier, stored as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CrlIdText(pub(crate) CrlId);

impl Serialize for CrlIdText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.0.0, serializer)
    }
}

impl<'de> Deserialize<'de> for CrlIdText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let octets = hex::deserialize(deserializer)?;
        let octets = octets.try_into().map_err(|_| serde::de::Error::custom("not 16 octets"))?;
        Ok(Self(CrlId(octets)))
    }
}

/// An issuer, with its certificate parsed.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    pub(crate) record: IssuerRecord,
    pub(crate) certificate: Certificate,
}

impl Issuer {
    pub(crate) fn new(record: IssuerRecord) -> Result<Self, Error> {
        let certificate = Certificate::from_der(&record.certificate)
            .map_err(|_| Error::DamagedRecord(ISSUERS.table.name))?;
        Ok(Self { record, certificate })
    }

    /// What its certificate and settings allow for what it signs.
    pub(crate) fn limits(&self) -> IssuerLimits {
        IssuerLimits {
            not_after: self.certificate.not_after(),
            behavior: self.record.leaf_not_after_behavior,
        }
    }

    /// How messages name it.
    pub(crate) fn label(&self) -> String {
        match self.record.name.as_str() {
            "" => format!("[id:{}]", self.record.id),
            name => format!("[id:{} / name:{name}]", self.record.id),
        }
    }
}

/// An issuer, its key and its chain: all that signing takes.
pub(crate) struct SigningIssuer {
    pub(crate) issuer: Issuer,
    /// Its own certificate, and those above it.
    pub(crate) chain: Vec<Certificate>,
    pub(crate) key: Arc<PrivateKey>,
}

/// The CRL that issuers with this subject and key share.
pub(crate) fn crl_id(certificate: &Certificate) -> CrlId {
    let identity = [certificate.subject().as_der(), certificate.public_key().spki()].concat();
    let mut id = [0; 16];
    id.iter_mut().zip(sha256(&identity)).for_each(|(octet, hashed)| *octet = hashed);
    CrlId(id)
}

/// The issuer that a name, an identifier or `default` refers to.
pub(crate) fn resolve(
    view: &View<'_>,
    reference: &str,
) -> Result<Result<Issuer, Unresolved>, Error> {
    let unknown = || Unresolved::Unknown("issuer", reference.to_owned());
    let id = if is_default(reference) {
        match config::load(view, &ISSUERS_CONFIG)?.default {
            None => return Ok(Err(Unresolved::NoDefault("issuer"))),
            default => default,
        }
    } else if let Some(id) = IssuerId::parse(reference) {
        Some(id)
    } else {
        view.get(&ISSUER_NAMES, &reference.to_owned())?
    };
    let Some(id) = id else { return Ok(Err(unknown())) };
    let record: Option<IssuerRecord> = view.get(&ISSUERS, &id)?;
    Ok(record.map(Issuer::new).transpose()?.ok_or_else(unknown))
}

/// As [`resolve`], where a missing issuer is the status that clients expect of a read.
pub(crate) fn resolve_for_reading(view: &View<'_>, reference: &str) -> Result<Issuer, Error> {
    resolve(view, reference)?.map_err(|problem| Error::Unresolved(problem.to_string()))
}

/// The issuer and its key, if it may issue certificates.
pub(crate) fn for_issuing(cx: &ReadCx<'_>, reference: &str) -> Result<SigningIssuer, Error> {
    const CONTEXT: &str = "could not fetch the CA certificate (was one set?)";
    let issuer = resolve(cx.view, reference)?
        .map_err(|problem| Error::refused(format!("{CONTEXT}: {problem}")))?;
    let Some(key_id) = issuer.record.key_id else {
        return Err(Error::refused(format!(
            "{CONTEXT}: unable to fetch corresponding key for issuer {}; unable to use this issuer for signing",
            issuer.record.id
        )));
    };
    check_usage(&issuer, Usage::IssuingCertificates)
        .map_err(|problem| Error::refused(format!("error fetching CA certificate: {problem}")))?;
    let mut chain = chain(cx.view, &issuer)?;
    if chain.first() != Some(&issuer.certificate) {
        // Whatever a stored chain says, the issuer's own constraints count.
        chain.insert(0, issuer.certificate.clone());
    }
    Ok(SigningIssuer { key: open_key(cx, key_id)?, chain, issuer })
}

/// The key of an issuer that has one.
pub(crate) fn open_key(cx: &ReadCx<'_>, id: KeyId) -> Result<Arc<PrivateKey>, Error> {
    let record = cx.view.get(&KEYS, &id)?.ok_or(Error::DamagedRecord(KEYS.table.name))?;
    keys::open(cx, &record)
}

/// Why an issuer may not be used for something; the text is the reference's.
pub(crate) fn check_usage(issuer: &Issuer, wanted: Usage) -> Result<(), String> {
    let Issuer { record, .. } = issuer;
    if record.usage.0.contains(&wanted) {
        return Ok(());
    }
    Err(format!(
        "error while attempting to use issuer {}: requested usage {} for issuer {} but only had usage {}",
        record.id,
        wanted.name(),
        issuer.label(),
        record.usage
    ))
}

/// All issuers of the mount, in order of identifier.
pub(crate) fn all(view: &View<'_>) -> Result<Vec<Issuer>, Error> {
    let records: Vec<(IssuerId, IssuerRecord)> = view.scan(&ISSUERS, &[], None, usize::MAX)?;
    records.into_iter().map(|(_, record)| Issuer::new(record)).collect()
}

/// The certificates of an issuer's chain, its own first.
pub(crate) fn chain(view: &View<'_>, issuer: &Issuer) -> Result<Vec<Certificate>, Error> {
    let mut chain = Vec::with_capacity(issuer.record.chain.len());
    for id in &issuer.record.chain {
        if *id == issuer.record.id {
            chain.push(issuer.certificate.clone());
        } else if let Some(record) = view.get(&ISSUERS, id)? {
            chain.push(Issuer::new(record)?.certificate);
        }
    }
    Ok(chain)
}

/// Checks that a new issuer may have a name.
pub(crate) fn check_name(view: &View<'_>, name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::refused("expected non-empty issuer name"));
    }
    if is_default(name) {
        return Err(Error::refused("reserved keyword 'default' can not be used as issuer name"));
    }
    if !is_name(name) {
        return Err(Error::refused("issuer name contained invalid characters"));
    }
    if view.get(&ISSUER_NAMES, &name.to_owned())?.is_some() {
        return Err(Error::refused("issuer name already in use"));
    }
    Ok(())
}

/// Stores a new issuer, without touching defaults or chains; see [`rebuild_chains`].
pub(crate) fn add(
    cx: &mut WriteCx<'_>,
    certificate: &Certificate,
    key_id: Option<KeyId>,
    name: Option<&str>,
    revocation_signature_algorithm: Option<SignatureAlgorithm>,
) -> Result<IssuerRecord, Error> {
    let id = IssuerId(keys::random_uuid(cx));
    let revoked_at = revoked_before(&cx.tx, certificate)?;
    let mut usage = first_usages(certificate);
    if revoked_at.is_some() {
        usage.0.remove(&Usage::IssuingCertificates);
    }
    let record = IssuerRecord {
        id,
        name: name.unwrap_or_default().to_owned(),
        key_id,
        certificate: certificate.as_der().to_vec(),
        chain: vec![id],
        manual_chain: None,
        leaf_not_after_behavior: Behavior::Err,
        usage,
        revocation_signature_algorithm: revocation_signature_algorithm
            .map_or_else(String::new, |algorithm| algorithm.name().to_owned()),
        revoked_at,
        urls: None,
        crl: CrlIdText(crl_id(certificate)),
    };
    cx.tx.insert(&ISSUERS, &id, &record);
    if let Some(name) = name {
        cx.tx.put(&ISSUER_NAMES, &name.to_owned(), &id);
    }
    Ok(record)
}

/// Since when a certificate is revoked, should it come back as an issuer: there is no way back
/// from a revocation. Another authority's certificate may have the same serial number.
fn revoked_before(view: &View<'_>, certificate: &Certificate) -> Result<Option<Timestamp>, Error> {
    let serial = certificate.serial();
    let Some(revocation) = view.get(&REVOKED, serial)? else { return Ok(None) };
    let stored: Option<CertificateRecord> = view.get(&CERTS, serial)?;
    let is_same = match stored {
        Some(stored) => stored.der == certificate.as_der(),
        None => revocation.not_after == certificate.not_after(),
    };
    Ok(is_same.then_some(revocation.revoked_at))
}

/// Everything, but signing CRLs only where the certificate allows it.
fn first_usages(certificate: &Certificate) -> Usages {
    let mut usages = BTreeSet::from(Usage::ALL);
    if !may_sign_crls(certificate) {
        usages.remove(&Usage::CrlSigning);
    }
    Usages(usages)
}

/// Whether the certificate has a key usage with cRLSign (RFC 5280 section 4.2.1.3).
pub(crate) fn may_sign_crls(certificate: &Certificate) -> bool {
    use crate::x509::usage::KeyUsage;
    certificate.key_usage().is_some_and(|usage| usage.contains(KeyUsage::CRL_SIGN))
}

/// Works out every chain of the mount anew, and stores those that changed.
pub(crate) fn rebuild_chains(tx: &mut Tx<'_>) -> Result<(), Error> {
    let issuers = all(tx)?;
    for (issuer, chain) in other_chains(issuers.iter()) {
        tx.put(&ISSUERS, &issuer.record.id, &IssuerRecord { chain, ..issuer.record.clone() });
    }
    Ok(())
}

/// The issuers whose chain is not the one that all of them make, and that chain.
pub(crate) fn other_chains<'a>(
    issuers: impl Iterator<Item = &'a Issuer>,
) -> Vec<(&'a Issuer, Vec<IssuerId>)> {
    let issuers: Vec<&Issuer> = issuers.collect();
    let members: Vec<ChainMember<'_>> = issuers.iter().copied().map(chain_member).collect();
    let by_text: BTreeMap<String, IssuerId> =
        issuers.iter().map(|issuer| (issuer.record.id.to_string(), issuer.record.id)).collect();
    let chains = build_chains(&members);
    let chain = |issuer: &Issuer| -> Vec<IssuerId> {
        let ids = chains.get(&issuer.record.id.to_string()).into_iter().flatten();
        ids.filter_map(|id| by_text.get(id).copied()).collect()
    };
    let with_chain = issuers.into_iter().map(|issuer| (issuer, chain(issuer)));
    with_chain.filter(|(issuer, chain)| *chain != issuer.record.chain).collect()
}

fn chain_member(issuer: &Issuer) -> ChainMember<'_> {
    let manual = issuer.record.manual_chain.iter().flatten();
    ChainMember {
        id: issuer.record.id.to_string(),
        certificate: &issuer.certificate,
        manual_chain: manual.map(ToString::to_string).collect(),
    }
}

/// Removes an issuer and its name; the key stays. See [`rebuild_chains`].
pub(crate) fn remove(tx: &mut Tx<'_>, record: &IssuerRecord) {
    tx.delete(&ISSUERS, &record.id);
    if !record.name.is_empty() {
        tx.delete(&ISSUER_NAMES, &record.name);
    }
}
