//! The paths and parameters of the references, and what becomes of those that are not here.
//!
//! `docs/reference/openbao.json` is what a live server says of itself (`cargo xtask reference`);
//! `vault.json` is what only Vault has, by its documentation.

mod absences;

use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use pki_core::Operation;
use pki_core::api::{Op, Path};
use pki_core::paths::PATHS;
use serde_json::{Map, Value};

use self::absences::{ABSENT, Absence};
use crate::bao::{self, Server};
use crate::workspace;

/// Where the facts are, and whose they are.
const SOURCES: [(&str, &str); 2] =
    [("docs/reference/openbao.json", "OpenBao"), ("docs/reference/vault.json", "Vault")];

/// Parameters by operation by path.
type Reference = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Runs the task: asks a live server.
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let program = match words {
        [] => bao::program(),
        [word, path] if word == "-bao" => path.into(),
        _ => bail!("reference takes no words but -bao PATH"),
    };
    let folder = tempfile::Builder::new().prefix("pkictl-reference").tempdir()?;
    let server = Server::start(&program, folder.path())?;
    ask(&server, &["secrets", "enable", "pki"])?;
    let openapi = ask(&server, &["read", "-format=json", "sys/internal/specs/openapi"])?;
    let reference = read_openapi(&serde_json::from_slice(&openapi)?)?;
    let [(name, _), _] = SOURCES;
    fs::write(workspace::root().join(name), written(&reference)?)?;
    println!("reference: {} paths in {name}", reference.len());
    Ok(ExitCode::SUCCESS)
}

fn ask(server: &Server, words: &[&str]) -> Result<Vec<u8>> {
    let answer = server.client.command(words).output()?;
    if !answer.status.success() {
        bail!("{}: {}", words.join(" "), String::from_utf8_lossy(&answer.stderr));
    }
    Ok(answer.stdout)
}

/// One line for each path, so that what changes shows.
fn written(reference: &Reference) -> Result<String> {
    let line = |(path, operations)| -> Result<String> {
        let (path, operations): (&String, &BTreeMap<_, _>) = (path, operations);
        let members = operations.iter().map(|(name, parameters): (&String, &Vec<String>)| {
            let list: Vec<String> = parameters.iter().map(|name| format!("\"{name}\"")).collect();
            format!("\"{name}\": [{}]", list.join(", "))
        });
        Ok(format!(" \"{path}\": {{{}}}", members.collect::<Vec<_>>().join(", ")))
    };
    let lines = reference.iter().map(line).collect::<Result<Vec<_>>>()?;
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
}

/// The paths of a mount `pki` in a document of OpenAPI.
fn read_openapi(answer: &Value) -> Result<Reference> {
    let document = answer.get("data").context("no data")?;
    let schemas = document.pointer("/components/schemas").context("no schemas")?;
    let paths = document.get("paths").and_then(Value::as_object).context("no paths")?;
    let mut reference = Reference::new();
    for (path, item) in paths {
        let Some(path) = path.strip_prefix("/pki/") else { continue };
        let path = path.replace('{', ":").replace('}', "");
        let in_path = names(item);
        let mut operations = BTreeMap::new();
        for (method, operation) in item.as_object().into_iter().flatten() {
            let mut parameters = [in_path.clone(), names(operation)].concat();
            let is_list = parameters.iter().any(|name| name == "list");
            parameters.extend(body(operation, schemas));
            parameters.retain(|name| name != "list");
            parameters.sort();
            parameters.dedup();
            let word = match method.as_str() {
                "get" if is_list => "list",
                "get" => "read",
                "post" => "write",
                "patch" => "patch",
                "delete" => "delete",
                _ => continue,
            };
            operations.insert(word.to_owned(), parameters);
        }
        reference.insert(path, operations);
    }
    Ok(reference)
}

fn names(item: &Value) -> Vec<String> {
    let list = item.get("parameters").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|parameter| parameter.get("name")?.as_str()).map(str::to_owned).collect()
}

