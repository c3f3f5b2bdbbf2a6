//! Running a command until its changes are made, or it cannot be done.

use std::cell::RefCell;

use pki_store::{Batch, Expect, Key, StoreError};

use super::following::Following;
use super::{Engine, enter};
use crate::api::endpoint::WriteCx;
use crate::domain::id::MountId;
use crate::error::Error;
use crate::store::{Memory, Tx, View};

/// How often a command is run again because another writer changed what it had read.
pub(super) const ATTEMPTS: u32 = 100;

impl Engine {
    /// Carries out a command, then what is to follow it.
    pub(super) fn command<T>(
        &self,
        mount: &str,
        reads_settings_only: bool,
        execute: &dyn Fn(&mut WriteCx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let following = RefCell::new(None);
        let look = |cx: &mut WriteCx<'_>| drop(following.replace(Following::after(cx)));
        let outcome = if reads_settings_only {
            self.write_from_memory(mount, &|cx| {
                // First, so that nothing slow is done in vain if that is not remembered.
                look(cx);
                execute(cx)
            })
        } else {
            self.write(mount, &|cx| {
                let outcome = execute(cx)?;
                look(cx);
                Ok(outcome)
            })
        }?;
        if let Some(following) = following.into_inner() {
            self.follow(mount, following)?;
        }
        Ok(outcome)
    }

    /// Runs a command on a snapshot, then makes its changes, unless another writer changed what
    /// it had read: then it is run again.
    pub(super) fn write<T>(
        &self,
        mount: &str,
        execute: &dyn Fn(&mut WriteCx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        for _ in 0..ATTEMPTS {
            let (mount, view) = self.enter(mount)?;
            // Read after the snapshot was taken: what others wrote into it lies before.
            let now = self.env.clock.now();
            let tx = Tx::new(view);
            let mut cx = self.write_cx(tx, &mount, now);
            let outcome = execute(&mut cx)?;
            let Some(batch) = cx.tx.into_batch() else { return Ok(outcome) };
            if self.apply(&batch)? {
                return Ok(outcome);
            }
        }
        Err(Error::Contended(ATTEMPTS))
    }

    /// Runs a command on what is remembered. What it comes to counts if all of that still holds:
    /// changes, if they can be made; an error, and an answer without changes, if the records are
    /// the same in a snapshot. Otherwise it is run on a snapshot.
    fn write_from_memory<T>(
        &self,
        mount: &str,
        execute: &dyn Fn(&mut WriteCx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self.try_from_memory(mount, execute)? {
            Some(outcome) => outcome,
            None => self.write(mount, execute),
        }
    }

    fn try_from_memory<T>(
        &self,
        mount: &str,
        execute: &dyn Fn(&mut WriteCx<'_>) -> Result<T, Error>,
    ) -> Result<Option<Result<T, Error>>, Error> {
        let memory = Memory::default();
        let view = View::remembered(&memory, &self.cache, MountId::SYSTEM);
        let Ok((mount, view)) = enter(view, mount) else { return Ok(None) };
        let (tx, now) = (Tx::new(view), self.env.clock.now());
        let mut cx = self.write_cx(tx, &mount, now);
        let outcome = execute(&mut cx);
        // It may have made do without what it was not told.
        if memory.was_short() {
            return Ok(None);
        }
        let changes = cx.tx.into_changes();
        let holds = if outcome.is_err() || changes.ops.is_empty() {
            self.holds(&changes.expect)?
        } else {
            self.apply(&changes)?
        };
        Ok(holds.then_some(outcome))
    }

    /// Whether records are as they are expected to be.
    fn holds(&self, expected: &[(Key, Expect)]) -> Result<bool, Error> {
        let snapshot = self.store.snapshot()?;
        for (key, expect) in expected {
            if Expect::of(snapshot.get(key)?.as_ref()) != *expect {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes changes; false if another writer was faster.
    pub(super) fn apply(&self, changes: &Batch) -> Result<bool, Error> {
        match self.store.apply(changes) {
            Ok(_) => {
                self.cache.changed(&changes.ops);
                Ok(true)
            }
            Err(StoreError::Conflict { .. }) => Ok(false),
            Err(problem) => Err(problem.into()),
        }
    }
}
