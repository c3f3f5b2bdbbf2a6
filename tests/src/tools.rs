//! Other people's programs, which not every machine has.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program of this name in `PATH`. Where there is none, the test that wanted it says so in
/// its output and does not count as having looked; `PKICTL_TEST_REQUIRE` makes that a failure.
#[track_caller]
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|p| p.is_file());
    if found.is_none() {
        skipped(name, "there is no such program in PATH");
    }
    found
}

/// A Python that can import these modules: `PKICTL_TEST_PYTHON`, else `python3`.
#[track_caller]
pub fn python(modules: &[&str]) -> Option<PathBuf> {
    let python = std::env::var_os("PKICTL_TEST_PYTHON").map_or("python3".into(), PathBuf::from);
    let import = format!("import {}", modules.join(", "));
    let got = Command::new(&python).args(["-c", &import]).output();
    if got.is_ok_and(|got| got.status.success()) {
        return Some(python);
    }
    let reason = format!("{} cannot {import}", python.display());
    skipped(modules.first().copied().unwrap_or("python3"), &reason);
    None
}

/// A folder beside the repository that a checkout may lack.
#[track_caller]
pub fn folder(name: &str, path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_owned());
    }
    skipped(name, &format!("there is no {}", path.display()));
    None
}

/// Says that something was not looked at. Past the test harness, which keeps what a passing
/// test prints to itself.
#[track_caller]
pub fn skipped(what: &str, reason: &str) {
    let required = std::env::var("PKICTL_TEST_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name == what || name == "all"),
        "{what} is required, but {reason}"
    );
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // There is nobody to tell when this fails.
    let _told = writeln!(std::io::stderr(), "SKIPPED {test}: {what}: {reason}");
}
