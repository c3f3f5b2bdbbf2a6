//! What one command writes and waits for, as the kernel sees it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::clock::quiet;
use super::peers::is_installed;

const CALLS: &str = "trace=fsync,fdatasync,sync_file_range,msync,write,writev,pwrite64,pwritev";

/// What was asked of the disk.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) syncs: u32,
    pub(super) bytes: u32,
}

/// Follows a command; none without strace. Only files in the folder count.
pub(super) fn follow(command: &Command, folder: &Path) -> Result<Option<Written>> {
    if !is_installed("strace") {
        return Ok(None);
    }
    let log = tempfile::NamedTempFile::new()?;
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-s", "0", "-e", CALLS, "-o"]).arg(log.path());
    strace.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        strace.env(name, value.unwrap_or_default());
    }
    quiet(&mut strace)?;
    let folder = folder.to_str().context("the folder's name is not text")?;
    Ok(Some(count(&fs::read_to_string(log.path())?, folder)))
}

/// Adds up the lines that are about files in a folder.
fn count(log: &str, folder: &str) -> Written {
    let mut written = Written::default();
    let is_inside = |line: &&str| {
        line.contains(&format!("<{folder}/")) || line.contains(&format!("<{folder}>"))
    };
    for line in log.lines().filter(is_inside) {
        let result = line.rsplit_once("= ").map_or("", |(_, result)| result);
        match result.trim().parse::<u32>() {
            Ok(_) if line.contains("sync") => written.syncs += 1,
            Ok(bytes) => written.bytes += bytes,
            Err(_) => (),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_folder_count() {
        let log = "1 pwrite64(5</d/pki.db-wal>, \"\"..., 1024, 0) = 1024\n\
                   1 fsync(5</d/pki.db-wal>)    = 0\n1 write(1</dev/null>, \"\"..., 9) = 9\n\
                   1 fdatasync(8</d>) = 0\n1 write(5</d/x>, \"\"..., 7) = -1 ENOSPC (no space)\n";
        assert_eq!(count(log, "/d"), Written { syncs: 2, bytes: 1024 });
    }
}
