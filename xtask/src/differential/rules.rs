//! Differences that were decided on.

use pki_core::x509::{CertificationRequest, KeyUsage, oid, pem};
use serde_json::Value;

use super::compare::{Difference, What};
use super::pair::Step;

/// A kind of difference that is meant. Each is as narrow as its decision.
pub(super) struct Rule {
    /// The row of `docs/compatibility.md` that it follows.
    pub(super) decision: &'static str,
    pub(super) why: &'static str,
    explains: fn(&Seen<'_>) -> bool,
}

/// A difference, and what was asked.
struct Seen<'a> {
    /// The questions so far; the difference is in the answers to the last.
    asked: &'a [Step],
    what: &'a What,
    theirs: &'a str,
    ours: &'a str,
}

/// The rule that explains a difference, if any does.
pub(super) fn explain(asked: &[Step], difference: &Difference) -> Option<&'static Rule> {
    let Difference { what, theirs, ours } = difference;
    let seen = Seen { asked, what, theirs, ours };
    RULES.iter().find(|rule| (rule.explains)(&seen))
}

const fn rule(decision: &'static str, why: &'static str, explains: fn(&Seen<'_>) -> bool) -> Rule {
    Rule { decision, why, explains }
}

const RULES: &[Rule] = &[
    rule("D2", "Go's texts about values are not copied", |seen| {
        *seen.what == What::Error && GO.iter().any(|(go, own)| seen.says(go, own))
    }),
    rule("D3", "the caller's mistake is a 400", |seen| {
        *seen.what == What::Status && seen.theirs == "500" && seen.ours == "400"
    }),
    rule("D4", "an alternative name that is none is refused, never dropped", |seen| {
        seen.is_refused_with("is not a valid DNS name and cannot be included as a SAN")
    }),
    rule("D4", "spaces around an alternative name do not lose it", |seen| {
        let is_padded = seen.text("alt_names").split(',').any(|item| item != item.trim());
        let is_named = seen.is_refused_with("subject alternate name");
        is_padded && (seen.is_extension(SAN) || seen.is_order_but_for(&[SAN]) || is_named)
    }),
    rule("D5", "an extended key usage is written once", |seen| {
        seen.is_extension(EKU) && oids(seen.ours) == without_doubles(oids(seen.theirs))
    }),
    rule("D5", "extended key usages of a CA may be given as OIDs", |seen| {
        let is_theirs = seen.is_extension(EKU) || seen.is_order_but_for(&[EKU, SAN]);
        seen.is_ca() && !seen.text("ext_key_usage_oids").is_empty() && is_theirs
    }),
    rule("D5", "what is sent as OIDs must be OIDs", |seen| {
        seen.is_refused_with("could not be parsed as a valid oid for an extended key usage")
            && !seen.verb().starts_with("roles")
    }),
    rule("D6", "key usages that nobody knows are named", |seen| {
        seen.is_own_warning("has names that are not known and have no effect")
            || seen.is_own_warning("have names that are not known and have no effect")
    }),
    rule("D9", "a path is never longer than the issuer allows", |seen| {
        let is_about = seen.is_extension(BASIC_CONSTRAINTS)
            || seen.is_own_warning("Max path length of the signed certificate is zero")
            || seen.is_refused_with("requested max path length");
        seen.verb() == "sign-intermediate" && !seen.text("max_path_length").is_empty() && is_about
    }),
    rule("D10", "what the issuer says about itself is not the request's to say", |seen| {
        seen.is_own_warning("that only the issuer can set")
            || (seen.csr_holds(CSR_CRL) && seen.is_extension(CRL_DISTRIBUTION_POINTS))
            || (seen.csr_holds(CSR_CRL) && seen.is_order_but_for(&[CRL_DISTRIBUTION_POINTS, SAN]))
            || (seen.csr_holds(CSR_CRL)
                && seen.is_ca()
                && !seen.text("ext_key_usage_oids").is_empty()
                && seen.is_order_but_for(&[CRL_DISTRIBUTION_POINTS, SAN, EKU]))
    }),
    rule("D10", "who is no CA gets no key usages of one", |seen| {
        let is_about = seen.is_own_warning("of a CA; they were ignored during issuance")
            || seen.is_extension(KEY_USAGE)
            || seen.is_order_but_for(&[KEY_USAGE, SAN])
            || (seen.csr_holds(CSR_CRL)
                && seen.is_order_but_for(&[KEY_USAGE, SAN, CRL_DISTRIBUTION_POINTS]));
        seen.verb() == "sign-verbatim" && seen.csr_asks_for_usages_of_a_ca() && is_about
    }),
    rule("D11", "an intermediate ends no later than its issuer", |seen| {
        let ends = match seen.what {
            What::Field(name) => name == "expiration",
            What::Certificate(name) => name == "not after" || name == "form of not after",
            _ => false,
        };
        seen.verb() == "sign-intermediate" && ends && seen.ours < seen.theirs
            || seen.verb() == "sign-intermediate" && ends && seen.ours.len() < seen.theirs.len()
    }),
    rule("D12", "other names stand where other alternative names do", |seen| {
        seen.is_order_but_for(&[SAN]) && seen.theirs.contains(SAN)
    }),
    rule("D12", "other names keep the order of the request, and are critical if need be", |seen| {
        let sorted = |text: &str| {
            // With other names the reference writes the URIs of a CSR anew.
            let text = text.trim_start_matches("critical ").to_lowercase().replace("%20", " ");
            let mut parts: Vec<char> = text.chars().collect();
            parts.sort_unstable();
            parts
        };
        let is_csr = matches!(seen.what, What::Certificate(name) if name == "attributes");
        (seen.is_extension(SAN) || is_csr)
            && seen.theirs.contains("[0]{")
            && sorted(seen.theirs) == sorted(seen.ours)
    }),
    rule("D12", "other names are looked at in the order of the request", |seen| {
        let is_about = |text: &str| text.starts_with("other SAN ");
        *seen.what == What::Error && is_about(seen.theirs) && is_about(seen.ours)
    }),
    rule("D13", "an unknown form of private keys is refused", |seen| {
        seen.is_refused_with("unknown private_key_format")
    }),
    rule("D23", "the case of domains does not matter", |seen| {
        matches!(seen.what, What::Verdict | What::Error)
            && seen.theirs.ends_with("not allowed by this role")
            && seen.has_capitals_in_domains()
    }),
    rule("D25", "other names of a CA's request stay beside those of the parameters", |seen| {
        let are_added =
            ["use_csr_values", "other_sans"].iter().all(|name| seen.parameter(name).is_some());
        seen.verb() == "sign-intermediate" && seen.is_extension(SAN) && are_added
    }),
    rule("D27", "a certificate that would end before it begins is refused", |seen| {
        seen.is_refused_with("is later than the certificate's Not After")
    }),
    rule("D42", "what breaks RFC 5280 is not signed, verbatim or not", |seen| {
        seen.is_refused_with("refusing to sign: ")
    }),
    rule("D42", "an empty attribute of a subject is left out", |seen| {
        matches!(seen.what, What::Certificate(name) if name == "subject")
            && seen.theirs.replace(EMPTY_USER_ID, "") == seen.ours
    }),
    rule("D43", "a CA's name with an @ that is no address becomes no alternative name", |seen| {
        let is_about = seen.is_extension(SAN)
            || seen.is_order_but_for(&[SAN])
            || matches!(seen.what, What::Certificate(name) if name == "attributes");
        seen.is_ca() && is_about && NO_ADDRESSES.iter().any(|name| seen.theirs.contains(name))
    }),
    rule("D44", "an object identifier that cannot be written is refused at once", |seen| {
        let is_about = seen.is_refused_with("could not be parsed as a valid oid")
            || seen.is_refused_with("is neither a valid OID")
            || seen.is_refused_with("is not an object identifier");
        is_about && UNWRITABLE.iter().any(|oid| seen.ours.contains(&format!("\"{oid}\"")))
    }),
    rule("D45", "DEFAULT is the default issuer wherever an issuer is named", |seen| {
        seen.theirs.contains("for reference: DEFAULT")
            || seen.theirs.contains("Issuing Certificate was set to DEFAULT but")
            || (*seen.what == What::Lease && seen.ours.contains("/issuer/DEFAULT/"))
    }),
    rule("D47", "a URI that a certificate cannot hold is refused before it is tried", |seen| {
        (seen.is_refused_with("is not a valid URI") && seen.ours.contains("b\u{fc}cher.com"))
            || (seen.is_refused_with("cannot be encoded as an IA5String")
                && seen.ours.contains("https://example.com/%C3%BC"))
    }),
    rule("D48", "the span that a lease does not get is told in whole seconds", |seen| {
        let text = format!("{}{}", seen.theirs, seen.ours);
        let is_about = text.starts_with("TTL of ") && text.ends_with("is capped accordingly");
        *seen.what == What::Warning && is_about
    }),
    rule("D49", "a parameter that does nothing is named", |seen| {
        seen.is_own_warning("Endpoint takes these parameters, but they have no effect")
    }),
    rule("D46", "an issuer in the parameters that has no effect is named", |seen| {
        let is_named = seen.is_own_warning("captured from the endpoint's path: [issuer_ref]");
        is_named && seen.parameter("issuer_ref").is_some()
    }),
];

/// What Go's library says, and what we do; the leading words are the same where there are any.
const GO: &[(&str, &str)] = &[
    (
        "Field validation failed: error converting input for field",
        "Field validation failed: error converting input for field",
    ),
    ("strconv.Atoi: parsing", "is not an object identifier"),
    ("strconv.Atoi: parsing", "policy identifier"),
    (
        "cannot parse requested SKID value as hex: encoding/hex",
        "cannot parse requested SKID value as hex",
    ),
    ("certificate request could not be parsed: ", "certificate request could not be parsed: "),
    ("x509: invalid MaxPathLen", "invalid max_path_length"),
    ("cryptobyte: invalid OID", "is not an object identifier"),
];

/// An attribute that has no value.
const EMPTY_USER_ID: &str = " set{{0.9.2342.19200300.100.1.1 printable \"\"}}";

/// Names that have an `@` and are no addresses.
const NO_ADDRESSES: &[&str] = &["\"user@\"", "\"@example.com\""];

/// What Go's library takes for object identifiers until it is to write them, and what our library
/// cannot hold.
const UNWRITABLE: &[&str] = &["1", "3.4", "2.999.1"];

const SAN: &str = "2.5.29.17";
const EKU: &str = "2.5.29.37";
const KEY_USAGE: &str = "2.5.29.15";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";

/// Where the CRLs are that requests name.
const CSR_CRL: &str = "csr.example.com/crl";

impl Seen<'_> {
    fn verb(&self) -> &str {
        self.asked.last().map_or("", Step::verb)
    }

    /// Whether the answer is a CA, or would have been one.
    fn is_ca(&self) -> bool {
        ["sign-intermediate", "root/generate", "intermediate/generate"].contains(&self.verb())
    }

    /// A parameter of the last question.
    fn parameter(&self, name: &str) -> Option<&Value> {
        self.asked.last()?.data.get(name)
    }

    /// A parameter of the last question, as text.
    fn text(&self, name: &str) -> String {
        match self.parameter(name) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    fn says(&self, theirs: &str, ours: &str) -> bool {
        self.theirs.contains(theirs) && self.ours.contains(ours)
    }

    /// Whether we refuse with this, whatever they say.
    fn is_refused_with(&self, words: &str) -> bool {
        matches!(self.what, What::Verdict | What::Error) && self.ours.contains(words)
    }

    fn is_own_warning(&self, words: &str) -> bool {
        *self.what == What::Warning && self.theirs.is_empty() && self.ours.contains(words)
    }

    fn is_extension(&self, oid: &str) -> bool {
        matches!(self.what, What::Certificate(name) if name.strip_prefix("extension ") == Some(oid))
    }

    /// Whether the order of the extensions is the same but for some.
    fn is_order_but_for(&self, but: &[&str]) -> bool {
        let others = |text: &str| -> Vec<String> {
            let oids = text.split(' ').filter(|oid| !but.contains(oid));
            oids.map(str::to_owned).collect()
        };
        let is_order =
            matches!(self.what, What::Certificate(name) if name == "order of extensions");
        is_order && others(self.theirs) == others(self.ours)
    }

    fn csr_holds(&self, text: &str) -> bool {
        let csr = pem::first(&self.text("csr")).map(|block| block.der).unwrap_or_default();
        csr.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// Whether the key usage in a CSR has keyCertSign or cRLSign.
    fn csr_asks_for_usages_of_a_ca(&self) -> bool {
        let der = pem::first(&self.text("csr")).map(|block| block.der).unwrap_or_default();
        let csr = CertificationRequest::from_der(&der);
        let asked = csr.iter().flat_map(|csr| csr.extensions()).find(|e| e.oid == oid::KEY_USAGE);
        asked.and_then(|usage| KeyUsage::from_der(&usage.value).ok()).is_some_and(|usage| {
            usage.contains(KeyUsage::KEY_CERT_SIGN) || usage.contains(KeyUsage::CRL_SIGN)
        })
    }

    /// Whether a name or an allowed domain has capitals, so that case can matter.
    fn has_capitals_in_domains(&self) -> bool {
        let domains = self.asked.first().and_then(|role| role.data.get("allowed_domains"));
        let domains = domains.map(ToString::to_string).unwrap_or_default();
        let name = self.theirs.to_owned();
        [domains, name]
            .iter()
            .any(|text| ["Example.COM", "EXAMPLE"].iter().any(|capitals| text.contains(capitals)))
    }
}

fn oids(text: &str) -> Vec<&str> {
    text.trim_matches(['{', '}']).split(' ').collect()
}

fn without_doubles(oids: Vec<&str>) -> Vec<&str> {
    let mut kept = Vec::new();
    for oid in oids {
        if !kept.contains(&oid) {
            kept.push(oid);
        }
    }
    kept
}
