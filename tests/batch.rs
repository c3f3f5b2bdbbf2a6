//! Many certificates at once: every row exactly once, whatever stops the run.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use pkictl_tests::chance::Chance;
use pkictl_tests::{Outcome, World, pkictl, tools};
use serde_json::Value;

/// More where keys are made quickly.
const ROWS: u64 = if cfg!(debug_assertions) { 300 } else { 10_000 };

const REFUSED: i32 = 2;
const USAGE: i32 = 1;

const ISSUE: [&str; 4] = ["batch", "-in=hosts.csv", "-out=made", "pki/issue/web"];
const RESUME: [&str; 5] = ["batch", "-in=hosts.csv", "-out=made", "-resume", "pki/issue/web"];

fn world() -> World {
    World::new(pkictl!()).with_root()
}

/// So many hosts, in the file `hosts.csv`.
fn with_hosts(world: &World, count: u64) {
    let mut text = "common_name,alt_names,ttl\n".to_owned();
    for host in 1..=count {
        writeln!(text, "h{host}.example.com,\"a{host}.example.com,b.example.com\",").expect("text");
    }
    world.write("hosts.csv", text);
}

fn lines(world: &World) -> Vec<Value> {
    let text = fs::read_to_string(world.work().join("made/results.jsonl")).expect("results");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn serials(world: &World) -> BTreeSet<String> {
    let got = world.run(&["list", "-format=json", "pki/certs"]);
    let list: Value = serde_json::from_str(&got.out).expect("a list");
    let serials = list.as_array().into_iter().flatten();
    serials.filter_map(|serial| serial.as_str().map(str::to_owned)).collect()
}

/// Every row is done once: it has a line, a file, and a certificate in the store, and the store
/// has no others but those that were there `before`.
#[track_caller]
fn all_are_done_once(world: &World, count: u64, before: &BTreeSet<String>) {
    let lines = lines(world);
    let rows: Vec<u64> = lines.iter().filter_map(|line| line["row"].as_u64()).collect();
    assert_eq!(rows, (1..=count).collect::<Vec<_>>());
    let made: BTreeSet<String> =
        lines.iter().filter_map(|line| line["serial_number"].as_str().map(str::to_owned)).collect();
    let stored = serials(world);
    assert_eq!(made.len() as u64, count);
    assert_eq!(stored.difference(before).cloned().collect::<BTreeSet<_>>(), made);
    let folder = world.work().join("made");
    let mut files: BTreeSet<String> = fs::read_dir(&folder)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    for (row, line) in (1..).zip(&lines) {
        let name = line["file"].as_str().expect("a name");
        assert!(files.remove(name), "{name} is not there");
        assert_eq!(name, format!("{row:06}-h{row}.example.com.pem"));
    }
    let rest: Vec<String> = files.into_iter().collect();
    assert_eq!(rest, ["batch.json", "results.jsonl"]);
}

#[test]
fn every_row_becomes_a_private_file_with_key_certificate_and_chain() {
    let world = world();
    with_hosts(&world, ROWS);
    let before = serials(&world);
    let got = world.run(&ISSUE);
    assert_eq!(got.status, 0, "{}", got.err);
    assert!(got.out.contains(&format!("{ROWS} certificates made")), "{}", got.out);
    all_are_done_once(&world, ROWS, &before);
    let file = world.work().join("made/000002-h2.example.com.pem");
    let mode = fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&file).expect("a file");
    assert!(text.starts_with("-----BEGIN EC PRIVATE KEY-----"), "{text}");
    assert_eq!(text.matches("-----BEGIN CERTIFICATE-----").count(), 2);
    let Some(openssl) = tools::find("openssl") else {
        return;
    };
    let public = |words: &[&str]| {
        let got = world.command(&openssl).args(words).output().expect("openssl runs");
        assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
        got.stdout
    };
    let file = "made/000002-h2.example.com.pem";
    let of_certificate = public(&["x509", "-in", file, "-noout", "-pubkey"]);
    assert_eq!(of_certificate, public(&["pkey", "-in", file, "-pubout"]));
    let names = public(&["x509", "-in", file, "-noout", "-ext", "subjectAltName"]);
    assert!(String::from_utf8_lossy(&names).contains("DNS:a2.example.com"));
}

