//! The values of parameters, as text.

use pki_core::Operation;
use pki_core::x509::pem;
use serde_json::{Map, Value};

use super::authority::{self, Authority, PREPARED, Whose};
use super::names;
use super::{Target, Verdict};

pub(super) const TARGET: Target = Target {
    name: "values",
    about: "lines of name=value, for the request that the first line picks",
    run,
    seeds,
};

/// Words for the dictionary that are no names of parameters.
pub(super) const WORDS: &[&str] = &[
    "example.com",
    "xn--",
    "*.",
    "urn:a:",
    "10.0.0.0/8",
    "::/0",
    "1.2.3;UTF8:",
    "2.5.29.17",
    "utf8",
    "72h",
    "1d",
    "2027-01-01T00:00:00Z",
    "{{",
    "}}",
    "[{\"oid\":",
    "http://",
    "@",
    "keyCompromise",
    "DigitalSignature",
    "default",
    "true",
    "pem_bundle",
    "ttl-limited",
    "-----BEGIN ",
    "ed25519",
];

/// Requests that make no RSA keys, with what they cannot do without.
const REQUESTS: [(&str, &[(&str, &str)]); 12] = [
    ("pki/sign/any", &[]),
    ("pki/sign/strict", &[]),
    ("pki/sign-verbatim", &[]),
    ("pki/root/sign-intermediate", &[("common_name", "Sub")]),
    ("pki/root/generate/existing", &[("common_name", "Other"), ("key_ref", "sub")]),
    ("pki/intermediate/generate/existing", &[("common_name", "Other"), ("key_ref", "sub")]),
    ("pki/roles/x", &[("key_type", "ed25519")]),
    ("pki/config/urls", &[]),
    ("pki/config/crl", &[]),
    ("pki/config/auto-tidy", &[]),
    ("pki/issuer/default", &[]),
    ("pki/revoke", &[]),
];

/// The first octet picks the request; its lines are parameters.
fn run(input: &[u8]) -> Verdict {
    let Some((pick, text)) = input.split_first() else { return Verdict::Refused };
    let Some((path, always)) = REQUESTS.get(usize::from(*pick) % REQUESTS.len()) else {
        return Verdict::Refused;
    };
    let text = String::from_utf8_lossy(text);
    let mut data = Map::new();
    data.insert("csr".into(), csr(path).into());
    data.extend(always.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
    data.extend(text.lines().filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        Some((name.to_owned(), value.into()))
    }));
    let makes_no_key = ["ec", "ed25519", ""].into_iter().map(Value::from);
    if !data.get("key_type").is_none_or(|kind| makes_no_key.into_iter().any(|fast| fast == *kind)) {
        return Verdict::Refused;
    }
    let authority = Authority::new();
    let answer = authority.ask(Operation::Write, path, data);
    if let Ok(answer) = &answer {
        check(&authority, path, answer);
    }
    Verdict::of(&answer)
}

fn csr(path: &str) -> String {
    if path.ends_with("sign-intermediate") {
        return PREPARED.sub_csr.clone();
    }
    let der = authority::csr(&Whose::Leaf.key(), "c.example.com", Vec::new());
    pem::encode("CERTIFICATE REQUEST", &der)
}

fn check(authority: &Authority, path: &str, answer: &Value) {
    match path {
        "pki/sign/strict" => drop(names::check_strict(answer)),
        "pki/sign/any" => drop(names::check_leaf(answer)),
        "pki/sign-verbatim" => assert!(!names::certificate(answer).is_ca()),
        "pki/root/sign-intermediate" => assert!(names::certificate(answer).is_ca()),
        "pki/root/generate/existing" | "pki/intermediate/generate/existing" | "pki/revoke" => (),
        // An issuer without a name is read with an empty one, which cannot be set.
        "pki/issuer/default" => drop(authority.read(path).expect("what was written")),
        // What was set can be read, and set again as it was read.
        _ => {
            let read = authority.read(path).expect("what was written");
            authority.write(path, read.clone()).expect("what was read");
            assert_eq!(authority.read(path).expect("what was written again"), read);
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let names = "common_name=e.example.com\n\
                 alt_names=f.example.com,me@g.example.com,*.h.example.com\n\
                 ip_sans=10.1.2.3\nuri_sans=urn:a:c\nother_sans=1.2.3;UTF8:x\nuser_ids=u\n\
                 serial_number=5\nttl=1h\nformat=pem_bundle";
    let limits = "permitted_dns_domains=example.com,.example.org\n\
                  excluded_ip_ranges=10.0.0.0/8\npermitted_email_addresses=example.com\n\
                  excluded_uri_domains=.example.net\nmax_path_length=0\nskid=0a0b\n\
                  not_after=2027-01-01T00:00:00Z\nkey_usage=DigitalSignature";
    let role = "allowed_domains=example.com\nallowed_ip_sans_cidr=10.0.0.0/8,fd00::/8\n\
                policy_identifiers=1.2.3,1.2.4\next_key_usage_oids=1.2.3\n\
                not_before_duration=90s\nmax_ttl=72h";
    let urls = "issuing_certificates=http://a.example.com/x\nenable_templating=true\n\
                ocsp_servers=http://{{issuer_id}}.example.com";
    let crl = "expiry=72h\nauto_rebuild=true\nauto_rebuild_grace_period=12h\n\
               enable_delta=true\ndelta_rebuild_interval=15m";
    let tidy = "enabled=true\ninterval_duration=12h\ntidy_cert_store=true\n\
                safety_buffer=72h";
    let issuer = "issuer_name=other\nusage=read-only,issuing-certificates\n\
                  leaf_not_after_behavior=truncate\nmanual_chain=self\n\
                  revocation_signature_algorithm=";
    let texts = [
        (0, names),
        (1, "common_name=e.example.com"),
        (2, names),
        (3, limits),
        (4, limits),
        (5, names),
        (6, role),
        (7, urls),
        (8, crl),
        (9, tidy),
        (10, issuer),
        (11, "serial_number=01-02\nreason=superseded"),
    ];
    texts.iter().map(|(pick, text)| [&[*pick], text.as_bytes()].concat()).collect()
}
