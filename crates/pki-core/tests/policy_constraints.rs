//! Name constraints a second time, slow and simple, compared with the real ones; and what no
//! random name would find.
//!
//! Source: RFC 5280 section 4.2.1.10.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "simple before all else")]

mod x509_support;

use std::net::IpAddr;

use pki_core::crypto::{Curve, KeySpec, PrivateKey};
use pki_core::policy::Violation;
use pki_core::policy::constraints::{CertifiedNames, Room, allow, room_below};
use pki_core::x509::{Certificate, IpRange, NameConstraints, SubjectAltNames, Subtrees};
use proptest::prelude::*;
use proptest::sample::select;
use x509_support::{ca_extensions, name, sign, strings as texts, tbs};

/// Labels from the last to the first, in lower case; the root's dot is no label.
fn labels(name: &str) -> Vec<String> {
    let mut labels: Vec<String> = name.split('.').map(str::to_lowercase).collect();
    if labels.last().is_some_and(String::is_empty) {
        labels.pop();
    }
    labels.reverse();
    labels
}

/// How many labels come before a domain; nothing if the name does not end with it.
fn labels_before(name: &str, domain: &str) -> Option<usize> {
    let (name, domain) = (labels(name), labels(domain));
    let ends_so = domain.iter().enumerate().all(|(at, label)| name.get(at) == Some(label));
    ends_so.then(|| name.len() - domain.len())
}

fn naive_domain(name: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        _ if base.is_empty() => true,
        Some(domain) => labels_before(name, domain).is_some_and(|before| 0 < before),
        None => labels_before(name, base).is_some(),
    }
}

fn naive_host(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        _ if base.is_empty() => true,
        Some(domain) => labels_before(host, domain).is_some_and(|before| 0 < before),
        None => labels_before(host, base) == Some(0),
    }
}

fn naive_mailbox(name: &str, base: &str) -> bool {
    let parts: Vec<&str> = name.split('@').collect();
    match base.split('@').collect::<Vec<_>>()[..] {
        [local, host] => parts[0] == local && labels_before(parts[1], host) == Some(0),
        _ => naive_host(parts[1], base),
    }
}

/// Whether one of the names that a wildcard stands for is in the subtree.
fn naive_reach(name: &str, base: &str) -> bool {
    let Some(rest) = name.strip_prefix("*.") else {
        return false;
    };
    let first = base.split('.').next().unwrap();
    !first.is_empty() && naive_domain(&format!("{first}.{rest}"), base)
}

fn bits(address: IpAddr) -> Vec<bool> {
    let octets = match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    octets.iter().flat_map(|octet| (0..8).rev().map(move |at| octet >> at & 1 == 1)).collect()
}

fn naive_address(address: IpAddr, base: &str) -> bool {
    let (start, length) = base.split_once('/').unwrap();
    let start: IpAddr = start.parse().unwrap();
    let length: usize = length.parse().unwrap();
    start.is_ipv4() == address.is_ipv4() && bits(start)[..length] == bits(address)[..length]
}

/// What is decided, kind by kind, name by name, without early ends.
fn naive<N: Copy>(
    names: &[N],
    permitted: &[&str],
    excluded: &[&str],
    fits: impl Fn(N, &str) -> bool,
    reaches: impl Fn(N, &str) -> bool,
) -> bool {
    let mut good = true;
    for name in names {
        let inside = permitted.iter().filter(|base| fits(*name, base)).count();
        let hit = excluded.iter().filter(|base| fits(*name, base) || reaches(*name, base)).count();
        good = good && hit == 0 && (permitted.is_empty() || 0 < inside);
    }
    good
}

const DOMAINS: &[&str] =
    &["a.com", "b.a.com", "c.b.a.com", "xa.com", "com", "A.COM", "a.com.", "a.org", "b.org"];
const BASES: &[&str] =
    &["a.com", ".a.com", "b.a.com", ".b.a.com", "A.Com", "com", "org", ".com", ""];
const WILD: &[&str] = &["*.a.com", "*.b.a.com", "*.com", "*.xa.com", "a.com", "b.a.com"];
const MAILBOXES: &[&str] = &["joe@a.com", "Joe@a.com", "ann@b.a.com", "joe@A.com", "joe@xa.com"];
const MAIL_BASES: &[&str] = &["joe@a.com", "a.com", ".a.com", "b.a.com", "joe@b.a.com", "com"];
const HOSTS: &[&str] = &["a.com", "b.a.com", "c.b.a.com", "xa.com", "B.a.com"];
const ADDRESSES: &[&str] =
    &["10.0.0.1", "10.255.0.1", "11.0.0.1", "::1", "2001:db8::1", "::ffff:10.0.0.1"];
const RANGES: &[&str] =
    &["10.0.0.0/8", "10.0.0.0/31", "0.0.0.0/0", "::/0", "2001:db8::/32", "::1/128"];

fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(select(of), 0..3)
}

