//! Changing the seal.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use pkictl_tests::{Outcome, World, pkictl};

use super::{REFUSED, issue, json, world};

fn key(world: &World) -> PathBuf {
    world.store().join("seal.key")
}

/// The program with variables.
fn run(world: &World, variables: &[(&str, &str)], words: &[&str]) -> Outcome {
    let mut command = world.command(pkictl!());
    command.envs(variables.iter().copied()).args(words);
    Outcome::of(&command.output().expect("the program runs"))
}

#[track_caller]
fn ok(world: &World, variables: &[(&str, &str)], words: &[&str]) -> String {
    let got = run(world, variables, words);
    assert_eq!(got.status, 0, "{words:?}: {}", got.err);
    got.out
}

const ISSUE: [&str; 3] = ["write", "pki/issue/web", "common_name=a.example.com"];

#[test]
fn a_new_key_takes_the_place_of_the_old_one_which_is_kept() {
    let world = world();
    let old = fs::read(key(&world)).expect("a key");
    for number in 1..=2 {
        let got = world.ok(&["store", "rekey", "-to=keyfile"]);
        assert!(got.contains(&format!("seal.key.replaced-{number}")), "{got}");
        issue(&world);
        assert!(world.ok(&["store", "check"]).contains("sound"));
    }
    let kept = world.store().join("seal.key.replaced-1");
    assert!(fs::read(&kept).expect("a key") == old);
    assert!(fs::read(key(&world)).expect("a key") != old);
    assert!(!world.store().join("seal.key.next").exists());
    // The old one opens nothing any more.
    let got = run(&world, &[("PKICTL_KEY_FILE", kept.to_str().expect("text"))], &ISSUE);
    assert_eq!(got.status, REFUSED);
    assert!(got.err.contains("wrong key file for this store"), "{}", got.err);
}

#[test]
fn a_change_that_was_interrupted_leaves_a_store_that_opens() {
    let world = world();
    let (now, next) = (key(&world), world.store().join("seal.key.next"));
    // Before it was committed: there is a key that opens nothing.
    let unused = format!("{}\n", "0f".repeat(32));
    fs::write(&next, &unused).expect("written");
    issue_fails_for_modes(&world, &next);
    issue(&world);
    world.ok(&["store", "rekey", "-to=keyfile"]);
    assert_eq!(fs::read_to_string(&now).expect("a key"), unused, "it is used now");
    // After: the key that opens the store has not got its name.
    fs::rename(&now, &next).expect("renamed");
    fs::rename(world.store().join("seal.key.replaced-1"), &now).expect("renamed");
    issue(&world);
    world.ok(&["store", "check"]);
    world.ok(&["store", "rekey", "-to=keyfile"]);
    assert!(!next.exists());
    issue(&world);
}

/// A key may be needed by another store, or by a backup, whatever its file is called.
#[test]
fn what_may_be_a_key_file_is_noted_and_never_removed() {
    const PART: &str = "seal.key.draft-0123456789abcdef";
    const WHOLE: &str = "seal.key.next.draft-fedcba9876543210";
    let world = world();
    let own = fs::read(key(&world)).expect("a key");
    let files = [
        (PART, b"0f".as_slice()),
        (WHOLE, own.as_slice()),
        ("seal.key.1763828244123456", own.as_slice()),
        ("seal.key.next.0123456789abcdef", own.as_slice()),
        ("seal.key.00112233aabbccdd", b"".as_slice()),
    ];
    for (name, bytes) in files {
        fs::write(world.store().join(name), bytes).expect("written");
    }
    let check = ["store", "check", "-format=json"];
    let repair = ["store", "check", "-repair", "-format=json"];
    let rekey = ["store", "rekey", "-to=keyfile"];
    for words in [check.as_slice(), &repair, &rekey, &repair] {
        let got = world.ok(words);
        for (name, bytes) in files {
            let now = fs::read(world.store().join(name)).ok();
            assert_eq!(now.as_deref(), Some(bytes), "{words:?}: {name}");
        }
        if words == rekey {
            continue;
        }
        let got: serde_json::Value = serde_json::from_str(&got).expect("JSON");
        let notes = got["findings"].as_array().expect("a list");
        let notes: Vec<_> = notes.iter().map(|note| (&note["record"], &note["problem"])).collect();
        let says = |name: &str, text: &str| {
            let is_it = |record: &str| record.ends_with(name);
            notes.iter().any(|(record, problem)| {
                record.as_str().is_some_and(is_it)
                    && problem.as_str().is_some_and(|problem| problem.contains(text))
            })
        };
        assert_eq!(notes.len(), 2, "{got}");
        assert!(says(PART, "holds no key") && says(WHOLE, "no backup opens with it"), "{got}");
        assert_eq!(got["repaired"], serde_json::json!([]));
    }
    issue(&world);
}

