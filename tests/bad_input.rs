//! Bad input: an error that says what and where, the right exit status, and a store that is
//! exactly as before.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use pkictl_tests::{Outcome, World, pkictl, tools};

/// Refused by the engine.
const REFUSED: i32 = 2;
/// Refused before the engine was asked.
const USAGE: i32 = 1;

fn world() -> World {
    World::new(pkictl!()).with_root()
}

/// Runs a command that has to fail with this text, and leave every byte of the store alone.
#[track_caller]
fn refuse(world: &World, words: &[&str], status: i32, text: &str) {
    let before = world.store_bytes();
    let got = world.run(words);
    assert_eq!((got.status, got.out.as_str()), (status, ""), "{words:?}: {}", got.err);
    assert!(got.err.contains(text), "{words:?}: {text:?} is not in:\n{}", got.err);
    assert!(!got.err.contains("panicked"), "{}", got.err);
    assert!(before == world.store_bytes(), "{words:?} changed the store");
}

/// As the engine refuses what is the caller's mistake.
#[track_caller]
fn bad_request(world: &World, words: &[&str], message: &str) {
    let path = words.iter().find(|word| word.contains('/')).expect("a path");
    let text = format!(
        "Error writing data to {path}: Error making API request.\n\nCode: 400. Errors:\n\n* {message}"
    );
    refuse(world, words, REFUSED, &text);
}

#[test]
fn unknown_paths() {
    let world = world();
    refuse(
        &world,
        &["write", "pki/nonsense", "a=b"],
        REFUSED,
        "Error writing data to pki/nonsense: Error making API request.\n\nCode: 404. Errors:\n\n\
         * 1 error occurred:\n\t* unsupported path\n",
    );
    refuse(&world, &["read", "pki/nonsense"], REFUSED, "No value found at pki/nonsense\n");
    refuse(&world, &["read", "pki/roles/none"], REFUSED, "No value found at pki/roles/none\n");
    refuse(
        &world,
        &["write", "nowhere/x", "a=b"],
        REFUSED,
        "Code: 404. Errors:\n\n* no handler for route \"nowhere/x\". route entry not found.",
    );
    for path in ["pki/../sys/mounts/x", "pki/./roles/x", "pki/roles/%2e%2e"] {
        refuse(&world, &["write", path, "type=pki"], REFUSED, "Code: 404");
    }
    bad_request(
        &world,
        &["write", "pki/issue/none", "common_name=a.example.com"],
        "unknown role: none",
    );
}

#[test]
fn unknown_parameters_are_named() {
    let world = world();
    let got = world.run(&["write", "pki/roles/other", "bogus=1", "allow_any_name=true", "odd=2"]);
    assert_eq!(got.status, 0, "{}", got.err);
    let text = "Endpoint ignored these unrecognized parameters: [bogus odd]";
    assert!(got.err.contains(text), "{}", got.err);
}

/// On standard error, before what is said as ever.
#[test]
fn what_was_meant_is_said_where_something_is_near() {
    let world = world();
    for (words, hint) in [
        (
            ["write", "pki/issue/web", "common-name=x.example.com"],
            "these parameters are not known: [common-name]; did you mean common_name?",
        ),
        (["write", "pki/issue/web", "bogus=1"], "these parameters are not known: [bogus]"),
        (["write", "pki/isue/web", "common_name=x"], "did you mean pki/issue/web?"),
        (["write", "sys/mount/pki", "type=pki"], "did you mean sys/mounts/pki?"),
        (
            ["write", "pki/revoke", "serial_number=garbage"],
            "that is not a serial number, which is written as hexadecimal octets with colons or \
             hyphens between them, such as 17:ab:03",
        ),
    ] {
        let text = format!("Hint: {hint}\nError writing data to {}: ", words[1]);
        refuse(&world, &words, REFUSED, &text);
    }
    for words in [
        ["write", "pki/issue/web", "ttl=1h"],
        ["write", "pki/nonsense/web", "common_name=x"],
        ["write", "pki/revoke", "serial_number=11:22"],
    ] {
        let got = world.run(&words);
        assert!(got.err.starts_with("Error writing data to "), "{words:?}: {}", got.err);
    }
}