#[test]
fn a_run_that_is_killed_goes_on_and_does_no_row_twice() {
    let (seed, mut chance) = Chance::from_environment();
    writeln!(std::io::stderr(), "batch: PKICTL_TEST_SEED={seed}").expect("standard error");
    let world = world();
    let count = ROWS * 4;
    with_hosts(&world, count);
    let before = serials(&world);
    let mut kills = 0;
    loop {
        let has_begun = world.work().join("made/batch.json").exists();
        let words: &[&str] = if has_begun { &RESUME } else { &ISSUE };
        let mut command = world.command(world.work().join("../bin/pkictl"));
        command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        thread::sleep(Duration::from_millis(chance.below(300)));
        // One that has ended by itself cannot be killed.
        let ended = child.try_wait().expect("a state").is_some();
        child.kill().expect("a kill");
        let got = Outcome::of(&child.wait_with_output().expect("an end"));
        if ended {
            assert_eq!(got.status, 0, "seed {seed}, after {kills} kills: {}", got.err);
            break;
        }
        kills += 1;
        nothing_lacks_its_key(&world, &before, seed);
        // However early it is stopped, it gets somewhere in the end.
        if 60 < kills {
            world.ok(if world.work().join("made/batch.json").exists() { &RESUME } else { &ISSUE });
            break;
        }
    }
    assert!(0 < kills, "nothing was killed");
    all_are_done_once(&world, count, &before);
    let again = world.ok(&RESUME);
    assert!(again.contains("0 certificates made"), "{again}");
    all_are_done_once(&world, count, &before);
}

/// Whatever the store has, its key is in the directory: in its file, or in the pending group.
fn nothing_lacks_its_key(world: &World, before: &BTreeSet<String>, seed: u64) {
    let folder = world.work().join("made");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let mut known: BTreeSet<String> = BTreeSet::new();
    for text in [read("results.jsonl"), read(".pending")] {
        for line in text.lines().filter(|line| line.starts_with('{')) {
            let Ok(mut line) = serde_json::from_str::<Value>(line) else { continue };
            let line = if line["result"].is_object() { line["result"].take() } else { line };
            known.extend(line["serial_number"].as_str().map(str::to_owned));
        }
    }
    for serial in serials(world).difference(before) {
        assert!(known.contains(serial), "seed {seed}: the key of {serial} is lost");
    }
}

#[test]
fn requests_are_signed_from_text_or_file() {
    let world = world();
    let Some(openssl) = tools::find("openssl") else {
        return;
    };
    let mut text = "csr,ttl\n".to_owned();
    for host in ["a", "b"] {
        let line = format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {host}.key \
             -subj /CN={host}.example.com -out {host}.csr"
        );
        let got = world.command(&openssl).args(line.split_whitespace()).output();
        assert!(got.expect("openssl runs").status.success());
    }
    let pem = fs::read_to_string(world.work().join("a.csr")).expect("a request");
    writeln!(text, "\"{pem}\",2h\n@b.csr,").expect("text");
    world.write("requests.csv", &text);
    world.ok(&["batch", "-in", "requests.csv", "-out", "made", "pki/issuer/default/sign/web"]);
    for file in ["made/000001-a.example.com.pem", "made/000002-b.example.com.pem"] {
        let text = fs::read_to_string(world.work().join(file)).expect("a file");
        assert!(text.starts_with("-----BEGIN CERTIFICATE-----") && !text.contains("PRIVATE"));
    }
    world.write("b.csr", "another");
    let words =
        ["batch", "-in=requests.csv", "-out=made", "-resume", "pki/issuer/default/sign/web"];
    // What is done is not looked at again, but the request in the file was part of the input.
    let got = world.run(&words);
    assert_eq!(got.status, USAGE, "{}", got.err);
    assert!(got.err.contains("requests.csv has changed"), "{}", got.err);
    world.write("bad.csv", "csr\n@missing.csr\nhello\n");
    let got = world.run(&["batch", "-check", "-in=bad.csv", "pki/sign/web"]);
    assert_eq!(got.status, REFUSED);
    let want = "bad.csv:2: csr \"@missing.csr\": cannot read missing.csr: no such file or directory\n\
                bad.csv:3: csr contains no data\n\
                2 problems in 2 rows for pki/sign/web; nothing was done\n";
    assert_eq!(got.err, want);
}

