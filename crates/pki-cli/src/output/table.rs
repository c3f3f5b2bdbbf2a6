//! Columns with a header, a line of dashes, and four blanks between.

use serde_json::{Map, Value};

use super::{Secret, go};

const GAP: &str = "    ";

/// One answer: a row for each field, the lease first.
///
/// Nothing to show gives the empty text, without a header.
pub(crate) fn secret(secret: &Secret) -> String {
    let mut rows = lease_rows(secret);
    if let Some(data) = &secret.data {
        let mut fields: Vec<_> = data.iter().collect();
        fields.sort_by_key(|(name, _)| *name);
        rows.extend(
            fields.into_iter().map(|(name, value)| vec![name.clone(), go::field(name, value)]),
        );
    }
    if rows.is_empty() {
        return String::new();
    }
    columns(&["Key", "Value"], &rows)
}

/// A lease without an identifier is only advice on when to read again.
fn lease_rows(secret: &Secret) -> Vec<Vec<String>> {
    let Some(lease) = secret.lease.as_ref().filter(|lease| 0 < lease.duration) else {
        return Vec::new();
    };
    let duration = go::duration(i64::try_from(lease.duration).unwrap_or(i64::MAX));
    let row = |name: &str, value: String| vec![name.to_owned(), value];
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
    let mut keys: Vec<String> = keys.iter().map(go::plain).collect();
    keys.sort();
    let Some(key_info) = key_info else {
        let rows: Vec<Vec<String>> = keys.into_iter().map(|key| vec![key]).collect();
        return columns(&["Keys"], &rows);
    };
    let mut names: Vec<&str> = key_info
        .values()
        .filter_map(Value::as_object)
        .flat_map(|fields| fields.keys().map(String::as_str))
        .collect();
    names.sort_unstable();
    names.dedup();
    let row = |key: String| {
        let fields = key_info.get(&key);
        let cells = names.iter().map(|name| {
            fields
                .and_then(|fields| fields.get(name))
                .map(|value| go::field(name, value))
                .unwrap_or_default()
        });
        let cells: Vec<String> = cells.collect();
        std::iter::once(key).chain(cells).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = keys.into_iter().map(row).collect();
    let header: Vec<&str> = std::iter::once("Keys").chain(names.iter().copied()).collect();
    columns(&header, &rows)
}

/// A table, with a newline after each row.
pub(crate) fn columns(header: &[&str], rows: &[Vec<String>]) -> String {
    let dashes = header.iter().map(|name| "-".repeat(name.len())).collect();
    let header = header.iter().map(|name| (*name).to_owned()).collect();
    let cells = |row: &Vec<String>| row.iter().map(|cell| shown(cell)).collect::<Vec<_>>();
    let lines: Vec<Vec<String>> = [header, dashes].iter().chain(rows).map(cells).collect();
    let mut widths: Vec<usize> = Vec::new();
    for line in &lines {
        widths.resize(widths.len().max(line.len()), 0);
        for (widest, cell) in widths.iter_mut().zip(line) {
            *widest = (*widest).max(width(cell));
        }
    }
    lines.iter().map(|line| joined(line, &widths)).collect()
}

/// The last cell of a row is not padded.
fn joined(line: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    let last = line.len().saturating_sub(1);
    for (index, (cell, column)) in line.iter().zip(widths).enumerate() {
        text.push_str(cell);
        if index != last {
            text.push_str(&" ".repeat(column.saturating_sub(width(cell))));
            text.push_str(GAP);
        }
    }
    text.push('\n');
    text
}

/// No cell is left empty, so that the columns of a row can be told apart.
fn shown(cell: &str) -> String {
    match cell.trim() {
        "" => "n/a".to_owned(),
        cell => cell.to_owned(),
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

    fn answer(data: Value, lease: Option<Lease>) -> Secret {
        Secret { is_named: true, data: data.as_object().cloned(), lease, warnings: Vec::new() }
    }

    #[test]
    fn fields_are_sorted_and_padded() {
        let data = json!({"ttl": 3600, "name": "", "certificate": "-----BEGIN\nMII\n-----END\n"});
        let want = "Key            Value\n\
                    ---            -----\n\
                    certificate    -----BEGIN\nMII\n-----END\n\
                    name           n/a\n\
                    ttl            1h\n";
        assert_eq!(secret(&answer(data, None)), want);
    }

    #[test]
    fn nothing_to_show_has_no_header() {
        assert_eq!(secret(&answer(json!({}), None)), "");
        assert_eq!(secret(&answer(json!(null), None)), "");
    }

    #[test]
    fn the_lease_comes_first() {
        let lease = |id: &str, duration| Lease { id: id.to_owned(), duration, renewable: false };
        let shown = |lease| secret(&answer(json!({"a": 1}), Some(lease)));
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
