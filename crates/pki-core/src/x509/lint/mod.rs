//! The rules that everything must keep before it is signed.
//!
//! Rules are tables. What RFC 5280 demands and Vault's clients are used to getting otherwise
//! stands in them too, as waived, with the reason: so it is seen what is not checked. A policy
//! decides what may be issued; a rule that breaks here is a mistake of this program.

mod certificate;
mod crl;
mod ocsp;

use std::fmt;

use super::certificate::Certificate;
use super::error::ReadError;
use super::signed;
use super::tbs::TbsCertificate;
use crate::crypto::error::CryptoError;
use crate::crypto::key::PrivateKey;

pub use certificate::CERTIFICATE_RULES;
pub use crl::CRL_RULES;
pub use ocsp::OCSP_RULES;

/// A rule about something of type `T`.
#[derive(Debug)]
pub struct Rule<T> {
    /// Its name.
    pub id: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// What it demands.
    pub demands: &'static str,
    /// What is done about it.
    pub check: Check<T>,
}

/// What is done about a rule.
#[derive(Debug)]
pub enum Check<T> {
    /// It is checked: whether it is kept.
    Enforced(fn(&T) -> bool),
    /// It is not, for this reason.
    Waived(&'static str),
}

/// A rule that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the rule.
    pub rule: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// What it demands.
    pub demands: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, source, demands } = self;
        write!(f, "{demands} ({rule}, {source})")
    }
}

/// Something that there are rules for.
pub trait Lint {
    /// The rules that it breaks.
    fn findings(&self) -> Vec<Finding>;
}

fn broken<T>(rules: &[Rule<T>], subject: &T) -> Vec<Finding> {
    let breaks = |rule: &&Rule<T>| match rule.check {
        Check::Enforced(keeps) => !keeps(subject),
        Check::Waived(_) => false,
    };
    rules
        .iter()
        .filter(breaks)
        .map(|rule| Finding { rule: rule.id, source: rule.source, demands: rule.demands })
        .collect()
}

/// Something that breaks no rule. Only this is signed by the key of a CA.
#[derive(Clone, Debug)]
pub struct Linted<T>(T);

impl<T: Lint> Linted<T> {
    /// Checks something, which cannot be changed any more afterwards.
    ///
    /// # Errors
    ///
    /// The rules that it breaks.
    pub fn check(subject: T) -> Result<Self, Vec<Finding>> {
        let findings = subject.findings();
        if findings.is_empty() { Ok(Self(subject)) } else { Err(findings) }
    }
}

impl<T> Linted<T> {
    /// What was checked.
    pub fn as_inner(&self) -> &T {
        &self.0
    }

    pub(super) fn into_inner(self) -> T {
        self.0
    }
}

/// Why something was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key did not sign.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// What was signed cannot be read.
    #[error("unable to parse created certificate: {0}")]
    Unreadable(#[from] ReadError),
    /// There are more or fewer octets of entries than was said.
    #[error("the entries of the CRL have another length than was said")]
    EntriesDiffer,
    /// What was given as entries are none.
    #[error("the entries of the CRL are malformed")]
    EntryMalformed,
}

impl Linted<TbsCertificate> {
    /// Encodes and signs a certificate, once, and reads it again.
    ///
    /// # Errors
    ///
    /// [`SignError`] if the key does not sign so, or extensions that were copied from a request
    /// make the certificate unreadable.
    pub fn sign(self, key: &PrivateKey) -> Result<Certificate, SignError> {
        let tbs = self.0.to_der();
        let signature = key.sign(self.0.signature, &tbs)?;
        let der = signed::join(&tbs, self.0.signature, &signature);
        Ok(Certificate::from_der(&der)?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn check_table<T>(rules: &[Rule<T>]) {
        let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), rules.len(), "a rule is there twice");
        for rule in rules {
            assert!(rule.source.starts_with("RFC "), "{}", rule.id);
            if let Check::Waived(because) = rule.check {
                assert!(!because.is_empty(), "{}", rule.id);
            }
        }
    }

    #[test]
    fn rules_have_names_sources_and_reasons() {
        check_table(CERTIFICATE_RULES);
        check_table(CRL_RULES);
        check_table(OCSP_RULES);
    }
}
