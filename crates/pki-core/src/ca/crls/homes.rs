//! Whether new issuers can change what a CRL lists.
//!
//! A revocation is at home on the CRL of the subject and key that signed its certificate. While
//! that CRL is there, it lists the revocation, and neither an issuer that comes nor another default
//! changes that. Only revocations without a home go to the CRL of the default issuer. To know
//! that there are none, all would have to be read; so it is written down what is known.

use std::collections::BTreeSet;

use super::CrlClass;
use crate::ca::tables::{HOMES, REVOKED};
use crate::domain::id::CrlId;
use crate::error::Error;
use crate::store::{Damaged, Format, Only, Record, Tx};

/// What is known of the homes of all revocations: that they are among these, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Homes(Option<BTreeSet<CrlId>>);

impl Homes {
    /// Whether a revocation may be at home there, by what is known.
    pub(crate) fn may_be(&self, home: Option<CrlId>) -> bool {
        match (&self.0, home) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(homes), Some(home)) => homes.contains(&home),
        }
    }
}

impl Record for Homes {
    const FORMAT: Format = 1;

    fn encode(&self) -> Vec<u8> {
        let ids = self.0.iter().flatten().flat_map(|id| id.0);
        [u8::from(self.0.is_some())].into_iter().chain(ids).collect()
    }

    fn decode(format: Format, bytes: &[u8]) -> Result<Self, Damaged> {
        if format != Self::FORMAT {
            return Err(Damaged);
        }
        match bytes.split_first() {
            Some((0, [])) => Ok(Self(None)),
            Some((1, ids)) => {
                let (ids, []) = ids.as_chunks::<16>() else { return Err(Damaged) };
                Ok(Self(Some(ids.iter().map(|id| CrlId(*id)).collect())))
            }
            _ => Err(Damaged),
        }
    }
}

/// Whether every revocation is listed where it was, whatever issuers came to these.
pub(super) fn are_there(tx: &Tx<'_>, classes: &[CrlClass]) -> Result<bool, Error> {
    let Homes(known) = known(tx);
    let is_there = |home: &CrlId| classes.iter().any(|class| class.id == *home);
    match known {
        Some(homes) if homes.iter().all(is_there) => Ok(true),
        _ => Ok(tx.keys(&REVOKED, &[], None, 1)?.is_empty()),
    }
}

/// Those that were not here when it was last noted where all are at home.
pub(super) fn came<'c>(tx: &Tx<'_>, classes: &'c [CrlClass]) -> Vec<&'c CrlClass> {
    let Homes(Some(homes)) = known(tx) else { return Vec::new() };
    classes.iter().filter(|class| !homes.contains(&class.id)).collect()
}

/// Notes that every revocation is at home on the CRL of one of these.
pub(super) fn are(tx: &mut Tx<'_>, classes: &[CrlClass]) {
    let now = Homes(Some(classes.iter().map(|class| class.id).collect()));
    // What another command has found out since makes this one start over.
    if known(tx) != now {
        tx.put(&HOMES, &Only, &now);
    }
}

/// Notes that some revocations may have no home. Written in any case: whoever is going through
/// all of them right now has not seen these.
pub(crate) fn are_unknown(tx: &mut Tx<'_>) {
    tx.put(&HOMES, &Only, &Homes::default());
}

/// Nothing, where it cannot be read: then all is looked at.
fn known(tx: &Tx<'_>) -> Homes {
    tx.get(&HOMES, &Only).ok().flatten().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_read_back() {
        let some = |ids: &[u8]| Homes(Some(ids.iter().map(|id| CrlId([*id; 16])).collect()));
        for homes in [Homes::default(), some(&[]), some(&[7]), some(&[7, 9])] {
            assert_eq!(Homes::decode(1, &homes.encode()).ok(), Some(homes));
        }
        for wrong in [&[][..], &[0, 0], &[1, 1], &[2], &[1; 16]] {
            assert!(Homes::decode(1, wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn only_what_is_known_excludes_a_home() {
        let [one, other] = [1, 2].map(|id| Some(CrlId([id; 16])));
        assert!(Homes::default().may_be(None) && Homes::default().may_be(one));
        let homes = Homes(Some(one.into_iter().collect()));
        assert!(homes.may_be(one) && !homes.may_be(other) && !homes.may_be(None));
    }
}