/// Where a name should be, anything may have been given.
#[test]
fn what_was_meant_shows_nothing_but_names() {
    let world = world();
    let pem =
        "-----BEGIN PRIVATE KEY-----\nMHcCAQEEIC4F\nAwEHoUQDQgAE0w==\n-----END PRIVATE KEY-----";
    let hints = |words: &[&str]| {
        let got = world.run(words);
        assert_eq!(got.status, REFUSED, "{words:?}: {}", got.err);
        let end = got.err.find("Error writing data to ").expect("a refusal");
        let said = got.err.get(..end).expect("text").to_owned();
        assert!(!said.contains("MHcCAQ") && !said.contains('\u{1b}'), "{words:?}: {said}");
        said
    };
    let one = "Hint: one parameter is not known\n";
    let strays = "Command flags must be provided before positional arguments. The following \
                  arguments will not be parsed as flags: [";
    assert_eq!(hints(&["write", "pki/config/ca", pem]), format!("{strays}-…]\n{one}"));
    assert_eq!(
        hints(&["write", "pki/config/ca", "-ttl=1h", &format!("-pem={pem}")]),
        format!("{strays}-ttl=1h,-pem=…]\nHint: these parameters are not known: [-pem -ttl]\n")
    );
    world.write("key.pem", pem);
    let serial = "Hint: that is not a serial number, ";
    assert!(hints(&["write", "pki/revoke", "serial_number=@key.pem"]).starts_with(serial));
    world.write("forged.json", "{\"a\\u001b[31mb\\nError: fake\": 1, \"common_name\": 5}");
    assert_eq!(hints(&["write", "pki/issue/none", "@forged.json"]), one);
    let many: Vec<String> = (100..900).map(|number| format!("\"n{number}\": 1")).collect();
    let long = "x".repeat(4 << 20);
    world.write("many.json", format!("{{{}, \"{long}\": 1}}", many.join(",")));
    assert_eq!(
        hints(&["write", "pki/issue/none", "@many.json"]),
        "Hint: these parameters are not known: [n100 n101 n102 n103 n104] and 796 more\n"
    );
}

#[test]
fn values_of_the_wrong_type() {
    let world = world();
    let field = |name: &str| {
        format!("Field validation failed: error converting input for field \"{name}\": ")
    };
    for (word, name) in [
        ("allow_subdomains=perhaps", "allow_subdomains"),
        ("key_bits=many", "key_bits"),
        ("max_ttl=ten", "max_ttl"),
        ("max_ttl=10 parsecs", "max_ttl"),
        ("ttl=1h-", "ttl"),
    ] {
        bad_request(&world, &["write", "pki/roles/other", word], &field(name));
    }
    let name = "common_name=a.example.com";
    bad_request(&world, &["write", "pki/issue/web", name, "ttl=soon"], &field("ttl"));
    let got = world.run(&["write", "pki/roles/other", "key_bits=many", "max_ttl=ten"]);
    assert!(got.err.contains(&field("key_bits")) && got.err.contains(&field("max_ttl")));
    refuse(
        &world,
        &["secrets", "tune", "-max-lease-ttl=ten", "pki"],
        USAGE,
        "invalid value \"ten\" for flag -max-lease-ttl",
    );
}

#[test]
fn files_that_cannot_be_read() {
    let world = world();
    refuse(
        &world,
        &["write", "pki/sign/web", "csr=@missing.csr"],
        USAGE,
        "Failed to parse K=V data: invalid key/value pair \"csr=@missing.csr\": error reading file: \
         open missing.csr: no such file or directory\n",
    );
    refuse(&world, &["write", "pki/roles/x", "@missing.json"], USAGE, "missing.json");
    world.write("broken.json", "{\"allow_any_name\": tru");
    refuse(&world, &["write", "pki/roles/x", "@broken.json"], USAGE, "broken.json");
}

