//! Each kind of damage, done by hand.

use std::fs;
use std::path::Path;

use pkictl_tests::{Outcome, World, pkictl};
use rusqlite::Connection;
use serde_json::Value;

use self::Cure::{Repaired, Stays};
use super::edit::{Bytes, change, first, in_mount, insert, member, remove, replace};
use super::{REFUSED, copy_store, crl_number, database, json, revoke_one, world};

/// Where the records of tables are, by their numbers.
const SEAL: (&str, u8) = ("clustered", 1);
const LEASES: (&str, u8) = ("clustered", 5);
const ROLES: (&str, u8) = ("clustered", 10);
const ISSUERS: (&str, u8) = ("clustered", 11);
const ISSUER_NAMES: (&str, u8) = ("clustered", 12);
const KEYS: (&str, u8) = ("clustered", 13);
const KEY_NAMES: (&str, u8) = ("clustered", 14);
const ISSUERS_CONFIG: (&str, u8) = ("clustered", 15);
const KEYS_CONFIG: (&str, u8) = ("clustered", 16);
pub(super) const CERTS: (&str, u8) = ("heap", 20);
pub(super) const EXPIRY: (&str, u8) = ("clustered", 21);
pub(super) const REVOKED: (&str, u8) = ("clustered", 22);
pub(super) const REVOKED_EXPIRY: (&str, u8) = ("clustered", 23);
const CRLS: (&str, u8) = ("clustered", 24);
const CRL_LOG: (&str, u8) = ("heap", 25);
const HOMES: (&str, u8) = ("clustered", 28);

/// Takes the last octet of a text of hexadecimal digits for another.
fn flipped(digits: &str) -> String {
    let (head, last) = digits.split_at(digits.len() - 2);
    let octet = u8::from_str_radix(last, 16).expect("digits") ^ 1;
    format!("{head}{octet:02x}")
}

/// Whether a repair makes it good.
#[derive(Clone, Copy, PartialEq)]
enum Cure {
    Repaired,
    Stays,
}

struct Damage {
    /// What is done.
    what: &'static str,
    act: fn(&Connection),
    /// The table of the finding, and a part of what it says.
    table: &'static str,
    says: &'static str,
    cure: Cure,
}

const fn damage(
    what: &'static str,
    act: fn(&Connection),
    table: &'static str,
    says: &'static str,
    cure: Cure,
) -> Damage {
    Damage { what, act, table, says, cure }
}

const OF_CERTIFICATES: &[Damage] = &[
    damage(
        "a signature is changed",
        |db| change(db, CERTS, |value| *value.last_mut().expect("octets") ^= 1),
        "certs",
        "its signature is not that of issuer",
        Stays,
    ),
    damage(
        "a certificate is cut short",
        |db| change(db, CERTS, |value| value.truncate(value.len() - 9)),
        "certs",
        "the certificate cannot be read",
        Stays,
    ),
    damage(
        "a record is cut short",
        |db| change(db, CERTS, |value| value.truncate(5)),
        "certs",
        "it cannot be read",
        Stays,
    ),
    damage(
        "a certificate is under another number",
        |db| {
            let (key, value) = first(db, CERTS);
            remove(db, CERTS);
            let mut other = key;
            *other.last_mut().expect("octets") ^= 1;
            insert(db, CERTS, &other, &value);
        },
        "certs",
        "the certificate has serial number",
        Stays,
    ),
    damage(
        "a number has zeros before it",
        |db| {
            let (key, value) = first(db, CERTS);
            insert(db, CERTS, &in_mount(&[&[0], &key[4..]].concat()), &value);
        },
        "certs",
        "its key cannot be read",
        Stays,
    ),
    damage(
        "an end is not in the index",
        |db| remove(db, EXPIRY),
        "expiry",
        "its end is not in the index",
        Repaired,
    ),
    damage(
        "the index has an end of nothing",
        |db| insert(db, EXPIRY, &in_mount(&[0x80, 0, 0, 0, 1, 2, 3, 4, 5, 6]), &[1]),
        "expiry",
        "it stands for no certificate",
        Repaired,
    ),
    damage(
        "the index has nonsense",
        |db| insert(db, EXPIRY, &in_mount(&[7]), &[1]),
        "expiry",
        "it stands for no certificate",
        Repaired,
    ),
];

