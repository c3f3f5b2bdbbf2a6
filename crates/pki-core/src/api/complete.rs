//! What could come next on a command line, from the declared paths and from what is stored.

use super::endpoint::Path;
use super::request::Operation;
use super::router;
use crate::ca::tables::{CEL_ROLES, ISSUER_NAMES, KEY_NAMES, MOUNTS, ROLES};
use crate::domain::id::MountId;
use crate::paths::PATHS;
use crate::store::{Record, RecordKey, Records, View};
use crate::system::mount::Mount;

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The whole word with this choice made: a path (`pki/issue/`), or `name=`.
    pub text: String,
    /// One line for shells that show it.
    pub help: Option<String>,
}

/// At most so many stored names are offered.
const MANY: usize = 1_000;

/// Ways to go on with a path: mounts first, then one segment at a time.
pub(crate) fn path(view: &View<'_>, operation: Operation, typed: &str) -> Vec<Candidate> {
    let mounts: Vec<(String, Mount)> = view.scan(&MOUNTS, &[], None, MANY).unwrap_or_default();
    let mut found = Vec::new();
    for (path, mount) in mounts {
        let root = format!("{path}/");
        match typed.strip_prefix(&root) {
            Some(rest) => {
                found.extend(below(view, mount.id, operation, rest).into_iter().map(
                    |Candidate { text, help }| Candidate { text: format!("{root}{text}"), help },
                ));
            }
            None if root.starts_with(typed) => {
                found.push(Candidate {
                    text: root,
                    help: Some(mount.description).filter(|d| !d.is_empty()),
                });
            }
            None => (),
        }
    }
    found.sort_unstable();
    found.dedup_by(|a, b| a.text == b.text);
    found
}

/// Ways to go on with a path below a mount.
fn below(view: &View<'_>, mount: MountId, operation: Operation, typed: &str) -> Vec<Candidate> {
    let (done, partial) = typed.rsplit_once('/').unwrap_or(("", typed));
    let done: Vec<&str> = done.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut found = Vec::new();
    let offered = PATHS.iter().filter(|path| path.ops.iter().any(|op| op.operation == operation));
    for path in offered {
        for pattern in path.patterns {
            let segments: Vec<&str> = pattern.split('/').collect();
            let Some((head, tail)) = segments.split_at_checked(done.len()) else { continue };
            let Some((next, more)) = tail.split_first() else { continue };
            if !head
                .iter()
                .zip(&done)
                .all(|(want, have)| want.starts_with([':', '*']) || want == have)
            {
                continue;
            }
            let end = if more.is_empty() { "" } else { "/" };
            let choices = choices(view, mount, pattern, next);
            let fitting = choices.into_iter().filter(|choice| choice.starts_with(partial));
            found.extend(fitting.map(|choice| {
                Candidate {
                    text: done
                        .iter()
                        .copied()
                        .chain([format!("{choice}{end}").as_str()])
                        .collect::<Vec<_>>()
                        .join("/"),
                    help: more.is_empty().then(|| path.synopsis.to_owned()),
                }
            }));
        }
    }
    found
}

/// What can stand for one segment of a pattern.
fn choices(view: &View<'_>, mount: MountId, pattern: &str, segment: &str) -> Vec<String> {
    match segment {
        ":role" | ":name" if pattern.starts_with("cel/") => names(view, mount, &CEL_ROLES),
        ":role" | ":name" => names(view, mount, &ROLES),
        ":issuer_ref" => with_default(names(view, mount, &ISSUER_NAMES)),
        ":key_ref" => with_default(names(view, mount, &KEY_NAMES)),
        ":exported" => vec!["internal".into(), "exported".into()],
        _ if segment.starts_with([':', '*']) => Vec::new(),
        literal => vec![literal.to_owned()],
    }
}

fn with_default(mut names: Vec<String>) -> Vec<String> {
    names.push("default".into());
    names
}

fn names<K, V>(view: &View<'_>, mount: MountId, records: &Records<K, V>) -> Vec<String>
where
    K: RecordKey + ToString,
    V: Record,
{
    let keys = view.keys_at(mount, records, MANY).unwrap_or_default();
    keys.iter().map(ToString::to_string).collect()
}

/// Ways to go on with a parameter of an operation.
pub(crate) fn parameter(
    paths: &[&'static Path],
    operation: Operation,
    path: &str,
    typed: &str,
) -> Vec<Candidate> {
    let Some(route) = router::find(paths, path) else { return Vec::new() };
    let Ok(op) = router::op(route.path, operation) else { return Vec::new() };
    let fields = op.fields.iter().filter(|field| !route.captures.contains_key(field.name));
    if let Some((name, value)) = typed.split_once('=') {
        let choices = fields.filter(|field| field.name == name).flat_map(|field| field.choices);
        return choices
            .filter(|choice| choice.starts_with(value))
            .map(|choice| Candidate { text: format!("{name}={choice}"), help: None })
            .collect();
    }
    fields
        .filter(|field| field.name.starts_with(typed))
        .map(|field| Candidate {
            text: format!("{}=", field.name),
            help: field.help.lines().next().map(|line| line.trim().to_owned()),
        })
        .collect()
}
