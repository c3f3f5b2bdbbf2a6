//! `pki` and `lease`: several requests behind one command.

use serde_json::Value;

use crate::caller::{Caller, Outcome};

/// A user with a root, a mount for an intermediate, and a role with leases.
fn caller() -> Caller {
    let caller = Caller::new();
    for words in [
        &["secrets", "enable", "pki"] as &[&str],
        &["secrets", "enable", "-path=int", "pki"],
        &[
            "write",
            "pki/root/generate/internal",
            "common_name=Root",
            "issuer_name=root",
            "key_type=ec",
            "ttl=700h",
        ],
        &[
            "write",
            "pki/roles/web",
            "allow_any_name=true",
            "key_type=ec",
            "generate_lease=true",
            "ttl=1h",
        ],
    ] {
        done(&caller, words);
    }
    caller
}

#[track_caller]
fn done(caller: &Caller, words: &[&str]) -> Outcome {
    let got = caller.call(words);
    assert_eq!(got.status, 0, "{words:?}: {}", got.err);
    got
}

#[track_caller]
fn failed(caller: &Caller, words: &[&str], status: u8, text: &str) {
    let got = caller.call(words);
    assert_eq!(got.status, status, "{words:?}: {}", got.err);
    assert!(got.err.contains(text), "{words:?}: {text:?} is not in {:?}", got.err);
}

fn issue(caller: &Caller) -> Outcome {
    let parameters = ["common_name=Int", "key_type=ec", "ttl=99h", "alt_names=int.example.com"];
    let words = ["pki", "issue", "-issuer_name=int1", "/pki/issuer/root", "int"];
    done(caller, &[&words[..], &parameters[..]].concat())
}

#[test]
fn an_intermediate_is_made_with_one_command() {
    let caller = caller();
    let made = issue(&caller);
    assert!(made.out.contains("\nissuer_name                       int1\n"), "{}", made.out);
    let names = done(&caller, &["list", "-detailed", "int/issuers"]).out;
    assert!(names.contains(" int1 ") && names.contains(" root "), "{names}");
    let table = done(&caller, &["pki", "verify-sign", "/pki/issuer/root", "int/issuer/int1"]).out;
    assert_eq!(
        table,
        "issuer:pki/issuer/root\nissued:int/issuer/int1\n\n\
         field              value\n-----              -----\n\
         subject_match      true\npath_match         true\ntrust_match        true\n\
         key_id_match       true\nsignature_match    true\n\n\n"
    );
    let table = done(&caller, &["pki", "list-intermediates", "-use_names", "pki/issuer/root"]).out;
    for row in
        ["int/issuer/int1    true\n", "pki/issuer/root    true\n", "int/issuer/root    true\n"]
    {
        assert!(table.contains(row), "{table}");
    }
}

#[test]
fn an_intermediate_is_made_again_like_another() {
    let caller = caller();
    issue(&caller);
    let words = ["pki", "reissue", "-format=json", "pki/issuer/root", "int/issuer/int1", "int"];
    let again = done(&caller, &[&words[..], &["ttl=5h"]].concat()).out;
    let again: Value = serde_json::from_str(&again).expect("JSON");
    let pem = again["data"]["certificate"].as_str().expect("PEM");
    let certificate = pki_core::x509::Certificate::from_pem(pem).expect("a certificate");
    assert_eq!(certificate.subject().to_string(), "CN=Int");
    assert_eq!(certificate.subject_alt_names().dns, ["Int", "int.example.com"]);
    let lifetime = certificate.not_after().seconds_since(certificate.not_before());
    assert_eq!(lifetime, 5 * 3600 + 30);
    let words = ["pki", "reissue", "-type=existing", "pki/issuer/root", "int/issuer/int1", "int"];
    let same = done(&caller, &[&words[..], &["-format=json"]].concat()).out;
    let same: Value = serde_json::from_str(&same).expect("JSON");
    let first = done(&caller, &["read", "-field=key_id", "int/issuer/int1"]).out;
    assert_eq!(same["data"]["key_id"].as_str(), Some(first.as_str()));
}

