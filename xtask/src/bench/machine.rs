//! What the figures were measured on.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pki_core::domain::time::Timestamp;

use super::peers::is_installed;
use super::report::Facts;
use crate::bao;

pub(super) fn facts(pkictl: &Path, flag: &str, took: Duration) -> Facts {
    vec![
        ("command", format!("cargo xtask bench{flag} -write")),
        ("took", format!("{} s", took.as_secs())),
        ("date", date()),
        ("processor", processor()),
        ("cores", thread::available_parallelism().map_or(1, usize::from).to_string()),
        ("load when done", load()),
        ("pkictl", said(Command::new(pkictl).arg("version"))),
        ("OpenSSL of pkictl", openssl(pkictl)),
        ("beside it", peers()),
    ]
}

fn date() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
    Timestamp::from_unix(seconds).rfc3339().chars().take(10).collect()
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, name)| name);
    name.to_owned()
}

/// How many processes wanted to run in the last minute.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// The others that are installed, and their versions.
fn peers() -> String {
    let programs: [(OsString, &str); 4] = [
        ("openssl".into(), "version"),
        ("certtool".into(), "--version"),
        ("cfssl".into(), "version"),
        (bao::program(), "version"),
    ];
    let version = |(program, word): (OsString, &str)| {
        let text = said(Command::new(&program).arg(word));
        let first = text.lines().next().unwrap_or_default().to_owned();
        let name = Path::new(&program).file_name().unwrap_or(&program).display().to_string();
        if first.starts_with("Version") { format!("{name} {first}") } else { first }
    };
    let found = programs.into_iter().filter(|(program, _)| is_installed(program));
    found.map(version).collect::<Vec<_>>().join("; ")
}

/// Which OpenSSL a program uses: that of the system, or one in itself.
fn openssl(pkictl: &Path) -> String {
    if said(Command::new("ldd").arg(pkictl)).contains("libcrypto") {
        format!("the system's, {}", said(Command::new("openssl").arg("version")))
    } else {
        "built in".to_owned()
    }
}

/// What a program prints.
pub(super) fn said(command: &mut Command) -> String {
    let output = command.output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default().trim().to_owned()
}
