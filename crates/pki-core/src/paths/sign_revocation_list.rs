//! `issuer/:issuer_ref/sign-revocation-list`: a CRL of what the request lists.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::endpoint::{Access, Op, Path, Query, ReadCx, Reply};
use crate::ca::crls;
use crate::ca::issuers::{self, Issuer, Usage};
use crate::domain::serial::SerialNumber;
use crate::domain::time::{Timestamp, parse_signed_duration_seconds};
use crate::error::Error;
use crate::field::Input;
use crate::fields;
use crate::x509::crl::{RevokedEntry, TbsCertList};
use crate::x509::extension::Extension;
use crate::x509::lint::Linted;
use crate::x509::oid::{self, ObjectIdentifier};
use crate::x509::{base64, pem};

/// `issuer/:issuer_ref/sign-revocation-list`.
pub const PATH: Path = Path {
    patterns: &["issuer/:issuer_ref/sign-revocation-list"],
    access: Access::Token,
    synopsis: "Sign a CRL of the certificates that the request lists.",
    description: "Nothing is stored: the CRLs of the mount and their numbers stay as they are.",
    ops: &[Op::compute::<SignRevocationList>()],
};

fields! {
    /// What every CRL has that is made of a request.
    #[derive(Clone, Debug)]
    pub struct ListParameters {
        /// Name or identifier of the issuer that signs, or `default`.
        issuer_ref: String,
        /// Its number.
        crl_number: i64 = "0",
        /// The number of the CRL that it adds to, if it is a delta CRL; else -1.
        delta_crl_base_number: i64 = "-1",
        /// Before when there will be another.
        next_update: String = "72h",
        /// `pem`, or `der` for DER in base64.
        format: String = "pem",
    }
}

fields! {
    /// Signs a CRL.
    #[derive(Clone, Debug)]
    pub struct SignRevocationList {
        ..list: ListParameters,
        /// Certificates: maps of `serial_number` (in hexadecimal), `revocation_time` (RFC 3339, or
        /// seconds since 1970), and perhaps `extensions`.
        revoked_certs: Option<Vec<Value>>,
        /// Extensions of the CRL: maps of `id` (an object identifier), `critical` and `value`
        /// (DER in base64).
        extensions: Option<Vec<Value>>,
    }
}

fields! {
    /// A signed CRL.
    #[derive(Debug)]
    pub struct SignedList {
        /// The CRL, in PEM or in base64.
        crl: String,
    }
}

impl Query for SignRevocationList {
    type Reply = SignedList;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<SignedList>, Error> {
        let checked = self.list.check()?;
        let entries = entries(self.revoked_certs.as_deref().unwrap_or_default())?;
        let extensions = extensions(self.extensions.as_deref().unwrap_or_default());
        let extensions = extensions.map_err(Error::Refused)?;
        let signer = self.list.signer(cx)?;
        Ok(checked.sign(cx, &signer, &entries, extensions)?.into())
    }
}

/// How the caller wants a CRL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListFormat {
    Pem,
    Der,
}

/// Parameters that make sense.
pub(super) struct Checked {
    number: u64,
    delta_base: Option<u64>,
    lifetime: i64,
    format: ListFormat,
}

impl ListParameters {
    pub(super) fn check(&self) -> Result<Checked, Error> {
        let number = u64::try_from(self.crl_number)
            .map_err(|_| Error::refused("crl_number parameter must be 0 or greater"))?;
        let delta_base = match self.delta_crl_base_number {
            -1 => None,
            base => Some(u64::try_from(base).map_err(|_| {
                Error::refused("delta_crl_base_number parameter must be -1 or greater")
            })?),
        };
        let lifetime = parse_signed_duration_seconds(&self.next_update).map_err(|problem| {
            Error::refused(format!("invalid value for next_update: {problem}"))
        })?;
        if lifetime <= 0 {
            return Err(Error::refused("next_update parameter must be greater than 0"));
        }
        let format = match self.format.to_ascii_lowercase().as_str() {
            "pem" => ListFormat::Pem,
            "der" => ListFormat::Der,
            _ => return Err(Error::refused(format!("unknown format value of {}", self.format))),
        };
        Ok(Checked { number, delta_base, lifetime, format })
    }

    /// The issuer, if it may sign CRLs.
    pub(super) fn signer(&self, cx: &ReadCx<'_>) -> Result<Issuer, Error> {
        let issuer = issuers::resolve(cx.view, &self.issuer_ref)?.map_err(|problem| {
            Error::refused(format!("failed to resolve issuer issuer_ref: {problem}"))
        })?;
        issuers::check_usage(&issuer, Usage::CrlSigning).map_err(Error::Refused)?;
        if issuer.record.key_id.is_none() {
            return Err(Error::refused(format!(
                "unable to fetch corresponding key for issuer {}; unable to use this issuer for signing",
                issuer.record.id
            )));
        }
        Ok(issuer)
    }
}

