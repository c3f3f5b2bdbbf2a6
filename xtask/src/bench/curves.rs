//! What operations cost in stores of several sizes, ours and those of others.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::Plan;
use super::authority::{self, Authority, WEB};
use super::chart;
use super::clock::{Cost, calls, process, round, typical};
use super::openssl::Index;
use super::peers::is_installed;
use super::report::{in_words, seconds_in_words};
use super::server::{Bao, mount_of, tidies};
use super::stores::{Filled, Stores};

/// Stores where a figure takes so long that fewer are measured.
const LARGE: usize = 100_000;

/// What is done, one chart for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Issue,
    Revoke,
    Crl,
    List,
    Tidy,
}

/// How one of us does with one operation.
#[derive(Debug)]
pub(super) struct Curve {
    operation: Operation,
    pub(super) who: Who,
    /// Certificates and seconds, from few to many.
    pub(super) points: Vec<(usize, f64)>,
}

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Ours,
    Engine,
    Openssl,
    Bao,
    Cfssl,
}

#[derive(Debug, Default)]
pub(super) struct Curves(Vec<Curve>);

impl Operation {
    const ALL: [Self; 5] = [Self::Issue, Self::Revoke, Self::Crl, Self::List, Self::Tidy];

    /// The name of its file.
    fn file(self) -> &'static str {
        match self {
            Self::Issue => "growth-issue.svg",
            Self::Revoke => "growth-revoke.svg",
            Self::Crl => "growth-crl.svg",
            Self::List => "growth-list.svg",
            Self::Tidy => "growth-tidy.svg",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Issue => "Issue one certificate on P-256, with its key",
            Self::Revoke => "Revoke one certificate",
            Self::Crl => "Revoke one certificate and get the CRL that lists it",
            Self::List => "List all serial numbers",
            Self::Tidy => "Tidy when nothing is due",
        }
    }
}

impl Who {
    /// The name, and what of it is measured.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ours => "pkictl: commands, synced to disk",
            Self::Engine => "pki-core: calls in a process, synced to disk",
            Self::Openssl => "openssl ca: commands, not synced",
            Self::Bao => "OpenBao: requests to a running server, in memory",
            Self::Cfssl => "cfssl gencrl: the CRL alone, from a list",
        }
    }
}

impl Curves {
    /// Measures all of us. The largest that others hold are given by the plan.
    pub(super) fn measure(
        plan: &Plan,
        folder: &Path,
        stores: &Stores,
        bao: Option<&mut Bao>,
    ) -> Result<Self> {
        let mut curves = Self::default();
        for filled in &stores.0 {
            eprintln!("bench: growth, pkictl with {}", in_words(filled.size));
            curves.ours(plan, filled)?;
        }
        for size in &plan.openssl {
            eprintln!("bench: growth, openssl with {}", in_words(*size));
            if let Some(index) = Index::make(folder, *size, *size / 2)? {
                curves.openssl(plan, &index)?;
            }
        }
        if let Some(bao) = bao {
            for size in &plan.bao {
                eprintln!("bench: growth, bao with {}", in_words(*size));
                curves.bao(plan, *size, bao)?;
            }
        }
        Ok(curves)
    }

    fn ours(&mut self, plan: &Plan, filled: &Filled) -> Result<()> {
        let program = &filled.program;
        let count = count(plan, filled.size);
        let mut add = |operation, who, call: &dyn Fn() -> Result<Cost>| {
            self.add(operation, who, filled.size, typical(count, call)?);
            Ok::<_, anyhow::Error>(())
        };
        let authority = Authority::in_directory(&program.store)?;
        let request = authority::issue_request(WEB, "24h")?;
        add(Operation::Issue, Who::Ours, &|| process(program.issue()))?;
        add(Operation::Issue, Who::Engine, &|| calls(1, || authority.issue(&request).map(drop)))?;
        add(Operation::Revoke, Who::Ours, &|| program.revoke_one())?;
        add(Operation::Revoke, Who::Engine, &|| {
            let serial = authority.new_serial()?;
            calls(1, || authority.revoke(&serial))
        })?;
        add(Operation::Crl, Who::Ours, &|| program.revoke_and_read())?;
        add(Operation::List, Who::Ours, &|| process(program.list()))?;
        add(Operation::Tidy, Who::Ours, &|| process(program.tidy()))
    }

    fn openssl(&mut self, plan: &Plan, index: &Index) -> Result<()> {
        let count = count(plan, index.size);
        let mut add = |operation, who, call: &dyn Fn() -> Result<Cost>| {
            self.add(operation, who, index.size, typical(count, call)?);
            Ok::<_, anyhow::Error>(())
        };
        add(Operation::Issue, Who::Openssl, &|| round(index.issue()))?;
        add(Operation::Revoke, Who::Openssl, &|| index.revoke_one())?;
        add(Operation::Crl, Who::Openssl, &|| index.revoke_and_make_crl())?;
        add(Operation::Tidy, Who::Openssl, &|| process(index.update()))?;
        if is_installed("cfssl") {
            add(Operation::Crl, Who::Cfssl, &|| process(index.cfssl_crl()))?;
        }
        Ok(())
    }

