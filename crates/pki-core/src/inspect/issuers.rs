//! Issuers and keys: whether each is what it is said to be, and whether they fit each other.

use std::collections::BTreeMap;

use super::PrivateKeys;
use super::finding::{Repair, crl_name};
use super::walk::Place;
use crate::ca::crls::{self, CrlClass};
use crate::ca::issuers::{self, Issuer, IssuerRecord, crl_id};
use crate::ca::keys::{self, KeyRecord};
use crate::ca::tables::{ISSUERS, ISSUERS_CONFIG, KEYS};
use crate::domain::id::{IssuerId, KeyId};
use crate::error::Error;

/// The issuers and keys of a mount that can be read.
#[derive(Default)]
pub(super) struct Known {
    pub(super) issuers: BTreeMap<IssuerId, Issuer>,
    pub(super) keys: BTreeMap<KeyId, KeyRecord>,
    /// Whether there are no others.
    pub(super) issuers_are_sound: bool,
    pub(super) keys_are_sound: bool,
    pub(super) default: Option<IssuerId>,
}

impl Known {
    /// The CRLs of the mount, as far as its issuers can be read.
    pub(super) fn classes(&self) -> Vec<CrlClass> {
        crls::group(self.issuers.values().cloned(), self.default)
    }
}

pub(super) fn check(place: &mut Place<'_, '_>) -> Result<Known, Error> {
    let mut known = Known::default();
    let read = place.attempt(|place| {
        read_issuers(place, &mut known)?;
        read_keys(place, &mut known)
    })?;
    let look = place.look();
    let counted = |table, found: usize| -> Result<bool, Error> {
        Ok(look.count(table, &[], None)? == u64::try_from(found).unwrap_or(u64::MAX))
    };
    if read.is_some() {
        known.issuers_are_sound = counted(ISSUERS.table, known.issuers.len())?;
        known.keys_are_sound = counted(KEYS.table, known.keys.len())?;
    }
    let config = place.look().get(&ISSUERS_CONFIG, &crate::store::Only)?;
    known.default = config.and_then(Result::ok).and_then(|config| config.default);
    fit(place, &known);
    chains(place, &known);
    private_keys(place, &known)?;
    Ok(known)
}

fn read_issuers(place: &mut Place<'_, '_>, known: &mut Known) -> Result<(), Error> {
    place.each(&ISSUERS, &[], None, |place, found| {
        for (id, record) in found {
            match issuer(id, record) {
                Ok(issuer) => drop(known.issuers.insert(id, issuer)),
                Err(problem) => place.error(ISSUERS.table, id, problem, None),
            }
        }
        Ok(())
    })
}

fn issuer(id: IssuerId, record: IssuerRecord) -> Result<Issuer, String> {
    if record.id != id {
        return Err(format!("it says that it is issuer {}", record.id));
    }
    Issuer::new(record).map_err(|_| "its certificate cannot be read".to_owned())
}

fn read_keys(place: &mut Place<'_, '_>, known: &mut Known) -> Result<(), Error> {
    place.each(&KEYS, &[], None, |place, found| {
        for (id, record) in found {
            if record.id == id {
                known.keys.insert(id, record);
            } else {
                let problem = format!("it says that it is key {}", record.id);
                place.error(KEYS.table, id, problem, None);
            }
        }
        Ok(())
    })
}

/// Whether each issuer has the key of its certificate, and the CRL of both.
fn fit(place: &mut Place<'_, '_>, known: &Known) {
    for (id, Issuer { record, certificate }) in &known.issuers {
        let own = crl_id(certificate);
        if record.crl.0 != own {
            let problem = format!(
                "its CRL is {}, and that of its name and key is {}",
                crl_name(record.crl.0),
                crl_name(own)
            );
            place.error(ISSUERS.table, id, problem, None);
        }
        let Some(key_id) = record.key_id else { continue };
        match known.keys.get(&key_id) {
            Some(key) if key.spki == certificate.public_key().spki() => (),
            Some(_) => {
                let problem = format!("key {key_id} is not that of its certificate");
                place.error(ISSUERS.table, id, problem, None);
            }
            None if known.keys_are_sound => {
                place.error(ISSUERS.table, id, format!("key {key_id} is not there"), None);
            }
            None => (),
        }
    }
}

/// Whether the chains are those that the issuers make.
fn chains(place: &mut Place<'_, '_>, known: &Known) {
    if !known.issuers_are_sound {
        return;
    }
    for (issuer, _) in issuers::other_chains(known.issuers.values()) {
        let problem = "its chain is not the one that the issuers make";
        place.error(ISSUERS.table, issuer.record.id, problem, Some(Repair::Chains));
    }
}

/// Whether each private key opens, and is the other half of the public one.
fn private_keys(place: &mut Place<'_, '_>, known: &Known) -> Result<(), Error> {
    if place.walk.private == PrivateKeys::Leave {
        return Ok(());
    }
    for (id, record) in &known.keys {
        let opened = keys::open(&place.cx(), record);
        match opened {
            Ok(key) if key.public_key().spki() == record.spki => (),
            Ok(_) => {
                place.error(KEYS.table, id, "its private half is not that of its public one", None);
            }
            Err(Error::Store(problem)) => return Err(problem.into()),
            Err(problem) => place.error(KEYS.table, id, problem, None),
        }
    }
    Ok(())
}
