//! The walkthroughs in `examples/` do what they say; the `openssl` program looks at the results.

use std::path::Path;

use pkictl_tests::{Outcome, World, pkictl, repository, tools};

/// Runs a walkthrough; its files are left in the directory `out`.
#[track_caller]
fn walk(name: &str) -> (World, Outcome) {
    let world = World::new(pkictl!());
    let script = repository::root().join("examples").join(name);
    let mut command = world.command("/bin/sh");
    command.arg(script).arg("out");
    let got = command.output().map(|got| Outcome::of(&got));
    let got = got.unwrap_or_else(|problem| Outcome {
        status: -1,
        out: String::new(),
        err: problem.to_string(),
    });
    assert_eq!(got.status, 0, "{name}\n{}{}", got.out, got.err);
    (world, got)
}

/// What `openssl` says about a walkthrough's files, if there is one.
#[track_caller]
fn openssl(world: &World, words: &str) -> Option<Outcome> {
    let mut command = world.command(tools::find("openssl")?);
    command.current_dir(world.work().join("out")).args(words.split_whitespace());
    command.output().ok().map(|got| Outcome::of(&got))
}

#[track_caller]
fn verified(world: &World, words: &str) {
    if let Some(got) = openssl(world, words) {
        assert_eq!(got.status, 0, "openssl {words}\n{}{}", got.out, got.err);
    }
}

#[track_caller]
fn refused(world: &World, words: &str, reason: &str) {
    if let Some(got) = openssl(world, words) {
        assert_ne!(got.status, 0, "openssl {words}\n{}{}", got.out, got.err);
        assert!(got.err.contains(reason), "{}", got.err);
    }
}

#[test]
fn two_tier_ca() {
    let (world, got) = walk("two-tier-ca.sh");
    for command in [
        "$ pkictl secrets enable",
        "$ pkictl write -field=certificate pki/root/generate/internal",
        "$ pkictl write pki_int/intermediate/set-signed",
        "$ pkictl write pki_int/roles/example-dot-com",
        "$ pkictl write pki_int/issue/example-dot-com common_name=blah.example.com",
    ] {
        assert!(got.out.contains(command), "{command}\n{}", got.out);
    }
    verified(
        &world,
        "verify -x509_strict -CAfile root.pem -untrusted intermediate.pem blah.example.com.pem",
    );
}

#[test]
fn mtls_for_nginx() {
    let (world, _) = walk("mtls-for-nginx.sh");
    let chain = "verify -x509_strict -CAfile nginx/ca.pem -crl_check -CRLfile nginx/ca.crl";
    verified(
        &world,
        &format!("{chain} -purpose sslserver -verify_hostname www.example.com nginx/server.pem"),
    );
    verified(&world, &format!("{chain} -purpose sslclient client/alice.pem"));
    refused(&world, &format!("{chain} -purpose sslclient nginx/server.pem"), "purpose");
    refused(&world, &format!("{chain} -purpose sslserver client/alice.pem"), "purpose");
    assert!(Path::new(&world.work().join("out/nginx/mtls.conf")).is_file());
}

#[test]
fn revoke_and_crl() {
    let (world, _) = walk("revoke-and-crl.sh");
    let chain = "verify -x509_strict -CAfile root.pem -crl_check -CRLfile root.crl";
    verified(&world, &format!("{chain} good.pem"));
    refused(&world, &format!("{chain} lost.pem"), "certificate revoked");
    if let Some(got) = openssl(&world, "crl -in root.crl -noout -text -CAfile root.pem") {
        assert!(got.err.contains("verify OK"), "{}", got.err);
        assert!(got.out.contains("Key Compromise"), "{}", got.out);
    }
}

/// The units are for a user and a program that only their administrator has; with those of this
/// machine in their place, systemd finds nothing to say about them.
#[test]
fn the_units_for_systemd_are_understood() {
    let world = World::new(pkictl!());
    let id = |what: &str| {
        let got = world.command("id").arg(what).output().map(|got| Outcome::of(&got));
        got.map(|got| got.out.trim().to_owned()).unwrap_or_default()
    };
    let service = repository::read("examples/systemd/pkictl-maintain.service")
        .replace("User=pki\n", &format!("User={}\n", id("-un")))
        .replace("Group=pki\n", &format!("Group={}\n", id("-gn")))
        .replace("=/usr/local/bin/pkictl", &format!("={}", pkictl!()));
    let timer = repository::read("examples/systemd/pkictl-maintain.timer");
    assert!(service.contains(&format!("ExecStart={} maintain\n", pkictl!())), "{service}");
    let units = [("pkictl-maintain.service", service), ("pkictl-maintain.timer", timer)];
    let units = units.map(|(name, text)| world.write(name, text));
    let Some(analyze) = tools::find("systemd-analyze") else { return };
    let got = world.command(analyze).args(["verify", "--man=no"]).args(&units).output();
    let Ok(got) = got.map(|got| Outcome::of(&got)) else { return };
    // What it says of the machine is not about them.
    let said: Vec<&str> = got.err.lines().filter(|line| line.contains("pkictl-maintain")).collect();
    assert!(said.is_empty(), "{said:#?}");
}

#[test]
fn many_hosts() {
    let (world, got) = walk("many-hosts.sh");
    assert!(got.out.contains("2 certificates were revoked"), "{}", got.out);
    let chain = "verify -x509_strict -CAfile root.pem -crl_check -CRLfile root.crl";
    verified(&world, &format!("{chain} hosts/000001-www.example.com.pem"));
    for name in ["000002-mail", "000003-printer"] {
        let file = format!("hosts/{name}.example.com.pem");
        refused(&world, &format!("{chain} {file}"), "certificate revoked");
    }
}
