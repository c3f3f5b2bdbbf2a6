//! The directory that a batch is made in, and how it survives being stopped.
//!
//! | file | holds |
//! |---|---|
//! | `batch.json` | which batch this is; locked while somebody works on it |
//! | `000001-name.pem` … | what was made for each row |
//! | `results.jsonl` | a line for each row that is done |
//! | `.pending` | a group of rows, from before it counts until all of the above has it |
//!
//! A group is written to `.pending`, and is on the disk, before the store says that it is done.
//! Only then is it taken apart. So whatever the store says is done is here, in one form or the
//! other, and what it does not say never counted.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use pki_core::domain::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::failure::{Failure, reason};

const MANIFEST: &str = "batch.json";
/// The former, until it is complete.
const UNFINISHED: &str = ".batch.json";
const RESULTS: &str = "results.jsonl";
const PENDING: &str = ".pending";

/// Which batch a directory is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The store's name for it.
    pub(super) batch: String,
    /// Where its rows are sent.
    pub(super) path: String,
    pub(super) rows: u64,
    /// SHA-256 over the rows.
    pub(super) input: String,
}

/// What becomes of a row.
pub(super) struct Made {
    /// The name of its file.
    pub(super) file: String,
    pub(super) pem: Secret<String>,
    /// Its line of the results.
    pub(super) result: Map<String, Value>,
}

/// What a pending group begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    /// Its first row, counted from 0, and the row after its last.
    from: u64,
    to: u64,
    /// How long the results were before it.
    results: u64,
}

/// What a stopped run has left pending.
enum Pending {
    Nothing,
    Group(Head),
    Incomplete,
}

/// What comes before each file in a pending group.
#[derive(Serialize, Deserialize)]
struct Item {
    file: String,
    length: usize,
    result: Map<String, Value>,
}

/// A directory that this process works in.
pub(super) struct Folder {
    path: PathBuf,
    pub(super) manifest: Manifest,
    results: File,
    /// Locked, and unlocked when it is closed.
    _lock: File,
}

/// Refuses a directory that has something in it.
///
/// # Errors
///
/// When it is not empty, or cannot be looked into.
pub(super) fn require_vacant(path: &Path) -> Result<(), Failure> {
    let place = path.display();
    let entries = match fs::read_dir(path) {
        Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(()),
        Err(problem) => {
            return Err(Failure::Usage(format!("cannot use {place}: {}", reason(&problem))));
        }
        Ok(entries) => entries,
    };
    let names = entries.filter_map(|entry| entry.ok().map(|entry| entry.file_name()));
    let names: Vec<_> = names.filter(|name| *name != UNFINISHED).take(2).collect();
    if names.is_empty() {
        Ok(())
    } else if path.join(MANIFEST).exists() {
        let text = format!("{place} holds a batch already; to go on with it, add -resume");
        Err(Failure::Usage(text))
    } else {
        Err(Failure::Usage(format!("the directory {place} is not empty")))
    }
}

impl Folder {
    /// Makes the directory of a new batch.
    ///
    /// # Errors
    ///
    /// When it or a file in it cannot be made.
    pub(super) fn create(path: &Path, manifest: Manifest) -> Result<Self, Failure> {
        let failed = |problem: io::Error| {
            Failure::Usage(format!("cannot write to {}: {}", path.display(), reason(&problem)))
        };
        directory().create(path).map_err(failed)?;
        let unfinished = path.join(UNFINISHED);
        let mut options = private();
        let lock = options.create(true).truncate(true).open(&unfinished).map_err(failed)?;
        lock_now(&lock, path)?;
        let finish = || -> io::Result<File> {
            let mut writer = &lock;
            serde_json::to_writer(writer, &manifest)?;
            writer.write_all(b"\n")?;
            lock.sync_all()?;
            fs::rename(&unfinished, path.join(MANIFEST))?;
            let results = private().append(true).create_new(true).open(path.join(RESULTS))?;
            sync_names(path)?;
            Ok(results)
        };
        let results = finish().map_err(failed)?;
        Ok(Self { path: path.to_owned(), manifest, results, _lock: lock })
    }

