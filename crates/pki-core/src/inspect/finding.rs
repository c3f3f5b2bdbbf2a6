//! What a check finds, and what can be done about it.

use std::fmt;

use crate::domain::hex;
use crate::domain::id::CrlId;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something is lost, or will be answered wrongly.
    Error,
    /// Something is not as it should be; all answers are right so far.
    Warning,
    /// Something that the owner may want to know.
    Note,
}

impl Severity {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The path of the mount; empty for what belongs to none.
    pub mount: String,
    /// The table.
    pub table: &'static str,
    /// The record, as people know it.
    pub record: String,
    /// What is wrong.
    pub problem: String,
    /// What would make it good, if anything can.
    pub repair: Option<Repair>,
}

/// What can be made anew from other records of a mount: one transaction each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// The index of certificates by their end.
    Ends,
    /// The names of issuers.
    IssuerNames,
    /// The names of keys.
    KeyNames,
    /// The chains of issuers.
    Chains,
    /// A CRL: its log is made anew from the revocations, and it is built, before it is next read.
    /// Its number does not fall.
    Crl(CrlId),
    /// Parts of the logs of a CRL that no CRL uses.
    LogRemains(CrlId),
    /// What is known of the CRLs on which revocations are at home.
    Homes,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ends => f.write_str("make the index of ends anew"),
            Self::IssuerNames => f.write_str("make the names of issuers anew"),
            Self::KeyNames => f.write_str("make the names of keys anew"),
            Self::Chains => f.write_str("make the chains of issuers anew"),
            Self::Crl(id) => write!(f, "have CRL {} made anew", crl_name(*id)),
            Self::LogRemains(id) => write!(f, "remove unused log of CRL {}", crl_name(*id)),
            Self::Homes => f.write_str("forget on which CRLs all revocations are at home"),
        }
    }
}

/// How people tell CRLs apart: as in the store, in hexadecimal digits.
pub(crate) fn crl_name(id: CrlId) -> String {
    hex::encode(&id.0)
}

/// Gets what a check finds, as it finds it.
pub trait Watcher {
    /// Something is not as it should be.
    fn found(&mut self, finding: Finding);

    /// So many records of all have been looked at.
    fn went_on(&mut self, done: u64, total: u64);
}