proptest! {
    #[test]
    fn both_decide_the_same(
        dns in some(DOMAINS), wild in some(WILD), dns_in in some(BASES), dns_out in some(BASES),
        mail in some(MAILBOXES), mail_in in some(MAIL_BASES), mail_out in some(MAIL_BASES),
        hosts in some(HOSTS), uri_in in some(BASES), uri_out in some(BASES),
        ips in some(ADDRESSES), ip_in in some(RANGES), ip_out in some(RANGES),
    ) {
        let ranges = |all: &[&str]| all.iter().map(|text| IpRange::parse(text).unwrap()).collect();
        let subtrees = |dns: &[&str], email: &[&str], uri: &[&str], ip: &[&str]| Subtrees {
            dns: texts(dns), email: texts(email), uri: texts(uri), ip: ranges(ip), rest: Vec::new(),
        };
        let constraints = NameConstraints {
            permitted: subtrees(&dns_in, &mail_in, &uri_in, &ip_in),
            excluded: subtrees(&dns_out, &mail_out, &uri_out, &ip_out),
        };
        let addresses: Vec<IpAddr> = ips.iter().map(|text| text.parse().unwrap()).collect();
        let all_dns: Vec<&str> = dns.iter().chain(&wild).copied().collect();
        let names = CertifiedNames {
            names: SubjectAltNames {
                dns: texts(&all_dns),
                email: texts(&mail),
                uri: hosts.iter().map(|host| format!("https://u@{host}:1/@x.org")).collect(),
                ip: addresses.clone(),
                ..Default::default()
            },
            has_subject: true,
        };
        let never = |_: &str, _: &str| false;
        let want = naive(&all_dns, &dns_in, &dns_out, naive_domain, naive_reach)
            && naive(&mail, &mail_in, &mail_out, naive_mailbox, never)
            && naive(&hosts, &uri_in, &uri_out, naive_host, never)
            && naive(&addresses, &ip_in, &ip_out, naive_address, |_, _| false);
        let got = allow(&constraints, &names, "CN=CA");
        prop_assert_eq!(got.is_ok(), want, "{:?}", got);
    }
}

/// Constraints as `+kind:base` and `-kind:base`.
fn constraints(specs: &[&str]) -> NameConstraints {
    let mut constraints = NameConstraints::default();
    for spec in specs {
        let (kind, base) = spec[1..].split_once(':').unwrap();
        let subtrees = match spec.starts_with('+') {
            true => &mut constraints.permitted,
            false => &mut constraints.excluded,
        };
        match kind {
            "dns" => subtrees.dns.push(base.to_owned()),
            "email" => subtrees.email.push(base.to_owned()),
            "ip" => subtrees.ip.push(IpRange::parse(base).unwrap()),
            _ => subtrees.uri.push(base.to_owned()),
        }
    }
    constraints
}

#[track_caller]
fn check(specs: &[&str], names: SubjectAltNames, want: Result<(), &str>) {
    let names = CertifiedNames { names, has_subject: true };
    let got = allow(&constraints(specs), &names, "CN=Top");
    let got = got.map_err(|violation| violation.to_string());
    assert_eq!(got, want.map_err(str::to_owned), "{specs:?}");
}

fn dns(names: &[&str]) -> SubjectAltNames {
    SubjectAltNames { dns: texts(names), ..Default::default() }
}

fn uri(names: &[&str]) -> SubjectAltNames {
    SubjectAltNames { uri: texts(names), ..Default::default() }
}

fn email(names: &[&str]) -> SubjectAltNames {
    SubjectAltNames { email: texts(names), ..Default::default() }
}

#[test]
fn a_refusal_names_the_name_the_constraint_and_the_ca() {
    check(
        &["+dns:a.com", "+dns:b.com"],
        dns(&["x.a.com", "x.c.com"]),
        Err("DNS name \"x.c.com\" is not permitted by the name constraints of CA \"CN=Top\", \
             which permit only \"a.com\", \"b.com\""),
    );
    check(
        &["+dns:a.com", "-dns:x.a.com"],
        dns(&["y.x.a.com"]),
        Err(
            "DNS name \"y.x.a.com\" is excluded by the name constraint \"x.a.com\" of CA \"CN=Top\"",
        ),
    );
}

#[test]
fn what_is_permitted_of_one_kind_binds_that_kind_only() {
    check(&["+dns:a.com"], email(&["joe@b.com"]), Ok(()));
    check(&["+ip:10.0.0.0/8"], dns(&["b.com"]), Ok(()));
    check(&[], dns(&["b.com"]), Ok(()));
}

/// CVE-2025-61727 of Go: a wildcard covers the very name that is excluded.
#[test]
fn a_wildcard_does_not_get_around_an_exclusion() {
    let refused =
        "DNS name \"*.a.com\" is excluded by the name constraint \"x.a.com\" of CA \"CN=Top\"";
    check(&["-dns:x.a.com"], dns(&["*.a.com"]), Err(refused));
    check(&["-dns:x.y.a.com"], dns(&["*.a.com"]), Ok(()));
    check(&["+dns:x.a.com"], dns(&["*.x.a.com"]), Ok(()));
}