#[test]
fn checking_finds_every_bad_row_and_does_nothing() {
    let world = world();
    let before = world.store_bytes();
    let mut text = String::new();
    for row in 1..=2_500 {
        let domain = if row % 1_000 == 7 { "example.org" } else { "example.com" };
        writeln!(text, "{{\"common_name\": \"h{row}.{domain}\"}}").expect("text");
    }
    text += "{\"common_name\": \"x.example.com\", \"ttl\": \"soon\"}\n";
    text += "{\"common_name\": \"x.example.com\", \"colour\": \"red\"}\n{\"common_name\n[]\n";
    text += "{\"common_name\": \"x.example.com\", \"ttl\": \"1h\", \"ttl\": \"2h\"}\n";
    world.write("hosts.jsonl", text);
    let want = "hosts.jsonl:7: common_name \"h7.example.org\": common name h7.example.org not \
                allowed by this role\n\
                hosts.jsonl:1007: common_name \"h1007.example.org\": common name \
                h1007.example.org not allowed by this role\n\
                hosts.jsonl:2007: common_name \"h2007.example.org\": common name \
                h2007.example.org not allowed by this role\n\
                hosts.jsonl:2501: ttl \"soon\": time: invalid duration \"soon\"\n\
                hosts.jsonl:2502: there is no parameter \"colour\" here: known are ";
    for words in [["-check", "-in=hosts.jsonl"], ["-out=made", "-in=hosts.jsonl"]] {
        let got = world.run(&["batch", words[0], words[1], "pki/issue/web"]);
        assert_eq!(got.status, REFUSED, "{}", got.err);
        assert!(got.err.starts_with(want), "{}", got.err);
        assert!(got.err.contains("hosts.jsonl:2503: this is no JSON object"), "{}", got.err);
        assert!(got.err.contains("hosts.jsonl:2504: this is JSON, but no object"), "{}", got.err);
        let twice = "hosts.jsonl:2505: parameter \"ttl\" is there twice";
        assert!(got.err.contains(twice), "{}", got.err);
        assert!(got.err.ends_with("8 problems in 2505 rows for pki/issue/web; nothing was done\n"));
    }
    let got = world.run(&["batch", "-check", "-in=hosts.jsonl", "-format=json", "pki/issue/web"]);
    let value: Value = serde_json::from_str(&got.out).expect("JSON");
    assert_eq!((got.status, &value["problems"]), (REFUSED, &Value::from(8)));
    assert_eq!(value["failures"][0]["column"], "common_name");
    assert!(before == world.store_bytes(), "checking changed the store");
    assert!(!world.work().join("made").exists());
}

/// Every thread asks for a stack that the system does not have.
#[test]
fn a_system_without_threads_to_give_only_takes_longer() {
    let world = world();
    with_hosts(&world, 100);
    let run = |words: &[&str]| {
        let mut command = world.command(pkictl!());
        command.env("RUST_MIN_STACK", (1_u64 << 48).to_string()).args(words);
        Outcome::of(&command.output().expect("the program runs"))
    };
    let got = run(&[&ISSUE[..], &["-jobs=4"]].concat());
    assert_eq!(got.status, 0, "{}", got.err);
    assert_eq!(lines(&world).len(), 100);
    let got = run(&["store", "check"]);
    assert_eq!(got.status, 0, "{}", got.err);
}

