//! YAML as the reference writes it: members sorted, lists not indented under their key, texts of
//! several lines as blocks.

mod order;
mod scalar;

use serde_json::{Map, Value};

/// A value as a document, with a newline at the end.
pub(crate) fn document(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Array(items) if !items.is_empty() => list(&mut text, items, 0),
        Value::Object(members) if !members.is_empty() => map(&mut text, members, 0),
        other => {
            leaf(&mut text, other, 0);
            text.push('\n');
        }
    }
    text
}

/// The members of an object, in column `indent`, where the text already is for the first.
fn map(text: &mut String, members: &Map<String, Value>, indent: usize) {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by(|(a, _), (b, _)| order::natural(a, b));
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index != 0 {
            text.push_str(&" ".repeat(indent));
        }
        scalar::key(text, name);
        text.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                let indent = indent.saturating_add(2);
                text.push('\n');
                text.push_str(&" ".repeat(indent));
                map(text, inner, indent);
            }
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                text.push_str(&" ".repeat(indent));
                list(text, items, indent);
            }
            other => {
                text.push(' ');
                leaf(text, other, indent);
                text.push('\n');
            }
        }
    }
}

/// The elements of a list, in column `indent`, where the text already is for the first.
fn list(text: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index != 0 {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str("- ");
        match item {
            Value::Object(members) if !members.is_empty() => {
                map(text, members, indent.saturating_add(2));
            }
            Value::Array(items) if !items.is_empty() => {
                list(text, items, indent.saturating_add(2));
            }
            other => {
                leaf(text, other, indent);
                text.push('\n');
            }
        }
    }
}

/// A value without parts. Further lines of it are two columns further in than `indent`.
fn leaf(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Array(_) => text.push_str("[]"),
        Value::Object(_) => text.push_str("{}"),
        Value::String(content) => scalar::string(text, content, indent.saturating_add(2)),
        Value::Number(number) => match (number.is_f64(), number.as_f64()) {
            (true, Some(float)) => text.push_str(&scalar::float(float)),
            _ => text.push_str(&number.to_string()),
        },
        Value::Null | Value::Bool(_) => text.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Value, want: &str) {
        let got = document(value);
        assert_eq!(got, want);
        let read: Value = serde_yaml_ng::from_str(&got).expect("YAML");
        assert_eq!(&read, value);
    }

    #[test]
    fn an_answer_looks_as_the_reference_writes_it() {
        check(
            &json!({
                "request_id": "ca1e",
                "lease_id": "",
                "data": {
                    "ttl": 60,
                    "ca_chain": ["A\nB", "C\n"],
                    "ou": [],
                    "meta": {},
                    "m": {"z": 1, "a": {"b": [{"d": 2, "c": [1]}, []]}},
                },
                "warnings": null,
            }),
            "data:\n  ca_chain:\n  - |-\n    A\n    B\n  - |\n    C\n  m:\n    a:\n      b:\n      \
             - c:\n        - 1\n        d: 2\n      - []\n    z: 1\n  meta: {}\n  ou: []\n  \
             ttl: 60\nlease_id: \"\"\nrequest_id: ca1e\nwarnings: null\n",
        );
    }

    #[test]
    fn lists_and_scalars_are_documents_too() {
        check(&json!(["a", [1, "b"], null]), "- a\n- - 1\n  - b\n- null\n");
        check(&json!({}), "{}\n");
        check(&json!([]), "[]\n");
        check(&json!("- x"), "'- x'\n");
    }

    #[test]
    fn long_texts_are_folded_after_the_eightieth_column() {
        check(
            &json!([
                "This mount hasn't configured any authority information access (AIA) fields; \
                     this may make it harder for systems to find missing certificates in the \
                     chain or to validate revocation status of certificates. Consider updating \
                     /config/urls or the newly generated issuer with this information."
            ]),
            "- This mount hasn't configured any authority information access (AIA) fields; this\n  \
             may make it harder for systems to find missing certificates in the chain or to \
             validate\n  revocation status of certificates. Consider updating /config/urls or the \
             newly generated\n  issuer with this information.\n",
        );
        check(
            &json!({"data": {"long2": "it's: Lorem ipsum dolor sit amet, consectetur adipiscing \
                     elit, sed do eiusmod tempor: incididunt ut labore et dolore magna aliqua. Ut \
                     enim ad minim veniam"}}),
            "data:\n  long2: 'it''s: Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed \
             do eiusmod\n    tempor: incididunt ut labore et dolore magna aliqua. Ut enim ad minim \
             veniam'\n",
        );
    }
}
