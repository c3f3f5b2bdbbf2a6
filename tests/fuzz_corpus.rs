//! Every input that fuzzing was worth keeping, again: nothing panics, no request reads more than
//! it can need, and what must be true of every answer is.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

use pkictl_tests::fuzz::{self, TARGETS, Target, Verdict};
use pkictl_tests::repository;

/// The corpus may grow, but not without a thought.
const LARGEST_CORPUS: u64 = 2 << 20;

fn corpus(target: &Target) -> PathBuf {
    repository::root().join("fuzz/corpus").join(target.name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// Runs a target with its seeds and its corpus. A panic names the input.
fn replay(name: &str) {
    let target = fuzz::target(name).expect("a target");
    let seeds = (target.seeds)();
    let numbered = seeds.iter().enumerate();
    let taken = numbered.map(|(number, seed)| run(target, seed, &format!("seed {number}")));
    let taken = taken.filter(|verdict| *verdict == Verdict::Taken).count();
    assert!(0 < taken, "{name} takes no seed: it tests refusals only");
    let mut refused = 0;
    for path in files(&corpus(target)) {
        let input = fs::read(&path).expect("a file");
        let verdict = run(target, &input, &path.display().to_string());
        refused += usize::from(verdict == Verdict::Refused);
    }
    assert!(0 < refused, "{name} refuses nothing: its corpus is only what is valid");
}

fn run(target: &Target, input: &[u8], place: &str) -> Verdict {
    let outcome = panic::catch_unwind(|| (target.run)(input));
    outcome.unwrap_or_else(|_| panic!("{} went wrong with {place}", target.name))
}

macro_rules! replays {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        /// What [`replay`] is called with.
        const REPLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

replays!(bundle, certificate, cli, crl, csr, directory, key, ocsp, path, record, role, values);

#[test]
fn no_target_is_left_out() {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, REPLAYED);
    let folders = files(&repository::root().join("fuzz/corpus"));
    let folders: Vec<_> = folders.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(folders, names);
}

#[test]
fn the_corpus_is_small() {
    let sizes = TARGETS.iter().flat_map(|target| files(&corpus(target)));
    let sum: u64 = sizes.map(|path| fs::metadata(path).expect("a file").len()).sum();
    assert!(sum < LARGEST_CORPUS, "{sum} octets");
}
