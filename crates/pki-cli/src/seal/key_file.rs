//! The key file: 64 hexadecimal digits that only their owner can read.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use pki_core::domain::secret::Secret;

use crate::failure::reason;
use crate::{shell, system};

/// Bytes of the key.
const LENGTH: usize = 32;

/// More than the digits and a line end; what is longer is no key file.
const LONGEST: u64 = 67;

/// What is added to the name of a key file for the one that will take its place.
const FOLLOWING: &str = ".next";

/// What is added, with digits after it, for the file in which a key file is made.
const DRAFT: &str = ".draft-";

/// How many digits.
const DRAFT_DIGITS: usize = 16;

/// Reads the key.
///
/// # Errors
///
/// A text that tells the owner what to do, and nothing of the content.
pub(super) fn read(path: &Path) -> Result<Secret<[u8; LENGTH]>, String> {
    let place = path.display();
    let unreadable = |problem: io::Error| match problem.kind() {
        ErrorKind::NotFound => format!(
            "the key file {place} is not there, and without it the private keys cannot be used; \
             restore it, or say with PKICTL_KEY_FILE where it is"
        ),
        _ => format!("cannot read the key file {place}: {}", reason(&problem)),
    };
    let file = File::open(path).map_err(unreadable)?;
    if let Some(mode) = excess_mode(&file).map_err(unreadable)? {
        return Err(format!(
            "the key file {place} can be used by others (mode {mode:04o}); \
             type: chmod 600 {}",
            shell::word(&place.to_string())
        ));
    }
    // Room for more than is read, so that no copy of the key is left behind by growing.
    let mut text = String::with_capacity(128);
    let outcome = file.take(LONGEST).read_to_string(&mut text);
    let text = Secret::new(text);
    match outcome {
        Err(problem) if problem.kind() != ErrorKind::InvalidData => Err(unreadable(problem)),
        _ => decode(text.expose().trim_end().as_bytes()).ok_or_else(|| {
            format!("the key file {place} is damaged: it should hold 64 hexadecimal digits")
        }),
    }
}

/// Where the key is that will take the place of a key file, while the seal is being changed.
pub(crate) fn following(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(FOLLOWING);
    name.into()
}

/// A file in which a command was making a key file when it was killed. Or still does so.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether there may be a whole key in it.
    pub(crate) holds_key: bool,
}

/// What is named as drafts of a key file are. They are told of and never removed: that nothing was
/// ever sealed with such a key cannot be seen from its name.
pub(crate) fn drafts(path: &Path) -> Vec<Draft> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let (Ok(files), Some(name)) =
        (fs::read_dir(folder.unwrap_or(Path::new("."))), path.file_name().and_then(OsStr::to_str))
    else {
        // A folder that cannot be listed is for others to complain of.
        return Vec::new();
    };
    let files = files.flatten().filter(|file| file.file_type().is_ok_and(|kind| kind.is_file()));
    let drafts = files.filter(|file| file.file_name().to_str().is_some_and(|f| is_draft(f, name)));
    let mut paths: Vec<PathBuf> = drafts.map(|file| file.path()).collect();
    paths.sort();
    paths.into_iter().map(|path| Draft { holds_key: may_hold_key(&path), path }).collect()
}

/// Whether a file is named as drafts of a key file are, or of the one that is to follow it.
fn is_draft(file: &str, key_file: &str) -> bool {
    let rest = file.strip_prefix(key_file).unwrap_or_default();
    let rest = rest.strip_prefix(FOLLOWING).unwrap_or(rest);
    rest.strip_prefix(DRAFT).is_some_and(|digits| {
        let is_digit = |digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        digits.len() == DRAFT_DIGITS && digits.bytes().all(is_digit)
    })
}

/// Whether a file holds a key, or cannot be read.
fn may_hold_key(path: &Path) -> bool {
    // Room for more than is read, so that no copy of the key is left behind by growing.
    let mut bytes = Vec::with_capacity(128);
    let outcome = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    let bytes = Secret::new(bytes);
    outcome.is_err() || decode(bytes.expose().trim_ascii_end()).is_some()
}

/// Makes a key file, unless there is one. It is complete and on the disk before it has its
/// name, so that nobody ever reads half a key.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let key: [u8; LENGTH] = system::random()?;
    let mut text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    text.push('\n');
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!("{DRAFT}{:0DRAFT_DIGITS$x}", u64::from_be_bytes(system::random()?)));
    let draft = Path::new(&draft);
    write_private(draft, text.as_bytes())?;
    let named = match fs::hard_link(draft, path) {
        Err(problem) if problem.kind() == ErrorKind::AlreadyExists => Ok(()),
        // Some file systems have no links. Then at least no other key is overwritten.
        Err(_) => match write_private(path, text.as_bytes()) {
            Err(problem) if problem.kind() == ErrorKind::AlreadyExists => Ok(()),
            written => written,
        },
        Ok(()) => Ok(()),
    };
    // Nothing is sealed with it under this name. If it stays, `store check` tells of it.
    drop(fs::remove_file(draft));
    named?;
    sync_folder(path)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    let mut file = options.open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a key opens nothing, and would be in the way of a whole one.
        drop(fs::remove_file(path));
    }
    written
}

