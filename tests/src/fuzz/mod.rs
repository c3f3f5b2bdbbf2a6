//! What is fuzzed: for every place that takes something from outside, a function of any octets.
//!
//! libFuzzer calls these functions through the crate `fuzz` (`cargo xtask fuzz`), and the test
//! `fuzz_corpus` calls them with every input that was worth keeping. They panic where the engine
//! does, and where it answers as it must not: see [`Authority`].

#![expect(clippy::indexing_slicing, reason = "an answer without the member is what is looked for")]

mod authority;
mod bundle;
mod certificate;
mod cli;
mod crl;
mod csr;
mod directory;
mod key;
mod names;
mod ocsp;
mod path;
mod record;
mod role;
mod signed;
mod values;

use std::collections::BTreeSet;

use pki_core::field::Field;
use pki_core::paths::PATHS;
use pki_core::system::paths::SYSTEM_PATHS;

pub use authority::Authority;

/// A place that takes something from outside.
pub struct Target {
    /// What it is called on the command line; its corpus has the same name.
    pub name: &'static str,
    /// What it takes.
    pub about: &'static str,
    /// Takes an input. Panics if that goes wrong; to refuse the input is to go right.
    pub run: fn(&[u8]) -> Verdict,
    /// Valid inputs, with which a corpus begins.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something was done with it.
    Taken,
    /// Nothing was.
    Refused,
}

impl Verdict {
    fn of<T, E>(outcome: &Result<T, E>) -> Self {
        if outcome.is_ok() { Self::Taken } else { Self::Refused }
    }

    /// Taken if one of them is.
    fn or(self, other: Self) -> Self {
        if self == Self::Taken { self } else { other }
    }
}

/// All of them.
pub const TARGETS: &[Target] = &[
    bundle::TARGET,
    certificate::TARGET,
    cli::TARGET,
    crl::TARGET,
    csr::TARGET,
    directory::TARGET,
    key::TARGET,
    ocsp::TARGET,
    path::TARGET,
    record::TARGET,
    role::TARGET,
    values::TARGET,
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Words that inputs are made of, which chance alone does not find: the names of all parameters
/// and the parts of all paths.
pub fn dictionary() -> BTreeSet<&'static str> {
    let paths = || PATHS.iter().chain(SYSTEM_PATHS);
    let fields = paths().flat_map(|path| path.ops).flat_map(|op| op.fields);
    let names = fields.map(|field: &Field| field.name);
    let patterns = paths().flat_map(|path| path.patterns).flat_map(|pattern| pattern.split('/'));
    names.chain(patterns).chain(values::WORDS.iter().copied()).collect()
}
