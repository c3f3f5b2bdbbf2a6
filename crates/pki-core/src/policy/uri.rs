//! URIs as a certificate holds them.
//!
//! A URI in a request may hold spaces or characters outside ASCII; what goes into the certificate
//! is its normal form, the one that clients of the reference know: a lower-case scheme, and
//! percent signs for what may not stand as it is.
//!
//! Source: RFC 3986; RFC 5280 section 4.2.1.6, uniformResourceIdentifier.

/// Where in a URI an octet stands; this decides whether it may stand as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    UserInfo,
    Host,
    Path,
    Fragment,
}

/// The normal form of a URI or relative reference; nothing if it is malformed, or if its host is
/// none that a certificate can hold.
pub fn normalized(text: &str) -> Option<String> {
    if text.is_empty() || text.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let (body, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (scheme, rest) = split_scheme(body)?;
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let mut out = String::new();
    if let Some(scheme) = scheme {
        out.push_str(&scheme.to_ascii_lowercase());
        out.push(':');
    }
    if scheme.is_some() && !rest.starts_with('/') {
        out.push_str(rest); // Opaque, as in `urn:a:b`: not ours to take apart.
    } else {
        push_hierarchy(&mut out, scheme.is_some(), rest)?;
    }
    if let Some(query) = query {
        out.push('?');
        out.push_str(query);
    }
    if !fragment.is_empty() {
        out.push('#');
        out.push_str(&reencoded(fragment, Part::Fragment)?);
    }
    (!out.is_empty()).then_some(out)
}

/// The domain name in the authority of a URI; nothing if there is no authority, or an address, or
/// anything about it is unusual enough that programs could disagree.
pub fn domain(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = host.split_once(':').unwrap_or((host, ""));
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"-._".contains(&c);
    let is_sound = !host.is_empty()
        && host.bytes().all(is_plain)
        && port.bytes().all(|c| c.is_ascii_digit())
        && !authority.contains('\\')
        && authority.matches('@').count() < 2
        && split_scheme(uri)?.0.is_some();
    // Programs read `1.2.3.4`, `1.2` and `0x1` as addresses (RFC 5280 section 4.2.1.10).
    let last = host.trim_end_matches('.').rsplit('.').next()?;
    let is_address = last.starts_with(|c: char| c.is_ascii_digit());
    (is_sound && !is_address).then_some(host)
}

/// The scheme, if there is one, and what follows; nothing if there is a colon but no scheme.
fn split_scheme(text: &str) -> Option<(Option<&str>, &str)> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Some((None, text));
    };
    let starts_well = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_scheme =
        scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    match (starts_well && is_scheme, scheme.is_empty()) {
        (true, _) => Some((Some(scheme), rest)),
        (false, true) => None,
        (false, false) => Some((None, text)),
    }
}

fn push_hierarchy(out: &mut String, has_scheme: bool, rest: &str) -> Option<()> {
    let first_segment = rest.split('/').next().unwrap_or_default();
    if !rest.starts_with('/') && first_segment.contains(':') {
        return None;
    }
    let has_authority = rest.starts_with("//") && (has_scheme || !rest.starts_with("///"));
    let path = match rest.strip_prefix("//").filter(|_| has_authority) {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(end)?;
            if !(authority.is_empty() && path.is_empty()) {
                out.push_str("//");
                push_authority(out, authority)?;
            }
            path
        }
        None => rest,
    };
    let path = reencoded(path, Part::Path)?;
    // What was encoded may now look like a scheme (RFC 3986 section 4.2).
    if out.is_empty() && path.split('/').next().is_some_and(|segment| segment.contains(':')) {
        out.push_str("./");
    }
    out.push_str(&path);
    Some(())
}

/// `user:password@host:port`. The port is digits or nothing.
fn push_authority(out: &mut String, authority: &str) -> Option<()> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    if let Some(user) = user {
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
        if !user.bytes().all(allowed) {
            return None;
        }
        // The first colon parts user and password; what else there is gets escaped.
        let parts: Option<Vec<String>> = user
            .splitn(2, ':')
            .map(|part| Some(escaped(&unescaped(part)?, Part::UserInfo)))
            .collect();
        out.push_str(&parts?.join(":"));
        out.push('@');
    }
    if is_host(host) {
        out.push_str(host);
        Some(())
    } else {
        None
    }
}

