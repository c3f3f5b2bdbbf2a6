//! Which names a role allows, by the tables of names that were tried on a live server, and in which
//! order problems are reported.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

mod policy_support;

use pki_core::policy::{NameRequest, Role, Violation, names_for_issue};
use policy_support::{role, texts};

/// What becomes of a common name that a request gives alone.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// Issued with these names as alternative names.
    Issued(Vec<String>),
    /// Not a name that the role allows.
    Refused,
    /// Not a name that has an ASCII form.
    NotAscii,
    /// Refused for another reason, which none of these tests expects.
    Other(Violation),
}

fn outcome(role: &Role, request: &NameRequest) -> Outcome {
    match names_for_issue(role, request) {
        Ok(names) => Outcome::Issued([names.sans.dns, names.sans.email].concat()),
        Err(Violation::CommonName(name)) if name == request.common_name => Outcome::Refused,
        Err(Violation::Idna(_)) => Outcome::NotAscii,
        Err(other) => Outcome::Other(other),
    }
}

fn named(common_name: &str) -> NameRequest {
    NameRequest { common_name: common_name.to_owned(), ..Default::default() }
}

type Settings<'a> = &'a [(&'a str, &'a str)];

const COLUMNS: [Settings<'_>; 5] = [
    &[("allowed_domains", "example.com")],
    &[("allowed_domains", "example.com"), ("allow_bare_domains", "true")],
    &[("allowed_domains", "example.com"), ("allow_subdomains", "true")],
    &[("allow_any_name", "true")],
    &[("allow_any_name", "true"), ("enforce_hostnames", "false")],
];

/// A name, and what becomes of it in each column: `+` issued with itself as alternative name, `0`
/// issued without one, `-` refused, `!` without an ASCII form.
const TABLE: &[(&str, &str)] = &[
    ("example.com", "-+-++"),
    ("EXAMPLE.COM", "-+-++"),
    ("www.example.com", "--+++"),
    ("Www.example.com", "--+++"),
    // The reference refuses it in the third column; names have no case.
    ("www.EXAMPLE.com", "--+++"),
    ("a.b.example.com", "--+++"),
    ("*.example.com", "--+++"),
    ("*.www.example.com", "--+++"),
    ("f*o.example.com", "--000"),
    ("foo*.example.com", "--000"),
    ("*foo.example.com", "--000"),
    ("**.example.com", "-----"),
    ("a.*.example.com", "-----"),
    ("*.*", "-----"),
    ("*", "---00"),
    ("xexample.com", "---++"),
    ("example.com.", "!!!!!"),
    ("a..example.com", "!!!!!"),
    (".example.com", "!!!!!"),
    ("localhost", "+++++"),
    ("localdomain", "+++++"),
    ("*.localhost", "+++++"),
    ("x.localhost", "--+++"),
    ("Localhost", "---++"),
    ("user@example.com", "-+-++"),
    ("user@www.example.com", "--+++"),
    ("user@*.example.com", "-----"),
    ("a@b@c", "-----"),
    ("@example.com", "-+-++"),
    ("user@", "---++"),
    ("foo_bar.example.com", "----0"),
    ("-foo.example.com", "----0"),
    ("foo bar", "----0"),
    ("example.com:443", "----0"),
    ("1.2.3.4", "---++"),
];

#[test]
fn the_table_of_common_names_holds() {
    for (name, row) in TABLE {
        for (settings, want) in COLUMNS.iter().zip(row.chars()) {
            let want = match want {
                '+' => Outcome::Issued(texts(&[name])),
                '0' => Outcome::Issued(Vec::new()),
                '-' => Outcome::Refused,
                _ => Outcome::NotAscii,
            };
            // One setting of the last column matters to names that are not host names: there, `_`,
            // blanks and colons are no reason to refuse, and no reason to certify either.
            assert_eq!(outcome(&role(settings), &named(name)), want, "{name} {settings:?}");
        }
    }
    for settings in &COLUMNS {
        let got = names_for_issue(&role(settings), &named(""));
        assert_eq!(got.unwrap_err(), Violation::CommonNameMissing);
    }
}

