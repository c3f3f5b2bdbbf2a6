//! Where two answers to one question differ.

use std::collections::BTreeSet;

use pki_core::x509::{base64, pem};
use serde_json::Value;

use super::certificate::{self, Fact, Facts, PATIENCE};
use super::side::Answer;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) what: What,
    pub(super) theirs: String,
    pub(super) ours: String,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// One accepted what the other refused; the texts are the reasons.
    Verdict,
    /// Both refused, with another status.
    Status,
    /// Both refused, with other words.
    Error,
    /// A warning that only one gave.
    Warning,
    /// The same warnings in another order.
    WarningOrder,
    /// A field of the answer.
    Field(String),
    /// The lease.
    Lease,
    /// A part of the certificate or request that was made.
    Certificate(String),
}

/// Fields whose value is a text of its own each time.
const UNLIKE: [&str; 4] = ["serial_number", "issuer_id", "key_id", "request_id"];

/// Fields that hold PEM, or DER in base64.
const ENCODED: [&str; 5] = ["certificate", "issuing_ca", "ca_chain", "private_key", "csr"];

/// All differences.
pub(super) fn answers(theirs: &Answer, ours: &Answer) -> Vec<Difference> {
    match (theirs.is_accepted(), ours.is_accepted()) {
        (true, true) => accepted(theirs, ours),
        (false, false) => refused(theirs, ours),
        _ => vec![difference(What::Verdict, verdict(theirs), verdict(ours))],
    }
}

fn difference(what: What, theirs: impl Into<String>, ours: impl Into<String>) -> Difference {
    Difference { what, theirs: theirs.into(), ours: ours.into() }
}

fn verdict(answer: &Answer) -> String {
    if answer.is_accepted() { "accepted".to_owned() } else { reason(answer) }
}

/// Why something was refused, without what is around it and what differs each time.
fn reason(answer: &Answer) -> String {
    let messages: Vec<String> = answer.errors.iter().map(|text| unwrapped(text)).collect();
    messages.join("\n")
}

/// A message without the list of one that it may stand in.
fn unwrapped(text: &str) -> String {
    let inner = text.strip_prefix("1 error occurred:\n\t* ").unwrap_or(text);
    settled(inner.trim_end_matches('\n'))
}

/// A text in which moments with fractions of a second, which are those of the request, and
/// identifiers are replaced.
fn settled(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-:.+".contains(c);
    let mut settled = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if is_part(c) {
            word.push(c);
            continue;
        }
        settled += &settled_word(&word);
        word.clear();
        settled.push(c);
    }
    settled.pop();
    settled
}

fn settled_word(word: &str) -> String {
    let letters = |place: usize| word.as_bytes().get(place).copied();
    let is_moment = word.ends_with('Z') && letters(10) == Some(b'T') && letters(19) == Some(b'.');
    let hyphens: Vec<usize> = word.match_indices('-').map(|(at, _)| at).collect();
    let is_id = word.len() == 36 && hyphens == [8, 13, 18, 23];
    let is_span = word.contains('.')
        && word.ends_with('s')
        && word.chars().all(|c| c.is_ascii_digit() || "hms.".contains(c));
    match (is_moment, is_id, is_span) {
        (true, ..) => "<moment>".to_owned(),
        (_, true, _) => "<id>".to_owned(),
        (.., true) => "<span>".to_owned(),
        _ => word.to_owned(),
    }
}

fn refused(theirs: &Answer, ours: &Answer) -> Vec<Difference> {
    let mut found = Vec::new();
    if theirs.status != ours.status {
        found.push(difference(What::Status, theirs.status.to_string(), ours.status.to_string()));
    }
    if reason(theirs) != reason(ours) {
        found.push(difference(What::Error, reason(theirs), reason(ours)));
    }
    found
}

