//! The checks, one file each: what is gathered, and a pure function that judges it.

mod acme_headers;
mod acme_issuance;
mod audit_visibility;
mod auto_tidy;
mod ca_validity;
mod certificates;
mod crl_validity;
mod hardware_root;
mod modified_since;
mod role_globs;
mod role_localhost;
mod role_storage;
mod root_leaves;
mod tidy_last_run;

use super::super::{flag, text, texts};
use super::mount::{Issuer, Mount, Trouble};
use super::report::{Finding, Status};
use super::settings::{Default, Settings};

/// A check.
pub(super) struct Check {
    pub(super) name: &'static str,
    /// Whether it is made when nobody says anything.
    pub(super) by_default: bool,
    pub(super) defaults: &'static [(&'static str, Default)],
    pub(super) run: fn(&Mount<'_>, &Settings) -> Result<Vec<Finding>, Trouble>,
}

/// All of them, in the order in which they are made and shown.
pub(super) const CHECKS: &[Check] = &[
    ca_validity::CHECK,
    crl_validity::CHECK,
    hardware_root::CHECK,
    root_leaves::CHECK,
    role_localhost::CHECK,
    role_globs::CHECK,
    role_storage::CHECK,
    audit_visibility::CHECK,
    modified_since::CHECK,
    auto_tidy::CHECK,
    tidy_last_run::CHECK,
    certificates::CHECK,
    acme_issuance::CHECK,
    acme_headers::CHECK,
];

/// The word for how bad something is, by how much of it is too much: the worst that it reaches.
fn worst<T: PartialOrd>(value: &T, limits: &[(Status, T)]) -> Option<Status> {
    let reached = limits.iter().filter(|(_, limit)| limit <= value);
    reached.map(|(status, _)| *status).max()
}

/// The day of a moment.
fn day(moment: pki_core::domain::time::Timestamp) -> String {
    let (year, month, day, ..) = moment.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_limit_counts() {
        let limits = [(Status::Warning, 5), (Status::Critical, 10)];
        assert_eq!(worst(&4, &limits), None);
        assert_eq!(worst(&5, &limits), Some(Status::Warning));
        assert_eq!(worst(&99, &limits), Some(Status::Critical));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 14);
    }
}
