//! From a path and an operation to the one declared handler.

use serde_json::Value;

use super::endpoint::{Op, Path};
use super::request::Operation;
use crate::domain::id::is_name;
use crate::error::Error;
use crate::field::Input;

/// A path found, and what its pattern captured.
pub(crate) struct Route {
    pub(crate) path: &'static Path,
    pub(crate) pattern: &'static str,
    pub(crate) captures: Input,
}

/// The path that answers to `path`. The pattern with the most literal segments wins, so the
/// order of the table means nothing.
pub(crate) fn find(paths: &[&'static Path], path: &str) -> Option<Route> {
    let segments: Vec<&str> = path.split('/').collect();
    let patterns = paths.iter().flat_map(|path| path.patterns.iter().map(move |p| (*path, *p)));
    patterns
        .filter_map(|(path, pattern)| {
            let wanted: Vec<&str> = pattern.split('/').collect();
            let captures = capture(&wanted, &segments)?;
            Some(Route { path, pattern, captures })
        })
        .max_by_key(|route| literals(route.pattern))
}

fn literals(pattern: &str) -> usize {
    pattern.split('/').filter(|segment| !segment.starts_with([':', '*'])).count()
}

/// The operation, if the path does it.
pub(crate) fn op(path: &'static Path, operation: Operation) -> Result<&'static Op, Error> {
    path.ops.iter().find(|op| op.operation == operation).ok_or(Error::UnsupportedOperation)
}

fn capture(wanted: &[&'static str], given: &[&str]) -> Option<Input> {
    let Some((want, more_wanted)) = wanted.split_first() else {
        return given.is_empty().then(Input::new);
    };
    if let Some(name) = want.strip_prefix('*') {
        return capture_several(name, more_wanted, given);
    }
    let (have, more_given) = given.split_first()?;
    let mut captures = match want.strip_prefix(':') {
        Some(name) if accepts(name, have) => {
            Input::from_iter([(name.to_owned(), Value::from(*have))])
        }
        None if want == have => Input::new(),
        _ => return None,
    };
    captures.extend(capture(more_wanted, more_given)?);
    Some(captures)
}

/// The longest run of segments after which the rest of the pattern still fits, unless the rest
/// is literal and fits: `*path/tune` is tried before the run would swallow `tune`.
fn capture_several(name: &str, rest: &[&'static str], given: &[&str]) -> Option<Input> {
    let taken = given.len().checked_sub(rest.len()).filter(|taken| 0 < *taken)?;
    let (run, after) = given.split_at_checked(taken)?;
    let mut captures = capture(rest, after)?;
    captures.insert(name.to_owned(), run.join("/").into());
    Some(captures)
}

/// What a segment may look like depends on what it names.
fn accepts(name: &str, segment: &str) -> bool {
    match name {
        "serial" => {
            !segment.is_empty()
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'-'))
        }
        _ => is_name(segment),
    }
}

/// The pattern as the regular expression that help shows.
pub(crate) fn regex(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| match segment.split_at_checked(1) {
        Some((":", "serial")) => "(?P<serial>[0-9A-Fa-f-:]+)".to_owned(),
        Some((":", name)) => format!(r"(?P<{name}>\w(([\w-.]+)?\w)?)"),
        Some(("*", name)) => format!("(?P<{name}>.+)"),
        _ => segment.to_owned(),
    });
    format!("^{}$", segments.collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::endpoint::Access;

    static SAMPLE: Path = Path {
        patterns: &[
            "roles/:name",
            "issuer/:issuer_ref/issue/:role",
            "cert/:serial",
            "mounts/*path",
        ],
        access: Access::Token,
        synopsis: "Sample.",
        description: "",
        ops: &[],
    };
    static LITERAL: Path =
        Path { patterns: &["roles/special", "mounts/*path/tune"], ..SAMPLE_LIKE };
    const SAMPLE_LIKE: Path =
        Path { patterns: &[], access: Access::Token, synopsis: "", description: "", ops: &[] };

    #[track_caller]
    fn check(path: &str, want: Option<(&str, &str)>) {
        let found = find(&[&SAMPLE, &LITERAL], path);
        let got = found
            .as_ref()
            .map(|route| (route.pattern, Value::Object(route.captures.clone()).to_string()));
        assert_eq!(got, want.map(|(pattern, captures)| (pattern, captures.to_owned())), "{path}");
    }

    #[test]
    fn the_most_literal_pattern_wins() {
        check("roles/web", Some(("roles/:name", r#"{"name":"web"}"#)));
        check("roles/special", Some(("roles/special", "{}")));
        check("mounts/a/b", Some(("mounts/*path", r#"{"path":"a/b"}"#)));
        check("mounts/a/b/tune", Some(("mounts/*path/tune", r#"{"path":"a/b"}"#)));
    }

    #[test]
    fn segments_must_look_like_what_they_name() {
        check("cert/17:ab", Some(("cert/:serial", r#"{"serial":"17:ab"}"#)));
        for path in ["cert/zz", "roles/-a", "roles/a/b", "roles", "roles/", "issuer/x/issue/", ""] {
            check(path, None);
        }
    }

    #[test]
    fn patterns_are_shown_as_regular_expressions() {
        assert_eq!(regex("roles/:name"), r"^roles/(?P<name>\w(([\w-.]+)?\w)?)$");
    }
}
