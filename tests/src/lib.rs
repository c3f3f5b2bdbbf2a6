//! What the cross-crate tests share: a place to run the program in, transcripts in documents,
//! other people's programs, repeatable chance, and what is fuzzed.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on says so by panicking"
)]

pub mod chance;
pub mod fuzz;
pub mod ocsp;
pub mod repository;
pub mod tools;
pub mod transcript;
pub mod world;

pub use world::{Outcome, World};

/// The path of the program under test, from within a test file.
#[macro_export]
macro_rules! pkictl {
    () => {
        env!("CARGO_BIN_EXE_pkictl-under-test")
    };
}
