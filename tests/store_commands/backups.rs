//! Backups, and what they may take the place of.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use pkictl_tests::chance::Chance;
use pkictl_tests::{Outcome, World, pkictl};

use super::{REFUSED, crl_number, database, issue, json, revoke_one, world};

/// A restore that has to be refused, for this reason, with the store as it was.
#[track_caller]
fn refuse(world: &World, words: &[&str], text: &str) {
    let before = (world.store_bytes(), world.run(&["list", "pki/certs"]).out);
    let got = world.run(&[&["store", "restore"], words].concat());
    assert_eq!((got.status, got.out.as_str()), (REFUSED, ""), "{words:?}: {}", got.err);
    assert!(got.err.contains(text), "{text:?} is not in:\n{}", got.err);
    let after = (world.store_bytes(), world.run(&["list", "pki/certs"]).out);
    assert_eq!(before.1, after.1, "{words:?} changed the store");
    let names = |bytes: &std::collections::BTreeMap<String, _>| -> Vec<String> {
        bytes.keys().cloned().collect()
    };
    assert_eq!(names(&before.0), names(&after.0), "{words:?} left something");
}

fn backup(world: &World, name: &str) {
    world.ok(&["store", "backup", name]);
}

#[test]
fn a_backup_is_complete_and_private_and_replaces_nothing_unasked() {
    let world = world();
    let got = world.run(&["store", "backup", "b"]);
    assert_eq!(got.status, 0, "{}", got.err);
    assert!(got.err.contains("It does not hold the key file"), "{}", got.err);
    let path = world.work().join("b");
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    let first = fs::read(&path).expect("a backup");
    let got = world.run(&["store", "backup", "b"]);
    assert_eq!(got.status, REFUSED);
    assert!(got.err.contains("is there already") && got.err.contains("-force"), "{}", got.err);
    assert!(fs::read(&path).expect("a backup") == first);
    issue(&world);
    let made = json(&world.run(&["store", "backup", "-force", "-format=json", "b"]));
    assert_eq!(made["bytes"], fs::metadata(&path).expect("a file").len());
    assert!(fs::read(&path).expect("a backup") != first);
    assert_eq!(fs::read_dir(world.work()).expect("a directory").count(), 1);
    for place in ["none/b", "."] {
        let got = world.run(&["store", "backup", "-force", place]);
        assert_eq!(got.status, REFUSED, "{place}");
    }
    let inside = world.store().join("pki.db").display().to_string();
    let got = world.run(&["store", "backup", "-force", &inside]);
    assert!(got.err.contains("directory of the store"), "{}", got.err);
    world.ok(&["store", "check"]);
}

#[test]
fn a_backup_of_a_damaged_store_is_made_and_says_so() {
    let world = world();
    issue(&world);
    let got = world.run(&["store", "backup", "sound"]);
    assert!(!got.err.contains("damaged"), "{}", got.err);
    let flip = "UPDATE heap SET value = CAST(value || x'00' AS BLOB) WHERE rowid = 1";
    assert_eq!(database(&world.store()).execute(flip, []).expect("changed"), 1);
    let got = world.run(&["store", "backup", "b"]);
    let (status, out) = (got.status, got.out.starts_with("Success!"));
    assert_eq!((status, out), (0, true), "{}", got.err);
    let says = "WARNING: 1 record of the store is damaged, and the backup is as it is.";
    assert!(got.err.contains(says), "{}", got.err);
    assert!(got.err.ends_with("type: pkictl store check\n"), "{}", got.err);
    let got = world.run(&["store", "backup", "-force", "-format=json", "b"]);
    assert_eq!(json(&got)["damaged"], 1);
    assert!(got.err.contains(says), "{}", got.err);
    assert_eq!(world.run(&["store", "check"]).status, REFUSED);
}

#[test]
fn a_backup_of_a_busy_store_is_sound() {
    let world = world();
    let line = "while :; do
        s=$(pkictl write -field=serial_number pki/issue/web common_name=a.example.com) || exit 1
        pkictl write pki/revoke serial_number=$s > revoked || exit 1
        pkictl read pki/cert/crl > crl || exit 1
    done";
    let mut command = world.command("/bin/sh");
    let mut writer = command.args(["-c", line]).stdout(Stdio::null()).spawn().expect("a shell");
    for number in 0..10 {
        backup(&world, &format!("b{number}"));
    }
    writer.kill().expect("killed");
    writer.wait().expect("an end");
    let mut last = 0;
    for number in 0..10 {
        let other = format!("-data-dir={}", world.work().join(format!("s{number}")).display());
        fs::create_dir(world.work().join(format!("s{number}"))).expect("a directory");
        let key = world.work().join(format!("s{number}/seal.key"));
        fs::copy(world.store().join("seal.key"), key).expect("a key");
        world.ok(&["store", "restore", &other, &format!("b{number}")]);
        world.ok(&["store", "check", &other]);
        let stats = json(&world.run(&["store", "stats", "-format=json", &other]));
        let revision = stats["revision"].as_u64().expect("a number");
        assert!(last <= revision);
        last = revision;
    }
}

