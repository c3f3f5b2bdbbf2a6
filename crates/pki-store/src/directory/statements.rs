//! The SQL, and nothing else that knows it.

use rusqlite::{Connection, OptionalExtension as _, Params, Row, ToSql, ffi};

use crate::range::Bounds;
use crate::{Entry, Key, KeyRange, Layout, Table};

/// The revision of the store, as of the transaction under way.
pub(super) fn revision(database: &Connection) -> rusqlite::Result<u64> {
    let mut statement = database.prepare_cached("SELECT revision FROM meta")?;
    statement.query_row([], |row| row.get::<_, i64>(0)).map(unsigned)
}

/// Writes the revision.
pub(super) fn set_revision(database: &Connection, revision: u64) -> rusqlite::Result<()> {
    run(database, "UPDATE meta SET revision = ?1 WHERE id = 1", (revision.cast_signed(),))
}

/// The version of a record, without its value.
pub(super) fn version(database: &Connection, key: &Key) -> rusqlite::Result<Option<u64>> {
    let home = home(key.table);
    let sql = format!("SELECT version FROM {home} WHERE tbl = ?1 AND key = ?2");
    let mut statement = database.prepare_cached(&sql)?;
    let found = statement.query_row((key.table.number, &key.bytes), |row| row.get::<_, i64>(0));
    Ok(found.optional()?.map(unsigned))
}

/// A record.
pub(super) fn entry(database: &Connection, key: &Key) -> rusqlite::Result<Option<Entry>> {
    let home = home(key.table);
    let sql = format!("SELECT version, value FROM {home} WHERE tbl = ?1 AND key = ?2");
    let mut statement = database.prepare_cached(&sql)?;
    statement.query_row((key.table.number, &key.bytes), |row| read_entry(row, 0)).optional()
}

/// Writes a record, over an old one if there is one. That keeps its place in the heap.
pub(super) fn put(
    database: &Connection,
    key: &Key,
    version: u64,
    value: &[u8],
) -> rusqlite::Result<()> {
    let home = home(key.table);
    let sql = format!(
        "INSERT INTO {home} (tbl, key, version, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (tbl, key) DO UPDATE SET version = excluded.version, value = excluded.value"
    );
    run(database, &sql, (key.table.number, &key.bytes, version.cast_signed(), value))
}

/// Removes a record, if there is one.
pub(super) fn delete(database: &Connection, key: &Key) -> rusqlite::Result<()> {
    let sql = format!("DELETE FROM {} WHERE tbl = ?1 AND key = ?2", home(key.table));
    run(database, &sql, (key.table.number, &key.bytes))
}

/// Removes every record of a range.
pub(super) fn delete_range(database: &Connection, range: &KeyRange) -> rusqlite::Result<()> {
    let bounds = Bounds::from(range);
    let sql = format!("DELETE FROM {}{}", home(range.table), within(&bounds));
    with_bounds(range, &bounds, |bound| run(database, &sql, bound))
}

/// How many records a range holds.
pub(super) fn count(database: &Connection, range: &KeyRange) -> rusqlite::Result<u64> {
    let bounds = Bounds::from(range);
    let sql = count_sql(range.table, &bounds);
    let mut statement = database.prepare_cached(&sql)?;
    with_bounds(range, &bounds, |bound| statement.query_row(bound, |row| row.get::<_, i64>(0)))
        .map(unsigned)
}

/// The keys of a range. In the heap's case the index answers alone.
pub(super) fn keys(
    database: &Connection,
    range: &KeyRange,
    limit: usize,
) -> rusqlite::Result<Vec<Key>> {
    select(database, "key", range, limit, |row| read_key(row, range.table))
}

/// The records of a range.
pub(super) fn scan(
    database: &Connection,
    range: &KeyRange,
    limit: usize,
) -> rusqlite::Result<Vec<(Key, Entry)>> {
    select(database, "key, version, value", range, limit, |row| {
        Ok((read_key(row, range.table)?, read_entry(row, 1)?))
    })
}