#[test]
fn requests_that_are_no_csr() {
    let world = world();
    let csr = "csr=@request.csr";
    world.write("request.csr", "");
    bad_request(&world, &["write", "pki/sign/web", csr], "");
    world.write("request.csr", "hello");
    bad_request(&world, &["write", "pki/sign/web", csr], "csr contains no data");
    let pem = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n";
    world.write("request.csr", pem);
    bad_request(&world, &["write", "pki/sign/web", csr], "");
    world.write("request.csr", [0xFF, 0x00, 0x30, 0x82]);
    bad_request(&world, &["write", "pki/sign/web", csr], "");
    world.write("request.csr", "x".repeat(1 << 20));
    bad_request(&world, &["write", "pki/sign/web", csr], "csr contains no data");
}

#[test]
fn a_request_that_its_key_did_not_sign() {
    let world = world();
    let Some(openssl) = tools::find("openssl") else {
        return;
    };
    let line = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem \
                -subj /CN=a.example.com -outform DER -out good.der";
    let mut command = world.command(&openssl);
    let got = command.args(line.split_whitespace()).output().expect("openssl runs");
    assert!(got.status.success());
    let mut der = fs::read(world.work().join("good.der")).expect("a request");
    *der.last_mut().expect("octets") ^= 1;
    world.write("bad.der", der);
    let mut command = world.command(&openssl);
    let line = "req -inform DER -in bad.der -out bad.csr";
    let got = command.args(line.split_whitespace()).output().expect("openssl runs");
    assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
    for path in ["pki/sign/web", "pki/sign-verbatim", "pki/root/sign-intermediate"] {
        bad_request(
            &world,
            &["write", path, "csr=@bad.csr", "common_name=a.example.com"],
            "request signature invalid",
        );
    }
}

#[test]
fn weak_keys() {
    let world = world();
    let words = ["key_type=rsa", "key_bits=1024", "common_name=x"];
    let weak = "RSA keys < 2048 bits are unsafe and not supported";
    for path in ["pki/roles/x", "pki/root/generate/internal", "pki/intermediate/generate/internal"]
    {
        let words: Vec<&str> = ["write", path].into_iter().chain(words).collect();
        bad_request(&world, &words, weak);
    }
    bad_request(&world, &["write", "pki/roles/x", "key_type=ec", "key_bits=123"], "");
    bad_request(&world, &["write", "pki/roles/x", "key_type=dsa"], "");
    let Some(openssl) = tools::find("openssl") else {
        return;
    };
    world.ok(&["write", "pki/roles/any", "allow_any_name=true", "key_type=any"]);
    let line =
        "req -new -newkey rsa:1024 -nodes -keyout k.pem -subj /CN=a.example.com -out weak.csr";
    let mut command = world.command(&openssl);
    let got = command.args(line.split_whitespace()).output().expect("openssl runs");
    if !got.status.success() {
        return tools::skipped("openssl", "it makes no weak keys");
    }
    for path in ["pki/sign/any", "pki/sign-verbatim"] {
        bad_request(&world, &["write", path, "csr=@weak.csr"], weak);
    }
}

#[test]
fn names_outside_the_policy() {
    let world = world();
    let issue = |words: &[&'static str], message: &str| {
        bad_request(&world, &[&["write", "pki/issue/web"], words].concat(), message);
    };
    issue(&["common_name=example.org"], "common name example.org not allowed by this role");
    issue(
        &["common_name=a.example.com", "alt_names=b.example.org"],
        "subject alternate name b.example.org not allowed by this role",
    );
    issue(&["common_name=a.example.com.evil.org"], "common name ");
    issue(&["common_name=aexample.com"], "common name ");
    issue(&["common_name=a.example.com", "ip_sans=not.an.ip"], "");
    issue(&["common_name=a.example.com", "uri_sans=spiffe://x/y"], "");
    issue(&["alt_names=a.example.com"], "");
}

#[test]
fn lifetimes_beyond_the_limits() {
    let world = world();
    let ten_hours = ["ttl=10h", "max_ttl=5h"];
    let words: Vec<&str> = ["write", "pki/roles/x"].into_iter().chain(ten_hours).collect();
    bad_request(&world, &words, "\"ttl\" value must be less than \"max_ttl\" value");
    world.ok(&["secrets", "enable", "-path=short", "pki"]);
    world.ok(&["write", "short/root/generate/internal", "common_name=S", "key_type=ec", "ttl=1h"]);
    world.ok(&["write", "short/roles/web", "allow_any_name=true", "key_type=ec"]);
    bad_request(
        &world,
        &["write", "short/issue/web", "common_name=a.example.com", "ttl=2h"],
        "cannot satisfy request, as TTL would result in notAfter of ",
    );
    // A lifetime beyond the role's own limit is cut, and said to be.
    let got = world.run(&["write", "pki/issue/web", "common_name=a.example.com", "ttl=1000h"]);
    assert_eq!(got.status, 0);
    assert!(got.err.contains("maxTTL"), "{}", got.err);
}

