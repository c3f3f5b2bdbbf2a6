//! Alternative names other than host names, subjects, and where a CSR's names come in.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

mod policy_support;

use pki_core::policy::{
    ApprovedNames, CaSubject, CsrNames, NameRequest, Violation, Warning, names_for_ca,
    names_for_issue, names_for_sign, names_for_verbatim,
};
use pki_core::x509::general_name::{OtherName, SubjectAltNames};
use policy_support::{role, texts};

/// All alternative names as text.
fn shown(sans: &SubjectAltNames) -> Vec<String> {
    let SubjectAltNames { other, dns, email, ip, uri, rest } = sans;
    assert!(rest.is_empty());
    let other = other.iter().map(|name| format!("other:{}={}", name.oid, name.value));
    let dns = dns.iter().map(|name| format!("dns:{name}"));
    let email = email.iter().map(|name| format!("email:{name}"));
    let ip = ip.iter().map(|ip| format!("ip:{ip}"));
    let uri = uri.iter().map(|uri| format!("uri:{uri}"));
    other.chain(dns).chain(email).chain(ip).chain(uri).collect()
}

#[track_caller]
fn check(settings: &[(&str, &str)], request: &NameRequest, want: Result<&[&str], &str>) {
    let settings = [&[("allow_any_name", "true"), ("require_cn", "false")], settings].concat();
    let got = names_for_issue(&role(&settings), request).map(|names| shown(&names.sans));
    let got = got.map_err(|violation| violation.to_string());
    assert_eq!(got, want.map(texts).map_err(str::to_owned), "{settings:?} {request:?}");
}

fn ips(ip_sans: &[&str]) -> NameRequest {
    NameRequest { ip_sans: texts(ip_sans), ..Default::default() }
}

fn uris(uri_sans: &[&str]) -> NameRequest {
    NameRequest { uri_sans: texts(uri_sans), ..Default::default() }
}

fn others(other_sans: &[&str]) -> NameRequest {
    NameRequest { other_sans: texts(other_sans), ..Default::default() }
}

#[test]
fn ip_addresses_are_literals_in_the_networks_of_the_role() {
    let off = [("allow_ip_sans", "false")];
    let two = [("allowed_ip_sans_cidr", "10.1.2.3/8,2001:db8::/32")];
    let several = ["10.0.0.2", "10.0.0.1", "10.0.0.2"];
    check(&[], &ips(&several), Ok(&["ip:10.0.0.2", "ip:10.0.0.1", "ip:10.0.0.2"]));
    check(&[], &ips(&["::ffff:192.0.2.5", " ::1 "]), Ok(&["ip:192.0.2.5", "ip:::1"]));
    for text in ["example.com", "10.0.0.0/8", "010.001.001.001", "fe80::1%eth0", ""] {
        let want = format!("the value {text:?} is not a valid IP address");
        check(&[], &ips(&[text]), Err(&want));
        check(&off, &ips(&["10.0.0.1", text]), Err(&want));
    }
    check(
        &off,
        &ips(&["10.0.0.1"]),
        Err(
            "IP Subject Alternative Names are not allowed in this role, but was provided via the API",
        ),
    );
    check(&off, &ips(&[]), Ok(&[]));
    check(&two, &ips(&["10.9.9.9", "2001:db8:1::1"]), Ok(&["ip:10.9.9.9", "ip:2001:db8:1::1"]));
    let outside = "the IP address \"8.8.8.8\" is not allowed in this role";
    check(&two, &ips(&["10.1.2.3", "8.8.8.8"]), Err(outside));
    check(
        &[two[0], off[0]],
        &ips(&["10.1.2.3"]),
        Err(
            "IP Subject Alternative Names are not allowed in this role, but was provided via the API",
        ),
    );
}

#[test]
fn uris_fit_a_pattern_as_they_were_written() {
    let allowed = |patterns| [("allowed_uri_sans", patterns)];
    let none =
        "URI Subject Alternative Names are not allowed in this role, but were provided via the API";
    let misfit =
        "URI Subject Alternative Names were provided via the API which are not valid for this role";
    check(&[], &uris(&["urn:x:y"]), Err(none));
    check(&[], &uris(&[]), Ok(&[]));
    let glob = allowed("spiffe://example.com/*");
    check(&glob, &uris(&["spiffe://example.com/a/b"]), Ok(&["uri:spiffe://example.com/a/b"]));
    check(&glob, &uris(&["spiffe://example.com/a", "urn:x:y"]), Err(misfit));
    check(&glob, &uris(&["SPIFFE://example.com/a"]), Err(misfit));
    check(&allowed("*"), &uris(&["not a uri", "foo"]), Ok(&["uri:not%20a%20uri", "uri:foo"]));
    for text in ["http://[bad", "http://h/%zz", "http://bücher.com/", "", "urn:x\0"] {
        let want = format!("the provided URI Subject Alternative Name {text:?} is not a valid URI");
        check(&allowed("*"), &uris(&[text]), Err(&want));
    }
    check(
        &allowed("*"),
        &uris(&["urn:ä"]),
        Err("unable to create certificate: x509: \"urn:ä\" cannot be encoded as an IA5String"),
    );
}

