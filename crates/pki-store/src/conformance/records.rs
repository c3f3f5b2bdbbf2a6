//! Single records: what is put is there, and its version tells whether it was put again.

use super::{
    Check, Problem, delete, entry, key, neighbour, put, refused, same, value, version, write,
};
use crate::{Batch, Entry, Expect, Store, Table};

pub(super) const CHECKS: &[Check] = &[
    Check { name: "what was put is got", run: what_was_put_is_got },
    Check { name: "what was deleted is gone", run: what_was_deleted_is_gone },
    Check { name: "tables do not share keys", run: tables_do_not_share_keys },
    Check { name: "versions change and never return", run: versions_never_return },
    Check { name: "a put leaves other versions alone", run: a_put_leaves_others_alone },
    Check { name: "what is expected absent is so", run: expect_absent },
    Check { name: "what is expected unchanged is so", run: expect_version },
    Check { name: "large values come back", run: large_values },
];

/// Keys and values that a backend might mistake for something else.
const ODD: &[&[u8]] = &[b"", b"\0", b"\0\0", b"\xff", b"\xff\xff", b"%_'\"", b"a\0b", b"\x80\xfe"];

fn what_was_put_is_got(store: &dyn Store, table: Table) -> Result<(), Problem> {
    for bytes in ODD {
        same("before", value(store, &key(table, *bytes))?, None)?;
        for other in ODD {
            write(store, [put(&key(table, *bytes), *other)])?;
            same("after", value(store, &key(table, *bytes))?, Some(other.to_vec()))?;
        }
    }
    Ok(())
}

fn what_was_deleted_is_gone(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let (here, there) = (key(table, *b"here"), key(table, *b"there"));
    write(store, [put(&here, *b"1"), put(&there, *b"2")])?;
    write(store, [delete(&here)])?;
    same("deleted", value(store, &here)?, None)?;
    same("the other", value(store, &there)?, Some(b"2".to_vec()))?;
    // Nothing to do is no error.
    write(store, [delete(&here)])?;
    same("the other, still", value(store, &there)?, Some(b"2".to_vec()))
}

fn tables_do_not_share_keys(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let (ours, theirs) = (key(table, *b"k"), key(neighbour(table), *b"k"));
    write(store, [put(&ours, *b"ours")])?;
    same("theirs", value(store, &theirs)?, None)?;
    write(store, [put(&theirs, *b"theirs"), delete(&ours)])?;
    same("ours", value(store, &ours)?, None)?;
    same("theirs", value(store, &theirs)?, Some(b"theirs".to_vec()))
}

fn versions_never_return(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let key = key(table, *b"k");
    let mut seen = Vec::new();
    for round in 0..6 {
        write(store, [put(&key, *b"same value")])?;
        let version = version(store, &key)?;
        if seen.contains(&version) {
            return Err(Problem(format!("version {version} came back: {seen:?}")));
        }
        seen.push(version);
        if round % 2 == 0 {
            write(store, [delete(&key)])?;
        }
    }
    Ok(())
}

fn a_put_leaves_others_alone(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let (one, two) = (key(table, *b"one"), key(table, *b"two"));
    write(store, [put(&one, *b"1")])?;
    let before = entry(store, &one)?;
    write(store, [put(&two, *b"2")])?;
    same("the other entry", entry(store, &one)?, before)
}

fn expect_absent(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let key = key(table, *b"k");
    let absent = || vec![(key.clone(), Expect::Absent)];
    store.apply(&Batch { expect: absent(), ops: vec![put(&key, *b"first")] })?;
    refused(store, absent(), vec![put(&key, *b"second")], &key)?;
    same("value", value(store, &key)?, Some(b"first".to_vec()))?;
    write(store, [delete(&key)])?;
    store.apply(&Batch { expect: absent(), ops: vec![put(&key, *b"third")] })?;
    same("value", value(store, &key)?, Some(b"third".to_vec()))
}

fn expect_version(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let key = key(table, *b"k");
    let at = |version| vec![(key.clone(), Expect::Version(version))];
    refused(store, at(0), vec![put(&key, *b"none")], &key)?;
    write(store, [put(&key, *b"first")])?;
    let first = version(store, &key)?;
    refused(store, at(first + 1), vec![put(&key, *b"early")], &key)?;
    store.apply(&Batch { expect: at(first), ops: vec![put(&key, *b"second")] })?;
    refused(store, at(first), vec![put(&key, *b"late")], &key)?;
    same("value", value(store, &key)?, Some(b"second".to_vec()))?;
    let second = version(store, &key)?;
    write(store, [delete(&key)])?;
    refused(store, at(second), vec![put(&key, *b"gone")], &key)?;
    same("value", value(store, &key)?, None)
}

fn large_values(store: &dyn Store, table: Table) -> Result<(), Problem> {
    const MEBIBYTE: usize = 1 << 20;

    let key = key(table, vec![b'k'; 1000]);
    for length in [MEBIBYTE, 3, MEBIBYTE + 1] {
        let large: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        write(store, [put(&key, large.clone())])?;
        let found = entry(store, &key)?;
        if found.is_none_or(|Entry { value, .. }| value != large) {
            return Err(Problem(format!("a value of {length} bytes did not come back")));
        }
    }
    Ok(())
}
