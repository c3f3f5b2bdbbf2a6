//! Child processes, and records to write. A child is the test program itself, asked to run one
//! test only, which does its work when it finds a store in its environment.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::env;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pki_store::directory::{DirectoryStore, Options};
use pki_store::{Batch, Key, Layout, Op, Store, StoreError, Table};

/// What helpers say when they cannot help.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

pub(crate) const HEAP: Table = Table { number: 1, name: "test-heap", layout: Layout::Heap };
pub(crate) const CLUSTERED: Table =
    Table { number: 2, name: "test-clustered", layout: Layout::Clustered };

const STORE: &str = "PKI_STORE_TEST_STORE";
const NUMBER: &str = "PKI_STORE_TEST_NUMBER";

/// A process that runs `test` as a child, with a store and a number of its own.
pub(crate) fn child(test: &str, store: &Path, number: u32) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    as_child(&mut command, test, store, number);
    Ok(command)
}

/// As [`child`], under a umask in octal.
pub(crate) fn child_with_umask(test: &str, store: &Path, umask: &str) -> io::Result<Command> {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]).arg(env::current_exe()?);
    as_child(&mut command, test, store, 0);
    Ok(command)
}

fn as_child(command: &mut Command, test: &str, store: &Path, number: u32) {
    command.args(["--exact", test, "--nocapture", "--quiet"]);
    command.env(STORE, store).env(NUMBER, number.to_string());
    // What the test program says about its single test. Failures go to the other stream.
    command.stdout(Stdio::null());
}

/// The store and the number of this process, if it is a child.
pub(crate) fn role() -> Option<(PathBuf, u32)> {
    let number = env::var(NUMBER).ok()?.parse().ok()?;
    env::var_os(STORE).map(|store| (store.into(), number))
}

pub(crate) fn open(path: &Path) -> Result<DirectoryStore, StoreError> {
    DirectoryStore::open(path, Options::default())
}

pub(crate) fn create(path: &Path) -> Result<DirectoryStore, StoreError> {
    DirectoryStore::create(path, Options::default())
}

pub(crate) fn key(table: Table, bytes: impl AsRef<[u8]>) -> Key {
    Key { table, bytes: bytes.as_ref().to_vec() }
}

/// Puts one record, whatever was there.
pub(crate) fn put(
    store: &dyn Store,
    key: &Key,
    value: impl AsRef<[u8]>,
) -> Result<u64, StoreError> {
    let value = value.as_ref().to_vec();
    store.apply(&Batch { expect: Vec::new(), ops: vec![Op::Put { key: key.clone(), value }] })
}

pub(crate) fn value(store: &dyn Store, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(store.snapshot()?.get(key)?.map(|entry| entry.value))
}