#[test]
fn other_names_fit_an_entry_of_their_kind() {
    let allowed = |entries| [("allowed_other_sans", entries)];
    let two = allowed("1.2.3.4;utf8:a*,1.2.3.5;UTF-8:b*");
    check(&[], &others(&["1.2.3.4;utf8:x"]), Err("other SAN OID 1.2.3.4 not allowed by this role"));
    check(
        &two,
        &others(&["1.2.3.5;utf8:bcd", "1.2.3.4;UTF8:a", "1.2.3.5;utf8:b"]),
        Ok(&["other:1.2.3.5=bcd", "other:1.2.3.4=a", "other:1.2.3.5=b"]),
    );
    let value = "other SAN zzz not allowed for OID 1.2.3.4 by this role";
    check(&two, &others(&["1.2.3.4;utf8:zzz"]), Err(value));
    check(&two, &others(&["zz;utf8:x"]), Err("other SAN OID zz not allowed by this role"));
    check(&allowed("*"), &others(&["1.2.3;utf8:"]), Ok(&["other:1.2.3="]));
    let no_oid = "error marshaling other SANs: \"zz\" is not an object identifier: expected \
                  numbers separated by dots";
    check(&allowed("*"), &others(&["zz;utf8:x"]), Err(no_oid));
    let no_semicolon =
        "could not parse requested other SAN: expected a semicolon in other SAN \"1.2.3.4\"";
    check(&[], &others(&["1.2.3.4"]), Err(no_semicolon));
}

/// A CSR with one name of every kind, all of which `ROLE` allows.
fn csr() -> CsrNames {
    let sans = SubjectAltNames {
        other: vec![OtherName { oid: "1.2.3".into(), value: "csr".into() }],
        dns: texts(&["one.com", "two.com"]),
        email: texts(&["e@csr.com"]),
        ip: vec!["10.0.0.1".parse().unwrap()],
        uri: texts(&["urn:csr"]),
        rest: Vec::new(),
    };
    CsrNames {
        common_name: Some("csr.com".into()),
        sans,
        serial_number: Some("77".into()),
        user_ids: texts(&["joe"]),
    }
}

const ROLE: &[(&str, &str)] = &[
    ("allow_any_name", "true"),
    ("allowed_uri_sans", "*"),
    ("allowed_other_sans", "*"),
    ("allowed_serial_numbers", "*"),
    ("allowed_user_ids", "*"),
    ("organization", "Role"),
];

/// A request with one name of every kind.
fn parameters() -> NameRequest {
    NameRequest {
        common_name: "api.com".into(),
        alt_names: "x.com,y@api.com".into(),
        ip_sans: texts(&["10.1.1.1"]),
        uri_sans: texts(&["urn:api"]),
        other_sans: texts(&["1.2.4;utf8:api"]),
        serial_number: "42".into(),
        user_ids: texts(&["ann"]),
        exclude_cn_from_sans: false,
    }
}

#[track_caller]
fn sign(
    settings: &[(&str, &str)],
    request: &NameRequest,
    csr: &CsrNames,
) -> (ApprovedNames, Vec<Warning>) {
    names_for_sign(&role(&[ROLE, settings].concat()), request, csr).unwrap()
}

#[test]
fn signing_takes_names_from_the_csr() {
    let (names, warnings) = sign(&[], &NameRequest::default(), &csr());
    assert_eq!(
        shown(&names.sans),
        [
            "other:1.2.3=csr",
            "dns:one.com",
            "dns:two.com",
            "dns:csr.com",
            "email:e@csr.com",
            "ip:10.0.0.1",
            "uri:urn:csr",
        ]
    );
    assert_eq!(names.subject.common_name.as_deref(), Some("csr.com"));
    assert_eq!(names.subject.serial_number.as_deref(), Some("77"));
    assert_eq!(names.subject.user_ids, ["joe"]);
    assert_eq!(names.subject.organization, ["Role"]);
    assert_eq!(warnings, []);
}

