//! When certificates begin and end: what was tried on a live server, and every refusal.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

mod policy_support;

use pki_core::domain::time::Timestamp;
use pki_core::field::Seconds;
use pki_core::policy::{
    Behavior, IssuerLimits, MountTtls, NotBefore, Validity, ValidityRequest, Violation, Warning,
    for_csr, for_intermediate, for_leaf, for_root, for_verbatim, names_and_validity,
};
use policy_support::role;

const HOUR: i64 = 3600;

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The present of these tests.
fn now() -> Timestamp {
    moment("2026-11-21T22:48:56.726031591Z")
}

/// A mount with a default and a maximum in hours.
fn mount(default: i64, max: i64) -> MountTtls {
    MountTtls { default: default * HOUR, max: max * HOUR }
}

fn issuer(not_after: &str, behavior: Behavior) -> IssuerLimits {
    IssuerLimits { not_after: moment(not_after), behavior }
}

fn unlimited() -> IssuerLimits {
    issuer("9999-12-31T23:59:59Z", Behavior::Err)
}

/// What a request says, by parameter.
fn request(parameters: &[(&str, &str)]) -> ValidityRequest {
    let mut request = ValidityRequest::default();
    for (name, text) in parameters {
        let text = (*text).to_owned();
        match *name {
            "ttl" => {
                request.ttl = text
                    .strip_suffix('h')
                    .and_then(|hours| hours.parse().ok())
                    .map(|hours: i64| Seconds(hours * HOUR));
            }
            "not_after" => request.not_after = Some(text),
            _ => request.not_before = Some(text),
        }
    }
    request
}

type Decision = Result<(Validity, Vec<Warning>), Violation>;

/// The end as hours from now or as a moment, then the warnings.
fn shown(decision: Decision) -> Result<String, String> {
    let (validity, warnings) = decision.map_err(|violation| violation.to_string())?;
    let seconds = validity.not_after.seconds_since(now());
    let end = if seconds % HOUR == 0 {
        format!("{}h", seconds / HOUR)
    } else {
        validity.not_after.rfc3339()
    };
    let texts = warnings.iter().map(|warning| format!("; {warning}"));
    Ok(std::iter::once(end).chain(texts).collect())
}

type Settings<'a> = &'a [(&'a str, &'a str)];

#[track_caller]
fn check(
    mount: MountTtls,
    settings: Settings<'_>,
    parameters: Settings<'_>,
    want: Result<&str, &str>,
) {
    let got = for_leaf(
        &role(settings),
        &mount,
        &unlimited(),
        &request(parameters),
        NotBefore::Honoured,
        now(),
    );
    let want = want.map(str::to_owned).map_err(str::to_owned);
    assert_eq!(shown(got), want, "{mount:?} {settings:?} {parameters:?}");
}

fn clamped(asked: &str, max: &str) -> String {
    format!("TTL \"{asked}\" is longer than permitted maxTTL \"{max}\", so maxTTL is being used")
}

const BOTH: &str =
    "Either ttl or not_after should be provided. Both should not be provided in the same request.";

#[test]
fn the_table_of_lifetimes_holds() {
    let large = mount(768, 87600);
    let three = clamped("5h0m0s", "3h0m0s");
    check(large, &[], &[], Ok("768h"));
    check(
        large,
        &[("ttl", "2h"), ("max_ttl", "3h")],
        &[("ttl", "5h")],
        Ok(&format!("3h; {three}")),
    );
    let default = clamped("768h0m0s", "3h0m0s");
    check(large, &[("max_ttl", "3h")], &[], Ok(&format!("3h; {default}")));
    let twenty = clamped("30h0m0s", "20h0m0s");
    check(mount(10, 20), &[("ttl", "30h")], &[], Ok(&format!("20h; {twenty}")));
    check(mount(10, 20), &[("max_ttl", "50h")], &[("ttl", "45h")], Ok("45h"));
    let thousand = clamped("1000h0m0s", "768h0m0s");
    check(mount(768, 768), &[], &[("ttl", "1000h")], Ok(&format!("768h; {thousand}")));
    let one = clamped("768h0m0s", "1h0m0s");
    let explicit = "2026-12-31T22:48:56Z";
    check(large, &[("max_ttl", "1h")], &[("not_after", explicit)], Ok(&format!("960h; {one}")));
    let roles_own: Settings<'_> = &[("not_after", "2027-02-01T00:00:00Z")];
    check(large, roles_own, &[("not_after", "2027-01-01T00:00:00Z")], Ok("2027-02-01T00:00:00Z"));
    check(large, roles_own, &[("ttl", "1h")], Err(BOTH));
}

