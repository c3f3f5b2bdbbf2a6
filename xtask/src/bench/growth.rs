//! P4 and P9: a small store beside a large one.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::Plan;
use super::authority::{self, Authority, Issued};
use super::clock::{Compared, Cost, calls, compare, quiet};
use super::peers;
use super::report::{Row, micros};

/// Certificates for one figure.
const COUNT: u32 = 100;

/// Two stores in directories.
pub(super) struct Stores {
    pub(super) small: PathBuf,
    pub(super) large: PathBuf,
    sizes: [usize; 2],
}

impl Stores {
    /// Makes and fills them; says how fast, and how large they are.
    pub(super) fn make(plan: &Plan, folder: &Path, rows: &mut Vec<Row>) -> Result<Self> {
        let paths = ["small", "large"].map(|name| folder.join(name));
        for (path, size) in paths.iter().zip(plan.sizes) {
            set_up(plan, path)?;
            let began = Instant::now();
            authority::fill(path, size)?;
            let rate = size as f64 / began.elapsed().as_secs_f64();
            let what = format!("fill: {size} requests, one process, grouped");
            rows.push(Row::new("", &what, format!("{rate:.0} per second")));
            let each = allocated(path)? as f64 / size as f64;
            let what = format!("disk for each certificate, {size} stored");
            let row = Row::new("P9", &what, format!("{each:.0} B"));
            rows.push(row.at_most(each, 1_200.0, " B"));
        }
        let [small, large] = paths;
        Ok(Self { small, large, sizes: plan.sizes })
    }

    /// How much a cost grows when the store does: 0 is not at all, 1 is as fast as the store.
    pub(super) fn exponent(&self, ratio: f64) -> f64 {
        let [small, large] = self.sizes;
        ratio.ln() / (large as f64 / small as f64).ln()
    }

    pub(super) fn growth(&self) -> String {
        let [small, large] = self.sizes;
        format!("from {} to {} certificates", thousands(small), thousands(large))
    }
}

fn thousands(size: usize) -> String {
    format!("{}k", size / 1_000)
}

/// Has `pkictl` make the store, as a user would.
fn set_up(plan: &Plan, path: &Path) -> Result<()> {
    let pkictl =
        |words: &[&str]| quiet(Command::new(&plan.pkictl).args(words).env("PKICTL_DATA_DIR", path));
    pkictl(&["secrets", "enable", "-max-lease-ttl=87600h", "pki"])?;
    for (path, data) in authority::setup() {
        let words = peers::words(path, &data);
        pkictl(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Bytes of the disk that a directory takes.
fn allocated(folder: &Path) -> Result<u64> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries.map(|entry| Ok(entry?.metadata()?.blocks() * 512)).sum()
}

pub(super) fn rows(plan: &Plan, stores: &Stores) -> Result<Vec<Row>> {
    let large = Measured::open(&stores.large)?;
    let small = Measured::open(&stores.small)?;
    let issue = compare(plan.pairs, || large.issue(), || small.issue())?;
    let revoke = compare(plan.pairs, || large.revoke(), || small.revoke())?;
    Ok([("issue", issue), ("revoke", revoke)]
        .into_iter()
        .flat_map(|(what, compared)| both(stores, what, &compared))
        .collect())
}

fn both(stores: &Stores, what: &str, compared: &Compared) -> [Row; 2] {
    let row = |kind: &str, ours: f64, beside: f64, ratio: f64| {
        let exponent = stores.exponent(ratio);
        let what = format!("{what}, durable, in process, {}: exponent of {kind}", stores.growth());
        Row::new("P4", &what, format!("{exponent:.3} ({})", micros(ours)))
            .beside("small store", micros(beside), ratio)
            .at_most(exponent, 0.05, "")
    };
    let Compared { ours, beside, wall_ratio, cpu_ratio } = compared;
    [row("CPU", ours.cpu, beside.cpu, *cpu_ratio), row("wall", ours.wall, beside.wall, *wall_ratio)]
}

/// An open store.
struct Measured {
    authority: Authority,
    request: pki_core::paths::issue::Issue,
}

impl Measured {
    fn open(path: &Path) -> Result<Self> {
        let authority = Authority::in_directory(path)?;
        let measured = Self { authority, request: authority::issue_request()? };
        // The first opens the seal.
        measured.authority.issue(&measured.request)?;
        Ok(measured)
    }

    fn issue(&self) -> Result<Cost> {
        calls(COUNT, || self.authority.issue(&self.request).map(drop))
    }

    fn revoke(&self) -> Result<Cost> {
        let issued: Result<Vec<Issued>> =
            (0..COUNT).map(|_| self.authority.issue(&self.request)).collect();
        let mut issued = issued?.into_iter();
        calls(COUNT, || match issued.next() {
            Some(Issued { serial, .. }) => self.authority.revoke(&serial),
            None => Ok(()),
        })
    }
}