#[test]
fn a_certificate_that_matches_no_key() {
    let world = world();
    world.ok(&["secrets", "enable", "-path=other", "pki"]);
    let words = ["write", "other/root/generate/internal", "common_name=Other", "key_type=ec"];
    world.ok(&words);
    world.write("other.pem", world.field("certificate", &["read", "other/cert/ca"]));
    let got = world.run(&["write", "pki/intermediate/set-signed", "certificate=@other.pem"]);
    assert_eq!(got.status, 0, "{}", got.err);
    let flat = got.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("No key of this mount matches"), "{}", got.err);
    let default = world.data(&["read", "pki/config/issuers"]);
    let root = world.data(&["read", "pki/cert/ca"]);
    world.ok(&["write", "pki/issue/web", "common_name=a.example.com"]);
    assert_eq!(world.data(&["read", "pki/config/issuers"]), default);
    assert_eq!(world.data(&["read", "pki/cert/ca"]), root);
    bad_request(&world, &["write", "pki/intermediate/set-signed", "certificate=junk"], "");
    world.write("junk.pem", format!("{}\n", "A".repeat(200)));
    bad_request(&world, &["write", "pki/intermediate/set-signed", "certificate=@junk.pem"], "");
}

#[test]
fn revocations_of_what_is_not_there() {
    let world = world();
    bad_request(
        &world,
        &["write", "pki/revoke", "serial_number=11:22"],
        "certificate with serial 11:22 not found.",
    );
    bad_request(&world, &["write", "pki/revoke", "serial_number=zz"], "");
    bad_request(
        &world,
        &["write", "-force", "pki/revoke"],
        "The serial number or certificate to revoke must be provided.",
    );
    let serial =
        world.field("serial_number", &["write", "pki/issue/web", "common_name=a.example.com"]);
    let serial = format!("serial_number={serial}");
    bad_request(&world, &["write", "pki/revoke", &serial, "reason=because"], "");
}

/// Every command that meets a store it cannot use says which, and touches nothing.
#[track_caller]
fn unusable(world: &World, text: &str) {
    for words in [
        &["read", "pki/cert/ca"] as &[&str],
        &["list", "pki/roles"],
        &["write", "pki/roles/x", "allow_any_name=true"],
        &["secrets", "enable", "-path=x", "pki"],
    ] {
        refuse(world, words, REFUSED, text);
        let place = world.store().display().to_string();
        let got = world.run(words);
        assert!(got.err.contains(&place), "{words:?} does not name {place}: {}", got.err);
    }
}

#[test]
fn a_store_that_is_none() {
    let world = World::new(pkictl!());
    fs::create_dir_all(world.store()).expect("a directory");
    fs::write(world.store().join("pki.db"), "SQLite format 4\0 and then nothing").expect("a file");
    unusable(&world, "Error opening the store: ");
}

/// Garbles the first octets of a file of the store.
fn damage(world: &World, name: &str) {
    let path = world.store().join(name);
    let mut bytes = fs::read(&path).expect("a file of the store");
    for octet in bytes.iter_mut().take(64) {
        *octet ^= 0x55;
    }
    fs::write(&path, bytes).expect("a damaged file");
}

#[test]
fn a_store_with_a_damaged_log() {
    let world = world();
    damage(&world, "pki.db-wal");
    unusable(&world, "Error opening the store: ");
}

#[test]
fn a_store_with_a_damaged_head() {
    let world = world();
    // Both, since what stands in the log hides what stands in the file.
    damage(&world, "pki.db");
    damage(&world, "pki.db-wal");
    unusable(&world, "Error opening the store: ");
}

