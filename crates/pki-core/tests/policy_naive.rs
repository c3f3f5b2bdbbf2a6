//! The policy of names and lifetimes a second time, slow and simple, compared with the real one.
//!
//! What is here was written from the contract alone, with other means: lists of characters, no
//! early ends, no shared helpers. Set `PROPTEST_CASES` to compare more.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "simple before all else")]

mod policy_support;

use pki_core::domain::time::Timestamp;
use pki_core::field::Seconds;
use pki_core::policy::names::validate_name;
use pki_core::policy::{
    Behavior, IssuerLimits, MountTtls, NameRequest, NotBefore, Role, ValidityRequest, Violation,
    for_leaf, names_for_issue,
};
use policy_support::{role, texts};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Whether a pattern fits: the table of which prefixes fit which.
fn naive_glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let mut fits = vec![vec![false; text.len() + 1]; pattern.len() + 1];
    fits[0][0] = true;
    for i in 1..=pattern.len() {
        for j in 0..=text.len() {
            fits[i][j] = if pattern[i - 1] == '*' {
                fits[i - 1][j] || (0 < j && fits[i][j - 1])
            } else {
                0 < j && fits[i - 1][j - 1] && pattern[i - 1] == text[j - 1]
            };
        }
    }
    fits[pattern.len()][text.len()]
}

fn lower(text: &str) -> Vec<char> {
    text.chars().map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a label is fit for a host name once it is in ASCII. An encoded label begins with `xn--`
/// and ends with a digit or letter, so only what is ASCII in it can be wrong.
fn naive_label(label: &str) -> bool {
    let chars: Vec<char> = label.chars().collect();
    let encoded = chars.iter().any(|c| 127 < u32::from(*c));
    let mut good = !chars.is_empty() && chars.len() <= 63;
    for (at, c) in chars.iter().enumerate() {
        let end = at == 0 || at == chars.len() - 1;
        let hyphen = *c == '-' && (encoded || !end);
        good = good && (c.is_ascii_alphanumeric() || hyphen || 127 < u32::from(*c));
    }
    good
}

/// Whether the role allows the name.
fn naive_name(role: &Role, name: &str) -> bool {
    if name.chars().any(|c| u32::from(c) < 32 || (127..160).contains(&u32::from(c))) {
        return false;
    }
    let ats = name.chars().filter(|c| *c == '@').count();
    if 1 < ats {
        return false;
    }
    let is_email = ats == 1;
    let mut reduced: String = name.chars().rev().take_while(|c| *c != '@').collect();
    reduced = reduced.chars().rev().collect();

    if name.contains('*') && !role.allow_wildcard_certificates {
        return false;
    }
    let is_wildcard = reduced.contains('*');
    let mut label = String::new();
    if is_wildcard {
        if is_email || reduced.chars().filter(|c| *c == '*').count() != 1 {
            return false;
        }
        let labels: Vec<String> = reduced.split('.').map(str::to_owned).collect();
        label = labels[0].clone();
        reduced = labels[1..].join(".");
        if reduced.contains('*') {
            return false;
        }
    }

    if role.enforce_hostnames {
        if !reduced.is_empty() && !reduced.split('.').all(naive_label) {
            return false;
        }
        if is_wildcard {
            let star = label.find('*').unwrap();
            let (before, after) = (&label[..star], &label[star + 1..]);
            let good = |part: &str| part.is_empty() || (part.is_ascii() && naive_label(part));
            if !good(before) || !good(after) {
                return false;
            }
        }
    }

    if role.allow_any_name {
        return true;
    }
    let below = |domain: &str| {
        let (name, domain) = (lower(&reduced), lower(&format!(".{domain}")));
        domain.len() <= name.len() && name[name.len() - domain.len()..] == domain[..]
    };
    if role.allow_localhost {
        for local in ["localhost", "localdomain"] {
            let dotted = format!(".{local}");
            if reduced == local || (role.allow_subdomains && reduced.ends_with(&dotted)) {
                return true;
            }
        }
    }
    for domain in &role.allowed_domains {
        if domain.is_empty() {
            continue;
        }
        let same = |text: &str| lower(text) == lower(domain);
        if role.allow_bare_domains && (same(name) || (is_email && same(&reduced))) {
            return true;
        }
        if role.allow_subdomains && (below(domain) || (is_wildcard && same(&reduced))) {
            return true;
        }
        if role.allow_glob_domains && domain.contains('*') && naive_glob(domain, name) {
            return true;
        }
    }
    false
}

/// Whether a common name that is asked for alone is issued, with which alternative names.
fn naive_issue(role: &Role, name: &str) -> Result<Vec<String>, ()> {
    if name.is_empty() {
        return Err(());
    }
    let checks = &role.cn_validations;
    let is_email = name.contains('@');
    let kind = if is_email { "email" } else { "hostname" };
    let disabled = checks.iter().any(|check| check == "disabled");
    let allowed = checks.iter().any(|check| check == kind) && naive_name(role, name);
    if !disabled && !allowed {
        return Err(());
    }
    if is_email {
        let trimmed = name.trim();
        return match naive_name(role, trimmed) && trimmed.is_ascii() {
            true => Ok(vec![trimmed.to_owned()]),
            false => Err(()),
        };
    }
    let labels: Vec<&str> = name.split('.').collect();
    if labels.iter().any(|label| label.is_empty() || 63 < label.chars().count()) {
        return Err(());
    }
    let rest = if labels[0] == "*" { &labels[1..] } else { &labels[..] };
    if rest.is_empty() || !rest.iter().all(|label| naive_label(label)) {
        return Ok(Vec::new());
    }
    // A name that was encoded is another name, which the role has to allow too.
    let encoded = pki_core::policy::idna::to_ascii(name).unwrap();
    if naive_name(role, &encoded) { Ok(vec![encoded]) } else { Err(()) }
}

const PIECES: &[&str] = &[
    "*",
    "**",
    ".",
    "..",
    "@",
    "a",
    "-",
    "_",
    " ",
    ",",
    "\0",
    "\n",
    ":443",
    "www.",
    "*.",
    "f*o.",
    "example.com",
    "EXAMPLE.com",
    "example.org",
    "localhost",
    "Localhost",
    "localdomain",
    "xn--bcher-kva",
    "bücher",
    "ä",
    "1.2.3.4",
    "user@",
    "*@",
];

const DOMAINS: &[&str] = &[
    "",
    "example.com",
    "Example.COM",
    ".example.com",
    "com",
    "*",
    "*.example.com",
    "*example.com",
    "ftp*.a*",
    "*@example.com",
    "user@example.com",
    "localhost",
    "bücher.com",
    "xn--bcher-kva.com",
    "a",
    "{{identity.entity.name}}.com",
];

/// Names that are often nearly right.
fn names() -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec(select(PIECES), 0..5).prop_map(|pieces| pieces.concat());
    let below =
        (select(PIECES), select(DOMAINS)).prop_map(|(start, domain)| format!("{start}{domain}"));
    prop_oneof![4 => pieces, 4 => below, 1 => select(DOMAINS).prop_map(str::to_owned), 1 => ".{0,12}"]
}

