//! Tables with few records: whether they can be read, and whether what they name is there.

use std::collections::BTreeMap;

use pki_store::Table;

use super::finding::Repair;
use super::issuers::Known;
use super::walk::Place;
use crate::ca::tables::{
    AUTO_TIDY, BATCHES, CEL_ROLES, CLUSTER_CONFIG, CRL_CONFIG, ISSUER_NAMES, ISSUERS_CONFIG,
    KEY_NAMES, KEYS_CONFIG, OF_A_MOUNT, ROLES, TIDY, URLS_CONFIG,
};
use crate::error::Error;
use crate::store::{Record, RecordKey, Records, SETS};

/// Reads everything that nothing else depends on.
pub(super) fn decode_small_tables(place: &mut Place<'_, '_>) -> Result<(), Error> {
    place.each(&ROLES, &[], None, |_, _| Ok(()))?;
    place.each(&URLS_CONFIG, &[], None, |_, _| Ok(()))?;
    place.each(&CRL_CONFIG, &[], None, |_, _| Ok(()))?;
    place.each(&CLUSTER_CONFIG, &[], None, |_, _| Ok(()))?;
    place.each(&TIDY, &[], None, |_, _| Ok(()))?;
    place.each(&AUTO_TIDY, &[], None, |_, _| Ok(()))?;
    place.each(&CEL_ROLES, &[], None, |_, _| Ok(()))?;
    place.each(&BATCHES, &[], None, |_, _| Ok(()))?;
    for key in place.look().keys(SETS, &[], None, super::PAGE)? {
        let is_known = |table: &Table| [table.number] == *key.as_slice();
        if !OF_A_MOUNT.iter().any(is_known) {
            let record = crate::domain::hex::encode(&key);
            place.warning(SETS, record, "it stands for no table", None);
        }
    }
    Ok(())
}

/// Names and defaults.
pub(super) fn check(place: &mut Place<'_, '_>, known: &Known) -> Result<(), Error> {
    let issuers = known.issuers.values().map(|i| (i.record.id, i.record.name.clone()));
    let issuers: BTreeMap<_, _> = issuers.collect();
    let sound = known.issuers_are_sound;
    names(place, &ISSUER_NAMES, &issuers, sound, Repair::IssuerNames)?;
    let keys: BTreeMap<_, _> = known.keys.values().map(|k| (k.id, k.name.clone())).collect();
    names(place, &KEY_NAMES, &keys, known.keys_are_sound, Repair::KeyNames)?;
    place.each(&ISSUERS_CONFIG, &[], None, |place, found| {
        let default = found.into_iter().find_map(|(_, config)| config.default);
        let lost = default.filter(|id| sound && !known.issuers.contains_key(id));
        if let Some(id) = lost {
            place.error(
                ISSUERS_CONFIG.table,
                "default",
                format!(
                    "issuer {id} is not there; set another with pkictl write {}/config/issuers",
                    place.mount.path
                ),
                None,
            );
        }
        Ok(())
    })?;
    place.each(&KEYS_CONFIG, &[], None, |place, found| {
        let default = found.into_iter().find_map(|(_, config)| config.default);
        let lost = default.filter(|id| known.keys_are_sound && !known.keys.contains_key(id));
        if let Some(id) = lost {
            let problem = format!(
                "key {id} is not there; set another with pkictl write {}/config/keys",
                place.mount.path
            );
            place.error(KEYS_CONFIG.table, "default", problem, None);
        }
        Ok(())
    })
}

/// Holds an index of names against the names that records have. `sound` says whether all of
/// those could be read.
fn names<I>(
    place: &mut Place<'_, '_>,
    table: &Records<String, I>,
    records: &BTreeMap<I, String>,
    sound: bool,
    repair: Repair,
) -> Result<(), Error>
where
    I: Record + RecordKey + Ord + Copy + ToString,
{
    let mut pointed: BTreeMap<String, I> = BTreeMap::new();
    place.each(table, &[], Some(repair), |place, found| {
        for (name, id) in found {
            match records.get(&id) {
                Some(own) if *own == name => (),
                Some(_) => {
                    let problem = format!("it leads to {}, which has another name", id.to_string());
                    place.error(table.table, &name, problem, Some(repair));
                }
                None if sound => {
                    let problem = format!("it leads to {}, which is not there", id.to_string());
                    place.error(table.table, &name, problem, Some(repair));
                }
                None => (),
            }
            pointed.insert(name, id);
        }
        Ok(())
    })?;
    for (id, name) in records.iter().filter(|(_, name)| !name.is_empty()) {
        match pointed.get(name) {
            Some(found) if found == id => (),
            Some(found) if records.get(found) == Some(name) => {
                let problem = format!("{} has the same name", found.to_string());
                place.error(table.table, name, problem, None);
            }
            _ => {
                let problem = format!("it does not lead to {}, which has it", id.to_string());
                place.error(table.table, name, problem, Some(repair));
            }
        }
    }
    Ok(())
}
