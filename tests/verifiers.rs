//! Other people's programs look at what was made.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::path::Path;

use pkictl_tests::{Outcome, World, pkictl, tools};

/// The kinds of key that a root, an intermediate and a leaf are made with.
const KINDS: &[(&str, &str)] = &[
    ("rsa", "2048"),
    ("rsa", "3072"),
    ("ec", "224"),
    ("ec", "256"),
    ("ec", "384"),
    ("ec", "521"),
    ("ed25519", "0"),
];

/// A root, an intermediate, a leaf with names of all kinds, and the CRLs, as files.
fn hierarchy(key_type: &str, key_bits: &str, pss: bool) -> World {
    let world = World::new(pkictl!());
    let key =
        [format!("key_type={key_type}"), format!("key_bits={key_bits}"), format!("use_pss={pss}")];
    let key: Vec<&str> = key.iter().map(String::as_str).collect();
    for (mount, ttl) in [("pki", "87600h"), ("pki_int", "43800h")] {
        world.ok(&[
            "secrets",
            "enable",
            &format!("-path={mount}"),
            &format!("-max-lease-ttl={ttl}"),
            "pki",
        ]);
        world.ok(&[
            "write",
            &format!("{mount}/config/urls"),
            &format!("issuing_certificates=http://pki.example.com/{mount}/ca"),
            &format!("crl_distribution_points=http://pki.example.com/{mount}/crl"),
            &format!("ocsp_servers=http://pki.example.com/{mount}/ocsp"),
        ]);
    }
    let names = ["common_name=Example Root", "organization=Example", "country=NL", "ttl=87600h"];
    world.write(
        "root.pem",
        world.field(
            "certificate",
            &[&["write", "pki/root/generate/internal"], &names[..], &key].concat(),
        ),
    );
    let names = ["common_name=Example Intermediate", "organization=Example", "country=NL"];
    let words = [&["write", "pki_int/intermediate/generate/internal"], &names[..], &key].concat();
    world.write("int.csr", world.field("csr", &words));
    let words = [
        "write",
        "pki/root/sign-intermediate",
        "csr=@int.csr",
        "use_csr_values=true",
        "ttl=43800h",
        "max_path_length=0",
    ];
    world.write("int.pem", world.field("certificate", &words));
    world.ok(&["write", "pki_int/intermediate/set-signed", "certificate=@int.pem"]);
    let role = [
        "allow_any_name=true",
        "enforce_hostnames=false",
        "allowed_uri_sans=spiffe://*",
        "max_ttl=72h",
    ];
    world.ok(&[&["write", "pki_int/roles/web"], &role[..], &key].concat());
    let names = [
        "common_name=www.example.com",
        "alt_names=example.com,*.api.example.com,post@example.com",
        "ip_sans=192.0.2.7,2001:db8::7",
        "uri_sans=spiffe://example.com/web",
    ];
    for name in ["leaf", "lost"] {
        let words = [&["write", "pki_int/issue/web"], &names[..]].concat();
        world.write(&format!("{name}.pem"), world.field("certificate", &words));
    }
    let pem = std::fs::read_to_string(world.work().join("lost.pem")).expect("a certificate");
    world.ok(&["write", "pki_int/revoke", &format!("certificate={pem}"), "reason=superseded"]);
    for mount in ["pki", "pki_int"] {
        world.write(
            &format!("{mount}.crl"),
            world.field("certificate", &["read", &format!("{mount}/cert/crl")]),
        );
    }
    world
}

#[track_caller]
fn run(world: &World, program: &Path, words: &str) -> Outcome {
    let mut command = world.command(program);
    Outcome::of(&command.args(words.split_whitespace()).output().expect("the program runs"))
}

#[track_caller]
fn passes(world: &World, program: &Path, words: &str) -> String {
    let got = run(world, program, words);
    assert_eq!(got.status, 0, "{} {words}\n{}{}", program.display(), got.out, got.err);
    got.out + &got.err
}

/// Looks at the hierarchies of all kinds of keys.
fn each(look: impl Fn(&World, &str)) {
    for (key_type, bits) in KINDS {
        look(&hierarchy(key_type, bits, false), &format!("{key_type} {bits}"));
    }
    look(&hierarchy("rsa", "2048", true), "rsa 2048 pss");
}

