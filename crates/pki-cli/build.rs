//! How the program is linked. Why: docs/adr/0016-fixed-address.md.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |name| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let is_known = matches!(target("ARCH").as_str(), "x86_64" | "aarch64");
    if is_known && target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
        // The few functions that the standard library wants of libgcc, rather than all of it.
        println!("cargo::rustc-link-lib=dylib=gcc_eh");
    }
}
