//! Columns with a header, a line of dashes, and four blanks between.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::text::Text;
use super::{Secret, go};

const GAP: &str = "    ";

/// One answer: a row for each field, the lease first.
///
/// Nothing to show gives the empty text, without a header.
pub(super) fn secret(text: &mut dyn Text, secret: &Secret) {
    let mut rows = lease_rows(secret);
    if let Some(data) = &secret.data {
        let mut fields: Vec<_> = data.iter().collect();
        fields.sort_by_key(|(name, _)| *name);
        // Texts are not copied: some are CRLs.
        rows.extend(fields.into_iter().map(|(name, value)| {
            let value = match value {
                Value::String(text) => Cow::from(text),
                value => Cow::from(go::field(name, value)),
            };
            vec![Cow::from(name), value]
        }));
    }
    if !rows.is_empty() {
        write_columns(text, &["Key", "Value"], &rows);
    }
}

/// A lease without an identifier is only advice on when to read again.
fn lease_rows(secret: &Secret) -> Vec<Vec<Cow<'_, str>>> {
    let Some(lease) = secret.lease.as_ref().filter(|lease| 0 < lease.duration) else {
        return Vec::new();
    };
    let duration = go::duration(i64::try_from(lease.duration).unwrap_or(i64::MAX));
    let row = |name, value| vec![Cow::from(name), Cow::from(value)];
    if lease.id.is_empty() {
        return vec![row("refresh_interval", duration)];
    }
    vec![
        row("lease_id", lease.id.clone()),
        row("lease_duration", duration),
        row("lease_renewable", lease.renewable.to_string()),
    ]
}

/// The keys of a list, sorted; with what is known about each if that is given.
pub(crate) fn list(keys: &[Value], key_info: Option<&Map<String, Value>>) -> String {
    let mut sheet = Sheet::default();
    let none = Map::new();
    let key_info = key_info.unwrap_or(&none);
    sheet.measure(keys, key_info);
    sheet.lines(keys, key_info, true)
}

/// A page of keys alone, sorted; with the header before the first.
pub(super) fn keys(keys: &[Value], is_first: bool) -> String {
    let mut keys: Vec<Cow<'_, str>> = keys
        .iter()
        .map(|key| match key {
            Value::String(text) => Cow::from(text),
            key => Cow::from(go::plain(key)),
        })
        .collect();
    keys.sort_unstable();
    let mut text = if is_first { heading(&["Keys"], &[0]) } else { String::new() };
    for key in keys {
        text.push_str(shown(&key));
        text.push('\n');
    }
    text
}

/// A list with what is known about each key, measured before it is drawn.
#[derive(Default)]
pub(super) struct Sheet {
    /// Columns of a terminal that the keys take.
    width: usize,
    rows: usize,
    /// The fields, how wide each is, and how many keys have it.
    fields: BTreeMap<String, (usize, usize)>,
}

impl Sheet {
    /// Looks at a page of the list.
    pub(super) fn measure(&mut self, keys: &[Value], key_info: &Map<String, Value>) {
        self.rows = self.rows.saturating_add(keys.len());
        for key in keys {
            self.width = self.width.max(width(shown(&go::plain(key))));
        }
        for (name, value) in key_info.values().filter_map(Value::as_object).flatten() {
            let (widest, count) = self.fields.entry(name.clone()).or_default();
            *widest = (*widest).max(width(shown(&go::field(name, value))));
            *count = count.saturating_add(1);
        }
    }

    /// Draws a page, with the header before the first.
    pub(super) fn lines(
        &self,
        keys: &[Value],
        key_info: &Map<String, Value>,
        is_first: bool,
    ) -> String {
        let column = |(name, (widest, count)): (&String, &(usize, usize))| {
            let absent = if *count < self.rows { width(shown("")) } else { 0 };
            (*widest).max(width(name)).max(absent)
        };
        let header: Vec<&str> =
            std::iter::once("Keys").chain(self.fields.keys().map(String::as_str)).collect();
        let widths: Vec<usize> = std::iter::once(self.width.max(width("Keys")))
            .chain(self.fields.iter().map(column))
            .collect();
        let mut keys: Vec<String> = keys.iter().map(go::plain).collect();
        keys.sort();
        let mut text = if is_first { heading(&header, &widths) } else { String::new() };
        for key in keys {
            let facts = key_info.get(&key);
            let cells = self.fields.keys().map(|name| {
                let value = facts.and_then(|facts| facts.get(name));
                value.map(|value| go::field(name, value)).unwrap_or_default()
            });
            let row: Vec<String> = std::iter::once(key.clone()).chain(cells).collect();
            line(&mut text, row.iter().map(String::as_str), &widths);
        }
        text
    }
}

