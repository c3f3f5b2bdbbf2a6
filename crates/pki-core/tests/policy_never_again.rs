//! Bugs of other certificate authorities, each with the input that would trigger it here.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

mod policy_support;

use pki_core::policy::names::validate_name;
use pki_core::policy::{CsrNames, NameRequest, Role, Violation, names_for_issue, names_for_sign};
use pki_core::x509::general_name::{OtherName, SubjectAltNames};
use policy_support::{role, texts};
use proptest::prelude::*;

/// One name of every shape.
const SHAPES: &[&str] = &[
    "",
    "example.com",
    "EXAMPLE.com",
    "www.example.com",
    "a.b.example.com",
    "xexample.com",
    "example.org",
    "com",
    "*",
    "*.example.com",
    "*.www.example.com",
    "f*o.example.com",
    "**.example.com",
    "a.*.example.com",
    "*.*.example.com",
    "user@example.com",
    "user@www.example.com",
    "user@*.example.com",
    "*@example.com",
    "a@b@example.com",
    "@example.com",
    "user@",
    "localhost",
    "x.localhost",
    "*.localhost",
    "*.x.localhost",
    "u@localhost",
    "foo_bar.example.com",
    "-a.example.com",
    "example.com.",
    ".example.com",
    "a..example.com",
    "bücher.example.com",
    "evil.com\0.example.com",
    "a b.example.com",
];

const DOMAINS: &[&str] = &["", "example.com", "*.example.com", "*example.com", "user@example.com"];

/// Which settings a name needs, said without looking at how they are checked. `any` is
/// `allow_any_name`, and so on; `host` is `enforce_hostnames`.
#[expect(clippy::struct_excessive_bools, reason = "a table of switches")]
#[derive(Clone, Copy, Debug)]
struct Switches {
    any: bool,
    bare: bool,
    glob: bool,
    local: bool,
    sub: bool,
    wild: bool,
    host: bool,
}

impl Switches {
    fn all() -> impl Iterator<Item = Self> {
        (0..128_u8).map(|bits| {
            let [any, bare, glob, local, sub, wild, host, _] =
                std::array::from_fn(|at| bits >> at & 1 == 1);
            Self { any, bare, glob, local, sub, wild, host }
        })
    }

    fn role(self, domain: &str) -> Role {
        Role {
            allow_any_name: self.any,
            allow_bare_domains: self.bare,
            allow_glob_domains: self.glob,
            allow_localhost: self.local,
            allow_subdomains: self.sub,
            allow_wildcard_certificates: self.wild,
            enforce_hostnames: self.host,
            ..role(&[("allowed_domains", domain)])
        }
    }
}

/// The whole table of boolean settings and name shapes: what must be on for a name to pass.
/// Vault 1.8 issued wildcards without `allow_subdomains` (CVE-2022-25243).
#[test]
fn a_name_passes_only_with_the_settings_that_it_needs() {
    let mut passed = 0;
    for domain in DOMAINS {
        for switches in Switches::all() {
            let Switches { any, bare, glob, local, sub, wild, host } = switches;
            let role = switches.role(domain);
            for name in SHAPES {
                if !validate_name(&role, name) {
                    continue;
                }
                passed += 1;
                let case = format!("{name:?} in {domain:?} with {switches:?}");
                assert!(any || local || ((bare || sub || glob) && !domain.is_empty()), "{case}");
                assert!(wild || !name.contains('*'), "{case}");
                assert!(!name.contains('\0') && name.matches('@').count() < 2, "{case}");
                assert!(!name.contains("**") && !name.contains("*.*"), "{case}");
                assert!(!name.contains("@*"), "{case}");
                if host {
                    let syntax = ['_', ' '].iter().all(|c| !name.contains(*c))
                        && !name.contains("..")
                        && !name.starts_with(['-', '.'])
                        && !name.ends_with('.');
                    assert!(syntax, "{case}");
                }
                let is_local = name.ends_with("localhost");
                if !any && is_local {
                    let below = name.contains("x.localhost");
                    assert!(local && (sub || !below), "{case}");
                }
                if !any && !is_local && *domain == "example.com" {
                    let lower = name.to_ascii_lowercase();
                    let is_bare = lower.rsplit('@').next() == Some("example.com");
                    assert!(if is_bare { bare } else { sub }, "{case}");
                    assert!(lower.ends_with("example.com") && lower != "xexample.com", "{case}");
                }
                if !any && !is_local && domain.starts_with('*') {
                    let literal = bare && name.eq_ignore_ascii_case(domain);
                    assert!(glob || literal, "{case}");
                }
                if !any && !is_local && *domain == "user@example.com" {
                    assert!(bare && *name == *domain, "{case}");
                }
            }
        }
    }
    assert!(8_000 < passed, "the table tests refusals only: {passed}");
}

