//! P4: a small store beside a large one, in this process.
//!
//! Twice: as the system has the files, and after they were read, so that it has all of them in
//! memory. Of a large store it may have forgotten what was not asked for lately, and then the disk
//! is measured too.

use std::fs::File;
use std::io;

use anyhow::{Context as _, Result};

use super::Plan;
use super::authority::{self, Authority, WEB};
use super::clock::{Compared, Cost, alternate, calls};
use super::report::{Row, micros};
use super::stores::{Filled, Stores};

/// Pairs of single calls, for each pair of the plan.
const SINGLE: usize = 100;

pub(super) fn rows(plan: &Plan, stores: &Stores) -> Result<Vec<Row>> {
    let mut rows = measure(plan, stores, "files as found")?;
    for filled in [stores.large()?, stores.small()?] {
        read_through(filled)?;
    }
    rows.extend(measure(plan, stores, "files in memory")?);
    Ok(rows)
}

fn read_through(filled: &Filled) -> Result<()> {
    let path = filled.program.store.join("pki.db");
    let mut file = File::open(&path).with_context(|| path.display().to_string())?;
    io::copy(&mut file, &mut io::sink())?;
    Ok(())
}

fn measure(plan: &Plan, stores: &Stores, how: &str) -> Result<Vec<Row>> {
    let large = Measured::open(stores.large()?)?;
    let small = Measured::open(stores.small()?)?;
    let count = plan.pairs * SINGLE;
    let issue = alternate(count, || large.issue(), || small.issue())?;
    let revoke = alternate(count, || large.revoke(), || small.revoke())?;
    let mut rows = Vec::new();
    for (what, compared) in [("issue", issue), ("revoke", revoke)] {
        rows.extend(both(stores, &format!("{what}, {how}"), &compared)?);
    }
    Ok(rows)
}

fn both(stores: &Stores, what: &str, compared: &Compared) -> Result<[Row; 2]> {
    let growth = stores.growth()?;
    let row = |kind: &str, ours: f64, beside: f64, ratio: f64| {
        let exponent = stores.exponent(ratio)?;
        let what = format!("{what}, durable, in process, {growth}: exponent of {kind}");
        let row = Row::new("P4", &what, format!("{exponent:.3} ({})", micros(ours)))
            .beside("small store", micros(beside), ratio)
            .at_most(exponent, 0.05, "");
        Ok::<_, anyhow::Error>(row)
    };
    let Compared { ours, beside, wall_ratio, cpu_ratio } = compared;
    Ok([
        row("CPU, mean", ours.cpu, beside.cpu, *cpu_ratio)?,
        row("wall, median", ours.wall, beside.wall, *wall_ratio)?,
    ])
}

/// An open store.
struct Measured {
    authority: Authority,
    request: pki_core::paths::issue::Issue,
}

impl Measured {
    fn open(filled: &Filled) -> Result<Self> {
        let authority = Authority::in_directory(&filled.program.store)?;
        let measured = Self { authority, request: authority::issue_request(WEB, "24h")? };
        // The first opens the seal.
        measured.authority.issue(&measured.request)?;
        Ok(measured)
    }

    fn issue(&self) -> Result<Cost> {
        calls(1, || self.authority.issue(&self.request).map(drop))
    }

    fn revoke(&self) -> Result<Cost> {
        let serial = self.authority.issue(&self.request)?.serial;
        calls(1, || self.authority.revoke(&serial))
    }
}