    fn bao(&mut self, plan: &Plan, size: usize, bao: &mut Bao) -> Result<()> {
        let mount = mount_of(size);
        let count = count(plan, size);
        let mut add = |operation, count, call: &mut dyn FnMut() -> Result<Cost>| {
            self.add(operation, Who::Bao, size, typical(count, call)?);
            Ok::<_, anyhow::Error>(())
        };
        let issue = |bao: &mut Bao| bao.cost(|link| link.issue(&mount, WEB, "24h").map(drop));
        add(Operation::Issue, count, &mut || issue(bao))?;
        add(Operation::Revoke, count, &mut || bao.revoke_one(&mount))?;
        add(Operation::Crl, count, &mut || bao.revoke_and_read(&mount))?;
        add(Operation::List, count, &mut || bao.cost(|link| link.list(&mount)))?;
        add(Operation::Tidy, tidies(plan, size), &mut || {
            bao.cost(|link| link.tidy(&mount).map(drop))
        })
    }

    /// The same for programs.
    pub(super) fn json(&self) -> Value {
        let curves = self.0.iter().map(|Curve { operation, who, points }| {
            json!({ "operation": operation.title(), "who": who.name(), "seconds": points })
        });
        curves.collect()
    }

    fn add(&mut self, operation: Operation, who: Who, size: usize, cost: Cost) {
        let point = (size, cost.wall);
        let known = |curve: &&mut Curve| curve.operation == operation && curve.who == who;
        match self.0.iter_mut().find(known) {
            Some(curve) => curve.points.push(point),
            None => self.0.push(Curve { operation, who, points: vec![point] }),
        }
    }

    fn of(&self, operation: Operation) -> Vec<&Curve> {
        self.0.iter().filter(|curve| curve.operation == operation).collect()
    }

    /// Names and texts of files with a chart each.
    pub(super) fn charts(&self) -> Result<Vec<(&'static str, String)>> {
        let draw = |operation: Operation| {
            Ok((operation.file(), chart::draw(operation.title(), &self.of(operation))?))
        };
        Operation::ALL.into_iter().map(draw).collect()
    }

    /// The charts, and their figures as tables.
    pub(super) fn markdown(&self) -> String {
        let mut text =
            "\n## Growth\n\nMedians of the time on a clock, by the number of certificates \
            in the store; half of them are revoked. Both axes are logarithmic.\n"
                .to_owned();
        for operation in Operation::ALL {
            let (title, file) = (operation.title(), operation.file());
            text += &format!("\n### {title}\n\n![{title}]({file})\n\n");
            text += &table(&self.of(operation));
        }
        text
    }
}

/// Figures for one point.
fn count(plan: &Plan, size: usize) -> usize {
    if LARGE <= size { plan.pairs } else { plan.pairs * 3 }
}

/// One line for each, one column for each size that someone has.
fn table(curves: &[&Curve]) -> String {
    let mut sizes: Vec<usize> =
        curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.0)).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let line = |name: &str, cells: Vec<String>| format!("| {name} | {} |\n", cells.join(" | "));
    let head = line("", sizes.iter().map(|size| in_words(*size)).collect());
    let rule = format!("|---{}|\n", "|---".repeat(sizes.len()));
    let lines = curves.iter().map(|curve| {
        let at = |size: &usize| {
            let found = curve.points.iter().find(|point| point.0 == *size);
            found.map_or_else(String::new, |(_, seconds)| seconds_in_words(*seconds))
        };
        line(curve.who.name(), sizes.iter().map(at).collect())
    });
    head + &rule + &lines.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_column_for_each_size() {
        let mut curves = Curves::default();
        let cost = |wall| Cost { wall, cpu: 0.0 };
        curves.add(Operation::List, Who::Ours, 1_000, cost(0.004));
        curves.add(Operation::List, Who::Ours, 10_000, cost(0.005));
        curves.add(Operation::Issue, Who::Ours, 1_000, cost(1.0));
        curves.add(Operation::List, Who::Bao, 1_000, cost(1.5));
        assert_eq!(
            table(&curves.of(Operation::List)),
            "|  | 1k | 10k |\n|---|---|---|\n\
             | pkictl: commands, synced to disk | 4.0 ms | 5.0 ms |\n\
             | OpenBao: requests to a running server, in memory | 1.50 s |  |\n"
        );
    }

    #[test]
    fn the_same_figures_make_the_same_charts() {
        let mut curves = Curves::default();
        for operation in Operation::ALL {
            curves.add(operation, Who::Ours, 1_000, Cost { wall: 0.004, cpu: 0.0 });
            curves.add(operation, Who::Ours, 10_000, Cost { wall: 0.005, cpu: 0.0 });
        }
        let charts = curves.charts().unwrap();
        assert_eq!(charts, curves.charts().unwrap());
        for ((file, svg), operation) in charts.iter().zip(Operation::ALL) {
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{file}");
            assert!(svg.contains(operation.title()) && svg.contains("10 ms"), "{svg}");
        }
    }
}