#[test]
fn a_directory_of_somebody_else() {
    let world = World::new(pkictl!());
    fs::create_dir_all(world.store()).expect("a directory");
    fs::write(world.store().join("letter.txt"), "dear").expect("a file");
    refuse(&world, &["secrets", "enable", "pki"], REFUSED, "Error opening the store: ");
    let Some(python) = tools::python(&["sqlite3"]) else {
        return;
    };
    let script = "import sqlite3; c = sqlite3.connect('pki.db'); c.execute('create table t (x)'); c.commit()";
    let mut command = world.command(&python);
    let got =
        command.current_dir(world.store()).args(["-c", script]).output().expect("python runs");
    assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
    unusable(&world, "Error opening the store: ");
}

#[test]
fn a_read_only_directory() {
    let world = world();
    let before = world.store_bytes();
    let place = world.store().display().to_string();
    let bind = format!("mount --bind {place} {place}; mount -o remount,ro,bind {place}");
    let line = format!("{bind}; exec pkictl write pki/roles/x allow_any_name=true");
    let Some(got) = world.in_namespace(&line) else {
        return;
    };
    assert_eq!((got.status, got.out.as_str()), (REFUSED, ""), "{}", got.err);
    assert!(got.err.contains(&place) && got.err.contains("read-only"), "{}", got.err);
    assert!(before == world.store_bytes());
    // What only looks can still be done.
    let line = format!("{bind}; exec pkictl read -field=certificate pki/cert/ca");
    let got = world.in_namespace(&line).expect("a namespace");
    assert_eq!(got.status, 0, "{}", got.err);
    assert!(got.out.starts_with("-----BEGIN CERTIFICATE-----"), "{}", got.out);
}

#[test]
fn a_directory_that_cannot_be_made() {
    let world = World::new(pkictl!());
    let got = world.run(&["-data-dir=/proc/none", "secrets", "enable", "pki"]);
    assert_eq!((got.status, got.out.as_str()), (REFUSED, ""));
    assert!(got.err.contains("/proc/none"), "{}", got.err);
}

#[test]
fn a_full_disk() {
    let world = World::new(pkictl!());
    // A small file system of its own; issues until it is full, then makes room and looks. One
    // refusal does not say that it is full: the next certificate may touch a page less.
    let line = "
mkdir disk
mount -t tmpfs -o size=400k none disk
export PKICTL_DATA_DIR=disk/store
pkictl secrets enable pki > log
pkictl write pki/root/generate/internal common_name=R key_type=ec > log 2>&1
pkictl write pki/roles/web allow_any_name=true key_type=ec ttl=24h > log
tried=0 refused=0
while test $refused -lt 20; do
    status=0
    pkictl write -field=serial_number pki/issue/web common_name=a.example.com > last 2> err || status=$?
    if test $status = 0; then refused=0; cat last >> serials; echo >> serials
    else refused=$((refused + 1)); fi
    tried=$((tried + 1)); test $tried -lt 2000
done
echo \"status $status\"; cat err
mount -o remount,size=8m disk
sort serials > want
pkictl list pki/certs | tail -n +3 | sort > have
echo \"lost: $(comm -23 want have | wc -l)\"
echo \"more: $(comm -13 want have | wc -l)\"
pkictl write -field=serial_number pki/issue/web common_name=a.example.com > log && echo works again
";
    let Some(got) = world.in_namespace(line) else {
        return;
    };
    assert_eq!(got.status, 0, "{}{}", got.out, got.err);
    assert!(got.out.starts_with("status 2\n"), "{}{}", got.out, got.err);
    assert!(got.out.contains("no space left"), "{}", got.out);
    assert!(got.out.contains("disk/store"), "{}", got.out);
    assert!(got.out.contains("lost: 0\n"), "{}", got.out);
    // The root is listed too, and nothing that was not acknowledged.
    assert!(got.out.contains("more: 1\n"), "{}", got.out);
    assert!(got.out.contains("works again"), "{}{}", got.out, got.err);
}

