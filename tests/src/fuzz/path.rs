//! Paths of requests, paths of mounts, and what completion makes of them.

use pki_core::{Operation, Request};
use serde_json::{Map, Value, json};

use super::authority::Authority;
use super::{Target, Verdict};

pub(super) const TARGET: Target =
    Target { name: "path", about: "an operation and the path of a request", run, seeds };

const OPERATIONS: [Operation; 5] =
    [Operation::Read, Operation::Write, Operation::Patch, Operation::List, Operation::Delete];

/// The first octet picks the operation; the rest is the path.
fn run(input: &[u8]) -> Verdict {
    let Some((pick, path)) = input.split_first() else { return Verdict::Refused };
    let path = String::from_utf8_lossy(path);
    let pick = usize::from(*pick) % OPERATIONS.len();
    let operation = OPERATIONS.get(pick).copied().unwrap_or(Operation::Read);
    if makes_rsa_keys(&path) {
        return Verdict::Refused;
    }
    let authority = Authority::new();
    authority.engine().help(&path).map(drop).err();
    for candidate in authority.engine().complete_path(operation, &path) {
        // Slashes that mean nothing are not offered again.
        let goes_on = path.contains("//") || candidate.text.starts_with(path.as_ref());
        assert!(goes_on, "{path}: {}", candidate.text);
    }
    authority.engine().complete_parameter(operation, &path, "");
    let answer = authority.ask(operation, &path, Map::new());
    // To remove a mount that is not there succeeds, whatever it is called.
    let removes_a_mount = operation == Operation::Delete && path.contains("sys/mounts/");
    if answer.is_ok() && !removes_a_mount {
        check_segments(&path);
    }
    mount(&path);
    Verdict::of(&answer)
}

/// To make an RSA key takes too long.
fn makes_rsa_keys(path: &str) -> bool {
    ["generate", "rotate", "issue"].iter().any(|word| path.contains(word))
}

/// A path means what it says (CVE-2026-3605): none with a way back is answered. What OCSP is asked
/// in a path is base64, and has slashes anywhere.
fn check_segments(path: &str) {
    if path.contains("ocsp/") {
        return;
    }
    let path = path.trim_start_matches('/').trim_end_matches('/');
    for segment in path.split('/') {
        assert!(!matches!(segment, "" | "." | ".."), "{path} was answered");
        assert!(!segment.contains(char::is_control), "{path} was answered");
        // A mount may be called anything, since nothing is ever decoded; what is in it may not.
        let is_plain = !segment.contains(['%', '\\', '?', '#']);
        assert!(is_plain || !path.starts_with("pki/"), "{path} was answered");
    }
}

/// A mount that can be made can be used and removed, and leaves the others alone.
fn mount(path: &str) {
    let authority = Authority::new();
    let system = format!("sys/mounts/{path}");
    if authority.write(&system, json!({"type": "pki"})).is_err() || path.starts_with("sys") {
        return;
    }
    let place = path.trim_matches('/');
    if !path.ends_with("/tune") {
        check_segments(path);
        let read = authority.read(&format!("{place}/config/issuers"));
        assert!(read.is_ok(), "{path} was made, and is not there: {read:?}");
        authority.ask(Operation::Delete, &system, Map::new()).expect("removed");
    }
    let crl = Request { operation: Operation::Read, path: "pki/crl".into(), data: Map::new() };
    assert!(authority.engine().handle(crl).is_ok(), "{path} harmed another mount");
    let issuer = authority.read("pki/issuer/root").expect("the issuer of another mount");
    assert!(issuer["key_id"] != Value::Null);
}

fn seeds() -> Vec<Vec<u8>> {
    let paths = [
        (0, "pki/cert/ca"),
        (0, "/pki/issuer/root/json"),
        (0, "pki/ocsp/MAMCAQE%3D"),
        (0, "pki/cert/01:02-03"),
        (1, "pki/roles/x"),
        (1, "sys/mounts/a/b"),
        (1, "sys/mounts/pki/tune"),
        (2, "pki/issuer/default"),
        (3, "pki/certs/"),
        (3, "pki/roles"),
        (4, "pki/roles/any"),
        (4, "sys/mounts/pki"),
        (0, "pki/../sys/mounts"),
        (0, "pki/%2e%2e/ca"),
    ];
    paths.iter().map(|(pick, path)| [&[*pick], path.as_bytes()].concat()).collect()
}