fn select<T: HasKey>(
    database: &Connection,
    columns: &str,
    range: &KeyRange,
    limit: usize,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let bounds = Bounds::from(range);
    // A limit in the statement would change how it is planned; not asking further is as good.
    let sql = select_sql(columns, range.table, &bounds);
    let mut statement = database.prepare_cached(&sql)?;
    with_bounds(range, &bounds, |bound| {
        let mut found: Vec<T> = Vec::new();
        for row in statement.query_map(bound, &read)?.take(limit) {
            let row = row?;
            // SQLite goes where its pages point and believes them. Whoever asks for page after
            // page would never come to an end if one led back.
            let is_in_order = match found.last() {
                Some(before) => before.key() < row.key(),
                None => bounds.from.as_slice() <= row.key(),
            };
            if !is_in_order {
                return Err(out_of_order());
            }
            found.push(row);
        }
        Ok(found)
    })
}

/// What a range is made of.
trait HasKey {
    fn key(&self) -> &[u8];
}

impl HasKey for Key {
    fn key(&self) -> &[u8] {
        &self.bytes
    }
}

impl HasKey for (Key, Entry) {
    fn key(&self) -> &[u8] {
        self.0.key()
    }
}

fn out_of_order() -> rusqlite::Error {
    let corrupt = ffi::Error::new(ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(corrupt, Some("keys are not in order".to_owned()))
}

fn select_sql(columns: &str, table: Table, bounds: &Bounds) -> String {
    format!("SELECT {columns} FROM {}{} ORDER BY key", home(table), within(bounds))
}

fn count_sql(table: Table, bounds: &Bounds) -> String {
    format!("SELECT count(*) FROM {}{}", home(table), within(bounds))
}

/// Where records of a table are kept.
fn home(table: Table) -> &'static str {
    match table.layout {
        Layout::Heap => "heap",
        Layout::Clustered => "clustered",
    }
}

/// Nothing sorts above every blob, so an open end is a statement of its own.
fn within(bounds: &Bounds) -> &'static str {
    match bounds.to {
        Some(_) => " WHERE tbl = ?1 AND key >= ?2 AND key < ?3",
        None => " WHERE tbl = ?1 AND key >= ?2",
    }
}

fn with_bounds<T>(range: &KeyRange, bounds: &Bounds, act: impl FnOnce(&[&dyn ToSql]) -> T) -> T {
    let (table, from) = (&range.table.number, &bounds.from);
    match &bounds.to {
        Some(to) => act(&[table, from, to]),
        None => act(&[table, from]),
    }
}

fn run(database: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<()> {
    database.prepare_cached(sql)?.execute(values).map(drop)
}

fn read_key(row: &Row<'_>, table: Table) -> rusqlite::Result<Key> {
    Ok(Key { table, bytes: row.get(0)? })
}

fn read_entry(row: &Row<'_>, first: usize) -> rusqlite::Result<Entry> {
    Ok(Entry { version: unsigned(row.get(first)?), value: row.get(first + 1)? })
}

/// Revisions count up from zero; no store will live to see one that a signed number cannot hold.
fn unsigned(revision: i64) -> u64 {
    revision.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::schema;

    const LAYOUTS: [Layout; 2] = [Layout::Heap, Layout::Clustered];

    /// What SQLite intends to do, in its own words.
    fn plan(sql: &str) -> rusqlite::Result<String> {
        let database = Connection::open_in_memory()?;
        database.execute_batch(schema::TABLES)?;
        let mut statement = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        statement
            .raw_query()
            .mapped(|row| row.get(3))
            .collect::<Result<Vec<String>, _>>()
            .map(|steps| steps.join("; "))
    }

    #[test]
    fn ranges_are_searched_and_never_sorted() {
        for layout in LAYOUTS {
            let table = Table { number: 1, name: "test", layout };
            for to in [None, Some(b"b".to_vec())] {
                let bounds = Bounds { from: b"a".to_vec(), to };
                let select = |columns| select_sql(columns, table, &bounds);
                for sql in [select("key"), select("key, version, value"), count_sql(table, &bounds)]
                {
                    let plan = plan(&sql).unwrap();
                    assert!(plan.starts_with("SEARCH"), "{sql}: {plan}");
                    assert!(plan.contains("(tbl=? AND key>"), "{sql}: {plan}");
                    assert!(!plan.contains("TEMP B-TREE"), "{sql}: {plan}");
                }
            }
        }
    }

    #[test]
    fn keys_of_the_heap_are_read_from_its_index_alone() {
        let table = Table { number: 1, name: "test", layout: Layout::Heap };
        let bounds = Bounds { from: Vec::new(), to: None };
        for sql in [select_sql("key", table, &bounds), count_sql(table, &bounds)] {
            let plan = plan(&sql).unwrap();
            assert!(plan.contains("USING COVERING INDEX heap_key"), "{plan}");
        }
    }
}