const OF_ISSUERS: &[Damage] = &[
    damage(
        "an issuer's name is gone",
        |db| remove(db, ISSUER_NAMES),
        "issuer_names",
        "it does not lead to",
        Repaired,
    ),
    damage(
        "a name leads nowhere",
        |db| {
            let id = b"\x01\"33659171-013e-d3ef-7a80-b417cfd776ed\"";
            insert(db, ISSUER_NAMES, &in_mount(b"ghost"), id);
        },
        "issuer_names",
        "which is not there",
        Repaired,
    ),
    damage(
        "a name is no text",
        |db| insert(db, ISSUER_NAMES, &in_mount(b"\xff"), b"\x01\"\""),
        "issuer_names",
        "cannot be read",
        Repaired,
    ),
    damage(
        "a second name leads to an issuer",
        |db| {
            let (_, value) = first(db, ISSUER_NAMES);
            insert(db, ISSUER_NAMES, &in_mount(b"alias"), &value);
        },
        "issuer_names",
        "which has another name",
        Repaired,
    ),
    damage(
        "a key's name is gone",
        |db| remove(db, KEY_NAMES),
        "key_names",
        "it does not lead to",
        Repaired,
    ),
    damage(
        "the default issuer is another",
        |db| {
            replace(
                db,
                ISSUERS_CONFIG,
                "\"default\":\"",
                "\"default\":\"00000000-0000-0000-0000-000000000000\",\"was\":\"",
            );
        },
        "config/issuers",
        "is not there; set another",
        Stays,
    ),
    damage(
        "the default key is another",
        |db| {
            replace(
                db,
                KEYS_CONFIG,
                "\"default\":\"",
                "\"default\":\"00000000-0000-0000-0000-000000000000\",\"was\":\"",
            );
        },
        "config/keys",
        "is not there; set another",
        Stays,
    ),
    damage("a key is gone", |db| remove(db, KEYS), "issuers", "is not there", Stays),
    damage(
        "a sealed key is changed",
        |db| {
            let sealed = member(db, KEYS, "sealed");
            replace(db, KEYS, &sealed, &flipped(&sealed));
        },
        "keys",
        "does not open",
        Stays,
    ),
    damage(
        "the public half of a key is changed",
        |db| {
            let spki = member(db, KEYS, "spki");
            replace(db, KEYS, &spki, &flipped(&spki));
        },
        "issuers",
        "is not that of its certificate",
        Stays,
    ),
    damage(
        "an issuer's certificate is changed",
        |db| {
            let der = member(db, ISSUERS, "certificate");
            replace(db, ISSUERS, &der, &der[2..]);
        },
        "issuers",
        "its certificate cannot be read",
        Stays,
    ),
    damage(
        "an issuer's CRL is another",
        |db| {
            let crl = member(db, ISSUERS, "crl");
            replace(db, ISSUERS, &crl, &flipped(&crl));
        },
        "issuers",
        "and that of its name and key is",
        Stays,
    ),
    damage(
        "a chain is empty",
        |db| replace(db, ISSUERS, "\"chain\":[\"", "\"chain\":[],\"was\":[\""),
        "issuers",
        "its chain is not the one",
        Repaired,
    ),
];

const OF_CRLS: &[Damage] = &[
    damage(
        "a CRL is not among those with revocations",
        |db| change(db, HOMES, |value| value.truncate(2)),
        "revoked",
        "it has no home",
        Repaired,
    ),
    damage(
        "the CRLs with revocations cannot be read",
        |db| change(db, HOMES, |value| value.push(9)),
        "homes",
        "it cannot be read",
        Repaired,
    ),
    damage(
        "an entry is not in the index",
        |db| remove(db, REVOKED_EXPIRY),
        "revoked",
        "it is not on CRL",
        Repaired,
    ),
    damage(
        "the index has an entry that is not in the log",
        |db| {
            let (key, _) = first(db, REVOKED_EXPIRY);
            insert(db, REVOKED_EXPIRY, &[&key[..], &[9]].concat(), &[1]);
        },
        "revoked_expiry",
        "do not agree",
        Repaired,
    ),
    damage(
        "a revocation that a CRL lists is gone",
        |db| remove(db, REVOKED),
        "revoked",
        "lists it, and there is no revocation; if that was lost, revoke it again",
        Stays,
    ),
    damage("a log is gone", |db| remove(db, CRL_LOG), "crl_log", "its log has 0 octets", Repaired),
    damage(
        "a log is nonsense",
        |db| change(db, CRL_LOG, |value| value[2] ^= 0x11),
        "crl_log",
        "is not a run of entries",
        Repaired,
    ),
    damage(
        "a log has another entry",
        |db| change(db, CRL_LOG, |value| value[8] ^= 0x11),
        "revoked_expiry",
        "do not agree",
        Repaired,
    ),
    damage(
        "a log has parts that nobody uses",
        |db| {
            let (key, value) = first(db, CRL_LOG);
            let mut other = key;
            other[20] = 1;
            insert(db, CRL_LOG, &other, &value);
        },
        "crl_log",
        "1 parts of its log are not in use",
        Repaired,
    ),
    damage(
        "the signature of a CRL is changed",
        |db| {
            let (_, value) = first(db, CRLS);
            let value: Value = serde_json::from_slice(&value[1..]).expect("JSON");
            let suffix = value["built"]["suffix"].as_str().expect("text");
            replace(db, CRLS, suffix, &flipped(suffix));
        },
        "crls",
        "the CRL is not signed with the key of its issuer",
        Repaired,
    ),
    damage(
        "the number of a CRL is behind",
        |db| replace(db, CRLS, "\"number\":2", "\"number\":0"),
        "crls",
        "its number is 0, and number 2 was built",
        Repaired,
    ),
    damage(
        "a CRL says that it has another number",
        |db| replace(db, CRLS, "\"built\":{\"number\":2", "\"built\":{\"number\":7"),
        "crls",
        "the CRL has another number",
        Repaired,
    ),
    damage(
        "a CRL cannot be read",
        |db| change(db, CRLS, |value| value.truncate(9)),
        "crls",
        "it cannot be read",
        Repaired,
    ),
    damage("a CRL is gone", |db| remove(db, CRLS), "crls", "it is not there", Repaired),
    damage(
        "a revocation has another end",
        |db| {
            change(db, REVOKED, |value| {
                let end = value.len() - 10;
                value[end] ^= 1;
            });
        },
        "revoked",
        "it does not know the end of its certificate",
        Stays,
    ),
    damage(
        "a revocation has another shard",
        |db| {
            change(db, REVOKED, |value| {
                let shard = value.len() - 1;
                value[shard] ^= 1;
            });
        },
        "revoked",
        "it does not know the shard of its certificate",
        Stays,
    ),
];

