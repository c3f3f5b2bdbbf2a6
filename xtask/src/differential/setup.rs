//! The same authorities on both sides.

use anyhow::{Result, ensure};
use pki_core::Operation;
use pki_core::domain::time::Timestamp;
use serde_json::{Value, json};

use super::pair::{MOUNT, SCRATCH, Step};
use super::side::{Answer, Fields, Side};

/// Mounts, URLs, and an issuer for everything that depends on the issuer: each kind of key, a
/// limited path, an end that is near, and each way to treat it.
fn steps(now: Timestamp) -> Vec<(String, Value)> {
    // The same moments on both sides, so that messages about them are the same.
    let soon = now.after(100 * 3_600).to_whole_second().rfc3339();
    let far = "2036-10-01T00:00:00Z";
    let mount = json!({ "type": "pki", "config": { "max_lease_ttl": "87600h" } });
    let mut steps: Vec<(String, Value)> =
        [MOUNT, SCRATCH].map(|path| (format!("sys/mounts/{path}"), mount.clone())).into();
    let mut write = |path: &str, data: Value| steps.push((format!("{MOUNT}/{path}"), data));
    write(
        "config/urls",
        json!({
            "issuing_certificates": "http://pki.example.com/ca",
            "crl_distribution_points": "http://pki.example.com/crl,http://b.example.com/crl",
            "ocsp_servers": "http://pki.example.com/ocsp",
            "delta_crl_distribution_points": "http://pki.example.com/delta",
        }),
    );
    let root = |name: &str, end: &str, more: Value| {
        let mut data = json!({
            "common_name": format!("Root {name}"), "issuer_name": name, "not_after": end,
        });
        if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
            data.extend(more);
        }
        data
    };
    let ec = || json!({ "key_type": "ec" });
    let limited = json!({ "key_type": "ec", "key_bits": "384", "max_path_length": "1" });
    let roots = [
        root("ec", far, json!({ "key_type": "ec", "organization": "Acme", "ou": "A,B" })),
        root("ec384", far, limited),
        root("rsa", far, json!({ "key_type": "rsa" })),
        root("ed", far, json!({ "key_type": "ed25519" })),
        root("short", &soon, ec()),
        root("cut", &soon, ec()),
        root("free", &soon, ec()),
    ];
    for data in roots {
        write("root/generate/internal", data);
    }
    let behaviors = [("cut", "truncate"), ("free", "permit")];
    for (name, behavior) in behaviors {
        write(
            &format!("issuer/{name}"),
            json!({ "issuer_name": name, "leaf_not_after_behavior": behavior }),
        );
    }
    write(
        "issuer/rsa",
        json!({ "issuer_name": "rsa", "ocsp_servers": "http://rsa.example.com/ocsp" }),
    );
    steps
}

/// Sets one side up.
pub(super) fn set_up(side: &mut dyn Side, now: Timestamp) -> Result<()> {
    for (path, data) in steps(now) {
        write(side, path, &data)?;
    }
    intermediate(side)
}

/// An issuer that another one has signed, as far down as its path allows.
fn intermediate(side: &mut dyn Side) -> Result<()> {
    let mut write = |path: &str, data: Value| write(side, format!("{MOUNT}/{path}"), &data);
    let data = json!({ "common_name": "Intermediate", "key_type": "ec" });
    let request = write("intermediate/generate/internal", data)?;
    let data = json!({ "csr": request.text("csr"), "issuer_ref": "ec384", "not_after": "2035-10-01T00:00:00Z",
        "common_name": "Intermediate" });
    let signed = write("root/sign-intermediate", data)?;
    let data = json!({ "certificate": signed.text("certificate") });
    let imported = write("intermediate/set-signed", data)?;
    let ids = imported.data.get("imported_issuers").and_then(Value::as_array);
    let id = ids.and_then(|ids| ids.first()?.as_str()).unwrap_or_default();
    write(&format!("issuer/{id}"), json!({ "issuer_name": "sub" }))?;
    Ok(())
}

fn write(side: &mut dyn Side, path: String, data: &Value) -> Result<Answer> {
    let data = data.as_object().cloned().unwrap_or_default();
    ask(side, &Step { operation: Operation::Write, path, data })
}

fn ask(side: &mut dyn Side, step: &Step) -> Result<Answer> {
    let answer = side.ask(step.operation, &step.path, &step.data)?;
    ensure!(answer.is_accepted(), "{}: {:?}", step.command(""), answer.errors);
    Ok(answer)
}

/// Takes away what a pair has left in the mount for new CAs.
pub(super) fn clean(side: &mut dyn Side) -> Result<()> {
    let (operation, path) = (Operation::Delete, format!("{SCRATCH}/root"));
    ask(side, &Step { operation, path, data: Fields::new() }).map(drop)
}
