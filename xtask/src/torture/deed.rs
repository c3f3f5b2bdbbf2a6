//! What those who work on a store do.

use anyhow::{Result, anyhow, bail};
use pki_core::{Body, Engine, Operation, Request};
use pkictl_tests::chance::Chance;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ledger::Ledger;
use super::place::Outcome;

/// What is asked for, and with it what its success means.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Deed {
    Enable,
    Root { name: String },
    Issue { ttl: String },
    Revoke { serial: String },
    Role { name: String, limit: u64 },
    Tidy,
    RotateCrl,
    ReadCrl,
    RotateRoot { name: String },
}

/// One that has succeeded, and how it was answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) number: usize,
    pub(super) deed: Deed,
    pub(super) answer: Value,
}

impl Deed {
    /// What a worker who gives commands does next.
    pub(super) fn choose(ledger: &Ledger, worker: usize, chance: &mut Chance) -> Self {
        match chance.below(20) {
            0..=7 => Self::issue("24h"),
            8 => Self::issue("1s"),
            9..=12 => Self::revoke_some(ledger, chance),
            13..=15 => Self::role(ledger, format!("worker-{worker}")),
            16 => Self::Tidy,
            17 => Self::RotateCrl,
            18 => Self::ReadCrl,
            _ => Self::RotateRoot { name: format!("root-{}", chance.below(1 << 32)) },
        }
    }

    /// What a thread of a service does next: what services do all day.
    pub(super) fn choose_in_service(ledger: &Ledger, role: &str, chance: &mut Chance) -> Self {
        match chance.below(20) {
            0..=10 => Self::issue("24h"),
            11..=16 => Self::revoke_some(ledger, chance),
            17..=18 => Self::role(ledger, role.to_owned()),
            _ => Self::ReadCrl,
        }
    }

    fn issue(ttl: &str) -> Self {
        Self::Issue { ttl: ttl.to_owned() }
    }

    fn revoke_some(ledger: &Ledger, chance: &mut Chance) -> Self {
        let serial = ledger.some_valid(chance);
        serial.map_or_else(|| Self::issue("24h"), |serial| Self::Revoke { serial })
    }

    fn role(ledger: &Ledger, name: String) -> Self {
        let limit = ledger.limit(&name) + 1;
        Self::Role { name, limit }
    }

    /// How pkictl is told.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = self.request();
        // It answers in JSON, where there is something to answer.
        if !matches!(self, Self::Enable) {
            words.insert(1, "-format=json".to_owned());
        }
        words
    }

    /// A verb, a path and fields.
    fn request(&self) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Enable => &["secrets", "enable", "-max-lease-ttl=87600h", "pki"],
            Self::Root { name } => &[
                "write",
                "pki/root/generate/internal",
                "key_type=ec",
                "ttl=87600h",
                &format!("common_name={name}"),
            ],
            Self::Issue { ttl } => {
                &["write", "pki/issue/web", "common_name=a.test", &format!("ttl={ttl}")]
            }
            Self::Revoke { serial } => &["write", "pki/revoke", &format!("serial_number={serial}")],
            Self::Role { name, limit } => &[
                "write",
                &format!("pki/roles/{name}"),
                &format!("max_ttl={limit}"),
                "key_type=ec",
                "allow_any_name=true",
            ],
            Self::Tidy => &[
                "write",
                "pki/tidy",
                "tidy_cert_store=true",
                "tidy_revoked_certs=true",
                "safety_buffer=1s",
                // As few as can be asked for: processes are to be killed between two pages.
                "page_size=5",
            ],
            Self::RotateCrl => &["read", "pki/crl/rotate"],
            Self::ReadCrl => &["read", "pki/cert/crl"],
            Self::RotateRoot { name } => &[
                "write",
                "pki/root/rotate/internal",
                "key_type=ec",
                "ttl=87600h",
                &format!("common_name={name}"),
                &format!("issuer_name={name}"),
            ],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// What pkictl has answered, in full.
    pub(super) fn answer(&self, outcome: &Outcome) -> Result<Value> {
        match self {
            Self::Enable => Ok(Value::Null),
            _ => outcome.data(),
        }
    }

    /// Does it with an engine. Gives what was answered, without private keys.
    pub(super) fn make(&self, engine: &Engine) -> Result<Value> {
        let words = self.request();
        let [verb, path, fields @ ..] = &*words else { bail!("{words:?} is no request") };
        let operation = match verb.as_str() {
            "read" => Operation::Read,
            "write" => Operation::Write,
            other => bail!("{other} is no operation"),
        };
        let field = |word: &String| {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            (name.to_owned(), Value::from(value))
        };
        let data = fields.iter().map(field).collect();
        let answered = engine.handle(Request { operation, path: path.clone(), data });
        let mut answered = answered.map_err(|problem| anyhow!("{words:?}: {problem}"))?;
        match std::mem::replace(&mut answered.body, Body::Empty) {
            Body::Data(mut fields) => {
                fields.remove("private_key");
                Ok(Value::Object(fields))
            }
            _ => Ok(Value::Null),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::authority::Authority;

    #[test]
    fn an_engine_does_what_a_service_asks() {
        let engine = Authority::in_memory().unwrap().engine;
        let (mut ledger, mut chance) = (Ledger::default(), Chance::new(7));
        for number in 0..60 {
            let deed = Deed::choose_in_service(&ledger, "role", &mut chance);
            let answer = deed.make(&engine).unwrap();
            assert!(answer.get("private_key").is_none());
            ledger.acknowledge(&Done { number, deed, answer }).unwrap();
        }
        let (issued, revoked) = ledger.counts();
        assert!(0 < revoked && revoked < issued, "{issued} {revoked}");
    }

    #[test]
    fn what_an_engine_refuses_is_no_answer() {
        let engine = Authority::in_memory().unwrap().engine;
        let deed = Deed::Revoke { serial: "01:02".to_owned() };
        assert!(deed.make(&engine).unwrap_err().to_string().contains("01:02"));
    }
}