#[test]
fn parameters_win_over_the_csr_for_serial_number_and_user_ids_only() {
    let (names, warnings) = sign(&[], &parameters(), &csr());
    assert_eq!(
        shown(&names.sans),
        [
            "other:1.2.4=api",
            "other:1.2.3=csr",
            "dns:one.com",
            "dns:two.com",
            "dns:csr.com",
            "email:e@csr.com",
            "ip:10.0.0.1",
            "uri:urn:csr",
        ]
    );
    assert_eq!(names.subject.common_name.as_deref(), Some("csr.com"));
    assert_eq!(names.subject.serial_number.as_deref(), Some("42"));
    assert_eq!(names.subject.user_ids, ["ann"]);
    let warnings: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    assert_eq!(
        warnings,
        [
            "the common_name field was provided but the role is set with \"use_csr_common_name\" \
             set to true",
            "the alt_names field was provided but the role is set with \"use_csr_sans\" set to true",
        ]
    );
}

#[test]
fn a_role_can_ignore_the_names_of_csrs() {
    let neither = [("use_csr_common_name", "false"), ("use_csr_sans", "false")];
    let (names, warnings) = sign(&neither, &parameters(), &csr());
    assert_eq!(
        shown(&names.sans),
        [
            "other:1.2.4=api",
            "dns:api.com",
            "dns:x.com",
            "email:y@api.com",
            "ip:10.1.1.1",
            "uri:urn:api",
        ]
    );
    assert_eq!(names.subject.common_name.as_deref(), Some("api.com"));
    assert_eq!(warnings, []);

    let got = names_for_sign(&role(&[ROLE, &neither].concat()), &NameRequest::default(), &csr());
    assert_eq!(got.unwrap_err(), Violation::CommonNameMissing);
}

#[test]
fn a_csr_without_common_name_takes_the_parameter() {
    let csr = CsrNames { common_name: Some(String::new()), ..csr() };
    let request = NameRequest { alt_names: String::new(), ..parameters() };
    let (names, warnings) = sign(&[], &request, &csr);
    assert_eq!(names.subject.common_name.as_deref(), Some("api.com"));
    assert_eq!(names.sans.dns, ["one.com", "two.com", "api.com"]);
    assert_eq!(warnings, [Warning::CommonNameIgnored]);
}

#[test]
fn a_role_can_ignore_the_serial_number_of_csrs() {
    let settings = [("serial_number_source", "json")];
    let (names, _) = sign(&settings, &NameRequest::default(), &csr());
    assert_eq!(names.subject.serial_number, None);
    let (names, _) = sign(&settings, &parameters(), &csr());
    assert_eq!(names.subject.serial_number.as_deref(), Some("42"));
}

#[test]
fn names_that_no_role_can_allow_are_left_out_with_a_warning() {
    let mut csr = csr();
    csr.sans.rest = vec![vec![0x88, 1, 0x2a]];
    let (names, warnings) = sign(&[], &NameRequest::default(), &csr);
    assert!(names.sans.rest.is_empty());
    assert_eq!(warnings, [Warning::CsrNamesLeftOut]);
    let (_, warnings) = sign(&[("use_csr_sans", "false")], &parameters(), &csr);
    assert_eq!(warnings, [Warning::CommonNameIgnored]);
}

#[test]
fn verbatim_names_change_only_for_other_names() {
    let ignored = [Warning::CommonNameIgnored, Warning::AltNamesIgnored];
    let none = NameRequest { other_sans: Vec::new(), ..parameters() };
    assert_eq!(names_for_verbatim(&none, &csr()), Ok((None, ignored.to_vec())));
    let (sans, warnings) = names_for_verbatim(&parameters(), &csr()).unwrap();
    assert_eq!(
        shown(&sans.unwrap()),
        [
            "other:1.2.4=api",
            "other:1.2.3=csr",
            "dns:one.com",
            "dns:two.com",
            "email:e@csr.com",
            "ip:10.0.0.1",
            "uri:urn:csr",
        ]
    );
    assert_eq!(warnings, ignored);
    let bad = NameRequest { other_sans: texts(&["1.2.4"]), ..Default::default() };
    assert!(matches!(names_for_verbatim(&bad, &csr()), Err(Violation::RequestedOtherSan(_))));
}

