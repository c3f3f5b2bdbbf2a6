//! Stores of several sizes, half of whose certificates are revoked. Filled once, for all figures.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Plan;
use super::authority::{self, GONE, WEB};
use super::clock::{process, timed};
use super::program::Program;
use super::report::{Row, in_words};

/// A store with certificates.
pub(super) struct Filled {
    /// How many at first.
    pub(super) size: usize,
    pub(super) program: Program,
    /// Seconds on a clock that revoking half of them took, in one command.
    pub(super) revoked_in: f64,
}

/// From the smallest to the largest.
pub(super) struct Stores(pub(super) Vec<Filled>);

impl Stores {
    /// Makes and fills them; says how fast, and how large they are.
    pub(super) fn make(plan: &Plan, folder: &Path, rows: &mut Vec<Row>) -> Result<Self> {
        let make = |size: &usize| Filled::make(plan, folder, *size, rows);
        Ok(Self(plan.sizes.iter().map(make).collect::<Result<_>>()?))
    }

    pub(super) fn small(&self) -> Result<&Filled> {
        self.0.first().context("no sizes")
    }

    pub(super) fn large(&self) -> Result<&Filled> {
        self.0.last().context("no sizes")
    }

    /// The one where as many are revoked as a goal speaks of, or the next best.
    pub(super) fn with_revoked(&self, count: usize) -> Result<&Filled> {
        self.0.iter().find(|filled| count <= filled.size / 2).map_or_else(|| self.large(), Ok)
    }

    /// How much a cost grows when the store does, from the smallest to the largest: 0 is not at
    /// all, 1 is as fast as the store.
    pub(super) fn exponent(&self, ratio: f64) -> Result<f64> {
        Ok(exponent(ratio, self.small()?.size, self.large()?.size))
    }

    pub(super) fn growth(&self) -> Result<String> {
        let sizes = [self.small()?, self.large()?].map(|filled| in_words(filled.size));
        Ok(format!("from {} to {} certificates", sizes[0], sizes[1]))
    }
}

fn exponent(ratio: f64, small: usize, large: usize) -> f64 {
    ratio.ln() / (large as f64 / small as f64).ln()
}

impl Filled {
    fn make(plan: &Plan, folder: &Path, size: usize, rows: &mut Vec<Row>) -> Result<Self> {
        eprintln!("bench: a store of {}", in_words(size));
        let program =
            Program { pkictl: plan.pkictl.clone(), store: folder.join(format!("of-{size}")) };
        program.set_up()?;
        let seconds = timed(|| {
            authority::fill(&program.store, &authority::issue_request(GONE, "24h")?, size / 2)?;
            authority::fill(&program.store, &authority::issue_request(WEB, "24h")?, size - size / 2)
        })?;
        let rate = size as f64 / seconds;
        let what = format!("fill: {} requests, one process, grouped", in_words(size));
        rows.push(Row::new("", &what, format!("{rate:.0} per second")));
        let each = allocated(&program.store)? as f64 / size as f64;
        let what = format!("disk for each certificate, {} stored", in_words(size));
        rows.push(Row::new("P9", &what, format!("{each:.0} B")).at_most(each, 1_200.0, " B"));
        let half = u64::try_from(size / 2)?;
        let revoked_in = process(program.revoke_role(GONE, half))?.wall;
        Ok(Self { size, program, revoked_in })
    }

    /// Certificates that are revoked at first.
    pub(super) fn revoked(&self) -> usize {
        self.size / 2
    }
}

/// Bytes of the disk that a directory takes.
fn allocated(folder: &Path) -> Result<u64> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries.map(|entry| Ok(entry?.metadata()?.blocks() * 512)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_with_the_store_has_the_exponent_1() {
        assert_eq!(exponent(1.0, 1_000, 100_000), 0.0);
        assert!((exponent(100.0, 1_000, 100_000) - 1.0).abs() < 1e-9);
        assert!((exponent(2.0, 1_000, 1_000_000) - 0.1).abs() < 0.001);
    }
}
