//! Which crate may depend on which.

use toml::{Table, Value};

use super::{Finding, Tree};

/// What each crate may have of ours, lowest first.
const MAY_HAVE: &[(&str, &[&str])] =
    &[("pki-store", &[]), ("pki-core", &["pki-store"]), ("pki-cli", &["pki-store", "pki-core"])];

/// Dependencies that one crate alone may have, and who may have them for testing it.
const CONFINED: &[(&str, &str, &[&str])] = &[
    ("cel", "pki-core", &[]),
    ("openssl", "pki-core", &[]),
    // Stores are damaged behind the program's back.
    ("rusqlite", "pki-store", &["pkictl-tests"]),
];

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let manifests = tree.files.iter().filter(|file| file.name.ends_with("/Cargo.toml"));
    for file in manifests {
        let manifest: Table = match file.text.parse() {
            Ok(manifest) => manifest,
            Err(problem) => {
                findings.push(Finding::new(&file.name, 1, format!("is not TOML: {problem}")));
                continue;
            }
        };
        for (dependency, wants) in dependencies(&manifest) {
            let line = line_of(&file.text, dependency);
            for what in wrong(name(&manifest), dependency, wants) {
                findings.push(Finding::new(&file.name, line, what));
            }
        }
    }
}

fn name(manifest: &Table) -> &str {
    let package = manifest.get("package").and_then(|package| package.get("name"));
    package.and_then(Value::as_str).unwrap_or_default()
}

fn dependencies(manifest: &Table) -> impl Iterator<Item = (&str, &Value)> {
    let tables = KINDS.iter().filter_map(|kind| manifest.get(*kind)?.as_table());
    tables.flatten().map(|(name, wants)| (name.as_str(), wants))
}

/// What is wrong with a dependency.
fn wrong(package: &str, dependency: &str, wants: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let rule = MAY_HAVE.iter().find(|(name, _)| *name == package);
    let is_ours = dependency.starts_with("pki-");
    if rule.is_some_and(|(_, allowed)| is_ours && !allowed.contains(&dependency)) {
        wrong.push(format!("{package} must not depend on {dependency}: the direction is pki-cli, pki-core, pki-store"));
    }
    if package == "pki-core" && dependency == "pki-store" && wants.get("features").is_some() {
        wrong.push("pki-core knows the trait only: take pki-store without features".to_owned());
    }
    let confined = CONFINED.iter().find(|(name, ..)| *name == dependency);
    let is_elsewhere = |home: &str, tests: &[&str]| home != package && !tests.contains(&package);
    if let Some((_, home, _)) = confined.filter(|(_, home, tests)| is_elsewhere(home, tests)) {
        wrong.push(format!("only {home} depends on {dependency}"));
    }
    wrong
}

fn line_of(text: &str, dependency: &str) -> usize {
    let found = text.lines().position(|line| {
        line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    });
    found.map_or(1, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[track_caller]
    fn check_manifest(package: &str, dependency: &str, wrong: usize) {
        let text = format!("[package]\nname = \"{package}\"\n[dependencies]\n{dependency}\n");
        let findings = found(check, &[("crates/x/Cargo.toml", &text)]);
        assert_eq!(findings.len(), wrong, "{package} {dependency} {findings:?}");
    }

    #[test]
    fn dependencies_go_one_way() {
        check_manifest("pki-store", "pki-core.workspace = true", 1);
        check_manifest("pki-core", "pki-store.workspace = true", 0);
        check_manifest("pki-core", "pki-store = { workspace = true, features = [\"sqlite\"] }", 1);
        check_manifest("pki-core", "pki-cli = { path = \"x\" }", 1);
        check_manifest("pki-cli", "pki-core.workspace = true", 0);
        check_manifest("pki-cli", "openssl = \"1\"", 1);
        check_manifest("xtask", "pki-cli.workspace = true", 0);
        check_manifest("xtask", "rusqlite = \"1\"", 1);
        check_manifest("pkictl-tests", "rusqlite = \"1\"", 0);
    }
}
