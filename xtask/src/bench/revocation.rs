//! P5 and P7: revoking one with the CRL current for whoever reads it next, and revoking many.

use std::path::Path;

use anyhow::Result;
use pki_core::domain::serial::SerialNumber;

use super::Plan;
use super::clock::{Compared, compare, printed, quiet, typical};
use super::openssl::Index;
use super::report::{Row, in_words, millis};
use super::server::{Bao, CONNECTIONS};
use super::stores::{Filled, Stores};

/// As many are revoked where the goals of P5 and P7 hold.
const REVOKED: usize = 50_000;

/// The mount of the server.
const MOUNT: &str = "mass";

/// The most that revoking one and reading the CRL may take, in milliseconds.
const LIMIT: f64 = 20.0;

/// Certificates of a server, all of which were revoked one by one.
pub(super) struct Mass {
    pub(super) revoked: usize,
    /// Seconds on a clock that one of them took.
    pub(super) each: f64,
}

impl Mass {
    /// Issues so many, and revokes them on many connections.
    pub(super) fn make(revoked: usize, bao: &mut Bao) -> Result<Self> {
        eprintln!("bench: bao on disk, revoking {}", in_words(revoked));
        bao.set_up(MOUNT)?;
        let serials = bao.issue_many(MOUNT, revoked, "24h")?;
        Ok(Self { revoked, each: bao.revoke_all(MOUNT, &serials)? / revoked as f64 })
    }
}

/// P5.
pub(super) fn rows(
    plan: &Plan,
    folder: &Path,
    stores: &Stores,
    bao: Option<(&mut Bao, &Mass)>,
) -> Result<Vec<Row>> {
    eprintln!("bench: revoking");
    let filled = stores.with_revoked(REVOKED)?;
    let ours = || filled.program.revoke_and_read();
    let alone = typical(plan.pairs * 2, ours)?;
    let mut rows = vec![
        row(filled, "wall", alone.wall).at_most(alone.wall * 1e3, LIMIT, " ms"),
        row(filled, "CPU", alone.cpu).at_most(alone.cpu * 1e3, LIMIT, " ms"),
    ];
    if let Some(index) = Index::make(folder, filled.size, filled.revoked())? {
        let theirs = || index.revoke_and_make_crl();
        let name = format!(
            "openssl ca -revoke, -gencrl with {} lines, {} of them revoked,",
            in_words(filled.size),
            in_words(filled.revoked())
        );
        rows.extend(beside(filled, &name, &compare(plan.pairs, ours, theirs)?));
    }
    if let Some((bao, mass)) = bao {
        let theirs = || bao.revoke_and_read(MOUNT);
        let name = format!(
            "bao (on disk, HTTP, no client started) with only {} revoked,",
            in_words(mass.revoked)
        );
        rows.extend(beside(filled, &name, &compare(plan.pairs, ours, theirs)?));
    }
    Ok(rows)
}

fn row(filled: &Filled, kind: &str, seconds: f64) -> Row {
    let revoked = in_words(filled.revoked());
    let what = format!("revoke one and read the CRL, two commands, {revoked} revoked ({kind})");
    Row::new("P5", &what, millis(seconds))
}

fn beside(filled: &Filled, name: &str, compared: &Compared) -> [Row; 2] {
    let Compared { ours, beside, wall_ratio, cpu_ratio } = compared;
    [
        row(filled, "wall", ours.wall).beside(name, millis(beside.wall), *wall_ratio),
        row(filled, "CPU", ours.cpu).beside(name, millis(beside.cpu), *cpu_ratio),
    ]
}

/// Whether what was revoked last is in the CRL that is read next, when all of a store are revoked.
pub(super) fn is_current(filled: &Filled) -> Result<Row> {
    let serial = filled.program.new_serial()?;
    quiet(&mut filled.program.revoke(&serial))?;
    let crl = printed(&mut filled.program.crl())?;
    let is_listed = contains(&crl, SerialNumber::parse(&serial)?.octets());
    let revoked = in_words(filled.size);
    let what = format!("revoke one and read the CRL, {revoked} revoked: it is listed");
    let said = if is_listed { "yes" } else { "no" };
    Ok(Row::new("P5", &what, said.to_owned()).must_be("yes", is_listed))
}

/// Whether the octets of a serial number are among those of a CRL.
fn contains(crl: &[u8], serial: &[u8]) -> bool {
    crl.windows(serial.len()).any(|octets| octets == serial)
}

/// P7: one command for half of a store, beside one request for each.
pub(super) fn many(stores: &Stores, mass: Option<&Mass>) -> Result<Row> {
    let filled = stores.with_revoked(REVOKED)?;
    let rate = filled.revoked() as f64 / filled.revoked_in;
    let what = format!("revoke {}, one command, durable", in_words(filled.revoked()));
    let row = Row::new("P7", &what, format!("{rate:.0} per second"));
    let Some(mass) = mass else { return Ok(row) };
    let theirs = 1.0 / mass.each;
    let name = format!(
        "bao (on disk, {CONNECTIONS} connections, no CRL made), {} one by one,",
        in_words(mass.revoked)
    );
    let row = row.beside(&name, format!("{theirs:.0} per second"), rate / theirs);
    Ok(row.at_least_ratio(20.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_found_among_other_octets() {
        assert!(contains(&[1, 2, 3, 4], &[2, 3]));
        assert!(!contains(&[1, 2, 3, 4], &[2, 4]));
        assert!(!contains(&[1], &[1, 2]));
    }
}
