//! OCSP as the program `openssl` sees it: its requests are answered, and it believes the answers.

mod x509_support;

use std::sync::Arc;

use pki_core::x509::{Certificate, CertificateList, base64};
use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use serde_json::{Value, json};
use x509_support::OpenSsl;

fn call(engine: &Engine, operation: Operation, path: &str, data: &Value) -> Result<Value, String> {
    let data = data.as_object().cloned().unwrap_or_default();
    let request = Request { operation, path: path.to_owned(), data };
    let response = engine.handle(request).map_err(|error| error.to_string())?;
    Ok(match &response.body {
        Body::Data(fields) => Value::Object(fields.clone()),
        Body::Raw { bytes, .. } => base64::encode(bytes).into(),
        _ => Value::Null,
    })
}

fn write(engine: &Engine, path: &str, data: &Value) -> Result<Value, String> {
    call(engine, Operation::Write, path, data)
}

fn text(reply: &Value, field: &str) -> String {
    reply[field].as_str().unwrap_or_default().to_owned()
}

/// A mount with a root and a role, and the files of the root and two certificates.
fn authority(ssl: &OpenSsl, key_type: &str, root: &Value) -> Result<(Engine, [String; 2]), String> {
    let store = Arc::new(MemoryStore::new());
    let engine = Engine::new(store, Arc::new(Given::key([7; 32])), Env::system());
    engine.enable("pki").map_err(|error| error.to_string())?;
    let mut data = json!({"common_name": "OCSP Root", "key_type": key_type});
    data.as_object_mut()
        .into_iter()
        .for_each(|all| all.extend(root.as_object().cloned().unwrap_or_default()));
    let reply = write(&engine, "pki/root/generate/internal", &data)?;
    ssl.file("root.pem", text(&reply, "certificate").as_bytes())?;
    let role = json!({"allow_any_name": true, "key_type": "ec", "key_bits": 256});
    write(&engine, "pki/roles/leaf", &role)?;
    let mut serials = [String::new(), String::new()];
    for (serial, name) in serials.iter_mut().zip(["good", "bad"]) {
        let data = json!({"common_name": format!("{name}.example.com"), "ttl": "1h"});
        let reply = write(&engine, "pki/issue/leaf", &data)?;
        ssl.file(&format!("{name}.pem"), text(&reply, "certificate").as_bytes())?;
        *serial = text(&reply, "serial_number");
    }
    Ok((engine, serials))
}

/// Asks as a client that GETs does, with a slash or without one, in either alphabet.
fn ask(engine: &Engine, request: &[u8]) -> Result<Vec<u8>, String> {
    let standard = base64::encode(request);
    let escaped = standard.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let other = standard.replace('+', "-").replace('/', "_").replace('=', "");
    let mut answers = Vec::new();
    for form in [standard, escaped, other] {
        let answer = call(engine, Operation::Read, &format!("pki/ocsp/{form}"), &Value::Null)?;
        answers.push(answer.as_str().and_then(base64::decode).ok_or("no document")?);
    }
    let is_error = |answer: &Vec<u8>| answer.len() == 5;
    if answers.iter().any(is_error) && !answers.iter().all(is_error) {
        return Err("one form is read, and another is not".to_owned());
    }
    answers.pop().ok_or_else(|| "no answer".to_owned())
}

const CERTIFICATES: &str = "-issuer root.pem -cert good.pem -cert bad.pem -serial 0x1234";

#[test]
fn openssl_believes_the_answers_of_every_kind_of_issuer() {
    let pss = "SHA384WithRSAPSS";
    for (name, key_type, root) in [
        ("rsa", "rsa", json!({})),
        ("pss", "rsa", json!({"use_pss": true, "revocation_signature_algorithm": pss})),
        ("ec", "ec", json!({"key_bits": 384})),
        ("ed25519", "ed25519", json!({})),
    ] {
        let ssl = OpenSsl::new(&format!("ocsp-{name}"));
        let (engine, [_, bad]) = authority(&ssl, key_type, &root).unwrap();
        let revoke = json!({"serial_number": bad, "reason": "keyCompromise"});
        write(&engine, "pki/revoke", &revoke).unwrap();
        for hash in ["", "-sha256 ", "-sha384 ", "-sha512 "] {
            let context = format!("{name} {hash}");
            ssl.run(&format!("ocsp {hash}{CERTIFICATES} -reqout request.der")).unwrap();
            let request = ssl.read_bytes("request.der").unwrap();
            ssl.file("response.der", &ask(&engine, &request).unwrap()).unwrap();
            let told = ssl
                .run(&format!("ocsp -no_nonce -reqin request.der -respin response.der {hash}{CERTIFICATES} -CAfile root.pem"))
                .unwrap();
            assert!(told.contains("Response verify OK"), "{context}: {told}");
            assert!(!told.contains("WARNING"), "the nonce comes back; {context}: {told}");
            assert!(told.contains("good.pem: good"), "{context}: {told}");
            assert!(told.contains("bad.pem: revoked"), "{context}: {told}");
            assert!(told.contains("Reason: keyCompromise"), "{context}: {told}");
            assert!(told.contains("0x1234: unknown"), "{context}: {told}");
        }
    }
}

