//! What a caller may have meant who has named something that is not there.

use super::endpoint::Path;
use super::request::Operation;
use super::router;

/// No more names than this are shown.
const MOST_SHOWN: usize = 5;

/// More octets than any name here has.
const LONGEST_NAME: usize = 40;

/// A path that is longer is not repeated.
const LONGEST_PATH: usize = 200;

/// Parameters that an operation does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Some that may be shown, in order.
    pub shown: Vec<Stranger>,
    /// How many more there are.
    pub others: usize,
}

/// A parameter with a name that nothing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// As it was sent.
    pub name: String,
    /// One that is known and looks like it.
    pub near: Option<&'static str>,
}

/// Whether a text may be shown as a name. What stands where a name should may be anything, also a
/// private key.
pub fn is_name(text: &str) -> bool {
    let is_letter = |octet: u8| octet.is_ascii_alphanumeric() || b"_-.".contains(&octet);
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(is_letter)
}

/// Those of the parameters that were sent that an operation does not know. None where there is no
/// such operation.
pub fn parameters<'n>(
    paths: &[&'static Path],
    operation: Operation,
    path: &str,
    sent: impl IntoIterator<Item = &'n str>,
) -> Unknown {
    let Some(route) = router::find(paths, path) else { return Unknown::default() };
    let Ok(op) = router::op(route.path, operation) else { return Unknown::default() };
    let is_captured = |name: &str| route.captures.contains_key(name);
    let unknown = sent.into_iter().filter(|name| !is_captured(name) && !op.knows(name));
    let (mut names, unnamed): (Vec<&str>, Vec<&str>) = unknown.partition(|name| is_name(name));
    names.sort_unstable();
    let others = unnamed.len() + names.len().saturating_sub(MOST_SHOWN);
    names.truncate(MOST_SHOWN);
    let known = || op.fields.iter().map(|field| field.name).filter(|name| !is_captured(name));
    let near = |name: &str| {
        let near = known().filter_map(|known| Some((distance(known, name)?, known)));
        near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
    };
    let stranger = |name: &str| Stranger { name: name.to_owned(), near: near(name) };
    Unknown { shown: names.into_iter().map(stranger).collect(), others }
}

/// The path that looks most like one that is not there, and does the same operation.
pub fn path(paths: &[&'static Path], operation: Operation, path: &str) -> Option<String> {
    if LONGEST_PATH < path.len() || path.contains(char::is_control) {
        return None;
    }
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
    if MOST < known.len().abs_diff(word.len()) {
        return None;
    }
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
            ("isue/\u{1b}[31mweb", None),
            ("isue/web\nError: fake", None),
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
        assert_eq!(
            pairs(&got),
            [("bogus", None), ("common-name", Some("common_name")), ("tll", Some("ttl"))]
        );
        assert_eq!(got.others, 0);
        for (operation, path) in [(Operation::Write, "none/web"), (Operation::List, "issue/web")] {
            assert_eq!(parameters(PATHS, operation, path, sent), Unknown::default());
        }
    }

    fn pairs(unknown: &Unknown) -> Vec<(&str, Option<&'static str>)> {
        unknown.shown.iter().map(|stranger| (stranger.name.as_str(), stranger.near)).collect()
    }

    #[test]
    fn what_is_no_name_is_only_counted() {
        let long = "x".repeat(LONGEST_NAME + 1);
        let sent =
            ["", "a b", "a\nHint: b", "\u{1b}[31m", "ümlaut", "-----BEGIN X\n", &long, "tll"];
        let got = parameters(PATHS, Operation::Write, "issue/web", sent);
        assert_eq!((pairs(&got), got.others), (vec![("tll", Some("ttl"))], sent.len() - 1));
    }

    #[test]
    fn a_few_names_are_shown_and_others_counted() {
        let names: Vec<String> = (10..20).map(|number| format!("n{number}")).collect();
        let sent = names.iter().rev().map(String::as_str);
        let got = parameters(PATHS, Operation::Write, "issue/web", sent);
        let shown = ["n10", "n11", "n12", "n13", "n14"].map(|name| (name, None));
        assert_eq!((pairs(&got), got.others), (shown.to_vec(), 5));
    }

    /// Each text takes its length in time, not its square.
    #[test]
    fn long_words_are_near_to_nothing() {
        let long = "x".repeat(4 << 20);
        assert_eq!(distance("common_name", &long), None);
        assert_eq!(distance("common_name", "common_nam"), Some(1));
        assert_eq!(distance("common_name", "commonname_"), Some(2));
        assert_eq!(distance("common_name", "common_name123"), None);
        assert_eq!(path(PATHS, Operation::Write, &format!("isue/{long}")), None);
    }
}