/// Names that pass with the least that lets them pass, so that the table above is not empty.
#[test]
fn a_name_passes_with_the_settings_that_it_needs() {
    for (name, domain, needs) in [
        ("example.com", "example.com", "b"),
        ("www.example.com", "example.com", "s"),
        ("*.example.com", "example.com", "sw"),
        ("f*o.example.com", "example.com", "sw"),
        ("user@example.com", "example.com", "b"),
        ("user@www.example.com", "example.com", "s"),
        ("a.b.example.com", "*.example.com", "g"),
        ("*.www.example.com", "*.example.com", "gw"),
        ("*.example.com", "*.example.com", "bw"),
        ("user@example.com", "user@example.com", "b"),
        ("localhost", "", "l"),
        ("*.localhost", "", "lw"),
        ("x.localhost", "", "ls"),
        ("example.org", "", "a"),
        ("*.example.org", "", "aw"),
    ] {
        let switches = |on: &str| Switches {
            any: on.contains('a'),
            bare: on.contains('b'),
            glob: on.contains('g'),
            local: on.contains('l'),
            sub: on.contains('s'),
            wild: on.contains('w'),
            host: true,
        };
        assert!(validate_name(&switches(needs).role(domain), name), "{name} with {needs}");
        for missing in needs.chars() {
            let fewer = needs.replace(missing, "");
            assert!(!validate_name(&switches(&fewer).role(domain), name), "{name} with {fewer}");
        }
    }
}

/// `*` from identity data became a pattern elsewhere (GHSA-59w7-v8rr-pr4p). Only a role's own
/// entries are patterns here, and templates are not filled in.
#[test]
fn data_never_becomes_a_pattern() {
    let role = role(&[
        ("allowed_domains", "{{identity.entity.name}}.example.com,a.example.com"),
        ("allowed_domains_template", "true"),
        ("allow_globs_in_identity_templates", "true"),
        ("allow_glob_domains", "true"),
        ("allowed_uri_sans", "urn:a"),
        ("allowed_uri_sans_template", "true"),
        ("allowed_serial_numbers", "1"),
        ("allowed_user_ids", "bob"),
        ("allowed_other_sans", "1.2.3;utf8:a"),
        ("require_cn", "false"),
    ]);
    for name in ["x.example.com", "*.example.com", "a*", "*"] {
        assert!(!validate_name(&role, name), "{name}");
    }
    let star = || texts(&["*"]);
    for request in [
        NameRequest { uri_sans: star(), ..Default::default() },
        NameRequest { serial_number: "*".into(), ..Default::default() },
        NameRequest { user_ids: star(), ..Default::default() },
        NameRequest { other_sans: texts(&["1.2.3;utf8:*"]), ..Default::default() },
        NameRequest { other_sans: texts(&["*;utf8:a"]), ..Default::default() },
    ] {
        assert!(names_for_issue(&role, &request).is_err(), "{request:?}");
    }
}

/// The kinds of names, each in a request and in a CSR.
#[derive(Clone, Debug)]
enum Name {
    Dns(String),
    Email(String),
    Ip(std::net::IpAddr),
    Uri(String),
    Other(String, String),
    Serial(String),
    UserId(String),
}

