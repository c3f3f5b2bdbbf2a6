//! `pkictl`: hands the process's arguments, streams and environment to the library.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use pki_cli::{Console, Environment};

fn main() -> ExitCode {
    let environment = Environment::of_process(io::stdout().is_terminal())
        .with_stderr_terminal(io::stderr().is_terminal());
    let mut out = io::BufWriter::new(io::stdout().lock());
    let status = pki_cli::run(
        std::env::args_os().skip(1),
        &mut Console {
            stdin: &mut io::stdin().lock(),
            out: &mut out,
            err: &mut io::stderr(),
            environment: &environment,
        },
    );
    // `run` has flushed and reported; what is left after a broken pipe goes nowhere.
    let (_stdout, _unwritten) = out.into_parts();
    let _closed = io::stderr().flush();
    ExitCode::from(status)
}