#[test]
fn what_cannot_be_answered_is_said_in_ocsp() {
    let ssl = OpenSsl::new("ocsp-errors");
    let (engine, _) = authority(&ssl, "ec", &json!({})).unwrap();
    ssl.run(&format!("ocsp {CERTIFICATES} -reqout request.der")).unwrap();
    let request = ssl.read_bytes("request.der").unwrap();
    let status = |request: &[u8]| ask(&engine, request).unwrap().get(4).copied();
    assert_eq!(status(b"hello ocsp"), Some(1));
    assert_eq!(status(&request[..40]), Some(1));
    write(&engine, "pki/issuer/default", &json!({"usage": "issuing-certificates"})).unwrap();
    assert_eq!(status(&request), Some(6));
    let all = json!({"usage": "issuing-certificates,ocsp-signing"});
    write(&engine, "pki/issuer/default", &all).unwrap();
    assert_ne!(status(&request), Some(6));
    write(&engine, "pki/config/crl", &json!({"ocsp_disable": true})).unwrap();
    assert_eq!(status(&request), Some(6));
    let posted = json!({"request": base64::encode(b"hello")});
    let told = write(&engine, "pki/ocsp", &posted).unwrap_err();
    assert_eq!(told, "unauthorized: OCSP is switched off");
    write(&engine, "pki/config/crl", &json!({"ocsp_disable": false})).unwrap();
    let told = write(&engine, "pki/ocsp", &posted).unwrap_err();
    assert!(told.starts_with("malformedRequest: "), "{told}");
}

#[test]
fn complete_crls_say_where_delta_crls_are() {
    let ssl = OpenSsl::new("freshest-crl");
    let (engine, [good, bad]) = authority(&ssl, "ec", &json!({})).unwrap();
    let urls = json!({"delta_crl_distribution_points": "http://ca.example/delta"});
    write(&engine, "pki/config/urls", &urls).unwrap();
    let deltas = json!({"auto_rebuild": true, "enable_delta": true});
    write(&engine, "pki/config/crl", &deltas).unwrap();
    write(&engine, "pki/revoke", &json!({"serial_number": bad})).unwrap();
    call(&engine, Operation::Read, "pki/crl/rotate", &Value::Null).unwrap();
    write(&engine, "pki/revoke", &json!({"serial_number": good})).unwrap();
    call(&engine, Operation::Read, "pki/crl/rotate-delta", &Value::Null).unwrap();
    for (path, file) in [("pki/crl", "complete.der"), ("pki/crl/delta", "delta.der")] {
        let der = call(&engine, Operation::Read, path, &Value::Null).unwrap();
        ssl.file(file, &base64::decode(der.as_str().unwrap()).unwrap()).unwrap();
    }
    let complete =
        ssl.run("crl -inform der -in complete.der -noout -text -CAfile root.pem").unwrap();
    assert!(complete.contains("verify OK"), "{complete}");
    assert!(complete.contains("Freshest CRL") && complete.contains("URI:http://ca.example/delta"));
    let delta = ssl.run("crl -inform der -in delta.der -noout -text -CAfile root.pem").unwrap();
    assert!(delta.contains("verify OK"), "{delta}");
    assert!(delta.contains("Delta CRL Indicator: critical"), "{delta}");
    assert!(!delta.contains("Freshest CRL"), "{delta}");
    let serials = |text: &str| text.matches("Serial Number: ").count();
    assert_eq!((serials(&complete), serials(&delta)), (1, 1));
}

#[test]
fn a_list_of_the_request_is_signed_and_signed_again() {
    let ssl = OpenSsl::new("sign-list");
    let (engine, _) = authority(&ssl, "rsa", &json!({})).unwrap();
    let entry =
        |serial: &str, time: &str| json!({"serial_number": serial, "revocation_time": time});
    let sign = |entries: Value| {
        let data = json!({"crl_number": 7, "next_update": "12h", "revoked_certs": entries});
        write(&engine, "pki/issuer/default/sign-revocation-list", &data)
            .map(|reply| text(&reply, "crl"))
    };
    let one =
        sign(json!([entry("01:02", "2026-09-01T00:00:00Z"), entry("03", "1788220800")])).unwrap();
    let two = sign(json!([entry("01:02", "2026-08-01T00:00:00Z")])).unwrap();
    ssl.file("one.pem", one.as_bytes()).unwrap();
    assert!(ssl.run("crl -in one.pem -noout -CAfile root.pem").unwrap().contains("verify OK"));
    let data = json!({"crl_number": 9, "crls": [one, two], "format": "der"});
    let both = write(&engine, "pki/issuer/default/resign-crls", &data).unwrap();
    let der = base64::decode(&text(&both, "crl")).unwrap();
    let list = CertificateList::from_der(&der).unwrap();
    let root = Certificate::from_pem(&ssl.read("root.pem").unwrap()).unwrap();
    assert!(list.is_signed_by(root.public_key()));
    let dates: Vec<String> =
        list.entries().map(|entry| entry.unwrap().revoked.revocation_date.rfc3339()).collect();
    assert_eq!(dates, ["2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z"]);
    assert_eq!(list.number(), Some(9));
}