impl Checked {
    /// Signs entries in DER.
    pub(super) fn sign(
        &self,
        cx: &ReadCx<'_>,
        signer: &Issuer,
        entries: &[Vec<u8>],
        extra: Vec<Extension>,
    ) -> Result<SignedList, Error> {
        let key = crls::signing_key(cx, signer)?;
        let this_update = cx.now.to_whole_second();
        let tbs = TbsCertList {
            signature: crls::signature_algorithm(signer, &key),
            issuer: signer.certificate.subject().clone(),
            this_update,
            next_update: this_update.after(self.lifetime),
            authority_key_identifier: Some(crls::key_identifier(&signer.certificate)),
            crl_number: self.number,
            delta_base: self.delta_base,
            freshest_crl: Vec::new(),
            extra,
        };
        let linted = Linted::check(tbs).map_err(Error::Lint)?;
        let signed = linted.sign(&key, entries, entries.iter().map(Vec::len).sum())?;
        let der = [signed.prefix, entries.concat(), signed.suffix].concat();
        let crl = match self.format {
            ListFormat::Pem => format!("{}\n", pem::encode("X509 CRL", &der)),
            ListFormat::Der => base64::encode(&der),
        };
        Ok(SignedList { crl })
    }
}

/// Entries in DER. Every certificate is listed once.
fn entries(listed: &[Value]) -> Result<Vec<Vec<u8>>, Error> {
    let mut seen = BTreeSet::new();
    let mut entries = Vec::with_capacity(listed.len());
    for (index, listed) in listed.iter().enumerate() {
        let Value::Object(members) = listed else {
            return Err(Error::refused(format!("revoked_certs entry {index} not a map")));
        };
        let (entry, extensions) = entry(members).map_err(|(field, problem)| {
            Error::refused(format!("failed parsing {field} from entry {index}: {problem}"))
        })?;
        if !seen.insert(entry.serial.clone()) {
            let serial = &entry.serial;
            return Err(Error::refused(format!(
                "failed parsing serial_number from entry {index}: {serial} is listed already"
            )));
        }
        entries.push(entry.to_der_with(&extensions));
    }
    Ok(entries)
}

/// A member of an entry, and what is wrong with it.
type Wrong = (&'static str, String);

fn entry(members: &Input) -> Result<(RevokedEntry, Vec<Extension>), Wrong> {
    let serial = members.get("serial_number").map_or_else(
        || Err("missing 'serial_number' field".to_owned()),
        |text| serial(&scalar(text)),
    );
    let revocation_date = members.get("revocation_time").map_or_else(
        || Err("missing 'revocation_time' field".to_owned()),
        |text| moment(&scalar(text)),
    );
    let entry = RevokedEntry {
        serial: serial.map_err(|problem| ("serial_number", problem))?,
        revocation_date: revocation_date.map_err(|problem| ("revocation_time", problem))?,
        reason: None,
    };
    let extensions = match members.get("extensions") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(listed)) => extensions(listed),
        Some(_) => Err("'extensions' field did not contain a slice".to_owned()),
    };
    Ok((entry, extensions.map_err(|problem| ("extensions", problem))?))
}

/// Text as it is, anything else as JSON.
fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A serial number in hexadecimal, with or without separators.
fn serial(text: &str) -> Result<SerialNumber, String> {
    const CONTEXT: &str = "'serial_number' failed converting to bytes";
    let digits: Vec<char> = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    if let Some(wrong) = digits.iter().find(|c| !c.is_ascii_hexdigit()) {
        let number = u32::from(*wrong);
        return Err(format!("{CONTEXT}: encoding/hex: invalid byte: U+{number:04X} '{wrong}'"));
    }
    let (pairs, []) = digits.as_chunks::<2>() else {
        return Err(format!("{CONTEXT}: encoding/hex: odd length hex string"));
    };
    let nibble = |digit: &char| digit.to_digit(16).and_then(|nibble| u8::try_from(nibble).ok());
    let octet = |[high, low]: &[char; 2]| {
        Some(nibble(high).unwrap_or_default() << 4 | nibble(low).unwrap_or_default())
    };
    let octets: Vec<u8> = pairs.iter().filter_map(octet).collect();
    if octets.is_empty() {
        return Err(format!("{CONTEXT}: it is empty"));
    }
    Ok(SerialNumber::from_octets(&octets))
}

/// A moment: RFC 3339, or seconds since 1970.
fn moment(text: &str) -> Result<Timestamp, String> {
    let seconds = text.parse().ok().map(Timestamp::from_unix);
    seconds.or_else(|| Timestamp::parse(text).ok()).ok_or_else(|| {
        format!("failed parsing time {text}: could not parse string as date and time")
    })
}

/// Extensions of a CRL or of an entry. Each is there once.
fn extensions(listed: &[Value]) -> Result<Vec<Extension>, String> {
    let mut extensions: Vec<Extension> = Vec::with_capacity(listed.len());
    let mut seen = BTreeSet::new();
    for (index, listed) in listed.iter().enumerate() {
        let Value::Object(members) = listed else {
            return Err(format!("extension entry {index} not a map"));
        };
        let extension = extension(members)
            .map_err(|problem| format!("failed parsing extension entry {index}: {problem}"))?;
        if !seen.insert(extension.oid) {
            return Err(format!("duplicate extension id: {}", extension.oid));
        }
        extensions.push(extension);
    }
    Ok(extensions)
}

