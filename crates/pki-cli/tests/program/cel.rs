//! Programs as roles: JSON from a file or from standard input.

use super::caller::Caller;

const ROLE: &str = r#"{"cel_program": {
    "variables": [{"name": "ok", "expression": "request.common_name.endsWith('.example.com')"}],
    "expression": "ok ? ValidationOutput{template: CertTemplate{NotAfter: now + duration('1h'), DNSNames: [request.common_name]}, key_type: 'ec'} : 'bad common name'"
}}"#;

fn caller() -> Caller {
    let caller = Caller::new();
    for words in [
        &["secrets", "enable", "pki"][..],
        &["write", "pki/root/generate/internal", "common_name=Root", "key_type=ec"],
    ] {
        let got = caller.call(words);
        assert_eq!(got.status, 0, "{}", got.err);
    }
    caller
}

#[test]
fn a_program_is_json_from_a_file_or_standard_input() {
    let caller = caller();
    let file = format!("@{}", caller.file("role.json", ROLE));
    let got = caller.call(&["write", "pki/cel/roles/one", &file]);
    assert_eq!(got.status, 0, "{}", got.err);
    let got = caller.call_with_input(&["write", "pki/cel/roles/two", "-"], ROLE);
    assert_eq!(got.status, 0, "{}", got.err);
    for role in ["one", "two"] {
        let path = format!("pki/cel/issue/{role}");
        let got =
            caller.call(&["write", "-format=json", &path, "common_name=a.example.com", "foo=x"]);
        assert_eq!((got.status, got.err.as_str()), (0, ""));
        assert!(
            got.out.contains("BEGIN CERTIFICATE") && !got.out.contains("unrecognized"),
            "{}",
            got.out
        );
        let got = caller.call(&["write", &path, "common_name=a.example.net"]);
        assert_eq!(got.status, 2);
        assert!(got.err.contains("* bad common name"), "{}", got.err);
    }
}

#[test]
fn a_program_as_text_is_not_one() {
    let caller = caller();
    let got = caller.call(&["write", "pki/cel/roles/x", "cel_program={\"expression\": \"true\"}"]);
    assert_eq!(got.status, 2);
    let want = "error converting input for field \"cel_program\": expected type 'map', got text";
    assert!(got.err.contains(want), "{}", got.err);
    let got = caller.call_with_input(&["write", "pki/cel/roles/x", "cel_program=-"], "{}");
    assert!(got.err.contains(want), "{}", got.err);
    assert_eq!(caller.call(&["read", "pki/cel/roles/x"]).status, 2);
}
