//! The two that are asked the same.

use anyhow::{Context as _, Result};
use pki_core::{Body, Operation, Request};
use serde_json::{Map, Value};

use crate::bao;
use crate::bench::authority::Authority;
use crate::http::Connection;

/// Parameters of a request, or fields of an answer.
pub(super) type Fields = Map<String, Value>;

/// What was answered, in terms of HTTP.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) errors: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) data: Fields,
    /// The path of the lease, without the part that is random, and its seconds.
    pub(super) lease: Option<(String, u64)>,
}

impl Answer {
    pub(super) fn is_accepted(&self) -> bool {
        self.status < 300
    }

    /// A field that is a text, or the empty text.
    pub(super) fn text(&self, field: &str) -> &str {
        self.data.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Someone who answers requests.
pub(super) trait Side {
    fn ask(&mut self, operation: Operation, path: &str, data: &Fields) -> Result<Answer>;
}

/// The engine, in this process.
pub(super) struct Ours(Authority);

impl Ours {
    pub(super) fn new() -> Self {
        Self(Authority::empty())
    }
}

impl Side for Ours {
    fn ask(&mut self, operation: Operation, path: &str, data: &Fields) -> Result<Answer> {
        let request = Request { operation, path: path.to_owned(), data: data.clone() };
        let response = match self.0.engine.handle(request) {
            Ok(response) => response,
            Err(problem) => {
                let status = problem.class().http_status();
                return Ok(Answer { status, errors: problem.messages(), ..Answer::default() });
            }
        };
        let (status, data) = match &response.body {
            Body::Empty => (204, Fields::new()),
            Body::Null | Body::Raw { .. } => (200, Fields::new()),
            Body::Accepted => (202, Fields::new()),
            Body::Data(data) => (200, data.clone()),
        };
        let lease = response.lease.as_ref().map(|lease| (stem(&lease.id), lease.duration));
        let warnings = response.warnings.clone();
        Ok(Answer { status, errors: Vec::new(), warnings, data, lease })
    }
}

/// A server of OpenBao.
pub(super) struct Theirs(Connection);

impl Theirs {
    pub(super) fn at(address: &str) -> Result<Self> {
        Ok(Self(Connection::open(address)?))
    }
}

impl Side for Theirs {
    fn ask(&mut self, operation: Operation, path: &str, data: &Fields) -> Result<Answer> {
        let method = match operation {
            Operation::Read => "GET",
            Operation::Write => "PUT",
            Operation::Patch => "PATCH",
            Operation::List => "LIST",
            Operation::Delete => "DELETE",
        };
        let media = match operation {
            Operation::Patch => "application/merge-patch+json",
            _ => "application/json",
        };
        let headers = format!("X-Vault-Token: {}\r\nContent-Type: {media}\r\n", bao::TOKEN);
        let body = serde_json::to_vec(data)?;
        let reply = self.0.send(method, &format!("/v1/{path}"), &headers, &body)?;
        if reply.body.is_empty() {
            return Ok(Answer { status: reply.status, ..Answer::default() });
        }
        let body: Value = serde_json::from_slice(&reply.body)
            .with_context(|| String::from_utf8_lossy(&reply.body).into_owned())?;
        Ok(Answer {
            status: reply.status,
            errors: texts(&body, "errors"),
            warnings: texts(&body, "warnings"),
            data: body.get("data").and_then(Value::as_object).cloned().unwrap_or_default(),
            lease: lease(&body),
        })
    }
}

fn texts(body: &Value, field: &str) -> Vec<String> {
    let items = body.get(field).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn lease(body: &Value) -> Option<(String, u64)> {
    let id = body.get("lease_id").and_then(Value::as_str).filter(|id| !id.is_empty())?;
    Some((stem(id), body.get("lease_duration").and_then(Value::as_u64).unwrap_or_default()))
}

/// The name of a lease without its last part.
fn stem(id: &str) -> String {
    id.rsplit_once('/').map_or("", |(stem, _)| stem).to_owned()
}
