//! Lists that come in pages, shown as if they had come whole.

use pki_core::Wanted;
use serde_json::{Map, Value};

use super::table::{self, Sheet};
use super::{Format, Secret, json, no_pretty_form, warnings, yaml};
use crate::environment::Console;
use crate::failure::Failure;

/// A list that is being shown.
pub(crate) struct LongList {
    form: Form,
    /// Whether something was shown before on the same level.
    has_begun: bool,
}

enum Form {
    /// One column.
    Keys,
    /// With what is known of each key. The first round measures the columns.
    Sheet(Sheet),
    /// An array.
    Array,
    /// The whole answer. The first round shows what is known of each key, the second the keys.
    Envelope(Envelope),
    Yaml,
    None,
}

/// In the whole answer, before what is known of the keys, and before the keys.
const INFO: &str = "\"key_info\": {";
const KEYS: &str = "\"keys\": [";

impl LongList {
    /// How often the pages have to be seen, and what of them is shown.
    pub(crate) fn rounds(format: Format, detailed: bool) -> &'static [Wanted] {
        match format {
            Format::Table if detailed => &[Wanted::Facts, Wanted::Facts],
            Format::Json if detailed => &[Wanted::Facts, Wanted::Keys],
            _ => &[Wanted::Keys],
        }
    }

    pub(crate) fn new(format: Format, detailed: bool) -> Self {
        let form = match (format, detailed) {
            (Format::Table, false) => Form::Keys,
            (Format::Table, true) => Form::Sheet(Sheet::default()),
            (Format::Json, false) => Form::Array,
            (Format::Json, true) => Form::Envelope(Envelope::default()),
            (Format::Yaml, _) => Form::Yaml,
            (Format::Pretty | Format::Raw, _) => Form::None,
        };
        Self { form, has_begun: false }
    }

    /// Shows a page, or what can be shown of it in this round.
    ///
    /// # Errors
    ///
    /// When the format cannot show lists, or nothing can be written.
    pub(crate) fn add(
        &mut self,
        console: &mut Console<'_>,
        page: Secret,
        (round, is_last): (usize, bool),
    ) -> Result<(), Failure> {
        if matches!(self.form, Form::Keys | Form::Sheet(_)) {
            console.err.write_all(warnings::banner(&page.warnings).as_bytes())?;
        }
        let text = self.text(page, round, is_last)?;
        Ok(console.out.write_all(text.as_bytes())?)
    }

    fn text(&mut self, mut page: Secret, round: usize, is_last: bool) -> Result<String, Failure> {
        let mut data = page.data.take().unwrap_or_default();
        let keys = data.remove("keys").and_then(into_array).unwrap_or_default();
        let info = data.remove("key_info").and_then(into_object).unwrap_or_default();
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        Ok(match &mut self.form {
            Form::Keys => table::keys(&keys, is_first),
            Form::Sheet(sheet) if round == 0 => {
                sheet.measure(&keys, &info);
                // The next page is the first of the next round.
                self.has_begun = !is_last;
                String::new()
            }
            Form::Sheet(sheet) => sheet.lines(&keys, &info, is_first),
            Form::Array => {
                let begin = if is_first { "[" } else { "," };
                let end = if is_last { "\n]\n" } else { "" };
                format!("{begin}{}{end}", json::inside(&Value::Array(keys), 0))
            }
            Form::Envelope(envelope) => {
                if is_first && round == 0 {
                    envelope.begin(page, !info.is_empty());
                }
                let part = if round == 0 { Value::Object(info) } else { Value::Array(keys) };
                envelope.add(&part, if round == 0 { INFO } else { KEYS }, is_last)
            }
            Form::Yaml => yaml::document(&Value::Array(keys)),
            Form::None => return Err(no_pretty_form()),
        })
    }
}

/// The whole answer in JSON, as far as it has not been shown.
#[derive(Default)]
struct Envelope {
    rest: String,
    /// Whether something stands between the brackets that were opened last.
    is_filled: bool,
}

