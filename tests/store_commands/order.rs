//! Keys that stand in another order than SQLite believes.

use std::fs;
use std::path::Path;

use pkictl_tests::{Outcome, pkictl};

use super::damage::{CERTS, EXPIRY, REVOKED, REVOKED_EXPIRY};
use super::edit::Bytes;
use super::{REFUSED, copy_store, database, revoke_one, world};

/// Takes an octet string for another of the same length, wherever the file has it.
fn falsify(store: &Path, old: &[u8], new: &[u8]) {
    database(store).execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("an empty log");
    let file = store.join("pki.db");
    let mut bytes = fs::read(&file).expect("the database");
    let is_old = |(_, found): &(usize, &[u8])| *found == old;
    let places: Vec<usize> =
        bytes.windows(old.len()).enumerate().filter(is_old).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "not in the file");
    for at in places {
        bytes.iter_mut().skip(at).zip(new).for_each(|(byte, new)| *byte = *new);
    }
    fs::write(&file, bytes).expect("written");
}

/// From a last key that sorts before others, a check went round and round.
#[test]
fn a_check_ends_where_keys_are_out_of_order() {
    let world = world();
    for _ in 0..3 {
        revoke_one(&world);
    }
    for (home, table) in [CERTS, EXPIRY, REVOKED, REVOKED_EXPIRY] {
        let store = copy_store(&world, &format!("copy-{table}"));
        let sql = format!("SELECT max(key) FROM {home} WHERE tbl = ?1");
        let last: Bytes =
            database(&store).query_row(&sql, [table], |row| row.get(0)).expect("a key");
        // What follows the mount, and the CRL where there is one.
        let own = if (home, table) == REVOKED_EXPIRY { 20 } else { 4 };
        let mut first = last.clone();
        first[own] = 0;
        falsify(&store, &last, &first);
        let mut command = world.command(pkictl!());
        command.env("PKICTL_DATA_DIR", &store).args(["store", "check"]);
        let got = Outcome::of(&command.output().expect("the program runs"));
        assert_eq!(got.status, REFUSED, "{table}: {}", got.out);
        assert!(got.out.contains("keys are not in order"), "{table}: {}", got.out);
    }
}
