//! OpenBao's server as a peer, asked over HTTP on kept connections.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::Plan;
use super::authority::{self, WEB};
use super::clock::{Cost, elsewhere, timed};
use super::peers::is_installed;
use super::report::in_words;
use crate::bao::{self, Client, Server};
use crate::http::Connection;

/// Connections when many are used.
pub(super) const CONNECTIONS: usize = 16;

/// Certificates that are many to a server that tidies.
const MANY: usize = 100_000;

/// The most that a tidy may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Between two questions whether a tidy is done.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A server that runs as long as this.
pub(super) struct Bao {
    server: Server,
    link: Link,
}

/// One connection.
pub(super) struct Link(Connection);

/// The mount with so many certificates.
pub(super) fn mount_of(size: usize) -> String {
    format!("pki-{size}")
}

/// Times that a server tidies for one figure: with many certificates it takes most of a minute,
/// and the difference is one of powers of ten.
pub(super) fn tidies(plan: &Plan, size: usize) -> usize {
    if MANY <= size { 1 } else { plan.pairs }
}

impl Bao {
    /// One with its storage in memory, if there is a program named by `$BAO`, or `bao`.
    pub(super) fn in_memory(folder: &Path) -> Result<Option<Self>> {
        Self::start(|| Server::start(&bao::program(), folder))
    }

    /// One with its storage on disk (raft).
    pub(super) fn on_disk(folder: &Path) -> Result<Option<Self>> {
        Self::start(|| Server::start_on_disk(&bao::program(), folder))
    }

    fn start(start: impl FnOnce() -> Result<Server>) -> Result<Option<Self>> {
        if !is_installed(bao::program()) {
            return Ok(None);
        }
        let server = start()?;
        let link = Link::open(&server.client)?;
        Ok(Some(Self { server, link }))
    }

    pub(super) fn client(&self) -> &Client {
        &self.server.client
    }

    /// Makes a mount like ours.
    pub(super) fn set_up(&mut self, mount: &str) -> Result<()> {
        let config = json!({ "max_lease_ttl": "87600h" });
        let enable = json!({ "type": "pki", "config": config });
        self.link.ask("PUT", &format!("sys/mounts/{mount}"), &enable)?;
        for (path, data) in authority::setup(mount) {
            self.link.ask("PUT", &path, &data)?;
        }
        Ok(())
    }

    /// Makes a mount with so many certificates, half of them revoked.
    pub(super) fn fill(&mut self, size: usize) -> Result<()> {
        eprintln!("bench: bao with {}", in_words(size));
        let mount = mount_of(size);
        self.set_up(&mount)?;
        let serials = self.issue_many(&mount, size, "24h")?;
        self.revoke_all(&mount, &serials.into_iter().step_by(2).collect::<Vec<_>>()).map(drop)
    }

    /// Issues so many on many connections, and says their serial numbers.
    pub(super) fn issue_many(&self, mount: &str, count: usize, ttl: &str) -> Result<Vec<String>> {
        self.in_parallel(count, &|link, _| link.issue(mount, WEB, ttl))
    }

    /// Revokes all of these on many connections. No CRL is made meanwhile, and every time
    /// afterwards. Says how many seconds on a clock it took.
    pub(super) fn revoke_all(&mut self, mount: &str, serials: &[String]) -> Result<f64> {
        let rebuild = |link: &mut Link, later: bool| {
            let data = json!({ "auto_rebuild": later });
            link.ask("PUT", &format!("{mount}/config/crl"), &data).map(drop)
        };
        rebuild(&mut self.link, true)?;
        let revoke = |link: &mut Link, n: usize| {
            serials.get(n).map_or(Ok(()), |serial| link.revoke(mount, serial))
        };
        let seconds = timed(|| self.in_parallel(serials.len(), &revoke).map(drop))?;
        rebuild(&mut self.link, false)?;
        self.link.ask("GET", &format!("{mount}/crl/rotate"), &json!({}))?;
        Ok(seconds)
    }