#[test]
fn a_store_comes_back_from_its_backup_alone_and_the_key() {
    let world = world();
    backup(&world, "b");
    let key = fs::read(world.store().join("seal.key")).expect("a key");
    let certificates = world.ok(&["list", "pki/certs"]);
    fs::remove_dir_all(world.store()).expect("gone");
    fs::create_dir(world.store()).expect("a directory");
    fs::write(world.store().join("seal.key"), key).expect("a key");
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(world.store().join("seal.key"), mode).expect("a mode");
    world.ok(&["store", "restore", "b"]);
    assert_eq!(world.ok(&["list", "pki/certs"]), certificates);
    issue(&world);
    revoke_one(&world);
    world.ok(&["read", "pki/cert/crl"]);
    world.ok(&["store", "check"]);
}

#[test]
fn fifty_stores_come_back_with_the_crls_they_had() {
    let world = world();
    let (seed, mut chance) = Chance::from_environment();
    let copy = world.work().join("copy");
    let place = format!("-data-dir={}", copy.display());
    let key = world.store().join("seal.key");
    for round in 0..50 {
        for _ in 0..=chance.below(2) {
            drop(if chance.below(2) == 0 { issue(&world) } else { revoke_one(&world) });
        }
        let crl = world.ok(&["read", "pki/cert/crl"]);
        let (listed, name) = (world.ok(&["list", "pki/certs"]), format!("b{round}"));
        backup(&world, &name);
        fs::create_dir(&copy).expect("a directory");
        fs::copy(&key, copy.join("seal.key")).expect("a key");
        world.ok(&["store", "restore", &place, &name]);
        world.ok(&["store", "check", &place]);
        // Octet for octet: the number and the time are those of the CRL that was made.
        assert_eq!(world.ok(&["read", &place, "pki/cert/crl"]), crl, "seed {seed}, {round}");
        assert_eq!(world.ok(&["list", &place, "pki/certs"]), listed, "seed {seed}, {round}");
        fs::remove_dir_all(&copy).expect("gone");
    }
}

#[test]
fn a_restored_store_is_as_it_was_and_the_other_is_kept() {
    let world = world();
    backup(&world, "b");
    let before = world.ok(&["list", "pki/certs"]);
    let later = issue(&world);
    let report = json(&world.run(&["store", "restore", "-format=json", "b"]));
    assert_eq!(world.ok(&["list", "pki/certs"]), before);
    assert_eq!(report["overruled"].to_string(), "[]");
    let kept = world.work().join("kept");
    fs::create_dir(&kept).expect("a directory");
    let replaced = report["replaced"].as_str().expect("a name");
    fs::rename(replaced, kept.join("pki.db")).expect("moved");
    fs::copy(world.store().join("seal.key"), kept.join("seal.key")).expect("a key");
    let place = format!("-data-dir={}", kept.display());
    let got = world.run(&["list", &place, "pki/certs"]);
    assert!(got.out.contains(&later), "{}{}", got.out, got.err);
    world.ok(&["store", "check", &place]);
}

#[test]
fn no_number_of_a_crl_is_given_a_second_time() {
    let world = world();
    backup(&world, "b");
    let then = crl_number(&world);
    revoke_one(&world);
    world.ok(&["read", "pki/cert/crl"]);
    let now = crl_number(&world);
    assert!(then < now);
    refuse(&world, &["b"], &format!("has number {now}, and {then} in the backup"));
    let got = world.run(&["store", "restore", "-force", "b"]);
    assert_eq!(got.status, 0, "{}", got.err);
    assert_eq!(crl_number(&world), now, "the number stays");
    world.ok(&["store", "check"]);
    world.ok(&["read", "pki/cert/crl"]);
    assert_eq!(crl_number(&world), now + 1);
    world.ok(&["store", "check"]);
}

#[test]
fn a_backup_of_another_store_is_refused() {
    let (one, other) = (world(), world());
    backup(&other, "b");
    let file = other.work().join("b").display().to_string();
    refuse(&one, &[&file], "it is of another store");
    // Its key would be needed too, and is named as well.
    refuse(&one, &[&file], "wrong key file for this store");
    let empty = World::new(pkictl!());
    let got = empty.run(&["store", "restore", &file]);
    assert_eq!(got.status, 0, "{}", got.err);
    let flat = got.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("seal.key is not there"), "{}", got.err);
}

