//! What the figures were measured on.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use pki_core::domain::time::Timestamp;

use super::report::Facts;

pub(super) fn facts(pkictl: &Path, is_quick: bool) -> Facts {
    let quick = if is_quick { " -quick" } else { "" };
    vec![
        ("command", format!("cargo xtask bench{quick} -write")),
        ("date", date()),
        ("processor", processor()),
        ("cores", thread::available_parallelism().map_or(1, usize::from).to_string()),
        ("load when done", load()),
        ("pkictl", said(Command::new(pkictl).arg("version"))),
        ("OpenSSL of pkictl", openssl(pkictl)),
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