#[test]
fn names_outside_ascii_are_encoded() {
    let encoded = || Outcome::Issued(texts(&["xn--exmple-cua.com"]));
    for (settings, want) in COLUMNS.iter().zip([None, None, None, Some(encoded()), Some(encoded())])
    {
        let want = want.unwrap_or(Outcome::Refused);
        assert_eq!(outcome(&role(settings), &named("exämple.com")), want, "{settings:?}");
    }
}

/// More cases of the live server: settings, names and what becomes of each.
const CASES: &[(Settings<'_>, &[(&str, char)])] = &[
    (
        &[
            ("allowed_domains", "example.com"),
            ("allow_subdomains", "true"),
            ("allow_wildcard_certificates", "false"),
        ],
        &[("*.example.com", '-'), ("a.example.com", '+')],
    ),
    (
        &[("allowed_domains", "*.example.com,ftp*.foo.com"), ("allow_glob_domains", "true")],
        &[
            ("a.b.example.com", '+'),
            ("*.a.example.com", '+'),
            ("ftp.foo.com", '+'),
            ("ftpx.y.foo.com", '+'),
            ("u@a.example.com", '+'),
            ("example.com", '-'),
            ("A.EXAMPLE.com", '-'),
            ("x.ftp1.foo.com", '-'),
            ("u@example.com", '-'),
            ("ftp*.foo.com", '0'),
        ],
    ),
    (
        &[("allowed_domains", "*"), ("allow_glob_domains", "true")],
        &[("anything.com", '+'), ("u@x.com", '+'), ("*.x.com", '+'), ("foo bar", '-')],
    ),
    (
        &[("allowed_domains", "*.example.com"), ("allow_bare_domains", "true")],
        &[("*.example.com", '+'), ("a.example.com", '-')],
    ),
    (
        &[("allowed_domains", "*.example.com"), ("allow_subdomains", "true")],
        &[("*.example.com", '-'), ("a.example.com", '-'), ("a.b.example.com", '-')],
    ),
    (
        &[
            ("allowed_domains", ".example.com"),
            ("allow_subdomains", "true"),
            ("allow_bare_domains", "true"),
        ],
        &[("a.example.com", '-')],
    ),
    (
        &[("allowed_domains", "example.com,,"), ("allow_subdomains", "true")],
        &[("a.example.com", '+'), ("com", '-')],
    ),
    (
        &[("allowed_domains", "user@example.com"), ("allow_bare_domains", "true")],
        &[("user@example.com", '+'), ("USER@example.com", '+'), ("other@example.com", '-')],
    ),
    (
        &[("allowed_domains", "xn--bcher-kva.com"), ("allow_bare_domains", "true")],
        &[("xn--bcher-kva.com", '+'), ("bücher.com", '-')],
    ),
    (
        &[("allowed_domains", "bücher.com"), ("allow_bare_domains", "true")],
        &[("xn--bcher-kva.com", '-')],
    ),
    (
        &[
            ("allowed_domains", "Example.COM"),
            ("allow_bare_domains", "true"),
            ("allow_subdomains", "true"),
        ],
        &[
            ("example.com", '+'),
            ("www.example.com", '+'),
            ("*.example.com", '+'),
            ("other.org", '-'),
        ],
    ),
    (
        &[("allow_any_name", "true"), ("cn_validations", "email")],
        &[("a.com", '-'), ("x@a.com", '+')],
    ),
    (
        &[("allow_any_name", "true"), ("cn_validations", "hostname")],
        &[("a.com", '+'), ("x@a.com", '-')],
    ),
    (
        &[("allow_any_name", "true"), ("cn_validations", "disabled")],
        &[("My Cool Name", '0'), ("*.*", '0'), ("a..b", '!')],
    ),
    (
        &[
            ("allow_localhost", "false"),
            ("allowed_domains", "localhost"),
            ("allow_bare_domains", "true"),
        ],
        &[
            ("localhost", '+'),
            ("localdomain", '-'),
            ("x@localhost", '+'),
            ("*.localhost", '-'),
            ("localhost.example.com", '-'),
        ],
    ),
    (&[], &[("x@localhost", '+'), ("app.localhost", '-'), ("localhost.example.com", '-')]),
    (&[("allow_any_name", "true")], &[(" ", '-'), ("a\0b", '-'), ("a\n", '-')]),
    (
        &[("allow_any_name", "true"), ("enforce_hostnames", "false")],
        &[(" ", '0'), ("a\0.example.com", '-'), ("a\n", '-'), ("w*w.example.com", '0')],
    ),
];

#[test]
fn the_other_cases_hold() {
    for (settings, names) in CASES {
        let role = role(settings);
        for (name, want) in *names {
            let want = match want {
                '+' => Outcome::Issued(texts(&[name])),
                '0' => Outcome::Issued(Vec::new()),
                '-' => Outcome::Refused,
                _ => Outcome::NotAscii,
            };
            assert_eq!(outcome(&role, &named(name)), want, "{name} {settings:?}");
        }
    }
}

#[track_caller]
fn check(settings: Settings<'_>, request: &NameRequest, want: Result<&[&str], &str>) {
    let got = names_for_issue(&role(settings), request);
    let got = got.map(|names| [names.sans.dns, names.sans.email].concat());
    let got = got.map_err(|violation| violation.to_string());
    assert_eq!(got, want.map(texts).map_err(str::to_owned), "{settings:?} {request:?}");
}

#[test]
fn a_common_name_counts_as_alternative_name_too() {
    let unencoded: Settings<'_> =
        &[("allowed_domains", "bücher.com"), ("allow_bare_domains", "true")];
    let encoded: Settings<'_> =
        &[("allowed_domains", "xn--bcher-kva.com"), ("allow_bare_domains", "true")];
    let unchecked: Settings<'_> = &[("cn_validations", "disabled"), ("allowed_domains", "a.com")];
    let any: Settings<'_> = &[("allow_any_name", "true"), ("cn_validations", "disabled")];
    let without_san = |name: &str| NameRequest { exclude_cn_from_sans: true, ..named(name) };
    let not_allowed =
        |name: &str| format!("subject alternate name {name} not allowed by this role");

    check(unencoded, &named("bücher.com"), Err(&not_allowed("xn--bcher-kva.com")));
    check(unencoded, &without_san("bücher.com"), Ok(&[]));
    check(
        encoded,
        &without_san("bücher.com"),
        Err("common name bücher.com not allowed by this role"),
    );
    check(unchecked, &named("b.com"), Err(&not_allowed("b.com")));
    check(unchecked, &without_san("b.com"), Ok(&[]));
    check(any, &named("a@b@c"), Err("email address a@b@c not allowed by this role"));
    check(
        &[("allow_any_name", "true")],
        &named("user@bücher.com"),
        Err("unable to create certificate: x509: \"user@bücher.com\" cannot be encoded as an \
             IA5String"),
    );
}

#[test]
fn items_of_alt_names_are_trimmed_and_never_dropped() {
    let any: Settings<'_> = &[("allow_any_name", "true"), ("enforce_hostnames", "false")];
    let alt = |alt_names: &str| NameRequest { alt_names: alt_names.to_owned(), ..named("cn.com") };
    for (alt_names, want) in [
        ("", &["cn.com"][..]),
        ("b.com, c.com", &["cn.com", "b.com", "c.com"]),
        (" b.com ,b.com", &["cn.com", "b.com"]),
        ("b.com,,c.com,", &["cn.com", "b.com", "c.com"]),
        ("cn.com,B.com,b.com", &["cn.com", "B.com", "b.com"]),
        ("*.b.com", &["cn.com", "*.b.com"]),
        ("bücher.com", &["cn.com", "xn--bcher-kva.com"]),
        ("z@b.com, y@b.com,z@b.com", &["cn.com", "y@b.com", "z@b.com"]),
    ] {
        check(any, &alt(alt_names), Ok(want));
    }
    for item in [
        "not valid",
        "b_c.com",
        "f*.b.com",
        "http://x",
        "*",
        "*.*.b.com",
        "1.2.3.4:5",
        "a@b@c",
        "@b.com",
        "u@",
        "u@b_c.com",
        "u v@b.com",
        "u@*.b.com",
        "ü@b.com",
        "u@bücher.com",
        "u@b.com.",
    ] {
        let refused = format!(
            "subject alternate name {item} is not a valid DNS name and cannot be included as a SAN"
        );
        check(any, &alt(&format!("b.com, {item},c.com")), Err(&refused));
    }
    check(any, &alt("a.b.com."), Err("idna: invalid label \"a.b.com.\""));
}

#[test]
fn the_common_name_stays_out_of_the_alternative_names_if_asked() {
    let settings: Settings<'_> =
        &[("allowed_domains", "example.com"), ("allow_subdomains", "true")];
    let request = |common_name: &str, alt_names: &str| NameRequest {
        alt_names: alt_names.to_owned(),
        exclude_cn_from_sans: true,
        ..named(common_name)
    };
    check(settings, &request("a.example.com", ""), Ok(&[]));
    let both = "a.example.com,b.example.com";
    check(settings, &request("a.example.com", both), Ok(&["a.example.com", "b.example.com"]));
    let refused = "common name bad.org not allowed by this role";
    check(settings, &request("bad.org", "a.example.com"), Err(refused));
}

#[test]
fn a_common_name_may_be_left_out_where_the_role_says_so() {
    let settings: Settings<'_> = &[("allow_any_name", "true"), ("require_cn", "false")];
    let request = NameRequest { alt_names: "only.example.com".into(), ..Default::default() };
    check(settings, &request, Ok(&["only.example.com"]));
    check(settings, &NameRequest::default(), Ok(&[]));
    check(
        &settings[..1],
        &request,
        Err("the common_name field is required, or must be provided in a CSR with \
             \"use_csr_common_name\" set to true, unless \"require_cn\" is set to false"),
    );
}

/// Takes the problems of a request away one by one, in the order in which they are reported.
#[test]
fn problems_are_reported_in_one_order() {
    let role = role(&[("allowed_domains", "ok.com"), ("allow_bare_domains", "true")]);
    let mut request = NameRequest {
        common_name: String::new(),
        alt_names: "a..b,bad.com,bad@bad.com".into(),
        ip_sans: texts(&["bad"]),
        uri_sans: texts(&["http://bad/"]),
        other_sans: texts(&["1.2.3;utf8:bad"]),
        serial_number: "bad".into(),
        user_ids: texts(&["bad"]),
        exclude_cn_from_sans: false,
    };
    let mut next = |want: &str, solve: fn(&mut NameRequest)| {
        let got = names_for_issue(&role, &request).unwrap_err().to_string();
        assert!(got.starts_with(want), "{got}, not {want}");
        solve(&mut request);
    };
    next("the common_name field is required", |r| {
        r.common_name = "x..y".into();
    });
    next("idna: invalid label \"x..y\"", |r| {
        r.common_name = "bad.com".into();
    });
    next("idna: invalid label \"a..b\"", |r| {
        r.alt_names = "bad.com,bad@bad.com".into();
    });
    next("common name bad.com", |r| r.common_name = "ok.com".into());
    next("serial_number bad", |r| r.serial_number = String::new());
    next("subject alternate name bad.com", |r| {
        r.alt_names = "bad@bad.com".into();
    });
    next("email address bad@bad.com", |r| {
        r.alt_names = "u@ok.com".into();
    });
    next("other SAN OID 1.2.3", |r| r.other_sans = Vec::new());
    next("the value \"bad\" is not a valid IP address", |r| {
        r.ip_sans = texts(&["1.2.3.4"]);
    });
    next("URI Subject Alternative Names are not allowed", |r| {
        r.uri_sans = Vec::new();
    });
    next("user_id bad is not allowed", |r| r.user_ids = Vec::new());
    let names = names_for_issue(&role, &request).unwrap();
    assert_eq!(names.sans.dns, ["ok.com"]);
    assert_eq!(names.sans.email, ["u@ok.com"]);
    assert_eq!(names.subject.common_name.as_deref(), Some("ok.com"));
}