/// A table, with a newline after each row.
pub(crate) fn columns<S: AsRef<str>>(header: &[&str], rows: &[Vec<S>]) -> String {
    let mut text = String::new();
    write_columns(&mut text, header, rows);
    text
}

fn write_columns<S: AsRef<str>>(text: &mut dyn Text, header: &[&str], rows: &[Vec<S>]) {
    let mut widths: Vec<usize> = header.iter().map(|name| width(shown(name))).collect();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(shown(cell.as_ref())));
        }
    }
    text.push_str(&heading(header, &widths));
    for row in rows {
        line(text, row.iter().map(AsRef::as_ref), &widths);
    }
}

fn heading(header: &[&str], widths: &[usize]) -> String {
    let dashes: Vec<String> = header.iter().map(|name| "-".repeat(name.len())).collect();
    let mut text = String::new();
    line(&mut text, header.iter().copied(), widths);
    line(&mut text, dashes.iter().map(String::as_str), widths);
    text
}

/// Writes a row. Its last cell is not padded.
fn line<'a>(text: &mut dyn Text, cells: impl Iterator<Item = &'a str>, widths: &[usize]) {
    let mut cells = cells.map(shown).zip(widths).peekable();
    while let Some((cell, column)) = cells.next() {
        text.push_str(cell);
        if cells.peek().is_some() {
            text.push_str(&" ".repeat(column.saturating_sub(width(cell))));
            text.push_str(GAP);
        }
    }
    text.push('\n');
}

/// No cell is left empty, so that the columns of a row can be told apart.
fn shown(cell: &str) -> &str {
    match cell.trim() {
        "" => "n/a",
        cell => cell,
    }
}

/// How many columns of a terminal a text takes.
fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// Whether a character takes two columns: the East Asian scripts and the pictographs.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD)
}

#[cfg(test)]
mod tests {
    use pki_core::Lease;
    use serde_json::json;

    use super::*;

    fn shown(data: Value, lease: Option<Lease>) -> String {
        let data = data.as_object().cloned();
        let mut text = String::new();
        secret(&mut text, &Secret { is_named: true, data, lease, warnings: Vec::new() });
        text
    }

    #[test]
    fn fields_are_sorted_and_padded() {
        let data = json!({"ttl": 3600, "name": "", "certificate": "-----BEGIN\nMII\n-----END\n"});
        let want = "Key            Value\n\
                    ---            -----\n\
                    certificate    -----BEGIN\nMII\n-----END\n\
                    name           n/a\n\
                    ttl            1h\n";
        assert_eq!(shown(data, None), want);
    }

    #[test]
    fn nothing_to_show_has_no_header() {
        assert_eq!(shown(json!({}), None), "");
        assert_eq!(shown(json!(null), None), "");
    }

    #[test]
    fn the_lease_comes_first() {
        let lease = |id: &str, duration| Lease { id: id.to_owned(), duration, renewable: false };
        let shown = |lease| shown(json!({"a": 1}), Some(lease));
        assert_eq!(
            shown(lease("pki/issue/web/x", 599)),
            "Key                Value\n---                -----\n\
             lease_id           pki/issue/web/x\nlease_duration     9m59s\n\
             lease_renewable    false\na                  1\n"
        );
        assert!(shown(lease("", 60)).contains("\nrefresh_interval    1m\n"));
        assert!(shown(lease("x", 0)).starts_with("Key    Value\n"));
    }

    #[test]
    fn lists_are_sorted_and_details_have_columns() {
        let keys = [json!("b"), json!("a")];
        assert_eq!(list(&keys, None), "Keys\n----\na\nb\n");
        let info = json!({"a": {"is_default": true, "issuer_name": ""}, "b": {"key_id": "k"}});
        assert_eq!(
            list(&keys, info.as_object()),
            "Keys    is_default    issuer_name    key_id\n\
             ----    ----------    -----------    ------\n\
             a       true          n/a            n/a\n\
             b       n/a           n/a            k\n"
        );
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let rows = [vec!["証".to_owned(), "x".to_owned()], vec!["abc".to_owned(), "y".to_owned()]];
        assert_eq!(columns(&["K", "V"], &rows), "K      V\n-      -\n証     x\nabc    y\n");
    }
}