#[test]
fn what_is_no_table_of_requests_is_refused() {
    let world = world();
    let before = world.store_bytes();
    let header = "common_name\n";
    for (name, content, want) in [
        ("a.csv", &b""[..], "a.csv: the file is empty"),
        ("a.csv", header.as_bytes(), "a.csv has no rows"),
        ("a.jsonl", b"\n\n", "a.jsonl has no rows"),
        ("a.csv", b"common_name,comon_name\nx", "line 1: there is no column \"comon_name\" here"),
        ("a.csv", b"role\nx", "line 1: there is no column \"role\" here: the path says it"),
        ("a.csv", b"ttl,ttl\n1,2", "line 1: column \"ttl\" is there twice"),
        ("a.csv", b"\x7fELF\x02\x00\x00", "line 1: this is not text in UTF-8"),
        ("a.csv", b"\xff\xfec\x00\n\x00", "line 1: this is not text in UTF-8"),
        ("a.csv", b"common_name\n\"a.example.com\nb", "line 2: the quotation mark"),
        ("a.jsonl", b"\x00\x01", "line 1: this is not text in UTF-8"),
        ("a.txt", header.as_bytes(), "its name has to end in .csv, .jsonl or .ndjson"),
    ] {
        world.write(name, content);
        let input = format!("-in={name}");
        let got = world.run(&["batch", &input, "-out=made", "pki/issue/web"]);
        assert_eq!(got.status, USAGE, "{want}: {}", got.err);
        assert!(got.err.contains(want), "{want}: {}", got.err);
    }
    world.write("a.csv", "ttl\n1h\n");
    for (words, status, want) in [
        (&["-in=a.csv", "-out=made", "pki/sign/web"][..], USAGE, "column \"csr\" is missing"),
        (&["-in=a.csv", "-out=made", "pki/roles/web"], USAGE, "a batch is for issue/ROLE"),
        (&["-in=a.csv", "-out=made", "none/issue/web"], REFUSED, "no handler for route"),
        (&["-in=a.csv", "-out=made", "pki/issue/none"], REFUSED, "\n* unknown role: none\n"),
        (&["-in=a.csv", "-out=made", "pki/issuer/no/issue/web"], REFUSED, "for reference: no"),
        (&["-in=none.csv", "-out=made", "pki/issue/web"], USAGE, "cannot read none.csv"),
        (&["-in=.", "-out=made", "pki/issue/web"], USAGE, "cannot read ."),
        (&["-in=a.csv", "pki/issue/web"], USAGE, "-out=DIRECTORY"),
        (&["-out=made", "pki/issue/web"], USAGE, "-in=FILE"),
        (&["-in=a.csv", "-out=made", "-jobs=0", "pki/issue/web"], USAGE, "-jobs"),
        (&["-in=a.csv", "-out=none", "-resume", "pki/issue/web"], USAGE, "there is none"),
    ] {
        let got = world.run(&[&["batch"], words].concat());
        assert_eq!(got.status, status, "{words:?}: {}", got.err);
        assert!(got.err.contains(want), "{words:?}: {}", got.err);
    }
    assert!(before == world.store_bytes(), "the store was changed");
    assert!(!world.work().join("made").exists());
}

/// What is the same for all rows is said once, and the file not read to its end.
#[test]
fn a_role_that_is_not_there_ends_a_batch_at_once() {
    let world = world();
    let rows = "a.example.com\n".repeat(100_000);
    let rows = [b"common_name\n", rows.as_bytes(), b"\xff\n"].concat();
    fs::write(world.work().join("a.csv"), rows).expect("written");
    let got = world.run(&["batch", "-in=a.csv", "-out=made", "pki/issue/none"]);
    assert_eq!((got.status, got.out.as_str()), (REFUSED, ""), "{}", got.err);
    assert_eq!(
        got.err,
        "Error working through a.csv: Error making API request.\n\nCode: 400. Errors:\n\n\
         * unknown role: none\n"
    );
    assert!(!world.work().join("made").exists());
}

