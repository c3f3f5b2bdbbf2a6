//! The layers of `pki-core`. A module names what is in a layer below its own, and no more.

use super::{Finding, Tree};
use crate::source::Source;

const CORE: &str = "crates/pki-core/src/";

/// One layer: modules that do not know each other.
struct Layer {
    modules: &'static [&'static str],
    holds: &'static str,
}

const fn layer(modules: &'static [&'static str], holds: &'static str) -> Layer {
    Layer { modules, holds }
}

/// All layers, lowest first. The longest name that fits a module counts: `api::endpoint` is
/// below `ca`, the rest of `api` is above it.
const LAYERS: &[Layer] = &[
    layer(&["domain"], "values"),
    layer(&["field", "env", "seal"], "parameters; the world; what keys are sealed with"),
    layer(&["crypto"], "keys and signatures"),
    layer(&["x509", "env::system"], "DER in, DER out; the machine as a world"),
    layer(&["policy"], "decisions"),
    layer(&["error"], "what can go wrong below, and how to react"),
    layer(&["store"], "records and transactions"),
    layer(&["keyring"], "private keys at rest and in use"),
    layer(
        &["system::mount", "api::request", "api::parts"],
        "what a mount is; what is asked and answered",
    ),
    layer(&["api::endpoint"], "queries, commands, and what they may touch"),
    layer(&["ca"], "what several paths share"),
    layer(&["inspect"], "what a store says of itself"),
    layer(&["paths", "system::paths"], "one file for each path"),
    layer(&["api::router"], "from a path to its handler"),
    layer(&["api::help", "api::complete"], "what is derived from the paths"),
    layer(&["api", "system"], "the names by which others know them"),
    layer(&["engine"], "one request in, one answer out"),
];

/// What may be named although it is not below.
struct Exception {
    from: &'static str,
    to: &'static str,
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[];

/// Names at the root of the crate that stand for others: macros.
const ALIASES: &[(&str, &str)] = &[("fields", "field")];

/// One module naming another.
struct Use {
    from: String,
    to: String,
    at: usize,
}

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let core = || tree.sources.iter().filter(|source| source.name.starts_with(CORE));
    let mut is_used = vec![false; EXCEPTIONS.len()];
    for source in core() {
        for used in uses(source) {
            let exception = EXCEPTIONS.iter().position(|e| e.allows(&used));
            match exception.and_then(|found| is_used.get_mut(found)) {
                Some(is_used) => *is_used = true,
                None => findings.extend(wrong(source, &used)),
            }
        }
    }
    if core().next().is_none() {
        return;
    }
    for (exception, is_used) in EXCEPTIONS.iter().zip(is_used) {
        if !is_used {
            let Exception { from, to, reason } = exception;
            let what = format!("{from} names {to} no more: remove the exception ({reason})");
            findings.push(Finding::new("xtask/src/tidy/layers.rs", 1, what));
        }
    }
}

impl Exception {
    fn allows(&self, used: &Use) -> bool {
        is_in(&used.from, self.from) && is_in(&used.to, self.to)
    }
}

