//! The answers are those of the reference. The suite and its recordings lie beside the
//! repository; a checkout without them says so and goes on.
//!
//! `conformance/floor.json` holds, for each area and column, how many steps agreed when it was
//! last written: what agreed keeps agreeing. `PKICTL_TEST_FLOOR=write` raises it; only a person
//! lowers it. Areas that fall short are tried again, since the suite compares times and a busy
//! machine is late. `conformance/deviations.yaml` lists the differences that were decided on.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pkictl_tests::{World, pkictl, repository, tools};
use serde_json::Value;

/// Steps that agreed, by area and column.
type Floor = BTreeMap<String, BTreeMap<String, u64>>;

#[test]
fn what_agreed_with_the_reference_still_agrees() {
    let suite = repository::root().join("../shared/conformance");
    let Some(suite) = tools::folder("conformance", &suite) else {
        return;
    };
    let Some(python) = tools::python(&["yaml", "cryptography"]) else {
        return;
    };
    let world = World::new(pkictl!());
    let (mut table, mut report) = agreement(&world, &suite, &python, &[]);
    let floor: Floor =
        serde_json::from_str(&repository::read("tests/conformance/floor.json")).expect("a floor");
    let late: Vec<&str> = floor
        .keys()
        .filter(|area| !below(&floor, &table, area).is_empty())
        .map(String::as_str)
        .collect();
    if !late.is_empty() {
        let (again, said) = agreement(&world, &suite, &python, &late);
        table.extend(again);
        report = said;
    }
    let short: Vec<String> = floor.keys().flat_map(|area| below(&floor, &table, area)).collect();
    assert!(short.is_empty(), "{}\n{report}", short.join("\n"));
    if std::env::var_os("PKICTL_TEST_FLOOR").is_some() {
        fs::write(here("floor.json"), written(&table)).expect("a floor");
    }
}

/// What of an area agreed once and does not any more.
fn below(floor: &Floor, table: &Floor, area: &str) -> Vec<String> {
    let none = BTreeMap::new();
    let have = table.get(area).unwrap_or(&none);
    let want = floor.get(area).unwrap_or(&none).iter();
    want.map(|(column, want)| (column, *want, have.get(column).copied().unwrap_or(0)))
        .filter(|(_, want, have)| have < want)
        .map(|(column, want, have)| format!("{area}: {column}: {have} steps agree, and {want} did"))
        .collect()
}

fn here(name: &str) -> PathBuf {
    repository::root().join("tests/conformance").join(name)
}

/// Runs the suite, or some areas of it; how many steps agree, and its own summary.
fn agreement(world: &World, suite: &Path, python: &Path, areas: &[&str]) -> (Floor, String) {
    let report = world.work().join("report.json");
    let mut command = world.command(python);
    command
        .arg("-B")
        .arg(suite.join("runner.py"))
        .arg("--golden")
        .arg(suite.join("golden/public.json.gz"))
        .arg("--deviations")
        .arg(here("deviations.yaml"))
        .arg("--pkictl")
        .arg(pkictl!())
        .arg("--json")
        .arg(&report)
        .args(areas.iter().flat_map(|area| ["--area", area]))
        .args(Some("-v").filter(|_| !areas.is_empty()))
        .current_dir(world.work());
    let got = command.output().expect("the suite runs");
    let text = fs::read_to_string(&report).unwrap_or_default();
    let said = String::from_utf8_lossy(&got.stdout).into_owned();
    let problem = String::from_utf8_lossy(&got.stderr);
    let report: Value = serde_json::from_str(&text).unwrap_or_default();
    let areas = report.pointer("/summary/table").and_then(Value::as_object);
    let areas = areas.unwrap_or_else(|| unusable(&said, &problem));
    let agreed = |area: &Value| -> BTreeMap<String, u64> {
        let columns = area.as_object().into_iter().flatten();
        columns
            .filter(|(_, counts)| counts.get(1).and_then(Value::as_u64) != Some(0))
            .map(|(column, counts)| {
                (column.clone(), counts.get(0).and_then(Value::as_u64).unwrap_or(0))
            })
            .collect()
    };
    let areas = areas.iter().filter(|(name, _)| *name != "TOTAL");
    (areas.map(|(name, area)| (name.clone(), agreed(area))).collect(), said)
}

#[expect(clippy::panic, reason = "a test that cannot go on says so by panicking")]
fn unusable(said: &str, problem: &str) -> ! {
    panic!("the suite gave no report\n{said}{problem}")
}

/// One line an area, so that a change reads well.
fn written(table: &Floor) -> String {
    let line = |(area, columns): (&String, &BTreeMap<String, u64>)| {
        let columns = serde_json::to_string(columns).unwrap_or_default();
        format!("  {area:?}: {columns}")
    };
    let lines: Vec<String> = table.iter().map(line).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}