/// What only this program may set.
const RESERVED: [(ObjectIdentifier, &str); 3] = [
    (oid::AUTHORITY_KEY_IDENTIFIER, "authority key"),
    (oid::CRL_NUMBER, "crl number"),
    (oid::DELTA_CRL_INDICATOR, "delta crl"),
];

fn extension(members: &Input) -> Result<Extension, String> {
    let id = members.get("id").map(scalar).ok_or("missing id field")?;
    let oid = ObjectIdentifier::new(&id).map_err(|problem| {
        format!("failed parsing id {id:?} as an object identifier: {problem}")
    })?;
    if let Some((_, name)) = RESERVED.iter().find(|row| row.0 == oid) {
        return Err(format!("{name} object identifier ({oid}) is reserved"));
    }
    let critical = match members.get("critical").map(scalar).as_deref() {
        None | Some("" | "null" | "false" | "0" | "f" | "F" | "False" | "FALSE") => false,
        Some("true" | "1" | "t" | "T" | "True" | "TRUE") => true,
        Some(other) => {
            return Err(format!("cannot parse {other:?} as a bool: expected true or false"));
        }
    };
    let value = members.get("value").map(scalar).ok_or("missing 'value' field")?;
    let value = base64::decode(&value).ok_or_else(|| {
        let at = first_not_base64(&value);
        format!("failed base64 decoding 'value' field: illegal base64 data at input byte {at}")
    })?;
    Ok(Extension { oid, critical, value })
}

/// Where a text stops being base64.
fn first_not_base64(text: &str) -> usize {
    let is_digit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    text.find(|c| !is_digit(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(entry: &Value) -> Option<String> {
        entries(std::slice::from_ref(entry)).err().map(|problem| problem.to_string())
    }

    #[test]
    fn entries_are_read_as_people_write_them() {
        let time = json!("2026-09-01T00:00:00Z");
        let want = entries(&[json!({"serial_number": "0a:0b", "revocation_time": time})]).unwrap();
        for serial in ["0A-0B", "0a0b", "0a 0b", "00:0a.0b"] {
            let entry = json!({"serial_number": serial, "revocation_time": time});
            assert_eq!(entries(&[entry]).unwrap(), want, "{serial}");
        }
        for time in [json!(1_788_220_800), json!("1788220800")] {
            let entry = json!({"serial_number": "0a:0b", "revocation_time": time});
            assert_eq!(entries(&[entry]).unwrap(), want, "{time}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_entry_is_named() {
        let check = |entry: Value, want: &str| {
            assert_eq!(refused(&entry).as_deref(), Some(want));
        };
        check(json!("x"), "revoked_certs entry 0 not a map");
        check(
            json!({}),
            "failed parsing serial_number from entry 0: missing 'serial_number' field",
        );
        check(
            json!({"serial_number": "zz", "revocation_time": 0}),
            "failed parsing serial_number from entry 0: 'serial_number' failed converting to bytes: encoding/hex: invalid byte: U+007A 'z'",
        );
        check(
            json!({"serial_number": "01"}),
            "failed parsing revocation_time from entry 0: missing 'revocation_time' field",
        );
        check(
            json!({"serial_number": "01", "revocation_time": "x"}),
            "failed parsing revocation_time from entry 0: failed parsing time x: could not parse string as date and time",
        );
        check(
            json!({"serial_number": "01", "revocation_time": 0, "extensions": "x"}),
            "failed parsing extensions from entry 0: 'extensions' field did not contain a slice",
        );
        let twice = json!({"serial_number": "01", "revocation_time": 0});
        let problem = entries(&[twice.clone(), twice]).unwrap_err().to_string();
        assert_eq!(problem, "failed parsing serial_number from entry 1: 01 is listed already");
    }

    #[test]
    fn extensions_are_checked() {
        let check = |listed: Value, want: Result<usize, &str>| {
            let listed = listed.as_array().cloned().unwrap_or_default();
            let got = extensions(&listed).map(|extensions| extensions.len());
            assert_eq!(got, want.map_err(str::to_owned));
        };
        let fine = json!({"id": "1.2.3", "critical": "true", "value": "aGVsbG8="});
        check(json!([fine]), Ok(1));
        check(json!([fine, fine]), Err("duplicate extension id: 1.2.3"));
        check(json!(["x"]), Err("extension entry 0 not a map"));
        check(json!([{}]), Err("failed parsing extension entry 0: missing id field"));
        check(
            json!([{"id": "1.2.3"}]),
            Err("failed parsing extension entry 0: missing 'value' field"),
        );
        check(
            json!([{"id": "1.2.3", "value": "!"}]),
            Err(
                "failed parsing extension entry 0: failed base64 decoding 'value' field: illegal base64 data at input byte 0",
            ),
        );
        check(
            json!([{"id": "2.5.29.20", "value": ""}]),
            Err(
                "failed parsing extension entry 0: crl number object identifier (2.5.29.20) is reserved",
            ),
        );
    }
}