impl Name {
    fn in_request(&self) -> NameRequest {
        let mut request = NameRequest::default();
        match self.clone() {
            Self::Dns(name) | Self::Email(name) => request.alt_names = name,
            Self::Ip(ip) => request.ip_sans = vec![ip.to_string()],
            Self::Uri(uri) => request.uri_sans = vec![uri],
            Self::Other(oid, value) => request.other_sans = vec![format!("{oid};utf8:{value}")],
            Self::Serial(serial) => request.serial_number = serial,
            Self::UserId(user_id) => request.user_ids = vec![user_id],
        }
        request
    }

    fn in_csr(&self) -> CsrNames {
        let mut csr = CsrNames::default();
        let sans: &mut SubjectAltNames = &mut csr.sans;
        match self.clone() {
            Self::Dns(name) => sans.dns = vec![name],
            Self::Email(name) => sans.email = vec![name],
            Self::Ip(ip) => sans.ip = vec![ip],
            Self::Uri(uri) => sans.uri = vec![uri],
            Self::Other(oid, value) => sans.other = vec![OtherName { oid, value }],
            Self::Serial(serial) => csr.serial_number = Some(serial),
            Self::UserId(user_id) => csr.user_ids = vec![user_id],
        }
        csr
    }
}

/// Names that a parameter can say: what is no name at all is refused in other words there.
fn names() -> impl Strategy<Value = Name> {
    let dns = "(\\*\\.)?(www|a|example|localhost)(\\.(example|localhost|com|org)){0,3}";
    let ip = prop_oneof![
        any::<u32>().prop_map(|bits| std::net::Ipv4Addr::from(bits & 0x0b03_0303).into()),
        any::<u128>().prop_map(|bits| std::net::Ipv6Addr::from_bits(bits & 7).into()),
    ];
    prop_oneof![
        dns.prop_map(Name::Dns),
        "[a-c]@(www\\.)?example\\.(com|org)".prop_map(Name::Email),
        ip.prop_map(Name::Ip),
        "(urn|http):(//)?[ab]{1,2}".prop_map(Name::Uri),
        ("1\\.2\\.[34]", "[ab]{0,2}").prop_map(|(oid, value)| Name::Other(oid, value)),
        "[ab]{1,2}".prop_map(Name::Serial),
        "[abA]{1,2}".prop_map(Name::UserId),
    ]
}

/// Roles that allow some names of every kind.
fn roles() -> impl Strategy<Value = Role> {
    let list = |entries: &'static [&'static str]| {
        proptest::sample::subsequence(entries, 0..=entries.len())
            .prop_map(|entries| entries.iter().map(|entry| (*entry).to_owned()).collect())
    };
    let lists = (
        list(&["example.com", "*.org", "com"]),
        list(&["10.0.0.0/8", "0.0.0.0/5", "::/126"]),
        list(&["urn:a*", "http://b"]),
        list(&["1.2.3;utf8:a*", "1.2.4;utf8:b"]),
        list(&["a", "b*"]),
    );
    (lists, any::<[bool; 6]>()).prop_map(|(lists, flags)| {
        let (allowed_domains, networks, uris, others, patterns): (_, _, _, _, Vec<String>) = lists;
        let [bare, sub, glob, local, wild, ip] = flags;
        Role {
            allowed_domains,
            allowed_ip_sans_cidr: networks,
            allowed_uri_sans: uris,
            allowed_other_sans: others,
            allowed_serial_numbers: patterns.clone(),
            allowed_user_ids: patterns,
            allow_bare_domains: bare,
            allow_subdomains: sub,
            allow_glob_domains: glob,
            allow_localhost: local,
            allow_wildcard_certificates: wild,
            allow_ip_sans: ip,
            ..role(&[("require_cn", "false")])
        }
    })
}

fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(2_000), failure_persistence: None, ..config }
}