    /// Opens the directory of a batch that was stopped.
    ///
    /// # Errors
    ///
    /// When there is none, or somebody else works on it.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let unusable = |why: String| {
            Failure::Usage(format!("cannot resume a batch in {}: {why}", path.display()))
        };
        let failed = |problem: io::Error| unusable(reason(&problem));
        let lock = match OpenOptions::new().read(true).write(true).open(path.join(MANIFEST)) {
            Err(problem) if problem.kind() == ErrorKind::NotFound => {
                return Err(unusable("there is none".to_owned()));
            }
            opened => opened.map_err(failed)?,
        };
        lock_now(&lock, path)?;
        let manifest = serde_json::from_reader(BufReader::new(&lock));
        let manifest = manifest.map_err(|problem| unusable(format!("{MANIFEST}: {problem}")))?;
        let mut options = private();
        let results = options.read(true).append(true).create(true).open(path.join(RESULTS));
        Ok(Self { path: path.to_owned(), manifest, results: results.map_err(failed)?, _lock: lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Brings the directory to where the store is, after so many rows.
    ///
    /// # Errors
    ///
    /// When it cannot be done, or the two do not belong together.
    pub(super) fn recover(&mut self, done: u64) -> Result<(), Failure> {
        match self.pending_head().map_err(|problem| self.failure(&problem))? {
            Pending::Group(head) if head.to == done => self.unpack()?,
            Pending::Group(head) if head.from != done => {
                return Err(self.estranged(head.to, done));
            }
            // The store never heard of this group, or the file is not even complete.
            Pending::Group(_) | Pending::Incomplete => {
                let removed = fs::remove_file(self.path.join(PENDING));
                removed.map_err(|problem| self.failure(&problem))?;
            }
            Pending::Nothing => (),
        }
        let here = self.results_count().map_err(|problem| self.failure(&problem))?;
        if here == done { Ok(()) } else { Err(self.estranged(here, done)) }
    }

    /// The directory knows of another number of rows than the store.
    fn estranged(&self, here: u64, done: u64) -> Failure {
        Failure::Refused(format!(
            "{} has the results of {here} rows, and the store says that {done} are done: one of \
             the two was put back to an earlier state, or this is another store. Nothing was done.",
            self.path.display()
        ))
    }

    /// Keeps a group until it counts: it is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// When it cannot be written. The store must not say then that it is done.
    pub(super) fn keep(&self, from: u64, made: &[Made]) -> io::Result<()> {
        let results = self.results.metadata()?.len();
        let head = Head { from, to: from + made.len() as u64, results };
        let size: usize = made.iter().map(|made| made.pem.expose().len() + 2_048).sum();
        let mut bytes = Vec::with_capacity(size);
        serde_json::to_writer(&mut bytes, &head)?;
        bytes.push(b'\n');
        for Made { file, pem, result } in made {
            let pem = pem.expose().as_bytes();
            let item = Item { file: file.clone(), length: pem.len(), result: result.clone() };
            serde_json::to_writer(&mut bytes, &item)?;
            bytes.push(b'\n');
            bytes.extend_from_slice(pem);
        }
        let bytes = Secret::new(bytes);
        let mut file = private().create(true).truncate(true).open(self.path.join(PENDING))?;
        file.write_all(bytes.expose())?;
        file.sync_all()?;
        sync_names(&self.path)
    }

    /// Takes the pending group apart, which the store says is done.
    ///
    /// # Errors
    ///
    /// When that cannot be written. It is tried again when the batch is resumed.
    pub(super) fn unpack(&mut self) -> Result<(), Failure> {
        self.try_unpack().map_err(|problem| self.failure(&problem))
    }

    fn try_unpack(&mut self) -> io::Result<()> {
        let pending = self.path.join(PENDING);
        let mut bytes =
            Vec::with_capacity(usize::try_from(fs::metadata(&pending)?.len()).unwrap_or(0));
        File::open(&pending)?.read_to_end(&mut bytes)?;
        let bytes = Secret::new(bytes);
        let (head, mut rest) = line(bytes.expose()).ok_or(ErrorKind::UnexpectedEof)?;
        let head: Head = serde_json::from_slice(head)?;
        let mut results = Vec::new();
        while !rest.is_empty() {
            let (item, after) = line(rest).ok_or(ErrorKind::UnexpectedEof)?;
            let Item { file, length, result } = serde_json::from_slice(item)?;
            let (pem, after) = after.split_at_checked(length).ok_or(ErrorKind::UnexpectedEof)?;
            // What is there of an earlier attempt is written again.
            let mut file = private().create(true).truncate(true).open(self.path.join(file))?;
            file.write_all(pem)?;
            sync_alone(&file)?;
            serde_json::to_writer(&mut results, &result)?;
            results.push(b'\n');
            rest = after;
        }
        self.results.set_len(head.results)?;
        self.results.write_all(&results)?;
        sync_alone(&self.results)?;
        sync_together(&self.path)?;
        fs::remove_file(pending)
    }

    /// What the pending group begins with.
    fn pending_head(&self) -> io::Result<Pending> {
        let file = match File::open(self.path.join(PENDING)) {
            Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(Pending::Nothing),
            file => file?,
        };
        let mut first = Vec::new();
        BufReader::new(file).take(4_096).read_until(b'\n', &mut first)?;
        Ok(serde_json::from_slice(&first).map_or(Pending::Incomplete, Pending::Group))
    }

    fn results_count(&mut self) -> io::Result<u64> {
        self.results.rewind()?;
        let mut reader = BufReader::new(&self.results);
        let mut count = 0;
        loop {
            let octets = reader.fill_buf()?;
            if octets.is_empty() {
                return Ok(count);
            }
            count += octets.iter().filter(|octet| **octet == b'\n').count() as u64;
            let length = octets.len();
            reader.consume(length);
        }
    }

    /// A failure to write, in words.
    pub(super) fn failure(&self, problem: &io::Error) -> Failure {
        Failure::Refused(format!("cannot write to {}: {}", self.path.display(), reason(problem)))
    }
}

/// The first line of some octets, and what follows it.
fn line(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = octets.iter().position(|octet| *octet == b'\n')?;
    Some((octets.get(..end)?, octets.get(end + 1..)?))
}

fn lock_now(file: &File, path: &Path) -> Result<(), Failure> {
    file.try_lock().map_err(|problem| {
        let why = match problem {
            TryLockError::WouldBlock => "another process works on it".to_owned(),
            TryLockError::Error(problem) => reason(&problem),
        };
        Failure::Refused(format!("cannot work in {}: {why}", path.display()))
    })
}

/// Makes a directory that only its owner can look into.
fn directory() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Opens a file for writing; one that is made is its owner's alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Puts the names in a directory on the disk.
#[cfg(unix)]
fn sync_names(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// The system sees to it.
#[cfg(not(unix))]
fn sync_names(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Puts many small files on the disk at once: a thousandth of what waiting for each takes.
#[cfg(target_os = "linux")]
fn sync_together(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(path)?)?)
}

#[cfg(target_os = "linux")]
fn sync_alone(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn sync_together(path: &Path) -> io::Result<()> {
    sync_names(path)
}

#[cfg(not(target_os = "linux"))]
fn sync_alone(file: &File) -> io::Result<()> {
    file.sync_all()
}