/// A name without empty labels, or an address in brackets, perhaps with a port. Characters outside
/// ASCII are refused, percent-encoded ones too: verifiers match hosts by ASCII labels.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(inside) => match inside.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => ("", port),
            _ => return false,
        },
        None => match text.rsplit_once(':') {
            Some((host, _)) => (host, text.get(host.len()..).unwrap_or_default()),
            None => (text, ""),
        },
    };
    let port_is_digits = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    port_is_digits
        && !host.bytes().any(|byte| is_escaped(byte, Part::Host))
        && !host.contains([':', '[', ']'])
        && (host.is_empty() || !host.split('.').any(str::is_empty))
}

/// The text as it stands if every octet in it may, else decoded and encoded again. Nothing if a
/// percent sign is not followed by two hexadecimal digits.
fn reencoded(text: &str, part: Part) -> Option<String> {
    let decoded = unescaped(text)?;
    let stands = |byte: u8| b"!$&'()*+,;=:@[]%".contains(&byte) || !is_escaped(byte, part);
    if text.bytes().all(stands) { Some(text.to_owned()) } else { Some(escaped(&decoded, part)) }
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut nibble = || char::from(bytes.next()?).to_digit(16);
            let (high, low) = (nibble()?, nibble()?);
            out.push(u8::try_from(high << 4 | low).ok()?);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

fn escaped(bytes: &[u8], part: Part) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if is_escaped(*byte, part) {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(*byte));
        }
    }
    out
}

/// Whether an octet is written with a percent sign there, if anything has to be.
fn is_escaped(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return false;
    }
    match part {
        Part::UserInfo => !b"$&+,;=".contains(&byte),
        Part::Host => !b"!$&'()*+,;=:[]<>\"".contains(&byte),
        Part::Path => !b"$&+,/:;=@".contains(&byte),
        Part::Fragment => !b"$&+,/:;=?@!()*".contains(&byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        assert_eq!(normalized(text).as_deref(), want, "{text}");
    }

    #[test]
    fn what_may_stand_stays_as_it_is() {
        for text in [
            "spiffe://example.com/web",
            "https://a.example.com/x?y=z",
            "https://user:pw@a.example.com:8443/x/%2Fy#frag",
            "urn:x:y",
            "mailto:a@b.c",
            "foo",
            "/a/b",
            "//host/path",
            "http://[::1]:80/",
            "http://127.0.0.1",
            "http://h:/",
            "http:///x",
            "file:/x",
            "a?b",
            "http://h/?",
            "*",
            "http://h/a!b'(c)*[d]",
        ] {
            check(text, Some(text));
        }
    }

    #[test]
    fn what_may_not_stand_is_encoded() {
        check("not a uri", Some("not%20a%20uri"));
        check("HTTP://Host/a b", Some("http://Host/a%20b"));
        check("http://h/ä", Some("http://h/%C3%A4"));
        check("http://h/a b!%2f", Some("http://h/a%20b%21/"));
        check("http://h/#a b", Some("http://h/#a%20b"));
        check("http://h/#", Some("http://h/"));
        check("http://a@b@h/", Some("http://a%40b@h/"));
        check("http:", Some("http:"));
        check("http://", Some("http:"));
        check("a%3A b", Some("./a:%20b"));
    }

    #[test]
    fn malformed_uris_and_impossible_hosts_are_refused() {
        for text in [
            "",
            "http://[bad",
            "http://h/%zz",
            "http://h/%4",
            "a b:c",
            "1http:x",
            "//",
            "#",
            ":x",
            "http://h:port/",
            "http://h o/",
            "http://bücher.com/",
            "http://b%C3%BC.com/",
            "http://a..b/",
            "http://a./",
            "http://.a/",
            "http://[fe80::1%25en0]/",
            "http://[1.2.3.4]/",
            "http://a[b]/",
            "http://a/\n",
            "http://a/\0",
            "http://u ser@h/",
            "http://a:b:1/",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn the_domain_is_what_every_program_takes_for_it() {
        for (uri, want) in [
            ("https://a.example.com/x", Some("a.example.com")),
            ("spiffe://trust_domain", Some("trust_domain")),
            ("https://u:p@a.b:443?x", Some("a.b")),
            ("https://a.b.", Some("a.b.")),
            ("ftp://a#b@c", Some("a")),
            ("urn:a:b", None),
            ("mailto:a@b.c", None),
            ("/a", None),
            ("https:///x", None),
            ("https://", None),
            ("https://10.0.0.1/", None),
            ("https://0x7f.1", None),
            ("https://[::1]/", None),
            ("https://a@b@c", None),
            ("https://a\\@b", None),
            ("https://a.b:x", None),
            ("https://%61.b", None),
            ("a b://c.d", None),
        ] {
            assert_eq!(domain(uri), want, "{uri}");
        }
    }
}