#[test]
fn more_lifetimes_hold() {
    let large = mount(768, 87600);
    check(large, &[("ttl", "2h"), ("max_ttl", "10h")], &[("ttl", "3h")], Ok("3h"));
    check(large, &[("ttl", "2h")], &[("ttl", "50h")], Ok("50h"));
    check(large, &[("ttl", "2h")], &[("ttl", "0h")], Ok("2h"));
    check(mount(10, 20), &[("max_ttl", "50h")], &[], Ok("10h"));
    check(
        large,
        &[("ttl", "5h"), ("not_after", "2027-05-05T05:05:05Z")],
        &[],
        Ok("2027-05-05T05:05:05Z"),
    );
    check(large, &[], &[("not_after", "2027-06-01T14:00:00.5+02:00")], Ok("2027-06-01T12:00:00Z"));
    check(large, &[], &[("not_after", "9999-12-31T23:59:59Z")], Ok("9999-12-31T23:59:59Z"));
    check(
        large,
        &[],
        &[("ttl", "0h"), ("not_after", "2027-06-01T00:00:00Z")],
        Ok("2027-06-01T00:00:00Z"),
    );
    check(large, &[], &[("ttl", "1h"), ("not_after", "2027-06-01T00:00:00Z")], Err(BOTH));
    // A lifetime never wraps around.
    check(mount(768, i64::MAX / HOUR), &[], &[("ttl", "9000000000h")], Ok("9999-12-31T23:59:59Z"));
}

#[test]
fn what_is_no_moment_is_refused_in_the_words_of_the_reference() {
    let large = mount(768, 87600);
    let words = |text: &str, rest: &str, name: &str| {
        format!(
            "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{rest}\" as \"{name}\""
        )
    };
    for (text, want) in [
        ("garbage", words("garbage", "garbage", "2006")),
        ("2027-06-01", words("2027-06-01", "", "T")),
        ("", words("", "", "2006")),
    ] {
        check(large, &[], &[("not_after", text)], Err(&want));
    }
    check(large, &[("not_after", "never")], &[], Err(&words("never", "never", "2006")));
    check(large, &[("not_after", "")], &[], Ok("768h"));
    let yesterday = words("yesterday", "yesterday", "2006");
    check(large, &[], &[("not_before", "yesterday")], Err(&yesterday));
    check(large, &[("not_before", "yesterday")], &[], Err(&yesterday));
    check(large, &[], &[("not_before", "")], Ok("768h"));
    // The beginning is looked at before the end.
    check(large, &[], &[("not_before", "yesterday"), ("not_after", "garbage")], Err(&yesterday));
}

#[test]
fn a_role_bounds_the_end() {
    let large = mount(768, 87600);
    let august: Settings<'_> = &[("not_after", "2027-08-01T00:00:00Z")];
    let bound = |text| [("ttl", "100h"), ("max_ttl", "1000h"), ("not_after_bound", text)];

    let forbid = bound("forbid");
    let refused = "not_after_bound is set to forbid. not_after cannot be provided.";
    check(large, &forbid, august, Err(refused));
    check(large, &forbid, &[], Ok("100h"));
    check(large, &forbid, &[("ttl", "2h")], Ok("2h"));
    check(large, &[&forbid[..], august].concat(), &[], Ok("2027-08-01T00:00:00Z"));
    // What the role itself names wins, and what was asked is not looked at.
    check(large, &[&forbid[..], august].concat(), august, Ok("2027-08-01T00:00:00Z"));
    let both: Settings<'_> = &[("ttl", "2h"), ("not_after", "2027-08-01T00:00:00Z")];
    check(large, &forbid, both, Err(refused));

    let limited = bound("ttl-limited");
    let refused = "not_after_bound is set to ttl-limited. Cannot satisfy request as that would \
                   result in notAfter of 2027-08-01T00:00:00Z that is beyond the TTL of 100h0m0s";
    check(large, &limited, august, Err(refused));
    check(large, &limited, &[("not_after", "2026-11-22T00:00:00Z")], Ok("2026-11-22T00:00:00Z"));
    check(large, &limited, &[("ttl", "500h")], Ok("500h"));
    check(large, &[&limited[..], august].concat(), &[], Ok("2027-08-01T00:00:00Z"));

    let until = bound("2026-12-25T01:00:00+01:00");
    let refused = |end: &str| {
        format!(
            "not_after_bound is set to 2026-12-25T00:00:00Z. Cannot statisfy request as that \
             would result in notAfter of {end} that is beyond the maximum timestamp of \
             2026-12-25T00:00:00Z"
        )
    };
    check(large, &until, august, Err(&refused("2027-08-01T00:00:00Z")));
    check(large, &until, &[("ttl", "1000h")], Err(&refused("2027-01-02T14:48:56.726031591Z")));
    check(large, &until, &[], Ok("100h"));
    check(large, &until, &[("not_after", "2026-12-25T00:00:00Z")], Ok("2026-12-25T00:00:00Z"));
}

