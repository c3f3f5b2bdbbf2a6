//! What both sides are asked: a role and a request under it, or what needs no role.

use pki_core::Operation;
use serde_json::Value;

use super::side::Fields;

/// The mount that has the issuers.
pub(super) const MOUNT: &str = "pki";
/// The mount in which new CAs are made and deleted again.
pub(super) const SCRATCH: &str = "scratch";

/// One question.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) operation: Operation,
    /// With the mount.
    pub(super) path: String,
    pub(super) data: Fields,
}

/// Questions that belong together. The next is only asked if both sides accepted the one before.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) steps: Vec<Step>,
}

impl Step {
    pub(super) fn write(mount: &str, path: &str, data: Fields) -> Self {
        Self { operation: Operation::Write, path: format!("{mount}/{path}"), data }
    }

    /// The path without the mount and what varies.
    pub(super) fn verb(&self) -> &str {
        let rest = self.path.split_once('/').map_or("", |(_, rest)| rest);
        VERBS.iter().find(|verb| rest.contains(**verb)).copied().unwrap_or(rest)
    }

    /// The question as a command line for a shell.
    pub(super) fn command(&self, program: &str) -> String {
        let verb = match self.operation {
            Operation::Read => "read",
            Operation::Write => "write",
            Operation::Patch => "patch",
            Operation::List => "list",
            Operation::Delete => "delete",
        };
        let is_text = self.data.values().all(|value| value.as_str().is_some_and(is_plain));
        if is_text {
            let word = |(name, value): (&String, &Value)| {
                format!(" {}", quoted(&format!("{name}={}", value.as_str().unwrap_or_default())))
            };
            let words: String = self.data.iter().map(word).collect();
            return format!("{program} {verb} {}{words}", self.path);
        }
        let body = quoted(&Value::Object(self.data.clone()).to_string());
        format!("{program} {verb} {} - <<< {body}", self.path)
    }
}

/// What is asked of a role or an issuer, the longer ones first.
const VERBS: [&str; 8] = [
    "sign-intermediate",
    "sign-verbatim",
    "intermediate/generate",
    "root/generate",
    "issue/",
    "sign/",
    "roles/",
    "config/",
];

/// Whether a value can be typed as `key=value`: a file and standard input are meant otherwise.
fn is_plain(text: &str) -> bool {
    !text.starts_with(['@', '\\']) && text != "-"
}

fn quoted(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    match text.chars().all(is_word) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(data: &Value) -> Step {
        Step::write(MOUNT, "roles/r", data.as_object().cloned().unwrap())
    }

    #[test]
    fn texts_are_words_and_the_rest_is_json() {
        let typed = step(&json!({ "a": "it's", "b": "x,y" })).command("bao");
        assert_eq!(typed, "bao write pki/roles/r 'a=it'\\''s' b=x,y");
        let body = step(&json!({ "a": ["x"] })).command("pkictl");
        assert_eq!(body, "pkictl write pki/roles/r - <<< '{\"a\":[\"x\"]}'");
        assert!(step(&json!({ "a": "@x" })).command("bao").ends_with("'{\"a\":\"@x\"}'"));
    }

    #[test]
    fn verbs_leave_out_what_varies() {
        let verb = |path: &str| Step::write(MOUNT, path, Fields::new()).verb().to_owned();
        assert_eq!(verb("issuer/ec/sign-verbatim/r"), "sign-verbatim");
        assert_eq!(verb("issuer/ec/sign/r"), "sign/");
        assert_eq!(verb("root"), "root");
    }
}