/// Whether a module is another, or in it.
fn is_in(module: &str, outer: &str) -> bool {
    module.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn wrong(source: &Source, used: &Use) -> Option<Finding> {
    let Use { from, to, at } = used;
    let line = source.line_at(*at);
    let Some((own, own_unit)) = place(from) else {
        let what = format!("module {from} is in no layer: add it to LAYERS in xtask/src/tidy");
        return Some(Finding::new(&source.name, line, what));
    };
    let Some((layer, unit)) = place(to) else {
        let what = format!("name the module that {to} is in, not the root of the crate");
        return Some(Finding::new(&source.name, line, what));
    };
    if layer < own || unit == own_unit {
        return None;
    }
    let holds = LAYERS.get(own).map_or("", |layer| layer.holds);
    let what = format!(
        "{own_unit} ({holds}) must not name {to}: {unit} is {} it; move what is shared below both",
        if layer == own { "beside" } else { "above" }
    );
    Some(Finding::new(&source.name, line, what))
}

/// The number of the layer that a module or item is in, and the entry that says so.
fn place(path: &str) -> Option<(usize, &'static str)> {
    let layers = LAYERS.iter().enumerate();
    let entries = layers.flat_map(|(n, layer)| layer.modules.iter().map(move |m| (n, *m)));
    entries.filter(|(_, module)| is_in(path, module)).max_by_key(|(_, module)| module.len())
}

/// What the code of a module names with `crate::` and `super::`, tests aside.
fn uses(source: &Source) -> Vec<Use> {
    let from = module(&source.name);
    if from.is_empty() {
        return Vec::new();
    }
    let mut uses = Vec::new();
    for keyword in ["crate::", "super::"] {
        let places = source.occurrences(keyword).into_iter();
        for at in places.filter(|at| !source.is_test(*at) && !follows_path(&source.code, *at)) {
            let rest = source.code.get(at..).unwrap_or_default();
            let mut paths = Vec::new();
            tree("", rest, &mut paths);
            let named = paths.iter().filter_map(|path| absolute(&from, path));
            uses.extend(named.map(|to| Use { from: from.clone(), to, at }));
        }
    }
    uses
}

/// Whether what is at a place goes on a path, as the second `super::` of two does, or is a
/// visibility, as `crate` in `pub(crate)` would be if it had a path.
fn follows_path(code: &str, at: usize) -> bool {
    code.get(..at).is_some_and(|before| before.ends_with("::") || before.ends_with("(in "))
}

/// The module of a file: `ca/crls/log.rs` is `ca::crls::log`.
fn module(file: &str) -> String {
    let path = file.strip_prefix(CORE).and_then(|path| path.strip_suffix(".rs"));
    let path = path.unwrap_or_default();
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { String::new() } else { path.replace('/', "::") }
}

/// Every path of a tree such as `a::{b, c::{d, e}}`, after what stands before it.
fn tree(before: &str, text: &str, paths: &mut Vec<String>) {
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let length = text.find(|c: char| !is_path(c)).unwrap_or(text.len());
    let (path, rest) = text.split_at_checked(length).unwrap_or((text, ""));
    let path = format!("{before}{path}");
    match rest.strip_prefix('{') {
        Some(group) if path.ends_with("::") => {
            branches(group).iter().for_each(|branch| tree(&path, branch.trim(), paths));
        }
        _ => paths.push(path),
    }
}

/// The parts of a group between commas, up to the brace that closes it.
fn branches(group: &str) -> Vec<String> {
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => (),
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// A path from the root of the crate; none if it is that of the module's own parent's child.
fn absolute(from: &str, path: &str) -> Option<String> {
    let mut segments: Vec<&str> = from.split("::").collect();
    let mut rest = path;
    if let Some(after) = rest.strip_prefix("crate::") {
        segments.clear();
        rest = after;
    }
    while let Some(after) = rest.strip_prefix("super::") {
        segments.pop();
        rest = after;
    }
    segments.extend(rest.split("::").filter(|segment| !segment.is_empty()));
    let path = segments.join("::");
    let alias = ALIASES.iter().find(|(alias, _)| is_in(&path, alias));
    let path = alias.map_or(path, |(_, module)| (*module).to_owned());
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_use(file: &str, text: &str, want: &[&str]) {
        let source = Source::new(&format!("{CORE}{file}"), text);
        let found = uses(&source);
        let found: Vec<&Use> = found.iter().filter(|used| wrong(&source, used).is_some()).collect();
        let found: Vec<&str> = found.iter().map(|used| used.to.as_str()).collect();
        assert_eq!(found, want, "{file}: {text}");
    }

    #[test]
    fn a_module_names_what_is_below() {
        check_use("x509/crl/build.rs", "use crate::crypto::key; use super::entry;", &[]);
        check_use("x509/csr.rs", "use crate::policy::role;", &["policy::role"]);
        check_use("seal.rs", "use crate::env::Env;", &["env::Env"]);
        check_use("policy/role.rs", "crate::fields! {}", &[]);
    }

    #[test]
    fn groups_and_parents_are_followed() {
        check_use(
            "store/view.rs",
            "use crate::{domain::id, ca::{tables::{A, B}}};",
            &["ca::tables::A", "ca::tables::B"],
        );
        check_use("api/endpoint.rs", "use super::help;", &["api::help"]);
        check_use("crypto/key/mod.rs", "use super::super::x509::pem;", &["x509::pem"]);
    }

    #[test]
    fn tests_and_comments_may_name_anything() {
        check_use("domain/id.rs", "// crate::ca\n#[cfg(test)]\nmod tests { use crate::ca; }", &[]);
    }

    #[test]
    fn the_root_is_no_shortcut() {
        check_use("ca/issue.rs", "use crate::Error;", &["Error"]);
    }
}