#[test]
fn an_issuer_bounds_the_end() {
    let end = "2026-11-22T08:48:57Z";
    let large = mount(768, 87600);
    let leaf = |behavior, hours: &str| {
        let ttl = [("ttl", hours)];
        shown(for_leaf(
            &role(&[]),
            &large,
            &issuer(end, behavior),
            &request(&ttl),
            NotBefore::Honoured,
            now(),
        ))
    };
    let refused = format!(
        "cannot satisfy request, as TTL would result in notAfter of \
         2026-11-24T00:48:56.726031591Z that is beyond the expiration of the CA certificate at {end}"
    );
    for behavior in
        [Behavior::Err, Behavior::Truncate, Behavior::Permit, Behavior::AlwaysEnforceErr]
    {
        assert_eq!(leaf(behavior, "5h"), Ok("5h".to_owned()), "{behavior:?}");
        let want = match behavior {
            Behavior::Err | Behavior::AlwaysEnforceErr => Err(refused.clone()),
            Behavior::Truncate => Ok(end.to_owned()),
            Behavior::Permit => Ok("50h".to_owned()),
        };
        assert_eq!(leaf(behavior, "50h"), want, "{behavior:?}");
    }
    // The role's bound comes first.
    let got = for_leaf(
        &role(&[("not_after_bound", "forbid")]),
        &large,
        &issuer(end, Behavior::Err),
        &request(&[("not_after", "2030-01-01T00:00:00Z")]),
        NotBefore::Honoured,
        now(),
    );
    assert_eq!(got, Err(Violation::NotAfterForbidden));
    // Its last moment comes after: what the issuer cuts may be early enough.
    let until = |behavior| {
        shown(for_leaf(
            &role(&[("not_after_bound", "2027-01-01T00:00:00Z")]),
            &large,
            &issuer(end, behavior),
            &request(&[("not_after", "2030-01-01T00:00:00Z")]),
            NotBefore::Honoured,
            now(),
        ))
    };
    assert_eq!(until(Behavior::Truncate), Ok(end.to_owned()));
    assert!(until(Behavior::Err).unwrap_err().starts_with("cannot satisfy request"));
    assert!(until(Behavior::Permit).unwrap_err().starts_with("not_after_bound is set to 2027"));
}

#[test]
fn a_certificate_lasts_some_time() {
    let moment = "2027-01-01T00:00:00Z";
    let settings: Settings<'_> = &[("not_before", moment), ("not_after", moment)];
    let refused = format!(
        "The certificate's Not Before ({moment}) is equal to the certificate's Not After ({moment})"
    );
    check(mount(768, 87600), settings, &[], Err(&refused));
}

/// The beginning.
fn start(
    settings: Settings<'_>,
    not_before: Option<&str>,
    use_not_before: NotBefore,
) -> Result<String, String> {
    let request =
        ValidityRequest { not_before: not_before.map(str::to_owned), ..Default::default() };
    let role = role(settings);
    let got = for_leaf(&role, &mount(768, 87600), &unlimited(), &request, use_not_before, now());
    got.map(|(validity, _)| validity.not_before.rfc3339()).map_err(|v| v.to_string())
}

#[test]
fn certificates_are_backdated() {
    for (duration, want) in [
        ("0", "2026-11-21T22:48:26Z"),
        ("30s", "2026-11-21T22:48:26Z"),
        ("1h", "2026-11-21T21:48:56Z"),
    ] {
        let settings = [("not_before_duration", duration)];
        assert_eq!(start(&settings, None, NotBefore::Honoured), Ok(want.to_owned()), "{duration}");
    }
}