#[test]
fn a_uri_without_a_domain_is_refused_where_uris_are_constrained() {
    for text in ["urn:a:b", "https://10.0.0.1/", "https://a.com\\@b.com/", "spiffe:///x"] {
        let want = format!(
            "URI {text:?} has no domain name to compare with the name constraints of CA \"CN=Top\""
        );
        check(&["-uri:z.org"], uri(&[text]), Err(&want));
        check(&["+dns:a.com"], uri(&[text]), Ok(()));
    }
    check(&["+uri:a.com"], uri(&["https://a.com@a.com:7/"]), Ok(()));
}

#[test]
fn an_address_with_two_hosts_is_refused() {
    let want = "e-mail address \"a@b.com@a.com\" has no domain name to compare with the name \
                constraints of CA \"CN=Top\"";
    check(&["+email:a.com"], email(&["a@b.com@a.com"]), Err(want));
}

/// What is constrained and not understood must not pass.
#[test]
fn kinds_that_cannot_be_checked_are_refused_if_they_are_there() {
    let directory = vec![0x30, 4, 0xa4, 2, 0x30, 0];
    let minimum = vec![0x30, 6, 0x82, 1, b'a', 0x80, 1, 1];
    let refused = |constraints: &NameConstraints, names: &CertifiedNames| {
        matches!(allow(constraints, names, ""), Err(Violation::UncheckedKind { .. }))
    };
    let with = |rest: &Vec<u8>| NameConstraints {
        excluded: Subtrees { rest: vec![rest.clone()], ..Default::default() },
        ..Default::default()
    };
    let named = |names, has_subject| CertifiedNames { names, has_subject };
    assert!(refused(&with(&directory), &named(dns(&["a"]), true)));
    assert!(!refused(&with(&directory), &named(dns(&["a"]), false)));
    assert!(refused(&with(&minimum), &named(dns(&["a"]), true)));
    assert!(!refused(&with(&minimum), &named(email(&["a@b"]), true)));
    // An address of three octets, where addresses are constrained.
    let odd = SubjectAltNames { rest: vec![vec![0x87, 3, 1, 2, 3]], ..Default::default() };
    assert!(refused(&constraints(&["-ip:10.0.0.0/8"]), &named(odd.clone(), true)));
    assert!(!refused(&constraints(&["-dns:a"]), &named(odd, true)));
}

#[test]
fn a_minimum_survives_reading_and_writing() {
    let der = [0x30, 10, 0xa0, 8, 0x30, 6, 0x82, 1, b'a', 0x80, 1, 1];
    let constraints = NameConstraints::from_der(&der).unwrap();
    assert!(constraints.permitted.dns.is_empty());
    assert_eq!(constraints.to_der().unwrap(), der);
}

/// Certificates as `subject<issuer` or `subject<issuer:path length`, each with its own key unless
/// it is its own issuer's name again.
fn chain(specs: &[&str]) -> Vec<Certificate> {
    let key = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
    let certify = |spec: &&str| {
        let (names, limit) = spec.split_once(':').unwrap_or((spec, ""));
        let (subject, issuer) = names.split_once('<').unwrap();
        let mut tbs = tbs(name(subject), key.public_key().clone(), name(issuer), &key);
        tbs.extensions.extend(ca_extensions(limit.parse().ok()));
        sign(tbs, &key).unwrap()
    };
    specs.iter().map(certify).collect()
}

/// What is left and who says so; or the limit that is passed, by which CA, and whose it is.
type Verdict<'a> = Result<Option<(u32, &'a str)>, (u32, u32, &'a str)>;

#[track_caller]
fn check_room(specs: &[&str], counted: u32, want: Verdict<'_>) {
    let who = |common_name: &str| name(common_name).to_string();
    let want = match want {
        Ok(room) => Ok(room.map(|(most, ca)| Room { most, authority: who(ca) })),
        Err((limit, below, ca)) => Err(Violation::PathTooLong { limit, below, authority: who(ca) }),
    };
    assert_eq!(room_below(&chain(specs), counted), want, "{specs:?}");
}

#[test]
fn the_shortest_limit_above_counts() {
    check_room(&["a<a"], 1, Ok(None));
    check_room(&["a<a:0"], 1, Err((0, 1, "a")));
    check_room(&["a<a:0"], 0, Ok(Some((0, "a"))));
    check_room(&["a<a:3"], 1, Ok(Some((2, "a"))));
    check_room(&["b<a", "a<a:1"], 1, Err((1, 2, "a")));
    check_room(&["b<a", "a<a:2"], 1, Ok(Some((0, "a"))));
    check_room(&["b<a:9", "a<a:2"], 1, Ok(Some((0, "a"))));
    check_room(&["b<a:0", "a<a:2"], 1, Err((0, 1, "b")));
    check_room(&["c<b", "b<a:1", "a<a"], 1, Err((1, 2, "b")));
}

#[test]
fn the_widest_way_up_counts() {
    // `a` was issued twice, and the later one has no limit.
    check_room(&["b<a", "a<a:0", "a<a:"], 1, Ok(None));
    check_room(&["b<a", "a<a:2", "a<a:1"], 1, Ok(Some((0, "a"))));
    check_room(&["b<a", "a<a:0", "a<a:1"], 1, Err((0, 2, "a")));
}
