//! Others that do the same, where they are installed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::clock::quiet;
use super::server::Bao;

/// Someone else who issues a certificate on P-256 with a new key.
pub(super) struct Peer {
    pub(super) name: &'static str,
    /// Commands that issue one.
    pub(super) issue: Box<dyn Fn() -> Vec<Command>>,
    /// Issued for one figure.
    pub(super) count: u32,
}

const TEMPLATE: &str = "cn = \"a.example.com\"\ndns_name = \"a.example.com\"\n\
    expiration_days = 1\nsigning_key\ntls_www_server\ntls_www_client\n";

const CFSSL: &str = r#"{"CN": "a.example.com", "hosts": ["a.example.com"],
    "key": {"algo": "ecdsa", "size": 256}}"#;

/// Programs that only write files.
pub(super) fn local(folder: &Path) -> Result<Vec<Peer>> {
    if !is_installed("openssl") {
        return Ok(Vec::new());
    }
    quiet(&mut make_root(folder))?;
    let mut peers = vec![openssl(folder)];
    if is_installed("certtool") {
        fs::write(folder.join("leaf.cfg"), TEMPLATE)?;
        peers.push(certtool(folder));
    }
    if is_installed("cfssl") {
        fs::write(folder.join("leaf.json"), CFSSL)?;
        peers.push(cfssl(folder));
    }
    Ok(peers)
}

/// Makes a root with its key in a directory.
pub(super) fn make_root(folder: &Path) -> Command {
    program(
        "openssl",
        folder,
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-subj",
            "/CN=root",
            "-days",
            "365",
        ],
    )
}

fn cfssl(folder: &Path) -> Peer {
    let folder = folder.to_owned();
    let words = ["gencert", "-ca", "ca.pem", "-ca-key", "ca.key", "-loglevel=5", "leaf.json"];
    let issue = move || vec![program("cfssl", &folder, &words)];
    Peer { name: "cfssl gencert", issue: Box::new(issue), count: 40 }
}

fn openssl(folder: &Path) -> Peer {
    let folder = folder.to_owned();
    let issue = move || {
        vec![program(
            "openssl",
            &folder,
            &[
                "req",
                "-x509",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                "leaf.key",
                "-out",
                "leaf.pem",
                "-subj",
                "/CN=a.example.com",
                "-addext",
                "subjectAltName=DNS:a.example.com",
                "-days",
                "1",
            ],
        )]
    };
    Peer { name: "openssl req -x509 -CA", issue: Box::new(issue), count: 40 }
}

/// It makes keys and certificates with two commands.
fn certtool(folder: &Path) -> Peer {
    let folder = folder.to_owned();
    let issue = move || {
        let key = [
            "--generate-privkey",
            "--key-type",
            "ecdsa",
            "--curve",
            "secp256r1",
            "--outfile",
            "leaf.key",
        ];
        let certificate = [
            "--generate-certificate",
            "--load-privkey",
            "leaf.key",
            "--load-ca-certificate",
            "ca.pem",
            "--load-ca-privkey",
            "ca.key",
            "--template",
            "leaf.cfg",
            "--outfile",
            "leaf.pem",
        ];
        vec![program("certtool", &folder, &key), program("certtool", &folder, &certificate)]
    };
    Peer { name: "certtool (two commands)", issue: Box::new(issue), count: 40 }
}

/// The client of OpenBao's server.
pub(super) fn bao(server: &Bao) -> Peer {
    let client = server.client().clone();
    let issue = move || {
        let words = ["write", "pki/issue/web", "common_name=a.example.com", "ttl=24h"];
        vec![client.command(&words)]
    };
    Peer { name: "bao write", issue: Box::new(issue), count: 5 }
}

/// The words that write to a path.
pub(super) fn words(path: &str, data: &Value) -> Vec<String> {
    let fields = data.as_object().into_iter().flatten();
    let fields = fields.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("")));
    ["write".to_owned(), path.to_owned()].into_iter().chain(fields).collect()
}

fn program(name: &str, folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.current_dir(folder).args(words);
    command
}

/// Whether a program is there to be started.
pub(crate) fn is_installed(program: impl Into<OsString>) -> bool {
    let program = program.into();
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path);
    Path::new(&program).is_file() || folders.any(|folder| folder.join(&program).is_file())
}

/// A program that does nothing, built here; none without a compiler.
pub(super) fn nothing(folder: &Path) -> Result<Option<PathBuf>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    if !is_installed(&rustc) {
        return Ok(None);
    }
    let source = folder.join("nothing.rs");
    fs::write(&source, "fn main() {}\n")?;
    let built = folder.join("nothing");
    let mut command = Command::new(rustc);
    command.args(["-O", "-C", "panic=abort", "-C", "strip=symbols", "-o"]).arg(&built).arg(&source);
    quiet(&mut command).context("building a program that does nothing")?;
    Ok(Some(built))
}
