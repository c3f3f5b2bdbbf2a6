//! Whether a name lies in a subtree, kind by kind.
//!
//! An empty subtree holds every name of its kind. One dot at the end of a domain is that of the
//! root, and means nothing; case means nothing either.
//!
//! Source: RFC 5280 section 4.2.1.10.

use std::net::IpAddr;

use crate::x509::name_constraints::IpRange;

/// Whether a domain is this one or has labels before it. With a dot in front, there must be one:
/// the RFC does not say so for DNS names, and everyone does it.
pub fn domain_is_within(name: &str, base: &str) -> bool {
    base.is_empty() || is_same(name, base) || is_below(name, base)
}

/// Whether the host of a URI is this one, or, with a dot in front, below it.
pub fn host_is_within(host: &str, base: &str) -> bool {
    match base.starts_with('.') {
        true => is_below(host, base),
        false => base.is_empty() || is_same(host, base),
    }
}

/// Whether a mailbox is this one, on this host, or, with a dot in front, on one below it. What
/// comes before the `@` is compared as it is (RFC 5321 section 2.4).
pub fn mailbox_is_within(name: &str, base: &str) -> bool {
    let Some((local, host)) = name.rsplit_once('@') else {
        return base.is_empty();
    };
    match base.rsplit_once('@') {
        Some((base_local, base_host)) => local == base_local && is_same(host, base_host),
        None => host_is_within(host, base),
    }
}

/// Whether an address is in a block. Those of one family are in no block of the other.
pub fn address_is_within(address: IpAddr, base: &IpRange) -> bool {
    base.contains(address)
}

fn is_same(name: &str, base: &str) -> bool {
    absolute(name).eq_ignore_ascii_case(absolute(base))
}

/// Whether a name ends in a dot and the domain, with something before.
fn is_below(name: &str, base: &str) -> bool {
    let (name, base) = (absolute(name), absolute(base));
    let base = base.strip_prefix('.').unwrap_or(base);
    let Some(start) = name.len().checked_sub(base.len()) else {
        return false;
    };
    let Some((before, end)) = name.split_at_checked(start) else {
        return false;
    };
    let has_label = before.strip_suffix('.').is_some_and(|label| !label.is_empty());
    has_label && end.eq_ignore_ascii_case(base)
}

fn absolute(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fits: fn(&str, &str) -> bool, base: &str, inside: &[&str], outside: &[&str]) {
        for name in inside {
            assert!(fits(name, base), "{name} is in {base:?}");
        }
        for name in outside {
            assert!(!fits(name, base), "{name} is not in {base:?}");
        }
    }

    #[test]
    fn domains_are_compared_by_labels() {
        check(
            domain_is_within,
            "example.com",
            &["example.com", "a.example.com", "A.B.EXAMPLE.com", "*.example.com", "a.example.com."],
            &["", "com", "badexample.com", "example.com.evil", "example.org", ".example.com"],
        );
        check(
            domain_is_within,
            ".example.com",
            &["a.example.com", "*.example.com", "a.b.example.com"],
            &["example.com", "badexample.com"],
        );
        check(domain_is_within, "", &["a", "a.b"], &[]);
        check(domain_is_within, "*.example.com", &["*.example.com"], &["www.example.com"]);
    }

    #[test]
    fn hosts_are_one_or_all_below() {
        check(
            host_is_within,
            "example.com",
            &["example.com", "EXAMPLE.com", "example.com."],
            &["a.example.com", "com"],
        );
        check(
            host_is_within,
            ".example.com",
            &["a.example.com", "a.b.example.com"],
            &["example.com", "aexample.com"],
        );
    }

    #[test]
    fn mailboxes_are_one_or_all_of_a_host_or_of_hosts_below() {
        check(
            mailbox_is_within,
            "joe@example.com",
            &["joe@example.com", "joe@EXAMPLE.com"],
            &["Joe@example.com", "ann@example.com", "joe@a.example.com"],
        );
        check(
            mailbox_is_within,
            "example.com",
            &["joe@example.com", "JOE@Example.Com"],
            &["joe@a.example.com", "joe@badexample.com", "example.com"],
        );
        check(
            mailbox_is_within,
            ".example.com",
            &["joe@a.example.com"],
            &["joe@example.com", "joe@aexample.com"],
        );
        check(mailbox_is_within, "", &["joe@a"], &[]);
    }

    #[test]
    fn addresses_stay_in_their_family() {
        let within = |address: &str, range: &str| {
            let range = IpRange::parse(range).unwrap();
            address_is_within(address.parse().unwrap(), &range)
        };
        assert!(within("10.1.2.3", "10.0.0.0/8"));
        assert!(!within("11.1.2.3", "10.0.0.0/8"));
        assert!(!within("::ffff:10.1.2.3", "10.0.0.0/8"));
        assert!(!within("10.1.2.3", "::/0"));
    }
}
