//! What is asked and what is answered, before and after types.

use serde_json::{Map, Value};
use zeroize::Zeroize as _;

/// What the caller asks of a path; Vault's logical operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// GET.
    Read,
    /// POST or PUT.
    Write,
    /// PATCH with a JSON merge patch.
    Patch,
    /// LIST, or GET with `list=true`.
    List,
    /// DELETE.
    Delete,
}

/// One request as a caller makes it: nothing has a type yet.
pub struct Request {
    /// What to do.
    pub operation: Operation,
    /// The whole path, mount included: `pki/issue/web`, `sys/mounts`.
    pub path: String,
    /// Parameters: a JSON object, or text from `key=value` words.
    pub data: Map<String, Value>,
}

/// What a request was answered with.
pub struct Response {
    /// The answer proper.
    pub body: Body,
    /// What the caller should know, in order.
    pub warnings: Vec<String>,
    /// The lease that came with the answer, if any.
    pub lease: Option<Lease>,
}

/// The answer proper.
pub enum Body {
    /// Done, and nothing to say (HTTP 204).
    Empty,
    /// Done, with an empty answer (HTTP 200, `data` null); warnings may say why.
    Null,
    /// Taken on (HTTP 202, `data` null): clients of a server would ask later how it went. Such
    /// answers have no name of their own.
    Accepted,
    /// Fields by name, in the order in which they are to be shown where order is kept.
    Data(Map<String, Value>),
    /// Bytes of a format of their own, outside the envelope.
    Raw {
        /// The media type.
        content_type: &'static str,
        /// The bytes, exactly.
        bytes: Vec<u8>,
    },
}

/// Vault's promise to revoke what was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// `mount/issue/role/…`.
    pub id: String,
    /// Seconds from now.
    pub duration: u64,
    /// Whether it can be extended.
    pub renewable: bool,
}

impl Drop for Response {
    /// Answers may hold private keys; they do not stay in memory.
    fn drop(&mut self) {
        match &mut self.body {
            Body::Data(fields) => fields.iter_mut().for_each(|(_, value)| wipe(value)),
            Body::Raw { bytes, .. } => bytes.zeroize(),
            Body::Empty | Body::Null | Body::Accepted => (),
        }
    }
}

/// Overwrites every text in a value.
pub(crate) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, value)| wipe(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}
