//! Certificate policies: identifiers, perhaps with a statement and a notice.
//!
//! Source: RFC 5280 section 4.2.1.4.

use serde_json::{Map, Value};

use super::{Violation, oid};
use crate::field::{FieldKind, FieldValue};
use crate::x509::extension::PolicyInformation;

/// The `policy_identifiers` of a role, as texts: each an identifier, or the JSON of an object
/// with `oid` and perhaps `cps` and `notice`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyIdentifiers(pub Vec<String>);

/// A comma list as any other, except that one text may be a JSON list of objects: its commas
/// belong to JSON.
impl FieldValue for PolicyIdentifiers {
    const KIND: FieldKind = FieldKind::List;

    fn parse(raw: &Value) -> Result<Self, String> {
        if let Some(objects) = raw.as_str().and_then(json_objects) {
            let texts = objects.into_iter().map(|object| Value::Object(object).to_string());
            return Ok(Self(texts.collect()));
        }
        Vec::parse(raw).map(Self)
    }

    fn render(&self) -> Value {
        self.0.render()
    }
}

fn json_objects(text: &str) -> Option<Vec<Map<String, Value>>> {
    text.trim_start().starts_with('[').then(|| serde_json::from_str(text).ok())?
}

impl PolicyIdentifiers {
    /// Whether any is written as an object, with qualifiers or without.
    pub fn has_objects(&self) -> bool {
        self.0.iter().any(|text| oid::parse(text).is_none())
    }

    /// What the texts mean.
    ///
    /// # Errors
    ///
    /// The first text that is neither an identifier nor such an object.
    pub fn policies(&self) -> Result<Vec<PolicyInformation>, Violation> {
        self.0.iter().map(|text| parse(text)).collect()
    }

    /// The texts as they are kept: identifiers as they came, objects without blanks and with
    /// their members in one order.
    ///
    /// # Errors
    ///
    /// As [`PolicyIdentifiers::policies`].
    pub fn canonical(&self) -> Result<Self, Violation> {
        let texts = self.0.iter().map(|text| {
            let policy = parse(text)?;
            Ok(if oid::parse(text).is_some() { text.clone() } else { to_json(&policy) })
        });
        texts.collect::<Result<_, _>>().map(Self)
    }
}

fn parse(text: &str) -> Result<PolicyInformation, Violation> {
    if let Some(oid) = oid::parse(text) {
        return Ok(PolicyInformation { oid, cps: None, notice: None });
    }
    let neither = || Violation::NotAPolicy(text.to_owned());
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| neither())?;
    // An empty text is as good as none: nothing would be shown.
    let member = |name| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(value)) => Ok(Some(value.clone()).filter(|value| !value.is_empty())),
        Some(_) => Err(neither()),
    };
    let oid = member("oid")?.as_deref().and_then(oid::parse);
    let oid = oid.ok_or_else(|| Violation::PolicyWithoutOid(text.to_owned()))?;
    let (cps, notice) = (member("cps")?, member("notice")?);
    match cps {
        Some(cps) if !cps.is_ascii() => Err(Violation::PolicyStatement(cps)),
        cps => Ok(PolicyInformation { oid, cps, notice }),
    }
}

fn to_json(policy: &PolicyInformation) -> String {
    let PolicyInformation { oid, cps, notice } = policy;
    let mut object = Map::new();
    object.insert("oid".to_owned(), oid.to_string().into());
    for (name, value) in [("cps", cps), ("notice", notice)] {
        if let Some(value) = value {
            object.insert(name.to_owned(), value.as_str().into());
        }
    }
    Value::Object(object).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(raw: &Value, want: Result<&[&str], &str>) {
        let got = PolicyIdentifiers::parse(raw).unwrap().canonical();
        let got = got.map(|list| list.0).map_err(|violation| violation.to_string());
        let want =
            want.map(|texts| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(got, want.map_err(str::to_owned), "{raw}");
    }

    #[test]
    fn policies_are_identifiers_or_objects() {
        check(&json!(""), Ok(&[]));
        check(&json!("1.2.3.4.5, 2.23.140.1.2.1"), Ok(&["1.2.3.4.5", "2.23.140.1.2.1"]));
        check(&json!("2.5.29.32.0"), Ok(&["2.5.29.32.0"]));
        check(&json!(r#"{"oid": "1.2.3.4"}"#), Ok(&[r#"{"oid":"1.2.3.4"}"#]));
        check(
            &json!(
                r#"[{"oid":"1.2.3", "notice":"read, then  sign","cps":"https://x"},{"oid":"1.2.4"}]"#
            ),
            Ok(&[
                r#"{"oid":"1.2.3","cps":"https://x","notice":"read, then  sign"}"#,
                r#"{"oid":"1.2.4"}"#,
            ]),
        );
        check(
            &json!(["1.2.3", r#"{"oid":"1.2.4","cps":"","notice":"a, b"}"#]),
            Ok(&["1.2.3", r#"{"oid":"1.2.4","notice":"a, b"}"#]),
        );
    }

    #[test]
    fn what_is_neither_is_named() {
        let neither = |text: &str| {
            format!(
                "policy identifier {text:?} is neither a valid OID: expected numbers separated by \
                 dots, Nor JSON Policy Identifier: expected an object such as {{\"oid\":\"1.2.3\"}}"
            )
        };
        let no_oid = |text: &str| {
            format!(
                "policy identifier {text:?} has no valid OID: expected a member \
                                  such as \"oid\":\"1.2.3\""
            )
        };
        check(&json!("zzz"), Err(&neither("zzz")));
        check(&json!(["1.2.3", ""]), Err(&neither("")));
        check(&json!(r#"{"oid":"1.2.3","cps":"http://c"}"#), Err(&neither(r#"{"oid":"1.2.3""#)));
        check(&json!([r#"{"oid":5}"#]), Err(&neither(r#"{"oid":5}"#)));
        check(&json!(r#"[{"id":"1.2.3"}]"#), Err(&no_oid(r#"{"id":"1.2.3"}"#)));
        check(&json!(r#"[{"oid":"x.y"}]"#), Err(&no_oid(r#"{"oid":"x.y"}"#)));
        check(
            &json!([r#"{"oid":"1.2.3","cps":"https://ä"}"#]),
            Err("policy statement \"https://ä\" cannot be encoded as an IA5String"),
        );
    }

    #[test]
    fn what_is_kept_is_read_back() {
        let sent = json!(r#"[{"oid":"1.2.3","notice":"a, b"},{"oid":"1.2.4"}]"#);
        let kept = PolicyIdentifiers::parse(&sent).unwrap().canonical().unwrap();
        assert_eq!(PolicyIdentifiers::parse(&kept.render()), Ok(kept));
    }
}
