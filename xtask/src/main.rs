//! Development tasks: `cargo xtask <task>`. One file per task; the tasks say what they do.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "tasks report to a terminal")]

mod bao;
mod bench;
mod differential;
mod fuzz;
mod generate;
mod http;
mod reference;
mod source;
mod tidy;
mod torture;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
Usage: cargo xtask <task> [options]

Tasks:
  tidy [-secrets]      Check the rules of this house. -secrets lists where secrets are read.
  gen [-check]         Write the generated documents, or check that they are current.
  bench [options]      Measure against the goals for speed and size.
      -quick           Less of everything, in under five minutes
      -full            Stores and indexes with a million certificates too
      -json FILE       Write the figures to a file too
      -write           Write docs/performance.md and the charts beside it
      -pkictl PATH     Measure this program instead of the one that is built
  differential [options]
                       Ask a live OpenBao and the engine the same, and compare the answers.
      -pairs N         So many roles with requests (2000)
      -seed N          Those of an earlier run
      -only N          Only the pair with this number, with the whole answers
      -bao PATH        The server's program instead of $BAO, or bao in PATH
  reference [-bao PATH]
                       Write down which paths and parameters a live OpenBao has.
  fuzz [TARGET|all]    Feed malformed input to what takes input; fuzz/corpus has the targets.
      -seconds N       How long for each target; a minute
      -keep            Keep what was worth it in fuzz/corpus
      -address         Look for errors of memory too, which is slower
  torture [options]    Do bad things to stores, and look at what the program makes of it.
      -kind NAMES      Some kinds of fault, in place of all: kill,io,power,bits,schedules,crowd
      -figures NAME    How much is done, which docs/torture.md has in numbers: a part that takes
                       minutes (part), or what every change (gate) or release has to pass (release)
      -seconds N       End each kind after so long, done or not; a part ends after a minute
      -seed N          Repeat a run
      -pkictl PATH     Work with this program instead of the one that is built
";

fn main() -> Result<ExitCode> {
    let mut words = std::env::args().skip(1);
    let task = words.next().unwrap_or_default();
    // Flags may have one dash, as those of pkictl, or two.
    let words: Vec<String> = words.map(|word| word.replacen("--", "-", 1)).collect();
    match task.as_str() {
        "tidy" => tidy::run(&words),
        "gen" => generate::run(&words),
        "bench" => bench::run(&words),
        "differential" => differential::run(&words),
        "reference" => reference::run(&words),
        "fuzz" => fuzz::run(&words),
        "torture" => torture::run(&words),
        torture::service::WORD => torture::service::run(&words),
        _ => {
            eprint!("{USAGE}");
            Ok(ExitCode::FAILURE)
        }
    }
}
