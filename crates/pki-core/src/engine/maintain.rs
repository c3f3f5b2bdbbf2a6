//! What a server does on a timer: CRLs, tidying, leases that have ended.

use super::Engine;
use crate::ca::crls::{self, NewCrl, Overlap, Which};
use crate::ca::leases;
use crate::ca::tables::MOUNTS;
use crate::domain::id::IssuerId;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::field::Seconds;

/// Asks for what is due in a mount.
#[derive(Clone, Copy, Debug, Default)]
pub struct Maintain {
    /// Also build CRLs that end within this time, so that nobody is left with one that has ended
    /// while the next is on its way. If it is not given, the grace period of `config/crl` counts,
    /// or half of a CRL's own time if that is less.
    pub within: Option<Seconds>,
}

/// What was done in a mount. Each part stands for itself: one that failed has left no trace, and
/// has not kept the others from being done.
#[derive(Debug)]
pub struct Maintained {
    /// The CRLs that were built.
    pub crls: Result<Vec<RenewedCrl>, Error>,
    /// Why some of them were not: each for a reason of its own, such as a damaged key.
    pub unbuilt: Vec<Error>,
    /// What was tidied away; `None` when automatic tidying is off or not due.
    pub tidied: Result<Option<Tidied>, Error>,
    /// The leases that had ended.
    pub leases: Result<EndedLeases, Error>,
    /// What the operator should know, in order.
    pub warnings: Vec<String>,
}

impl Maintained {
    /// What failed, in the order in which it was tried.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        let Self { crls, unbuilt, tidied, leases, warnings: _ } = self;
        let parts = [leases.as_ref().err(), tidied.as_ref().err(), crls.as_ref().err()];
        parts.into_iter().flatten().chain(unbuilt)
    }
}

/// A CRL that was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenewedCrl {
    /// The issuer that signed it.
    pub issuer: IssuerId,
    /// The shard that it is of, if it is of one.
    pub shard: Option<u32>,
    /// Whether it is a delta CRL.
    pub is_delta: bool,
    /// Its number.
    pub number: u64,
    /// When it ends.
    pub next_update: Timestamp,
}

/// What was tidied away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tidied {
    /// Certificates that were taken out.
    pub certificates: i64,
    /// Revocations that were taken out.
    pub revocations: i64,
}

/// Leases that had ended, and were forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndedLeases {
    /// How many.
    pub ended: u64,
    /// How many certificates were revoked because they would have outlived their leases.
    pub revoked: u64,
}

impl Engine {
    /// The paths of all mounts, in order.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn mounts(&self) -> Result<Vec<String>, Error> {
        self.with_view(|view| view.keys(&MOUNTS, &[], None, usize::MAX))
    }

    /// Does what is due in a mount, durably, and nothing else. Commands do the same in passing;
    /// this is for a timer, so that a CRL is renewed though nobody asks for anything. What is left
    /// of mounts that were removed is in none of them: see [`Engine::sweep`].
    ///
    /// ```
    /// use pki_core::field::Seconds;
    /// use pki_core::{Engine, Error, Maintain};
    ///
    /// /// How many mounts are in order.
    /// fn on_timer(engine: &Engine) -> Result<usize, Error> {
    ///     let due = Maintain { within: Some(Seconds::hours(24)) };
    ///     let mut sound = 0;
    ///     for mount in engine.mounts()? {
    ///         let done = engine.maintain(&mount, &due)?;
    ///         sound += usize::from(done.errors().next().is_none());
    ///     }
    ///     engine.sweep()?;
    ///     Ok(sound)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no such mount. What fails within a mount is in the answer.
    pub fn maintain(&self, mount: &str, request: &Maintain) -> Result<Maintained, Error> {
        if !self.mounts()?.iter().any(|known| known == mount) {
            return Err(Error::NoMount(mount.to_owned()));
        }
        let overlap = request.within.map_or(Overlap::Grace, |Seconds(it)| Overlap::Seconds(it));
        // CRLs come last: they show what the others revoked and took out.
        let leases = self.write(mount, &leases::end);
        let tidied = self.tidy_if_due(mount);
        let crls = self.write(mount, &|cx| crls::build_listing(cx, Which::Ending(overlap)));
        let (mut unbuilt, mut warnings) = (Vec::new(), Vec::new());
        Ok(Maintained {
            leases: leases.map(|done| {
                warnings.extend(done.warnings);
                EndedLeases { ended: done.count, revoked: done.revoked }
            }),
            tidied: tidied.map(|done| {
                done.map(|status| Tidied {
                    certificates: status.cert_store_deleted,
                    revocations: status.revoked_cert_deleted,
                })
            }),
            crls: crls.map(|done| {
                warnings.extend(done.warnings);
                unbuilt = done.unbuilt;
                done.crls.into_iter().map(RenewedCrl::from).collect()
            }),
            unbuilt,
            warnings,
        })
    }
}

impl From<NewCrl> for RenewedCrl {
    fn from(NewCrl { signer, shard, is_delta, number, next_update }: NewCrl) -> Self {
        Self { issuer: signer, shard, is_delta, number, next_update }
    }
}