fn accepted(theirs: &Answer, ours: &Answer) -> Vec<Difference> {
    let mut found = warnings(theirs, ours);
    let names: BTreeSet<&String> = theirs.data.keys().chain(ours.data.keys()).collect();
    for name in names {
        let of = |answer: &Answer| match answer.data.get(name) {
            Some(value) => shown(name, value),
            None => Fact::Text("no such field".to_owned()),
        };
        found.extend(unlike(What::Field(name.clone()), &of(theirs), &of(ours)));
    }
    let lease = |answer: &Answer| answer.lease.clone().unwrap_or_default();
    let ((their_stem, theirs_lasts), (our_stem, ours_lasts)) = (lease(theirs), lease(ours));
    if their_stem != our_stem || PATIENCE < theirs_lasts.abs_diff(ours_lasts) {
        let show = |stem: String, seconds: u64| format!("{stem:?} for {seconds} s");
        let (theirs, ours) = (show(their_stem, theirs_lasts), show(our_stem, ours_lasts));
        found.push(difference(What::Lease, theirs, ours));
    }
    found.extend(parts(&facts(theirs), &facts(ours)));
    found
}

fn unlike(what: What, theirs: &Fact, ours: &Fact) -> Option<Difference> {
    (!theirs.is_like(ours)).then(|| difference(what, theirs.show(), ours.show()))
}

fn warnings(theirs: &Answer, ours: &Answer) -> Vec<Difference> {
    let settle = |answer: &Answer| -> Vec<String> {
        answer.warnings.iter().map(|warning| settled(&in_order(warning))).collect()
    };
    let (theirs, mut rest) = (settle(theirs), settle(ours));
    let ours = rest.clone();
    let mut found = Vec::new();
    for warning in &theirs {
        match rest.iter().position(|other| other == warning) {
            Some(place) => drop(rest.remove(place)),
            None => found.push(difference(What::Warning, warning, "")),
        }
    }
    found.extend(rest.into_iter().map(|warning| difference(What::Warning, "", warning)));
    if found.is_empty() && theirs != ours {
        found.push(difference(What::WarningOrder, theirs.join(" | "), ours.join(" | ")));
    }
    found
}

/// A warning whose list of names, at its end, is sorted: the reference has some in any order.
fn in_order(warning: &str) -> String {
    let list = warning.strip_suffix(']').and_then(|text| text.rsplit_once('['));
    let Some((start, names)) = list else { return warning.to_owned() };
    let mut names: Vec<&str> = names.split(' ').collect();
    names.sort_unstable();
    format!("{start}[{}]", names.join(" "))
}

/// The value of a field, as far as it has to be the same.
fn shown(name: &str, value: &Value) -> Fact {
    if UNLIKE.contains(&name) {
        return Fact::Text(
            if value.as_str().is_some_and(str::is_empty) { "empty" } else { "some" }.into(),
        );
    }
    if ENCODED.contains(&name) {
        return Fact::Text(match value {
            Value::Array(items) => items.iter().map(form).collect::<Vec<_>>().join(", "),
            other => form(other),
        });
    }
    match (name, value.as_i64()) {
        ("expiration" | "not_before", Some(seconds)) => Fact::Moment(seconds),
        _ => Fact::Text(value.to_string()),
    }
}

/// How something is written, without what is in it: the labels of PEM with their line ends, or
/// that it is DER in base64.
fn form(value: &Value) -> String {
    let Some(text) = value.as_str() else { return value.to_string() };
    if !text.contains("-----BEGIN") {
        let is_der = base64::decode(text).is_some_and(|der| der.first() == Some(&0x30));
        return if is_der { "DER in base64".to_owned() } else { text.to_owned() };
    }
    let lines = text.split('\n');
    let marks =
        lines.filter(|line| line.starts_with("-----") || line.is_empty() || 64 < line.len());
    marks.collect::<Vec<_>>().join("\\n")
}

