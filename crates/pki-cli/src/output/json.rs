//! JSON as Go writes it: two blanks a level, members sorted below the top, and `<`, `>`, `&`
//! escaped.

use serde_json::Value;

use super::text::Text;

/// Writes a value with a newline at the end.
///
/// Down to `kept` levels the members of objects stay in their order; below they are sorted.
pub(super) fn write_document(text: &mut dyn Text, value: &Value, kept: usize) {
    Writer { text, kept, spacing: Spacing::Lines }.write(value, 0);
    text.push('\n');
}

/// The same in memory.
pub(super) fn document(value: &Value, kept: usize) -> String {
    let mut text = String::new();
    write_document(&mut text, value, kept);
    text
}

/// A value without a newline at the end, its members sorted.
pub(super) fn value(value: &Value) -> String {
    let mut text = String::new();
    Writer { text: &mut text, kept: 0, spacing: Spacing::Lines }.write(value, 0);
    text
}

/// Writes a value in one line with a newline at the end, as a server sends it. Only the uppermost
/// members keep their order.
pub(super) fn write_line(text: &mut dyn Text, value: &Value) {
    Writer { text, kept: 1, spacing: Spacing::None }.write(value, 0);
    text.push('\n');
}

/// What stands between the brackets of an array or object that is so many levels below the top: no
/// newline before the closing bracket. Members are sorted.
pub(super) fn inside(value: &Value, level: usize) -> String {
    let mut text = String::new();
    Writer { text: &mut text, kept: 0, spacing: Spacing::Lines }.members(value, level);
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spacing {
    /// Each member and element in a line of its own.
    Lines,
    None,
}

struct Writer<'t> {
    text: &'t mut dyn Text,
    kept: usize,
    spacing: Spacing,
}

impl Writer<'_> {
    fn write(&mut self, value: &Value, level: usize) {
        let (open, close, is_filled) = match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                return self.text.push_str(&value.to_string());
            }
            Value::String(content) => return string(self.text, content),
            Value::Array(items) => ('[', ']', !items.is_empty()),
            Value::Object(members) => ('{', '}', !members.is_empty()),
        };
        self.text.push(open);
        self.members(value, level);
        if is_filled {
            self.new_line(level);
        }
        self.text.push(close);
    }

    /// What a value has between its brackets.
    fn members(&mut self, value: &Value, level: usize) {
        match value {
            Value::Array(items) => self.listed(items.iter().map(|item| (None, item)), level),
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                if self.kept <= level {
                    members.sort_by_key(|(name, _)| *name);
                }
                let members = members.into_iter();
                self.listed(members.map(|(name, value)| (Some(name), value)), level);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
        }
    }

    fn listed<'a>(
        &mut self,
        items: impl Iterator<Item = (Option<&'a String>, &'a Value)>,
        level: usize,
    ) {
        let inner = level.saturating_add(1);
        for (index, (name, value)) in items.enumerate() {
            if index != 0 {
                self.text.push(',');
            }
            self.new_line(inner);
            if let Some(name) = name {
                string(self.text, name);
                self.text.push_str(match self.spacing {
                    Spacing::Lines => ": ",
                    Spacing::None => ":",
                });
            }
            self.write(value, inner);
        }
    }

    fn new_line(&mut self, level: usize) {
        if self.spacing == Spacing::Lines {
            self.text.push('\n');
            (0..level).for_each(|_| self.text.push_str("  "));
        }
    }
}

/// Go escapes what HTML would take for markup, and the line ends that JavaScript knows.
fn string(text: &mut dyn Text, content: &str) {
    text.push('"');
    let mut rest = content;
    // From one octet that may need it to the next: most texts have none, and some are of megabytes.
    while let Some((plain, from)) = rest.split_at_checked(plain_octets(rest)) {
        text.push_str(plain);
        let mut chars = from.chars();
        let Some(next) = chars.next() else { break };
        escaped(text, next);
        rest = chars.as_str();
    }
    text.push('"');
}

/// How many octets come before the first character that may be escaped.
fn plain_octets(text: &str) -> usize {
    let is_plain = |octet: u8| PLAIN.get(usize::from(octet)).is_some_and(|is_plain| *is_plain);
    text.bytes().position(|octet| !is_plain(octet)).unwrap_or(text.len())
}

/// Whether a character that begins with an octet is never escaped. A table, since looking at each
/// octet is most of what a long list costs.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let (mut octet, mut left) = (0_u8, plain.as_mut_slice());
    while let [first, rest @ ..] = left {
        // The last is what the line ends of JavaScript begin with.
        *first = b' ' <= octet && !matches!(octet, b'"' | b'\\' | b'<' | b'>' | b'&' | 0xe2);
        octet = octet.wrapping_add(1);
        left = rest;
    }
    plain
};

fn escaped(text: &mut dyn Text, c: char) {
    match c {
        '"' => text.push_str("\\\""),
        '\\' => text.push_str("\\\\"),
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        '\u{8}' => text.push_str("\\b"),
        '\u{c}' => text.push_str("\\f"),
        '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
        c => text.push(c),
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
        let mut line = String::new();
        write_line(&mut line, &given);
        assert_eq!(line, "{\"z\":{\"x\":[\"a\",null],\"y\":1},\"a\":{}}\n");
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

    #[test]
    fn every_character_is_read_back_and_escaped_as_json_is() {
        for c in (0..0x3000).filter_map(char::from_u32).chain(['\u{1F600}', '\u{10FFFF}']) {
            let given = Value::from(format!("a{c}{c}b"));
            let written = value(&given);
            let read: Value = serde_json::from_str(&written).expect("JSON");
            assert_eq!(read, given, "{c:?}");
            if !['<', '>', '&', '\u{2028}', '\u{2029}'].contains(&c) {
                assert_eq!(written, given.to_string(), "{c:?}");
            }
        }
    }
}
