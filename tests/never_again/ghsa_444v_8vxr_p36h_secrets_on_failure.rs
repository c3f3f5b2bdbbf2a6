//! When something failed, what should have gone to a file went to standard output, secrets and all
//! (OpenBao agent). A command that fails prints nothing there.

use std::fs::File;
use std::process::Stdio;

use pkictl_tests::{World, pkictl};

#[test]
fn a_command_that_fails_prints_nothing_on_standard_output() {
    let world = World::new(pkictl!()).with_root();
    let issue = ["write", "pki/issue/web", "common_name=a.example.com"];
    for words in [
        &["write", "-field=private_kex", issue[1], issue[2]] as &[&str],
        &["write", "-format=xml", issue[1], issue[2]],
        &["write", "pki/issue/web", "common_name=a.example.org"],
        &["write", "-field=private_key", "pki/issue/web", "common_name=a.example.org"],
        &["write", "-field=private_key", "pki/issue/none", issue[2]],
    ] {
        let got = world.run(words);
        assert_ne!(got.status, 0, "{words:?} did not fail");
        assert_eq!(got.out, "", "{words:?}");
        assert!(!got.err.contains("PRIVATE KEY"), "{words:?}: {}", got.err);
    }
    // Where the output cannot be written, it is not written elsewhere.
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let mut command = world.command(pkictl!());
    let got = command.args(issue).stdout(Stdio::from(full)).stderr(Stdio::piped()).output();
    let got = got.expect("the program runs");
    let err = String::from_utf8_lossy(&got.stderr);
    assert!(!got.status.success() && !err.contains("PRIVATE KEY"), "{err}");
}
