//! A mount as the checks see it: what they ask for is read when they ask.

use std::cell::OnceCell;

use pki_core::domain::time::Timestamp;
use pki_core::x509::Certificate;
use pki_core::{CrlValidity, Error, ErrorClass, Operation};
use serde_json::{Map, Value};

use crate::commands::pki::{fields, list, read, text, texts};
use crate::session::Session;
use crate::system;

/// Why a check could not be made.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A setting of it is wrong.
    Setting(String),
    /// There is no such path in this version.
    Unsupported(String),
    /// The path may not be read.
    Forbidden(String),
    /// Anything else; no other check would fare better.
    Failed(String),
}

/// An issuer of the mount.
pub(super) struct Issuer {
    pub(super) id: String,
    pub(super) certificate: Certificate,
}

/// A role of the mount.
pub(super) struct Role {
    pub(super) name: String,
    pub(super) fields: Map<String, Value>,
}

pub(super) struct Mount<'a> {
    session: &'a Session,
    path: &'a str,
    /// All checks look at one moment.
    pub(super) now: Timestamp,
    issuers: OnceCell<Vec<Issuer>>,
    roles: OnceCell<Vec<Role>>,
}

impl<'a> Mount<'a> {
    pub(super) fn new(session: &'a Session, path: &'a str) -> Self {
        Self { session, path, now: system::now(), issuers: OnceCell::new(), roles: OnceCell::new() }
    }

    /// How findings name a path of the mount.
    pub(super) fn endpoint(&self, path: &str) -> String {
        format!("/{}/{path}", self.path)
    }

    /// How findings name the settings of the mount.
    pub(super) fn tune_endpoint(&self) -> String {
        format!("/sys/mounts/{}/tune", self.path)
    }

    /// The settings of the mount.
    pub(super) fn tune(&self) -> Result<Map<String, Value>, Trouble> {
        let endpoint = self.tune_endpoint();
        read(self.session, &endpoint).map_err(|error| trouble(endpoint, &error))
    }

    /// The fields of what is at a path of the mount.
    pub(super) fn read(&self, path: &str) -> Result<Map<String, Value>, Trouble> {
        let endpoint = self.endpoint(path);
        let answer = self.session.ask(Operation::Read, &endpoint, Map::new());
        match answer {
            Ok(answer) => Ok(fields(answer)),
            Err(Error::Absent) => Ok(Map::new()),
            Err(error) => Err(trouble(endpoint, &error)),
        }
    }

    /// The keys below a path of the mount.
    pub(super) fn list(&self, path: &str) -> Result<Vec<String>, Trouble> {
        let endpoint = self.endpoint(path);
        list(self.session, &endpoint).map_err(|error| trouble(endpoint, &error))
    }

    /// The first keys below a path of the mount that can be listed in pages.
    pub(super) fn first(&self, path: &str, most: usize) -> Result<Vec<String>, Trouble> {
        if most == 0 {
            // As a limit it would be none.
            return Ok(Vec::new());
        }
        let endpoint = self.endpoint(path);
        let limit = Map::from_iter([("limit".to_owned(), Value::from(most))]);
        match self.session.ask(Operation::List, &endpoint, limit) {
            Ok(answer) => Ok(texts(fields(answer).get("keys"))),
            Err(Error::Absent) => Ok(Vec::new()),
            Err(error) => Err(trouble(endpoint, &error)),
        }
    }

    /// How many certificates are stored. They are counted where they are.
    pub(super) fn certificate_count(&self) -> Result<usize, Trouble> {
        let counted = self.session.certificate_count(self.path);
        let count = counted.map_err(|error| trouble(self.endpoint("certs"), &error))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// From when until when the CRLs of an issuer are good. Their entries are not looked at.
    pub(super) fn crl_validity(&self, issuer: &Issuer) -> Result<CrlValidity, Trouble> {
        let endpoint = self.endpoint(&format!("issuer/{}/crl", issuer.id));
        let found = self.session.crl_validity(self.path, &issuer.id);
        found.map_err(|error| trouble(endpoint, &error))
    }

    pub(super) fn issuers(&self) -> Result<&[Issuer], Trouble> {
        if self.issuers.get().is_none() {
            let ids = self.list("issuers")?;
            let found: Vec<Issuer> =
                ids.into_iter().map(|id| self.issuer(id)).collect::<Result<_, _>>()?;
            if found.is_empty() {
                return Err(Trouble::Failed(
                    "this mount lacks any configured issuers, limiting health check usefulness"
                        .to_owned(),
                ));
            }
            self.issuers.set(found).unwrap_or_default();
        }
        Ok(self.issuers.get().map(Vec::as_slice).unwrap_or_default())
    }

    fn issuer(&self, id: String) -> Result<Issuer, Trouble> {
        let fields = self.read(&format!("issuer/{id}/json"))?;
        let certificate = Certificate::from_pem(text(&fields, "certificate"));
        let certificate = certificate
            .map_err(|problem| Trouble::Failed(format!("issuer {id} cannot be read: {problem}")))?;
        Ok(Issuer { id, certificate })
    }

    pub(super) fn roles(&self) -> Result<&[Role], Trouble> {
        if self.roles.get().is_none() {
            let read = |name: String| {
                let fields = self.read(&format!("roles/{name}"))?;
                Ok(Role { name, fields })
            };
            let found: Vec<Role> =
                self.list("roles")?.into_iter().map(read).collect::<Result<_, Trouble>>()?;
            self.roles.set(found).unwrap_or_default();
        }
        Ok(self.roles.get().map(Vec::as_slice).unwrap_or_default())
    }
}

fn trouble(endpoint: String, error: &Error) -> Trouble {
    match (error, error.class()) {
        (Error::UnsupportedPath | Error::UnsupportedOperation, _) => Trouble::Unsupported(endpoint),
        (_, ErrorClass::PermissionDenied) => Trouble::Forbidden(endpoint),
        _ => Trouble::Failed(format!("{endpoint}: {error}")),
    }
}