/// Roles with every setting that names depend on.
fn roles() -> impl Strategy<Value = Role> {
    let checks = select(vec!["email,hostname", "email", "hostname", "disabled"]);
    let flags = any::<[bool; 6]>();
    // Where any name goes there is little to find.
    let any_name = proptest::bool::weighted(0.2);
    (flags, any_name, subsequence(DOMAINS, 0..4), checks).prop_map(
        |(flags, any_name, domains, checks)| {
            let [bare, glob, local, sub, wild, host] = flags;
            Role {
                allow_any_name: any_name,
                allow_bare_domains: bare,
                allow_glob_domains: glob,
                allow_localhost: local,
                allow_subdomains: sub,
                allow_wildcard_certificates: wild,
                enforce_hostnames: host,
                allowed_domains: texts(&domains),
                ..role(&[("cn_validations", checks), ("key_type", "ec")])
            }
        },
    )
}

fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(2_000), failure_persistence: None, ..config }
}

/// What the naive lifetime comes to: beginning and end in nanoseconds, and how many warnings.
#[derive(Debug, PartialEq)]
struct Span(i128, i128, usize);

const SECOND: i128 = 1_000_000_000;

fn nanos(text: &str) -> i128 {
    Timestamp::parse(text).unwrap().unix_nanos()
}

fn good(text: &str) -> bool {
    Timestamp::parse(text).is_ok()
}

/// The steps of the contract, one after the other, or a word for the first that fails.
fn naive_validity(
    role: &Role,
    mount: &MountTtls,
    issuer: &IssuerLimits,
    request: &ValidityRequest,
    now: i128,
) -> Result<Span, &'static str> {
    let start = naive_start(role, request, now)?;
    naive_asked_end(role, request)?;
    let (mut end, warnings) = naive_end(role, mount, request, now)?;
    let last = issuer.not_after.unix_nanos();
    if last < end && issuer.behavior == Behavior::Truncate {
        end = last;
    } else if last < end && issuer.behavior != Behavior::Permit {
        return Err("end beyond issuer");
    }
    let is_bounded = !["permit", "forbid", "ttl-limited"].contains(&role.not_after_bound.as_str());
    if is_bounded && nanos(&role.not_after_bound) < end {
        return Err("end beyond bound");
    }
    if end < start {
        return Err("inverted");
    }
    if end == start { Err("empty") } else { Ok(Span(start, end, warnings)) }
}