/// The members of the body of a request.
fn body(operation: &Value, schemas: &Value) -> Vec<String> {
    let schema = operation.pointer("/requestBody/content/application~1json/schema");
    let named = schema.and_then(|schema| schema.get("$ref")?.as_str()?.rsplit('/').next());
    let schema = named.and_then(|name| schemas.get(name)).or(schema);
    let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
    properties.into_iter().flat_map(Map::keys).cloned().collect()
}

/// What of a reference is not here and not explained, and what is explained and here.
pub(crate) fn problems(text_of: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let mut used = vec![false; ABSENT.len()];
    for (name, _) in SOURCES {
        let parsed = text_of(name).and_then(|text| serde_json::from_str(&text).ok());
        let Some(reference) = parsed else {
            problems.push((name.to_owned(), "is not there, or no list of paths".to_owned()));
            continue;
        };
        for missing in missing(&reference) {
            let explained = ABSENT.iter().position(|absence| absence.covers(&missing));
            match explained.and_then(|place| used.get_mut(place)) {
                Some(used) => *used = true,
                None => problems.push((
                    name.to_owned(),
                    format!(
                        "{missing} is neither here nor explained in xtask/src/reference/absences.rs"
                    ),
                )),
            }
        }
    }
    for (absence, used) in ABSENT.iter().zip(used) {
        if !used {
            problems.push((
                "xtask/src/reference/absences.rs".to_owned(),
                format!("{} is here, or nowhere: take it out", absence.name()),
            ));
        }
    }
    problems
}

/// Something of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Missing {
    path: String,
    operation: String,
    /// None when the whole operation is missing.
    parameter: Option<String>,
    /// What happens when it is sent.
    fate: Fate,
}

/// What happens when something that only the reference has is sent here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The path is not there.
    NoPath,
    /// The request is refused, by name.
    Refused,
    /// A warning names it as one without effect.
    Idle,
    /// A warning names it as unknown.
    Unknown,
}

impl Fate {
    fn words(self) -> &'static str {
        match self {
            Self::NoPath => "unsupported path",
            Self::Refused => "refused by name, unless it is false or empty",
            Self::Idle => "taken; a warning says that it has no effect",
            Self::Unknown => "a warning names it as unknown",
        }
    }
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.operation, self.path)?;
        self.parameter.as_ref().map_or(Ok(()), |name| write!(f, " {name}"))
    }
}

fn missing(reference: &Reference) -> Vec<Missing> {
    let mut found = Vec::new();
    for (path, operations) in reference {
        for (operation, parameters) in operations {
            let missing = |parameter: Option<&String>, fate| Missing {
                path: path.clone(),
                operation: operation.clone(),
                parameter: parameter.cloned(),
                fate,
            };
            let Some((at, op)) = declared(path, operation) else {
                found.push(missing(None, Fate::NoPath));
                continue;
            };
            let gone = parameters.iter().filter_map(|name| Some((name, fate(at, op, name)?)));
            found.extend(gone.map(|(name, fate)| missing(Some(name), fate)));
        }
    }
    found
}

/// The declaration of a path and an operation; names in paths do not matter.
fn declared(path: &str, operation: &str) -> Option<(&'static Path, &'static Op)> {
    let wanted = match operation {
        "list" => Operation::List,
        "read" => Operation::Read,
        "write" => Operation::Write,
        "patch" => Operation::Patch,
        _ => Operation::Delete,
    };
    let shape = |text: &str| -> Vec<String> {
        let segment = |part: &str| if part.starts_with([':', '*']) { ":" } else { part }.to_owned();
        text.split('/').map(segment).collect()
    };
    let at = PATHS.iter().find(|at| at.patterns.iter().any(|known| shape(known) == shape(path)))?;
    Some((at, at.ops.iter().find(|op| op.operation == wanted)?))
}