#[test]
fn a_beginning_can_be_named() {
    let old = "2026-06-01T00:00:00Z";
    let backdated = "2026-11-21T22:48:26Z";
    let roles_own: Settings<'_> = &[("not_before", "2026-05-01T00:00:00Z")];
    let ok = |text: &str| Ok(text.to_owned());
    assert_eq!(start(&[], Some(old), NotBefore::Honoured), ok(old));
    assert_eq!(start(&[], Some(""), NotBefore::Honoured), ok(backdated));
    assert_eq!(start(roles_own, Some(old), NotBefore::Honoured), ok("2026-05-01T00:00:00Z"));
    assert_eq!(start(&[], Some(old), NotBefore::Parsed), ok(backdated));
    assert!(start(&[], Some("yesterday"), NotBefore::Parsed).is_err());
    assert_eq!(start(&[], Some("yesterday"), NotBefore::Ignored), ok(backdated));

    let forbid: Settings<'_> = &[("not_before_bound", "forbid")];
    let refused = "not_before_bound is set to forbid. not_before cannot be provided.";
    for use_not_before in [NotBefore::Honoured, NotBefore::Parsed] {
        assert_eq!(start(forbid, Some(old), use_not_before), Err(refused.to_owned()));
    }
    assert_eq!(start(forbid, None, NotBefore::Honoured), ok(backdated));
    assert_eq!(start(forbid, Some(old), NotBefore::Ignored), ok(backdated));

    let duration: Settings<'_> = &[("not_before_bound", "duration"), ("not_before_duration", "2h")];
    let refused = "not_before_bound is set to duration. Cannot satisfy request as it would result \
                   in notBefore of 2026-11-21T20:48:56Z that is older than the allowed \
                   not_before_duration of 2h0m0s";
    let at = |text| start(duration, Some(text), NotBefore::Honoured);
    assert_eq!(at("2026-11-21T20:48:56Z"), Err(refused.to_owned()));
    assert_eq!(at("2026-11-21T20:48:57Z"), ok("2026-11-21T20:48:57Z"));
    assert_eq!(at("2026-12-01T00:00:00Z"), ok("2026-12-01T00:00:00Z"));
}

#[test]
fn nothing_ends_before_it_begins() {
    let want = "The certificate's Not Before (2026-11-21T22:48:26.726031591Z) is later than the \
                certificate's Not After (2020-01-01T00:00:00Z)";
    let past = [("not_after", "2020-01-01T00:00:00Z")];
    let large = mount(768, 87600);
    check(large, &[], &past, Err(want));
    let past = request(&past);
    let want = Err(want.to_owned());
    assert_eq!(shown(for_verbatim(None, &large, &unlimited(), &past, now())), want);
    assert_eq!(shown(for_root(&large, &past, Seconds(0), now())), want);
    let intermediate = for_intermediate(&large, &unlimited(), &past, Seconds(0), false, now());
    assert_eq!(shown(intermediate), want);
    // There is no beginning in a CSR.
    assert_eq!(for_csr(&large, &past, now()), Ok(Vec::new()));
}

#[test]
fn a_role_gives_lifetimes_to_verbatim_signing_and_bounds_nothing() {
    let large = mount(768, 87600);
    let verbatim = |settings: Settings<'_>, parameters: Settings<'_>| {
        let request = request(parameters);
        shown(for_verbatim(Some(&role(settings)), &large, &unlimited(), &request, now()))
    };
    let bounds: Settings<'_> = &[
        ("ttl", "2h"),
        ("max_ttl", "3h"),
        ("not_after", "2027-05-05T05:05:05Z"),
        ("not_after_bound", "forbid"),
        ("not_before", "garbage"),
        ("not_before_bound", "forbid"),
    ];
    let explicit = "2027-01-01T00:00:00Z";
    assert_eq!(verbatim(bounds, &[]), Ok("2h".to_owned()));
    assert_eq!(verbatim(bounds, &[("not_after", explicit)]), Ok(explicit.to_owned()));
    let want = format!("3h; {}", clamped("5h0m0s", "3h0m0s"));
    assert_eq!(verbatim(bounds, &[("ttl", "5h"), ("not_before", "garbage")]), Ok(want));
    let got = for_verbatim(None, &large, &unlimited(), &ValidityRequest::default(), now());
    assert_eq!(shown(got), Ok("768h".to_owned()));
    let got = for_verbatim(
        None,
        &large,
        &issuer("2026-11-22T00:00:00Z", Behavior::Err),
        &ValidityRequest::default(),
        now(),
    );
    assert!(matches!(got, Err(Violation::NotAfterBeyondIssuer { .. })));
}

