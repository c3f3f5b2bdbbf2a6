//! What the policy tests share.

use pki_core::field::{Fields as _, Input};
use pki_core::policy::Role;
use serde_json::Value;

/// The role that a caller makes by typing these settings; those that come later win.
pub(crate) fn role(settings: &[(&str, &str)]) -> Role {
    let settings: Input =
        settings.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
    let parsed = Role::parse(&settings).unwrap();
    parsed.validated().unwrap().0
}

/// Texts as a request holds them.
#[allow(dead_code, reason = "some of the tests that share this have no lists")]
pub(crate) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
