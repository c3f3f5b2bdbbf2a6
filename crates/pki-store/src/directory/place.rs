//! Where the files of a store are.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::mark;
use super::private::{self, DIRECTORY_MODE, FILE_MODE};
use crate::StoreError;

/// What every file of a store is named after.
const STEM: &str = "pki.";

/// The directory of a store, and how patient we are there.
#[derive(Clone, Debug)]
pub(super) struct Place {
    directory: PathBuf,
    database: PathBuf,
    /// What messages call it, and its database.
    name: String,
    file: &'static str,
    wait: Duration,
}

impl Place {
    /// The place a path names. It stays the same when the process changes its directory, and
    /// SQLite cannot take it for a URI: it is absolute.
    pub(super) fn new(path: &Path, wait: Duration) -> Result<Self, StoreError> {
        let directory = std::path::absolute(path).map_err(|source| StoreError::Io {
            doing: "cannot use as a store",
            place: path.display().to_string(),
            source,
        })?;
        let database = directory.join("pki.db");
        let name = directory.display().to_string();
        Ok(Self { directory, database, name, file: "pki.db", wait })
    }

    /// The place of a copy that may become this store: beside it, under a name of its own.
    /// Messages call it what it is a copy of.
    pub(super) fn incoming(&self, source: &Path) -> Self {
        Self {
            database: self.directory.join("pki.db.restore"),
            name: source.display().to_string(),
            file: "it",
            ..self.clone()
        }
    }

    /// Says so if what lies beside the database is no file: to open a pipe is to wait for ever.
    pub(super) fn require_files(&self) -> Result<(), StoreError> {
        let shared = Self::beside(&self.database, "-shm");
        for path in [self.log(), shared, self.lock(), self.users()] {
            if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                return Err(self.corrupt(&format!("{name} is not a file")));
            }
        }
        Ok(())
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn database(&self) -> &Path {
        &self.database
    }

    /// How long to wait for others, whatever they do.
    pub(super) fn wait(&self) -> Duration {
        self.wait
    }

    /// Where a database is made, until it is complete and gets its name.
    pub(super) fn draft(&self) -> PathBuf {
        self.directory.join("pki.db.new")
    }

    /// Where SQLite keeps what is committed and not yet in the database.
    pub(super) fn log(&self) -> PathBuf {
        Self::beside(&self.database, "-wal")
    }

