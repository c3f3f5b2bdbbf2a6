//! A server of OpenBao, for as long as it is needed.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// The token that may do everything on a server of ours.
pub(crate) const TOKEN: &str = "root";

/// The most that a server may take to start, in tenths of a second.
const PATIENCE: u32 = 150;

/// The program named by `$BAO`, or `bao`.
pub(crate) fn program() -> OsString {
    env::var_os("BAO").unwrap_or_else(|| "bao".into())
}

/// How to reach a server.
#[derive(Clone)]
pub(crate) struct Client {
    program: OsString,
    /// Host and port.
    pub(crate) address: String,
    home: PathBuf,
}

impl Client {
    fn new(program: &OsString, address: String, home: &Path) -> Self {
        Self { program: program.clone(), address, home: home.to_owned() }
    }

    /// The program with these words, as a client of the server.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).env("BAO_ADDR", format!("http://{}", self.address));
        command.env("BAO_TOKEN", TOKEN).env("HOME", &self.home);
        command
    }

    fn succeeds(&self, words: &[&str]) -> Result<bool> {
        Ok(self.command(words).stdin(Stdio::null()).output()?.status.success())
    }

    /// What it prints with these words.
    fn said(&self, words: &[&str]) -> Result<String> {
        let output = self.command(words).stdin(Stdio::null()).output()?;
        let problem = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "bao {words:?}: {problem}");
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// A server, ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) client: Client,
}

impl Server {
    /// Starts one with its storage in memory on a free port, and waits until it answers. What it
    /// writes goes into a folder.
    pub(crate) fn start(program: &OsString, folder: &Path) -> Result<Self> {
        let client = Client::new(program, free_port()?, folder);
        let listen = format!("-dev-listen-address={}", client.address);
        let token = format!("-dev-root-token-id={TOKEN}");
        let words = ["server", "-dev", &token, "-dev-no-store-token", &listen];
        let mut server = Self::spawn(client, &words)?;
        server.wait_until(|client| client.succeeds(&["status"]))?;
        Ok(server)
    }

    /// The same with its storage on disk, in a folder, as a cluster of one.
    pub(crate) fn start_on_disk(program: &OsString, folder: &Path) -> Result<Self> {
        let client = Client::new(program, free_port()?, folder);
        let path = folder.join("server.hcl");
        fs::create_dir(folder.join("raft"))?;
        fs::write(&path, configuration(&client.address, &free_port()?, &folder.join("raft")))?;
        let config = format!("-config={}", path.display());
        let mut server = Self::spawn(client, &["server", &config])?;
        // What is not initialized answers, with an exit status of 2.
        server.wait_until(|client| {
            let status = client.command(&["status"]).stdin(Stdio::null()).output()?.status;
            Ok(status.code() == Some(2))
        })?;
        server.unseal()?;
        server.wait_until(|client| client.succeeds(&["secrets", "list"]))?;
        Ok(server)
    }

    fn spawn(client: Client, words: &[&str]) -> Result<Self> {
        let mut command = client.command(words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let program = client.program.display();
        let child =
            command.spawn().with_context(|| format!("cannot start {program} (see $BAO)"))?;
        Ok(Self { child, client })
    }

    /// Gives a new server its keys, and a token that is known.
    fn unseal(&mut self) -> Result<()> {
        let words = ["operator", "init", "-key-shares=1", "-key-threshold=1", "-format=json"];
        let made: Value = serde_json::from_str(&self.client.said(&words)?)?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(ToOwned::to_owned);
        let key = text(made.pointer("/unseal_keys_b64/0")).context("no key was made")?;
        let root = text(made.get("root_token")).context("no token was made")?;
        self.client.said(&["operator", "unseal", &key])?;
        let token = root.as_str();
        self.wait_until(|client| {
            let id = format!("-id={TOKEN}");
            let mut make = client.command(&["token", "create", &id, "-policy=root"]);
            Ok(make.env("BAO_TOKEN", token).stdin(Stdio::null()).output()?.status.success())
        })
    }

    fn wait_until(&mut self, is_so: impl Fn(&Client) -> Result<bool>) -> Result<()> {
        for _ in 0..PATIENCE {
            thread::sleep(Duration::from_millis(100));
            if is_so(&self.client)? {
                return Ok(());
            }
            if let Some(ended) = self.child.try_wait()? {
                bail!("the server ended at once: {ended}");
            }
        }
        bail!("the server did not start")
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to tell when it cannot be ended.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn free_port() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// The settings of a server on disk.
fn configuration(address: &str, cluster: &str, storage: &Path) -> String {
    let storage = storage.display();
    format!(
        "storage \"raft\" {{\n path = \"{storage}\"\n node_id = \"one\"\n}}\n\
         listener \"tcp\" {{\n address = \"{address}\"\n cluster_address = \"{cluster}\"\n \
         tls_disable = true\n}}\n\
         api_addr = \"http://{address}\"\ncluster_addr = \"https://{cluster}\"\n"
    )
}
