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
    hints.extend(error.hint());
    hints
}

fn unknown(mut unknown: Vec<suggest::Unknown>) -> Option<String> {
    unknown.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<&str> = unknown.iter().map(|unknown| unknown.name.as_str()).collect();
    let near: Vec<&str> = unknown.iter().filter_map(|unknown| unknown.near).collect();
    let said = format!("these parameters are not known: [{}]", names.join(" "));
    match (names.is_empty(), near.is_empty()) {
        (true, _) => None,
        (false, true) => Some(said),
        (false, false) => Some(format!("{said}; did you mean {}?", near.join(" and "))),
    }
}
