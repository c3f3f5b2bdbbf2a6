//! Files of a store that were damaged: an error, never a panic.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use pki_store::directory::{DirectoryStore, Options};
use pki_store::{Batch, Key, KeyRange, Layout, Op, Store as _, StoreError, Table};

use super::{Target, Verdict};

pub(super) const TARGET: Target =
    Target { name: "directory", about: "changes to octets of a store's files", run, seeds };

const FILES: [&str; 2] = ["pki.db", "pki.db-wal"];
const TABLES: [Table; 2] = [
    Table { number: 1, name: "small", layout: Layout::Clustered },
    Table { number: 2, name: "large", layout: Layout::Heap },
];

/// The files of a store that a process left in the middle of its work.
static WHOLE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = folder();
    let store = open(folder.path()).expect("a new store");
    for number in 0..8 {
        fill(&store, number).expect("written");
    }
    // As long as the store is open its log is not emptied.
    FILES.map(|name| fs::read(folder.path().join("store").join(name)).expect("a file")).into()
});

fn options() -> Options {
    Options { wait: Duration::from_millis(100) }
}

fn open(folder: &Path) -> Result<DirectoryStore, StoreError> {
    DirectoryStore::create(&folder.join("store"), options())
}

fn folder() -> tempfile::TempDir {
    // Memory is quicker than a disk, where there is a file system in it.
    let memory = PathBuf::from("/dev/shm");
    let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
    tempfile::tempdir_in(place).expect("a temporary directory")
}

fn fill(store: &DirectoryStore, number: u8) -> Result<u64, StoreError> {
    let [small, large] = TABLES;
    let put = |table, length| Op::Put {
        key: Key { table, bytes: vec![number; 9] },
        value: vec![number; length],
    };
    store.apply(&Batch { expect: Vec::new(), ops: vec![put(small, 40), put(large, 3_000)] })
}

/// Each four octets are a change: the first picks the file and the upper part of the place, two
/// more are its lower part, and the last is what stands there now.
fn run(input: &[u8]) -> Verdict {
    let mut files = WHOLE.clone();
    for change in input.as_chunks::<4>().0 {
        let [pick, high, low, octet] = *change;
        let place = usize::from_be_bytes([0, 0, 0, 0, 0, pick >> 1, high, low]);
        let file = files.get_mut(usize::from(pick & 1));
        let length = file.as_ref().map_or(1, |file| file.len().max(1));
        if let Some(at) = file.and_then(|file| file.get_mut(place % length)) {
            *at = octet;
        }
    }
    let folder = folder();
    let place = folder.path().join("store");
    fs::create_dir(&place).expect("a directory");
    fs::set_permissions(&place, Permissions::from_mode(0o700)).expect("a mode");
    for (name, octets) in FILES.iter().zip(&files) {
        fs::write(place.join(name), octets).expect("a file");
        fs::set_permissions(place.join(name), Permissions::from_mode(0o600)).expect("a mode");
    }
    let used = use_all(folder.path());
    assert!(used.as_ref().err().is_none_or(|problem| !problem.to_string().is_empty()));
    Verdict::of(&used)
}

fn use_all(folder: &Path) -> Result<(), StoreError> {
    let store = open(folder)?;
    for table in TABLES {
        let range = KeyRange::prefix(table, []);
        let snapshot = store.snapshot()?;
        let found = snapshot.scan(&range, 100)?;
        snapshot.count(&range)?;
        for (key, _) in found {
            snapshot.get(&key)?;
        }
    }
    fill(&store, 9)?;
    let all = |table| Op::DeleteRange { range: KeyRange::prefix(table, []) };
    store.apply(&Batch { expect: Vec::new(), ops: TABLES.map(all).into() })?;
    store.revision().map(drop)
}

fn seeds() -> Vec<Vec<u8>> {
    vec![Vec::new(), vec![0, 0, 18, 7], vec![1, 0, 40, 0xff, 1, 16, 32, 0xff], vec![0, 0x10, 0, 5]]
}
