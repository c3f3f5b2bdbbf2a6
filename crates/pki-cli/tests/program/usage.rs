//! Command lines that are wrong, and those that ask for help.

use pki_cli::{SUCCESS, UNKNOWN_COMMAND, USAGE};

use crate::caller::{Caller, Outcome};

#[track_caller]
fn refuse(words: &[&str], want: &str) {
    let caller = Caller::new();
    let got = caller.call_with_input(words, "not json");
    let want = Outcome { status: USAGE, out: String::new(), err: format!("{want}\n") };
    assert_eq!(got, want, "{words:?}");
    assert!(!caller.store().exists());
}

#[test]
fn words_are_counted() {
    refuse(&["read"], "Not enough arguments (expected 1, got 0)");
    refuse(&["list"], "Not enough arguments (expected 1, got 0)");
    refuse(&["list", "a", "b"], "Too many arguments (expected 1, got 2)");
    refuse(&["patch"], "Not enough arguments (expected 1, got 0)");
    refuse(&["delete"], "Not enough arguments (expected at least 1, got 0)");
    refuse(&["path-help", "a", "b"], "Too many arguments (expected 1, got 2)");
    refuse(&["secrets", "enable"], "Not enough arguments (expected 1, got 0)");
    refuse(&["secrets", "enable", "pki", "pki"], "Too many arguments (expected 1, got 2)");
    refuse(&["secrets", "disable"], "Not enough arguments (expected 1, got 0)");
    refuse(&["secrets", "tune"], "Not enough arguments (expected 1, got 0)");
    refuse(&["secrets", "move", "a"], "Not enough arguments (expected 2, got 1)");
    refuse(&["secrets", "list", "x"], "Too many arguments (expected 0, got 1)");
    refuse(&["read", "-field", "pki/roles/x"], "Not enough arguments (expected 1, got 0)");
}

#[test]
fn a_write_needs_data_or_force() {
    refuse(&["write", "pki/roles/x"], "Must supply data or use -force");
    refuse(&["patch", "pki/roles/x"], "Must supply data or use -force");
    refuse(&["write", "-force=false", "pki/roles/x"], "Must supply data or use -force");
}

#[test]
fn data_that_is_none_is_named() {
    refuse(
        &["write", "pki/roles/x", "ttl"],
        "Failed to parse K=V data: invalid key/value pair \"ttl\": format must be key=value",
    );
    refuse(
        &["write", "pki/roles/x", "ttl=@/does/not/exist"],
        "Failed to parse K=V data: invalid key/value pair \"ttl=@/does/not/exist\": error reading \
         file: open /does/not/exist: no such file or directory",
    );
    refuse(
        &["read", "pki/roles/x", "y"],
        "Failed to parse K=V data: invalid key/value pair \"y\": format must be key=value",
    );
    refuse(
        &["delete", "pki/roles/x", "y"],
        "Failed to parse string list data: invalid key/value pair \"y\": \
         format must be key=value",
    );
    let got = Caller::new().call_with_input(&["write", "pki/roles/x", "-"], "not json");
    assert_eq!(got.status, USAGE);
    let want = "Failed to parse K=V data: invalid key/value pair \"-\": not a JSON object: ";
    assert!(got.err.starts_with(want), "{}", got.err);
}

#[test]
fn wrong_flags_are_named() {
    refuse(&["read", "-colour", "p"], "flag provided but not defined: -colour");
    refuse(&["read", "-format=xml", "p"], "Invalid output format: xml");
    refuse(&["read", "p", "--format", "xml"], "Invalid output format: xml");
    refuse(&["write", "-format=raw", "p"], "This command does not support the -format=raw option.");
    refuse(&["list", "-limit=x", "p"], "invalid value \"x\" for flag -limit: not a whole number");
    refuse(
        &["secrets", "tune", "-options", "a", "pki"],
        "invalid value \"a\" for flag -options: missing = in KV pair: \"a\"",
    );
    refuse(
        &["secrets", "enable", "-max-lease-ttl=ten", "pki"],
        "invalid value \"ten\" for flag -max-lease-ttl: time: invalid duration \"ten\"; write for \
         example 72h, 90m, 30d or 3600",
    );
    refuse(
        &["read", "-output-curl-string", "p"],
        "flag -output-curl-string is not supported: there is no server to send a request to",
    );
}