#[test]
fn verbatim_names_have_to_be_names() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut CsrNames), want: &str) {
        let mut csr = csr();
        change(&mut csr);
        let got = names_for_verbatim(&NameRequest::default(), &csr).map_err(|v| v.to_string());
        assert_eq!(got.err().as_deref(), Some(want));
    }
    check(
        |csr| csr.sans.dns.push("a.*.com".into()),
        "subject alternate name a.*.com not allowed by this role",
    );
    check(
        |csr| csr.sans.email.push("a@*.com".into()),
        "email address a@*.com not allowed by this role",
    );
    check(|csr| csr.common_name = Some("a..b".into()), "idna: invalid label \"a..b\"");
    // A name that is to be no alternative name may be anything.
    let excluded = NameRequest { exclude_cn_from_sans: true, ..Default::default() };
    let odd = CsrNames { common_name: Some("a..b".into()), ..csr() };
    assert_eq!(names_for_verbatim(&excluded, &odd), Ok((None, Vec::new())));
}

#[test]
fn uris_of_a_csr_are_compared_in_their_normal_form() {
    let mut csr = csr();
    csr.sans.uri = texts(&["HTTPS://example.com/a b"]);
    let (names, _) =
        sign(&[("allowed_uri_sans", "https://*/a%20b")], &NameRequest::default(), &csr);
    assert_eq!(names.sans.uri, ["https://example.com/a%20b"]);
}

#[track_caller]
fn check_ca(request: &NameRequest, csr: Option<&CsrNames>, want: Result<&[&str], &str>) {
    let got = names_for_ca(request, &CaSubject::default(), csr).map(|names| shown(&names.sans));
    let got = got.map_err(|violation| violation.to_string());
    assert_eq!(got, want.map(texts).map_err(str::to_owned), "{request:?}");
}

fn ca(common_name: &str) -> NameRequest {
    NameRequest { common_name: common_name.into(), ..Default::default() }
}

#[test]
fn a_ca_may_be_called_anything_that_is_a_name() {
    check_ca(&ca(""), None, Ok(&[]));
    check_ca(&ca("My CA"), None, Ok(&[]));
    check_ca(&ca("KU"), None, Ok(&["dns:KU"]));
    check_ca(&ca("pki@example.com"), None, Ok(&["email:pki@example.com"]));
    check_ca(&ca("ACME @ Home"), None, Ok(&[]));
    check_ca(&NameRequest { exclude_cn_from_sans: true, ..ca("KU") }, None, Ok(&[]));
    check_ca(&ca("a..b"), None, Err("idna: invalid label \"a..b\""));
    check_ca(&ca("*.*"), None, Ok(&[]));
    check_ca(&ca("a\0b"), None, Err("common name a\0b not allowed by this role"));
    check_ca(&ca("a@b@c"), None, Err("email address a@b@c not allowed by this role"));
    let excluded = NameRequest { exclude_cn_from_sans: true, ..ca("a@b@c") };
    check_ca(&excluded, None, Ok(&[]));
    check_ca(
        &NameRequest { common_name: "all.com".into(), ..parameters() },
        None,
        Ok(&[
            "other:1.2.4=api",
            "dns:all.com",
            "dns:x.com",
            "email:y@api.com",
            "ip:10.1.1.1",
            "uri:urn:api",
        ]),
    );
    let bad = NameRequest { alt_names: "not valid".into(), ..ca("My CA") };
    check_ca(
        &bad,
        None,
        Err(
            "subject alternate name not valid is not a valid DNS name and cannot be included as a SAN",
        ),
    );
    check_ca(
        &others(&["1.2.3;int:5"]),
        None,
        Err("could not parse requested other SAN: only utf8 other SANs are supported; found \
             non-supported type in other SAN \"1.2.3;int:5\""),
    );
}

#[test]
fn a_ca_csr_gives_common_name_and_serial_number_only() {
    check_ca(&NameRequest::default(), Some(&csr()), Ok(&["dns:csr.com"]));
    check_ca(&ca("Param CA"), Some(&csr()), Ok(&[]));

    let subject = CaSubject { ou: texts(&["Unit"]), country: texts(&["AT"]), ..Default::default() };
    let names = names_for_ca(&NameRequest::default(), &subject, Some(&csr())).unwrap();
    assert_eq!(names.subject.organizational_unit, ["Unit"]);
    assert_eq!(names.subject.country, ["AT"]);
    assert_eq!(names.subject.serial_number.as_deref(), Some("77"));
    assert_eq!(names.subject.user_ids, [""; 0]);
    let names = names_for_ca(&parameters(), &subject, Some(&csr())).unwrap();
    assert_eq!(names.subject.common_name.as_deref(), Some("api.com"));
    assert_eq!(names.subject.serial_number.as_deref(), Some("42"));
}
