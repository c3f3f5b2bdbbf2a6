//! Batches: all of it, or nothing, in order.

use std::sync::Arc;

use super::{
    Check, Problem, delete, fill, key, listed, neighbour, put, refused, same, value, version,
    whole, write,
};
use crate::batch::{self, Changes, Make, Many};
use crate::{Batch, Expect, Key, KeyRange, Op, Store, StoreError, Table};

pub(super) const CHECKS: &[Check] = &[
    Check { name: "all of a batch happens", run: all_of_it },
    Check { name: "one failed expectation stops all of a batch", run: none_of_it },
    Check { name: "expectations see the store before the batch", run: expectations_come_first },
    Check { name: "changes happen in order", run: in_order },
    Check { name: "a range is deleted, and no more", run: delete_range },
    Check { name: "a batch without changes is applied", run: nothing_to_do },
    Check { name: "changes that are worked out are as good as others", run: worked_out },
];

fn all_of_it(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let other = neighbour(table);
    fill(store, table, &[b"deleted", b"kept"])?;
    let gone = key(table, *b"deleted");
    let ops = [put(&key(table, *b"new"), *b"1"), put(&key(other, *b"new"), *b"2"), delete(&gone)];
    write(store, ops)?;
    let view = store.snapshot()?;
    same("ours", listed(&*view, &whole(table), 9)?, vec![b"kept".to_vec(), b"new".to_vec()])?;
    same("theirs", listed(&*view, &whole(other), 9)?, vec![b"new".to_vec()])
}

fn none_of_it(store: &dyn Store, table: Table) -> Result<(), Problem> {
    fill(store, table, &[b"a", b"b"])?;
    let (a, b, c) = (key(table, *b"a"), key(table, *b"b"), key(table, *b"c"));
    let good = [(a.clone(), Expect::Version(version(store, &a)?)), (c.clone(), Expect::Absent)];
    let ops = || {
        let everything = Op::DeleteRange { range: whole(table) };
        vec![put(&c, *b"new"), put(&a, *b"new"), everything, delete(&b)]
    };
    let expect = [&good[..], &[(b.clone(), Expect::Absent)]].concat();
    refused(store, expect, ops(), &b)?;
    let view = store.snapshot()?;
    same("keys", listed(&*view, &whole(table), 9)?, vec![b"a".to_vec(), b"b".to_vec()])?;
    drop(view);
    same("value", value(store, &a)?, Some(b"a".to_vec()))?;
    // The same without the last expectation goes through.
    store.apply(&Batch { expect: good.into(), ops: ops() })?;
    same("value", value(store, &c)?, None)
}

fn expectations_come_first(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let key = key(table, *b"k");
    let absent = (key.clone(), Expect::Absent);
    let ops = vec![put(&key, *b"1")];
    store.apply(&Batch { expect: vec![absent.clone(), absent.clone()], ops })?;
    // It would be absent after the first change.
    refused(store, vec![absent], vec![delete(&key), put(&key, *b"2")], &key)?;
    same("value", value(store, &key)?, Some(b"1".to_vec()))
}

fn in_order(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let key = key(table, *b"k");
    let clear = || Op::DeleteRange { range: KeyRange::prefix(table, *b"k") };
    let put = |value: &[u8]| put(&key, value);
    let cases: [(Vec<Op>, Option<&[u8]>); 5] = [
        (vec![put(b"1"), put(b"2")], Some(b"2")),
        (vec![delete(&key), put(b"3")], Some(b"3")),
        (vec![put(b"4"), delete(&key)], None),
        (vec![put(b"5"), clear(), put(b"6")], Some(b"6")),
        (vec![put(b"7"), clear()], None),
    ];
    for (ops, want) in cases {
        write(store, ops)?;
        same("value", value(store, &key)?, want.map(<[u8]>::to_vec))?;
    }
    Ok(())
}

fn delete_range(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let keys: [&[u8]; 6] = [b"a", b"b", b"b\0", b"b1", b"b\xff", b"c"];
    let other = neighbour(table);
    fill(store, table, &keys)?;
    fill(store, other, &keys)?;
    let within = KeyRange {
        after: Some(b"b".to_vec()),
        before: Some(b"b\xff".to_vec()),
        ..KeyRange::prefix(table, *b"b")
    };
    let left = |range: KeyRange| -> Result<Vec<Vec<u8>>, Problem> {
        write(store, [Op::DeleteRange { range }])?;
        listed(&*store.snapshot()?, &whole(table), usize::MAX)
    };
    let [a, b, _, _, b_end, c] = keys.map(<[u8]>::to_vec);
    same("bounds", left(within)?, vec![a.clone(), b, b_end, c.clone()])?;
    same("prefix", left(KeyRange::prefix(table, *b"b"))?, vec![a.clone(), c.clone()])?;
    same("nothing there", left(KeyRange::prefix(table, *b"x"))?, vec![a, c])?;
    same("everything", left(whole(table))?, vec![])?;
    let view = store.snapshot()?;
    same("the neighbour", view.count(&whole(other))?, 6)
}

fn nothing_to_do(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let key = key(table, *b"k");
    store.apply(&Batch::default())?;
    store.apply(&Batch { expect: vec![(key.clone(), Expect::Absent)], ops: Vec::new() })?;
    write(store, [put(&key, *b"1")])?;
    refused(store, vec![(key.clone(), Expect::Absent)], Vec::new(), &key)
}

/// Makes records that must not be there: their keys count up.
struct Counted(Table, u8);

impl Counted {
    fn keys(&self) -> impl Iterator<Item = Key> {
        (0..self.1).map(|number| key(self.0, [number]))
    }
}

impl Many for Counted {
    fn tables(&self) -> &[Table] {
        std::slice::from_ref(&self.0)
    }

    fn expect(&self, check: &mut batch::Check<'_>) -> Result<(), StoreError> {
        self.keys().try_for_each(|key| check(&key, Expect::Absent))
    }

    fn ops(&self, make: &mut Make<'_>) -> Result<(), StoreError> {
        self.keys().try_for_each(|key| make(&put(&key, *b"many")))
    }
}

fn worked_out(store: &dyn Store, table: Table) -> Result<(), Problem> {
    let counted = |count| Op::Many(Changes(Arc::new(Counted(table, count))));
    fill(store, table, &[b"before", &[2]])?;
    let [first, second] = [[1], [2]].map(|octets| key(table, octets));
    refused(store, Vec::new(), vec![delete(&second), counted(3)], &second)?;
    same("before", listed(&*store.snapshot()?, &whole(table), 9)?.len(), 2)?;
    // In their place among the others.
    write(store, [put(&first, *b"early"), counted(2), put(&key(table, [0]), *b"late")])?;
    same("over what came before", value(store, &first)?, Some(b"many".to_vec()))?;
    same("under what comes later", value(store, &key(table, [0]))?, Some(b"late".to_vec()))
}
