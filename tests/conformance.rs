//! The answers are those of the reference. The suite and its recordings lie beside the
//! repository; a checkout without them says so and goes on.
//!
//! `conformance/floor.json` holds, for each area and column, how many steps agreed when it was
//! last written: what agreed keeps agreeing. `PKICTL_TEST_FLOOR=write` raises it (and never
//! lowers it). `conformance/deviations.yaml` lists the differences that were decided on.
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
    let Some(suite) = tools::folder("conformance", &suite) else { return };
    let Some(python) = tools::python(&["yaml", "cryptography"]) else { return };
    let world = World::new(pkictl!());
    let (table, report) = agreement(&world, &suite, &python);
    let path = here("floor.json");
    let floor: Floor = serde_json::from_str(&repository::read("tests/conformance/floor.json"))
        .expect("a floor");
    let mut below = Vec::new();
    for (area, columns) in &floor {
        for (column, &want) in columns {
            let have = table.get(area).and_then(|columns| columns.get(column)).copied().unwrap_or(0);
            if have < want {
                below.push(format!("{area}: {column}: {have} steps agree, and {want} did"));
            }
        }
    }
    assert!(below.is_empty(), "{}\n{report}", below.join("\n"));
    if std::env::var_os("PKICTL_TEST_FLOOR").is_some() {
        fs::write(path, written(&table)).expect("a floor");
    }
}

fn here(name: &str) -> PathBuf {
    repository::root().join("tests/conformance").join(name)
}

/// Runs the suite; how many steps agree, and its own summary.
fn agreement(world: &World, suite: &Path, python: &Path) -> (Floor, String) {
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
    (areas.iter().map(|(name, area)| (name.clone(), agreed(area))).collect(), said)
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
