//! `ocsp`: what is known of certificates, in OCSP.

use crate::api::endpoint::{Access, Document, Op, Path, Query, ReadCx, Reply};
use crate::ca::ocsp::{self, Refusal};
use crate::error::Error;
use crate::fields;
use crate::x509::base64;
use crate::x509::ocsp::{OcspRequest, OcspStatus};

/// The request in the path, as clients that GET have it.
pub const GET: Path = Path {
    patterns: &["ocsp/*request", "unified-ocsp/*request"],
    access: Access::Public,
    synopsis: "Ask for the status of certificates, with the request in the path.",
    description: "The request is DER in base64. Read it with `-format=raw`: the answer is an OCSP response in\nDER, also where there is nothing to say but that the request is none.",
    ops: &[Op::read::<AskOcsp>()],
};

/// The request as a parameter, as clients that POST have it.
pub const POST: Path = Path {
    patterns: &["ocsp", "unified-ocsp"],
    access: Access::Public,
    synopsis: "Ask for the status of certificates.",
    description: "The request is DER in base64: `base64 request.der | pkictl write pki/ocsp request=-`. The\nanswer is the response, in base64 too. A serial number that was never issued here is unknown.",
    ops: &[Op::compute::<PostOcsp>()],
};

/// The longest text that is decoded, in octets: a request of the greatest length, with every digit
/// escaped.
const LONGEST_TEXT: usize = 9 * 1024;

fields! {
    /// Asks for statuses; answered in DER.
    pub struct AskOcsp {
        /// The OCSP request: DER in base64, of either alphabet, padded or not.
        request: String,
    }
}

impl Query for AskOcsp {
    type Reply = Document;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Document>, Error> {
        let bytes = match ocsp::respond(cx, &from_path(&self.request)) {
            Ok(response) => response,
            // What is wrong with the store or its seal is said as such; no client could do
            // anything with it in OCSP.
            Err(Refusal::Failed(
                problem @ (Error::Seal(_)
                | Error::Store(_)
                | Error::DamagedRecord(_)
                | Error::RecordTooNew(..)),
            )) => return Err(problem),
            Err(refusal) => refusal.status().to_der(),
        };
        Ok(Document { content_type: "application/ocsp-response", bytes }.into())
    }
}

fields! {
    /// Asks for statuses; answered in base64.
    pub struct PostOcsp {
        /// The OCSP request: DER in base64.
        request: String,
    }
}

fields! {
    /// A signed answer.
    #[derive(Debug)]
    pub struct OcspAnswer {
        /// The OCSP response: DER in base64.
        response: String,
        /// `successful`. Whether a certificate is revoked stands in the response.
        status: String,
    }
}

impl Query for PostOcsp {
    type Reply = OcspAnswer;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<OcspAnswer>, Error> {
        let request = decode(&self.request)
            .ok_or_else(|| Error::refused("malformedRequest: expected DER in base64"))?;
        let response = ocsp::respond(cx, &request).map_err(|refusal| match refusal {
            Refusal::Failed(problem) => problem,
            _ => Error::refused(format!("{}: {refusal}", refusal.status().name())),
        })?;
        let status = OcspStatus::Successful.name().to_owned();
        Ok(OcspAnswer { response: base64::encode(&response), status }.into())
    }
}

/// The request in a path; nothing that could be one if it is not base64. A slash at the end of a
/// path is easily lost: it is put back if the request is not whole without it.
fn from_path(text: &str) -> Vec<u8> {
    if LONGEST_TEXT < text.len() {
        return Vec::new();
    }
    let text = percent_decoded(text);
    let whole = ["", "/", "//"].into_iter().find_map(|lost| {
        let der = decode(&format!("{text}{lost}"))?;
        OcspRequest::from_der(&der).is_ok().then_some(der)
    });
    whole.unwrap_or_default()
}

/// Base64 of either alphabet; padding may be missing, and a blank stands for a plus that a
/// client did not encode.
fn decode(text: &str) -> Option<Vec<u8>> {
    if LONGEST_TEXT < text.len() {
        return None;
    }
    let standard = |c: char| match c {
        '-' => '+',
        '_' => '/',
        other => other,
    };
    let lines = text.trim().lines().map(str::trim);
    let mut digits: String = lines.flat_map(|line| line.chars().map(standard)).collect();
    digits = digits.trim_end_matches('=').replace(' ', "+");
    while !digits.len().is_multiple_of(4) {
        digits.push('=');
    }
    base64::decode(&digits)
}

/// The text with `%2B` and its like as they are meant; what is no such pair stays.
fn percent_decoded(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let pair = more.split_at_checked(2).filter(|_| *first == b'%');
        let octet = pair.and_then(|(pair, _)| {
            let pair = std::str::from_utf8(pair).ok()?;
            let is_hex = pair.bytes().all(|octet| octet.is_ascii_hexdigit());
            u8::from_str_radix(pair, 16).ok().filter(|_| is_hex)
        });
        let (octet, after) = match (octet, pair) {
            (Some(octet), Some((_, after))) => (octet, after),
            _ => (*first, more),
        };
        octets.push(octet);
        rest = after;
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_clients_write_them() {
        let want = [0xfb, 0xff, 0xfe, 0x3e];
        for text in ["+//+Pg==", "-__-Pg==", "+//+Pg", "-__-Pg", "+//+\nPg==\n"] {
            assert_eq!(decode(text).as_deref(), Some(&want[..]), "{text}");
        }
        assert_eq!(decode("M A="), decode("M+A="));
        for text in ["!", "A", "Zm9v!"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn percent_signs_are_decoded_once() {
        for (text, want) in
            [("a%2Fb%2b%3D", "a/b+="), ("%252F", "%2F"), ("100%", "100%"), ("%zz%+1", "%zz%+1")]
        {
            assert_eq!(percent_decoded(text), want);
        }
    }

    #[test]
    fn what_is_no_request_becomes_none() {
        assert!(from_path("hello ocsp").is_empty());
        assert!(from_path("").is_empty());
    }
}