/// What happens to a parameter, if it does not simply work.
fn fate(at: &Path, op: &Op, name: &str) -> Option<Fate> {
    let is_captured = at.patterns.iter().any(|pattern| {
        pattern.split('/').any(|segment| segment.strip_prefix([':', '*']) == Some(name))
    });
    if op.refused.iter().any(|refused| refused.name == name) {
        return Some(Fate::Refused);
    }
    if op.tolerated.contains(&name) {
        return Some(Fate::Idle);
    }
    let is_known = is_captured || op.fields.iter().any(|field| field.name == name);
    (!is_known && !is_path_name(at, name)).then_some(Fate::Unknown)
}

/// The reference may call what is captured by another name.
fn is_path_name(at: &Path, name: &str) -> bool {
    name == "req" && at.patterns.iter().any(|pattern| pattern.contains('*'))
}

/// The section of `docs/compatibility.md`.
pub(crate) fn section(text_of: impl Fn(&str) -> Option<String>) -> Result<String> {
    let mut rows: Vec<(usize, String, Fate)> = Vec::new();
    for (name, whose) in SOURCES {
        let text = text_of(name).with_context(|| format!("reading {name}"))?;
        for missing in missing(&serde_json::from_str(&text)?) {
            let place = ABSENT.iter().position(|absence| absence.covers(&missing));
            let place = place.with_context(|| format!("{missing} is not explained"))?;
            if !rows.iter().any(|(known, ..)| *known == place) {
                rows.push((place, whose.to_owned(), missing.fate));
            }
        }
    }
    rows.sort_by_key(|(place, ..)| *place);
    let mut text = "| of | | when it is sent | why |\n|---|---|---|---|\n".to_owned();
    for (place, whose, fate) in rows {
        let Some(absence) = ABSENT.get(place) else { continue };
        let (name, why) = (absence.name(), absence.why);
        text += &format!("| {whose} | {name} | {} | {why} |\n", fate.words());
    }
    Ok(text)
}

impl Absence {
    fn covers(&self, missing: &Missing) -> bool {
        let is_path = match self.path.strip_suffix('…') {
            Some(start) => missing.path.starts_with(start),
            None => missing.path == self.path || self.path == "*",
        };
        let is_parameter = match (&missing.parameter, self.parameters) {
            (None, parameters) => parameters.is_empty(),
            (Some(name), parameters) => parameters.contains(&name.as_str()),
        };
        is_path && is_parameter
    }

    fn name(&self) -> String {
        let parameters: Vec<String> =
            self.parameters.iter().map(|name| format!("`{name}`")).collect();
        match (self.path, parameters.is_empty()) {
            ("*", _) => parameters.join(", "),
            (path, true) => format!("`{path}`"),
            (path, false) => format!("{} of `{path}`", parameters.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing_of(json: &str) -> Vec<(String, Fate)> {
        let reference = serde_json::from_str(json).unwrap();
        missing(&reference).iter().map(|missing| (missing.to_string(), missing.fate)).collect()
    }

    #[test]
    fn what_is_not_here_is_found() {
        assert_eq!(missing_of(r#"{"issue/:role": {"write": ["role", "common_name"]}}"#), []);
        let found = missing_of(r#"{"issue/:role": {"write": ["nonsense", "cert_metadata"]}}"#);
        let unknown = ("write issue/:role nonsense".to_owned(), Fate::Unknown);
        assert_eq!(found, [unknown, ("write issue/:role cert_metadata".to_owned(), Fate::Refused)]);
        let found = missing_of(r#"{"nowhere": {"read": []}, "ca": {"delete": []}}"#);
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["delete ca", "read nowhere"]);
        let found = missing_of(r#"{"roles/:name": {"write": ["backend"]}}"#);
        assert_eq!(found, [("write roles/:name backend".to_owned(), Fate::Idle)]);
    }

    #[test]
    fn an_unexplained_absence_is_a_problem() {
        let extra = r#"{"issue/:role": {"write": ["nonsense"]}}"#;
        let problems = problems(|_| Some(extra.to_owned()));
        assert!(problems.iter().any(|(_, what)| what.contains("nonsense is neither")));
    }
}