    /// Has many connections do one after the other what is left of so much.
    fn in_parallel<T: Send>(
        &self,
        count: usize,
        work: &(dyn Fn(&mut Link, usize) -> Result<T> + Sync),
    ) -> Result<Vec<T>> {
        let next = AtomicUsize::new(0);
        let worker = || {
            let mut link = Link::open(self.client())?;
            let mut done = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if count <= n {
                    return Ok(done);
                }
                done.push(work(&mut link, n)?);
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(worker)).collect();
            let mut all = Vec::new();
            for worker in workers {
                let done: Result<Vec<T>> =
                    worker.join().unwrap_or_else(|_| bail!("a connection's thread panicked"));
                all.extend(done?);
            }
            Ok(all)
        })
    }

    /// What something costs the server. Time on a processor is that of the server alone.
    pub(super) fn cost(&mut self, call: impl FnOnce(&mut Link) -> Result<()>) -> Result<Cost> {
        elsewhere(self.server.process(), || call(&mut self.link))
    }

    /// The same on many connections, for one of so many.
    pub(super) fn cost_of_many(&self, mount: &str, count: usize) -> Result<Cost> {
        let issue = || self.issue_many(mount, count, "24h").map(drop);
        let total = elsewhere(self.server.process(), issue)?;
        Ok(Cost { wall: total.wall / count as f64, cpu: total.cpu / count as f64 })
    }

    pub(super) fn revoke_one(&mut self, mount: &str) -> Result<Cost> {
        let serial = self.link.issue(mount, WEB, "24h")?;
        self.cost(|link| link.revoke(mount, &serial))
    }

    pub(super) fn revoke_and_read(&mut self, mount: &str) -> Result<Cost> {
        let serial = self.link.issue(mount, WEB, "24h")?;
        self.cost(|link| {
            link.revoke(mount, &serial)?;
            link.crl(mount)
        })
    }
}

impl Link {
    fn open(client: &Client) -> Result<Self> {
        Ok(Self(Connection::open(&client.address)?))
    }

    fn send(&mut self, method: &str, path: &str, data: &Value) -> Result<Vec<u8>> {
        let headers = format!("X-Vault-Token: {}\r\n", bao::TOKEN);
        let body = serde_json::to_vec(data)?;
        let reply = self.0.send(method, &format!("/v1/{path}"), &headers, &body)?;
        let said = || String::from_utf8_lossy(&reply.body).into_owned();
        ensure!(reply.status < 300, "bao: {method} {path}: {}: {}", reply.status, said());
        Ok(reply.body)
    }

    /// What is answered to a request.
    fn ask(&mut self, method: &str, path: &str, data: &Value) -> Result<Value> {
        let body = self.send(method, path, data)?;
        if body.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&body)?) }
    }

    /// Issues one, and says its serial number.
    pub(super) fn issue(&mut self, mount: &str, role: &str, ttl: &str) -> Result<String> {
        let data = json!({ "common_name": "a.example.com", "ttl": ttl });
        let issued = self.ask("PUT", &format!("{mount}/issue/{role}"), &data)?;
        let serial = issued.pointer("/data/serial_number").and_then(Value::as_str);
        serial.map(ToOwned::to_owned).context("no serial number")
    }

    fn revoke(&mut self, mount: &str, serial: &str) -> Result<()> {
        let data = json!({ "serial_number": serial });
        self.ask("PUT", &format!("{mount}/revoke"), &data).map(drop)
    }

    fn crl(&mut self, mount: &str) -> Result<()> {
        self.send("GET", &format!("{mount}/crl"), &json!({})).map(drop)
    }

    /// Lists all serial numbers.
    pub(super) fn list(&mut self, mount: &str) -> Result<()> {
        self.send("LIST", &format!("{mount}/certs"), &json!({})).map(drop)
    }

    /// Takes out what has ended, and waits until that is done. Says how many those were.
    pub(super) fn tidy(&mut self, mount: &str) -> Result<u64> {
        let data = json!({
            "tidy_cert_store": true, "tidy_revoked_certs": true, "safety_buffer": "1s",
        });
        self.ask("PUT", &format!("{mount}/tidy"), &data)?;
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            // Asking costs the server something, too.
            thread::sleep((began.elapsed() / 20).clamp(SHORTEST_PAUSE, LONGEST_PAUSE));
            let status = self.ask("GET", &format!("{mount}/tidy-status"), &json!({}))?;
            match status.pointer("/data/state").and_then(Value::as_str) {
                Some("Finished") => {
                    let count = status.pointer("/data/cert_store_deleted_count");
                    return count.and_then(Value::as_u64).context("no count of what was deleted");
                }
                Some("Error") => bail!("bao: tidy: {status}"),
                _ => (),
            }
        }
        bail!("bao: tidy does not end")
    }
}
