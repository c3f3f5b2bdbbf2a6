//! A server of OpenBao, for as long as it is needed.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use anyhow::{Result, bail};

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
    /// The program with these words, as a client of the server.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).env("BAO_ADDR", format!("http://{}", self.address));
        command.env("BAO_TOKEN", TOKEN).env("HOME", &self.home);
        command
    }
}

/// A server with its storage in memory, ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) client: Client,
}

impl Server {
    /// Starts one on a free port, and waits until it answers. What it writes goes into a folder.
    pub(crate) fn start(program: &OsString, folder: &Path) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let client = Client { program: program.clone(), address, home: folder.to_owned() };
        let listen = format!("-dev-listen-address={}", client.address);
        let token = format!("-dev-root-token-id={TOKEN}");
        let words = ["server", "-dev", &token, "-dev-no-store-token", &listen];
        let mut command = client.command(&words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Self { child: command.spawn()?, client };
        for _ in 0..PATIENCE {
            thread::sleep(Duration::from_millis(100));
            let status = server.client.command(&["status"]).stdin(Stdio::null()).output()?;
            if status.status.success() {
                return Ok(server);
            }
            if let Some(ended) = server.child.try_wait()? {
                bail!("the server ended at once: {ended}");
            }
        }
        bail!("the server did not start")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to tell when it cannot be ended.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
