//! What only a process shows: pipes and exit statuses.

use std::io::Read as _;
use std::process::{Command, Stdio};

fn pkictl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pkictl"));
    command.env_clear().env("HOME", "/none");
    command
}

#[test]
fn the_status_reaches_the_shell() {
    let got = pkictl().arg("frobnicate").output().expect("run");
    assert_eq!(got.status.code(), Some(127));
    assert_eq!(got.stdout, b"");
    let got = pkictl().arg("-version").output().expect("run");
    assert_eq!(got.status.code(), Some(0));
    assert!(got.stdout.starts_with(b"pkictl v"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut child = pkictl()
        .args(["completion", "bash"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .expect("run");
    let mut err = String::new();
    let mut stream = child.stderr.take().expect("a pipe");
    stream.read_to_string(&mut err).expect("text");
    let status = child.wait().expect("a status");
    assert_eq!((status.code(), err.as_str()), (Some(141), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let full = std::fs::File::create("/dev/full").expect("a device");
    let got = pkictl().arg("version").stdout(full).output().expect("run");
    assert_eq!(got.status.code(), Some(1));
    let err = String::from_utf8(got.stderr).expect("text");
    assert_eq!(err, "Error writing output: no space left on device\n");
}

/// SQLite does not say why it cannot open a file. It is not that the store cannot be written.
#[cfg(target_os = "linux")]
#[test]
fn too_few_files_are_named_as_the_reason() {
    let folder = tempfile::tempdir().expect("a directory");
    let store = folder.path().join("store");
    let got = pkictl().env("PKICTL_DATA_DIR", &store).args(["secrets", "enable", "pki"]).output();
    assert!(got.expect("run").status.success());
    let mut failed = 0;
    for files in 4..16 {
        let line = format!("ulimit -n {files}; exec \"$0\" list sys/mounts");
        let mut shell = Command::new("sh");
        shell.args(["-c", &line, env!("CARGO_BIN_EXE_pkictl")]).env("PKICTL_DATA_DIR", &store);
        let got = shell.output().expect("run");
        let err = String::from_utf8(got.stderr).expect("text");
        if err.starts_with("Error opening the store: ") {
            assert!(err.ends_with(": Too many open files (os error 24)\n"), "{files}: {err}");
            failed += 1;
        }
    }
    // The first file, and then some that SQLite opens.
    assert!(2 < failed, "{failed}");
}
