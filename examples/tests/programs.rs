//! The programs here run, and show what their comments say.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::process::Command;

#[track_caller]
fn check(program: &str, shows: &[&str]) {
    let got = Command::new(program).output().expect("the program runs");
    let out = String::from_utf8_lossy(&got.stdout).into_owned();
    assert!(got.status.success(), "{out}{}", String::from_utf8_lossy(&got.stderr));
    for text in shows {
        assert!(out.contains(text), "{text:?} is not in {out}");
    }
}

#[test]
fn issue_in_memory() {
    check(env!("CARGO_BIN_EXE_issue_in_memory"), &["-----BEGIN CERTIFICATE-----"]);
}

#[test]
fn issuing_service() {
    check(
        env!("CARGO_BIN_EXE_issuing_service"),
        &["issued ", "refused: common name www.example.org not allowed by this role"],
    );
}
