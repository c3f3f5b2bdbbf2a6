//! What a user without a store is told.

use pki_cli::{REFUSED, SUCCESS};

use crate::caller::Caller;

#[track_caller]
fn check(words: &[&str], out: &str, err: &str) {
    let caller = Caller::new();
    let got = caller.call(words);
    let place = caller.store();
    let hint = format!(
        "There is no store in {} yet. To make one, type: pkictl secrets enable pki\n",
        place.display()
    );
    assert_eq!(got.status, REFUSED, "{words:?}");
    assert_eq!(got.out, out, "{words:?}");
    assert_eq!(got.err, format!("{err}{hint}"), "{words:?}");
    assert!(!place.exists());
}

#[test]
fn questions_find_nothing() {
    check(&["read", "pki/roles/x"], "", "No value found at pki/roles/x\n");
    check(&["read", "-format=json", "/pki/"], "", "No value found at pki\n");
    check(&["list", "pki/roles"], "", "No value found at pki/roles\n");
    check(&["list", "-format=json", "pki/roles"], "{}\n", "");
    check(&["list", "-format=yaml", "pki/roles"], "{}\n", "");
}

#[test]
fn changes_have_no_place_to_go() {
    check(
        &["write", "nowhere/x", "ttl=1h"],
        "",
        "Error writing data to nowhere/x: Error making API request.\n\nCode: 404. Errors:\n\n\
         * no handler for route \"nowhere/x\". route entry not found.\n",
    );
    check(
        &["write", "sys/mounts/pki", "type=pki"],
        "",
        "Error writing data to sys/mounts/pki: there is no store\n",
    );
}

#[test]
fn the_hint_names_a_directory_that_was_named() {
    let got = Caller::new().call(&["-data-dir=/none/store", "read", "p"]);
    assert_eq!(
        got.err,
        "No value found at p\nThere is no store in /none/store yet. \
         To make one, type: pkictl -data-dir=/none/store secrets enable pki\n"
    );
}

#[test]
fn what_is_there_but_no_store_is_left_alone() {
    let caller = Caller::new();
    let file = caller.file("letters/one.txt", "dear");
    let folder = file.strip_suffix("/one.txt").expect("a directory");
    let got = caller.call(&["-data-dir", folder, "secrets", "enable", "pki"]);
    assert_eq!(got.status, REFUSED);
    assert!(got.err.starts_with("Error opening the store: "), "{}", got.err);
    assert_eq!(got.err.lines().count(), 1, "{}", got.err);
    let got = caller.call(&["-data-dir", &file, "read", "p"]);
    assert_eq!(got.status, REFUSED);
    assert_eq!(got.err.lines().count(), 1, "{}", got.err);
}

#[test]
fn completion_is_silent() {
    let caller = Caller::new().with("PKICTL_COMPLETE", "bash");
    for words in [&["read", "pki/"] as &[&str], &["read", "-nonsense="], &[]] {
        let got = caller.call(words);
        assert_eq!((got.status, got.err.as_str()), (SUCCESS, ""), "{words:?}");
    }
    assert!(!caller.store().exists());
}
