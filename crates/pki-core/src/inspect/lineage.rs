//! Whether a backup may take the place of a store: it is one of the same store, and no CRL would
//! be numbered anew.

use std::fmt;

use super::all_mounts;
use super::finding::crl_name;
use crate::api::endpoint::WriteCx;
use crate::ca::crls::CrlRecord;
use crate::ca::tables::CRLS;
use crate::domain::id::{CrlId, MountId, Uuid};
use crate::error::Error;
use crate::store::View;

/// What tells a store from others, and from itself at another time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// In order of path.
    pub mounts: Vec<MountLineage>,
}

/// A mount, and how far its CRLs have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountLineage {
    /// Its own for ever, wherever it is moved.
    pub uuid: Uuid,
    /// Where it is mounted.
    pub path: String,
    /// The numbers of its CRLs.
    pub crls: Vec<CrlNumber>,
}

/// How far a CRL has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlNumber {
    /// Which.
    pub crl: CrlId,
    /// The number of the last one that was built.
    pub number: u64,
}

/// Why a backup should not take the place of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// It has none of the store's mounts.
    OtherStore,
    /// It lacks a mount that has built CRLs.
    NoMount {
        /// Where that is mounted.
        path: String,
    },
    /// Numbers of a CRL would be given a second time.
    Behind {
        /// Where its mount is.
        path: String,
        /// Which CRL.
        crl: CrlId,
        /// Its number in the store.
        number: u64,
        /// Its number in the backup.
        backup: u64,
    },
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherStore => f.write_str("it is of another store: it has none of its mounts"),
            Self::NoMount { path } => {
                write!(f, "it has no mount {path}/, which has built CRLs since")
            }
            Self::Behind { path, crl, number, backup } => write!(
                f,
                "CRL {} of {path}/ has number {number}, and {backup} in the backup",
                crl_name(*crl)
            ),
        }
    }
}

impl Lineage {
    /// What there is to say against a backup taking the place of this store.
    pub fn objections(&self, backup: &Self) -> Vec<Objection> {
        let same = |mount: &MountLineage| backup.mounts.iter().find(|b| b.uuid == mount.uuid);
        if !self.mounts.is_empty() && self.mounts.iter().all(|mount| same(mount).is_none()) {
            return vec![Objection::OtherStore];
        }
        let mut objections = Vec::new();
        for mount in &self.mounts {
            let path = mount.path.clone();
            let Some(old) = same(mount) else {
                if mount.crls.iter().any(|crl| 0 < crl.number) {
                    objections.push(Objection::NoMount { path });
                }
                continue;
            };
            for CrlNumber { crl, number } in mount.crls.iter().copied() {
                let backup = old.number(crl);
                if backup < number {
                    let path = path.clone();
                    objections.push(Objection::Behind { path, crl, number, backup });
                }
            }
        }
        objections
    }
}

impl MountLineage {
    fn number(&self, crl: CrlId) -> u64 {
        self.crls.iter().find(|found| found.crl == crl).map_or(0, |found| found.number)
    }
}

pub(crate) fn lineage(view: View<'_>) -> Result<Lineage, Error> {
    let mut view = view.in_mount(MountId::SYSTEM);
    let mut mounts = Vec::new();
    for mount in all_mounts(&view)? {
        view = view.in_mount(mount.id);
        let records: Vec<(CrlId, CrlRecord)> = view.scan(&CRLS, &[], None, usize::MAX)?;
        let crls = records.into_iter();
        let crls = crls.map(|(crl, record)| CrlNumber { crl, number: record.number }).collect();
        mounts.push(MountLineage { uuid: mount.uuid, path: mount.path, crls });
    }
    Ok(Lineage { mounts })
}

/// Raises the numbers of CRLs to at least these, so that none is given a second time.
pub(crate) fn raise_numbers(cx: &mut WriteCx<'_>, numbers: &[CrlNumber]) -> Result<u64, Error> {
    let mut raised = 0;
    for CrlNumber { crl, number } in numbers {
        let found: Option<CrlRecord> = cx.tx.get(&CRLS, crl)?;
        let record = found.unwrap_or_else(|| CrlRecord { stale_log: true, ..CrlRecord::default() });
        if record.number < *number {
            cx.tx.put(&CRLS, crl, &CrlRecord { number: *number, requested: true, ..record });
            raised += 1;
        }
    }
    Ok(raised)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What tells a mount from others, its path, and its CRLs with their numbers.
    type Row<'a> = (u8, &'a str, &'a [(u8, u64)]);

    fn store(mounts: &[Row<'_>]) -> Lineage {
        let crl = |(crl, number): &(u8, u64)| CrlNumber { crl: CrlId([*crl; 16]), number: *number };
        let mount = |(uuid, path, crls): &Row<'_>| MountLineage {
            uuid: Uuid::from_random([*uuid; 16]),
            path: (*path).to_owned(),
            crls: crls.iter().map(crl).collect(),
        };
        Lineage { mounts: mounts.iter().map(mount).collect() }
    }

    #[track_caller]
    fn check(store: &Lineage, backup: &Lineage, want: &[&str]) {
        let got: Vec<String> = store.objections(backup).iter().map(ToString::to_string).collect();
        assert_eq!(got.len(), want.len(), "{got:?}");
        for (got, want) in got.iter().zip(want) {
            assert!(got.contains(want), "{got:?}");
        }
    }

    #[test]
    fn a_backup_may_be_as_far_as_the_store_or_further() {
        let now = store(&[(1, "pki", &[(7, 4), (8, 0)])]);
        check(&now, &now, &[]);
        check(&now, &store(&[(1, "moved", &[(7, 5)]), (2, "more", &[])]), &[]);
        check(&store(&[]), &now, &[]);
        check(&store(&[(2, "empty", &[])]), &store(&[(1, "pki", &[])]), &["another store"]);
    }

    #[test]
    fn each_crl_that_would_be_numbered_anew_is_named() {
        let now = store(&[(1, "pki", &[(7, 4), (8, 2)]), (2, "new", &[(9, 1)]), (3, "e", &[])]);
        let then = store(&[(1, "pki", &[(7, 3)])]);
        check(&now, &then, &["number 4, and 3 in the backup", "number 2, and 0", "no mount new/"]);
        check(&now, &store(&[(4, "pki", &[(7, 9)])]), &["another store"]);
    }
}
