//! Processes that are killed while they write: what was acknowledged stays, and what was not is
//! there as a whole or not at all.
#![cfg(all(feature = "sqlite", unix))]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;

use pki_store::{Batch, Expect, KeyRange, Op, Snapshot, Store, StoreError};
use support::{CLUSTERED, HEAP, child, create, key, open, put, role};

const KILLS: u32 = 30;

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    drop(create(&path).unwrap());
    let mut acknowledged = Vec::new();
    for round in 0..KILLS {
        // A bystander keeps the store open in two rounds of three: recovery differs.
        let bystander = (round % 3 != 0).then(|| open(&path).unwrap());
        let wanted = 1 + (round as usize * 7) % 23;
        acknowledged.extend(kill_after(&path, round, wanted).unwrap());
        drop(bystander);
        let store = open(&path).unwrap();
        let view = store.snapshot().unwrap();
        assert_eq!(lost(&*view, &acknowledged).unwrap(), Vec::<String>::new(), "round {round}");
        assert!(pairs_are_whole(&*view).unwrap(), "half a batch after round {round}");
        drop(view);
        put(&store, &key(CLUSTERED, "alive"), round.to_be_bytes()).unwrap();
    }
    assert!(KILLS as usize <= acknowledged.len());
}

/// Lets a child write, kills it when it has acknowledged so many records, and gives all that it
/// acknowledged.
fn kill_after(path: &Path, round: u32, wanted: usize) -> std::io::Result<Vec<String>> {
    let mut child = child("child_writes", path, round)?.stdout(Stdio::piped()).spawn()?;
    let Some(output) = child.stdout.take() else {
        return Ok(Vec::new());
    };
    let mut acknowledged = Vec::new();
    for line in BufReader::new(output).lines() {
        // The last line may be cut short, and the test program has things to say too.
        acknowledged.extend(line?.strip_prefix("ack ").map(str::to_owned));
        if acknowledged.len() == wanted {
            child.kill()?;
        }
    }
    child.wait()?;
    Ok(acknowledged)
}

#[test]
fn child_writes() {
    let Some((path, round)) = role() else { return };
    let store = open(&path).unwrap();
    // It stops by itself if nobody kills it.
    for n in 0..10_000 {
        let name = format!("{round}/{n}");
        // Sizes differ, so that kills find the log in all states; some batches are long.
        let size = 100 + (n * 977) % 4000;
        write_pair(&store, &name, size).unwrap();
        std::io::stdout().write_all(format!("ack {name}.\n").as_bytes()).unwrap();
    }
}

/// A value in one table, and in the other a record that says how long it is.
fn write_pair(store: &dyn Store, name: &str, size: usize) -> Result<u64, StoreError> {
    let (value, length) = (key(HEAP, name), key(CLUSTERED, format!("of {name}")));
    let ops = vec![
        Op::Put { key: value.clone(), value: vec![b'x'; size] },
        Op::Put { key: length, value: size.to_be_bytes().to_vec() },
    ];
    store.apply(&Batch { expect: vec![(value, Expect::Absent)], ops })
}

fn lost(view: &dyn Snapshot, acknowledged: &[String]) -> Result<Vec<String>, StoreError> {
    let mut lost = Vec::new();
    for name in acknowledged.iter().filter_map(|line| line.strip_suffix('.')) {
        if view.get(&key(HEAP, name))?.is_none() {
            lost.push(name.to_owned());
        }
    }
    Ok(lost)
}

fn pairs_are_whole(view: &dyn Snapshot) -> Result<bool, StoreError> {
    let values = view.scan(&KeyRange::prefix(HEAP, []), usize::MAX)?;
    let lengths = view.scan(&KeyRange::prefix(CLUSTERED, "of "), usize::MAX)?;
    let of_values = values.iter().map(|(key, entry)| (&*key.bytes, entry.value.len()));
    let of_lengths = lengths.iter().filter_map(|(key, entry)| {
        let size = usize::from_be_bytes(*entry.value.first_chunk()?);
        Some((key.bytes.strip_prefix(b"of ")?, size))
    });
    Ok(of_values.eq(of_lengths))
}
