//! Flags of Vault's client that mean nothing without a server.

use std::collections::VecDeque;

use super::given::no_value;
use crate::failure::Failure;

/// Flags that say how to reach a server: without one, old scripts lose nothing when they are
/// dropped. With each, whether it takes a value.
const NEEDLESS: [(&str, bool); 16] = [
    ("address", true),
    ("agent-address", true),
    ("ca-cert", true),
    ("ca-path", true),
    ("client-cert", true),
    ("client-key", true),
    ("disable-redirects", false),
    ("header", true),
    ("mfa", true),
    ("namespace", true),
    ("non-interactive", false),
    ("ns", true),
    ("policy-override", false),
    ("tls-server-name", true),
    ("tls-skip-verify", false),
    ("unlock-key", true),
];

/// Flags whose loss would do something else than was asked, and what that is.
const REFUSED: [(&str, &str); 3] = [
    ("wrap-ttl", "there is no server to keep a wrapped answer"),
    ("output-curl-string", "there is no server to send a request to"),
    ("output-policy", "there are no policies"),
];

/// Drops a flag and its value.
///
/// # Errors
///
/// When it is no flag of a client either, or one that cannot be dropped.
pub(super) fn skip(
    name: &str,
    value: Option<&str>,
    rest: &mut VecDeque<String>,
) -> Result<(), Failure> {
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Err(Failure::Usage(format!("flag -{name} is not supported: {why}")));
    }
    match NEEDLESS.iter().find(|(needless, _)| *needless == name) {
        Some((_, true)) if value.is_none() => match rest.pop_front() {
            Some(_) => Ok(()),
            None => Err(no_value(name)),
        },
        Some(_) => Ok(()),
        None => Err(Failure::Usage(format!("flag provided but not defined: -{name}"))),
    }
}