#[test]
fn what_is_no_backup_is_refused() {
    let world = world();
    backup(&world, "b");
    let whole = fs::read(world.work().join("b")).expect("a backup");
    world.write("text", "hello");
    refuse(&world, &["text"], "text is not a usable store: it is not an SQLite file");
    refuse(&world, &["-force", "text"], "it is not an SQLite file");
    world.write("empty", "");
    refuse(&world, &["empty"], "it is empty");
    world.write("short", &whole[..whole.len() - 3 * 1024]);
    refuse(&world, &["short"], "");
    refuse(&world, &["missing"], "cannot read the backup missing");
    refuse(&world, &["."], "it is not a file");
    fs::copy(world.work().join("b"), world.work().join("newer")).expect("a copy");
    let newer = rusqlite::Connection::open(world.work().join("newer")).expect("a database");
    newer.execute_batch("PRAGMA user_version = 2").expect("edited");
    drop(newer);
    refuse(&world, &["newer"], "newer has store format 2; this program knows");
    refuse(&world, &["-force", "newer"], "store format 2");
    fs::copy(world.work().join("b"), world.work().join("bad")).expect("a copy");
    let bad = rusqlite::Connection::open(world.work().join("bad")).expect("a database");
    bad.execute_batch("UPDATE heap SET value = x'01' WHERE tbl = 20 AND id % 2").expect("edited");
    drop(bad);
    refuse(&world, &["bad"], "certs");
}

#[test]
fn a_store_that_cannot_be_read_is_replaced_only_when_asked() {
    let world = world();
    backup(&world, "b");
    let log = world.store().join("pki.db-wal");
    let mut bytes = fs::read(&log).expect("a log");
    bytes[3] ^= 0xff;
    fs::write(&log, bytes).expect("damaged");
    refuse(&world, &["b"], "nobody can tell whether the backup is behind it");
    world.ok(&["store", "restore", "-force", "b"]);
    world.ok(&["store", "check"]);
    issue(&world);
}

#[test]
fn nobody_may_use_a_store_while_it_is_replaced() {
    let world = world();
    backup(&world, "b");
    let users = File::options().write(true).open(world.store().join("pki.users")).expect("users");
    users.lock_shared().expect("a lock");
    refuse(&world, &["b"], "is in use by another process");
    users.unlock().expect("unlocked");
    let other = database(&world.store());
    let count = "SELECT count(*) FROM heap";
    other.query_row(count, [], |row| row.get::<_, i64>(0)).expect("a count");
    let mut command = world.command(pkictl!());
    command.env("PKICTL_WAIT", "100ms").args(["store", "restore", "b"]);
    let got = Outcome::of(&command.output().expect("the program runs"));
    assert_eq!(got.status, REFUSED);
    assert!(got.err.contains("is in use by another process"), "{}", got.err);
    drop(other);
    world.ok(&["store", "restore", "b"]);
}

#[test]
fn a_restore_that_is_killed_leaves_a_whole_store() {
    let (seed, mut chance) = Chance::from_environment();
    let world = world();
    backup(&world, "b");
    let old = world.ok(&["list", "pki/certs"]);
    for kill in 0..25 {
        issue(&world);
        let new = world.ok(&["list", "pki/certs"]);
        let mut command = world.command(pkictl!());
        command.args(["store", "restore", "b"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program runs");
        thread::sleep(Duration::from_micros(chance.below(40_000)));
        child.kill().expect("killed");
        child.wait().expect("an end");
        let context = format!("seed {seed}, kill {kill}");
        let got = world.ok(&["list", "pki/certs"]);
        assert!(got == old || got == new, "{context}");
        world.ok(&["store", "check"]);
    }
    world.ok(&["store", "restore", "b"]);
    assert_eq!(world.ok(&["list", "pki/certs"]), old);
}

#[test]
fn a_full_disk_costs_nothing() {
    let world = world();
    for _ in 0..40 {
        issue(&world);
    }
    backup(&world, "b");
    let line = "
mkdir disk
mount -t tmpfs -o size=40k none disk
try() { status=0; pkictl \"$@\" > out 2> err || status=$?; echo \"status $status\"; cat err; }
try store backup disk/b
echo \"left: $(ls -A disk | wc -l)\"
mount -o remount,size=4m disk
cp -r \"$HOME/.local/share/pkictl\" disk/store
PKICTL_DATA_DIR=disk/store
export PKICTL_DATA_DIR
dd if=/dev/zero of=disk/fill bs=1k count=9000 2> err || true
try store restore b
pkictl list pki/certs > list || echo damaged
ls disk/store
echo \"certificates: $(tail -n +3 list | wc -l)\"
";
    let Some(got) = world.in_namespace(line) else { return };
    assert_eq!(got.status, 0, "{}{}", got.out, got.err);
    let (first, second) = got.out.split_once("left: 0\n").expect(&got.out);
    assert!(first.contains("status 2") && first.contains("no space left"), "{}", got.out);
    assert!(second.contains("status 2") && second.contains("no space left"), "{}", got.out);
    assert!(second.contains("certificates: 44\n"), "{}", got.out);
    assert!(!second.contains("restore\n") && !second.contains("replaced"), "{}", got.out);
}
