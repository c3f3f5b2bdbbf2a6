//! Roles that are programs: written, asked, and held to what every certificate is held to.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod cel_support;

use cel_support::{World, program};
use pki_core::error::ErrorClass;
use serde_json::{Value, json};

const WEB: &str = "ok ? ValidationOutput{template: cert} : 'bad common name'";

fn web() -> Value {
    json!({
        "variables": [
            {"name": "ok", "expression":
                "has(request.common_name) && request.common_name.endsWith('.example.com')"},
            {"name": "cert", "expression":
                "CertTemplate{Subject: PKIX.Name{CommonName: request.common_name}, \
                 NotBefore: now - duration('30s'), \
                 NotAfter: now + duration(has(request.ttl) ? request.ttl : '1h'), \
                 DNSNames: [request.common_name], KeyUsage: KeyUsage.KeyUsageDigitalSignature, \
                 ExtKeyUsage: [ExtKeyUsage.ExtKeyUsageServerAuth]}"}
        ],
        "expression": WEB
    })
}

/// A program that gives a template with these fields, and an end.
fn template(fields: &str, rest: &str) -> Value {
    program(&format!(
        "ValidationOutput{{template: CertTemplate{{NotAfter: now + duration('1h'), \
         Subject: PKIX.Name{{CommonName: 'a.example.com'}}{fields}}}, key_type: 'ec'{rest}}}"
    ))
}