fn decode(text: &[u8]) -> Option<Secret<[u8; LENGTH]>> {
    let mut key = [0; LENGTH];
    if text.len() != LENGTH * 2 {
        return None;
    }
    for (byte, digits) in key.iter_mut().zip(text.chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(Secret::new(key))
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;

    options.mode(0o600);
}

/// The mode of a file that others than its owner may read or write.
#[cfg(unix)]
fn excess_mode(file: &File) -> io::Result<Option<u32>> {
    use std::os::unix::fs::MetadataExt as _;

    let mode = file.metadata()?.mode() & 0o7777;
    Ok(Some(mode).filter(|mode| mode & 0o077 != 0))
}

/// Makes the name of a new file as durable as the file.
#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

// Elsewhere a file is as private as the folder it lies in.
#[cfg(not(unix))]
fn owner_only(_options: &mut OpenOptions) {}

#[cfg(not(unix))]
fn excess_mode(_file: &File) -> io::Result<Option<u32>> {
    Ok(None)
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a directory")
    }

    #[test]
    fn a_new_key_file_can_be_read_and_is_never_replaced() {
        let folder = folder();
        let path = folder.path().join("seal.key");
        create(&path).expect("made");
        let text = fs::read_to_string(&path).expect("text");
        assert_eq!(text.len(), 65);
        assert!(read(&path).is_ok());
        create(&path).expect("left alone");
        assert_eq!(fs::read_to_string(&path).expect("text"), text);
        assert_eq!(fs::read_dir(folder.path()).expect("a list").count(), 1);
    }

    #[test]
    fn drafts_are_told_from_what_people_name_so() {
        let folder = folder();
        let path = folder.path().join("seal.key");
        let whole = format!("{}\n", "0f".repeat(32));
        let short = format!("{}0", "0f".repeat(31));
        for name in [
            "other.key.draft-0123456789abcdef",
            "seal.key",
            "seal.key.0123456789abcdef",
            "seal.key.1763828244123456",
            "seal.key.draft-0123456789ABCDEF",
            "seal.key.draft-0123456789abcde",
            "seal.key.draft-0123456789abcdef0",
            "seal.key.next",
            "seal.key.next.0123456789abcdef",
            "seal.key.replaced-1",
        ] {
            fs::write(folder.path().join(name), "").expect("written");
        }
        let drafts = [
            ("seal.key.draft-0123456789abcdef", whole.as_str(), true),
            ("seal.key.draft-1123456789abcdef", "", false),
            ("seal.key.draft-2123456789abcdef", whole.trim_end(), true),
            ("seal.key.next.draft-fedcba9876543210", short.as_str(), false),
        ];
        let drafts = drafts.map(|(name, text, holds_key)| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("written");
            Draft { path, holds_key }
        });
        assert_eq!(super::drafts(&path), drafts);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = folder();
        let path = folder.path().join("seal.key");
        create(&path).expect("made");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("changed");
        let problem = read(&path).expect_err("refused");
        assert!(problem.contains("mode 0640"), "{problem}");
        assert!(problem.contains("chmod 600"), "{problem}");
    }

    #[test]
    fn damaged_keys_are_refused_without_showing_them() {
        let folder = folder();
        let path = folder.path().join("seal.key");
        let digits = "0f".repeat(32);
        for (text, good) in [
            (digits.clone(), true),
            (format!("{digits}\n"), true),
            (format!("{digits}\r\n"), true),
            (digits.to_uppercase(), true),
            (format!("{digits}0f"), false),
            (format!("{digits}\n0f"), false),
            ("0f".repeat(31), false),
            (format!("+f{}", "0f".repeat(31)), false),
            (String::new(), false),
        ] {
            let _absent = fs::remove_file(&path);
            write_private(&path, text.as_bytes()).expect("written");
            let got = read(&path);
            assert_eq!(got.is_ok(), good, "{text:?}");
            assert!(got.err().is_none_or(|problem| !problem.contains("0f0f")));
        }
    }

    #[test]
    fn a_missing_key_file_says_what_to_do() {
        let problem = read(Path::new("/none/seal.key")).expect_err("refused");
        assert!(problem.contains("PKICTL_KEY_FILE"), "{problem}");
    }
}
