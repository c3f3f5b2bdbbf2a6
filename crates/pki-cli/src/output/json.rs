//! JSON as Go writes it: two blanks a level, members sorted below the top, and `<`, `>`, `&`
//! escaped.

use serde_json::Value;

/// A value with a newline at the end.
///
/// Down to `kept` levels the members of objects stay in their order; below they are sorted.
pub(crate) fn document(value: &Value, kept: usize) -> String {
    let mut text = Writer::written(value, kept, Spacing::Lines);
    text.push('\n');
    text
}

/// A value without a newline at the end, its members sorted.
pub(crate) fn value(value: &Value) -> String {
    Writer::written(value, 0, Spacing::Lines)
}

/// A value in one line with a newline at the end, as a server sends it. Only the uppermost
/// members keep their order.
pub(crate) fn line(value: &Value) -> String {
    let mut text = Writer::written(value, 1, Spacing::None);
    text.push('\n');
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spacing {
    /// Each member and element in a line of its own.
    Lines,
    None,
}

struct Writer {
    text: String,
    kept: usize,
    spacing: Spacing,
}

impl Writer {
    fn written(value: &Value, kept: usize, spacing: Spacing) -> String {
        let mut writer = Self { text: String::new(), kept, spacing };
        writer.write(value, 0);
        writer.text
    }

    fn write(&mut self, value: &Value, level: usize) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.text.push_str(&value.to_string());
            }
            Value::String(content) => string(&mut self.text, content),
            Value::Array(items) => {
                self.enclosed(('[', ']'), items.iter().map(|item| (None, item)), level);
            }
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                if self.kept <= level {
                    members.sort_by_key(|(name, _)| *name);
                }
                let members = members.into_iter();
                self.enclosed(('{', '}'), members.map(|(name, value)| (Some(name), value)), level);
            }
        }
    }

    fn enclosed<'a>(
        &mut self,
        (open, close): (char, char),
        items: impl ExactSizeIterator<Item = (Option<&'a String>, &'a Value)>,
        level: usize,
    ) {
        self.text.push(open);
        let filled = items.len() != 0;
        let inner = level.saturating_add(1);
        for (index, (name, value)) in items.enumerate() {
            if index != 0 {
                self.text.push(',');
            }
            self.new_line(inner);
            if let Some(name) = name {
                string(&mut self.text, name);
                self.text.push_str(match self.spacing {
                    Spacing::Lines => ": ",
                    Spacing::None => ":",
                });
            }
            self.write(value, inner);
        }
        if filled {
            self.new_line(level);
        }
        self.text.push(close);
    }

    fn new_line(&mut self, level: usize) {
        if self.spacing == Spacing::Lines {
            self.text.push('\n');
            self.text.push_str(&"  ".repeat(level));
        }
    }
}

/// Go escapes what HTML would take for markup, and the line ends that JavaScript knows.
fn string(text: &mut String, content: &str) {
    text.reserve(content.len().saturating_add(2));
    text.push('"');
    // Line by line, since some are of many megabytes.
    for line in content.split_inclusive('\n') {
        let quoted = Value::from(line).to_string();
        let mut chars = quoted.chars();
        chars.next();
        chars.next_back();
        escaped(text, chars.as_str());
    }
    text.push('"');
}

fn escaped(text: &mut String, content: &str) {
    for c in content.chars() {
        match c {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_sorted_below_the_levels_that_keep_their_order() {
        let given = json!({"z": {"y": 1, "x": []}, "a": {}});
        assert_eq!(
            document(&given, 1),
            "{\n  \"z\": {\n    \"x\": [],\n    \"y\": 1\n  },\n  \"a\": {}\n}\n"
        );
        assert_eq!(
            document(&given, 0),
            "{\n  \"a\": {},\n  \"z\": {\n    \"x\": [],\n    \"y\": 1\n  }\n}\n"
        );
    }

    #[test]
    fn lists_have_a_line_for_each_element() {
        assert_eq!(document(&json!(["a", 1]), 0), "[\n  \"a\",\n  1\n]\n");
        assert_eq!(value(&json!([])), "[]");
    }

    #[test]
    fn a_line_has_no_blanks() {
        let given = json!({"z": {"y": 1, "x": ["a", null]}, "a": {}});
        assert_eq!(line(&given), "{\"z\":{\"x\":[\"a\",null],\"y\":1},\"a\":{}}\n");
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(value(&json!("<a>&\"\n\u{2028}é")), r#""\u003ca\u003e\u0026\"\n\u2028é""#);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let given = json!({"a": ["<x>", null, true, -1, {"b": "\u{7}\u{1F600}"}]});
        let read: Value = serde_json::from_str(&document(&given, 0)).expect("JSON");
        assert_eq!(read, given);
    }
}