proptest! {
    #![proptest_config(config())]

    /// `allowed_ip_sans_cidr` was enforced for parameters and not for CSRs (GHSA-g892-p242-8g86).
    #[test]
    fn a_name_in_a_csr_meets_the_same_policy(role in roles(), name in names()) {
        let issued = names_for_issue(&role, &name.in_request());
        let signed = names_for_sign(&role, &NameRequest::default(), &name.in_csr());
        let signed = signed.map(|(names, _)| names).map_err(|violation| match violation {
            // These two say where the name came from.
            Violation::IpSans(_) | Violation::UriSans(_) | Violation::Uri(_) => "origin".to_owned(),
            other => other.to_string(),
        });
        let issued = issued.map_err(|violation| match violation {
            Violation::IpSans(_) | Violation::UriSans(_) | Violation::Uri(_) => "origin".to_owned(),
            other => other.to_string(),
        });
        prop_assert_eq!(issued, signed);
    }

    /// An empty list of principals was taken for all of them (CVE-2024-7594). `allow_ip_sans` is
    /// the switch for addresses, and networks only narrow it.
    #[test]
    fn an_empty_list_never_means_all(flags in any::<[bool; 5]>(), name in names()) {
        let role = Role {
            allow_bare_domains: flags[0],
            allow_subdomains: flags[1],
            allow_glob_domains: flags[2],
            allow_wildcard_certificates: flags[3],
            enforce_hostnames: flags[4],
            allow_localhost: false,
            allow_ip_sans: false,
            ..role(&[("require_cn", "false")])
        };
        prop_assert!(names_for_issue(&role, &name.in_request()).is_err());
        prop_assert!(names_for_sign(&role, &NameRequest::default(), &name.in_csr()).is_err());
    }
}

/// Lists that name nothing are no lists either.
#[test]
fn empty_entries_allow_nothing() {
    let role = role(&[
        ("allowed_domains", ",,"),
        ("allow_bare_domains", "true"),
        ("allow_subdomains", "true"),
        ("allow_glob_domains", "true"),
        ("allow_localhost", "false"),
        ("enforce_hostnames", "false"),
        ("allowed_uri_sans", ","),
        ("allowed_serial_numbers", ","),
        ("allowed_user_ids", ","),
        ("require_cn", "false"),
    ]);
    for name in ["", "com", "a.com", "a@", "@", "*", "*.com"] {
        assert!(!validate_name(&role, name), "{name}");
    }
    let no_checks = Role { cn_validations: Vec::new(), allow_any_name: true, ..role.clone() };
    let request = NameRequest { common_name: "a.com".into(), ..Default::default() };
    assert!(names_for_issue(&no_checks, &request).is_err());
    for request in [
        NameRequest { uri_sans: texts(&["urn:a"]), ..Default::default() },
        NameRequest { serial_number: "1".into(), ..Default::default() },
        NameRequest { user_ids: texts(&["bob"]), ..Default::default() },
    ] {
        assert!(names_for_issue(&role, &request).is_err(), "{request:?}");
    }
}

/// A parsed but unknown kind of thing must not fall past the checks (CVE-2026-30836).
#[test]
fn names_in_the_wrong_place_are_refused() {
    let any = role(&[
        ("allow_any_name", "true"),
        ("require_cn", "false"),
        ("enforce_hostnames", "false"),
    ]);
    let sign = |sans: SubjectAltNames| {
        let csr = CsrNames { sans, ..Default::default() };
        names_for_sign(&any, &NameRequest::default(), &csr)
    };
    let dns = SubjectAltNames { dns: texts(&["u@example.com"]), ..Default::default() };
    assert_eq!(sign(dns).unwrap_err(), Violation::DnsName("u@example.com".into()));
    let email = SubjectAltNames { email: texts(&["example.com"]), ..Default::default() };
    assert_eq!(sign(email).unwrap_err(), Violation::Email("example.com".into()));
    let nul = SubjectAltNames { dns: texts(&["a\0.example.com"]), ..Default::default() };
    assert_eq!(sign(nul).unwrap_err(), Violation::DnsName("a\0.example.com".into()));
    let odd = SubjectAltNames { dns: texts(&["foo_bar", "a b"]), ..Default::default() };
    assert_eq!(sign(odd).unwrap().0.sans.dns, ["foo_bar", "a b"]);
}
