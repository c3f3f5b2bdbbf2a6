//! One file with everything in it, while others go on writing.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::place::Place;
use super::private::{self, sync_directory};
use super::{failure, statements};
use crate::StoreError;

/// A backup that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The store's revision in it.
    pub revision: u64,
    /// How long the file is.
    pub bytes: u64,
}

/// Writes the store as it is at one moment to a file, which has its name only when it is complete
/// and on the disk.
pub(super) fn make(
    place: &Place,
    database: &Connection,
    target: &Path,
    replace: bool,
) -> Result<Backup, StoreError> {
    let target = Target::new(place, target, replace)?;
    let draft = Draft::make(&target)?;
    // SQLite packs what it writes and reads all of the store for it, in one read transaction.
    let name = ToSqlOutput::Borrowed(ValueRef::Text(draft.0.as_os_str().as_encoded_bytes()));
    let packed = database.execute("VACUUM INTO ?1", [name]);
    packed.map_err(|problem| target.named(place, problem))?;
    let unwritable = |source| target.place.unwritable("cannot write the backup", source);
    let file = File::open(&draft.0).map_err(unwritable)?;
    file.sync_all().map_err(unwritable)?;
    let bytes = file.metadata().map_err(unwritable)?.len();
    let revision = revision(&draft.0).map_err(|problem| failure::named(&target.place, problem))?;
    target.publish(&draft.0)?;
    Ok(Backup { revision, bytes })
}

fn revision(path: &Path) -> rusqlite::Result<u64> {
    use rusqlite::OpenFlags as Flags;

    let flags = Flags::SQLITE_OPEN_READ_ONLY | Flags::SQLITE_OPEN_NO_MUTEX;
    statements::revision(&Connection::open_with_flags(path, flags)?)
}

/// Where a backup goes.
struct Target {
    /// What messages call it.
    place: Place,
    path: PathBuf,
    folder: PathBuf,
    replace: bool,
}

impl Target {
    fn new(store: &Place, path: &Path, replace: bool) -> Result<Self, StoreError> {
        let path = std::path::absolute(path).map_err(|source| StoreError::Io {
            doing: "cannot write a backup to",
            place: path.display().to_string(),
            source,
        })?;
        let place = store.incoming(&path);
        let Some(folder) = path.parent().map(Path::to_owned) else {
            return Err(place.io("cannot write a backup to", ErrorKind::IsADirectory.into()));
        };
        let is_of_store = folder == store.directory()
            || fs::canonicalize(&folder).ok() == fs::canonicalize(store.directory()).ok();
        if is_of_store {
            let inside = std::io::Error::other(
                "it is in the directory of the store, which holds the store alone",
            );
            return Err(place.io("cannot write a backup to", inside));
        }
        // To replace /dev/null or a pipe would break what others use it for.
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => {
                return Err(place.io("cannot write a backup to", ErrorKind::IsADirectory.into()));
            }
            Ok(found) if !found.is_file() => {
                let other = std::io::Error::other("it is there, and is not a file");
                return Err(place.io("cannot write a backup to", other));
            }
            _ => (),
        }
        if !replace && fs::symlink_metadata(&path).is_ok() {
            return Err(StoreError::Exists { place: place.name() });
        }
        Ok(Self { place, path, folder, replace })
    }

    /// A full disk is that of the backup: the store is only read.
    fn named(&self, store: &Place, problem: rusqlite::Error) -> StoreError {
        match failure::named(store, problem) {
            StoreError::Full { .. } => StoreError::Full { place: self.place.name() },
            StoreError::ReadOnly { .. } => StoreError::ReadOnly { place: self.place.name() },
            StoreError::Io { doing: _, source, .. } => {
                self.place.io("cannot write the backup", source)
            }
            other => other,
        }
    }

    fn publish(&self, draft: &Path) -> Result<(), StoreError> {
        let named = if self.replace {
            fs::rename(draft, &self.path)
        } else {
            // A link is not made over a file that came meanwhile. Where there are no links, the
            // look that was taken before has to do.
            match fs::hard_link(draft, &self.path) {
                Err(problem) if problem.kind() == ErrorKind::AlreadyExists => {
                    return Err(StoreError::Exists { place: self.place.name() });
                }
                Err(_) => fs::rename(draft, &self.path),
                Ok(()) => Ok(()),
            }
        };
        named
            .and_then(|()| sync_directory(&self.folder))
            .map_err(|source| self.place.unwritable("cannot write the backup", source))
    }
}

/// A file that is not complete; removed when dropped, unless it was given its name.
struct Draft(PathBuf);

impl Draft {
    fn make(target: &Target) -> Result<Self, StoreError> {
        let path = Place::beside(&target.path, &format!(".{}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let unwritable = |source| target.place.unwritable("cannot write the backup", source);
        drop(private::file(&path, &mut options).map_err(unwritable)?);
        Ok(Self(path))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for suffix in ["", "-journal"] {
            // After a rename there is nothing to remove.
            drop(fs::remove_file(Place::beside(&self.0, suffix)));
        }
    }
}