/// The key file in use may have any name.
#[test]
fn a_key_file_that_is_named_like_a_draft_stays() {
    let world = world();
    for name in ["seal.key.00112233aabbccdd", "seal.key.draft-00112233aabbccdd"] {
        let old = world.store().join(name);
        fs::rename(key(&world), &old).expect("renamed");
        let backup = format!("{name}.db");
        let variables = [("PKICTL_KEY_FILE", old.to_str().expect("text"))];
        ok(&world, &variables, &["store", "backup", &backup]);
        let target = format!("-key-file={}", key(&world).display());
        ok(&world, &variables, &["store", "rekey", "-to=keyfile", &target]);
        world.ok(&["store", "check", "-repair"]);
        issue(&world);
        // The backup of before still opens.
        world.ok(&["store", "restore", "-force", &backup]);
        ok(&world, &variables, &ISSUE);
        fs::remove_file(key(&world)).expect("removed");
        fs::copy(&old, key(&world)).expect("copied");
    }
}

/// A key that others can read is not used, wherever it lies.
fn issue_fails_for_modes(world: &World, next: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(next, fs::Permissions::from_mode(0o644)).expect("a mode");
    let got = world.run(&["store", "rekey", "-to=keyfile"]);
    assert_eq!(got.status, REFUSED, "{}", got.out);
    assert!(got.err.contains("chmod 600"), "{}", got.err);
    fs::set_permissions(next, fs::Permissions::from_mode(0o600)).expect("a mode");
}

#[test]
fn from_a_key_to_a_passphrase_and_back() {
    let world = world();
    world.write("first", "correct horse\nnot this\n");
    world.ok(&["store", "rekey", "-to=passphrase", "-passphrase-file=first"]);
    let got = world.run(&ISSUE);
    assert!(got.err.contains("sealed with a passphrase, and a key file was given"), "{}", got.err);
    let first = [("PKICTL_PASSPHRASE", "correct horse")];
    ok(&world, &first, &ISSUE);
    let stats = json(&world.run(&["store", "stats", "-format=json"]));
    assert_eq!(stats["seal"], "passphrase");

    let change = [first[0], ("PKICTL_NEW_PASSPHRASE", "battery staple")];
    ok(&world, &change, &["store", "rekey", "-to=passphrase"]);
    let got = run(&world, &first, &ISSUE);
    assert!(got.err.contains("wrong passphrase"), "{}", got.err);
    let second = [("PKICTL_PASSPHRASE", "battery staple")];
    ok(&world, &second, &ISSUE);

    ok(&world, &second, &["store", "rekey", "-to=keyfile", "-key-file=other.key"]);
    let other = world.work().join("other.key");
    let other = other.to_str().expect("text");
    ok(&world, &[("PKICTL_KEY_FILE", other)], &ISSUE);
    ok(&world, &[("PKICTL_KEY_FILE", other)], &["store", "check"]);
}

#[test]
fn a_passphrase_may_come_on_standard_input() {
    let world = world();
    let words = ["store", "rekey", "-to=passphrase", "-passphrase-file=-"];
    let got = world.run_with_input(&words, b"\n");
    assert_eq!((got.status, got.out.as_str()), (1, ""), "{}", got.err);
    assert!(got.err.contains("empty"), "{}", got.err);
    issue(&world);
    let got = world.run_with_input(&words, b"correct horse\n");
    assert_eq!(got.status, 0, "{}", got.err);
    ok(&world, &[("PKICTL_PASSPHRASE", "correct horse")], &ISSUE);
}

