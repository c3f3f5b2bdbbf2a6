//! An issuer, as the engine shows it to anyone who may read it.

use pki_core::x509::Certificate;
use serde_json::{Map, Value};

use super::{read, text, texts};
use crate::failure::explained;
use crate::session::Session;

/// An issuer whose certificate is understood.
pub(super) struct Issuer {
    pub(super) certificate: Certificate,
    /// Its own certificate, and those above it.
    pub(super) chain: Vec<Certificate>,
    pub(super) fields: Map<String, Value>,
}

impl Issuer {
    /// Reads `mount/issuer/ref`.
    ///
    /// # Errors
    ///
    /// Why there is none, after these words.
    pub(super) fn read(session: &Session, path: &str, lead: &str) -> Result<Self, String> {
        let fields = read(session, path).map_err(|error| explained(lead, &error))?;
        Self::from_fields(fields).map_err(|problem| format!("{lead}: {problem}"))
    }

    fn from_fields(fields: Map<String, Value>) -> Result<Self, String> {
        if fields.is_empty() {
            return Err("nil response received, certificate field unavailable".to_owned());
        }
        let parse = |pem: &str| Certificate::from_pem(pem).map_err(|problem| problem.to_string());
        Ok(Self {
            certificate: parse(text(&fields, "certificate"))?,
            chain: texts(fields.get("ca_chain"))
                .iter()
                .map(|pem| parse(pem))
                .collect::<Result<_, _>>()?,
            fields,
        })
    }
}

/// The mount and the reference in `/mount/issuer/ref`.
pub(super) fn parts(path: &str) -> Option<(&str, &str)> {
    let (mount, reference) = path.trim_matches('/').rsplit_once('/')?;
    let mount = mount.strip_suffix("/issuer")?;
    (!mount.is_empty() && !reference.is_empty()).then_some((mount, reference))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_issuers_have_a_mount_and_a_reference() {
        for (path, want) in [
            ("/pki/issuer/root", Some(("pki", "root"))),
            ("a/b/issuer/issuer/", Some(("a/b", "issuer"))),
            ("pki/issuer/", None),
            ("issuer/root", None),
            ("pki", None),
            ("pki/issuers/root", None),
        ] {
            assert_eq!(parts(path), want, "{path}");
        }
    }

    #[test]
    fn an_issuer_without_a_certificate_is_none() {
        let fields = |value: Value| value.as_object().cloned().unwrap_or_default();
        let problem = |value| Issuer::from_fields(fields(value)).err().unwrap_or_default();
        assert!(problem(serde_json::json!({})).starts_with("nil response"));
        assert!(!problem(serde_json::json!({"certificate": "x"})).is_empty());
    }
}
