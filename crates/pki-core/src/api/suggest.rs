//! What a caller may have meant who has named something that is not there.

use super::endpoint::Path;
use super::request::Operation;
use super::router;

/// A parameter that an operation does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// As it was sent.
    pub name: String,
    /// One that is known and looks like it.
    pub near: Option<&'static str>,
}

/// Those of the parameters that were sent that an operation does not know. None where there is no
/// such operation.
pub fn parameters<'n>(
    paths: &[&'static Path],
    operation: Operation,
    path: &str,
    sent: impl IntoIterator<Item = &'n str>,
) -> Vec<Unknown> {
    let Some(route) = router::find(paths, path) else { return Vec::new() };
    let Ok(op) = router::op(route.path, operation) else { return Vec::new() };
    let is_captured = |name: &str| route.captures.contains_key(name);
    let unknown = sent.into_iter().filter(|name| !is_captured(name) && !op.knows(name));
    let known = || op.fields.iter().map(|field| field.name).filter(|name| !is_captured(name));
    unknown
        .map(|name| Unknown {
            name: name.to_owned(),
            near: known()
                .filter_map(|known| Some((distance(known, name)?, known)))
                .min_by_key(|(distance, _)| *distance)
                .map(|(_, known)| known),
        })
        .collect()
}

/// The path that looks most like one that is not there, and does the same operation.
pub fn path(paths: &[&'static Path], operation: Operation, path: &str) -> Option<String> {
    let given: Vec<&str> = path.split('/').collect();
    let has_op = |path: &&&'static Path| path.ops.iter().any(|op| op.operation == operation);
    let patterns = paths.iter().filter(has_op).flat_map(|path| path.patterns);
    let near = patterns.filter_map(|pattern| meant(pattern, &given));
    let near = near.filter(|(_, path)| router::find(paths, path).is_some());
    near.min_by_key(|(distance, _)| *distance).map(|(_, path)| path)
}

/// A path as the pattern has it, with what was given for its captures, and how far that is from
/// what was given.
fn meant(pattern: &str, given: &[&str]) -> Option<(usize, String)> {
    let wanted: Vec<&str> = pattern.split('/').collect();
    if wanted.len() != given.len() {
        return None;
    }
    let (mut total, mut path) = (0, Vec::with_capacity(given.len()));
    for (want, have) in wanted.into_iter().zip(given) {
        if want.starts_with([':', '*']) {
            path.push(*have);
        } else {
            total += distance(want, have)?;
            path.push(want);
        }
    }
    Some((total, path.join("/")))
}

/// How many letters a word is away from a known one; none if it is another word.
fn distance(known: &str, word: &str) -> Option<usize> {
    const MOST: usize = 2;
    let distance = strsim::osa_distance(known, &word.to_ascii_lowercase());
    (distance <= MOST && 2 * distance < known.len()).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::PATHS;

    #[test]
    fn paths_that_look_alike_are_found() {
        for (typed, want) in [
            ("isue/web", Some("issue/web")),
            ("isseu/web", Some("issue/web")),
            ("role/web", Some("roles/web")),
            ("root/generat/internal", Some("root/generate/internal")),
            ("isuer/default/isue/web", Some("issuer/default/issue/web")),
            ("Issue/web", Some("issue/web")),
            ("nonsense", None),
            ("nonsense/web", None),
            ("isue/web/more", None),
            ("isue/-", None),
            ("", None),
        ] {
            assert_eq!(path(PATHS, Operation::Write, typed).as_deref(), want, "{typed}");
        }
        // Nothing can be listed there.
        assert_eq!(path(PATHS, Operation::List, "isue/web"), None);
    }

    #[test]
    fn parameters_that_look_alike_are_found() {
        let sent = ["common-name", "tll", "bogus", "ttl", "role"];
        let got = parameters(PATHS, Operation::Write, "issue/web", sent);
        let got: Vec<_> = got.iter().map(|unknown| (unknown.name.as_str(), unknown.near)).collect();
        assert_eq!(
            got,
            [("common-name", Some("common_name")), ("tll", Some("ttl")), ("bogus", None)]
        );
        assert_eq!(parameters(PATHS, Operation::Write, "none/web", sent), []);
        assert_eq!(parameters(PATHS, Operation::List, "issue/web", sent), []);
    }
}
