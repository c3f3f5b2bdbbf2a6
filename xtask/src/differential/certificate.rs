//! What a certificate or a request for one says, as texts that can be compared.

use pki_core::crypto::asn1::{Malformed, Reader, tag};
use pki_core::crypto::key::PublicKey;
use pki_core::x509::validity;

use super::dump::{dump, hex};

/// What something says, by name and in order.
pub(super) type Facts = Vec<(String, Fact)>;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// Has to be the same.
    Text(String),
    /// Seconds since 1970. The two sides were asked one after the other, so about the same will
    /// do.
    Moment(i64),
}

impl Fact {
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Moment(one), Self::Moment(other)) => one.abs_diff(*other) <= PATIENCE,
            _ => false,
        }
    }

    pub(super) fn show(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Moment(seconds) => seconds.to_string(),
        }
    }
}

/// Seconds that may lie between the two answers to one question.
pub(super) const PATIENCE: u64 = 5;

const SUBJECT_KEY: &str = "2.5.29.14";
const AUTHORITY_KEY: &str = "2.5.29.35";

/// What a certificate says, but for its serial number, its key and its signature.
pub(super) fn certificate(der: &[u8], issuer_key: Option<&[u8]>) -> Facts {
    read(der, |r, facts| tbs_certificate(r, issuer_key, facts))
}

/// What a request says, but for its key and its signature.
pub(super) fn request(der: &[u8]) -> Facts {
    read(der, request_info)
}

/// The subject key identifier of a certificate.
pub(super) fn subject_key(der: &[u8]) -> Option<Vec<u8>> {
    pki_core::x509::Certificate::from_der(der).ok()?.subject_key_identifier()
}

fn read(
    der: &[u8],
    signed: impl FnOnce(&mut Reader<'_>, &mut Facts) -> Result<(), Malformed>,
) -> Facts {
    let mut facts = Facts::new();
    let outer = || {
        let mut outer = Reader::new(der).sequence()?;
        signed(&mut outer.sequence()?, &mut facts)?;
        let algorithm = dump(outer.element()?.der);
        outer.element()?;
        outer.finish()?;
        Ok::<_, Malformed>(algorithm)
    };
    match outer() {
        Ok(algorithm) => add(&mut facts, "signature algorithm", algorithm),
        Err(problem) => add(&mut facts, "unreadable", format!("{problem}: {}", hex(der))),
    }
    facts
}

fn add(facts: &mut Facts, name: &str, text: String) {
    facts.push((name.to_owned(), Fact::Text(text)));
}

fn tbs_certificate(
    r: &mut Reader<'_>,
    issuer_key: Option<&[u8]>,
    facts: &mut Facts,
) -> Result<(), Malformed> {
    add(facts, "version", r.optional(tag::constructed(0))?.map(dump).unwrap_or_default());
    let serial = r.element()?;
    let is_good = matches!(serial.content, [..=0x7f, ..]) && serial.content.len() <= 20;
    add(facts, "serial number is positive and short", is_good.to_string());
    add(facts, "algorithm in what is signed", dump(r.element()?.der));
    add(facts, "issuer", dump(r.element()?.der));
    let mut validity = r.sequence()?;
    moment(facts, "not before", &mut validity)?;
    moment(facts, "not after", &mut validity)?;
    add(facts, "subject", dump(r.element()?.der));
    let key = r.element()?.der;
    add(facts, "key", key_kind(key)?);
    match r.optional(tag::constructed(3))? {
        Some(extensions) => extension_list(extensions, key, issuer_key, facts)?,
        None => add(facts, "extensions", String::new()),
    }
    r.clone().finish()
}

fn moment(facts: &mut Facts, name: &str, r: &mut Reader<'_>) -> Result<(), Malformed> {
    let kind = r.peek().unwrap_or_default();
    add(facts, &format!("form of {name}"), format!("tag {kind:02x}"));
    facts.push((name.to_owned(), Fact::Moment(validity::read_time(r)?.unix())));
    Ok(())
}

/// The algorithm of a key and its size.
fn key_kind(spki: &[u8]) -> Result<String, Malformed> {
    let mut info = Reader::new(spki).sequence()?;
    let algorithm = dump(info.element()?.der);
    Ok(format!("{algorithm}, {} octets", info.bit_string()?.len()))
}

fn extension_list(
    extensions: &[u8],
    key: &[u8],
    issuer_key: Option<&[u8]>,
    facts: &mut Facts,
) -> Result<(), Malformed> {
    let mut list = Reader::new(extensions).sequence()?;
    let mut names = Vec::new();
    while !list.is_empty() {
        let mut extension = list.sequence()?;
        let oid = extension.oid()?.to_string();
        let is_critical = extension.peek() == Some(tag::BOOLEAN) && extension.boolean()?;
        let value = extension.octet_string()?;
        let text = match oid.as_str() {
            SUBJECT_KEY => subject_key_text(value, key),
            AUTHORITY_KEY => authority_key_text(value, issuer_key),
            _ => dump(value),
        };
        let critical = if is_critical { "critical " } else { "" };
        add(facts, &format!("extension {oid}"), format!("{critical}{text}"));
        names.push(oid);
    }
    add(facts, "order of extensions", names.join(" "));
    Ok(())
}

/// Where the identifier is the usual one, that it is; keys differ from side to side.
fn subject_key_text(value: &[u8], spki: &[u8]) -> String {
    let usual = PublicKey::from_spki(spki).map(|key| key.key_identifier());
    match (usual, value) {
        (Ok(usual), [tag::OCTET_STRING, 20, octets @ ..]) if *octets == usual => {
            "SHA-1 of the key".to_owned()
        }
        _ => dump(value),
    }
}

fn authority_key_text(value: &[u8], issuer_key: Option<&[u8]>) -> String {
    let text = dump(value);
    match issuer_key {
        Some(key) => text.replace(&hex(key), "the issuer's"),
        None => text,
    }
}

fn request_info(r: &mut Reader<'_>, facts: &mut Facts) -> Result<(), Malformed> {
    add(facts, "version", dump(r.element()?.der));
    add(facts, "subject", dump(r.element()?.der));
    add(facts, "key", key_kind(r.element()?.der)?);
    add(facts, "attributes", dump(r.rest()));
    Ok(())
}