const OF_THE_REST: &[Damage] = &[
    damage("the seal is gone", |db| remove(db, SEAL), "seal", "the data key is gone", Stays),
    damage("a role is nonsense", |db| change(db, ROLES, |v| v[4] = 0), "roles", "read", Stays),
    damage(
        "a role is of a newer program",
        |db| change(db, ROLES, |value| value[0] = 9),
        "roles",
        "it has format 9, which is newer than this program",
        Stays,
    ),
    damage(
        "certificates have no mount",
        |db| insert(db, CERTS, &[0, 0, 0, 99, 1], &[1]),
        "certs",
        "1 records belong to a mount that is not there",
        Stays,
    ),
    damage(
        "a lease has no mount",
        |db| {
            let lease = b"\x01{\"mount\":99,\"serial\":\"01\",\"issued_at\":0,\"expires_at\":0}";
            insert(db, LEASES, &[&[0; 4][..], b"gone/x"].concat(), lease);
        },
        "leases",
        "",
        Stays,
    ),
];

/// `store check` of a copy.
fn check(world: &World, store: &Path, more: &[&str]) -> Outcome {
    let place = format!("-data-dir={}", store.display());
    let mut words = vec!["store", "check", "-format=json", place.as_str()];
    words.extend(more);
    world.run(&words)
}

/// Everything that is not derived from anything.
fn originals(store: &Path) -> Vec<(u8, Bytes, Bytes)> {
    let db = database(store);
    let sql = "SELECT tbl, key, value FROM heap WHERE tbl = 20
               UNION ALL SELECT tbl, key, value FROM clustered WHERE tbl IN (1, 13, 22)
               ORDER BY 1, 2";
    let mut statement = db.prepare(sql).expect("a statement");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}

#[track_caller]
fn is_found(world: &World, pristine: &Path, damage: &Damage) {
    let Damage { what, act, table, says, cure } = damage;
    let copy = world.work().join("copy");
    super::copy_folder(pristine, &copy);
    act(&database(&copy));
    let before = originals(&copy);
    let got = check(world, &copy, &[]);
    let report = json(&got);
    assert_eq!(got.status, REFUSED, "{what}: {report}");
    let findings = report["findings"].as_array().expect("findings");
    let found = findings.iter().find(|found| {
        found["table"] == *table && found["problem"].as_str().is_some_and(|t| t.contains(says))
    });
    let found = found.unwrap_or_else(|| panic!("{what}: {report}"));
    assert_eq!(found["repair"] != "", *cure == Repaired, "{what}: {found}");
    assert!(before == originals(&copy), "{what}: a check changed something");

    let got = check(world, &copy, &["-repair"]);
    let report = json(&got);
    assert!(before == originals(&copy), "{what}: a repair changed what it must not");
    match cure {
        Repaired => {
            assert_eq!((got.status, &report["errors"]), (0, &0.into()), "{what}: {report}");
            assert!(!report["repaired"].as_array().expect("a list").is_empty(), "{what}");
            usable(world, &copy, what);
        }
        Stays => assert_eq!(got.status, REFUSED, "{what}: {report}"),
    }
    fs::remove_dir_all(copy).expect("removed");
}