#[test]
fn nothing_is_made_where_the_store_does_not_open() {
    let world = world();
    let before = world.store_bytes();
    fs::rename(key(&world), world.work().join("key")).expect("moved");
    let got = world.run(&["store", "rekey", "-to=keyfile", "-key-file=new.key"]);
    assert_eq!((got.status, got.out.as_str()), (REFUSED, ""));
    assert!(got.err.contains("seal.key is not there"), "{}", got.err);
    assert!(!world.work().join("new.key").exists());
    fs::rename(world.work().join("key"), key(&world)).expect("moved");
    for (words, text) in [
        (&["-to=passphrase"][..], "no new passphrase"),
        (&["-to=passphrase", "-passphrase-file=none"], "cannot read the passphrase"),
        (&["-to=passphrase", "-key-file=x"], "-key-file goes with"),
        (&["-to=keyfile", "-passphrase-file=x"], "-passphrase-file goes with"),
        (&["-to=keyfile", "-key-file=none/x"], "there is no such directory"),
        (&["-to=hsm"], "hsm"),
        (&[], "-to"),
    ] {
        let got = world.run(&[&["store", "rekey"], words].concat());
        assert_ne!(got.status, 0, "{words:?}");
        assert_eq!(got.out, "", "{words:?}");
        assert!(got.err.contains(text), "{words:?}: {}", got.err);
    }
    assert!(before == world.store_bytes());
    issue(&world);
}

#[test]
fn a_key_that_does_not_fit_on_the_disk_leaves_nothing() {
    let world = world();
    let line = "
mkdir disk
mount -t tmpfs -o size=4m none disk
cp -r \"$HOME/.local/share/pkictl\" disk/store
ls disk/store > before
dd if=/dev/zero of=disk/fill bs=1k count=9000 2> err || true
for file in seal.key other.key; do
    status=0
    pkictl -data-dir=disk/store store rekey -to=keyfile -key-file=disk/store/$file 2> err || status=$?
    echo \"status $status\"; cat err
done
ls disk/store | diff before - && echo \"nothing is left\"
";
    let Some(got) = world.in_namespace(line) else { return };
    assert_eq!(got.status, 0, "{}{}", got.out, got.err);
    assert_eq!(got.out.matches("status 2\n").count(), 2, "{}", got.out);
    assert_eq!(got.out.matches("no space left").count(), 2, "{}", got.out);
    assert!(got.out.ends_with("nothing is left\n"), "{}", got.out);
}

#[test]
fn a_backup_opens_with_the_key_of_its_time() {
    let world = world();
    world.ok(&["store", "backup", "b"]);
    world.ok(&["store", "rekey", "-to=keyfile"]);
    let got = world.run(&["store", "restore", "b"]);
    assert_eq!(got.status, REFUSED);
    assert!(got.err.contains("wrong key file for this store"), "{}", got.err);
    let old = world.store().join("seal.key.replaced-1");
    let old = [("PKICTL_KEY_FILE", old.to_str().expect("text"))];
    ok(&world, &old, &["store", "restore", "b"]);
    ok(&world, &old, &ISSUE);
}

/// Without its key file a store issues nothing, so it is not sound.
#[test]
fn a_key_file_that_cannot_be_used_is_found() {
    let world = world();
    let whole = fs::read_to_string(key(&world)).expect("a key");
    let check = |says: &str| {
        let got = world.run(&["store", "check"]);
        assert_eq!(got.status, REFUSED, "{says}: {}", got.out);
        let line = got.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(line.contains("private keys were not looked at"), "{}", got.out);
        assert!(line.contains(says), "{says}: {}", got.out);
        world.ok(&["store", "check", "-skip-keys"]);
    };
    fs::write(key(&world), &whole[1..]).expect("written");
    check("is damaged");
    fs::write(key(&world), &whole).expect("written");
    fs::set_permissions(key(&world), fs::Permissions::from_mode(0o644)).expect("a mode");
    check("can be used by others");
    fs::remove_file(key(&world)).expect("removed");
    check("is not there");
}