#[test]
fn a_program_issues_and_refuses() {
    let world = World::new();
    let written = world.write("cel/roles/web", json!({ "cel_program": web() })).unwrap();
    assert_eq!(written.data["cel_program"], web());
    assert_eq!(written.data["name"], "web");
    assert_eq!(world.read("cel/roles/web").unwrap().data, written.data);
    let issued =
        world.write("cel/issue/web", json!({ "common_name": "a.example.com", "foo": 1 })).unwrap();
    assert!(issued.warnings.is_empty(), "{:?}", issued.warnings);
    let text = issued.certificate_text();
    for part in ["CN=a.example.com", "DNS:a.example.com", "Digital Signature", "TLS Web Server"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(issued.data["private_key"].as_str().unwrap().contains("PRIVATE KEY"));
    assert_eq!(issued.data["private_key_type"], "rsa");
    world.refuses("cel/issue/web", json!({ "common_name": "evil.com" }), "bad common name");
    // Variables are evaluated whether they are used or not.
    world.refuses("cel/issue/web", json!({}), "variable[1].cert: failed to evaluate expression");
    world.refuses("cel/issue/other", json!({}), "CEL role not found");
    world.refuses(
        "cel/issue/web",
        json!({ "common_name": "a.example.com", "ttl": "soon" }),
        "Field validation failed: error converting input for field \"ttl\"",
    );
    world.refuses(
        "cel/issue/web",
        json!({ "common_name": "a.example.com", "ttl": "1h", "not_after": "2100-01-01T00:00:00Z" }),
        "Either ttl or not_after should be provided",
    );
}

#[test]
fn what_was_issued_is_listed_read_and_revoked() {
    let world = World::new();
    world.role("x", template("", ""));
    let serial = world.write("cel/issue/x", json!({})).unwrap().data["serial_number"].clone();
    let serial = serial.as_str().unwrap();
    assert!(world.read(&format!("cert/{serial}")).is_ok());
    let revoked = world.write("revoke", json!({ "serial_number": serial })).unwrap();
    assert_eq!(revoked.data["state"], "revoked");
    world.role("unkept", template("", ", no_store: true, generate_lease: true"));
    let unkept = world.write("cel/issue/unkept", json!({})).unwrap();
    let serial = unkept.data["serial_number"].as_str().unwrap();
    assert!(world.read(&format!("cert/{serial}")).is_err());
    assert_eq!(unkept.lease, None);
    assert_eq!(unkept.warnings, ["generate_lease has no effect on what is not stored"]);
    world.role("leased", template("", ", generate_lease: true, warnings: ['one', 'two']"));
    let leased = world.write("cel/issue/leased", json!({})).unwrap();
    assert!(leased.lease.as_deref().unwrap().starts_with("pki/cel/issue/leased/"));
    assert_eq!(leased.warnings, ["one", "two"]);
}

#[test]
fn results_of_other_kinds_issue_nothing() {
    let world = World::new();
    for (expression, want) in [
        ("'no, thanks'", "no, thanks"),
        ("true", "request denied"),
        ("false", "request denied"),
        ("1", "unexpected mainProgram result type int64"),
        ("{}", "unexpected mainProgram result type map[ref.Val]ref.Val"),
        ("CertTemplate{}", "unexpected mainProgram result type openbao.pki.CertTemplate"),
        ("ValidationOutput{}", "template is nil"),
        ("ValidationOutput{template: CertTemplate{}}", "the template has no NotAfter"),
        ("request.common_name", "no such key: common_name"),
        ("true ? 1 : 'x'", "unexpected mainProgram result type int64"),
        ("parsed_csr.Subject", "no such attribute(s): parsed_csr"),
        ("entity_id", "no such attribute(s): entity_id"),
        ("string(use_csr)", "false"),
        ("encode_json(request)", "{\"b\":[1,2.5,null],\"role\":\"x\"}"),
    ] {
        world.role("x", program(expression));
        world.refuses("cel/issue/x", json!({ "b": [1, 2.5, null] }), want);
    }
}

#[test]
fn programs_are_checked_when_they_are_written() {
    let world = World::new();
    let vars = |name: &str, expression: &str| {
        json!({ "cel_program": {
        "variables": [{ "name": name, "expression": expression }], "expression": "'x'" } })
    };
    for (data, want) in [
        (json!({}), "missing required field 'cel_program'"),
        (json!({ "cel_program": {} }), "cel_program.expression cannot be empty"),
        (
            json!({ "cel_program": "x" }),
            "Field validation failed: error converting input for field \"cel_program\": expected type 'map', got text",
        ),
        (
            json!({ "cel_program": [] }),
            "Field validation failed: error converting input for field \"cel_program\"",
        ),
        (
            json!({ "cel_program": { "expression": 1 } }),
            "failed to decode 'cel_program': 'expression' must be text",
        ),
        (
            json!({ "cel_program": { "expression": "1", "variables": "x" } }),
            "failed to decode 'cel_program': 'variables' must be a list",
        ),
        (
            json!({ "cel_program": { "expression": "1", "variables": [1] } }),
            "failed to decode 'cel_program': 'variables[0]' must be an object",
        ),
        (
            vars("a", "1 +"),
            "failed to validate variables: variable[0].a: failed to validate: invalid CEL syntax for variable 'a': ERROR: <input>:1:4: Syntax error",
        ),
        (
            vars("a", ""),
            "failed to validate variables: variable[0].a: failed to validate: invalid CEL syntax for variable 'a'",
        ),
        (
            vars("a", "b"),
            "failed to validate variables: variable[0].a: failed to validate: error type-checking variable 'a': ERROR: <input>:1:1: undeclared reference to 'b'",
        ),
        (vars("a", "a"), "undeclared reference to 'a'"),
        (vars("request", "1"), "overlapping identifier for name 'request'"),
        (vars("1a", "1"), "\"1a\" cannot be the name of a variable"),
        (vars("", "1"), "\"\" cannot be the name of a variable"),
        (vars("math", "1"), "\"math\" cannot be the name of a variable"),
    ] {
        world.refuses("cel/roles/x", data, want);
    }
    assert!(world.read("cel/roles/x").is_err(), "nothing was written");
    let odd = json!({ "cel_program": { "expression": "'x'", "exprssion": "y" } });
    let odd = world.write("cel/roles/x", odd).unwrap();
    assert_eq!(odd.warnings, ["members of cel_program that have no effect: [exprssion]"]);
}

#[test]
fn variables_are_evaluated_in_order() {
    let world = World::new();
    world.role(
        "x",
        json!({
            "variables": [
                { "name": "a", "expression": "'a'" },
                { "name": "b", "expression": "a + 'b'" },
                { "name": "c", "expression": "request.?n.orValue(b) + 'c'" }
            ],
            "expression": "c"
        }),
    );
    world.refuses("cel/issue/x", json!({}), "abc");
    world.refuses("cel/issue/x", json!({ "n": "n" }), "nc");
    world.refuses("cel/issue/x", json!({ "n": 1 }), "failed to evaluate variables: variable[2].c");
}

#[test]
fn patches_change_members_of_the_program() {
    let world = World::new();
    let absent = json!({ "cel_program": { "expression": "'x'" } });
    world.patch_refuses("cel/roles/x", absent, "Unable to fetch cel role entry to patch");
    let variables = json!([{ "name": "a", "expression": "'a'" }]);
    world.role("x", json!({ "variables": variables, "expression": "a" }));
    let patch = |program: Value| world.patch("cel/roles/x", json!({ "cel_program": program }));
    let patched = patch(json!({ "expression": "a + '!'" })).unwrap();
    assert_eq!(
        patched.data["cel_program"],
        json!({ "variables": variables, "expression": "a + '!'" })
    );
    assert!(patch(json!({ "variables": null })).is_err(), "`a` is still used");
    assert!(patch(json!({ "expression": "" })).is_err());
    assert!(patch(json!("x")).is_err());
    assert!(world.patch("cel/roles/x", json!({})).is_ok());
    assert_eq!(world.read("cel/roles/x").unwrap().data["cel_program"], patched.data["cel_program"]);
    let patched = patch(json!({ "variables": null, "expression": "'b'" })).unwrap();
    assert_eq!(patched.data["cel_program"], json!({ "expression": "'b'" }));
    assert_eq!(world.list("cel/roles").unwrap().data["keys"], json!(["x"]));
    assert!(world.delete("cel/roles/x").is_ok());
    assert!(world.delete("cel/roles/x").is_ok(), "deleting what is not there is fine");
    assert!(world.list("cel/roles").is_err());
}

#[test]
fn keys_and_signatures_are_what_the_program_says() {
    let world = World::new();
    for (rest, want) in [
        ("", "P-256"),
        (", key_bits: 384u", "P-384"),
        (", use_pss: true, signature_bits: 512u", "sha512"),
        (", signature_bits: 384u", "sha384WithRSAEncryption"),
        (", subject_key_id: b'abc'", "61:62:63"),
    ] {
        world.role("x", template("", rest));
        let text = world.write("cel/issue/x", json!({})).unwrap().certificate_text();
        assert!(text.contains(want), "{rest}: {text}");
    }
    for (rest, want) in [
        (", key_bits: 100u", "invalid cel response for key type, key bits, or signature bits: "),
        (", signature_bits: 100u", "unsupported hash signature algorithm: 100"),
        (", issuer_ref: 'nope'", "unable to find PKI issuer for reference: nope"),
        (
            ", subject_key_id: bytes('0123456789'.replace('', '0123456789'))",
            "subject key identifier",
        ),
    ] {
        world.role("x", template("", rest));
        world.refuses("cel/issue/x", json!({}), want);
    }
}

#[test]
fn key_usages_are_the_bits_that_their_names_say() {
    let world = World::new();
    for (usage, want) in [
        ("KeyUsage.KeyUsageKeyEncipherment", "Key Encipherment\n"),
        (
            "KeyUsage.KeyUsageDigitalSignature + KeyUsage.KeyUsageKeyEncipherment",
            "Digital Signature, Key Encipherment\n",
        ),
        ("math.bitOr(KeyUsage.KeyUsageKeyAgreement, 1)", "Digital Signature, Key Agreement\n"),
        ("5", "Digital Signature, Key Encipherment\n"),
    ] {
        world.role("x", template(&format!(", KeyUsage: {usage}"), ""));
        let text = world.write("cel/issue/x", json!({})).unwrap().certificate_text();
        assert!(text.contains(want), "{usage}: {text}");
    }
    for (usage, want) in [
        ("5000", "KeyUsage 5000 is no sum of key usages"),
        ("-1", "KeyUsage -1 is no sum of key usages"),
        ("KeyUsage.KeyUsageCertSign", "KeyUsageCertSign is for CAs"),
    ] {
        world.role("x", template(&format!(", KeyUsage: {usage}"), ""));
        world.refuses("cel/issue/x", json!({}), want);
    }
}

#[test]
fn names_of_every_kind_are_taken_and_checked() {
    let world = World::new();
    for (fields, want) in [
        (
            "DNSNames: ['b.example.com', '*.c.example.com']",
            "DNS:b.example.com, DNS:*.c.example.com",
        ),
        ("EmailAddresses: ['a@example.com']", "email:a@example.com"),
        ("IPAddresses: [net.IP{IP: b'\\x0a\\x00\\x00\\x01'}]", "IP Address:10.0.0.1"),
        ("URIs: [url.URL{Scheme: 'spiffe', Host: 'td', Path: '/x'}]", "URI:spiffe://td/x"),
        ("URIs: [url.URL{Scheme: 'urn', Opaque: 'isbn:1'}]", "URI:urn:isbn:1"),
        ("UnknownExtKeyUsage: [ObjectIdentifier{arc: [1u, 2u, 3u, 4u]}]", "1.2.3.4\n"),
        ("Policies: [OID{arc: [1u, 2u, 3u]}]", "Policy: 1.2.3\n"),
        ("ExtraExtensions: [PKIX.Extension{Id: [1, 2, 3, 4], Value: b'\\x05\\x00'}]", "1.2.3.4:"),
    ] {
        world.role("x", template(&format!(", {fields}"), ""));
        let text = world.write("cel/issue/x", json!({})).unwrap().certificate_text();
        assert!(text.contains(want), "{fields}: {text}");
    }
    for (fields, want) in [
        ("DNSNames: ['a b']", "\"a b\" in DNSNames is not a host name"),
        ("DNSNames: ['']", "\"\" in DNSNames is not a host name"),
        ("EmailAddresses: ['a']", "\"a\" in EmailAddresses is not an e-mail address"),
        ("IPAddresses: [net.IP{IP: b'abc'}]", "an address in IPAddresses has 3 octets"),
        ("URIs: [url.URL{Host: 'td'}]", "in URIs is not a URI"),
        (
            "URIs: [url.URL{Scheme: 'https', Host: 'h', User: Userinfo{username: 'u', password: 'p'}}]",
            "a password has no place in a certificate",
        ),
        ("ExtKeyUsage: [99]", "ExtKeyUsage 99 is none"),
        ("Policies: [OID{arc: [9u]}]", "Policies: \"9\" is not an object identifier"),
        (
            "ExtraExtensions: [PKIX.Extension{Id: [2, 5, 29, 19], Value: b'\\x30\\x03\\x01\\x01\\xff'}]",
            "2.5.29.19 is set by a field",
        ),
        ("PermittedDNSDomains: ['example.com']", "name constraints, which only a CA can have"),
        ("NotBefore: now + duration('2h')", "is later than the certificate's Not After"),
    ] {
        world.role("x", template(&format!(", {fields}"), ""));
        world.refuses("cel/issue/x", json!({}), want);
    }
    world.role("x", program("ValidationOutput{template: CertTemplate{NotAfter: now + duration('1h'), Subject: PKIX.Name{CommonName: 'a\\nb'}}}"));
    world.refuses("cel/issue/x", json!({}), "CommonName of the subject has a control character");
    world.role("x", template(", Version: 2, InhibitAnyPolicy: 1", ""));
    let idle = world.write("cel/issue/x", json!({})).unwrap();
    assert_eq!(
        idle.warnings,
        ["Version of the template has no effect", "InhibitAnyPolicy of the template has no effect"]
    );
}

#[test]
fn the_issuer_bounds_what_a_program_gives() {
    let world = World::new();
    world.role(
        "x",
        program(
            "ValidationOutput{template: CertTemplate{NotAfter: timestamp('9000-01-01T00:00:00Z')}}",
        ),
    );
    world.refuses("cel/issue/x", json!({}), "beyond the expiration of the CA");
    let ca =
        |fields: &str| template(&format!(", IsCA: true, BasicConstraintsValid: true{fields}"), "");
    world.role("x", ca(", MaxPathLen: 1"));
    let text = world.write("cel/issue/x", json!({})).unwrap().certificate_text();
    assert!(
        text.contains("CA:TRUE, pathlen:1") && text.contains("Certificate Sign, CRL Sign"),
        "{text}"
    );
    for (fields, want) in [
        (", IsCA: true", "IsCA has no effect without BasicConstraintsValid"),
        (", MaxPathLen: 1", "only a CA has a path length"),
        (", IsCA: true, BasicConstraintsValid: true, MaxPathLen: -2", "MaxPathLen -2 is none"),
        (", IsCA: true, BasicConstraintsValid: true, KeyUsage: 1", "must have KeyUsageCertSign"),
    ] {
        world.role("x", template(fields, ""));
        world.refuses("cel/issue/x", json!({}), want);
    }
    world.root(json!({ "max_path_length": 1, "permitted_dns_domains": "example.com" }));
    world.role("x", ca(", MaxPathLen: 1"));
    world.refuses("cel/issue/x", json!({}), "path length");
    world.role("x", ca(""));
    let text = world.write("cel/issue/x", json!({})).unwrap().certificate_text();
    assert!(text.contains("CA:TRUE, pathlen:0"), "{text}");
    world.role("x", template(", DNSNames: ['a.example.net']", ""));
    world.refuses("cel/issue/x", json!({}), "a.example.net");
}

#[test]
fn a_template_without_a_beginning_begins_now() {
    let world = World::new();
    world.role("x", template("", ""));
    let issued = world.write("cel/issue/x", json!({})).unwrap();
    let (from, to) =
        (issued.data["not_before"].as_i64().unwrap(), issued.data["expiration"].as_i64().unwrap());
    assert_eq!(to - from, 3_630);
}

#[test]
fn requests_of_others_are_signed() {
    let world = World::new();
    let csr = world.csr("csr.example.com");
    world.role(
        "x",
        program(
            "ValidationOutput{template: CertTemplate{NotAfter: now + duration('1h'), \
         Subject: PKIX.Name{CommonName: parsed_csr.Subject.CommonName}, \
         DNSNames: parsed_csr.DNSNames}}",
        ),
    );
    let signed = world.write("cel/sign/x", json!({ "csr": csr })).unwrap();
    let text = signed.certificate_text();
    assert!(text.contains("CN=csr.example.com") && text.contains("DNS:csr.example.com"), "{text}");
    assert_eq!(
        (&signed.data["private_key"], &signed.data["private_key_type"]),
        (&json!(""), &json!(""))
    );
    world.refuses("cel/sign/x", json!({}), "no such attribute(s): parsed_csr");
    world.refuses(
        "cel/sign/x",
        json!({ "csr": "garbage" }),
        "failed to parse CSR: invalid CSR format",
    );
    world.refuses("cel/sign/x", json!({ "csr": world.forged(&csr) }), "request signature invalid");
    world.role("x", template("", ""));
    world.refuses("cel/sign/x", json!({}), "csr contains no data");
    world.role("x", program("string(use_csr) + parsed_csr.PublicKeyAlgorithm"));
    world.refuses("cel/sign/x", json!({ "csr": csr }), "trueECDSA");
    world.role("x", program("'a refusal needs no CSR'"));
    world.refuses("cel/sign/x", json!({}), "a refusal needs no CSR");
}

#[test]
fn the_callers_mistakes_are_his() {
    let world = World::new();
    world.role("x", program("'no'"));
    for (path, data) in [
        ("cel/issue/x", json!({})),
        ("cel/issue/absent", json!({})),
        ("cel/roles/y", json!({ "cel_program": { "expression": "1 +" } })),
    ] {
        let class = world.write(path, data).unwrap_err().class();
        assert_eq!(class, ErrorClass::InvalidRequest, "{path}");
    }
}
