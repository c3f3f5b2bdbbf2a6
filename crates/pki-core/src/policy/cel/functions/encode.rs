//! JSON, base64, and addresses.

use std::sync::Arc;

use super::Param::{Any, Bytes, Text};
use super::{Function, Out, global};
use crate::policy::cel::limits::{Budget, Failure};
use crate::policy::cel::value::Value;
use crate::x509::base64;

type Ran = Result<Value, Failure>;

pub(super) const TABLE: &[Function] = &[
    global("encode_json", &[(&[Any], Out::Dyn)], encode_json),
    global("decode_json", &[(&[Text], Out::Dyn)], decode_json),
    global("base64.encode", &[(&[Bytes], Out::Text)], |budget, args| match args {
        [Value::Bytes(octets)] => {
            budget.text(octets.len().saturating_mul(2))?;
            Ok(Value::text(&base64::encode(octets)))
        }
        _ => Err(Failure::no_overload()),
    }),
    global("base64.decode", &[(&[Text], Out::Bytes)], |budget, args| match args {
        [Value::String(text)] => {
            budget.text(text.len())?;
            let octets = base64::decode(text);
            octets
                .map(|octets| Value::Bytes(octets.into()))
                .ok_or_else(|| Failure::Wrong("illegal base64 data".to_owned()))
        }
        _ => Err(Failure::no_overload()),
    }),
    global("check_valid_email", &[(&[Text], Out::Bool)], |budget, args| match args {
        [Value::String(text)] => {
            budget.text(text.len())?;
            Ok(Value::Bool(is_address(text)))
        }
        _ => Ok(Value::Bool(false)),
    }),
];

/// What has no form in JSON becomes `false`, as in the reference.
fn encode_json(budget: &mut Budget, args: &[Value]) -> Ran {
    let [value] = args else { return Err(Failure::no_overload()) };
    budget.walk(value)?;
    let Some(text) = value.to_json().and_then(|json| serde_json::to_string(&json).ok()) else {
        return Ok(Value::Bool(false));
    };
    budget.text(text.len())?;
    Ok(Value::text(&text))
}

/// What is no JSON becomes `false`, as in the reference.
fn decode_json(budget: &mut Budget, args: &[Value]) -> Ran {
    let [Value::String(text)] = args else { return Err(Failure::no_overload()) };
    budget.take(text.len())?;
    let Ok(json) = serde_json::from_str(text) else { return Ok(Value::Bool(false)) };
    let value = as_doubles(Value::from_json(&json));
    budget.walk(&value)?;
    Ok(value)
}

/// All numbers of JSON are fractions, as in the reference. What JSON nests is bounded by its
/// parser.
fn as_doubles(value: Value) -> Value {
    match value {
        Value::List(items) => Value::list(items.iter().cloned().map(as_doubles).collect()),
        Value::Map(map) => {
            let members = map.iter().map(|(key, value)| (key.clone(), as_doubles(value.clone())));
            Value::Map(Arc::new(members.collect()))
        }
        value => value.whole().map_or(value, |number| Value::Double(nearest(number))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a fraction is all that is wanted")]
fn nearest(number: i128) -> f64 {
    number as f64
}

/// An address as in RFC 5322, perhaps with a name before it: `Ann <ann@example.com>`.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => {
            let is_plain = !name.contains(['<', '>', ',', ';', '@', '"']);
            is_plain && is_mailbox(address)
        }
        None => is_mailbox(text),
    }
}

fn is_mailbox(text: &str) -> bool {
    let atoms = |text: &str| {
        let is_atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
    };
    text.split_once('@').is_some_and(|(local, host)| atoms(local) && atoms(host))
}