#[test]
fn marks_and_line_ends_of_other_systems_are_read() {
    let world = world();
    world.write(
        "hosts.csv",
        "\u{feff}common_name,ttl\r\na.example.com,1h\r\n\r\nb.example.com,\r\n",
    );
    world.ok(&ISSUE);
    assert_eq!(lines(&world).len(), 2);
    assert_eq!(lines(&world)[1]["line"], 4);
}

#[test]
fn a_run_is_resumed_only_as_it_was_begun() {
    let world = world();
    with_hosts(&world, 20);
    let before = serials(&world);
    world.ok(&ISSUE);
    let got = world.run(&ISSUE);
    assert_eq!(got.status, USAGE);
    assert!(got.err.contains("made holds a batch already; to go on with it, add -resume"));
    let got = world.run(&[&RESUME[..4], &["pki/issue/other"]].concat());
    assert!(got.err.contains("is for pki/issue/web, not for pki/issue/other"), "{}", got.err);
    let path = world.work().join("hosts.csv");
    let mut file = OpenOptions::new().append(true).open(path).expect("the input");
    file.write_all(b"new.example.com,,\n").expect("a row");
    let got = world.run(&RESUME);
    assert_eq!(got.status, USAGE);
    assert!(got.err.contains("hosts.csv has changed since the batch was begun"), "{}", got.err);
    with_hosts(&world, 20);
    world.ok(&RESUME);
    all_are_done_once(&world, 20, &before);
    // A directory that knows more than the store, as after the store was put back.
    let results = world.work().join("made/results.jsonl");
    let mut file = OpenOptions::new().append(true).open(&results).expect("results");
    file.write_all(b"{\"row\":21}\n").expect("a line");
    let got = world.run(&RESUME);
    assert_eq!(got.status, REFUSED);
    assert!(got.err.contains("the results of 21 rows, and the store says that 20"), "{}", got.err);
    world.write("other", "");
    let got = world.run(&["batch", "-in=hosts.csv", "-out=.", "pki/issue/web"]);
    assert!(got.err.contains("the directory . is not empty"), "{}", got.err);
}

#[test]
fn one_process_at_a_time_works_on_a_batch() {
    let world = world();
    with_hosts(&world, 5);
    world.ok(&ISSUE);
    let file = fs::File::open(world.work().join("made/batch.json")).expect("a file");
    file.lock().expect("a lock");
    let got = world.run(&RESUME);
    assert_eq!(got.status, REFUSED);
    assert!(got.err.contains("another process works on it"), "{}", got.err);
}

#[test]
fn a_full_disk_stops_a_run_that_then_goes_on() {
    let world = world();
    with_hosts(&world, 400);
    let before = serials(&world);
    let script = r#"
mkdir made && mount -t tmpfs -o size=400k tmpfs made
"$PKICTL" batch -in=hosts.csv -out=made pki/issue/web
echo "status $?"
mount -o remount,size=40m made
"$PKICTL" batch -in=hosts.csv -out=made -resume pki/issue/web || exit 1
mkdir kept && cp -a made/. kept/ || exit 1
umount made && rmdir made && mv kept made
"#;
    let Some(unshare) = tools::find("unshare") else {
        return;
    };
    let able = Command::new(&unshare).args(["-rm", "true"]).output();
    if !able.is_ok_and(|got| got.status.success()) {
        return tools::skipped("unshare", "namespaces are not allowed here");
    }
    let mut command = world.command(&unshare);
    let got = command.args(["-rm", "/bin/sh", "-c", script]).output().expect("unshare runs");
    let got = Outcome::of(&got);
    assert_eq!(got.status, 0, "{}{}", got.out, got.err);
    assert!(got.out.contains("status 2"), "{}", got.out);
    assert!(got.err.contains("Stopped after "), "{}", got.err);
    assert!(got.err.contains("no space left on device"), "{}", got.err);
    all_are_done_once(&world, 400, &before);
}
