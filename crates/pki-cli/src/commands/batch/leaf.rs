//! What a row of a batch can be: a request to `issue` or to `sign`.

use pki_core::api::endpoint::{Check, Reply};
use pki_core::domain::secret::Secret;
use pki_core::field::{Field, FieldError, Fields as _, Input};
use pki_core::paths::issue::{Issue, IssuedCertificate};
use pki_core::paths::sign::Sign;
use pki_core::x509::CertificationRequest;
use pki_core::{Engine, Error, Operation, Request};
use serde_json::{Map, Value, json};

use super::folder::Made;
use super::rows::Columns;
use crate::failure::Failure;

/// Parameters that are the path's, or are the same for all rows.
const FIXED: [&str; 3] = ["role", "issuer_ref", "format"];

/// Where the rows are sent, below a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) verb: Verb,
    role: String,
    issuer_ref: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Issue,
    Sign,
}

impl Target {
    /// # Errors
    ///
    /// When it is not a path that a batch can be for.
    pub(super) fn parse(path: &str) -> Result<Self, Failure> {
        let parts: Vec<&str> = path.split('/').collect();
        let (issuer_ref, verb, role) = match parts.as_slice() {
            ["issuer", issuer, verb, role] => (Some((*issuer).to_owned()), *verb, *role),
            [verb, role] => (None, *verb, *role),
            _ => (None, "", ""),
        };
        let verb = match verb {
            "issue" => Verb::Issue,
            "sign" => Verb::Sign,
            _ => {
                return Err(Failure::Usage(format!(
                    "a batch is for issue/ROLE or sign/ROLE below a mount, not for {path:?}"
                )));
            }
        };
        Ok(Self { verb, role: role.to_owned(), issuer_ref })
    }

    /// Makes sure that the role and the issuer are there: that is the same for all rows.
    ///
    /// # Errors
    ///
    /// As each row would be refused.
    pub(super) fn require(&self, engine: &Engine, mount: &str) -> Result<(), Error> {
        let read = |path: String| {
            let path = format!("{mount}/{path}");
            engine.handle(Request { operation: Operation::Read, path, data: Map::new() }).map(drop)
        };
        read(format!("roles/{}", self.role)).map_err(|error| match error {
            Error::Absent => Error::Refused(format!("unknown role: {}", self.role)),
            error => error,
        })?;
        self.issuer_ref.iter().try_for_each(|issuer| read(format!("issuer/{issuer}")))
    }

    /// All parameters of a row.
    pub(super) fn complete(&self, mut data: Map<String, Value>) -> Input {
        data.insert("role".to_owned(), self.role.as_str().into());
        if let Some(issuer) = &self.issuer_ref {
            data.insert("issuer_ref".to_owned(), issuer.as_str().into());
        }
        data
    }
}

/// A request that can be a row.
pub(super) trait Leaf: Check<Reply = IssuedCertificate> + Sync {
    /// What its rows look like.
    fn columns() -> Columns;

    /// # Errors
    ///
    /// All parameters that do not have their types.
    fn read(data: &Input) -> Result<Self, Vec<FieldError>> {
        Self::parse(data)
    }

    /// The name that its file is called after; empty if there is none.
    fn name(&self) -> String;
}

impl Leaf for Issue {
    fn columns() -> Columns {
        Columns { known: free(Self::FIELDS), needed: None, from_file: None }
    }

    fn name(&self) -> String {
        self.names.common_name.clone()
    }
}

impl Leaf for Sign {
    fn columns() -> Columns {
        Columns { known: free(Self::FIELDS), needed: Some("csr"), from_file: Some("csr") }
    }

    fn name(&self) -> String {
        if !self.names.common_name.is_empty() {
            return self.names.common_name.clone();
        }
        let request = CertificationRequest::from_pem(&self.csr).ok();
        request.and_then(|request| request.subject().common_name()).unwrap_or_default()
    }
}

fn free(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().map(|field| field.name).filter(|name| !FIXED.contains(name)).collect()
}

/// What becomes of a row, counted from 1, on a line of the input.
pub(super) fn made(row: u64, line: u64, name: &str, reply: &Reply<IssuedCertificate>) -> Made {
    let issued = &reply.data;
    let file = file_name(row, name);
    let mut result = json!({
        "row": row,
        "line": line,
        "serial_number": issued.serial_number,
        "expiration": issued.expiration,
        "file": file,
        "warnings": reply.warnings,
    });
    if let (Some(lease), Some(members)) = (&reply.lease, result.as_object_mut()) {
        members.insert("lease_id".to_owned(), lease.id.as_str().into());
    }
    let result = result.as_object_mut().map(std::mem::take).unwrap_or_default();
    Made { file, pem: bundle(issued), result }
}

/// The private key, if it was made here, the certificate and its chain.
fn bundle(issued: &IssuedCertificate) -> Secret<String> {
    let key = issued.private_key.iter().map(|key| key.expose().as_str());
    let chain = issued.ca_chain.iter().flatten().map(String::as_str);
    let parts: Vec<&str> = key.chain([issued.certificate.as_str()]).chain(chain).collect();
    let size = parts.iter().map(|part| part.len() + 1).sum();
    let mut text = String::with_capacity(size);
    for part in parts {
        text.push_str(part.trim_end());
        text.push('\n');
    }
    Secret::new(text)
}

/// `000017-www.example.com.pem`: the row's number keeps names apart, whatever a row is called.
fn file_name(row: u64, name: &str) -> String {
    const LONGEST: usize = 100;
    let harmless = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => c,
        _ => '_',
    };
    let name: String = name.chars().take(LONGEST).map(harmless).collect();
    let separator = if name.is_empty() { "" } else { "-" };
    format!("{row:06}{separator}{name}.pem")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_harmless_and_short() {
        assert_eq!(file_name(17, "www.example.com"), "000017-www.example.com.pem");
        assert_eq!(file_name(1, "../../etc/*\n"), "000001-.._.._etc___.pem");
        assert_eq!(file_name(1_234_567, ""), "1234567.pem");
        assert_eq!(file_name(1, &"ä".repeat(300)).len(), "000001-.pem".len() + 100);
    }

    #[test]
    fn a_batch_is_for_leaves_under_a_role() {
        let role = "web".to_owned();
        let issuer_ref = Some("ca".to_owned());
        assert_eq!(
            Target::parse("issuer/ca/sign/web").ok(),
            Some(Target { verb: Verb::Sign, role: role.clone(), issuer_ref })
        );
        let issue = Target { verb: Verb::Issue, role, issuer_ref: None };
        assert_eq!(Target::parse("issue/web").ok(), Some(issue));
        for path in ["roles/web", "issue", "issue/a/b", "sign-verbatim/web", ""] {
            assert!(Target::parse(path).is_err(), "{path}");
        }
    }
}
