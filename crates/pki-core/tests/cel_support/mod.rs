//! A mount with a root, and the roles that a test writes.

use std::sync::Arc;

use openssl::x509::{X509, X509Req};
use pki_core::error::Error;
use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use serde_json::{Map, Value, json};

pub(crate) struct World(Engine);

/// What a request was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) data: Value,
    pub(crate) warnings: Vec<String>,
    pub(crate) lease: Option<String>,
}

impl Answer {
    /// The certificate in it, as `openssl x509 -text` shows it.
    pub(crate) fn certificate_text(&self) -> String {
        let pem = self.data["certificate"].as_str().unwrap();
        let certificate = X509::from_pem(pem.as_bytes()).unwrap();
        String::from_utf8(certificate.to_text().unwrap()).unwrap().replace(" = ", "=")
    }
}

/// A program without variables.
pub(crate) fn program(expression: &str) -> Value {
    json!({ "expression": expression })
}

impl World {
    pub(crate) fn new() -> Self {
        let engine =
            Engine::new(Arc::new(MemoryStore::new()), Arc::new(Given::key([7; 32])), Env::system());
        engine.enable("pki").unwrap();
        let world = Self(engine);
        world.root(json!({}));
        world
    }

    /// Makes another root, which becomes the default.
    pub(crate) fn root(&self, more: Value) {
        let mut data = json!({ "common_name": "Root", "key_type": "rsa", "ttl": "700h" });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.write("root/generate/internal", data).unwrap();
        self.write("config/issuers", json!({ "default": made.data["issuer_id"] })).unwrap();
    }

    pub(crate) fn role(&self, name: &str, program: Value) {
        self.write(&format!("cel/roles/{name}"), json!({ "cel_program": program })).unwrap();
    }

    /// A CSR for a host, in PEM.
    pub(crate) fn csr(&self, name: &str) -> String {
        let data = json!({ "common_name": name, "key_type": "ec" });
        let made = self.write("intermediate/generate/internal", data).unwrap();
        made.data["csr"].as_str().unwrap().to_owned()
    }

    /// The same CSR with another signature.
    pub(crate) fn forged(&self, csr: &str) -> String {
        let mut der = X509Req::from_pem(csr.as_bytes()).unwrap().to_der().unwrap();
        *der.last_mut().unwrap() ^= 1;
        String::from_utf8(X509Req::from_der(&der).unwrap().to_pem().unwrap()).unwrap()
    }

    pub(crate) fn read(&self, path: &str) -> Result<Answer, Error> {
        self.call(Operation::Read, path, json!({}))
    }

    pub(crate) fn list(&self, path: &str) -> Result<Answer, Error> {
        self.call(Operation::List, path, json!({}))
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Answer, Error> {
        self.call(Operation::Delete, path, json!({}))
    }

    pub(crate) fn write(&self, path: &str, data: Value) -> Result<Answer, Error> {
        self.call(Operation::Write, path, data)
    }

    pub(crate) fn patch(&self, path: &str, data: Value) -> Result<Answer, Error> {
        self.call(Operation::Patch, path, data)
    }

    /// A write must be refused, with these words.
    #[track_caller]
    pub(crate) fn refuses(&self, path: &str, data: Value, want: &str) {
        let shown = data.to_string();
        refused(self.write(path, data), want, &shown);
    }

    #[track_caller]
    pub(crate) fn patch_refuses(&self, path: &str, data: Value, want: &str) {
        let shown = data.to_string();
        refused(self.patch(path, data), want, &shown);
    }

    fn call(&self, operation: Operation, path: &str, data: Value) -> Result<Answer, Error> {
        let Value::Object(data) = data else { unreachable!("parameters are an object") };
        let path = format!("pki/{path}");
        let mut response = self.0.handle(Request { operation, path, data })?;
        let data = match std::mem::replace(&mut response.body, Body::Null) {
            Body::Data(fields) => fields,
            Body::Empty | Body::Null | Body::Accepted | Body::Raw { .. } => Map::new(),
        };
        let lease = response.lease.as_ref().map(|lease| lease.id.clone());
        Ok(Answer { data: Value::Object(data), warnings: response.warnings.clone(), lease })
    }
}

#[track_caller]
fn refused(outcome: Result<Answer, Error>, want: &str, shown: &str) {
    let problem = outcome.map_or_else(|problem| problem.to_string(), |_| "not refused".to_owned());
    assert!(problem.contains(want), "{shown}: {problem}; wanted {want}");
}