#[test]
fn openssl_verifies_chains_and_crls() {
    let Some(openssl) = tools::find("openssl") else {
        return;
    };
    each(|world, kind| {
        let chain = "verify -x509_strict -check_ss_sig -CAfile root.pem -untrusted int.pem -crl_check_all \
                     -CRLfile pki.crl -CRLfile pki_int.crl -policy_check";
        for check in [
            "-verify_hostname a.api.example.com",
            "-verify_ip 2001:db8::7",
            "-verify_email post@example.com",
        ] {
            passes(world, &openssl, &format!("{chain} -purpose sslserver {check} leaf.pem"));
        }
        let got = run(world, &openssl, &format!("{chain} lost.pem"));
        assert!(got.status != 0 && got.err.contains("certificate revoked"), "{kind}: {}", got.err);
        for (crl, ca) in [("pki.crl", "root.pem"), ("pki_int.crl", "int.pem")] {
            let text = passes(world, &openssl, &format!("crl -in {crl} -CAfile {ca} -noout -text"));
            assert!(text.contains("verify OK"), "{kind}: {text}");
        }
        let text = passes(world, &openssl, "x509 -in int.pem -noout -text");
        assert!(text.contains("CA:TRUE, pathlen:0"), "{kind}: {text}");
    });
}

#[test]
fn certtool_verifies_chains_and_crls() {
    let Some(certtool) = tools::find("certtool") else {
        return;
    };
    each(|world, kind| {
        // GnuTLS knows no P-224.
        if kind == "ec 224" {
            return;
        }
        let (status, _) =
            world.shell("cat int.pem root.pem > cas.pem; cat leaf.pem int.pem > chain.pem");
        assert_eq!(status, 0);
        passes(
            world,
            &certtool,
            "--verify --load-ca-certificate root.pem --infile chain.pem --verify-purpose 1.3.6.1.5.5.7.3.1",
        );
        for (crl, ca) in [("pki.crl", "root.pem"), ("pki_int.crl", "int.pem")] {
            passes(
                world,
                &certtool,
                &format!("--verify-crl --load-ca-certificate {ca} --infile {crl}"),
            );
        }
    });
}

/// Every file is read by the strict parser, and every chain verified by the path validator.
const CRYPTOGRAPHY: &str = r#"
import datetime, ipaddress
from cryptography import x509
from cryptography.x509 import verification as v
read = lambda name: open(name, "rb").read()
root, inter, leaf, lost = (x509.load_pem_x509_certificate(read(n + ".pem")) for n in ("root", "int", "leaf", "lost"))
for certificate in (root, inter, leaf, lost):
    for extension in certificate.extensions:
        assert extension.value is not None
    assert certificate.serial_number.bit_length() == 159, certificate.serial_number
root.verify_directly_issued_by(root)
inter.verify_directly_issued_by(root)
leaf.verify_directly_issued_by(inter)
assert inter.issuer.public_bytes() == root.subject.public_bytes()
assert leaf.issuer.public_bytes() == inter.subject.public_bytes()
san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
assert san.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("192.0.2.7"), ipaddress.ip_address("2001:db8::7")]
assert san.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://example.com/web"]
assert "*.api.example.com" in san.get_values_for_type(x509.DNSName)
for name, ca, revoked in (("pki", root, []), ("pki_int", inter, [lost.serial_number])):
    crl = x509.load_pem_x509_crl(read(name + ".crl"))
    assert crl.is_signature_valid(ca.public_key())
    assert crl.issuer.public_bytes() == ca.subject.public_bytes()
    assert [entry.serial_number for entry in crl] == revoked, name
    for entry in crl:
        assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.superseded
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number >= 1
    assert crl.last_update_utc < crl.next_update_utc
"#;

#[test]
fn pythons_cryptography_reads_everything() {
    let Some(python) = tools::python(&["cryptography"]) else {
        return;
    };
    each(|world, kind| {
        world.write("look.py", CRYPTOGRAPHY);
        let got = run(world, &python, "look.py");
        assert_eq!(got.status, 0, "{kind}: {}{}", got.out, got.err);
    });
}

/// What pkilint calls an error and we make: the code, a part of the text, and why.
const PKILINT_EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "key_usage_value_prohibited_for_",
        "key",
        "the reference's default for roles, whatever the key",
    ),
    ("invalid_domain_name_syntax", "\"*.", "wildcards are RFC 6125's, not RFC 5280's"),
    ("invalid_uri_syntax", "\"spiffe://", "a SPIFFE identifier is a URI of RFC 3986"),
];

/// The errors in pkilint's report that are no exceptions.
fn errors(report: &str) -> Vec<&str> {
    let is_exception = |line: &str| {
        PKILINT_EXCEPTIONS.iter().any(|(code, text, _)| line.contains(code) && line.contains(text))
    };
    report.lines().filter(|line| line.contains("(ERROR)") && !is_exception(line)).collect()
}