/// A repaired store issues, revokes, shows both revocations, and is sound then.
#[track_caller]
fn usable(world: &World, store: &Path, what: &str) {
    let line = "
export PKICTL_DATA_DIR=$1
serial=$(pkictl write -field=serial_number pki/issuer/root/issue/web common_name=b.example.com)
pkictl write pki/revoke serial_number=$serial > /dev/null
pkictl read -format=raw pki/crl > crl.der
pkictl store stats -format=json > stats.json
pkictl store check
";
    let mut command = world.command("/bin/sh");
    let got = command.args(["-ec", line, "sh"]).arg(store).output().expect("a shell");
    let got = Outcome::of(&got);
    assert_eq!(got.status, 0, "{what}: {}{}", got.out, got.err);
    let stats = fs::read_to_string(world.work().join("stats.json")).expect("statistics");
    let stats: Value = serde_json::from_str(&stats).expect("JSON");
    let crl = &stats["mounts"][0]["crls"][0];
    assert_eq!((&crl["entries"], &crl["pending_bytes"]), (&2.into(), &0.into()), "{what}");
    assert!(3 <= crl["number"].as_u64().expect("a number"), "{what}: {crl}");
}

#[track_caller]
fn are_found(damages: &[Damage]) {
    let world = world();
    let pristine = copy_store(&world, "pristine");
    let got = check(&world, &pristine, &[]);
    assert_eq!((got.status, json(&got)["findings"].to_string()), (0, "[]".to_owned()));
    for damage in damages {
        is_found(&world, &pristine, damage);
    }
}

#[test]
fn damaged_certificates_are_found() {
    are_found(OF_CERTIFICATES);
}

#[test]
fn damaged_issuers_and_keys_are_found() {
    are_found(OF_ISSUERS);
}

#[test]
fn damaged_crls_are_found() {
    are_found(OF_CRLS);
}

#[test]
fn other_damage_is_found() {
    are_found(OF_THE_REST);
}

#[test]
fn a_revision_that_was_set_back_is_raised() {
    let world = world();
    let db = database(&world.store());
    // The mark would tell, so that goes too.
    db.execute("UPDATE meta SET revision = 2", []).expect("changed");
    drop(db);
    fs::remove_file(world.store().join("pki.lock")).expect("removed");
    let got = world.run(&["store", "check"]);
    assert_eq!(got.status, REFUSED, "{}", got.out);
    assert!(got.out.contains("and the store is at 2"), "{}", got.out);
    let got = world.ok(&["store", "check", "-repair"]);
    assert!(got.contains("Repaired: set the revision"), "{got}");
    world.ok(&["store", "check"]);
}

#[test]
fn a_revocation_that_is_due_counts() {
    let world = world();
    revoke_one(&world);
    world.ok(&["store", "check"]);
    assert_eq!(crl_number(&world), 2, "nothing was built");
}

#[test]
fn keys_that_cannot_be_opened_are_a_note_or_an_error() {
    let world = World::new(pkictl!());
    let run = |passphrase: &str, words: &[&str]| {
        let mut command = world.command(pkictl!());
        command.env("PKICTL_PASSPHRASE", passphrase).args(words);
        Outcome::of(&command.output().expect("the program runs"))
    };
    for words in [
        &["secrets", "enable", "pki"][..],
        &["write", "pki/root/generate/internal", "common_name=R", "key_type=ec"],
    ] {
        assert_eq!(run("horse", words).status, 0, "{words:?}");
    }
    let mut command = world.command(pkictl!());
    command.env("PKICTL_SEAL", "passphrase").args(["store", "check", "-format=json"]);
    let got = Outcome::of(&command.output().expect("the program runs"));
    let report = json(&got);
    assert_eq!((got.status, &report["notes"], &report["errors"]), (0, &1.into(), &0.into()));
    let got = run("donkey", &["store", "check", "-format=json"]);
    assert_eq!(got.status, REFUSED);
    assert!(got.out.contains("wrong passphrase for this store"), "{}", got.out);
    assert!(!got.out.contains("donkey") && !got.err.contains("donkey"));
    assert_eq!(run("donkey", &["store", "check", "-skip-keys"]).status, 0);
    assert_eq!(run("horse", &["store", "check"]).status, 0);
}

#[test]
fn a_table_names_what_is_wrong_and_what_would_help() {
    let world = world();
    remove(&database(&world.store()), EXPIRY);
    let got = world.run(&["store", "check"]);
    assert_eq!(got.status, REFUSED);
    assert!(got.out.starts_with("Severity"), "{}", got.out);
    for text in ["error", "pki", "expiry", "make the index of ends anew"] {
        assert!(got.out.contains(text), "{text}: {}", got.out);
    }
    assert_eq!(got.err, "1 errors, 0 warnings\n");
}
