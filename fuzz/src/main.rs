//! One program for all targets: `PKICTL_FUZZ_TARGET` says which, libFuzzer does the rest.
//!
//! `PKICTL_FUZZ_SEEDS` names a directory that the target's seeds are written to first, and the
//! dictionary beside it. It is `cargo xtask fuzz` that sets both.

#![no_main]

mod effort;
mod memory;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pkictl_tests::fuzz::{self, Target};

use memory::Counting;

#[global_allocator]
static MEMORY: Counting = Counting::new();

/// No input may take longer on a processor, whatever else the machine does.
const MOST_TIME: Duration = Duration::from_secs(1);

/// No input may take more memory.
const MOST_MEMORY: usize = 64 << 20;

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("PKICTL_FUZZ_TARGET").unwrap_or_default();
    let known = || fuzz::TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    fuzz::target(&name)
        .unwrap_or_else(|| panic!("PKICTL_FUZZ_TARGET is {name:?}, and not one of {}", known()))
});

fuzz_target!(init: prepare(), |input: &[u8]| {
    let (before, began) = (MEMORY.start(), effort::so_far());
    let _verdict = (TARGET.run)(input);
    let took = effort::so_far().saturating_sub(began);
    assert!(took <= MOST_TIME, "{took:?} for {} octets of input", input.len());
    let most = MEMORY.most().saturating_sub(before);
    assert!(most <= MOST_MEMORY, "{most} octets of memory for {} of input", input.len());
});

fn prepare() {
    // What is prepared once is not part of the first input.
    let seeds = (TARGET.seeds)();
    for seed in &seeds {
        let _verdict = (TARGET.run)(seed);
    }
    if let Some(folder) = std::env::var_os("PKICTL_FUZZ_SEEDS") {
        let folder = Path::new(&folder);
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed).expect("a seed");
        }
        let words = fuzz::dictionary().into_iter().filter(|word| !word.is_empty());
        let quoted = |word: &str| word.replace('\\', "\\\\").replace('"', "\\\"");
        let lines: String = words.map(|word| format!("\"{}\"\n", quoted(word))).collect();
        fs::write(folder.with_extension("dict"), lines).expect("a dictionary");
    }
}