    /// What SQLite keeps beside a database.
    pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    }

    /// For messages.
    pub(super) fn name(&self) -> String {
        self.name.clone()
    }

    /// For messages: what the database is called in a sentence about this place.
    pub(super) fn file(&self) -> &'static str {
        self.file
    }

    /// Whether there is a store. Not to know is no reason to make another one in its place.
    pub(super) fn has_store(&self) -> Result<bool, StoreError> {
        match fs::metadata(&self.database) {
            Ok(found) => Ok(found.is_file()),
            Err(source) if missing(&source) => Ok(false),
            Err(source) => Err(self.io("cannot read the store at", source)),
        }
    }

    /// Says what is wrong if there is no store here.
    pub(super) fn require(&self) -> Result<(), StoreError> {
        let problem = match fs::metadata(&self.database) {
            Ok(found) if found.is_file() => return Ok(()),
            Ok(_) => "pki.db is not a file",
            Err(_) if self.directory.is_file() => "it is a file, and a store is a directory",
            Err(source) if missing(&source) => return Err(self.missing()),
            Err(source) => return Err(self.io("cannot read the store at", source)),
        };
        Err(self.corrupt(problem))
    }

    /// What to say where there is no database: that there never was a store, or what is left of
    /// one. A lock file alone is left by a creation that did not come to its end.
    fn missing(&self) -> StoreError {
        let has_log = fs::metadata(self.log()).is_ok_and(|log| 0 < log.len());
        if has_log || mark::read(self).is_some_and(|mark| 0 < mark.revision) {
            return self.corrupt(
                "pki.db is gone, and other files of the store are left; \
                 restore it from a backup, or move the directory away to start anew",
            );
        }
        StoreError::Missing { place: self.name() }
    }

    /// Makes the directory, with its parents, unless it is there and has room for a store.
    pub(super) fn make_directory(&self) -> Result<(), StoreError> {
        self.make_directory_with(&[])
    }

    /// As [`Place::make_directory`], where files of these names may be there too.
    pub(super) fn make_directory_with(&self, others: &[&str]) -> Result<(), StoreError> {
        if self.directory.is_dir() {
            return self.has_room(others);
        }
        if self.directory.is_file() {
            return Err(self.corrupt("it is a file, and a store is a directory"));
        }
        // A strict umask takes the owner's own rights away.
        private::directory()
            .create(&self.directory)
            .and_then(|()| private::claim(&self.directory))
            .map_err(|source| self.unwritable("cannot create the store at", source))
    }

    /// A store needs a directory of its own. Its mode will change, and that must not happen to
    /// someone's home directory.
    fn has_room(&self, others: &[&str]) -> Result<(), StoreError> {
        let failed = |source| self.io("cannot list", source);
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_string_lossy();
            let is_known = others.contains(&&*name) || name == "lost+found";
            if !name.starts_with(STEM) && !is_known {
                let problem = format!("it holds other files, such as {name}, but no store");
                return Err(self.corrupt(&problem));
            }
        }
        Ok(())
    }

    /// Opens the lock file; makes it if it is not there.
    pub(super) fn open_lock(&self) -> Result<File, StoreError> {
        let path = self.lock();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        private::file(&path, &mut options)
            .map_err(|source| self.unwritable("cannot lock the store at", source))
    }

    /// Makes the file a database will be drafted in. SQLite gives its own files the mode of the
    /// database, so this one decides for all.
    pub(super) fn make_draft(&self) -> Result<(), StoreError> {
        let draft = self.draft();
        // What a process left that was killed while it made one.
        for suffix in ["", "-wal", "-shm", "-journal"] {
            match fs::remove_file(Self::beside(&draft, suffix)) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(self.unwritable("cannot replace a file in", source));
                }
                _ => {}
            }
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        private::file(&draft, &mut options)
            .map(drop)
            .map_err(|source| self.unwritable("cannot create the store at", source))
    }

    /// Takes from others what they may do with the store, where we may decide that.
    ///
    /// The files are not opened for it: closing one would drop the locks that this process
    /// holds on it through SQLite.
    pub(super) fn tighten(&self) -> Result<(), StoreError> {
        let files = [
            (self.directory.clone(), DIRECTORY_MODE),
            (self.database.clone(), FILE_MODE),
            (self.log(), FILE_MODE),
            (Self::beside(&self.database, "-shm"), FILE_MODE),
            (self.lock(), FILE_MODE),
            (self.users(), FILE_MODE),
        ];
        for (path, mode) in files {
            match private::tighten(&path, mode) {
                Err(source) if !excused(&source) => {
                    return Err(self.io("cannot protect the files of", source));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Opens the file that users of the store hold; makes it if it is not there.
    pub(super) fn open_users(&self) -> Result<File, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        private::file(&self.users(), &mut options)
            .map_err(|source| self.unwritable("cannot lock the store at", source))
    }

    /// `pki.lock` beside `pki.db`, and `pki.db.lock` beside a copy.
    pub(super) fn lock(&self) -> PathBuf {
        self.database.with_extension("lock")
    }

    pub(super) fn users(&self) -> PathBuf {
        self.database.with_extension("users")
    }

    pub(super) fn corrupt(&self, problem: &str) -> StoreError {
        StoreError::Corrupt { place: self.name(), problem: problem.to_owned() }
    }

    pub(super) fn io(&self, doing: &'static str, source: io::Error) -> StoreError {
        StoreError::Io { doing, place: self.name(), source }
    }

    /// As [`Place::io`], for what fails in places that may not be written, or are full.
    pub(super) fn unwritable(&self, doing: &'static str, source: io::Error) -> StoreError {
        match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                StoreError::ReadOnly { place: self.name() }
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                StoreError::Full { place: self.name() }
            }
            _ => self.io(doing, source),
        }
    }
}

fn missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// What does not matter when modes are tightened: the file is not there, or not ours, or on a
/// medium nobody can write.
fn excused(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}
