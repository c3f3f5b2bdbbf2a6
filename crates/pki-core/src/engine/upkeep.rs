//! What is asked of a store as a whole.

use super::Engine;
use crate::domain::id::MountId;
use crate::error::Error;
use crate::inspect::{self, Lineage, PrivateKeys, Repair, Stats, Watcher};
use crate::seal::Seal;
use crate::store::View;

impl Engine {
    /// Reads every record, as of one moment, and holds those that belong together against each
    /// other. Nothing is changed. What a page of records takes is in memory, and each CRL once.
    ///
    /// # Errors
    ///
    /// What kept the check from going on. Damage is not an error here: it goes to the watcher.
    pub fn check(&self, private: PrivateKeys, watcher: &mut dyn Watcher) -> Result<(), Error> {
        let view = self.whole()?;
        inspect::check(view, self.env.clock.now(), &self.keys, private, watcher)
    }

    /// Reads every value, as of one moment, and says how many are not what was written, as far as
    /// their sums tell: what [`Engine::check`] finds at a fraction of its cost.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn damaged(&self) -> Result<u64, Error> {
        inspect::damaged(&self.whole()?)
    }

    /// Makes something anew that a check of this mount found wrong, in one transaction. Says how
    /// many records were changed.
    ///
    /// # Errors
    ///
    /// Why it was not done; the store is as it was.
    pub fn repair(&self, mount: &str, repair: Repair) -> Result<u64, Error> {
        self.write(mount, &|cx| inspect::carry_out(cx, repair))
    }

    /// What the store holds.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn stats(&self) -> Result<Stats, Error> {
        inspect::stats(self.whole()?, self.env.clock.now())
    }

    /// What tells this store from others, and from itself at another time.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn lineage(&self) -> Result<Lineage, Error> {
        inspect::lineage(self.whole()?)
    }

    /// Raises the numbers of CRLs to those that another state of this store has reached. Says how
    /// many were raised.
    ///
    /// # Errors
    ///
    /// Why that could not be done.
    pub fn raise_crl_numbers(&self, reached: &Lineage) -> Result<u64, Error> {
        let mut raised = 0;
        for own in self.lineage()?.mounts {
            let other = reached.mounts.iter().find(|mount| mount.uuid == own.uuid);
            if let Some(other) = other {
                raised += self.write(&own.path, &|cx| inspect::raise_numbers(cx, &other.crls))?;
            }
        }
        Ok(raised)
    }

    /// Wraps the data key anew: from now on the store opens with `new`. What opens it today is
    /// asked for first. No key is sealed anew, so this takes as long for many keys as for one.
    ///
    /// # Errors
    ///
    /// When the store does not open, or `new` cannot be had; the store is as it was.
    pub fn rekey(&self, new: &dyn Seal) -> Result<(), Error> {
        self.write("sys", &|cx| self.keys.rewrap(&mut cx.tx, new, &self.env))
    }

    /// Makes sure that the private keys can be opened with what the seal gives.
    ///
    /// # Errors
    ///
    /// When they cannot, or the store has no data key.
    pub fn unlock(&self) -> Result<(), Error> {
        self.keys.unlock(&self.whole()?)
    }

    fn whole(&self) -> Result<View<'_>, Error> {
        Ok(View::new(self.store.snapshot()?, &self.cache, MountId::SYSTEM))
    }
}