#[test]
fn roots_have_the_lifetimes_of_the_mount() {
    let small = mount(10, 20);
    let root = |parameters: Settings<'_>| {
        shown(for_root(&small, &request(parameters), Seconds(HOUR), now()))
    };
    let want = clamped("30h0m0s", "20h0m0s");
    assert_eq!(root(&[]), Ok("10h".to_owned()));
    assert_eq!(root(&[("ttl", "30h")]), Ok(format!("20h; {want}")));
    let late = "2060-01-01T00:00:00Z";
    assert_eq!(root(&[("not_after", late), ("not_before", "garbage")]), Ok(late.to_owned()));
    assert_eq!(root(&[("not_after", late), ("ttl", "1h")]), Err(BOTH.to_owned()));
    let clamp = request(&[("ttl", "30h")]);
    let warnings =
        for_csr(&small, &clamp, now()).map(|all| all.iter().map(Warning::to_string).collect());
    assert_eq!(warnings, Ok(vec![want]));
    assert!(for_csr(&small, &request(&[("not_after", "garbage")]), now()).is_err());
}

#[test]
fn intermediates_end_with_their_issuer_at_the_latest() {
    let end = "2026-12-01T00:00:00Z";
    let beyond = "The expiration time for the signed certificate is after the CA's expiration \
                  time. If the new certificate is not treated as a root, validation paths with the \
                  certificate past the issuing CA's expiration time will fail.";
    let large = mount(768, 87600);
    let sign = |behavior, enforce, parameters: Settings<'_>| {
        let issuer = issuer(end, behavior);
        shown(for_intermediate(&large, &issuer, &request(parameters), Seconds(0), enforce, now()))
    };
    let cut = Ok(format!("{end}; {beyond}"));
    let kept = Ok(format!("300h; {beyond}"));
    let refused = Err(format!(
        "cannot satisfy request, as TTL would result in notAfter of \
         2026-12-04T10:48:56.726031591Z that is beyond the expiration of the CA certificate at {end}"
    ));
    for (behavior, enforce, want) in [
        (Behavior::Err, false, &cut),
        (Behavior::Truncate, false, &cut),
        (Behavior::Permit, false, &cut),
        (Behavior::AlwaysEnforceErr, false, &refused),
        (Behavior::Err, true, &refused),
        (Behavior::Truncate, true, &cut),
        (Behavior::Permit, true, &kept),
        (Behavior::AlwaysEnforceErr, true, &refused),
    ] {
        assert_eq!(sign(behavior, enforce, &[("ttl", "300h")]), *want, "{behavior:?} {enforce}");
        assert_eq!(sign(behavior, enforce, &[("ttl", "5h")]), Ok("5h".to_owned()));
    }
    assert!(sign(Behavior::Err, false, &[("not_before", "garbage")]).is_err());
    assert_eq!(
        sign(Behavior::Err, false, &[("not_before", "2020-01-01T00:00:00Z"), ("ttl", "1h")]),
        Ok("1h".to_owned())
    );
}

#[test]
fn user_ids_are_reported_after_lifetimes_and_other_names_before() {
    let validity = || Err(Violation::TtlAndNotAfter);
    let late = Violation::EndsBeforeItBegins { not_before: now(), not_after: now() };
    let user_id = || Violation::UserId("bob".to_owned());
    let dns = || Violation::DnsName("a".to_owned());
    let good = Validity { not_before: now(), not_after: now() };
    for (names, validity, want) in [
        (Ok(()), validity(), Err(Violation::TtlAndNotAfter)),
        (Err(user_id()), validity(), Err(Violation::TtlAndNotAfter)),
        (Err(dns()), validity(), Err(dns())),
        (Err(user_id()), Err(late.clone()), Err(user_id())),
        (Ok(()), Err(late.clone()), Err(late)),
        (Err(user_id()), Ok((good, Vec::new())), Err(user_id())),
        (Ok(()), Ok((good, Vec::new())), Ok(((), good, Vec::new()))),
    ] {
        assert_eq!(names_and_validity(names, validity), want);
    }
}