#[test]
fn pkilint_finds_no_errors() {
    let Some(python) = tools::python(&["pkilint"]) else {
        return;
    };
    let none: [&str; 0] = [];
    let mut reports = String::new();
    let mut lint = |world: &World, kind: &str, words: &str| {
        let got = run(world, &python, words);
        // It exits with the number of findings.
        let reported = got.status == 0 || got.out.contains("(ERROR)");
        assert!(
            reported && !got.err.contains("Traceback"),
            "{kind} {words}: {}{}",
            got.out,
            got.err
        );
        assert_eq!(errors(&got.out), none, "{kind} {words}");
        reports += &got.out;
    };
    for (key_type, bits, pss) in
        [("rsa", "2048", true), ("ec", "256", false), ("ed25519", "0", false)]
    {
        let world = hierarchy(key_type, bits, pss);
        for file in ["root", "int", "leaf"] {
            lint(
                &world,
                key_type,
                &format!("-m pkilint.bin.lint_pkix_cert lint -s ERROR {file}.pem"),
            );
        }
        for file in ["pki", "pki_int"] {
            lint(
                &world,
                key_type,
                &format!("-m pkilint.bin.lint_crl lint -p PKIX -t CRL -s ERROR {file}.crl"),
            );
        }
    }
    for (code, ..) in PKILINT_EXCEPTIONS {
        assert!(reports.contains(code), "{code} is no exception any more");
    }
}

/// Whoever has one certificate needs the CRL of its shard alone.
#[test]
fn openssl_takes_the_crl_of_a_shard_for_its_certificates_alone() {
    let Some(openssl) = tools::find("openssl") else {
        return;
    };
    let world = World::new(pkictl!());
    world.ok(&["secrets", "enable", "-max-lease-ttl=8760h", "pki"]);
    let root = ["write", "pki/root/generate/internal", "common_name=root", "key_type=ec"];
    world.write("root.pem", world.field("certificate", &[&root[..], &["ttl=8760h"]].concat()));
    let url = "crl_distribution_points=http://crl.example.com/{{crl_shard}}";
    world.ok(&["write", "pki/config/urls", url]);
    world.ok(&["write", "pki/config/crl", "shards=2"]);
    world.ok(&["write", "pki/roles/web", "allow_any_name=true", "key_type=ec"]);
    // Until both shards have a certificate that is good and one that is revoked.
    let mut drawn = Vec::new();
    while drawn.iter().filter(|shard| **shard == 1).count() < 2
        || drawn.iter().filter(|shard| **shard == 2).count() < 2
    {
        let words = ["write", "pki/issue/web", "common_name=a.example.com", "ttl=1h"];
        let name = format!("{}.pem", drawn.len());
        world.write(&name, world.field("certificate", &words));
        let text = passes(&world, &openssl, &format!("x509 -in {name} -noout -text"));
        let shard = if text.contains("URI:http://crl.example.com/1") { 1 } else { 2 };
        if drawn.contains(&shard) {
            let pem = std::fs::read_to_string(world.work().join(&name)).expect("a certificate");
            world.ok(&["write", "pki/revoke", &format!("certificate={pem}")]);
        }
        drawn.push(shard);
    }
    for shard in [1, 2] {
        let words = ["read", &format!("pki/issuer/default/crl/shard/{shard}")];
        world.write(&format!("{shard}.crl"), world.field("crl", &words));
        if let Some(python) = tools::python(&["pkilint"]) {
            let lint = format!("-m pkilint.bin.lint_crl lint -p PKIX -t CRL -s ERROR {shard}.crl");
            let got = run(&world, &python, &lint);
            assert_eq!((got.status, errors(&got.out).len()), (0, 0), "{}{}", got.out, got.err);
        }
    }
    for (index, shard) in drawn.iter().enumerate() {
        let is_first = drawn.iter().position(|other| other == shard) == Some(index);
        for list in [1, 2] {
            let words =
                format!("verify -crl_check -CAfile root.pem -CRLfile {list}.crl {index}.pem");
            let got = run(&world, &openssl, &words);
            let (wanted, why) = match (list == *shard, is_first) {
                (true, true) => (true, "OK"),
                (true, false) => (false, "certificate revoked"),
                (false, _) => (false, "CRL scope"),
            };
            let said = got.out.clone() + &got.err;
            assert_eq!(got.status == 0, wanted, "{index} of {shard}, by {list}: {said}");
            assert!(said.contains(why), "{index} of {shard}, by {list}: {said}");
        }
    }
}
