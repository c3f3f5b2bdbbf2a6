//! Finding certificates by what they say, and revoking all that are found.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pkictl_tests::{World, pkictl, tools};
use serde_json::Value;

const MANY: u64 = if cfg!(debug_assertions) { 400 } else { 20_000 };

/// A mount with `MANY` certificates under the role `web`, every fourth of them for `eu`, and
/// three under the role `mail` with RSA keys.
fn world() -> World {
    let world = World::new(pkictl!()).with_root();
    let mut text = "common_name,ttl\n".to_owned();
    for host in 0..MANY {
        let region = if host % 4 == 0 { "EU" } else { "us" };
        let ttl = if host % 2 == 0 { "1h" } else { "48h" };
        writeln!(text, "h{host}.{region}.example.com,{ttl}").expect("text");
    }
    world.write("hosts.csv", text);
    world.ok(&["batch", "-in=hosts.csv", "-out=made", "pki/issue/web"]);
    world.ok(&["write", "pki/roles/mail", "allow_any_name=true", "ttl=24h", "key_type=ed25519"]);
    for name in ["a.example.net", "b.example.net", "c.example.net"] {
        world.ok(&["write", "pki/issue/mail", &format!("common_name={name}")]);
    }
    world
}

fn find(world: &World, conditions: &[&str]) -> Vec<Value> {
    let conditions: Vec<String> = conditions.iter().map(|text| format!("-where={text}")).collect();
    let mut words = vec!["pki", "find", "-format=json"];
    words.extend(conditions.iter().map(String::as_str));
    words.push("pki");
    let Value::Array(found) = serde_json::from_str(&world.ok(&words)).expect("JSON") else {
        return Vec::new();
    };
    found
}

fn revoked(world: &World) -> BTreeSet<String> {
    let got = world.run(&["list", "-format=json", "pki/certs/revoked"]);
    let list: Value = serde_json::from_str(&got.out).expect("a list");
    let serials = list.as_array().into_iter().flatten();
    serials.filter_map(|serial| serial.as_str().map(str::to_owned)).collect()
}

#[test]
fn certificates_are_found_by_what_they_say() {
    let world = world();
    let count = |conditions: &[&str]| find(&world, conditions).len() as u64;
    assert_eq!(count(&["role=web"]), MANY);
    assert_eq!(count(&["role!=web", "key_type=ed25519"]), 3);
    assert_eq!(count(&["common_name=*.eu.example.com"]), MANY / 4);
    assert_eq!(count(&["san=h?.eu.example.com"]), 0);
    assert_eq!(count(&["san=*.EU.example.com", "state=valid"]), MANY / 4);
    assert_eq!(count(&["role=web", "not_after<2h"]), MANY / 2);
    assert_eq!(count(&["role=web", "not_after>2h", "not_after<50h"]), MANY / 2);
    assert_eq!(count(&["not_after>2h", "common_name=*.eu.*"]), 0);
    assert_eq!(count(&["not_before>1h"]), 0);
    assert_eq!(count(&["issuer=default", "role=mail"]), 3);
    assert_eq!(count(&["issuer=other"]), 0);
    assert_eq!(count(&["state=revoked"]), 0);
    let found = find(&world, &["common_name=b.example.net"]);
    assert_eq!(found[0]["role"], "mail");
    assert_eq!(found[0]["names"], serde_json::json!(["b.example.net"]));
    let serial = found[0]["serial_number"].as_str().expect("text");
    let got = world.run_with_input(&["pki", "find", "-where=serial=-", "pki"], serial.as_bytes());
    assert!(got.out.contains(serial) && got.out.lines().count() == 2, "{}", got.out);
    let some = world.ok(&["pki", "find", "-limit=7", "pki"]);
    assert_eq!(some.lines().count(), 8);
    // In the order in which they end, where that is asked for.
    let ends: Vec<String> = find(&world, &["not_after>-1h"])
        .iter()
        .filter_map(|found| found["not_after"].as_str().map(str::to_owned))
        .collect();
    assert!(ends.is_sorted() && MANY < ends.len() as u64);
}

