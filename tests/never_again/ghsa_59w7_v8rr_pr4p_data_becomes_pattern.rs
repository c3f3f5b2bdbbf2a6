//! A `*` in the data of an identity became a pattern when it was put into a role (OpenBao
//! templates). Here only a role's own entries are patterns, and templates are not filled in; the
//! decision by itself is in `crates/pki-core/tests/policy_never_again.rs`.

use serde_json::json;

use crate::mount::Mount;

#[test]
fn a_template_is_a_text_like_any_other() {
    let mount = Mount::new();
    mount.role("template", json!({
        "allowed_domains": "{{identity.entity.name}}.example.com", "allowed_domains_template": true,
        "allow_globs_in_identity_templates": true, "allow_glob_domains": true,
        "allow_subdomains": true, "allow_bare_domains": true, "enforce_hostnames": false,
        "allowed_uri_sans": "urn:{{identity.entity.name}}", "allowed_uri_sans_template": true,
    }));
    for name in ["x.example.com", "*.example.com", "a.*.example.com", "*"] {
        let data = json!({"common_name": name, "key_type": "ec"});
        mount.refuse("pki/issue/template", data, "not allowed by this role");
    }
    for uri in ["urn:*", "urn:x"] {
        let data = json!({"uri_sans": uri, "key_type": "ec"});
        mount.refuse("pki/issue/template", data, "not valid for this role");
    }
}
