//! Records of a store, changed behind its back.

use rusqlite::{Connection, params};
use serde_json::Value;

pub(super) type Bytes = Vec<u8>;

/// Changes the value of the first record of a table, or of the last.
pub(super) fn change(db: &Connection, (home, table): (&str, u8), act: impl FnOnce(&mut Bytes)) {
    let (key, mut value) = first(db, (home, table));
    act(&mut value);
    let sql = format!("UPDATE {home} SET value = ?3 WHERE tbl = ?1 AND key = ?2");
    db.execute(&sql, params![table, key, value]).expect("changed");
}

/// Changes the text of the first record of a table.
pub(super) fn replace(db: &Connection, table: (&str, u8), from: &str, to: &str) {
    change(db, table, |value| {
        let text = String::from_utf8(value[1..].to_vec()).expect("text");
        assert!(text.contains(from), "{text}");
        value.truncate(1);
        value.extend(text.replacen(from, to, 1).into_bytes());
    });
}

pub(super) fn first(db: &Connection, (home, table): (&str, u8)) -> (Bytes, Bytes) {
    let sql = format!("SELECT key, value FROM {home} WHERE tbl = ?1 ORDER BY key LIMIT 1");
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, without_sum(row.get(1)?)));
    db.query_row(&sql, [table], read).expect("a record")
}

/// A value as it may be stored too, so that what is changed in it is not found by its sum alone.
fn without_sum(mut value: Bytes) -> Bytes {
    const SUMMED: u8 = 0xe0;
    if let Some(format) = value.first_mut()
        && *format & SUMMED == SUMMED
    {
        *format &= !SUMMED;
        value.truncate(value.len() - 8);
    }
    value
}

pub(super) fn remove(db: &Connection, (home, table): (&str, u8)) {
    let (key, _) = first(db, (home, table));
    let sql = format!("DELETE FROM {home} WHERE tbl = ?1 AND key = ?2");
    db.execute(&sql, params![table, key]).expect("removed");
}

pub(super) fn insert(db: &Connection, (home, table): (&str, u8), key: &[u8], value: &[u8]) {
    let sql = format!("INSERT INTO {home} (tbl, key, version, value) VALUES (?1, ?2, 1, ?3)");
    db.execute(&sql, params![table, key, value]).expect("inserted");
}

/// A key in the only mount.
pub(super) fn in_mount(own: &[u8]) -> Bytes {
    [&[0, 0, 0, 1], own].concat()
}

/// The value of a text member of a record.
pub(super) fn member(db: &Connection, table: (&str, u8), name: &str) -> String {
    let (_, value) = first(db, table);
    let value: Value = serde_json::from_slice(&value[1..]).expect("JSON");
    value[name].as_str().expect("text").to_owned()
}