#[test]
fn revoking_is_shown_before_it_is_done_and_done_exactly() {
    let world = world();
    let before = world.store_bytes();
    let eu = "-where=common_name=*.eu.example.com";
    let preview = world.ok(&["pki", "revoke", eu, "pki"]);
    let count = MANY / 4;
    assert!(preview.starts_with(&format!("{count} certificates match")), "{preview}");
    assert!(preview.contains(&format!("and {} more", count - 10)), "{preview}");
    for (words, status, want) in [
        (&["-expect=1"][..], 2, format!("{count} certificates match, and 1 were expected")),
        (&["-expect=100", "-reason=boredom"], 2, "unknown reason \"boredom\"".to_owned()),
        (&["-where=colour=red"], 1, "\"colour=red\" is no condition".to_owned()),
        (&["-where=serial=@none"], 1, "cannot read none".to_owned()),
        (&["-expect=-1"], 1, "\"-1\" for flag -expect: not a number".to_owned()),
    ] {
        let got = world.run(&[&["pki", "revoke", eu], words, &["pki"]].concat());
        assert_eq!(got.status, status, "{}", got.err);
        assert!(got.err.contains(&want), "{}", got.err);
    }
    let got = world.run(&["pki", "revoke", "pki"]);
    assert_eq!(got.status, 1, "{}", got.err);
    assert!(before == world.store_bytes(), "something was revoked");
    let wanted: BTreeSet<String> = find(&world, &["common_name=*.eu.example.com"])
        .iter()
        .filter_map(|found| found["serial_number"].as_str().map(str::to_owned))
        .collect();
    let expect = format!("-expect={count}");
    world.ok(&["pki", "revoke", eu, &expect, "-reason=keyCompromise", "pki"]);
    assert_eq!(revoked(&world), wanted);
    assert_eq!(find(&world, &["state=revoked"]).len() as u64, count);
    let again = world.ok(&["pki", "revoke", eu, "-expect=0", "pki"]);
    assert!(again.contains("0 certificates were revoked"), "{again}");
    the_crl_lists(&world, &wanted);
    // One more by hand goes on the same log.
    let other = find(&world, &["role=mail"])[0]["serial_number"].as_str().map(str::to_owned);
    let other = other.expect("text");
    world.ok(&["write", "pki/revoke", &format!("serial_number={other}")]);
    the_crl_lists(&world, &wanted.into_iter().chain([other]).collect());
}

#[test]
fn an_issuer_is_never_among_them() {
    let world = World::new(pkictl!()).with_root();
    let preview = world.ok(&["pki", "revoke", "-where=common_name=Test Root", "pki"]);
    assert!(preview.starts_with("No certificates match and can be revoked"), "{preview}");
    assert_eq!(find(&world, &["common_name=Test Root"]).len(), 1);
}

fn the_crl_lists(world: &World, wanted: &BTreeSet<String>) {
    let Some(openssl) = tools::find("openssl") else {
        return;
    };
    world.write("crl.pem", world.field("certificate", &["read", "pki/cert/crl"]));
    let mut command = world.command(openssl);
    command.args(["crl", "-in", "crl.pem", "-noout", "-text"]);
    let text =
        String::from_utf8_lossy(&command.output().expect("openssl runs").stdout).into_owned();
    let serials = text.lines().filter_map(|line| line.trim().strip_prefix("Serial Number: "));
    let listed: BTreeSet<String> = serials.map(str::to_lowercase).collect();
    let wanted: BTreeSet<String> = wanted.iter().map(|serial| serial.replace(':', "")).collect();
    assert_eq!(listed, wanted);
}

/// The list may come from anywhere, as an endless file too.
#[test]
fn a_list_of_serial_numbers_has_an_end() {
    let world = World::new(pkictl!()).with_root();
    let got = world.run(&["revoke", "-where=serial=@/dev/zero", "pki"]);
    assert_eq!(got.status, 1);
    assert!(got.err.contains("cannot read /dev/zero: it has more than"), "{}", got.err);
}

/// The count alone does not say which of a thousand it was.
#[test]
fn a_serial_number_that_stands_for_nothing_is_named() {
    let world = World::new(pkictl!()).with_root();
    let issue = ["write", "pki/issue/web", "common_name=a.example.com"];
    let (one, other) = (world.field("serial_number", &issue), world.field("serial_number", &issue));
    world.ok(&["write", "pki/revoke", &format!("serial_number={other}")]);
    let preview = |list: &str| world.run(&["revoke", &format!("-where=serial={list}"), "pki"]);
    let got = preview(&one);
    assert_eq!((got.status, got.err.as_str()), (0, ""));
    let got = preview(&format!("{one},{other}"));
    assert!(got.out.starts_with("1 certificate matches"), "{}", got.out);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = words(&got.err);
    assert!(
        said.ends_with(&format!("matches and can be revoked has the serial number {other}")),
        "{said}"
    );
    let said = words(&preview(&format!("01:02,{one},{other},ff:ff")).err);
    assert!(said.contains("the serial number 01:02, and the same goes for 2 more"), "{said}");
}

/// As `openssl x509 -serial` prints them.
#[test]
fn serial_numbers_need_no_colons_and_a_serial_number_alone_is_explained() {
    let world = World::new(pkictl!()).with_root();
    let issue = ["write", "pki/issue/web", "common_name=a.example.com"];
    let serial = world.field("serial_number", &issue);
    let bare = serial.replace(':', "").to_uppercase();
    let where_ = format!("-where=serial={bare}");
    let got = world.ok(&["revoke", &where_, "-expect=1", "pki"]);
    assert_eq!(got, "Success! 1 certificate was revoked\n");
    let got = world.run(&["revoke", &serial]);
    assert_eq!(got.status, 1);
    assert!(got.err.contains("-where=serial="), "{}", got.err);
}
