//! Ranges: which keys they hold, in what order, and how many are given.

use super::{Check, Problem, entry, fill, key, listed, neighbour, same};
use crate::{KeyRange, Store, Table};

pub(super) const CHECKS: &[Check] = &[
    Check { name: "ranges hold what they should, in order", run: ranges_hold_what_they_should },
    Check { name: "a limit is kept", run: limits },
    Check { name: "pages join up", run: pages },
    Check { name: "a scan gives what a get gives", run: scan_is_get },
    Check { name: "an empty table has no keys", run: nothing_there },
];

/// In order.
const KEYS: &[&[u8]] = &[
    b"",
    b"\0",
    b"\0\0",
    b"a",
    b"a\0",
    b"ab",
    b"a\xff",
    b"a\xff\xff",
    b"b",
    b"\xfe\xff",
    b"\xff",
    b"\xff\0",
    b"\xff\xff",
    b"\xff\xff\xff",
];

/// What a range starts with and lies between.
const BOUNDS: &[&[u8]] = &[
    b"",
    b"\0",
    b"\0\0\0",
    b"a",
    b"a\0",
    b"a\xfe",
    b"a\xff",
    b"aa",
    b"b",
    b"c",
    b"\xfe",
    b"\xff",
    b"\xff\xff",
    b"\xff\xff\xff",
    b"\xff\xff\xff\xff",
];

/// Puts the keys into a table, and into the next one too.
fn filled(store: &dyn Store, table: Table) -> Result<(), Problem> {
    // Not in the order they will be read in.
    let mut shuffled = KEYS.to_vec();
    shuffled
        .sort_by_key(|bytes| (bytes.len() % 2, bytes.iter().rev().copied().collect::<Vec<_>>()));
    fill(store, table, &shuffled)?;
    fill(store, neighbour(table), &shuffled)
}

/// Says which keys a range holds, in the plainest words.
fn within(range: &KeyRange) -> Vec<Vec<u8>> {
    let holds = |bytes: &[u8]| {
        bytes.starts_with(&range.prefix)
            && range.after.as_ref().is_none_or(|after| after.as_slice() < bytes)
            && range.before.as_ref().is_none_or(|before| bytes < before.as_slice())
    };
    KEYS.iter().filter(|bytes| holds(bytes)).map(|bytes| bytes.to_vec()).collect()
}

fn ranges_hold_what_they_should(store: &dyn Store, table: Table) -> Result<(), Problem> {
    filled(store, table)?;
    let view = store.snapshot()?;
    let optional = || BOUNDS.iter().map(|bytes| Some(bytes.to_vec())).chain([None]);
    for prefix in BOUNDS {
        for after in optional() {
            for before in optional() {
                let (after, before) = (after.clone(), before);
                let range = KeyRange { table, prefix: prefix.to_vec(), after, before };
                let (what, want) = (format!("{range:?}"), within(&range));
                let scanned = view.scan(&range, usize::MAX)?;
                let scanned = scanned.into_iter().map(|(key, _)| key.bytes).collect();
                same(
                    &format!("keys of {what}"),
                    listed(&*view, &range, usize::MAX)?,
                    want.clone(),
                )?;
                same(&format!("scan of {what}"), scanned, want.clone())?;
                same(&format!("count of {what}"), view.count(&range)?, want.len() as u64)?;
            }
        }
    }
    Ok(())
}

fn limits(store: &dyn Store, table: Table) -> Result<(), Problem> {
    filled(store, table)?;
    let view = store.snapshot()?;
    for prefix in [&b""[..], b"a", b"\xff"] {
        let range = KeyRange::prefix(table, prefix);
        for limit in [0, 1, 2, 4, KEYS.len(), KEYS.len() + 1, usize::MAX - 1, usize::MAX] {
            let mut want = within(&range);
            want.truncate(limit);
            let what = format!("{limit} of prefix {prefix:?}");
            same(&what, view.scan(&range, limit)?.len(), want.len())?;
            same(&what, listed(&*view, &range, limit)?, want)?;
        }
    }
    Ok(())
}

fn pages(store: &dyn Store, table: Table) -> Result<(), Problem> {
    filled(store, table)?;
    let view = store.snapshot()?;
    for prefix in [&b""[..], b"a", b"\xff"] {
        for size in 1..4 {
            let mut range = KeyRange::prefix(table, prefix);
            let (want, mut all) = (within(&range), Vec::new());
            loop {
                let page = listed(&*view, &range, size)?;
                let Some(last) = page.last() else { break };
                range.after = Some(last.clone());
                all.extend(page);
            }
            same(&format!("pages of {size} with prefix {prefix:?}"), all, want)?;
        }
    }
    Ok(())
}

fn scan_is_get(store: &dyn Store, table: Table) -> Result<(), Problem> {
    filled(store, table)?;
    let all = store.snapshot()?.scan(&KeyRange::prefix(table, []), usize::MAX)?;
    for (scanned, got) in all {
        same("table", scanned.table, table)?;
        let single = entry(store, &key(table, scanned.bytes.clone()))?;
        same("entry", single, Some(got))?;
    }
    Ok(())
}

fn nothing_there(store: &dyn Store, table: Table) -> Result<(), Problem> {
    fill(store, neighbour(table), KEYS)?;
    let view = store.snapshot()?;
    for prefix in BOUNDS {
        let range = KeyRange::prefix(table, *prefix);
        same("keys", view.keys(&range, usize::MAX)?.len(), 0)?;
        same("scan", view.scan(&range, usize::MAX)?.len(), 0)?;
        same("count", view.count(&range)?, 0)?;
    }
    Ok(())
}
