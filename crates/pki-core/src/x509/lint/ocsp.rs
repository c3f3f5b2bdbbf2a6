//! The rules for OCSP responses.

use super::{Check, Finding, Lint, Rule, broken};
use crate::x509::ocsp::ResponseData;

impl Lint for ResponseData {
    fn findings(&self) -> Vec<Finding> {
        broken(OCSP_RULES, self)
    }
}

const fn enforced(
    id: &'static str,
    source: &'static str,
    demands: &'static str,
    keeps: fn(&ResponseData) -> bool,
) -> Rule<ResponseData> {
    Rule { id, source, demands, check: Check::Enforced(keeps) }
}

/// All rules. The version, the encodings of moments and what identifies a certificate are
/// missing: [`ResponseData`] cannot express anything else.
pub const OCSP_RULES: &[Rule<ResponseData>] = &[
    enforced("something_answered", "RFC 6960 section 4.2.1", "there is an answer", |data| {
        !data.responses.is_empty()
    }),
    enforced("next_update", "RFC 6960 section 4.2.2.1", "nextUpdate is after thisUpdate", |data| {
        data.next_update.is_none_or(|next| data.this_update.unix() < next.unix())
    }),
    enforced("nonce_length", "RFC 9654 section 2.1", "a nonce is not empty", |data| {
        data.nonce.as_ref().is_none_or(|nonce| !nonce.is_empty())
    }),
];
