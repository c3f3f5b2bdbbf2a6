//! What may help after a change was refused, and is no part of the refusal: scripts look for that.

use pki_core::api::suggest;
use pki_core::paths::PATHS;
use pki_core::system::paths::SYSTEM_PATHS;
use pki_core::{Error, Operation};

use crate::session::Session;

/// Lines for people, each a sentence without its end.
pub(super) fn after(
    session: &Session,
    (operation, path): (Operation, &str),
    sent: &[String],
    error: &Error,
) -> Vec<String> {
    let Ok((mount, rest)) = session.engine().mount_of(path) else { return Vec::new() };
    let paths = if mount == "sys" { SYSTEM_PATHS } else { PATHS };
    let sent = sent.iter().map(String::as_str);
    let mut hints = Vec::new();
    hints.extend(unknown(suggest::parameters(paths, operation, &rest, sent)));
    if matches!(error, Error::UnsupportedPath) {
        let near = suggest::path(paths, operation, &rest);
        hints.extend(near.map(|near| format!("did you mean {mount}/{near}?")));
    }
    hints.extend(error.hint().map(str::to_owned));
    hints
}

fn unknown(unknown: suggest::Unknown) -> Option<String> {
    let suggest::Unknown { shown, others } = unknown;
    let near: Vec<&str> = shown.iter().filter_map(|stranger| stranger.near).collect();
    let names: Vec<&str> = shown.iter().map(|stranger| stranger.name.as_str()).collect();
    let mut said = match (names.is_empty(), others) {
        (true, 0) => return None,
        (true, 1) => "one parameter is not known".to_owned(),
        (true, _) => format!("{others} parameters are not known"),
        (false, _) => format!("these parameters are not known: [{}]", names.join(" ")),
    };
    if !names.is_empty() && 0 < others {
        said.push_str(&format!(" and {others} more"));
    }
    if !near.is_empty() {
        said.push_str(&format!("; did you mean {}?", near.join(" and ")));
    }
    Some(said)
}