#[test]
fn what_goes_wrong_half_way_says_how_to_go_on() {
    let caller = caller();
    let words = ["pki", "issue", "pki/issuer/root", "int", "common_name=x", "max_path_length=-7"];
    failed(&caller, &words, 1, "TO CONTINUE:");
    failed(&caller, &words, 1, "TO ABORT:");
    failed(&caller, &words, 1, "max_path_length -7");
    for (words, text) in [
        (&["pki", "issue", "pki", "int", "a=b"] as &[&str], "Not a PKI Issuer Path of the format"),
        (&["pki", "issue", "pki/issuer/no", "int", "a=b"], "Unable to access parent issuer pki/i"),
        (&["pki", "issue", "pki/issuer/root", "no", "a=b"], "Mount no Does Not Exist"),
        (&["pki", "issue", "pki/issuer/root", "int"], "Not enough arguments"),
        (&["pki", "verify-sign", "a"], "got only one"),
        (&["pki", "list-intermediates", "pki/issuer/no"], "Failed to read parent issuer on path"),
        (&["pki"], ""),
    ] {
        failed(&caller, words, 1, text);
    }
}

#[test]
fn the_health_of_a_mount_is_an_exit_status() {
    let caller = caller();
    let report = caller.call(&["pki", "health-check", "pki"]);
    assert_eq!(report.status, 4, "{}", report.err);
    assert!(report.out.starts_with("ca_validity_period\n------------------\nstatus  "));
    for (indicator, status) in [("critical", 4), ("permission", 0)] {
        let indicator = format!("-return-indicator={indicator}");
        assert_eq!(caller.call(&["pki", "health-check", &indicator, "pki"]).status, status);
    }
    let config = caller.file("checks.json", r#"{"too_many_certs": {"enabled": true}}"#);
    let config = format!("-health-config={config}");
    let words = ["pki", "health-check", &config, "-default-disabled", "-format=json", "pki"];
    assert_eq!(
        done(&caller, &words).out,
        "{\n  \"too_many_certs\": [\n    {\n      \"status_code\": 1,\n      \"status\": \"ok\",\n      \
         \"endpoint\": \"/pki/certs\",\n      \"message\": \"This mount has an OK number of stored \
         certificates.\"\n    }\n  ]\n}\n"
    );
    failed(&caller, &["pki", "health-check"], 1, "expected mount path, got nothing");
    failed(&caller, &["pki", "health-check", "nowhere"], 1, "refusing to run PKI health-check");
    failed(&caller, &["pki", "health-check", "int"], 1, "lacks any configured issuers");
}

#[test]
fn leases_are_looked_up_and_revoked() {
    let caller = caller();
    let lease =
        || done(&caller, &["write", "-field=lease_id", "pki/issue/web", "common_name=a"]).out;
    let id = lease();
    let shown = done(&caller, &["lease", "lookup", &id]).out;
    assert!(shown.contains("\npath            pki/issue/web\nrenewable       false\n"), "{shown}");
    failed(&caller, &["lease", "renew", &id], 2, "* lease is not renewable\n");
    failed(&caller, &["lease", "renew", "none"], 2, "* lease not found\n");
    failed(&caller, &["lease", "lookup", "none"], 2, "* invalid lease\n");
    failed(&caller, &["lease", "lookup"], 1, "Missing ID!");
    failed(
        &caller,
        &["lease", "revoke", "-force", &id],
        1,
        "-force requires also specifying -prefix",
    );
    let done_so = done(&caller, &["lease", "revoke", &id]).out;
    assert_eq!(done_so, "All revocation operations queued successfully!\n");
    failed(&caller, &["lease", "lookup", &id], 2, "* invalid lease\n");
    let others = [lease(), lease()];
    let words = ["lease", "revoke", "-prefix", "-sync", "pki/issue"];
    let done_so = done(&caller, &words).out;
    assert_eq!(done_so, "Success! Revoked any leases with prefix: pki/issue\n");
    for id in &others {
        failed(&caller, &["lease", "lookup", id], 2, "* invalid lease\n");
    }
    let revoked = done(&caller, &["list", "-format=json", "pki/certs/revoked"]).out;
    assert_eq!(revoked.matches(':').count(), 3 * 19, "{revoked}");
}