#[test]
fn a_full_disk_and_no_index_of_the_log() {
    let world = world();
    // Even who only reads has to make that index, where it is not there.
    let line = "
mkdir disk
mount -t tmpfs -o size=4m none disk
cp -r \"$HOME/.local/share/pkictl\" disk/store
rm -f disk/store/pki.db-shm
PKICTL_DATA_DIR=disk/store
export PKICTL_DATA_DIR
dd if=/dev/zero of=disk/fill bs=1k count=9000 2> err || true
try() { status=0; pkictl \"$@\" > out 2> err || status=$?; echo \"status $status\"; cat err; }
try read pki/cert/ca
try write pki/issue/web common_name=a.example.com
try store check
rm disk/fill
try store check
";
    let Some(got) = world.in_namespace(line) else { return };
    assert_eq!(got.status, 0, "{}{}", got.out, got.err);
    let refused = "status 2\nError opening the store: no space left for the store at ";
    assert_eq!(got.out.matches(refused).count(), 3, "{}", got.out);
    assert!(got.out.ends_with("status 0\n"), "{}", got.out);
}

#[test]
fn another_writer_that_does_not_give_way() {
    let world = world();
    let lock = File::options().write(true).open(world.store().join("pki.lock")).expect("the lock");
    lock.lock().expect("a lock");
    let before = world.store_bytes();
    let mut command = world.command(pkictl!());
    command.args(["write", "pki/roles/x", "allow_any_name=true"]).env("PKICTL_WAIT", "200ms");
    let got = Outcome::of(&command.output().expect("the program runs"));
    assert_eq!((got.status, got.out.as_str()), (REFUSED, ""), "{}", got.err);
    assert!(got.err.starts_with("Error writing data to pki/roles/x: "), "{}", got.err);
    assert!(got.err.contains("200 ms"), "{}", got.err);
    assert!(before == world.store_bytes());
    world.ok(&["read", "pki/cert/ca"]);
    lock.unlock().expect("unlocked");
    world.ok(&["write", "pki/roles/x", "allow_any_name=true"]);
}

#[test]
fn a_wrong_passphrase() {
    let world = World::new(pkictl!());
    let run = |passphrase: &str, words: &[&str]| {
        let mut command = world.command(pkictl!());
        command.env("PKICTL_PASSPHRASE", passphrase).args(words);
        Outcome::of(&command.output().expect("the program runs"))
    };
    let root = ["write", "pki/root/generate/internal", "common_name=R", "key_type=ec"];
    assert_eq!(run("correct horse", &["secrets", "enable", "pki"]).status, 0);
    assert_eq!(run("correct horse", &root).status, 0);
    let before = world.store_bytes();
    let got = run("battery staple", &root);
    assert_eq!((got.status, got.out.as_str()), (REFUSED, ""));
    let want =
        "Error writing data to pki/root/generate/internal: wrong passphrase for this store\n";
    assert_eq!(got.err, want);
    let got = world.run(&root);
    assert_eq!((got.status, got.out.as_str()), (REFUSED, ""), "a key file is no passphrase");
    assert!(before == world.store_bytes());
    // What needs no private key needs no passphrase.
    world.ok(&["read", "pki/cert/ca"]);
}

#[test]
fn a_key_file_that_is_lost_damaged_or_open_to_others() {
    let world = world();
    let issue = ["write", "pki/issue/web", "common_name=a.example.com"];
    let path = world.store().join("seal.key");
    let key = fs::read(&path).expect("a key file");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("a mode");
    refuse(&world, &issue, REFUSED, "chmod 600");
    fs::write(&path, "no key").expect("written");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a mode");
    refuse(&world, &issue, REFUSED, "seal.key is damaged");
    fs::write(&path, format!("{}\n", "0".repeat(64))).expect("written");
    refuse(&world, &issue, REFUSED, "wrong key file for this store");
    fs::remove_file(&path).expect("removed");
    refuse(&world, &issue, REFUSED, "seal.key is not there");
    fs::write(&path, key).expect("written");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a mode");
    world.ok(&issue);
}

#[test]
fn files_are_private_whatever_the_umask() {
    let world = World::new(pkictl!());
    let (status, got) = world.shell("umask 000 && pkictl secrets enable pki");
    assert_eq!(status, 0, "{got}");
    let mode = |path| fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(world.store()), 0o700);
    let entries = fs::read_dir(world.store()).expect("a directory");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        assert_eq!(mode(path.clone()), 0o600, "{}", path.display());
    }
}
