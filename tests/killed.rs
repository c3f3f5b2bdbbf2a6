//! The program is killed at moments of chance. What it has said is true afterwards.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use pkictl_tests::chance::Chance;
use pkictl_tests::{World, pkictl, tools};
use serde_json::Value;

const KILLS: usize = 40;

/// Issues, revokes the one before, reads the CRL; says what is done only when it is done.
const WORKLOAD: &str = r#"
last=
while :; do
    serial=$("$PKICTL" write -field=serial_number pki/issue/web common_name=a.example.com) || exit 1
    echo "issued $serial"
    if [ -n "$last" ]; then
        "$PKICTL" write pki/revoke serial_number="$last" > revoked.txt || exit 1
        echo "revoked $last"
        "$PKICTL" read -field=certificate pki/cert/crl > crl.pem || exit 1
    fi
    last=$serial
done
"#;

#[test]
fn what_was_said_before_a_kill_is_true_after_it() {
    let (seed, mut chance) = Chance::from_environment();
    writeln!(std::io::stderr(), "killed: PKICTL_TEST_SEED={seed}").expect("standard error");
    let world = World::new(pkictl!()).with_root();
    let (mut issued, mut revoked) = (BTreeSet::new(), BTreeSet::new());
    let mut number = 0;
    for kill in 0..KILLS {
        let said = run_and_kill(&world, Duration::from_millis(5 + chance.below(400)));
        for line in said.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            match line.split_once(' ') {
                Some(("issued", serial)) => issued.insert(serial.to_owned()),
                Some(("revoked", serial)) => revoked.insert(serial.to_owned()),
                _ => unreachable_line(line),
            };
        }
        let listed = listed(&world, "pki/certs");
        assert!(issued.is_subset(&listed), "seed {seed}, kill {kill}: a certificate is lost");
        let on_record = self::listed(&world, "pki/certs/revoked");
        assert!(revoked.is_subset(&on_record), "seed {seed}, kill {kill}: a revocation is lost");
        world.ok(&["store", "check"]);
        if let Some((next, entries)) = crl(&world) {
            assert!(number <= next, "seed {seed}, kill {kill}: CRL number fell to {next}");
            assert_eq!(entries, on_record, "seed {seed}, kill {kill}: entries of the CRL");
            number = next;
        }
    }
    assert!(!issued.is_empty() && !revoked.is_empty(), "nothing was done between the kills");
    world.ok(&["write", "pki/issue/web", "common_name=after.example.com"]);
}

fn unreachable_line(line: &str) -> bool {
    assert!(line.is_empty(), "the workload said {line:?}");
    false
}

/// Runs the workload in a process group of its own, and ends all of it after so long.
fn run_and_kill(world: &World, after: Duration) -> String {
    use std::os::unix::process::CommandExt as _;

    let mut command = world.command("/bin/sh");
    command.args(["-c", WORKLOAD]).process_group(0).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("a shell");
    let mut stdout = child.stdout.take().expect("a pipe");
    thread::sleep(after);
    let group = format!("-{}", child.id());
    let killed =
        world.command("/bin/sh").args(["-c", "kill -9 \"$0\" 2> /dev/null", &group]).status();
    assert!(killed.is_ok_and(|status| status.success()), "the workload has ended by itself");
    child.wait().expect("an end");
    let mut said = String::new();
    stdout.read_to_string(&mut said).expect("text");
    // A line that was not finished was not said.
    said.rfind('\n').map_or_else(String::new, |end| said.get(..=end).unwrap_or_default().to_owned())
}

fn listed(world: &World, path: &str) -> BTreeSet<String> {
    let got = world.run(&["list", "-format=json", path]);
    let list: Value = serde_json::from_str(&got.out).expect("a list");
    let serials = list.as_array().into_iter().flatten();
    serials.filter_map(|serial| serial.as_str().map(str::to_owned)).collect()
}

/// The number and the serial numbers of the CRL, as `openssl` reads them.
fn crl(world: &World) -> Option<(u64, BTreeSet<String>)> {
    let openssl = tools::find("openssl")?;
    world.write("crl.pem", world.field("certificate", &["read", "pki/cert/crl"]));
    let mut command = world.command(openssl);
    command.args(["crl", "-in", "crl.pem", "-noout", "-text"]);
    let text = command.output().expect("openssl runs").stdout;
    let text = String::from_utf8_lossy(&text).into_owned();
    let after = |mark: &str| {
        let mut lines = text.lines().skip_while(|line| !line.contains(mark)).skip(1);
        lines.next().unwrap_or_default().trim().to_owned()
    };
    let number = after("X509v3 CRL Number");
    let number = match number.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let serials = text.lines().filter_map(|line| line.trim().strip_prefix("Serial Number: "));
    Some((number.expect("a number"), serials.map(colons).collect()))
}

/// `0AFF` as `0a:ff`.
fn colons(digits: &str) -> String {
    let pairs = digits.trim().as_bytes().chunks(2);
    let pairs: Vec<String> =
        pairs.map(|pair| String::from_utf8_lossy(pair).to_lowercase()).collect();
    pairs.join(":")
}