/// What was made says.
fn facts(answer: &Answer) -> Facts {
    let issuer = first(answer.text("issuing_ca"), "CERTIFICATE");
    let issuer_key = issuer.and_then(|der| certificate::subject_key(&der));
    if let Some(der) = first(answer.text("certificate"), "CERTIFICATE") {
        return certificate::certificate(&der, issuer_key.as_deref());
    }
    first(answer.text("csr"), "CERTIFICATE REQUEST")
        .map(|der| certificate::request(&der))
        .unwrap_or_default()
}

/// The first thing of its kind, from PEM or from base64.
fn first(text: &str, label: &str) -> Option<Vec<u8>> {
    if text.contains("-----BEGIN") {
        let (blocks, _) = pem::decode_all(text);
        return blocks
            .into_iter()
            .find(|block| block.label == label)
            .map(|block| block.der.clone());
    }
    base64::decode(text).filter(|der| !der.is_empty())
}

fn parts(theirs: &Facts, ours: &Facts) -> Vec<Difference> {
    let names: BTreeSet<&String> = theirs.iter().chain(ours).map(|(name, _)| name).collect();
    let differing = names.into_iter().filter_map(|name| {
        let (theirs, ours) = (all_of(theirs, name), all_of(ours, name));
        let pairs = || theirs.iter().zip(&ours);
        let is_same = theirs.len() == ours.len() && pairs().all(|(one, other)| one.is_like(other));
        let show = |facts: &[&Fact]| {
            facts.iter().map(|fact| fact.show()).collect::<Vec<_>>().join(" and ")
        };
        let what = What::Certificate(name.clone());
        (!is_same).then(|| difference(what, show(&theirs), show(&ours)))
    });
    differing.collect()
}

/// The facts of a name: an extension may be there twice.
fn all_of<'f>(facts: &'f Facts, name: &str) -> Vec<&'f Fact> {
    facts.iter().filter(|(known, _)| known == name).map(|(_, fact)| fact).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(status: u16, text: &str) -> Answer {
        Answer { status, errors: vec![text.to_owned()], ..Answer::default() }
    }

    fn acceptance(data: &Value, warnings: &[&str]) -> Answer {
        let warnings = warnings.iter().map(|text| (*text).to_owned()).collect();
        let data = data.as_object().cloned().unwrap_or_default();
        Answer { status: 200, data, warnings, ..Answer::default() }
    }

    #[test]
    fn what_is_of_one_request_only_is_no_difference() {
        let theirs = refusal(500, "1 error occurred:\n\t* ends 2026-01-01T00:00:00.25Z\n\n");
        let ours = refusal(500, "ends 2026-01-01T00:00:00.75Z");
        assert_eq!(answers(&theirs, &ours), []);
        let theirs = json!({ "key_id": "x", "expiration": 100, "ttl": 1 });
        let ours = json!({ "key_id": "y", "expiration": 101, "ttl": 1 });
        assert_eq!(answers(&acceptance(&theirs, &[]), &acceptance(&ours, &[])), []);
    }

    #[test]
    fn everything_else_is() {
        #[track_caller]
        fn check(theirs: &Answer, ours: &Answer, want: &[What]) {
            let found: Vec<What> =
                answers(theirs, ours).into_iter().map(|found| found.what).collect();
            assert_eq!(found, want);
        }
        let nothing = acceptance(&json!({}), &[]);
        check(&nothing, &refusal(400, "no"), &[What::Verdict]);
        check(&refusal(500, "no"), &refusal(400, "never"), &[What::Status, What::Error]);
        check(&nothing, &acceptance(&json!({}), &["w"]), &[What::Warning]);
        let (one, other) = (json!({ "a": 1, "expiration": 100 }), json!({ "expiration": 200 }));
        let fields = ["a", "expiration"].map(|name| What::Field(name.to_owned()));
        check(&acceptance(&one, &[]), &acceptance(&other, &[]), &fields);
        let (one, other) = (["v", "w"], ["w", "v"]);
        let same = json!({});
        check(&acceptance(&same, &one), &acceptance(&same, &other), &[What::WarningOrder]);
    }
}