impl Envelope {
    /// Begins with an answer that has an empty list.
    fn begin(&mut self, page: Secret, has_info: bool) {
        let info = has_info.then(|| ("key_info".to_owned(), Value::Object(Map::new())));
        let keys = ("keys".to_owned(), Value::Array(Vec::new()));
        let page = Secret { data: Some(info.into_iter().chain([keys]).collect()), ..page };
        self.rest = json::document(&page.into_envelope(), 1);
    }

    /// What is to be shown for a part of what follows `bracket`. What has no such part is not
    /// there.
    fn add(&mut self, part: &Value, bracket: &str, is_last: bool) -> String {
        let mut text = String::new();
        if let Some(start) = self.rest.find(bracket) {
            text.extend(self.rest.drain(..start.saturating_add(bracket.len())));
            self.is_filled = false;
        }
        let elements = json::inside(part, 2);
        if !elements.is_empty() {
            text.push_str(if self.is_filled { "," } else { "" });
            text.push_str(&elements);
            self.is_filled = true;
        }
        if is_last && bracket == KEYS {
            text.push_str("\n    ");
            text.push_str(&self.rest);
        } else if is_last && self.is_filled {
            text.push_str("\n    ");
        }
        text
    }
}

fn into_array(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

fn into_object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Two pages of a list, and the whole of it.
    fn pages() -> [Value; 3] {
        let facts = |name: &str| json!({"name": name, "list": ["<", "a\nb"]});
        [
            json!({"keys": ["a", "b"], "key_info": {"a": facts("x"), "b": {"name": ""}}}),
            json!({"keys": ["c"], "key_info": {"c": facts("a longer one")}}),
            json!({"keys": ["a", "b", "c"],
                "key_info": {"a": facts("x"), "b": {"name": ""}, "c": facts("a longer one")}}),
        ]
    }

    fn secret(data: &Value) -> Secret {
        let data = data.as_object().cloned();
        Secret { is_named: false, data, lease: None, warnings: Vec::new() }
    }

    fn paged(format: Format, detailed: bool) -> String {
        let [first, last, _] = pages();
        let mut long = LongList::new(format, detailed);
        let mut text = String::new();
        for (round, wanted) in LongList::rounds(format, detailed).iter().enumerate() {
            for (page, is_last) in [(&first, false), (&last, true)] {
                let mut page = secret(page);
                let facts = page.data.as_mut().filter(|_| *wanted == Wanted::Keys);
                facts.into_iter().for_each(|data| drop(data.remove("key_info")));
                text += &long.text(page, round, is_last).expect("shown");
            }
        }
        text
    }

    #[test]
    fn pages_are_shown_as_the_whole_would_be() {
        let [_, _, whole] = pages();
        let keys = whole["keys"].as_array().expect("keys");
        let info = whole["key_info"].as_object();
        assert_eq!(paged(Format::Table, false), table::list(keys, None));
        assert_eq!(paged(Format::Table, true), table::list(keys, info));
        assert_eq!(paged(Format::Json, false), json::document(&whole["keys"], 0));
        let envelope = secret(&whole).into_envelope();
        assert_eq!(paged(Format::Json, true), json::document(&envelope, 1));
        assert_eq!(paged(Format::Yaml, true), yaml::document(&whole["keys"]));
    }

    #[test]
    fn nothing_known_of_the_keys_is_not_shown() {
        let mut long = LongList::new(Format::Json, true);
        let mut text = String::new();
        for (round, key, is_last) in
            [(0, "a", false), (0, "b", true), (1, "a", false), (1, "b", true)]
        {
            let page = secret(&json!({"keys": [key]}));
            text += &long.text(page, round, is_last).expect("shown");
        }
        let whole = secret(&json!({"keys": ["a", "b"]})).into_envelope();
        assert_eq!(text, json::document(&whole, 1));
    }

    #[test]
    fn what_cannot_show_lists_refuses_them() {
        let [first, ..] = pages();
        let mut long = LongList::new(Format::Pretty, false);
        assert!(long.text(secret(&first), 0, false).is_err());
    }
}
