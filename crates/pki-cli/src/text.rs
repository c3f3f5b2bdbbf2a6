//! Texts that are read as a whole: settings, lists, requests. Whoever names the file may be
//! mistaken, so none is read without an end.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Octets of a file of settings.
const LONGEST_SETTINGS: u64 = 1 << 20;

/// What is left to read, if that has at most so many octets.
///
/// # Errors
///
/// When it has more, cannot be read, or is no UTF-8.
pub(crate) fn read(source: impl Read, most: u64) -> io::Result<String> {
    let mut text = String::new();
    source.take(most.saturating_add(1)).read_to_string(&mut text)?;
    if most < text.len() as u64 {
        let problem = format!("it has more than {most} octets");
        return Err(io::Error::new(ErrorKind::FileTooLarge, problem));
    }
    Ok(text)
}

/// The text of a file of settings.
///
/// # Errors
///
/// As for [`read`].
pub(crate) fn settings(path: &Path) -> io::Result<String> {
    read(File::open(path)?, LONGEST_SETTINGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_an_end() {
        assert_eq!(read(io::repeat(b'a').take(8), 8).unwrap(), "aaaaaaaa");
        assert_eq!(read(io::repeat(b'a'), 8).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(settings(Path::new("/dev/zero")).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }
}