/// An end that the request names is looked at first, unless the role names one.
fn naive_asked_end(role: &Role, request: &ValidityRequest) -> Result<(), &'static str> {
    let Some(text) = request.not_after.as_ref().filter(|_| role.not_after.is_empty()) else {
        return Ok(());
    };
    if role.not_after_bound == "forbid" {
        return Err("end forbidden");
    }
    if good(text) { Ok(()) } else { Err("moment") }
}

fn naive_start(role: &Role, request: &ValidityRequest, now: i128) -> Result<i128, &'static str> {
    let backdate = if role.not_before_duration.0 == 0 { 30 } else { role.not_before_duration.0 };
    let mut start = now - i128::from(backdate) * SECOND;
    let earliest = start;
    let asked_start = request.not_before.clone().unwrap_or_default();
    let by_request = role.not_before.is_empty() && !asked_start.is_empty();
    if role.not_before_bound == "forbid" && by_request {
        return Err("start forbidden");
    }
    let text = if role.not_before.is_empty() { asked_start } else { role.not_before.clone() };
    if !text.is_empty() {
        if !good(&text) {
            return Err("moment");
        }
        start = nanos(&text);
        if by_request && role.not_before_bound == "duration" && start < earliest {
            return Err("start too old");
        }
    }
    Ok(start)
}

fn naive_end(
    role: &Role,
    mount: &MountTtls,
    request: &ValidityRequest,
    now: i128,
) -> Result<(i128, usize), &'static str> {
    let asked = request.ttl.map_or(0, |ttl| ttl.0);
    let explicit = match (&role.not_after, &request.not_after) {
        (own, _) if !own.is_empty() => Some(own.clone()),
        (_, asked) => asked.clone(),
    };
    if 0 < asked && explicit.is_some() {
        return Err("both");
    }
    let mut ttl = if 0 < asked { asked } else { role.ttl.0 };
    if ttl == 0 {
        ttl = mount.default;
    }
    let max = if 0 < role.max_ttl.0 { role.max_ttl.0 } else { mount.max };
    let warnings = usize::from(max < ttl);
    if max < ttl {
        ttl = max;
    }
    let mut end = now + i128::from(ttl) * SECOND;
    if let Some(text) = &explicit {
        if !good(text) {
            return Err("moment");
        }
        end = nanos(text);
    }
    let by_request = role.not_after.is_empty() && request.not_after.is_some();
    if by_request && role.not_after_bound == "ttl-limited" && now + i128::from(ttl) * SECOND < end {
        return Err("end beyond ttl");
    }
    Ok((end, warnings))
}

/// The naive word for a violation.
fn word(violation: &Violation) -> &'static str {
    match violation {
        Violation::NotBeforeForbidden => "start forbidden",
        Violation::NotBeforeTooOld { .. } => "start too old",
        Violation::Moment(_) => "moment",
        Violation::TtlAndNotAfter => "both",
        Violation::NotAfterForbidden => "end forbidden",
        Violation::NotAfterBeyondTtl { .. } => "end beyond ttl",
        Violation::NotAfterBeyondBound { .. } => "end beyond bound",
        Violation::NotAfterBeyondIssuer { .. } => "end beyond issuer",
        Violation::EndsBeforeItBegins { .. } => "inverted",
        Violation::EndsAsItBegins(_) => "empty",
        _ => "another",
    }
}

/// Moments around the present of the test, and texts that are none.
const MOMENTS: &[&str] = &[
    "",
    "garbage",
    "2026-11-21",
    "2020-01-01T00:00:00Z",
    "2026-11-21T11:00:00Z",
    "2026-11-21T13:00:00.5+01:00",
    "2026-11-21T14:00:00Z",
    "2026-11-23T00:00:00Z",
    "2027-06-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
];

const NOW: &str = "2026-11-21T12:00:00.25Z";

fn seconds() -> impl Strategy<Value = Seconds> {
    select(vec![0, 1, 30, 3_600, 7_200, 86_400, 2_764_800, 315_360_000]).prop_map(Seconds)
}

fn moments() -> impl Strategy<Value = String> {
    select(MOMENTS).prop_map(str::to_owned)
}