#[test]
fn formats_may_be_set_in_the_environment() {
    let caller = Caller::new().with("VAULT_FORMAT", "xml");
    let got = caller.call(&["read", "p"]);
    assert_eq!((got.status, got.err.as_str()), (USAGE, "Invalid output format: xml\n"));
}

#[test]
fn help_is_no_error() {
    for words in [
        &["-help"] as &[&str],
        &["-h"],
        &["read", "-help"],
        &["write", "--help"],
        &["write", "p", "a=b", "-h"],
        &["secrets", "-h"],
        &["secrets", "enable", "-h"],
        &["mount", "-h"],
    ] {
        let got = Caller::new().call(words);
        assert_eq!((got.status, got.err.as_str()), (SUCCESS, ""), "{words:?}");
        assert!(got.out.contains("Usage: pkictl "), "{}", got.out);
        assert!(!got.out.contains(" --"), "{}", got.out);
    }
}

#[test]
fn all_that_can_be_done_has_help() {
    fn check(command: &clap::Command, path: &[&str]) {
        for below in command.get_subcommands() {
            let mut path = path.to_vec();
            path.push(below.get_name());
            let got = Caller::new().call(&[path.as_slice(), &["-h"]].concat());
            assert_eq!(got.status, SUCCESS, "{path:?}");
            for arg in below.get_arguments() {
                let name = arg.get_long().unwrap_or_default();
                if !arg.is_hide_set() {
                    assert!(got.out.contains(&format!("-{name}")), "{path:?} {name}");
                }
            }
            check(below, &path);
        }
    }
    check(&pki_cli::command(), &[]);
}

#[test]
fn the_version_is_told_in_four_ways() {
    let want = Outcome {
        status: SUCCESS,
        out: format!("pkictl v{}\n", env!("CARGO_PKG_VERSION")),
        err: String::new(),
    };
    for word in ["version", "-version", "--version", "-v"] {
        assert_eq!(Caller::new().call(&[word]), want, "{word}");
    }
}

#[test]
fn no_command_shows_what_there_is() {
    for (words, status) in [
        (&[] as &[&str], UNKNOWN_COMMAND),
        (&["frobnicate"], UNKNOWN_COMMAND),
        (&["wrte", "x"], UNKNOWN_COMMAND),
        (&["secrets"], USAGE),
        (&["secrets", "explode"], USAGE),
    ] {
        let got = Caller::new().call(words);
        assert_eq!((got.status, got.out.as_str()), (status, ""), "{words:?}");
        assert!(got.err.contains("Usage: pkictl "), "{}", got.err);
    }
}

#[test]
fn flags_before_the_command_are_misplaced() {
    let got = Caller::new().call(&["-format=json", "read", "p"]);
    assert_eq!((got.status, got.out.as_str()), (USAGE, ""));
    assert!(got.err.starts_with("Invalid flags before the subcommand. "));
}

#[test]
fn settings_that_are_none_are_named_with_their_place() {
    let caller = Caller::new();
    let path = caller.file(".config/pkictl/pkictl.toml", "format = \"json\"\ncolour = 1\n");
    let got = caller.call(&["read", "p"]);
    assert_eq!(got.status, USAGE);
    assert!(got.err.starts_with(&format!("{path}:2: ")), "{}", got.err);
    assert!(got.err.contains("colour"), "{}", got.err);
    let got = caller.call(&["read", "-config=/none", "p"]);
    assert_eq!(got.err, "cannot read /none: no such file or directory\n");
}

#[test]
fn scripts_are_printed_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let got = Caller::new().call(&["completion", shell]);
        assert_eq!(got.status, SUCCESS);
        assert!(got.out.contains("PKICTL_COMPLETE="), "{}", got.out);
    }
    refuse(&["completion", "tcsh"], "there is no completion for \"tcsh\": it is bash, zsh or fish");
}
