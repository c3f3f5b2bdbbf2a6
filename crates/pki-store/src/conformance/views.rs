//! Snapshots and the revision: what is seen while others write.

use super::{Check, Problem, delete, fill, key, listed, put, same, value, whole, write};
use crate::{Batch, Expect, KeyRange, Op, Store, StoreError, Table};

pub(super) const CHECKS: &[Check] = &[
    Check { name: "a snapshot does not change", run: a_snapshot_does_not_change },
    Check { name: "a snapshot is taken when it is asked for", run: taken_when_asked_for },
    Check { name: "snapshots of different moments live side by side", run: side_by_side },
    Check { name: "pages of a snapshot join up while others write", run: paging_while_writing },
    Check { name: "the revision rises with every batch", run: the_revision_rises },
    Check { name: "threads that count together lose nothing", run: threads_count },
];

fn a_snapshot_does_not_change(store: &dyn Store, table: Table) -> Result<(), Problem> {
    fill(store, table, &[b"changed", b"deleted", b"kept"])?;
    let view = store.snapshot()?;
    let look = || -> Result<_, Problem> {
        let all = view.scan(&whole(table), 9)?;
        let new = view.get(&key(table, *b"new"))?;
        Ok((all, new, listed(&*view, &whole(table), 9)?, view.count(&whole(table))?))
    };
    let before = look()?;
    let changed = put(&key(table, *b"changed"), *b"otherwise");
    write(store, [changed, delete(&key(table, *b"deleted")), put(&key(table, *b"new"), *b"1")])?;
    same("after changes", look()?, before.clone())?;
    write(store, [Op::DeleteRange { range: whole(table) }])?;
    same("after everything was deleted", look()?, before)?;
    same("a new snapshot", store.snapshot()?.count(&whole(table))?, 0)
}

fn taken_when_asked_for(store: &dyn Store, table: Table) -> Result<(), Problem> {
    fill(store, table, &[b"k"])?;
    let view = store.snapshot()?;
    // Nothing was read yet. Still, this must not show.
    write(store, [put(&key(table, *b"k"), *b"later"), put(&key(table, *b"l"), *b"later")])?;
    same("value", view.get(&key(table, *b"k"))?.map(|entry| entry.value), Some(b"k".to_vec()))?;
    same("count", view.count(&whole(table))?, 1)
}

fn side_by_side(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let key = key(table, *b"k");
    let mut views = Vec::new();
    for round in 0..20_u8 {
        write(store, [put(&key, [round])])?;
        views.push((round, store.snapshot()?));
    }
    for (round, view) in views.iter().rev() {
        let found = view.get(&key)?.map(|entry| entry.value);
        same("value", found, Some(vec![*round]))?;
    }
    Ok(())
}

fn paging_while_writing(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let keys: Vec<Vec<u8>> = (0..50_u8).map(|n| vec![n, n]).collect();
    fill(store, table, &keys.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    let view = store.snapshot()?;
    let (mut range, mut all) = (whole(table), Vec::new());
    loop {
        let page = listed(&*view, &range, 7)?;
        let Some(last) = page.last().cloned() else {
            break;
        };
        // Before, at and after the place where the next page starts.
        let ahead = KeyRange { after: Some(last.clone()), ..whole(table) };
        let new = put(&key(table, [&last[..], b"new"].concat()), *b"new");
        write(store, [delete(&key(table, last.clone())), Op::DeleteRange { range: ahead }, new])?;
        range.after = Some(last);
        all.extend(page);
    }
    same("pages", all, keys)
}

fn the_revision_rises(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let key = key(table, *b"k");
    let mut last = store.revision()?;
    for ops in [vec![put(&key, *b"1")], vec![put(&key, *b"1")], vec![delete(&key)], vec![]] {
        let view = store.snapshot()?;
        let applied = write(store, ops)?;
        same("revision asked for", store.revision()?, applied)?;
        if applied <= last {
            return Err(Problem(format!("revision {applied} follows {last}")));
        }
        last = applied;
        drop(view);
    }
    Ok(())
}

fn threads_count(store: &dyn Store, table: Table) -> Result<(), Problem> {
    const THREADS: u8 = 4;
    const EACH: u8 = 25;

    let counter = key(table, *b"counter");
    write(store, [put(&counter, [0])])?;
    let count = || (0..EACH).try_for_each(|_| increment(store, &counter));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(count)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(Problem("a thread panicked".into())))
        })
    })?;
    same("counter", value(store, &counter)?, Some(vec![THREADS * EACH]))
}

/// Reads, decides, applies, and starts again when another was faster.
fn increment(store: &dyn Store, counter: &crate::Key) -> Result<(), Problem> {
    loop {
        let found = store.snapshot()?.get(counter)?;
        let Some((found, [count])) = found.as_ref().map(|entry| (entry, entry.value.as_slice()))
        else {
            return Err(Problem(format!("the counter is {found:?}")));
        };
        let expect = vec![(counter.clone(), Expect::Version(found.version))];
        match store.apply(&Batch { expect, ops: vec![put(counter, [count + 1])] }) {
            Err(StoreError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
            Ok(_) => return Ok(()),
        }
    }
}
