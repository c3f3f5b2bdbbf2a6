//! The quick starts work as they are written, and so do older scripts with Vault's own words.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use pkictl_tests::{World, pkictl, repository, transcript};

#[test]
fn the_readme_works_line_by_line() {
    let world = World::new(pkictl!());
    transcript::replay(&world, "README.md", &repository::read("README.md"));
}

#[test]
fn the_settings_file_of_the_readme_is_understood() {
    let document = repository::read("README.md");
    let blocks = transcript::blocks(&document, "toml");
    assert_eq!(blocks.len(), 1);
    for (_, lines) in blocks {
        let world = World::new(pkictl!());
        let path = world.write("pkictl.toml", lines.join("\n"));
        let flag = format!("-config={}", path.display());
        let got = world.run(&["read", &flag, "pki/cert/ca"]);
        assert!(got.err.starts_with("No value found"), "{}", got.err);
    }
}

/// Takes a PEM block out of a table, as somebody with a mouse would.
fn copied(shown: &str, row: &str) -> String {
    let from = shown.lines().skip_while(|line| !line.starts_with(row));
    let mut lines = Vec::new();
    for line in from {
        lines.push(line.trim_start_matches(row).trim_start());
        if line.starts_with("-----END") {
            break;
        }
    }
    lines.join("\n") + "\n"
}

/// The rows of a table, by their names.
fn rows(shown: &str) -> Vec<&str> {
    let names = shown.lines().skip(2).filter(|line| !line.contains("-----END"));
    names.filter_map(|line| line.split_once("    ").map(|(name, _)| name)).collect()
}

#[test]
fn the_words_of_old_guides_still_work() {
    let world = World::new(pkictl!());
    let shell = |line: &str| {
        let (status, shown) = world.shell(line);
        assert_eq!(status, 0, "{line}\n{shown}");
        shown
    };
    shell("vault mount pki");
    shell("vault mount-tune -max-lease-ttl=87600h pki");
    let shown = shell("vault write pki/root/generate/internal common_name=myvault.com ttl=87600h");
    for row in ["certificate", "expiration", "issuing_ca", "serial_number"] {
        assert!(rows(&shown).contains(&row), "{row}: {shown}");
    }
    shell(
        "vault write pki/config/urls issuing_certificates=\"http://127.0.0.1:8200/v1/pki/ca\" \
         crl_distribution_points=\"http://127.0.0.1:8200/v1/pki/crl\"",
    );
    shell(
        "vault write pki/roles/example-dot-com \\\n    allowed_domains=\"example.com\" \\\n    \
         allow_subdomains=\"true\" max_ttl=\"72h\"",
    );
    let shown = shell("vault write pki/issue/example-dot-com \\\n    common_name=blah.example.com");
    for row in ["certificate", "issuing_ca", "private_key", "private_key_type", "serial_number"] {
        assert!(rows(&shown).contains(&row), "{row}: {shown}");
    }
    assert!(shown.contains("-----BEGIN RSA PRIVATE KEY-----"), "{shown}");

    shell("vault secrets enable -path=pki_int pki");
    shell("vault secrets tune -max-lease-ttl=43800h pki_int");
    let shown = shell(
        "vault write pki_int/intermediate/generate/internal \
         common_name=\"myvault.com Intermediate Authority\" ttl=43800h",
    );
    world.write("pki_int.csr", copied(&shown, "csr"));
    let shown = shell(
        "vault write pki/root/sign-intermediate csr=@pki_int.csr format=pem_bundle ttl=43800h",
    );
    world.write("signed_certificate.pem", copied(&shown, "certificate"));
    shell("vault write pki_int/intermediate/set-signed certificate=@signed_certificate.pem");
    shell(
        "vault write pki_int/config/urls issuing_certificates=\"http://127.0.0.1:8200/v1/pki_int/ca\" \
         crl_distribution_points=\"http://127.0.0.1:8200/v1/pki_int/crl\"",
    );
    shell(
        "vault write pki_int/roles/example-dot-com \\\n    allowed_domains=example.com \\\n    \
         allow_subdomains=true max_ttl=72h",
    );
    let shown =
        shell("vault write pki_int/issue/example-dot-com \\\n    common_name=blah.example.com");
    for row in ["certificate", "issuing_ca", "ca_chain", "private_key", "serial_number"] {
        assert!(rows(&shown).contains(&row), "{row}: {shown}");
    }

    assert!(shell("vault mounts").contains("pki_int/"));
    shell("vault remount pki_int moved");
    assert!(shell("vault list moved/roles").contains("example-dot-com"));
    shell("vault unmount moved");
    assert!(!shell("vault mounts").contains("moved/"));
    assert_eq!(
        world.data(&["read", "pki/config/urls"]).get("issuing_certificates").expect("URLs")[0],
        "http://127.0.0.1:8200/v1/pki/ca"
    );
}
