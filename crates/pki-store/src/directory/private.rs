//! Who may read the files of a store: their owner, whatever the umask says.

pub(super) use system::{claim, directory, file, sync_directory, sync_names, tighten};

/// The mode of the directory.
pub(super) const DIRECTORY_MODE: u32 = 0o700;

/// The mode of every file in it.
pub(super) const FILE_MODE: u32 = 0o600;

#[cfg(unix)]
mod system {
    use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
    use std::io::{self, ErrorKind};
    use std::os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    };
    use std::path::Path;

    use super::{DIRECTORY_MODE, FILE_MODE};

    const STICKY: u32 = 0o1000;

    /// What makes a directory and its parents.
    pub(in super::super) fn directory() -> DirBuilder {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(DIRECTORY_MODE);
        builder
    }

    /// Gives the owner of a new directory the rights that a strict umask took away.
    pub(in super::super) fn claim(path: &Path) -> io::Result<()> {
        fs::set_permissions(path, Permissions::from_mode(DIRECTORY_MODE))
    }

    /// Opens a file; when that makes it, it is private.
    pub(in super::super) fn file(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
        let file = options.mode(FILE_MODE).open(path)?;
        // The umask can have taken bits away, never added any.
        if file.metadata()?.mode() & FILE_MODE != FILE_MODE {
            file.set_permissions(Permissions::from_mode(FILE_MODE))?;
        }
        Ok(file)
    }

    /// Takes rights away that go beyond `mode`, except in a directory that is everybody's.
    pub(in super::super) fn tighten(path: &Path, mode: u32) -> io::Result<()> {
        let found = fs::metadata(path)?.mode() & (0o777 | STICKY);
        if found & STICKY != 0 || found & !mode == 0 {
            return Ok(());
        }
        fs::set_permissions(path, Permissions::from_mode(found & mode))
    }

    /// Puts the names in a directory on the disk. One that we may not read has none of ours.
    pub(in super::super) fn sync_directory(path: &Path) -> io::Result<()> {
        match File::open(path) {
            Ok(directory) => directory.sync_all(),
            Err(source) if source.kind() == ErrorKind::PermissionDenied => Ok(()),
            Err(source) => Err(source),
        }
    }

    /// Puts every name on the disk by which a directory is found. Which of the directories above
    /// it are new is not asked: another process may have made them a moment ago.
    pub(in super::super) fn sync_names(path: &Path) -> io::Result<()> {
        let device = fs::metadata(path)?.dev();
        for above in path.ancestors().skip(1) {
            if fs::metadata(above).is_ok_and(|found| found.dev() != device) {
                break;
            }
            sync_directory(above)?;
        }
        Ok(())
    }
}

/// Access lists are inherited here: a store is as private as the directory it lies in. The
/// system also sees to it that names reach the disk.
#[cfg(not(unix))]
mod system {
    use std::fs::{DirBuilder, File, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(in super::super) fn directory() -> DirBuilder {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        builder
    }

    pub(in super::super) fn claim(_: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn file(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
        options.open(path)
    }

    pub(in super::super) fn tighten(_: &Path, _: u32) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn sync_directory(_: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn sync_names(_: &Path) -> io::Result<()> {
        Ok(())
    }
}