/// Roles with every setting that lifetimes depend on.
fn timed_roles() -> impl Strategy<Value = Role> {
    let after = select(vec!["permit", "forbid", "ttl-limited", "2026-11-22T00:00:00Z"]);
    let before = select(vec!["permit", "forbid", "duration"]);
    let own = || prop_oneof![3 => Just(String::new()), 1 => moments()];
    (seconds(), seconds(), seconds(), own(), own(), after, before).prop_map(
        |(ttl, max_ttl, backdate, not_after, not_before, after, before)| Role {
            ttl: ttl.min(if max_ttl.0 == 0 { ttl } else { max_ttl }),
            max_ttl,
            not_before_duration: backdate,
            not_after,
            not_before,
            not_after_bound: after.to_owned(),
            not_before_bound: before.to_owned(),
            ..role(&[("key_type", "ec")])
        },
    )
}

fn issuers() -> impl Strategy<Value = IssuerLimits> {
    let ends = vec!["2026-11-21T15:00:00Z", "2027-01-01T00:00:00Z", "9999-12-31T23:59:59Z"];
    let behaviors =
        vec![Behavior::Err, Behavior::Truncate, Behavior::Permit, Behavior::AlwaysEnforceErr];
    (select(ends), select(behaviors)).prop_map(|(end, behavior)| IssuerLimits {
        not_after: Timestamp::parse(end).unwrap(),
        behavior,
    })
}

fn requests() -> impl Strategy<Value = ValidityRequest> {
    let ttl = proptest::option::weighted(0.5, seconds());
    let not_after = proptest::option::weighted(0.4, moments());
    let not_before = proptest::option::weighted(0.3, moments());
    (ttl, not_after, not_before).prop_map(|(ttl, not_after, not_before)| ValidityRequest {
        ttl,
        not_after,
        not_before,
    })
}

/// Every combination of the settings that names depend on, with every shape of name: the table in
/// which Vault had a wrong cell (CVE-2022-25243).
#[test]
fn the_truth_table_is_the_naive_one() {
    let shapes: Vec<String> = PIECES
        .iter()
        .flat_map(|start| ["", "example.com", "localhost"].map(|end| format!("{start}{end}")))
        .collect();
    let mut allowed = 0;
    for domain in DOMAINS {
        for bits in 0..128_u8 {
            let on = |at: u8| bits >> at & 1 == 1;
            let role = Role {
                allow_any_name: on(0),
                allow_bare_domains: on(1),
                allow_glob_domains: on(2),
                allow_localhost: on(3),
                allow_subdomains: on(4),
                allow_wildcard_certificates: on(5),
                enforce_hostnames: on(6),
                ..role(&[("key_type", "ec"), ("allowed_domains", domain)])
            };
            for name in &shapes {
                let got = validate_name(&role, name);
                assert_eq!(got, naive_name(&role, name), "{name:?} {domain:?} {bits:07b}");
                allowed += u32::from(got);
            }
        }
    }
    assert!(50_000 < allowed, "{allowed}");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn names_are_allowed_as_the_naive_checker_says(role in roles(), name in names()) {
        prop_assert_eq!(validate_name(&role, &name), naive_name(&role, &name), "{:?}", name);
    }

    #[test]
    fn common_names_are_issued_as_the_naive_checker_says(role in roles(), name in names()) {
        let request = NameRequest { common_name: name, ..Default::default() };
        let got = names_for_issue(&role, &request);
        let got = got.map(|names| [names.sans.dns, names.sans.email].concat()).map_err(|_| ());
        prop_assert_eq!(got, naive_issue(&role, &request.common_name), "{:?}", request.common_name);
    }

    #[test]
    fn patterns_fit_as_the_naive_checker_says(
        pattern in "[ab*]{0,8}", text in "[ab*]{0,10}",
    ) {
        let got = pki_core::policy::glob::glob(&pattern, &text);
        prop_assert_eq!(got, naive_glob(&pattern, &text));
    }

    #[test]
    fn lifetimes_are_as_the_naive_checker_says(
        role in timed_roles(),
        (default, max) in (seconds(), seconds()),
        issuer in issuers(),
        request in requests(),
    ) {
        let now = Timestamp::parse(NOW).unwrap();
        let mount = MountTtls { default: default.0, max: max.0 };
        let got = for_leaf(&role, &mount, &issuer, &request, NotBefore::Honoured, now);
        let got = got.map(|(validity, warnings)| {
            Span(validity.not_before.unix_nanos(), validity.not_after.unix_nanos(), warnings.len())
        });
        let got = got.map_err(|violation| word(&violation));
        prop_assert_eq!(got, naive_validity(&role, &mount, &issuer, &request, nanos(NOW)));
    }
}
