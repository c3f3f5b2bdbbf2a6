//! The program as its users see it: words in; output, errors and a status out.
//!
//! Here is what needs no engine, and the commands that make several requests of it. What the
//! engine answers is tested where the crates meet.

#![expect(clippy::expect_used, reason = "a test that cannot set up its surroundings has failed")]

#[path = "program/authorities.rs"]
mod authorities;
#[path = "program/caller.rs"]
mod caller;
#[path = "program/cel.rs"]
mod cel;
#[path = "program/maintain.rs"]
mod maintain;
#[path = "program/no_store.rs"]
mod no_store;
#[path = "program/process.rs"]
mod process;
#[path = "program/usage.rs"]
mod usage;
