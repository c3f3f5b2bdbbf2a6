//! Where things lie in the repository.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the tests lie in the repository").to_owned()
}

/// The text of a file of the repository.
#[track_caller]
pub fn read(path: &str) -> String {
    let path = root().join(path);
    match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(problem) => panic!("{}: {problem}", path.display()),
    }
}
