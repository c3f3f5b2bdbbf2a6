//! As much of HTTP/1.1 as talking to one server on this machine takes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// A connection that is kept.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(host: &str) -> Result<Self> {
        let stream = TcpStream::connect(host).with_context(|| format!("connecting to {host}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(Self { stream: BufReader::new(stream), host: host.to_owned() })
    }

    /// Sends a request with headers of its own (each with its line end), and waits for the answer.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> Result<Reply> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{headers}\r\n",
            self.host,
            body.len()
        );
        let message = [head.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&message)?;
        self.receive().with_context(|| format!("the answer to {method} {path}"))
    }

    fn receive(&mut self) -> Result<Reply> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|text| text.parse().ok());
        let status = status.with_context(|| format!("no status in {first:?}"))?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            match (name.to_ascii_lowercase().as_str(), value.trim()) {
                ("content-length", digits) => length = digits.parse()?,
                ("transfer-encoding", "chunked") => is_chunked = true,
                _ => (),
            }
        }
        let body = if is_chunked { self.chunks()? } else { self.octets(length)? };
        Ok(Reply { status, body })
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).context("the size of a chunk")?;
            body.extend(self.octets(size)?);
            if !self.line()?.is_empty() {
                bail!("a chunk is longer than it says");
            }
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("the connection was closed");
        }
        Ok(line.trim_end().to_owned())
    }

    fn octets(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut octets = vec![0; count];
        self.stream.read_exact(&mut octets)?;
        Ok(octets)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// The answers to two requests on one connection, from a server that sends these octets.
    fn answers(sent: &'static str) -> Vec<(u16, String)> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(sent.as_bytes()).unwrap();
            stream
        });
        let mut connection = Connection::open(&host).unwrap();
        let answers = (0..2).map(|_| {
            let reply = connection.send("GET", "/", "", b"").unwrap();
            (reply.status, String::from_utf8(reply.body).unwrap())
        });
        let answers = answers.collect();
        drop(server.join().unwrap());
        answers
    }

    #[test]
    fn answers_with_and_without_chunks_follow_each_other() {
        let sent = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                    3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n\
                    HTTP/1.1 404 Not Found\r\nContent-length: 2\r\nX: y\r\n\r\nno";
        assert_eq!(answers(sent), [(200, "abcd".to_owned()), (404, "no".to_owned())]);
    }
}
