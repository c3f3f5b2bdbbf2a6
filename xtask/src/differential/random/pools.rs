//! What is chosen from.

/// What is usual, and what is only nearly right or wrong.
pub(super) struct Pool {
    pub(super) usual: &'static [&'static str],
    pub(super) odd: &'static [&'static str],
}

pub(super) const ISSUERS: Pool = Pool {
    usual: &["default", "ec", "ec384", "rsa", "ed", "short", "cut", "free", "sub"],
    odd: &["nope", "DEFAULT"],
};

pub(super) const DOMAINS: Pool = Pool {
    usual: &[
        "example.com",
        "example.com",
        "example.org",
        "com",
        "*.example.com",
        "*example.com",
        "f*.example.com",
        "localhost",
        "xn--bcher-kva.com",
    ],
    odd: &[
        "Example.COM",
        ".example.com",
        "*",
        "user@example.com",
        "b\u{fc}cher.com",
        "",
        "{{identity.entity.name}}.com",
    ],
};

pub(super) const NAMES: Pool = Pool {
    usual: &[
        "example.com",
        "www.example.com",
        "www.example.com",
        "a.b.example.com",
        "Www.example.com",
        "www.EXAMPLE.com",
        "*.example.com",
        "*.www.example.com",
        "localhost",
        "localdomain",
        "*.localhost",
        "x.localhost",
        "example.org",
        "www.example.org",
        "xexample.com",
        "user@example.com",
        "USER@example.com",
        "user@www.example.com",
        "other@example.com",
        "b\u{fc}cher.com",
        "ex\u{e4}mple.com",
        "xn--bcher-kva.com",
        "1.2.3.4",
        "com",
        "a",
    ],
    odd: &[
        "f*o.example.com",
        "foo*.example.com",
        "**.example.com",
        "a.*.example.com",
        "*",
        "*.*",
        "Localhost",
        "example.com.",
        "a..example.com",
        ".example.com",
        "user@*.example.com",
        "a@b@c",
        "@example.com",
        "user@",
        "foo_bar.example.com",
        "-foo.example.com",
        "foo bar",
        "example.com:443",
        "My Cool Name",
        "A & B *",
    ],
};

pub(super) const ADDRESSES: Pool = Pool {
    usual: &[
        "1.2.3.4",
        "10.0.0.1",
        "192.168.1.7",
        "::1",
        "2001:db8::1",
        "::ffff:1.2.3.4",
        "10.0.0.1",
    ],
    odd: &["01.2.3.4", "1.2.3.4/8", "fe80::1%eth0", "foo", ""],
};

pub(super) const NETWORKS: Pool = Pool {
    usual: &["10.0.0.0/8", "192.168.1.7/24", "0.0.0.0/0", "::/0", "2001:db8::/32"],
    odd: &["10.0.0.1"],
};

pub(super) const URIS: Pool = Pool {
    usual: &[
        "https://example.com/a",
        "spiffe://example.com/ns/x",
        "urn:uuid:1",
        "https://user:pw@example.com:443/p?q=1#f",
        "HTTPS://Example.com/A",
        "mailto:a@b.c",
        "https://[::1]/x",
    ],
    odd: &[
        "foo",
        "not a uri",
        "https://example.com/%zz",
        "https://b\u{fc}cher.com/",
        "//host/x",
        "http://a b/",
        "https://example.com/\u{fc}?\u{fc}#\u{fc}",
    ],
};

pub(super) const URI_PATTERNS: Pool = Pool {
    usual: &["*", "https://example.com/*", "spiffe://*", "urn:*", "foo", "https*"],
    odd: &[],
};

pub(super) const OTHER_NAMES: Pool = Pool {
    usual: &[
        "1.2.3;UTF8:z",
        "1.2.3;utf-8:other",
        "1.3.6.1.4.1.311.20.2.3;utf8:user@example.com",
        "1.2.3;UTF8:",
        "1.2.3;UTF8:a;b:c",
    ],
    odd: &["1.2.3;IA5:x", "1.2.3", "1.2.3;utf8", "bad;utf8:x", "3.4;utf8:x", "2.999.1;UTF8:\u{fc}"],
};

pub(super) const OTHER_PATTERNS: Pool = Pool {
    usual: &["1.2.3;UTF8:*", "1.2.3;UTF8:z", "1.3.6.1.4.1.311.20.2.3;utf8:*@example.com", "*"],
    odd: &["2.999.1;utf8:*", "1.2.3", "1.2.3;IA5:x"],
};

pub(super) const SERIALS: Pool =
    Pool { usual: &["SN1", "SN2", "other", "\u{fc}", "a b"], odd: &["S*"] };

pub(super) const USERS: Pool =
    Pool { usual: &["ada", "grace", "ADA", "barbara"], odd: &["a*", ""] };

pub(super) const TEXTS: Pool = Pool {
    usual: &["Acme", "A", "B", "A & B", "\u{dc}ber", "x@y", "long long text", "a_b", "Acme", "US"],
    odd: &[],
};

pub(super) const SPANS: Pool = Pool {
    usual: &["1h", "24h", "3600", "90m", "1d", "72h", "800h", "5000h", "30s", "1h30m", "2m"],
    odd: &["0", "100000h", "500ms", "", "xyz", "-1h", "1w", "1.9", "-3600"],
};

pub(super) const MOMENTS: Pool = Pool {
    usual: &[
        "2027-01-01T00:00:00Z",
        "2030-06-01T12:00:00+02:00",
        "2035-01-01T00:00:00.5Z",
        "2049-12-31T23:59:59Z",
        "2050-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
    odd: &["2020-01-01T00:00:00Z", "2027-01-01", "garbage", ""],
};

pub(super) const KEY_USAGES: Pool = Pool {
    usual: &[
        "DigitalSignature",
        "ContentCommitment",
        "KeyEncipherment",
        "DataEncipherment",
        "KeyAgreement",
        "CertSign",
        "CRLSign",
        "EncipherOnly",
        "DecipherOnly",
        "digitalsignature",
    ],
    odd: &["Nonsense", ""],
};

pub(super) const EXT_KEY_USAGES: Pool = Pool {
    usual: &[
        "Any",
        "ServerAuth",
        "ClientAuth",
        "CodeSigning",
        "EmailProtection",
        "IPSECEndSystem",
        "IPSECTunnel",
        "IPSECUser",
        "TimeStamping",
        "OCSPSigning",
        "MicrosoftServerGatedCrypto",
        "NetscapeServerGatedCrypto",
        "timestamping",
    ],
    odd: &["MicrosoftCommercialCodeSigning", "Nonsense"],
};

pub(super) const OIDS: Pool = Pool {
    usual: &["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.8", "1.2.3.4", "1.2.840.113549"],
    odd: &["2.999.1", "a.b", "", "1", "1.2.3.", "3.4", "ClientAuth"],
};

pub(super) const POLICIES: Pool = Pool {
    usual: &[
        "1.2.3.4",
        "1.2.3.4,1.2.5",
        r#"[{"oid":"1.2.3.4","cps":"https://x","notice":"hey"}]"#,
        r#"[{"oid":"1.2.3.4"},{"oid":"1.2.5","notice":"\u00fc"}]"#,
        r#"{"oid":"1.2.3.4"}"#,
    ],
    odd: &["2.999.1", r#"{"oid":"1.2.3.4","cps":"http://c"}"#, r#"[{"cps":"x"}]"#, "abc", ""],
};

pub(super) const FORMATS: Pool =
    Pool { usual: &["pem", "der", "pem_bundle"], odd: &["", "PEM", "jks"] };
