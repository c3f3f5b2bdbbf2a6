//! The rules for CRLs.

use super::{Check, Finding, Lint, Rule, broken};
use crate::x509::crl::TbsCertList;
use crate::x509::extension;

impl Lint for TbsCertList {
    fn findings(&self) -> Vec<Finding> {
        broken(CRL_RULES, self)
    }
}

const fn enforced(
    id: &'static str,
    source: &'static str,
    demands: &'static str,
    keeps: fn(&TbsCertList) -> bool,
) -> Rule<TbsCertList> {
    Rule { id, source, demands, check: Check::Enforced(keeps) }
}

const fn waived(
    id: &'static str,
    source: &'static str,
    demands: &'static str,
    because: &'static str,
) -> Rule<TbsCertList> {
    Rule { id, source, demands, check: Check::Waived(because) }
}

/// All rules. Version, encodings of dates and the presence of nextUpdate and cRLNumber are
/// missing: [`TbsCertList`] cannot express anything else. Entries are looked at when they are
/// signed.
pub const CRL_RULES: &[Rule<TbsCertList>] = &[
    enforced("next_update", "RFC 5280 section 5.1.2.5", "nextUpdate is after thisUpdate", |t| {
        t.this_update.unix() < t.next_update.unix()
    }),
    enforced(
        "authority_key_identifier",
        "RFC 5280 section 5.2.1",
        "authorityKeyIdentifier has a key identifier",
        |t| t.authority_key_identifier.as_ref().is_some_and(|key| !key.is_empty()),
    ),
    enforced("extensions_once", "RFC 5280 section 5.2", "every extension is there once", |t| {
        extension::are_there_once(&t.extensions())
    }),
    enforced(
        "freshest_crl",
        "RFC 5280 section 5.2.6",
        "a delta CRL does not say where delta CRLs are",
        |t| t.delta_base.is_none() || t.freshest_crl.is_empty(),
    ),
    enforced("url_characters", "RFC 5280 section 4.2.1.13", "URLs are ASCII", |t| {
        t.freshest_crl.iter().all(|url| url.is_ascii())
    }),
    waived(
        "issuer_named",
        "RFC 5280 section 5.1.2.3",
        "the issuer has a name",
        "a CA may be made without a subject; the reply warns of it",
    ),
    waived(
        "delta_after_base",
        "RFC 5280 section 5.2.4",
        "the number of a delta CRL is above that of its base",
        "sign-revocation-list and resign-crls take both numbers from the request; an empty delta \
         CRL issued together with a complete one has its number (section 5.2.3)",
    ),
    waived(
        "issuing_distribution_point_critical",
        "RFC 5280 section 5.2.5",
        "issuingDistributionPoint is critical",
        "sign-revocation-list takes extensions and their criticality from the request",
    ),
    waived(
        "serial_once",
        "RFC 5280 section 5.1.2.6",
        "every certificate is there once",
        "sign-revocation-list keeps what the request repeats; the mount's own CRLs have a key \
         for each serial number",
    ),
];
