//! Every path and parameter of the references is here, or its absence is explained.

use super::{Finding, Tree};
use crate::reference;

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let text_of = |name: &str| tree.file(name).map(|file| file.text.clone());
    let problems = reference::problems(text_of);
    findings.extend(problems.into_iter().map(|(file, what)| Finding::new(&file, 1, what)));
}
